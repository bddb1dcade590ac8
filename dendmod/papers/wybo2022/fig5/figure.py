"""Figure 5 of Wybo et al. 2022: images learned one against all others, online, at dendrites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture

from dendmod.papers.wybo2022.fig5.plot import BOUNDS, Panels, draw, draw_scalings
from dendmod.papers.wybo2022.fig5.runs import ImageExperiment, Learned, measure
from dendmod.papers.wybo2022.plot_ablation import AblationBars, draw_ablation
from dendmod.study.claims import Judged, alike, all_of, higher, paired
from dendmod.study.figure import Figure
from dendmod.study.registry import find

# The rules were written after results of earlier runs were known.
CLAIMS = {
    "images_learned": "Images are learned at dendritic synapses (Fig 5D)",
    "dPMD_best": "dPMD is the best of the matrices (Fig 5D)",
    "dPMD_above_PCA": "dPMD is above PCA (Fig 5D)",
    "dPMD_above_RP": "dPMD is above random projections (Fig 5D)",
    "RP_near_chance": "Random projections stay near chance (Fig 5D)",
    "shuffled_at_chance": "Control: shuffled labels teach nothing",
    "rule_off_at_chance": "Control: with the rule off nothing is learned",
}
CHANCE = (0.5, 0.5)
# ours, wider than `claims.ALIKE`: of 500 test samples an accuracy has a standard error of .022, so
# that the five tasks of a control cannot resolve .01
NEAR_CHANCE = 0.05


def settings_of(table: dict[str, Any], quick: bool) -> ImageExperiment:
    """Return the settings of the figure."""
    return ImageExperiment.of(table, find("wybo2022/fig5").settings())


def judge(experiment: ImageExperiment, learned: Learned) -> dict[str, Judged]:
    """Return the verdict on each claim.

    A run is a network with the mean over its tasks; of a control, which is one network, a task.
    """
    if not experiment.of_papers_cell:
        return {}
    runs = {m: learned.end(m).mean(axis=1) for m in learned.accuracy}
    found = {}
    if experiment.controls:
        found["shuffled_at_chance"] = alike(learned.shuffled, CHANCE, within=NEAR_CHANCE)
        found["rule_off_at_chance"] = alike(learned.rule_off, CHANCE, within=NEAR_CHANCE)
    if "RP" in runs:
        found["RP_near_chance"] = alike(runs["RP"], CHANCE, within=NEAR_CHANCE)
    if "dPMD" not in runs:
        return found
    found["images_learned"] = higher(runs["dPMD"], CHANCE)
    above = {m: higher(paired(runs["dPMD"], runs[m])) for m in runs if m != "dPMD"}
    found |= {f"dPMD_above_{m}": above[m] for m in ("PCA", "RP") if m in above}
    if {"dSD", "PCA", "RP"} <= set(above):
        found["dPMD_best"] = all_of(*above.values())
    return found


def summarise(experiment: ImageExperiment, learned: Learned) -> dict[str, Any]:
    """Return accuracies of all networks, controls and variants, and what settings are changed."""
    first = experiment.matrices[0]
    summary = {
        "data": learned.data,
        "tasks": learned.classes,
        "matrix": {m: _matrix_summary(experiment, learned, m) for m in learned.accuracy},
        "curve_samples": learned.samples,
        "controls": {
            "matrix": first,
            "shuffled": learned.shuffled,
            "plasticity_off": learned.rule_off,
        },
        "chance": CHANCE[0],
        "hidden": experiment.hidden,
        "test_samples": experiment.schedule.test_samples,
        "cells": learned.cells,
        "reading": experiment.reading,
        "settings": experiment.settings,
        "changed": experiment.changed(),
    }
    if learned.bounds:
        summary["bounds"] = {m: _bounds_summary(rows) for m, rows in learned.bounds.items()}
    if learned.scalings:
        panel = experiment.scalings
        summary["scalings"] = {
            "tasks": panel.tasks, "seeds": panel.seeds, "samples": panel.schedule.samples,
            "range_mV": panel.ranges, "accuracy": learned.scalings,
        }  # fmt: skip
    if experiment.ablation is not None:
        summary["variants"] = experiment.ablation.summary(experiment.variants(), learned.variants)
    return summary


def _bounds_summary(rows: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"mean": of_all.mean(), "of_seeds": of_all, "balanced_accuracy": of_all.mean(axis=0)}
        for name, of_all in rows.items()
    }


def _matrix_summary(experiment: ImageExperiment, learned: Learned, matrix: str) -> dict[str, Any]:
    end = learned.end(matrix)
    return {
        "balanced_accuracy": end.mean(axis=0),
        "of_seeds": end,
        "mean": end.mean(),
        "sd_of_seeds": end.mean(axis=1).std(ddof=1) if len(end) > 1 else 0.0,
        "before": np.ascontiguousarray(learned.accuracy[matrix][..., 0]).mean(),
        "seeds": experiment.seeds,
        "samples": experiment.schedule.samples,
        "curve": learned.accuracy[matrix].mean(axis=(0, 1)),
    }


def draw_panels(
    experiment: ImageExperiment, learned: Learned, summary: Mapping[str, Any]
) -> dict[str, Picture | None]:
    """Draw the panels, and the ablation where there is one."""
    panels = Panels(
        settings=experiment.settings,
        example=learned.example,
        samples=learned.samples,
        curves={m: accuracy.mean(axis=(0, 1)) for m, accuracy in learned.accuracy.items()},
        ends={m: learned.end(m) for m in learned.accuracy},
        controls={
            f"{experiment.matrices[0]}, shuffled": learned.shuffled,
            f"{experiment.matrices[0]}, rule off": learned.rule_off,
        }
        if experiment.controls
        else {},
        bounds={
            m: {name: float(rows[name].mean()) for name in BOUNDS}
            for m, rows in learned.bounds.items()
        },
    )
    ablation = experiment.ablation
    return {
        "fig5": draw(panels),
        "fig5_scalings": draw_scalings(experiment.scalings.ranges, learned.scalings)
        if learned.scalings
        else None,
        "fig5_ablation": None
        if ablation is None
        else draw_ablation(AblationBars(ablation, learned.variants)),
    }


FIGURE = Figure(
    settings=settings_of,
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
)
