"""Figure 4: accuracy in time under each perturbation, and latencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.conditions import UNPERTURBED, Condition
from dendmod.papers.wyrick2021.measures import Array, mean_of
from dendmod.papers.wyrick2021.plotting import (
    KIND_LABELS,
    accuracy_axes,
    kinds_of,
    mean_accuracy,
    size_curves,
)
from dendmod.plotting.style import COLOURS, panel_letter

_SHADES = (-0.2, 0.0, 0.2, 0.5), (0.0, 0.4, 0.75, 0.95)  # size -> place in the colour map


@dataclass(frozen=True)
class Latency:
    """Latencies of decoding.

    Parameters
    ----------
    change, sd
        Change of the latency under each condition, and its SD over networks (ms).
    above_chance
        Latency without a perturbation under each reading [networks] (s).
    paper
        The paper's mean and SEM of that (s).
    """

    change: Mapping[Condition, float]
    sd: Mapping[Condition, float]
    above_chance: Mapping[str, Array]
    paper: tuple[float, float]


def draw(t: Array, accuracy: Mapping[Condition, Array], latency: Latency) -> Figure:
    """Draw panels A to H; `t` are the ends of the windows (s), accuracy is [networks, windows]."""
    figure = plt.figure(figsize=(7.2, 6.0), constrained_layout=True)
    grid = figure.add_gridspec(3, 3)
    for place, kind in enumerate(kinds_of(list(accuracy))):
        ax = figure.add_subplot(grid[place // 3, place % 3])
        _perturbed(ax, t, accuracy, kind)
        if place >= 3:
            ax.set_xlabel("End of window after onset (s)")
        if place % 3 == 0:
            ax.set_ylabel("Accuracy (%)")
        panel_letter(ax, "ABCDEF"[place])
    ax = figure.add_subplot(grid[2, :2])
    size_curves(ax, latency.change, latency.sd, len(accuracy[UNPERTURBED]))
    ax.axhline(0, color=COLOURS["paper"], lw=0.6)
    ax.set_ylabel("Change of latency (ms), ± SEM")
    ax.legend(ncols=2)
    panel_letter(ax, "G")
    ax = figure.add_subplot(grid[2, 2])
    _above_chance(ax, latency)
    panel_letter(ax, "H")
    return figure


def _perturbed(ax: Axes, t: Array, accuracy: Mapping[Condition, Array], kind: str) -> None:
    sizes = sorted(z for k, z in accuracy if k == kind)
    shades = plt.get_cmap("viridis")(np.interp(sizes, *_SHADES))
    for z, shade in zip(sizes, shades, strict=True):
        ax.plot(t, 100 * accuracy[kind, z].mean(axis=0), color=shade, label=f"{z:+g}")
    mean_accuracy(ax, t, accuracy[UNPERTURBED], "#333333", lw=1.2)
    accuracy_axes(ax)
    ax.set_title(KIND_LABELS[kind])
    ax.legend(fontsize=5.5, loc="lower right")


def _above_chance(ax: Axes, latency: Latency) -> None:
    mean, sem = latency.paper
    for k, every in enumerate(latency.above_chance.values()):
        values = every[np.isfinite(every)]
        ax.plot(k + _side_by_side(values), values, "o", mfc="none", ms=2.5)
        ax.plot(k + 0.35, mean_of(values), "s", color="#333333", ms=3)
    ax.axhspan(mean - sem, mean + sem, color=COLOURS["paper"], alpha=0.4, lw=0, label="paper ± SEM")
    ax.set_xlim(-0.5, len(latency.above_chance) - 0.3)
    ax.set_ylim(0, None)
    ax.set_xticks(range(len(latency.above_chance)), list(latency.above_chance), fontsize=5.5)
    ax.set_ylabel("Latency above chance (s)")
    ax.legend(loc="lower right")


def _side_by_side(values: Array) -> Array:
    """Return shifts that put equal values beside each other."""
    shifts = np.zeros(len(values))
    for value in set(values.tolist()):
        equal = np.flatnonzero(values == value)
        shifts[equal] = 0.06 * (np.arange(len(equal)) - (len(equal) - 1) / 2)
    return shifts
