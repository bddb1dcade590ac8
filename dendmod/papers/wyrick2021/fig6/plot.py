"""Figure 6: excited and inhibited fractions, and responses and d' against latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.conditions import Condition
from dendmod.papers.wyrick2021.measures import Responses
from dendmod.papers.wyrick2021.plotting import (
    E_COLOUR,
    I_COLOUR,
    KIND_LABELS,
    kinds_of,
    legend_of_kinds,
    r2_text,
    scatter_kinds,
)
from dendmod.plotting.style import panel_letter


@dataclass(frozen=True)
class Panel:
    """A quantity under each condition, its label, and R² for perturbations of E and of I."""

    label: str
    x: Mapping[Condition, float]
    r2: tuple[float | None, float | None]
    paper: tuple[float, float]


def draw(
    responses: Mapping[Condition, Responses],
    panels: Sequence[Panel],
    latency: Mapping[Condition, float],
) -> Figure:
    """Draw responses to each perturbation, and three panels of quantities against latency (ms)."""
    figure = plt.figure(figsize=(7.2, 6.2), constrained_layout=True)
    grid = figure.add_gridspec(3, 6)
    first = None
    for place, kind in enumerate(kinds_of(list(responses))):
        column = 2 * (place % 3)
        ax = figure.add_subplot(grid[place // 3, column : column + 2], sharey=first)
        first = first or ax
        _fractions(ax, {z: entry for (k, z), entry in responses.items() if k == kind})
        ax.set_title(KIND_LABELS[kind])
        if column == 0:
            ax.set_ylabel("Responding neurons (%)")
        panel_letter(ax, "ABCDEF"[place])
    handles, labels = first.get_legend_handles_labels() if first else ([], [])
    figure.legend(handles, labels, ncols=4, loc="outside upper center")
    thirds = (slice(0, 2), slice(2, 4), slice(4, 6))
    for panel, third, letter in zip(panels, thirds, "GHI", strict=True):
        ax = figure.add_subplot(grid[2, third])
        scatter_kinds(ax, panel.x, latency)
        onto_E, onto_I = map(r2_text, panel.r2)
        ax.set_title(f"onto E {onto_E} ({panel.paper[0]})\nonto I {onto_I} ({panel.paper[1]})")
        ax.set_xlabel(panel.label, fontsize=6.5)
        ax.set_ylabel("Change of latency (ms)")
        panel_letter(ax, letter)
    legend_of_kinds(figure, ax, "G to I, paper in brackets; open: size below 0")
    return figure


def _fractions(ax: Axes, by_size: Mapping[float, Responses]) -> None:
    sizes = sorted(by_size)
    at = np.arange(len(sizes))
    for k, (population, shift, edge) in enumerate((("E", -0.2, E_COLOUR), ("I", 0.2, I_COLOUR))):
        up = np.array([100 * by_size[z].excited[:, k].mean() for z in sizes])
        down = np.array([100 * by_size[z].inhibited[:, k].mean() for z in sizes])
        ax.bar(at + shift, up, 0.36, color=edge, label=f"{population} excited")
        ax.bar(at + shift, -down, 0.36, facecolor="white", edgecolor=edge, lw=0.8,
               hatch="////", label=f"{population} inhibited")  # fmt: skip
    ax.axhline(0, color="#333333", lw=0.6)
    ax.set_xticks(at, [f"{z:+g}" for z in sizes])
    spare = max(0.0, (3 - len(sizes)) / 2)  # few bars are no wider than many
    ax.set_xlim(-0.6 - spare, len(sizes) - 0.4 + spare)
