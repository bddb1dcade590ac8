"""Figure 4 of Wyrick & Mazzucato 2021: stimuli decoded under perturbations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture

from dendmod.clustered.decoding import crossing_times
from dendmod.papers.wyrick2021.conditions import (
    UNPERTURBED,
    Condition,
    Scale,
    by_kind,
    run_evoked,
)
from dendmod.papers.wyrick2021.fig4.plot import Latency, draw
from dendmod.papers.wyrick2021.measures import (
    Evoked,
    describe,
    evoked_table,
    same_as,
    sd_of,
    spread,
)
from dendmod.params.wyrick2021 import LATENCY_BAND, REPORTED
from dendmod.study.claims import Judged, alike
from dendmod.study.figure import Figure, settings_of
from dendmod.sweep import Sweep

# The rules were written after results of earlier runs were known.
CLAIMS = {
    "latency": "Stimuli are decoded above chance after 0.21 s (Fig 4c)",
    "accuracy_at_1s": "After 1 s stimuli are decoded without errors (Fig 4c)",
}


def measure(scale: Scale, sweep: Sweep) -> dict[Condition, Evoked]:
    """Run and decode evoked activity under all perturbations."""
    return evoked_table(run_evoked(scale, sweep))


def judge(scale: Scale, table: Mapping[Condition, Evoked]) -> dict[str, Judged]:
    """Return the verdict on each claim; networks that never get above chance do not count."""
    entry = table[UNPERTURBED]
    return {
        "latency": same_as(entry.latency_s, REPORTED["latency_s"][0]),
        "accuracy_at_1s": alike(entry.accuracy[:, -1] - REPORTED["accuracy_at_1s"]),
    }


def summarise(scale: Scale, table: Mapping[Condition, Evoked]) -> dict[str, Any]:
    """Return latencies and responses under each condition."""
    said, entry = describe(table), table[UNPERTURBED]
    curve = entry.accuracy.mean(axis=0)
    latency, n = spread(entry.latency_s), np.isfinite(entry.latency_s).sum()
    mean, sem = REPORTED["latency_s"]
    return {
        **scale.describe(),
        "latency_s": {
            **latency,
            "sem": latency["sd"] / np.sqrt(max(n, 1)),
            "windows": "stamped at their end; first of 5 in a row above 99 % of the shuffles",
        },
        "mean_curve_latency_s": {
            f"{level:.0%}": crossing_times(entry.t, curve, np.array([level * curve.max()]))[0]
            for level in LATENCY_BAND
        },
        "accuracy_at_1s": said[UNPERTURBED]["accuracy_at_1s"],
        "accuracy_before_stimulus": curve[entry.t <= 0].mean(),
        "perturbations": by_kind(said),
        "unperturbed": said[UNPERTURBED],
        "paper": {
            "latency_s": {"mean": mean, "sem": sem},
            "accuracy_at_1s": REPORTED["accuracy_at_1s"],
        },
    }


def draw_panels(
    scale: Scale, table: Mapping[Condition, Evoked], summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw accuracy in time and latencies."""
    latency = Latency(
        change={c: 1e3 * entry.latency_change_s() for c, entry in table.items()},
        sd={c: 1e3 * sd_of(entry.latency_changes_s) for c, entry in table.items()},
        above_chance=table[UNPERTURBED].latency_s,
        paper=REPORTED["latency_s"],
    )
    accuracy = {c: entry.accuracy for c, entry in table.items()}
    return {"fig4": draw(table[UNPERTURBED].t, accuracy, latency)}


FIGURE = Figure(settings_of(Scale), measure, summarise, draw_panels, CLAIMS, judge)
