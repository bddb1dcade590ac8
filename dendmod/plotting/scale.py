"""What `dendmod protocol scale` found: searches, IO curves and voltages at the found numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from dendmod.plotting.style import COLOURS

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Searched:
    """A search for a weight: labels of both axes, the points, and what was found."""

    x: str
    y: str
    weights: Array
    values: Array
    found: float


@dataclass(frozen=True)
class ArmPanel:
    """An arm: its IO curve without modulation, and voltages (mV) over time (ms).

    Parameters
    ----------
    name
        Of the arm.
    n, mean, chosen
        Numbers of inputs and mean spikes [points], and the number that was found.
    t, soma
        Times, and the soma's voltage by level [steps].
    t_sites, sites, level_mV
        Times, and voltages of sites [sites, steps] at the highest level, if the level drives
        them; what a plateau is above.
    """

    name: str
    n: Array
    mean: Array
    chosen: int
    t: Array
    soma: Mapping[str, Array]
    t_sites: Array
    sites: Array | None
    level_mV: float


def draw_scale(searches: Sequence[Searched], arms: Sequence[ArmPanel], title: str) -> Figure:
    """Draw the searches in a row, and a row an arm."""
    rows = 1 + len(arms)
    figure, axes = plt.subplots(
        rows, 3, figsize=(7.2, 1.9 * rows), squeeze=False, constrained_layout=True
    )
    for ax, search in zip(axes[0], searches, strict=False):
        ax.semilogx(search.weights, search.values, "o-", color=COLOURS["soma"], ms=2.5)
        ax.axvline(search.found, color=COLOURS["feedforward"], lw=0.8)
        ax.set_title(f"found: {search.found:g}")
        ends = [search.weights[0], search.found, search.weights[-1]]
        ax.set_xticks(ends, [f"{w:.3g}" for w in ends])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlabel(search.x)
        ax.set_ylabel(search.y)
    for ax in axes[0, len(searches) :]:
        ax.axis("off")
    for row, arm in zip(axes[1:], arms, strict=True):
        _draw_arm(row, arm)
    figure.suptitle(title, fontsize=8)
    return figure


def _draw_arm(row: Sequence[plt.Axes], arm: ArmPanel) -> None:
    io, soma, sites = row
    io.plot(arm.n, arm.mean, "o-", color=COLOURS["soma"], ms=2.5)
    io.axvline(arm.chosen, color=COLOURS["feedforward"], lw=0.8)
    io.set_title(f"{arm.name}: {arm.chosen} inputs")
    io.set_xlabel("Feedforward inputs")
    io.set_ylabel("Spikes without modulation")
    colours = (COLOURS["soma"], COLOURS["nmda"])
    for (level, v), colour in zip(arm.soma.items(), colours, strict=False):
        soma.plot(arm.t, v, color=colour, lw=0.6, label=f"level {level}")
    soma.set_xlabel("Time (ms)")
    soma.set_ylabel("Soma (mV)")
    soma.legend()
    if arm.sites is None:
        sites.axis("off")
        return
    sites.plot(arm.t_sites, arm.sites.T, color=COLOURS["nmda"], lw=0.4, alpha=0.6)
    sites.axhline(arm.level_mV, color=COLOURS["shunt"], lw=0.8)
    sites.set_xlabel("Time (ms)")
    sites.set_ylabel("Sites at the highest level (mV)")
