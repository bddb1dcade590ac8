"""How far the kernel's trials lie from NEURON's: ``python -m benchmarks.accuracy --json FILE``.

Random trials of Figure 1's arms, spread over the number of inputs and the level, run in NEURON and
in the kernel as each of `KERNELS`: on two morphologies, with two sets of densities, at two steps.
Every trial is a row of the file, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.atomic import replacing
from dendmod.cells.sites import choose_sites
from dendmod.engines.kernel.batch import BatchSimulator
from dendmod.engines.neuron import Simulator
from dendmod.errors import DendmodError
from dendmod.protocol import load_protocol, setup_for, trains_for
from dendmod.rng import stream
from dendmod.spec import Run, Setup
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial

SEED = 1
CELLS, SETS = ("l5pc", "hay2011"), (1, 3)
TRIALS = {0.1: 100, 0.025: 25}  # of each cell and set, by step (ms)
QUICK = {0.1: 4}
N_FEEDFORWARD = {"nmda": (0, 120), "shunt": (60, 300)}
KERNELS: dict[str, dict[str, Any]] = {
    "f32": {"precision": "float32"},
    "f32_fine": {"precision": "float32", "tables": "fine"},
    "f64": {"precision": "float64"},
}
TOGETHER = 16  # trials that are stored at once
Row = dict[str, Any]


@dataclass(frozen=True)
class Combination:
    """A cell, a set of its densities and a step (ms), with the number of its trials."""

    cell: str
    biophysics: int
    dt: float
    trials: int

    @property
    def name(self) -> str:
        """Its name in the file."""
        return f"{self.cell}/{self.biophysics}/{self.dt:g}"


def draw(arms: dict[str, Any], trial: int) -> dict[str, Any]:
    """Return arm, level and number of feedforward inputs of a trial; they depend on it alone."""
    rng = stream(SEED, trial, "accuracy")
    arm = sorted(arms)[int(rng.integers(len(arms)))]
    low, high = N_FEEDFORWARD[arm]
    return {
        "arm": arm,
        "level": int(rng.integers(max(arms[arm].levels) + 1)),
        "n_feedforward": int(rng.integers(low, high + 1)),
    }


def row_of(neuron: Result, kernels: dict[str, Result]) -> Row:
    """Return what is kept of a trial: counts, spike-time differences (ms), rms (mV) by kernel."""
    spikes = neuron.spike_times()
    row: Row = {"spikes": int(spikes.size)}
    for name, result in kernels.items():
        own = result.spike_times()
        row[name] = {
            "spikes": int(own.size),
            "late_ms": np.abs(own - spikes).tolist() if own.size == spikes.size else [],
            "rms_mV": float(np.sqrt(np.mean((result.v["soma"] - neuron.v["soma"]) ** 2))),
        }
    return row


def rows_of(setup: Setup, run: Run, trials: Sequence[Trial], simulator: Simulator,
            kernels: dict[str, BatchSimulator]) -> list[Row]:  # fmt: skip
    """Run trials on all, and return a row for each."""
    ours = {name: kernel.run_many(trials) for name, kernel in kernels.items()}
    return [
        row_of(simulator.run(trial.trains), {name: results[i] for name, results in ours.items()})
        for i, trial in enumerate(trials)
    ]


def spread(values: Sequence[float]) -> list[float]:
    """Return median, 95th percentile and maximum."""
    return [float(x) for x in np.percentile(values, [50, 95, 100])] if values else []


def summary(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the line of the table that rows make, by kernel."""
    rows = list(rows)
    out: dict[str, Any] = {"trials": len(rows), "spikes": sum(row["spikes"] for row in rows)}
    for name in KERNELS:
        own = [row[name] for row in rows]
        out[name] = {
            "counts_equal": sum(o["spikes"] == r["spikes"] for o, r in zip(own, rows, strict=True)),
            "late_ms": spread([x for o in own for x in o["late_ms"]]),
            "rms_mV": spread([o["rms_mV"] for o in own]),
        }
    return out


def measure(combination: Combination, stored: dict[str, Any], save: Any) -> list[Row]:
    """Run the trials of a combination that have no row yet; `save` is called as they come.

    Raises
    ------
    DendmodError
        If the stored rows were made by other C than the kernel would run now.
    """
    rows: list[Row] = stored.setdefault("rows", [])
    if len(rows) >= combination.trials:
        return rows
    protocol = load_protocol("fig1", {
        "cell.morphology": combination.cell, "cell.biophysics": combination.biophysics,
        "run.dt_ms": combination.dt,
    })  # fmt: skip
    sites = choose_sites(protocol.cell_spec, protocol.site_choice).locations
    setup, run = setup_for(protocol, sites), protocol.run_spec
    kernels = {name: BatchSimulator(setup, run, **how) for name, how in KERNELS.items()}
    made_by = {name: kernel.provenance["kernel"] for name, kernel in kernels.items()}
    if stored.setdefault("made_by", made_by) != made_by:
        raise DendmodError(
            f"{combination.name}: the rows of the file were made by another kernel than this one; "
            "give another --json or remove the file"
        )
    with Simulator(setup, run, coreneuron=False) as simulator:
        while len(rows) < combination.trials:
            at = range(len(rows), min(len(rows) + TOGETHER, combination.trials))
            drawn = [draw(dict(protocol.arms), k) for k in at]
            trials = [
                Trial(trains_for(protocol, trial=k, seed=SEED, **one))
                for k, one in zip(at, drawn, strict=True)
            ]
            found = rows_of(setup, run, trials, simulator, kernels)
            rows += [{**one, **row} for one, row in zip(drawn, found, strict=True)]
            save()
    return rows


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a file of results whole or not at all."""
    with replacing(path) as file:
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows that a file has and what made them, none where there is no file.

    Raises
    ------
    DendmodError
        If the file is not one of this benchmark.
    """
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["rows"])
    except (ValueError, KeyError, TypeError) as error:
        raise DendmodError(
            f"{path} has no rows of benchmarks.accuracy; give another --json or remove it"
        ) from error


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what is missing, print the table and write JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path, required=True, help="results; a run goes on from it")
    parser.add_argument("--cell", nargs="+", default=list(CELLS), help="morphologies of Hay's cell")
    parser.add_argument("--set", type=int, nargs="+", default=list(SETS), help="sets of densities")
    parser.add_argument("--quick", action="store_true", help="4 trials of each at dt 0.1 ms")
    options = parser.parse_args(argv)
    rows, table = read(options.json), dict[str, Any]()
    plan = QUICK if options.quick else TRIALS
    for dt, cell, number in product(plan, options.cell, options.set):
        combination = Combination(cell, number, dt, plan[dt])
        save = partial(write, options.json, {"table": table, "rows": rows})
        own = measure(combination, rows.setdefault(combination.name, {}), save)
        table[combination.name] = line = summary(own[: combination.trials])
        print(f"{combination.name}: {line['trials']} trials, {line['spikes']} spikes")
        for name in KERNELS:
            print(f"  {name}: {said(line['trials'], line[name])}", flush=True)
    write(options.json, {"table": table, "rows": rows})


def said(trials: int, line: dict[str, Any]) -> str:
    """Return a kernel's numbers in words."""
    late, rms = ("/".join(f"{x:.2g}" for x in line[name]) for name in ("late_ms", "rms_mV"))
    return f"{line['counts_equal']} of {trials} counts equal; spikes off by {late} ms, {rms} mV rms"


if __name__ == "__main__":
    main()
