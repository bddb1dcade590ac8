"""Run a specification on an engine."""

from __future__ import annotations

from typing import Literal

from dendmod.errors import UnsupportedByEngine
from dendmod.result import Result
from dendmod.spec import Run, Setup, SpikeTrain

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
    from dendmod.engines.neuron import Simulator

    with Simulator(setup, run, coreneuron=engine == "coreneuron") as simulator:
        return simulator.run(trains)
