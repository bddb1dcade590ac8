"""Other simulators beside the kernel on one full cell, in environments of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.cell_file import write
from benchmarks.cell_workload import Workload, compiled, timed
from benchmarks.rival import Rival
from dendmod.spec.result import Array, upward_crossings

# the script of a tool, and in which precisions it runs
SCRIPTS: dict[str, dict[str, tuple[str, ...]]] = {
    "arbor": {"f64": ("arbor_cell",)},
    "jaxley": {
        "f64": ("jaxley_cell",),
        "f32": ("jaxley_cell", "--precision", "float32"),
    },
}
ABSENT = "not run: give --{tool} PYTHON, the interpreter of an environment that has it"


@contextmanager
def running(
    tool: str, precision: str, python: str, work: Workload, dts: Sequence[float], rounds: int
) -> Iterator[tuple[Rival, dict[float, Array]]]:
    """Start a tool on a workload; yield it with the soma's potentials (trials, steps + 1) by step.

    Raises
    ------
    EngineError
        If it cannot be run, or ends early.
    """
    with tempfile.TemporaryDirectory() as folder:
        file, traces = Path(folder) / "cell.npz", Path(folder) / "traces.npz"
        write(file, work.setup, work.run, work.trials)
        steps = [f"{dt:g}" for dt in dts]
        script = (*SCRIPTS[tool][precision], "--traces", str(traces), "--dt", *steps)
        with Rival(tool, python, script, file, rounds * len(dts)) as rival:
            rival.hear()
            with np.load(traces) as data:
                found = {dt: data[name] for dt, name in zip(dts, steps, strict=True)}
            yield rival, found


def counts(work: Workload, v: Array, dt: float) -> list[int]:
    """Return the spikes of each trial from the soma's potentials."""
    t = dt * np.arange(v.shape[1])
    return [upward_crossings(t, row, work.run.spike_threshold).size for row in v]


def beside(tool: str, python: str, works: Sequence[Workload], rounds: int) -> dict[str, Any]:
    """Return the rows of a tool: a lone trial of it and one of the kernel's in turn, at each step.

    Parameters
    ----------
    works
        One trial set at several steps.
    """
    out: dict[str, Any] = {}
    for precision in SCRIPTS[tool]:
        dts = [work.run.dt for work in works]
        kernels = [
            compiled(work, lone=True, precision="float64" if precision == "f64" else "float32")
            for work in works
        ]
        with running(tool, python=python, precision=precision, work=works[0], dts=dts,
                     rounds=rounds) as (rival, traces):  # fmt: skip
            theirs: dict[float, list[float]] = {dt: [] for dt in dts}
            ours: dict[float, list[float]] = {dt: [] for dt in dts}
            fired: dict[float, list[int]] = {dt: [] for dt in dts}
            for k in range(max(rounds, len(works[0].trials))):
                for work, kernel in zip(works, kernels, strict=True):
                    dt, trial = work.run.dt, work.trials[k % len(work.trials)]
                    if k < rounds:
                        theirs[dt].append(1e3 * rival.seconds())
                    ms, result = timed(lambda kernel=kernel, trial=trial: kernel.run(trial))
                    ours[dt].append(ms)
                    fired[dt].append(int(result.spike_times().size))
        for work, dt in zip(works, dts, strict=True):
            own = counts(work, traces[dt], dt)
            row = out.setdefault(f"dt_{dt:g}", {})
            row[f"{precision}_ms"] = median(theirs[dt])
            row[f"kernel_single_{precision}_ms"] = median(ours[dt])
            row[f"kernel_over_{tool}_{precision}"] = median(
                a / b for a, b in zip(theirs[dt], ours[dt], strict=False)
            )
            row[f"counts_equal_{precision}"] = sum(
                a == b for a, b in zip(own, fired[dt], strict=False)
            )
            row["trials"] = len(own)
        out.setdefault("about", {})[precision] = rival.about
    return out
