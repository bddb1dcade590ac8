"""Run a network on an engine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from dendmod.errors import SpecError, UnsupportedByEngine
from dendmod.network.result import NetworkResult
from dendmod.network.run import NetworkRun
from dendmod.network.spec import NetworkSpec

NetworkEngine = Literal["neuron", "coreneuron", "kernel"]
ENGINES = ("neuron", "coreneuron", "kernel")


def simulate(
    spec: NetworkSpec,
    run: NetworkRun,
    *,
    engine: NetworkEngine = "kernel",
    precision: Literal["float64", "float32"] | None = None,
    threads: int = 1,
) -> NetworkResult:
    """Run a network through its samples.

    Parameters
    ----------
    spec, run
        The network and what it is run on.
    engine
        "neuron", the reference; "coreneuron", its faster solver; "kernel", compiled C.
    precision
        None takes that of the run. NEURON has float64 alone.
    threads
        Over which the kernel spreads hidden cells. Results do not depend on it.

    Raises
    ------
    UnsupportedByEngine
        If the engine cannot run this specification unedited.
    SpecError
        If the run does not suit the network.
    EngineError
        If potentials do not stay finite, or the run was stopped.
    """
    if engine not in ENGINES:
        raise UnsupportedByEngine(f"there is no engine {engine!r}; use one of {', '.join(ENGINES)}")
    if engine == "kernel":
        from dendmod.engines.kernel import KernelSimulator

        return KernelSimulator(spec, run, precision=precision, threads=threads).run()
    if threads != 1:
        raise UnsupportedByEngine("networks in NEURON run in one thread; use threads=1")
    from dendmod.engines.neuron.network import NetworkSimulator

    if precision is not None and precision != run.precision:
        run = run.model_copy(update={"precision": precision})
    with NetworkSimulator(spec, run, coreneuron=engine == "coreneuron") as simulator:
        return simulator.run()


def simulate_many(
    tasks: Sequence[tuple[NetworkSpec, NetworkRun]],
    *,
    precision: Literal["float64", "float32"] | None = None,
    threads: int = 1,
) -> list[NetworkResult]:
    """Run several networks on the kernel, side by side in threads of this process.

    Parameters
    ----------
    tasks
        Networks and what they are run on.
    precision
        As in `simulate`.
    threads
        How many run at a time, one thread each. Results do not depend on it.

    Raises
    ------
    UnsupportedByEngine, SpecError, EngineError
        As `simulate` says, of the first task that failed; the others are stopped.
    """
    from dendmod.engines.kernel import KernelSimulator

    if threads < 1:
        raise SpecError(f"{threads} threads are asked for; give at least 1")
    simulators = [KernelSimulator(spec, run, precision=precision) for spec, run in tasks]
    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(simulator.run) for simulator in simulators]
        try:
            return [task.result() for task in running]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for simulator in simulators:
                simulator.stop()
            raise
