"""What the benchmarks of full cells run: trials of Figure 1, or steps of current into any cell."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.cells.file import load_cell
from dendmod.cells.sites import choose_sites
from dendmod.engines.kernel.batch import BatchSimulator
from dendmod.engines.neuron import Simulator
from dendmod.protocol import load_protocol, setup_for, trains_for
from dendmod.spec import Cell, CurrentClamp, Run, Setup
from dendmod.spec.result import Result
from dendmod.spec.stimulus import SOMA
from dendmod.spec.trial import Trial

LEVEL, N_FEEDFORWARD, SEED = 11, 40, 1
DELAY, DURATION = 50.0, 200.0  # ms of a step of current
TSTOP, SETTLE = 300.0, 1000.0  # ms, Figure 1's
LIFT = 50.0  # mV by which the largest step would lift a passive soma
PROBE = -0.02  # nA


@dataclass(frozen=True)
class Workload:
    """A set-up, its run, and the trials that are run of it."""

    setup: Setup
    run: Run
    trials: tuple[Trial, ...]


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU time (ms) of a call, and what it returns."""
    began = time.process_time()
    result = run()
    return 1e3 * (time.process_time() - began), result


def figure_1(dt: float, n: int) -> Workload:
    """Return trials of Figure 1's NMDA arm on the full L5 cell, with a step of `dt` ms."""
    protocol = load_protocol("fig1", {"run.dt_ms": dt})
    sites = choose_sites(protocol.cell_spec, protocol.site_choice).locations
    trials = [
        Trial(trains_for(protocol, "nmda", level=LEVEL, n_feedforward=N_FEEDFORWARD, trial=k,
                         seed=SEED))
        for k in range(n)
    ]  # fmt: skip
    return Workload(setup_for(protocol, sites), protocol.run_spec, tuple(trials))


def steps(cell: Cell, dt: float, amps: tuple[float, ...], *, threshold: float = 0.0) -> Workload:
    """Return steps of current (nA) into the soma of a cell, a trial each."""
    clamp = CurrentClamp(location=SOMA, delay=DELAY, dur=DURATION, amp=0.0)
    run = Run(tstop=TSTOP, dt=dt, settle=SETTLE, spike_threshold=threshold)
    trials = tuple(Trial(amps=(amp,)) for amp in amps)
    return Workload(Setup(cell=cell, current_clamps=(clamp,)), run, trials)


def of_file(path: str, dt: float, n: int) -> Workload:
    """Return steps into the soma of a cell of a file, the largest by its input resistance."""
    given = load_cell(path)
    threshold = given.fields.conditions.spike_threshold_mV
    probe = steps(given.cell, 0.1, (PROBE,))
    with Simulator(probe.setup, probe.run, coreneuron=False) as simulator:
        ohms = input_resistance(simulator.run(amps=(PROBE,)), PROBE)
    amps = LIFT / ohms * np.arange(1, n + 1) / n
    return steps(given.cell, dt, tuple(amps.tolist()), threshold=threshold)


def input_resistance(result: Result, amp: float) -> float:
    """Return the input resistance (MOhm) that a step of current (nA) shows at its end."""
    v, dt = result.v["soma"], result.t[1]
    begin, end = (round(t / dt) for t in (DELAY, DELAY + DURATION))
    return float((v[end] - v[begin]) / amp)


def compiled(work: Workload, **how: object) -> BatchSimulator:
    """Return the kernel for a workload, compiled and settled."""
    kernel = BatchSimulator(work.setup, work.run, **how)  # type: ignore[arg-type]
    kernel.run_many(work.trials[:1])
    return kernel
