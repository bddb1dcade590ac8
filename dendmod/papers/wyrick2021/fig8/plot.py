"""Figure 8: accuracy and rates before and after matching, and the acceleration."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.measures import Array
from dendmod.papers.wyrick2021.plotting import accuracy_of_states, points, rates_of_states
from dendmod.plotting.style import panel_letter


def draw(
    t: Array,
    accuracy: Mapping[str, Array],
    rate: Mapping[str, Array],
    acceleration_ms: Mapping[str, Array],
) -> Figure:
    """Draw panels A to C.

    Parameters
    ----------
    t
        Ends of the windows (s).
    accuracy, rate
        In each state [networks, windows]; rates in spikes/s a neuron.
    acceleration_ms
        By running, before and after matching [networks].
    """
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.6), constrained_layout=True)
    accuracy_of_states(axes[0], t, accuracy)
    axes[0].legend()
    rates_of_states(axes[1], t, {state: rows.mean(axis=0) for state, rows in rate.items()})
    points(axes[2], acceleration_ms, 0.0, "Acceleration (ms)")
    axes[2].set_xlabel("Matching")
    for ax, letter in zip(axes, "ABC", strict=True):
        panel_letter(ax, letter)
    return figure
