"""Figure 2: one trial, rates, the timescale under the readings, driven inhibition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.measures import Array
from dendmod.papers.wyrick2021.plotting import E_COLOUR, I_COLOUR, STATE_COLOUR
from dendmod.plotting.style import COLOURS, panel_letter

_EVERY = 4  # of the neurons, one in so many is drawn


@dataclass(frozen=True)
class Trial:
    """Spikes of one trial.

    Parameters
    ----------
    times, ids
        Times (s) and neurons.
    n_E, n_neurons
        Numbers of E neurons, which come first, and of all.
    """

    times: Array
    ids: npt.NDArray[np.int64]
    n_E: int
    n_neurons: int


@dataclass(frozen=True)
class Timescales:
    """The cluster timescale under each reading.

    Parameters
    ----------
    values
        [networks, readings] (ms).
    readings
        Kernel SD (ms) and threshold (spikes/s) of each.
    paper
        Mean and SD of the paper (ms).
    """

    values: Array
    readings: Sequence[tuple[float, float]]
    paper: tuple[float, float]


@dataclass(frozen=True)
class Inhibition:
    """Rates under a drive onto I neurons.

    Parameters
    ----------
    z
        Sizes of the drive.
    rate_E, rate_I
        [sizes, networks] (spikes/s).
    reversal, paper
        Where the I rate is least, here and in the paper.
    """

    z: Array
    rate_E: Array
    rate_I: Array
    reversal: float
    paper: float


def draw(trial: Trial, e_rates: Array, timescales: Timescales, inhibition: Inhibition) -> Figure:
    """Draw panels A to D; `e_rates` are the mean rates of one network's E neurons (spikes/s)."""
    figure = plt.figure(figsize=(7.2, 4.6), constrained_layout=True)
    grid = figure.add_gridspec(2, 3, height_ratios=[1, 1])
    places = (grid[0, :], grid[1, 0], grid[1, 1], grid[1, 2])
    axes = [figure.add_subplot(place) for place in places]
    _raster(axes[0], trial)
    _rates(axes[1], e_rates)
    _timescales(axes[2], timescales)
    _inhibition(axes[3], inhibition)
    for ax, letter in zip(axes, "ABCD", strict=True):
        panel_letter(ax, letter)
    return figure


def _raster(ax: Axes, trial: Trial) -> None:
    for mask, colour in ((trial.ids < trial.n_E, E_COLOUR), (trial.ids >= trial.n_E, I_COLOUR)):
        shown = mask & (trial.ids % _EVERY == 0)
        ax.plot(
            trial.times[shown], trial.ids[shown], ".", ms=1.3, mew=0, color=colour, rasterized=True
        )
    ax.axhline(trial.n_E, color=COLOURS["paper"], lw=0.5)
    ax.set_ylim(0, trial.n_neurons)
    ax.margins(x=0.01)
    ax.set_yticks([trial.n_E / 2, (trial.n_E + trial.n_neurons) / 2], ["E", "I"])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Time (s)")
    ax.set_title("One trial without stimulus (every fourth neuron)")


def _rates(ax: Axes, e_rates: Array) -> None:
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


def _timescales(ax: Axes, timescales: Timescales) -> None:
    for k, values in enumerate(timescales.values.T):
        ax.plot(np.full(values.size, k), values, "o", ms=2.5, mfc="none", color=STATE_COLOUR)
        own = np.nanstd(values, ddof=1) if values.size > 1 else None
        ax.errorbar(k + 0.2, np.nanmean(values), own, fmt="s", ms=3, color="#333333", capsize=2)
    mean, sd = timescales.paper
    ax.axhspan(mean - sd, mean + sd, color=COLOURS["paper"], alpha=0.35, lw=0, label="paper ± SD")
    ax.set_xticks(
        range(len(timescales.readings)), [f"{a:g}\n{b:g}" for a, b in timescales.readings]
    )
    ax.set_xlabel("Kernel (ms), threshold (spikes/s)")
    ax.set_ylabel("Cluster timescale (ms)")
    ax.set_ylim(0, None)
    ax.legend(loc="upper left")


def _inhibition(ax: Axes, found: Inhibition) -> None:
    n = found.rate_E.shape[1]
    for name, rate, colour in (("E", found.rate_E, E_COLOUR), ("I", found.rate_I, I_COLOUR)):
        sem = rate.std(axis=1, ddof=1) / np.sqrt(n) if n > 1 else None
        ax.errorbar(found.z, rate.mean(axis=1), sem, color=colour, marker="o", ms=2.5, label=name)
    ax.axvline(
        found.reversal, color="#333333", ls="--", lw=0.7, label=f"least I: {found.reversal:g}"
    )
    ax.axvline(
        found.paper, color=COLOURS["paper"], ls="--", lw=0.9, label=f"paper: {found.paper:g}"
    )
    ax.set_xlabel("δmean(I), fraction of baseline")
    ax.set_ylabel("Rate (spikes/s)")
    ax.legend()
