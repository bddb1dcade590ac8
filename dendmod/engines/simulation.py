"""Run a specification on an engine: a cell with what is attached to it, once or many times, or a
network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from dendmod.engines.trials import run_in_neuron
from dendmod.errors import SpecError, UnsupportedByEngine, did_you_mean
from dendmod.network.result import NetworkResult
from dendmod.network.run import NetworkRun
from dendmod.network.spec import NetworkSpec
from dendmod.spec import Cell, ReducedCell, Run, Setup, SpikeTrain
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial

CellEngine = Literal["neuron", "coreneuron", "kernel"]
NetworkEngine = Literal["kernel", "neuron", "coreneuron"]
Precision = Literal["float64", "float32"]
Progress = Callable[[int, int], Any]
Tables = Literal["fast", "fine"]
_CELL_ENGINES = ("neuron", "coreneuron", "kernel")
_MANY_ENGINES = _NETWORK_ENGINES = ("kernel", "neuron", "coreneuron")


@overload
def simulate(
    spec: Setup,
    run: Run,
    trains: Sequence[SpikeTrain] = (),
    *,
    engine: CellEngine | None = None,
    precision: Precision | None = None,
    reach: tuple[float, float] | None = None,
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
    reach: tuple[float, float] | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Result | NetworkResult:
    """Run a cell with what is attached to it once, or a network through its samples.

    For many trials of one set-up use `simulate_many`, or keep a
    `dendmod.engines.neuron.Simulator` open: both build and settle once.

    Parameters
    ----------
    spec, run
        A `Setup` and a `Run`, or a `NetworkSpec` and a `NetworkRun`.
    trains
        The spikes that arrive at the synapses of a `Setup`; a network's are part of its run.
    engine
        "neuron", the reference, "coreneuron", the same equations and steps in a faster solver, or
        "kernel", compiled C. None takes "neuron" for a `Setup` and "kernel" for a network.
    precision
        Of the kernel's numbers; None takes that of a network's run, and "float64" for a cell.
        NEURON has float64 alone.
    reach
        Potentials (mV) over which the kernel tabulates a cell's channels; None takes -105 to 50.
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
        _no_reach(reach, "a network's kernel has a range of its own")
        chosen = _known(engine, _NETWORK_ENGINES)
        return _network(spec, run, chosen, precision, threads, progress)
    if not (isinstance(spec, Setup) and isinstance(run, Run)):
        raise _not_a_pair(spec, run)
    if isinstance(trains, SpikeTrain):
        raise SpecError("trains: give a sequence of SpikeTrain, such as (train,)")
    if threads != 1:
        raise UnsupportedByEngine("a single trial runs in one thread; use threads=1")
    engine = _known(engine, _CELL_ENGINES)
    if engine == "kernel":
        from dendmod.engines.kernel.batch import BatchSimulator

        alone = BatchSimulator(spec, run, precision=precision or "float64", reach=reach, lone=True)
        return alone.run(Trial(tuple(trains)))
    _no_precision(precision)
    _no_reach(reach, "NEURON needs no tables")
    from dendmod.engines.neuron import Simulator

    with Simulator(spec, run, coreneuron=engine == "coreneuron") as simulator:
        return simulator.run(tuple(trains))


def simulate_many(
    setups: Setup | Sequence[Setup],
    run: Run,
    trials: Sequence[Trial],
    *,
    engine: CellEngine | None = None,
    precision: Precision | None = None,
    tables: Tables | None = None,
    reach: tuple[float, float] | None = None,
    threads: int = 1,
) -> list[Result]:
    """Run many trials of a cell from its settled state.

    Parameters
    ----------
    setups
        A set-up, or one for each trial. On the kernel these may differ in numbers alone: densities,
        reversal potentials, Ra, cm, parameters of synapses, the potentials of a clamp.
    run
        Duration, step, settling time.
    trials
        What each trial has of its own.
    engine
        "kernel", which runs a trial in each lane of the CPU's vectors, or "neuron" or "coreneuron",
        one trial after the other. None takes "kernel".
    precision, tables, reach
        Of the kernel, as those of `dendmod.engines.kernel.batch.BatchSimulator`. None takes
        "float32", "fast" tables for it, and -105 to 50 mV.
    threads
        Over which the kernel spreads the trials. Results do not depend on it.

    Returns
    -------
    list of Result
        One a trial, in their order.

    Raises
    ------
    UnsupportedByEngine
        If there is no such engine, or it cannot run this specification unedited.
    SpecError
        If set-ups, run and trials do not belong together.
    EngineError
        If potentials do not stay finite, leave the tables' range, or the run was stopped.
    """
    asked = _known(engine, _MANY_ENGINES)
    given = [setups] if isinstance(setups, Setup) else list(setups)
    if len(given) not in (1, len(trials)):
        raise SpecError(f"{len(trials)} trials for {len(given)} set-ups; give one each")
    if asked == "kernel":
        from dendmod.engines.kernel.batch import BatchSimulator

        every = BatchSimulator(
            [*given, *given * (len(trials) - 1)] if _are_scaled(given, trials) else given,
            run,
            precision=precision or "float32",
            tables=tables,
            reach=reach,
            scales=[trial.scale for trial in trials],
        )
        return every.run_many(trials, threads=threads)
    _no_precision(precision)
    if tables is not None or reach is not None or threads != 1:
        raise UnsupportedByEngine("tables, reach and threads are the kernel's; give none of them")
    return [
        result
        for number, setup in enumerate(given)
        for result in _one_by_one(
            setup, run, trials if len(given) == 1 else trials[number : number + 1], asked
        )
    ]


def _one_by_one(setup: Setup, run: Run, trials: Sequence[Trial], engine: str) -> list[Result]:
    from dendmod.engines.neuron import Simulator

    with Simulator(setup, run, coreneuron=engine == "coreneuron") as simulator:
        return [run_in_neuron(simulator, trial) for trial in trials]


def _are_scaled(setups: Sequence[Setup], trials: Sequence[Trial]) -> bool:
    return len(setups) == 1 and any(trial.scale for trial in trials)


def _no_reach(reach: tuple[float, float] | None, why: str) -> None:
    if reach is not None:
        raise UnsupportedByEngine(f"{why}; leave reach out")


def _no_precision(precision: Precision | None) -> None:
    if precision is not None:
        raise UnsupportedByEngine(
            "NEURON computes in float64; leave precision out, or use engine='kernel'"
        )


def _network(
    spec: NetworkSpec,
    run: NetworkRun,
    engine: str,
    precision: Precision | None,
    threads: int,
    progress: Progress | None,
) -> NetworkResult:
    if engine == "kernel":
        from dendmod.engines.kernel.network import KernelSimulator

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
