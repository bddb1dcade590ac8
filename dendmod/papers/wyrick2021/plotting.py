"""What the figures draw alike: perturbations, accuracy in time, points of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wyrick2021.conditions import UNPERTURBED, Condition
from dendmod.papers.wyrick2021.measures import Array
from dendmod.plotting.style import COLOURS

E_COLOUR, I_COLOUR, STATE_COLOUR = "#333333", "#D55E00", "#0072B2"
KIND_COLOURS = {
    "dmean_E": "#0072B2", "dmean_I": "#D55E00", "dvar_E": "#56B4E9", "dvar_I": "#E69F00",
    "dAMPA": "#009E73", "dGABA": "#CC79A7", "none": "#333333",
}  # fmt: skip
KIND_MARKERS = {
    "dmean_E": "o", "dmean_I": "s", "dvar_E": "^", "dvar_I": "D", "dAMPA": "v", "dGABA": "P",
    "none": "*",
}  # fmt: skip
KIND_LABELS = {
    "dmean_E": "δmean(E)", "dmean_I": "δmean(I)", "dvar_E": "δvar(E)", "dvar_I": "δvar(I)",
    "dAMPA": "δAMPA", "dGABA": "δGABA", "none": "unperturbed",
}  # fmt: skip
_STATES = {"rest": "#333333", "running": STATE_COLOUR, "matched": "#D55E00"}


def kinds_of(conditions: Sequence[Condition]) -> list[str]:
    """Return the perturbations among conditions, in the order of the figures."""
    return [k for k in KIND_COLOURS if k != UNPERTURBED[0] and any(c[0] == k for c in conditions)]


def scatter_kinds(ax: Axes, x: Mapping[Condition, float], y: Mapping[Condition, float]) -> None:
    """Draw one quantity against another, a marker a perturbation; larger is a larger size.

    What is not finite is left out.
    """
    for kind in KIND_COLOURS:
        good = [c for c in x if c[0] == kind and np.isfinite(x[c]) and np.isfinite(y[c])]
        if good:
            reach = max(abs(z) for _, z in good) or 1.0
            ax.scatter(
                [x[c] for c in good],
                [y[c] for c in good],
                s=[6 + 26 * abs(z) / reach for _, z in good],
                facecolors=[KIND_COLOURS[kind] if z >= 0 else "white" for _, z in good],
                edgecolors=KIND_COLOURS[kind],
                marker=KIND_MARKERS[kind],
                linewidths=0.8,
                zorder=3,
            )
            ax.scatter(
                [], [], s=20, color=KIND_COLOURS[kind], marker=KIND_MARKERS[kind],
                label=KIND_LABELS[kind],
            )  # fmt: skip


def legend_of_kinds(figure: Figure, ax: Axes, title: str) -> None:
    """Put the markers of an axes of `scatter_kinds` below a figure."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, ncols=7, loc="outside lower center", fontsize=6,
                  title=title, title_fontsize=6)  # fmt: skip


def size_curves(
    ax: Axes, values: Mapping[Condition, float], sd: Mapping[Condition, float], networks: int
) -> None:
    """Draw a quantity against the size of each perturbation, with SEM over networks."""
    for kind in kinds_of(list(values)):
        conditions = sorted((c for c in values if c[0] in (kind, UNPERTURBED[0])
                             and np.isfinite(values[c])), key=lambda c: c[1])  # fmt: skip
        ax.errorbar(
            [z for _, z in conditions],
            [values[c] for c in conditions],
            [np.nan_to_num(sd[c]) / np.sqrt(networks) for c in conditions],
            color=KIND_COLOURS[kind], marker=KIND_MARKERS[kind], ms=3,
            label=KIND_LABELS[kind], capsize=1.5,
        )  # fmt: skip
    ax.set_xlabel("Size of the perturbation")


def r2_text(value: float | None) -> str:
    """Return R² as text."""
    return "R² not defined" if value is None else f"R² = {value:.2f}"


def mean_accuracy(ax: Axes, t: Array, accuracy: Array, colour: str, **line: Any) -> None:
    """Draw accuracy [networks, windows] in time (s): mean and SEM over networks, in percent."""
    mean = 100 * accuracy.mean(axis=0)
    if accuracy.shape[0] > 1:
        sem = 100 * accuracy.std(axis=0, ddof=1) / np.sqrt(accuracy.shape[0])
        ax.fill_between(t, mean - sem, mean + sem, color=colour, alpha=0.2, lw=0)
    ax.plot(t, mean, color=colour, **line)


def accuracy_axes(ax: Axes) -> None:
    """Mark chance and the onset of the stimulus, and set the limits."""
    ax.axhline(25, color=COLOURS["paper"], lw=0.6)
    ax.axvline(0, color=COLOURS["paper"], lw=0.6)
    ax.set_ylim(0, 105)
    ax.locator_params(axis="x", nbins=4)


def accuracy_of_states(ax: Axes, t: Array, states: Mapping[str, Array]) -> None:
    """Draw the accuracy [networks, windows] in each state of ``rest, running, matched``."""
    for name, accuracy in states.items():
        mean_accuracy(ax, t, accuracy, _STATES[name], label=name, ls=_line(name))
    accuracy_axes(ax)
    ax.set_xlabel("End of window after onset (s)")
    ax.set_ylabel("Accuracy (%)")


def rates_of_states(ax: Axes, t: Array, states: Mapping[str, Array]) -> None:
    """Draw the rate [windows] (spikes/s) in each state of ``rest, running, matched``."""
    for name, rate in states.items():
        ax.plot(t, rate, color=_STATES[name], label=name, ls=_line(name))
    ax.set_xlabel("End of window after onset (s)")
    ax.set_ylabel("Rate (spikes/s a neuron)")
    ax.locator_params(axis="x", nbins=4)
    ax.set_ylim(0, None)


def _line(state: str) -> str:
    return "--" if state == "matched" else "-"


def points(ax: Axes, groups: Mapping[str, Array], reference: float, label: str) -> None:
    """Draw the values of networks in groups side by side, and their means."""
    for k, values in enumerate(groups.values()):
        good = values[np.isfinite(values)]
        ax.plot(np.full(good.size, k), good, "o", ms=3, mfc="none", color=STATE_COLOUR)
        if good.size:
            ax.plot([k - 0.2, k + 0.2], [good.mean()] * 2, color="#333333", lw=1.4)
    ax.axhline(reference, color=COLOURS["paper"], lw=0.6)
    ax.set_xticks(range(len(groups)), list(groups))
    ax.set_xlim(-0.5, len(groups) - 0.5)
    ax.set_ylabel(label)
