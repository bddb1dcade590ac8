"""Figure 7: decoding at rest and running, gains and rates in recordings of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.measures import Array
from dendmod.papers.wyrick2021.plotting import STATE_COLOUR, accuracy_of_states, points
from dendmod.plotting.style import COLOURS, panel_letter


@dataclass(frozen=True)
class Model:
    """Decoding in the model.

    Parameters
    ----------
    t, accuracy
        Ends of the windows (s); accuracy [networks, windows] at rest and running.
    acceleration_ms, paper_ms
        Acceleration by running [networks], and the paper's mean and SD.
    """

    t: Array
    accuracy: Mapping[str, Array]
    acceleration_ms: Array
    paper_ms: tuple[float, float]


@dataclass(frozen=True)
class Recordings:
    """Recordings of the model.

    Parameters
    ----------
    t, accuracy
        Ends of the windows (s); accuracy [networks, windows] at rest and running.
    gains
        Gains of the units of one session at rest and while running [units] (spikes/s), of a null
        pair and with running.
    gain_ratio, rate_ratio
        Running over rest [networks], with running and of null pairs.
    """

    t: Array
    accuracy: Mapping[str, Array]
    gains: Mapping[str, tuple[Array, Array]]
    gain_ratio: Mapping[str, Array]
    rate_ratio: Mapping[str, Array]


def draw(model: Model, recordings: Recordings) -> Figure:
    """Draw panels A to F."""
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.6), constrained_layout=True)
    accuracy_of_states(axes[0, 0], model.t, model.accuracy)
    axes[0, 0].legend()
    axes[0, 0].set_title("model, pulse onto E-I pairs")
    points(axes[0, 1], {"model": model.acceleration_ms}, 0.0, "Acceleration (ms)")
    mean, sd = model.paper_ms
    axes[0, 1].axhspan(mean - sd, mean + sd, color=COLOURS["paper"], alpha=0.4, lw=0)
    axes[0, 1].set_title("grey: paper ± SD")
    accuracy_of_states(axes[0, 2], recordings.t, recordings.accuracy)
    axes[0, 2].set_title("recordings of the model")
    axes[0, 2].legend(loc="lower right")
    _gains(axes[1, 0], recordings.gains)
    for ax, ratio, label in (
        (axes[1, 1], recordings.gain_ratio, "Gain, running / rest"),
        (axes[1, 2], recordings.rate_ratio, "Rate, running / rest"),
    ):
        points(ax, ratio, 1.0, label)
        ax.set_ylim(0, 1.05 * ax.get_ylim()[1])
    for ax, letter in zip(axes.flat, "ABCDEF", strict=True):
        panel_letter(ax, letter)
    return figure


def _gains(ax: Axes, gains: Mapping[str, tuple[Array, Array]]) -> None:
    for (state, (rest, run)), colour in zip(gains.items(), ("#999999", STATE_COLOUR), strict=True):
        ax.plot(rest, run, "o", ms=2.5, mfc="none", color=colour, label=state)
    reach = np.nanmax([*gains["running"][0], *gains["running"][1], 1.0])
    ax.plot([0, reach], [0, reach], color=COLOURS["paper"], lw=0.6)
    ax.set_xlabel("Gain at rest (spikes/s)")
    ax.set_ylabel("Gain while running")
    ax.set_title("units of one session")
    ax.legend()
