"""Trials of full cells on NEURON and the kernel: ``python -m benchmarks.full_cell --json FILE``

A trial is one of Figure 1's NMDA arm: the full L5 pyramidal cell, 300 ms from its settled state. In
every round NEURON runs one trial and the kernel as many as fill its lanes, in turn and in one
process; CPU times a trial are compared, and spike counts beside them. The kernel's C is compiled
once more as for a CPU without AVX-512, and each cell of ``--cell`` runs steps of current likewise.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import dendmod.engines.kernel.batch.library as build
from benchmarks.cell_workload import Workload, compiled, figure_1, of_file, steps, timed
from benchmarks.rival_cell import ABSENT, SCRIPTS, beside
from dendmod.atomic import replacing
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.engines.kernel.batch import BatchSimulator
from dendmod.engines.kernel.vectors import BITS, Precision, widest
from dendmod.engines.neuron import Simulator
from dendmod.errors import DendmodError, UnsupportedByEngine
from dendmod.spec.result import Result

AVX2_BITS = 256
PRECISIONS: dict[str, Precision] = {"f32": "float32", "f64": "float64"}
RIVAL_ROUNDS = 3
JAXLEY_AMPS = (1.0, 0.6)  # nA: Jaxley takes steps of current, no spikes at synapses


@contextmanager
def without_avx512() -> Iterator[None]:
    """Compile the kernel as for a CPU that has AVX2 and no AVX-512."""
    with patch.object(build, "FLAGS", (*build.FLAGS, "-mno-avx512f")):
        yield


def kernels_for(work: Workload) -> dict[str, BatchSimulator]:
    """Return the kernel by the names of its rows, compiled and settled."""
    found = {}
    for name, precision in PRECISIONS.items():
        found[name] = compiled(work, precision=precision)
        found[f"single_{name}"] = compiled(work, precision=precision, lone=True)
        width = AVX2_BITS // BITS[precision]
        if widest(precision) > width:
            with without_avx512():
                found[f"{name}_avx2"] = compiled(work, precision=precision, width=width)
    return found


def measure(work: Workload, rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the rows of many trials and of a single one."""
    kernels, trials = kernels_for(work), work.trials
    times: dict[str, list[float]] = {name: [] for name in ("neuron", *kernels)}
    counts: list[int] = []
    ours: dict[str, list[Result]] = {}
    with Simulator(work.setup, work.run, coreneuron=False) as simulator:
        for k in range(max(rounds, len(trials))):
            trial = trials[k % len(trials)]
            ms, result = timed(partial(simulator.run, trial.trains, amps=trial.amps))
            times["neuron"].append(ms)
            if k < len(trials):
                counts.append(int(result.spike_times().size))
            for name, kernel in kernels.items() if k < rounds else ():
                if name.startswith("single"):
                    ms, _ = timed(partial(kernel.run, trial))
                else:
                    ms, ours[name] = timed(partial(kernel.run_many, trials))
                    ms /= len(trials)
                times[name].append(ms)

    def equal(name: str) -> int:
        return sum(a.spike_times().size == b for a, b in zip(ours[name], counts, strict=True))

    def faster(name: str) -> float:
        return median(a / b for a, b in zip(times["neuron"], times[name], strict=False))

    many: dict[str, Any] = {"neuron_ms": median(times["neuron"])}
    single: dict[str, Any] = {"dt": work.run.dt, "neuron_ms": many["neuron_ms"]}
    for name in kernels:
        row, short = (
            (single, name.removeprefix("single_")) if name.startswith("single") else (many, name)
        )
        row[f"kernel_{short}_ms"] = median(times[name])
        row[f"{short}_over_neuron"] = faster(name)
    many |= {"counts_equal": equal("f32")}
    many |= {f"counts_equal_{name}": equal(name) for name in PRECISIONS if name != "f32"}
    many |= {"spikes": sum(counts), "trials": len(trials)}
    return many, single


def of_cell(path: str, dt: float, trials: int, rounds: int) -> dict[str, Any]:
    """Return the rows of a cell of a file, from a process of its own, as its mechanisms are."""
    alone = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=alone) as pool:
        return pool.submit(_of_cell, path, dt, trials, rounds).result()


def _of_cell(path: str, dt: float, trials: int, rounds: int) -> dict[str, Any]:
    many, single = measure(of_file(path, dt, trials), rounds)
    return {**many, "single_trial": single}


def _coreneuron(work: Workload) -> float | None:
    """Return the CPU time (ms) of a trial on CoreNEURON, or None where it is not there."""
    trial = work.trials[0]
    try:
        with Simulator(work.setup, work.run, coreneuron=True) as simulator:
            return median(timed(partial(simulator.run, trial.trains, amps=trial.amps))[0]
                          for _ in range(3))  # fmt: skip
    except DendmodError as error:  # the benchmark goes on without it
        print(f"CoreNEURON: {error}")
        return None


def rivals(pythons: dict[str, str | None], dts: Sequence[float]) -> dict[str, Any]:
    """Return the rows of other simulators, or why there are none."""
    out: dict[str, Any] = {}
    for tool in SCRIPTS:
        python = pythons.get(tool)
        if python is None:
            out[tool] = {"skipped": ABSENT.format(tool=tool)}
            continue
        works = [
            figure_1(dt, RIVAL_ROUNDS) if tool == "arbor"
            else steps(L5PyramidalCell("l5pc", 3), dt, JAXLEY_AMPS)
            for dt in dts
        ]  # fmt: skip
        out[tool] = beside(tool, python, works, RIVAL_ROUNDS)
        print(f"{tool}: {json.dumps(out[tool])}", flush=True)
    return out


def said(name: str, many: dict[str, Any], single: dict[str, Any]) -> str:
    """Return the rows of a cell and a step in words."""
    equal = " and ".join(str(many[key]) for key in many if key.startswith("counts_equal"))
    equal += f" of {many['trials']}"
    lines = [f"{name}: NEURON {many['neuron_ms']:.0f} ms a trial, counts equal in {equal}"]
    for what, row in (("many trials", many), ("a single trial", single)):
        values = ", ".join(
            f"{key.removeprefix('kernel_').removesuffix('_ms')} {row[key]:.3g} ms "
            f"({row[key.removeprefix('kernel_').removesuffix('_ms') + '_over_neuron']:.3g} x)"
            for key in row
            if key.startswith("kernel_")
        )
        lines.append(f"  {what}: {values}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print a table and write JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--dt", type=float, nargs="+", default=[0.1, 0.025])
    parser.add_argument("--cell", action="append", default=[], help="another cell.toml or folder")
    parser.add_argument("--cells-only", action="store_true", help="leave Figure 1's cell out")
    for tool in SCRIPTS:
        parser.add_argument(f"--{tool}", metavar="PYTHON", help=f"an environment with {tool}")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    rows: dict[str, Any] = {}

    def save() -> None:
        if options.json:
            with replacing(options.json) as file:
                file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")

    for dt in () if options.cells_only else options.dt:
        work = figure_1(dt, options.trials)
        many, single = measure(work, options.rounds)
        rows[f"dt_{dt:g}"] = {**many, "coreneuron_ms": _coreneuron(work)}
        rows.setdefault("single_trial", single)
        rows[f"single_trial_dt_{dt:g}"] = single
        print(said(f"dt {dt:g} ms", many, single), flush=True)
        save()
    for path, dt in product(options.cell, options.dt):
        of_this = rows.setdefault("cells", {}).setdefault(Path(path).name, {})
        try:
            row = of_cell(path, dt, options.trials, options.rounds)
            print(said(f"{path}, dt {dt:g} ms", row, row["single_trial"]), flush=True)
        except UnsupportedByEngine as error:  # what the kernel cannot run is a result as well
            row = {"refused": str(error)}
            print(f"{path}: {error}", flush=True)
        of_this[f"dt_{dt:g}"] = row
        save()
    rows["rivals"] = rivals(vars(options), options.dt)
    save()


if __name__ == "__main__":
    main()
