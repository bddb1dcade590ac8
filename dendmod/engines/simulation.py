"""Run a specification on an engine."""

from __future__ import annotations

from typing import Literal

from dendmod.errors import SpecError, UnsupportedByEngine
from dendmod.spec import Cell, Run, Setup, SpikeTrain
from dendmod.spec.result import Result

EngineName = Literal["neuron", "coreneuron"]


def simulate(
    setup: Setup, run: Run, trains: tuple[SpikeTrain, ...] = (), *, engine: EngineName = "neuron"
) -> Result:
    """Build a set-up, settle it, run it once and return its traces.

    For many trials of one set-up keep a `dendmod.engines.neuron.Simulator` open: it builds and
    settles once.

    Parameters
    ----------
    setup, run, trains
        What is run, how, and the spikes that arrive.
    engine
        "neuron" or "coreneuron" (the same equations and steps, a faster solver).

    Raises
    ------
    UnsupportedByEngine
        If there is no such engine.
    EngineError, SpecError
        As `Simulator` says.
    """
    if engine not in ("neuron", "coreneuron"):
        raise UnsupportedByEngine(f"there is no engine {engine!r}; use 'neuron' or 'coreneuron'")
    _check_types(setup, run, trains)
    from dendmod.engines.neuron import Simulator

    with Simulator(setup, run, coreneuron=engine == "coreneuron") as simulator:
        return simulator.run(trains)


def _check_types(setup: object, run: object, trains: object) -> None:
    """Name what was given in place of a set-up, a run or trains; Python would say it less well."""
    if isinstance(trains, SpikeTrain):
        raise SpecError("trains: give a sequence of SpikeTrain, such as (train,)")
    for name, given, wanted in (("setup", setup, Setup), ("run", run, Run)):
        if not isinstance(given, wanted):
            hint = "; of a cell alone it is Setup(cell=cell)" if isinstance(given, Cell) else ""
            raise SpecError(
                f"{name}: {type(given).__name__} is given; give a {wanted.__name__}{hint}"
            )
