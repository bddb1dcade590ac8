"""Run a network on an engine."""

from __future__ import annotations

from typing import Literal

from dendmod.errors import UnsupportedByEngine
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
