"""The panels of Figure 5."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dendmod.plotting.style import COLOURS, panel_letter
from dendmod.switching.settings import Settings

_MATRICES = {"dPMD": "#0072B2", "dSD": "#009E73", "PCA": "#E69F00", "RP": "#999999",
             "dPCA": "#D55E00", "PMD": "#56B4E9", "SD": "#CC79A7"}  # fmt: skip


def draw(looks: dict[str, np.ndarray], summary: dict[str, Any], settings: Settings) -> Figure:
    """Draw traces of the rule, potentials before and after, accuracy, one cell under many tasks.

    Parameters
    ----------
    looks
        As `dendmod.papers.wybo2022.fig5.tasks.look` returns them.
    """
    figure = plt.figure(figsize=(7.2, 8.4), constrained_layout=True)
    grid = figure.add_gridspec(4, 6)
    ax = figure.add_subplot(grid[0, :2])
    _traces(ax, looks, settings)
    panel_letter(ax, "B")
    for row, when in enumerate(("before", "after")):
        ax = figure.add_subplot(grid[row, 2:])
        _output(ax, looks[f"v_{when}"], looks["expected"], settings)
        task = summary["tasks"][0]
        ax.set_title(f"{when} learning (task: silence for class {task})", pad=2)
        if row == 0:
            panel_letter(ax, "C")
    ax = figure.add_subplot(grid[1, :2])
    _curves(ax, summary)
    ax = figure.add_subplot(grid[2, :])
    _accuracy(ax, summary)
    panel_letter(ax, "D")
    side = round(looks["vector"].size ** 0.5)
    for column, (name, picture) in enumerate(
        (("weights", looks["vector"]), ("input", looks["image"]))
    ):
        ax = figure.add_subplot(grid[3, column])
        if side * side == picture.size:
            limit = np.abs(picture).max()
            cmap = "RdBu_r" if name == "weights" else "Greys"
            low = -limit if name == "weights" else 0
            ax.imshow(picture.reshape(side, side), cmap=cmap, vmin=low, vmax=limit)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.set_title(name)
        if column == 0:
            panel_letter(ax, "E")
    ax = figure.add_subplot(grid[3, 2:])
    _tasks(ax, looks, settings)
    return figure


def _traces(ax: Axes, looks: dict[str, np.ndarray], settings: Settings) -> None:
    t = np.arange(looks["trace_pre"].size) * settings.dt
    rows = (
        ("trace_dw", "change of weight", "#8B5A2B"),
        ("trace_error", "error", "#D55E00"),
        ("trace_post", "post", "#009E73"),
        ("trace_pre", "pre", "#0072B2"),
        ("trace_eta", "learning rate", "#AA4499"),
        ("trace_dend", "dendrite (filtered)", "k"),
    )
    for i, (name, label, colour) in enumerate(rows):
        trace = looks[name].astype(float)
        low, high = min(trace.min(), 0.0) if name != "trace_dend" else trace.min(), trace.max()
        ax.plot(t, 1.5 * i + (trace - low) / max(high - low, 1e-15), color=colour, lw=0.8)
        text = label
        if name == "trace_dend":
            text += f", {low:.0f} to {high:.0f} mV"
        left = name in ("trace_dw", "trace_dend")
        height = 1.5 * i + (1.15 if name == "trace_dend" else 0.45)
        place = (t[0] if left else t[-1], height)
        ax.annotate(text, place, color=colour, fontsize=5.5, ha="left" if left else "right")
    ax.axvspan(*settings.window(), color=COLOURS["paper"], alpha=0.4, lw=0)
    ax.set(xlabel="Time (ms)", yticks=[], ylabel="The rule (scaled)", ylim=(-0.2, 9.4))


def _output(ax: Axes, v: np.ndarray, expected: np.ndarray, settings: Settings) -> None:
    n = v.shape[1] - 1
    length, (start, end) = n * settings.dt, settings.window()
    for i, row in enumerate(v):
        ax.plot(i * length + np.arange(n + 1) * settings.dt, row, color=COLOURS["soma"], lw=0.6)
        colour = "#009E73" if expected[i] else "#D55E00"
        ax.axvspan(i * length + start, i * length + end, color=colour, alpha=0.2, lw=0)
    ax.set(ylim=(-95, 60), xlim=(0, len(v) * length), ylabel="Output (mV)", xlabel="Time (ms)")


def _curves(ax: Axes, summary: dict[str, Any]) -> None:
    for name, one in summary["matrix"].items():
        ax.plot(summary["curve_samples"], one["curve"], ".-", color=_MATRICES.get(name, "k"),
                ms=3, label=name)  # fmt: skip
    ax.axhline(0.5, color=COLOURS["paper"], lw=0.6, zorder=0)
    ax.set(xlabel="Samples a task", ylabel="Balanced accuracy", ylim=(0.2, 1))
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.legend(ncols=2, loc="upper left")


def _accuracy(ax: Axes, summary: dict[str, Any]) -> None:
    names = list(summary["matrix"])
    rows = [np.array(summary["matrix"][n]["of_seeds"]) for n in names]
    controls = summary["controls"]
    labels = [*names, f"{controls['matrix']}, shuffled", f"{controls['matrix']}, rule off"]
    rows += [np.array(controls["shuffled"]), np.array(controls["plasticity_off"])]
    for x, (name, row) in enumerate(zip(labels, rows, strict=True)):
        colour = _MATRICES.get(name, "#333333")
        ax.bar(x, row.mean(), 0.6, color=colour, alpha=0.4)
        for j, seed in enumerate(row):
            jitter = x + (j - (len(row) - 1) / 2) * 0.15
            ax.plot(np.full(len(seed), jitter), seed, ".", color=colour, ms=3)
        ax.annotate(f"{row.mean():.2f}", (x, 0.02), ha="center", fontsize=6.5)
    ax.axhline(0.5, color="k", lw=0.6, ls=":")
    ax.set_xticks(range(len(labels)), labels)
    ax.set(ylim=(0, 1), ylabel="Balanced accuracy\n(dots: tasks)")


def _tasks(ax: Axes, looks: dict[str, np.ndarray], settings: Settings) -> None:
    soma = looks["soma"]
    n = soma.shape[1] - 1
    for i, row in enumerate(soma):
        t = (i * (n + 100) + np.arange(n + 1)) * settings.dt
        for v in looks["dendrites"][i]:
            ax.plot(t, v, color="#4477AA", lw=0.5, alpha=0.7)
        ax.plot(t, row, color=COLOURS["feedforward"], lw=0.8)
        ax.annotate(f"task {looks['classes'][i]}", (t[n // 2], 48), ha="center", fontsize=6)
    ax.set(ylim=(-95, 62), xlabel="Time (ms)", ylabel="Soma and dendrites\nof one cell (mV)")
