"""Figure 5: the change of decoding latency against what may predict it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.conditions import Condition
from dendmod.papers.wyrick2021.plotting import legend_of_kinds, r2_text, scatter_kinds
from dendmod.plotting.style import panel_letter


@dataclass(frozen=True)
class Panel:
    """A quantity under each condition, its label, and R²: ours and the paper's, if it has one."""

    label: str
    x: Mapping[Condition, float]
    r2: float | None
    paper: float | None


def draw(panels: Sequence[Panel], latency: Mapping[Condition, float]) -> Figure:
    """Draw a panel a quantity; `latency` is the change of latency under each condition (ms)."""
    figure, axes = plt.subplots(1, len(panels), figsize=(7.2, 2.9), constrained_layout=True)
    for ax, letter, panel in zip(axes, "ABC", panels, strict=True):
        scatter_kinds(ax, panel.x, latency)
        paper = "" if panel.paper is None else f" (paper {panel.paper})"
        ax.set_title(r2_text(panel.r2) + paper)
        ax.set_xlabel(panel.label)
        panel_letter(ax, letter)
    axes[0].set_ylabel("Change of decoding latency (ms)")
    legend_of_kinds(figure, axes[0], "open: size below 0")
    return figure
