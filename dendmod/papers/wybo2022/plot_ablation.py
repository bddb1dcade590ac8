"""Bars of a study of settings."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.plotting.style import COLOURS


def bars(ax: Axes, study: dict[str, Any]) -> None:
    """Draw mean accuracy, a bar a variant of `dendmod.switching.ablation.Study.summary`."""
    names = list(study["rows"])
    y = np.arange(len(names))[::-1]
    ax.barh(y, [study["rows"][n]["mean"] for n in names], color="#56B4E9", height=0.7)
    ax.set_yticks(y, names, fontsize=5.5)
    ax.axvline(0.5, color=COLOURS["paper"], lw=0.6)
    tasks = list(next(iter(study["rows"].values()))["accuracy"])
    seeds = ", ".join(str(s) for s in study["seeds"])
    word = "seed" if len(study["seeds"]) == 1 else "seeds"
    ax.set(xlim=(0.3, 1), xlabel=f"Mean accuracy ({' and '.join(tasks)}; {word} {seeds})")


def draw_study(study: dict[str, Any]) -> Figure:
    """Draw a study as a figure of its own."""
    figure, ax = plt.subplots(
        figsize=(3.6, 0.6 + 0.16 * len(study["rows"])), constrained_layout=True
    )
    bars(ax, study)
    return figure
