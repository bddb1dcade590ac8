"""Bars of an ablation of settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.plotting.style import COLOURS
from dendmod.switching.ablation import Ablation


@dataclass(frozen=True)
class AblationBars:
    """An ablation, and the accuracy of each of its variants, shape [seeds, tasks]."""

    ablation: Ablation
    accuracy: Mapping[str, npt.NDArray[np.float64]]


def bars(ax: Axes, data: AblationBars) -> None:
    """Draw mean accuracy, a bar a variant."""
    names, ablation = list(data.accuracy), data.ablation
    y = np.arange(len(names))[::-1]
    ax.barh(y, [data.accuracy[n].mean() for n in names], color="#56B4E9", height=0.7)
    ax.set_yticks(y, names, fontsize=5.5)
    ax.axvline(0.5, color=COLOURS["paper"], lw=0.6)
    tasks, seeds = " and ".join(ablation.tasks), ", ".join(str(s) for s in ablation.seeds)
    word = "seed" if len(ablation.seeds) == 1 else "seeds"
    ax.set(xlim=(0.3, 1), xlabel=f"Mean accuracy ({tasks}; {word} {seeds})")


def draw_ablation(data: AblationBars) -> Figure:
    """Draw an ablation as a figure of its own."""
    figure, ax = plt.subplots(
        figsize=(3.6, 0.6 + 0.16 * len(data.accuracy)), constrained_layout=True
    )
    bars(ax, data)
    return figure
