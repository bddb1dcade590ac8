"""Figures 2 and 3 of the clustered network: ongoing activity, timescale and gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.plotting.style import COLOURS, panel_letter

E_COLOUR, I_COLOUR = "#333333", "#D55E00"
KIND_COLOURS = {
    "dmean_E": "#0072B2", "dmean_I": "#D55E00", "dvar_E": "#56B4E9", "dvar_I": "#E69F00",
    "dAMPA": "#009E73", "dGABA": "#CC79A7", "none": "#333333",
}  # fmt: skip
KIND_MARKERS = {
    "dmean_E": "o", "dmean_I": "s", "dvar_E": "^", "dvar_I": "D", "dAMPA": "v", "dGABA": "P",
    "none": "*",
}  # fmt: skip
KIND_LABELS = {
    "dmean_E": "δmean(E)", "dmean_I": "δmean(I)", "dvar_E": "δvar(E)", "dvar_I": "δvar(I)",
    "dAMPA": "δAMPA", "dGABA": "δGABA", "none": "unperturbed",
}  # fmt: skip


def raster(ax: Axes, spikes: Mapping[str, np.ndarray], n_e: int, every: int = 4) -> None:
    """Draw every fourth neuron's spikes, E below, I above; lines part the clusters."""
    ids, times = spikes["ids"], spikes["times"]
    for mask, colour in ((ids < n_e, E_COLOUR), (ids >= n_e, I_COLOUR)):
        shown = mask & (ids % every == 0)
        ax.plot(times[shown], ids[shown], ".", ms=1.3, mew=0, color=colour, rasterized=True)
    ax.axhline(n_e, color=COLOURS["paper"], lw=0.5)
    ax.set_ylim(0, spikes["cluster"].size)
    ax.margins(x=0.01)
    ax.set_yticks([n_e / 2, (n_e + spikes["cluster"].size) / 2], ["E", "I"])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Time (s)")


def scatter_kinds(
    ax: Axes, table: Mapping[tuple[str, float], Mapping[str, Any]], x: str, y: str
) -> None:
    """Draw two columns of a table, a marker a kind of perturbation; larger is a larger size."""
    for kind in KIND_COLOURS:
        rows = [(z, row) for (k, z), row in table.items() if k == kind]
        good = [(z, r) for z, r in rows if r[x] is not None and r[y] is not None]
        if good:
            reach = max(abs(z) for z, _ in good) or 1.0
            ax.scatter(
                [r[x] for _, r in good],
                [r[y] for _, r in good],
                s=[6 + 26 * abs(z) / reach for z, _ in good],
                facecolors=[KIND_COLOURS[kind] if z >= 0 else "white" for z, _ in good],
                edgecolors=KIND_COLOURS[kind],
                marker=KIND_MARKERS[kind],
                linewidths=0.8,
                zorder=3,
            )
            ax.scatter(
                [], [], s=20, color=KIND_COLOURS[kind], marker=KIND_MARKERS[kind],
                label=KIND_LABELS[kind],
            )  # fmt: skip


def r2_text(value: float | None) -> str:
    """Return R² as text."""
    return "R² not defined" if value is None else f"R² = {value:.2f}"


def draw_fig2(
    spikes: Mapping[str, np.ndarray],
    e_rates: np.ndarray,
    timescales: np.ndarray,
    readings: Sequence[tuple[float, float]],
    z: np.ndarray,
    inhibition: Mapping[str, np.ndarray],
    reversal: float,
    paper: Mapping[str, Any],
) -> Figure:
    """Draw Fig 2: raster, rates, timescale under the readings, and driven inhibition.

    Parameters
    ----------
    spikes
        One trial.
    e_rates
        Mean rate of the E neurons of one network (spikes/s).
    timescales, readings
        [networks, readings] (ms), and kernel SD (ms) and threshold (spikes/s) of each.
    z, inhibition
        Drive onto I neurons, and rates [sizes, networks] of E and I (spikes/s).
    reversal
        Where the I rate is smallest.
    paper
        What the paper has.
    """
    figure = plt.figure(figsize=(7.2, 4.6), constrained_layout=True)
    grid = figure.add_gridspec(2, 3, height_ratios=[1, 1])
    ax = figure.add_subplot(grid[0, :])
    raster(ax, spikes, 1600)
    ax.set_title("One trial without stimulus (every fourth neuron)")
    panel_letter(ax, "A")
    ax = figure.add_subplot(grid[1, 0])
    logs = np.log(e_rates[e_rates > 0])
    edges = np.linspace(logs.min(), logs.max(), 25)
    ax.hist(np.exp(logs), list(np.exp(edges)), color="#56B4E9")
    mid = (edges[1:] + edges[:-1]) / 2
    normal = np.exp(-((mid - logs.mean()) ** 2) / 2 / logs.var()) / np.sqrt(2 * np.pi * logs.var())
    ax.plot(np.exp(mid), normal * logs.size * np.diff(edges), color="#D55E00", label="log-normal")
    ax.set_ylim(0, 1.25 * ax.get_ylim()[1])  # room for the legend
    ax.set_xscale("log")
    ax.set_xlabel("Rate of E neurons (spikes/s)")
    ax.set_ylabel("Neurons")
    ax.legend()
    panel_letter(ax, "B")
    ax = figure.add_subplot(grid[1, 1])
    for k in range(len(readings)):
        some = timescales[:, k]
        ax.plot(np.full(some.size, k), some, "o", ms=2.5, mfc="none", color="#0072B2")
        ax.errorbar(k + 0.2, np.nanmean(some), np.nanstd(some, ddof=1) if some.size > 1 else None,
                    fmt="s", ms=3, color="#333333", capsize=2)  # fmt: skip
    mean, sd = paper["timescale_ms"]["mean"], paper["timescale_ms"]["sd"]
    ax.axhspan(mean - sd, mean + sd, color=COLOURS["paper"], alpha=0.35, lw=0, label="paper ± SD")
    ax.set_xticks(range(len(readings)), [f"{a:g}\n{b:g}" for a, b in readings])
    ax.set_xlabel("Kernel (ms), threshold (spikes/s)")
    ax.set_ylabel("Cluster timescale (ms)")
    ax.set_ylim(0, None)
    ax.legend(loc="upper left")
    panel_letter(ax, "C")
    ax = figure.add_subplot(grid[1, 2])
    for name, colour in (("E", E_COLOUR), ("I", I_COLOUR)):
        mean_rate = inhibition[name].mean(axis=1)
        n = inhibition[name].shape[1]
        sem = inhibition[name].std(axis=1, ddof=1) / np.sqrt(n) if n > 1 else None
        ax.errorbar(z, mean_rate, sem, color=colour, marker="o", ms=2.5, label=name)
    ax.axvline(reversal, color="#333333", ls="--", lw=0.7, label=f"least I: {reversal:g}")
    ax.axvline(paper["reversal"], color=COLOURS["paper"], ls="--", lw=0.9, label="paper: 0.5")
    ax.set_xlabel("δmean(I), fraction of baseline")
    ax.set_ylabel("Rate (spikes/s)")
    ax.legend()
    panel_letter(ax, "D")
    return figure


def draw_fig3(
    table: Mapping[tuple[str, float], Mapping[str, Any]],
    occupancy: Mapping[float, np.ndarray],
    theory: Mapping[tuple[str, float], Mapping[str, float]],
    summary: Mapping[str, Any],
) -> Figure:
    """Draw Fig 3: attractors, timescale against size, gain against timescale, and the theory.

    Parameters
    ----------
    table
        What each condition gave.
    occupancy
        Size of dmean(E) -> fraction of time with k active clusters.
    theory
        Barrier and gain of each condition.
    summary
        With the R².
    """
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.4), constrained_layout=True)
    ax = axes[0, 0]
    sizes = sorted(occupancy)
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(sizes)))
    for size, colour in zip(sizes, colours, strict=True):
        ax.plot(100 * occupancy[size], color=colour, label=f"{size:+g}" if size else "0")
    ax.set_xlim(0, 12)
    ax.set_xlabel("Active clusters")
    ax.set_ylabel("Time (%)")
    ax.legend(title="δmean(E)", title_fontsize=6.5)
    panel_letter(ax, "A")
    ax = axes[0, 1]
    base = table["none", 0.0]
    for kind in KIND_COLOURS:
        rows = sorted([(z, r) for (k, z), r in table.items() if k == kind] + [(0.0, base)],
                      key=lambda p: p[0])  # fmt: skip
        if kind == "none":
            continue
        spread = [r["over_networks"]["timescale_ms"]["sd"] or 0.0 for _, r in rows]
        n = len(base["over_networks"]["timescale_ms"]["networks"])
        ax.errorbar(
            [z for z, _ in rows], [r["timescale_ms"] for _, r in rows],
            np.array(spread, float) / np.sqrt(n), color=KIND_COLOURS[kind],
            marker=KIND_MARKERS[kind], ms=3, label=KIND_LABELS[kind], capsize=1.5,
        )  # fmt: skip
    ax.set_xlabel("Size of the perturbation")
    ax.set_ylabel("Cluster timescale (ms), ± SEM")
    ax.set_ylim(0, None)
    ax.legend(ncols=2)
    panel_letter(ax, "B")
    ax = axes[1, 0]
    scatter_kinds(ax, table, "gain_ratio", "timescale_ms")
    inside = summary["r2_gain_timescale_metastable"]
    ax.set_title(f"{r2_text(summary['r2_gain_timescale'])}; metastable range {r2_text(inside)}; "
                 f"paper {summary['paper']['r2_gain_timescale']}")  # fmt: skip
    ax.set_xlabel("Gain, perturbed / unperturbed")
    ax.set_ylabel("Cluster timescale (ms)")
    panel_letter(ax, "C")
    ax = axes[1, 1]
    scatter_kinds(ax, theory, "gain", "barrier")
    ax.set_title(f"two-cluster theory, {r2_text(summary['theory']['r2_barrier_gain'])}")
    ax.set_xlabel("Gain of the effective transfer function")
    ax.set_ylabel("Barrier (spikes²/s²)")
    ax.legend(title="open: size below 0", title_fontsize=6.5, loc="upper left")
    panel_letter(ax, "D")
    return figure
