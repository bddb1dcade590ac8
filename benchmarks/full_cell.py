"""Trials of the full cell on NEURON and the kernel: ``python -m benchmarks.full_cell --json FILE``

A trial is one of Figure 1's NMDA arm: the full L5 pyramidal cell, 300 ms from its settled state. In
every round NEURON and CoreNEURON run one trial each and the kernel as many as fill its lanes, in
turn and in one process; CPU times a trial are compared, and spike counts beside them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from dendmod.cells.sites import choose_sites
from dendmod.engines.kernel.batch import BatchSimulator
from dendmod.engines.neuron import Simulator
from dendmod.protocol import load_protocol, setup_for, trains_for
from dendmod.spec import Setup
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial

LEVEL, N_FEEDFORWARD = 11, 40


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU time (ms) of a call, and what it returns."""
    began = time.process_time()
    result = run()
    return 1e3 * (time.process_time() - began), result


def measure(dt: float, trials: int, rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the rows of many trials and of a single one at a step (ms)."""
    protocol = load_protocol("fig1", {"run.dt_ms": dt})
    sites = choose_sites(protocol.cell_spec, protocol.site_choice).locations
    setup, run = setup_for(protocol, sites), protocol.run_spec
    given = [
        Trial(trains_for(protocol, "nmda", level=LEVEL, n_feedforward=N_FEEDFORWARD, trial=k,
                         seed=1))
        for k in range(trials)
    ]  # fmt: skip
    kernels = {
        "f32": BatchSimulator(setup, run),
        "f64": BatchSimulator(setup, run, precision="float64"),
        "single": BatchSimulator(setup, run, precision="float64", lone=True),
        "single_f32": BatchSimulator(setup, run, lone=True),
    }
    core = _coreneuron(setup, run, given[0])
    times: dict[str, list[float]] = {name: [] for name in ("neuron", *kernels)}
    counts: list[int] = []
    ours: dict[str, list[Result]] = {}
    for kernel in kernels.values():
        kernel.run_many(given[:1])  # compiled, and settled
    with Simulator(setup, run, coreneuron=False) as simulator:
        for k in range(max(rounds, trials)):
            ms, result = timed(partial(simulator.run, given[k % trials].trains))
            times["neuron"].append(ms)
            if k < trials:
                counts.append(int(result.spike_times().size))
            for name in ("f32", "f64"):
                ms, ours[name] = timed(partial(kernels[name].run_many, given))
                times[name].append(ms / trials)
            for name in ("single", "single_f32"):
                ms, _ = timed(partial(kernels[name].run, given[k % trials]))
                times[name].append(ms)
    equal = {
        name: sum(a.spike_times().size == b for a, b in zip(results, counts, strict=True))
        for name, results in ours.items()
    }

    def faster(name: str) -> float:
        return median(a / b for a, b in zip(times["neuron"], times[name], strict=True))

    many = {
        "neuron_ms": median(times["neuron"]),
        "coreneuron_ms": core,
        "kernel_f32_ms": median(times["f32"]),
        "kernel_f64_ms": median(times["f64"]),
        "f32_over_neuron": faster("f32"),
        "f64_over_neuron": faster("f64"),
        "counts_equal": equal["f32"],
        "counts_equal_f64": equal["f64"],
        "trials": trials,
    }
    single = {
        "dt": dt,
        "neuron_ms": median(times["neuron"]),
        "kernel_f32_ms": median(times["single_f32"]),
        "kernel_f64_ms": median(times["single"]),
        "f32_over_neuron": faster("single_f32"),
        "f64_over_neuron": faster("single"),
    }
    return many, single


def _coreneuron(setup: Setup, run: Any, trial: Trial) -> float | None:
    """Return the CPU time (ms) of a trial on CoreNEURON, or None where it is not there."""
    try:
        with Simulator(setup, run, coreneuron=True) as simulator:
            return median(timed(lambda: simulator.run(trial.trains))[0] for _ in range(3))
    except Exception as error:  # the benchmark goes on without it
        print(f"CoreNEURON: {error}")
        return None


def main() -> None:
    """Measure, print a table and write JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--dt", type=float, nargs="+", default=[0.1, 0.025])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: dict[str, Any] = {}
    for dt in options.dt:
        many, single = measure(dt, options.trials, options.rounds)
        rows[f"dt_{dt:g}"] = many
        rows.setdefault("single_trial", single)
        print(
            f"dt {dt:g} ms: NEURON {many['neuron_ms']:.0f} ms a trial, kernel "
            f"{many['kernel_f32_ms']:.2f} ms in float32 ({many['f32_over_neuron']:.0f} x), "
            f"{many['kernel_f64_ms']:.2f} ms in float64 ({many['f64_over_neuron']:.0f} x); counts "
            f"equal in {many['counts_equal']} and {many['counts_equal_f64']} of {many['trials']}"
        )
        print(
            f"  a single trial: {single['kernel_f32_ms']:.1f} ms in float32 "
            f"({single['f32_over_neuron']:.0f} x), {single['kernel_f64_ms']:.1f} ms in float64 "
            f"({single['f64_over_neuron']:.0f} x)"
        )
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
