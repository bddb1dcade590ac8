"""Figure 2's question over cells: bias or gain, and how sure, in every order and reading."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure as Picture

from dendmod.cells.provenance import DEPENDS
from dendmod.errors import SpecError, SweepError
from dendmod.papers.wybo2022.fig2_cells.curves import BETTER, Fitted, at_levels
from dendmod.papers.wybo2022.fig2_cells.plot import draw
from dendmod.papers.wybo2022.fig2_cells.settings import (
    ARMS,
    Case,
    CellsStudy,
    arms_of,
    cases_of,
)
from dendmod.protocol.experiment import Experiment, run_together
from dendmod.protocol.iocurves import IOAnalysis, write_io_files
from dendmod.protocol.model import DendriticNmda, Protocol
from dendmod.spec import ReducedCell
from dendmod.study.claims import Judged, all_of, higher, holds
from dendmod.study.figure import Figure, settings_of
from dendmod.sweep import Sweep, Task

# The rules were written before the first run.
CLAIMS = {
    "nmda_bias": "NMDA spikes act more like a bias than like a gain (Results, Fig 2E): on each of "
    "the cells, over orders of its sites",
    "shunt_gain": "Somatic shunt acts more like a gain than like a bias (Results, Fig 2E): on each "
    "of the cells, over orders of its sites",
    "xshift_best": "Gain with x-shift fits best (Results, Fig 2E), parameters counted: both arms "
    "of each of the cells, over orders of its sites",
    "nmda_bias_strangers": "NMDA spikes act more like a bias on other people's cells too (ours)",
    "shunt_gain_strangers": "Somatic shunt acts more like a gain on their cells too (ours)",
    "plateaus": "An NMDA spike lasts 50 to 100 ms (Introduction): above -40 mV, in the median over "
    "sites and trials, in one of the readings",
}
_TASKS = "dendmod.papers.wybo2022.fig2_cells.tasks"
_NOT_IN_NAMES = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class Found:
    """What was run of every case.

    Parameters
    ----------
    cases
        All of them.
    experiments, curves, plateaus
        By the key of a case: the protocol on its cell, the curves of its arms, and how long its
        sites are above ``run.plateau_mV`` when all are driven (ms), shape [trials, sites].
    orders
        By arm, cell and order of its sites: the curves at the levels that all orders have.
    kernel, reduced
        By cell: what the tasks of the figure gave; a reduction that is refused gives its words.
    """

    cases: Sequence[Case]
    experiments: Mapping[str, Experiment]
    curves: Mapping[str, Mapping[str, Fitted]]
    plateaus: Mapping[str, npt.NDArray[np.float64]]
    orders: Mapping[str, Mapping[str, Mapping[str, Fitted]]]
    kernel: Mapping[str, dict[str, np.ndarray]]
    reduced: Mapping[str, dict[str, np.ndarray] | str]


def measure(study: CellsStudy, sweep: Sweep) -> Found:
    """Sample all IO curves, plateaus, the kernel beside NEURON and the reductions."""
    cases = cases_of(study)
    firsts = {case.cell: case for case in cases if case.is_first}
    experiments: dict[str, Experiment] = {}
    for stage in ("first", "order", "variants", "plateau"):  # what verdicts need comes first
        of_stage = [case for case in cases if case.stage == stage]
        for case in of_stage:  # another order of the same sites runs on the engine of the first
            chosen = experiments[firsts[case.cell].key].chosen if stage == "order" else None
            experiments[case.key] = Experiment(case.protocol, sweep, chosen=chosen)
        run_together(
            {case.key: experiments[case.key] for case in of_stage},
            lambda e: e.io_tasks(arms_of(e.protocol)),
        )
    curves = {
        case.key: {
            arm: Fitted(arm, IOAnalysis(table, study.bootstraps, study.seed))
            for arm, table in experiments[case.key].io_curves(arms_of(case.protocol)).items()
        }
        for case in cases
    }
    plateaus = {
        case.key: Experiment(
            plateau_protocol(case.protocol, study.variants.plateau_trials),
            sweep,
            chosen=experiments[case.key].chosen,
        )
        for case in cases
    }
    run_together(plateaus, lambda e: e.spike_tasks(traces=True))
    return Found(
        cases,
        experiments,
        curves,
        {
            key: e.spikes(traces=True)["nmda"].extras[-1]["site_above"]
            for key, e in plateaus.items()
        },
        {
            arm: {cell: _orders(study, cases, curves, cell, arm) for cell in study.cells}
            for arm in ARMS
        },
        *_beside(study, firsts, experiments, sweep),
    )


def plateau_protocol(protocol: Protocol, trials: int) -> Protocol:
    """Return a protocol whose only arm is that of NMDA spikes, with all its sites driven."""
    arm = protocol.arms["nmda"]
    assert isinstance(arm, DendriticNmda)
    alone = arm.model_copy(update={"levels": (max(arm.levels),), "quick_levels": ()})
    run = protocol.run.model_copy(update={"trials": trials})
    return protocol.model_copy(update={"arms": {"nmda": alone}, "run": run})


def _beside(
    study: CellsStudy,
    firsts: Mapping[str, Case],
    experiments: Mapping[str, Experiment],
    sweep: Sweep,
) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, np.ndarray] | str]]:
    """Run the kernel beside NEURON, and a reduction beside the full cell, of each cell."""
    kernel, reduced = {}, {}
    for cell, case in firsts.items():
        asked, spec = experiments[case.key].common(), case.protocol.cell_spec
        if experiments[case.key].chosen.engine == "kernel":
            payload = {name: asked[name] for name in ("protocol", "sites", "seed")}
            payload["trials"] = study.kernel_trials
            kernel[cell] = Task(f"kernel beside NEURON/{_name(cell)}", f"{_TASKS}:beside_neuron",
                                payload, 40.0, DEPENDS)  # fmt: skip
        if isinstance(spec, ReducedCell):
            continue
        payload = {
            "cell": spec.model_dump(mode="json", by_alias=True),
            "sites": asked["sites"],
            "seed": case.protocol.run.seed,
            "threshold": case.protocol.run_spec.spike_threshold,
        }
        reduced[cell] = Task(f"reduction/{_name(cell)}", f"{_TASKS}:reduction", payload, 60.0,
                             DEPENDS)  # fmt: skip
    with suppress(SweepError):  # of cells that are refused, each says why; the others are kept
        sweep.run([*kernel.values(), *reduced.values()])
    done = sweep.run(list(kernel.values()))
    return (
        {cell: done[task.key] for cell, task in kernel.items()},
        {cell: _alone(task, sweep) for cell, task in reduced.items()},
    )


def _alone(task: Task, sweep: Sweep) -> dict[str, np.ndarray] | str:
    try:
        return sweep.run([task])[task.key]
    except SweepError as error:
        return str(error)


def _name(text: str) -> str:
    return _NOT_IN_NAMES.sub("_", text).strip("_")


def _orders(
    study: CellsStudy,
    cases: Sequence[Case],
    curves: Mapping[str, Mapping[str, Fitted]],
    cell: str,
    arm: str,
) -> dict[str, Fitted]:
    """Return the curves of each order of a cell's sites, at the levels that all orders have."""
    return {
        case.name: Fitted(
            arm,
            IOAnalysis(
                at_levels(curves[case.key][arm].analysis.table, study.levels[arm]),
                study.bootstraps,
                study.seed,
            ),
        )
        for case in cases
        if case.cell == cell and case.group == "order"
    }


def judge(study: CellsStudy, found: Found) -> dict[str, Judged]:
    """Return the verdict on each claim."""

    def over(arm: str, what: str) -> list[Judged]:
        parts = []
        for cell, fitted in found.orders[arm].items():
            values = [getattr(f, what) for f in fitted.values()]
            known = [v for v in values if np.isfinite(v)]
            judged = higher(known) if known else holds(False, why="no order could be fitted")
            parts.append(judged.with_figures(cell=cell, arm=arm, log_ratios=values))
        return parts

    verdicts = {
        "nmda_bias": all_of(*over("nmda", "preference")),
        "shunt_gain": all_of(*over("shunt", "preference")),
        "xshift_best": all_of(*(part for arm in ARMS for part in over(arm, "with_shift"))),
        "plateaus": _judge_plateaus(study, found),
    }
    strangers = [case for case in found.cases if case.group == "stranger"]
    for arm, claim in zip(ARMS, ("nmda_bias_strangers", "shunt_gain_strangers"), strict=True):
        fitted = {case.cell: found.curves[case.key][arm] for case in strangers}
        parts = [
            f.analysis.better(*BETTER[arm]).with_figures(cell=cell)
            for cell, f in fitted.items()
            if not f.why_not
        ]
        if parts:
            verdicts[claim] = all_of(*parts)
    return verdicts


def _judge_plateaus(study: CellsStudy, found: Found) -> Judged:
    low, high = _paper_ms(found)
    medians = {case.key: float(np.median(found.plateaus[case.key])) for case in found.cases}
    inside = [key for key, median in medians.items() if low <= median <= high]
    return holds(bool(inside), readings=inside, longest_ms=max(medians.values()))


def _paper_ms(found: Found) -> tuple[float, float]:
    """Return how long an NMDA spike lasts in the paper (ms)."""
    protocol = found.cases[0].protocol
    stated = protocol.paper_range("nmda_spike_duration_ms")
    if stated is None:
        raise SpecError(
            f"{protocol.name} has no [paper]; the protocol of this figure is one of the paper's "
            "cell, and other cells are given as strangers"
        )
    return stated


def summary_of(study: CellsStudy, found: Found) -> dict[str, Any]:
    """Return what summary.json says, cell by cell."""
    cells: dict[str, Any] = {}
    for case in found.cases:
        said = cells.setdefault(case.cell, {"orders": {}, "readings": {}})
        curves = {arm: fitted.summary for arm, fitted in found.curves[case.key].items()}
        above = found.plateaus[case.key]
        curves["plateau_ms"] = {
            "median": float(np.median(above)),
            "quartiles": np.quantile(above, [0.25, 0.75]),
            "site_medians": np.median(above, axis=0),
        }
        if case.is_first:
            said |= curves
            said["engine"] = found.experiments[case.key].engine
        if case.group == "order":
            said["orders"][case.name] = curves
        elif case.group != "stranger":
            said["readings"][f"{case.group}: {case.name}"] = curves
    for cell, said in cells.items():
        said["kernel"] = _kernel_summary(found.kernel.get(cell))
        said["reduction"] = _reduction_summary(found.reduced.get(cell))
    for cell in study.cells:
        cells[cell]["over_orders"] = {
            arm: {
                what: [getattr(f, what) for f in found.orders[arm][cell].values()]
                for what in ("preference", "share", "with_shift")
            }
            for arm in ARMS
        }
    return {"seed": study.seed, "trials": study.trials, "cells": cells}


def _kernel_summary(found: Mapping[str, np.ndarray] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    kernel, neuron = found["counts"]
    return {
        "counts_equal": int((kernel == neuron).sum()),
        "trials": int(kernel.size),
        "x_neuron": float(found["seconds"][1] / found["seconds"][0]),
    }


def _reduction_summary(found: Mapping[str, np.ndarray] | str | None) -> dict[str, Any] | None:
    if found is None or isinstance(found, str):
        return None if found is None else {"refused": found}
    return {
        "amps_nA": found["amps"],
        "steps_full": found["full"],
        "steps_reduced": found["reduced"],
        "compartments": found["compartments"],
    }


def draw_cells(study: CellsStudy, found: Found, summary: Mapping[str, Any]) -> dict[str, Picture]:
    """Draw which model fits better, over cells, orders and readings, and how long plateaus are."""
    return {"fig2_cells": draw(summary["cells"], list(study.cells), _paper_ms(found))}


def export(study: CellsStudy, found: Found, out: Path) -> None:
    """Write ``io/CASE/io_nmda.json`` and ``io_shunt.json`` of each case that could be fitted."""
    for case in found.cases:
        fitted = {arm: f.analysis for arm, f in found.curves[case.key].items() if not f.why_not}
        write_io_files(found.experiments[case.key], fitted, out / "io" / _name(case.key))


def tell(summary: Mapping[str, Any]) -> list[str]:
    """Return a line a cell: which model fits better."""
    lines = []
    for cell, said in summary["cells"].items():
        parts = [
            f"{arm}: {said[arm]['order_fraction']:.0%} of the bootstraps have the paper's order"
            if "order_fraction" in said[arm]
            else f"{arm}: {said[arm]['not_fitted']}"
            for arm in ARMS
        ]
        lines.append(f"{cell}: " + "; ".join(parts))
    return lines


FIGURE = Figure(
    settings=settings_of(CellsStudy),
    measure=measure,
    summarise=summary_of,
    draw=draw_cells,
    texts=CLAIMS,
    judge=judge,
    export=export,
    tell=tell,
)
