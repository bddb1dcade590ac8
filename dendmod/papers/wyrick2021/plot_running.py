"""Figures 7 and 8 of the clustered network: rest and running, and matched rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.plotting.style import COLOURS, panel_letter

_STATES = {"rest": "#333333", "running": "#0072B2", "matched": "#D55E00"}


def _curve(ax: Axes, t: np.ndarray, rows: np.ndarray, colour: str, label: str) -> None:
    mean = 100 * rows.mean(axis=0)
    if rows.shape[0] > 1:
        sem = 100 * rows.std(axis=0, ddof=1) / np.sqrt(rows.shape[0])
        ax.fill_between(t, mean - sem, mean + sem, color=colour, alpha=0.2, lw=0)
    ax.plot(t, mean, color=colour, label=label, ls="--" if label == "matched" else "-")
    ax.axhline(25, color=COLOURS["paper"], lw=0.6)
    ax.axvline(0, color=COLOURS["paper"], lw=0.6)
    ax.set_ylim(0, 105)
    ax.locator_params(axis="x", nbins=4)
    ax.set_xlabel("End of window after onset (s)")
    ax.set_ylabel("Accuracy (%)")


def _points(
    ax: Axes, groups: Mapping[str, Sequence[float | None]], reference: float, label: str
) -> None:
    for k, values in enumerate(groups.values()):
        good = np.array([v for v in values if v is not None], float)
        ax.plot(np.full(good.size, k), good, "o", ms=3, mfc="none", color="#0072B2")
        if good.size:
            ax.plot([k - 0.2, k + 0.2], [good.mean()] * 2, color="#333333", lw=1.4)
    ax.axhline(reference, color=COLOURS["paper"], lw=0.6)
    ax.set_xticks(range(len(groups)), list(groups))
    ax.set_xlim(-0.5, len(groups) - 0.5)
    ax.set_ylabel(label)


def draw_fig7(
    t: np.ndarray,
    curves: Mapping[str, np.ndarray],
    sessions: Mapping[str, Sequence[Mapping[str, np.ndarray]]],
    summary: Mapping[str, Any],
) -> Figure:
    """Draw Fig 7: decoding at rest and running, gains and rates in recordings of the model.

    Parameters
    ----------
    t, curves
        Ends of the windows (s), accuracy [networks, windows] in the model.
    sessions
        What the recordings gave, with running and as a null pair.
    summary
        Its numbers.
    """
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.6), constrained_layout=True)
    ax = axes[0, 0]
    for name, accuracy in curves.items():
        _curve(ax, t, accuracy, _STATES[name], name)
    ax.legend()
    ax.set_title("model, pulse onto E-I pairs")
    panel_letter(ax, "A")
    ax = axes[0, 1]
    _points(ax, {"model": summary["acceleration_ms"]["networks"]}, 0.0, "Acceleration (ms)")
    paper = summary["paper"]["acceleration_ms"]
    ax.axhspan(paper["mean"] - paper["sd"], paper["mean"] + paper["sd"], color=COLOURS["paper"],
               alpha=0.4, lw=0)  # fmt: skip
    ax.set_title("grey: paper ± SD")
    panel_letter(ax, "B")
    rows = sessions["running"]
    ax = axes[0, 2]
    for name, key in (("rest", "rest"), ("running", "run")):
        _curve(ax, rows[0]["t"], np.array([r[key] for r in rows]), _STATES[name], name)
    ax.set_title("recordings of the model")
    ax.legend(loc="lower right")
    panel_letter(ax, "C")
    ax = axes[1, 0]
    for row, colour in ((sessions["null pair"][0], "#999999"), (rows[0], "#0072B2")):
        ax.plot(row["gain_rest"], row["gain_run"], "o", ms=2.5, mfc="none", color=colour,
                label="null pair" if colour == "#999999" else "running")  # fmt: skip
    reach = np.nanmax([*rows[0]["gain_rest"], *rows[0]["gain_run"], 1.0])
    ax.plot([0, reach], [0, reach], color=COLOURS["paper"], lw=0.6)
    ax.set_xlabel("Gain at rest (spikes/s)")
    ax.set_ylabel("Gain while running")
    ax.set_title("units of one session")
    ax.legend()
    panel_letter(ax, "D")
    table = summary["model_recordings"]
    for ax, letter, (key, label) in zip(axes[1, 1:], "EF", (
        ("gain_ratio", "Gain, running / rest"),
        ("rate_ratio", "Rate, running / rest")), strict=True):  # fmt: skip
        _points(ax, {k: v[key]["networks"] for k, v in table.items()}, 1.0, label)
        ax.set_ylim(0, 1.05 * ax.get_ylim()[1])
        panel_letter(ax, letter)
    return figure


def draw_fig8(rows: Sequence[Mapping[str, np.ndarray]], summary: Mapping[str, Any]) -> Figure:
    """Draw Fig 8: accuracy before and after matching, acceleration and peak."""
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.6), constrained_layout=True)
    t = rows[0]["t"]
    ax = axes[0]
    for name, key in (("rest", "rest"), ("running", "run"), ("matched", "matched")):
        _curve(ax, t, np.array([r[f"accuracy_{key}"] for r in rows]), _STATES[name], name)
    ax.legend()
    panel_letter(ax, "A")
    ax = axes[1]
    for name, key in (("rest", "rest"), ("running", "run"), ("matched", "matched")):
        mean = np.mean([r[f"rate_{key}"] for r in rows], axis=0)
        ax.plot(t, mean, color=_STATES[name], label=name, ls="--" if key == "matched" else "-")
    ax.set_xlabel("End of window after onset (s)")
    ax.set_ylabel("Rate (spikes/s a neuron)")
    ax.locator_params(axis="x", nbins=4)
    ax.set_ylim(0, None)
    panel_letter(ax, "B")
    groups = {
        "before": summary["before_matching"]["acceleration_ms"]["networks"],
        "after": summary["after_matching"]["acceleration_ms"]["networks"],
    }
    _points(axes[2], groups, 0.0, "Acceleration (ms)")
    axes[2].set_xlabel("Matching")
    panel_letter(axes[2], "C")
    return figure
