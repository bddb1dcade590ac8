"""Figures 4 and 5 of the clustered network: decoding, and what predicts its latency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.plot_ongoing import (
    KIND_COLOURS,
    KIND_LABELS,
    KIND_MARKERS,
    r2_text,
    scatter_kinds,
)
from dendmod.plotting.style import COLOURS, panel_letter

_SHADES = (-0.2, 0.0, 0.2, 0.5), (0.0, 0.4, 0.75, 0.95)  # size -> place in the colour map


def _beside(values: list[float]) -> np.ndarray:
    """Return shifts that put equal values side by side."""
    shifts = np.zeros(len(values))
    for value in set(values):
        same = [k for k, v in enumerate(values) if v == value]
        shifts[same] = 0.14 * (np.arange(len(same)) - (len(same) - 1) / 2)
    return shifts


def draw_fig4(
    t: np.ndarray,
    curves: Mapping[tuple[str, float], np.ndarray],
    table: Mapping[tuple[str, float], Mapping[str, Any]],
    summary: Mapping[str, Any],
) -> Figure:
    """Draw Fig 4: accuracy in time for each kind, and the change of latency.

    Parameters
    ----------
    t
        Ends of the windows (s).
    curves
        Accuracy [networks, windows] of each condition.
    table
        What each condition gave.
    summary
        With the unperturbed latency.
    """
    figure = plt.figure(figsize=(7.2, 6.0), constrained_layout=True)
    grid = figure.add_gridspec(3, 3)
    kinds = [k for k in KIND_COLOURS if k != "none" and any(c[0] == k for c in curves)]
    base = curves["none", 0.0]
    for place, (kind, letter) in enumerate(zip(kinds, "ABCDEF", strict=False)):
        ax = figure.add_subplot(grid[place // 3, place % 3])
        levels = sorted(z for k, z in curves if k == kind)
        shades = plt.get_cmap("viridis")(np.interp(levels, *_SHADES))
        for z, shade in zip(levels, shades, strict=True):
            ax.plot(t, 100 * curves[kind, z].mean(axis=0), color=shade, label=f"{z:+g}")
        mean = 100 * base.mean(axis=0)
        if base.shape[0] > 1:
            sem = 100 * base.std(axis=0, ddof=1) / np.sqrt(base.shape[0])
            ax.fill_between(t, mean - sem, mean + sem, color="#333333", alpha=0.2, lw=0)
        ax.plot(t, mean, color="#333333", lw=1.2)
        ax.axhline(25, color=COLOURS["paper"], lw=0.6)
        ax.axvline(0, color=COLOURS["paper"], lw=0.6)
        ax.set_ylim(0, 105)
        ax.locator_params(axis="x", nbins=4)
        ax.set_title(KIND_LABELS[kind])
        ax.legend(fontsize=5.5, loc="lower right")
        if place >= 3:
            ax.set_xlabel("End of window after onset (s)")
        if place % 3 == 0:
            ax.set_ylabel("Accuracy (%)")
        panel_letter(ax, letter)
    ax = figure.add_subplot(grid[2, :2])
    for kind in kinds:
        rows = sorted([(z, r) for (k, z), r in table.items() if k in (kind, "none")],
                      key=lambda p: p[0])  # fmt: skip
        rows = [(z, r) for z, r in rows if r["latency_change_s"] is not None]
        n = base.shape[0]
        sd = [r["over_networks"]["latency_change_s"]["sd"] or 0.0 for _, r in rows]
        ax.errorbar(
            [z for z, _ in rows], [1e3 * r["latency_change_s"] for _, r in rows],
            1e3 * np.array(sd, float) / np.sqrt(n), color=KIND_COLOURS[kind],
            marker=KIND_MARKERS[kind], ms=3, label=KIND_LABELS[kind], capsize=1.5,
        )  # fmt: skip
    ax.axhline(0, color=COLOURS["paper"], lw=0.6)
    ax.set_xlabel("Size of the perturbation")
    ax.set_ylabel("Change of latency (ms), ± SEM")
    ax.legend(ncols=2)
    panel_letter(ax, "G")
    ax = figure.add_subplot(grid[2, 2])
    own = [v for v in summary["latency_s"]["networks"] if v is not None]
    ax.plot(_beside(own), own, "o", mfc="none", ms=3)
    ax.plot(0.6, summary["latency_s"]["mean"], "s", color="#333333", ms=4)
    paper = summary["paper"]["latency_s"]
    ax.axhspan(paper["mean"] - paper["sem"], paper["mean"] + paper["sem"],
               color=COLOURS["paper"], alpha=0.4, lw=0, label="paper ± SEM")  # fmt: skip
    ax.set_xlim(-0.6, 1.0)
    ax.set_ylim(0, 1.1 * max([*own, paper["mean"] + paper["sem"]]))
    ax.set_xticks([0, 0.6], ["networks", "mean"])
    ax.set_ylabel("Latency above chance (s)")
    ax.legend(loc="lower right")
    panel_letter(ax, "H")
    return figure


def draw_fig5(
    table: Mapping[tuple[str, float], Mapping[str, Any]], summary: Mapping[str, Any]
) -> Figure:
    """Draw Fig 5: latency against activation latency, timescale and gain."""
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.9), constrained_layout=True)
    shown = {
        c: {
            "latency": None if r["latency_change_s"] is None else 1e3 * r["latency_change_s"],
            "activation": (
                None if r["activation_change_s"] is None else 1e3 * r["activation_change_s"]
            ),
            "timescale": r["timescale_ms"],
            "gain": r["gain_ratio"],
        }
        for c, r in table.items()
    }
    panels = (
        ("activation", "Change of activation latency (ms)", "r2_activation_latency"),
        ("timescale", "Cluster timescale, ongoing (ms)", "r2_timescale_latency"),
        ("gain", "Gain, perturbed / unperturbed", "r2_gain_latency"),
    )
    for ax, letter, (x, label, key) in zip(axes, "ABC", panels, strict=True):
        scatter_kinds(ax, shown, x, "latency")
        paper = summary["paper"].get(key)
        ax.set_title(r2_text(summary[key]) + (f" (paper {paper})" if paper else ""))
        ax.set_xlabel(label)
        panel_letter(ax, letter)
    axes[0].set_ylabel("Change of decoding latency (ms)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=7, loc="outside lower center", fontsize=6,
                  title="open: size below 0", title_fontsize=6)  # fmt: skip
    return figure
