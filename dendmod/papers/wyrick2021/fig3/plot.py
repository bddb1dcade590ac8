"""Figure 3: attractors, timescale against size, gain against timescale, and the theory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.conditions import Condition
from dendmod.papers.wyrick2021.measures import Array, mean_of, sd_of
from dendmod.papers.wyrick2021.plotting import r2_text, scatter_kinds, size_curves
from dendmod.plotting.style import panel_letter


@dataclass(frozen=True)
class Tie:
    """How closely gain is tied to the timescale, and to the barrier of the theory.

    Parameters
    ----------
    gain
        Mean gain less that without a perturbation, under each condition (spikes/s).
    r2, r2_metastable, r2_paper
        R² of gain and timescale: of all conditions, of the metastable ones, the paper's.
    theory_gain, theory_barrier
        Gain and barrier (spikes²/s²) of the two-cluster network under each condition.
    theory_r2
        R² of these.
    """

    gain: Mapping[Condition, float]
    r2: float | None
    r2_metastable: float | None
    r2_paper: float
    theory_gain: Mapping[Condition, float]
    theory_barrier: Mapping[Condition, float]
    theory_r2: float | None


def draw(
    occupancy: Mapping[float, Array], timescales: Mapping[Condition, Array], tie: Tie
) -> Figure:
    """Draw panels A to D.

    Parameters
    ----------
    occupancy
        Size of dmean(E) -> fraction of time with k active clusters [clusters + 1].
    timescales
        Cluster timescale under each condition [networks] (ms).
    tie
        Gain against timescale and barrier.
    """
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.4), constrained_layout=True)
    mean = {c: mean_of(values) for c, values in timescales.items()}
    sd = {c: sd_of(values) for c, values in timescales.items()}
    _occupancy(axes[0, 0], occupancy)
    size_curves(axes[0, 1], mean, sd, len(next(iter(timescales.values()))))
    axes[0, 1].set_ylabel("Cluster timescale (ms), ± SEM")
    axes[0, 1].set_ylim(0, None)
    axes[0, 1].legend(ncols=2)
    scatter_kinds(axes[1, 0], tie.gain, mean)
    axes[1, 0].set_title(
        f"{r2_text(tie.r2)}; metastable range {r2_text(tie.r2_metastable)}; paper {tie.r2_paper}"
    )
    axes[1, 0].set_xlabel("Gain, perturbed - unperturbed (spikes/s)")
    axes[1, 0].set_ylabel("Cluster timescale (ms)")
    scatter_kinds(axes[1, 1], tie.theory_gain, tie.theory_barrier)
    axes[1, 1].set_title(f"two-cluster theory, {r2_text(tie.theory_r2)}")
    axes[1, 1].set_xlabel("Gain of the effective transfer function")
    axes[1, 1].set_ylabel("Barrier (spikes²/s²)")
    axes[1, 1].legend(title="open: size below 0", title_fontsize=6.5, loc="upper left")
    for ax, letter in zip(axes.flat, "ABCD", strict=True):
        panel_letter(ax, letter)
    return figure


def _occupancy(ax: Axes, occupancy: Mapping[float, Array]) -> None:
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(occupancy)))
    for size, colour in zip(sorted(occupancy), colours, strict=True):
        ax.plot(100 * occupancy[size], color=colour, label=f"{size:+g}" if size else "0")
    ax.set_xlim(0, 12)
    ax.set_xlabel("Active clusters")
    ax.set_ylabel("Time (%)")
    ax.legend(title="δmean(E)", title_fontsize=6.5)
