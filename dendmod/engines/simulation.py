"""Run a specification on an engine: a cell with what is attached to it, or a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from dendmod.errors import SpecError, UnsupportedByEngine, did_you_mean
from dendmod.network.result import NetworkResult
from dendmod.network.run import NetworkRun
from dendmod.network.spec import NetworkSpec
from dendmod.spec import Cell, ReducedCell, Run, Setup, SpikeTrain
from dendmod.spec.result import Result

CellEngine = Literal["neuron", "coreneuron"]
NetworkEngine = Literal["kernel", "neuron", "coreneuron"]
Precision = Literal["float64", "float32"]
Progress = Callable[[int, int], Any]
_CELL_ENGINES, _NETWORK_ENGINES = ("neuron", "coreneuron"), ("kernel", "neuron", "coreneuron")


@overload
def simulate(
    spec: Setup, run: Run, trains: Sequence[SpikeTrain] = (), *, engine: CellEngine | None = None
) -> Result: ...


@overload
def simulate(
    spec: NetworkSpec,
    run: NetworkRun,
    *,
    engine: NetworkEngine | None = None,
    precision: Precision | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> NetworkResult: ...


def simulate(
    spec: Setup | NetworkSpec,
    run: Run | NetworkRun,
    trains: Sequence[SpikeTrain] = (),
    *,
    engine: str | None = None,
    precision: Precision | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Result | NetworkResult:
    """Run a cell with what is attached to it once, or a network through its samples.

    For many trials of one set-up keep a `dendmod.engines.neuron.Simulator` open: it builds and
    settles once.

    Parameters
    ----------
    spec, run
        A `Setup` and a `Run`, or a `NetworkSpec` and a `NetworkRun`.
    trains
        The spikes that arrive at the synapses of a `Setup`; a network's are part of its run.
    engine
        "neuron", the reference, or "coreneuron", the same equations and steps in a faster solver;
        networks also run on "kernel", compiled C. None takes "neuron" for a `Setup` and "kernel"
        for a network.
    precision
        Of a network's numbers; None takes that of the run. NEURON has float64 alone.
    threads
        Over which the kernel spreads the hidden cells. Results do not depend on it.
    progress
        Called by NEURON after each sample of a network, with the samples done and of all. The
        kernel, which is fast, does not call it.

    Returns
    -------
    Result or NetworkResult
        Traces of the recordings of a `Setup`, or spikes, errors and weights of a network.

    Raises
    ------
    UnsupportedByEngine
        If there is no such engine, or it cannot run this specification unedited.
    SpecError
        If spec and run do not belong together, or a section, a compartment or a synapse is not
        there.
    EngineError
        If potentials do not stay finite, or the run was stopped.
    """
    if isinstance(spec, NetworkSpec) and isinstance(run, NetworkRun):
        if trains:
            raise SpecError("trains: the spikes of a network are part of its run; give none")
        chosen = _known(engine, _NETWORK_ENGINES)
        return _network(spec, run, chosen, precision, threads, progress)
    if not (isinstance(spec, Setup) and isinstance(run, Run)):
        raise _not_a_pair(spec, run)
    if isinstance(trains, SpikeTrain):
        raise SpecError("trains: give a sequence of SpikeTrain, such as (train,)")
    if precision is not None or threads != 1:
        raise UnsupportedByEngine("precision and threads are those of networks; give neither")
    engine = _known(engine, _CELL_ENGINES)
    from dendmod.engines.neuron import Simulator

    with Simulator(spec, run, coreneuron=engine == "coreneuron") as simulator:
        return simulator.run(tuple(trains))


def _network(
    spec: NetworkSpec,
    run: NetworkRun,
    engine: str,
    precision: Precision | None,
    threads: int,
    progress: Progress | None,
) -> NetworkResult:
    if engine == "kernel":
        from dendmod.engines.kernel import KernelSimulator

        return KernelSimulator(spec, run, precision=precision, threads=threads).run()
    if threads != 1:
        raise UnsupportedByEngine("networks in NEURON run in one thread; use threads=1")
    from dendmod.engines.neuron.network import NetworkSimulator

    if precision is not None and precision != run.precision:
        run = run.model_copy(update={"precision": precision})
    with NetworkSimulator(spec, run, coreneuron=engine == "coreneuron") as simulator:
        return simulator.run(progress)


def _known(engine: str | None, allowed: tuple[str, ...]) -> str:
    """Return the engine that is asked for, or the usual one, which stands first."""
    if engine is not None and engine not in allowed:
        raise UnsupportedByEngine(f"there is no engine {engine!r}." + did_you_mean(engine, allowed))
    return engine or allowed[0]


def _not_a_pair(spec: object, run: object) -> SpecError:
    """Return what to say of a specification and a run that cannot be run together."""
    if isinstance(spec, Setup | NetworkSpec):
        wanted = "Run" if isinstance(spec, Setup) else "NetworkRun"
        return SpecError(f"run: {type(run).__name__} is given; give a {wanted}")
    is_cell = isinstance(spec, Cell | ReducedCell)
    hint = "; of a cell alone it is Setup(cell=cell)" if is_cell else ""
    return SpecError(f"spec: {type(spec).__name__} is given; give a Setup or a NetworkSpec{hint}")
