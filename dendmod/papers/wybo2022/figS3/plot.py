"""The panels of Figure S3."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wybo2022.plot_ablation import bars
from dendmod.plotting.style import COLOURS, panel_letter

_INPUTS = ("0,0", "0,1", "1,0", "1,1")
_SIZES = {"4": "#E69F00", "10": "#0072B2"}


def draw(data: dict[str, Any], summary: dict[str, Any]) -> Figure:
    """Draw weight vectors, output potentials before and after, performance a function, curves.

    Parameters
    ----------
    data
        What `dendmod.papers.wybo2022.figS3.figure` gathers: vectors, voltages, curves.
    summary
        The figure's summary.
    """
    figure = plt.figure(figsize=(7.2, 8.0), layout="constrained")
    rows = figure.add_gridspec(3, 1, height_ratios=[1.5, 1, 1.1])
    top, middle, bottom = (figure.add_subfigure(rows[i]) for i in range(3))
    grid = top.add_gridspec(2, 3, width_ratios=[0.7, 2, 2])
    for row, (k, vectors) in enumerate(sorted(data["vectors"].items(), key=lambda i: int(i[0]))):
        ax = top.add_subplot(grid[row, 0])
        _vectors(ax, vectors, k)
        if row == 0:
            panel_letter(ax, "A")
    for row, (name, pair) in enumerate(data["voltages"].items()):
        for column, (v, when) in enumerate(zip(pair, ("before", "after"), strict=True)):
            ax = top.add_subplot(grid[row, 1 + column])
            _voltages(ax, v, name, when, data)
            if row == column == 0:
                panel_letter(ax, "B")
    ax = middle.add_subplot()
    _performance(ax, summary)
    panel_letter(ax, "C")
    if "variants" in summary:
        left, right = bottom.subplots(1, 2)
        bars(right, summary["variants"])
        panel_letter(right, "E")
    else:
        left = bottom.add_subplot()
    _curves(left, data)
    panel_letter(left, "D")
    return figure


def _vectors(ax: Axes, vectors: np.ndarray, k: str) -> None:
    for x, y in vectors.T:
        ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "lw": 0.8,
                                                    "color": _SIZES.get(k, "k")})  # fmt: skip
    ax.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), xticks=[], yticks=[], aspect="equal")
    ax.set_title(f"{k} hidden neurons")
    ax.spines[:].set_visible(False)


def _voltages(ax: Axes, v: np.ndarray, name: str, when: str, data: dict[str, Any]) -> None:
    n_steps = v.shape[1] - 1
    length = n_steps * data["dt"]
    start, end = data["window"]
    for i, row in enumerate(v):
        t = i * length + np.arange(n_steps + 1) * data["dt"]
        ax.plot(t, row, color=COLOURS["soma"], lw=0.6)
        right = "#009E73" if _expected(name)[i] else "#D55E00"
        ax.axvspan(i * length + start, i * length + end, color=right, alpha=0.2, lw=0)
        ax.annotate(_INPUTS[i], (i * length + (start + end) / 2, 46), ha="center", fontsize=6)
    ax.set(ylim=(-95, 60), xlim=(0, 4 * length))
    ax.set_title(f"{name}, {when} learning", pad=3)
    ax.set_xlabel("Time (ms)", labelpad=1)
    if when == "before":
        ax.set_ylabel("Output (mV)")


def _expected(name: str) -> tuple[int, ...]:
    from dendmod.switching.boolean import FUNCTIONS

    return FUNCTIONS[name]


def _performance(ax: Axes, summary: dict[str, Any]) -> None:
    names = list(next(iter(summary["hidden"].values())))
    x = np.arange(len(names))
    sizes = sorted(summary["hidden"], key=int)
    width = 0.7 / len(sizes)
    for j, k in enumerate(sizes):
        offset = (j - (len(sizes) - 1) / 2) * width
        values = np.array([summary["hidden"][k][n] for n in names])
        ax.bar(x + offset, values.max(axis=1), width * 0.9, color=_SIZES.get(k, "C2"), alpha=0.45,
               label=f"{k} neurons: best seed (bar), each seed (dots)")  # fmt: skip
        for column in values.T:
            ax.plot(x + offset, column, ".", color=_SIZES.get(k, "C2"), ms=3)
    ax.plot(x, [summary["or_like_firing"][n] for n in names], "_", color="k", ms=16, mew=1,
            label="firing on any input")  # fmt: skip
    shuffled = [float(np.mean(summary["shuffled"][n])) for n in names]
    ax.plot(x, shuffled, "x", color="#D55E00", ms=4, mew=1, label="shuffled labels")
    ax.axhline(0.5, color=COLOURS["paper"], lw=0.6, zorder=0)
    ax.set_xticks(x, names, rotation=30, ha="right")
    ax.set(ylim=(0, 1.02), ylabel="Balanced accuracy")
    ax.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.28))


def _curves(ax: Axes, data: dict[str, Any]) -> None:
    for k, curves in data["curves"].items():
        colour = _SIZES.get(k, "#D55E00")
        label = f"{k} neurons" if k in _SIZES else k
        for i, curve in enumerate(curves):
            ax.plot(data["samples"], curve, ".-", color=colour, ms=3, lw=0.7,
                    label=label if i == 0 else None)  # fmt: skip
    ax.axhline(0.5, color=COLOURS["paper"], lw=0.6, zorder=0)
    ax.set(ylim=(0.1, 1), xlabel="Samples a function", ylabel="Mean accuracy")
    ax.legend(loc="lower right")
