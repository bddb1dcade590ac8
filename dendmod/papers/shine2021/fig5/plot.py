"""Figure 5: order against gain, with the logistic and with the L5 cell's function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from dendmod.papers.shine2021.fig5.results import Runs
from dendmod.papers.shine2021.plotting import COLOURS, LABELS
from dendmod.plotting.style import panel_letter

_NAMES = ("order parameter R", "locking within", "locking between", "modularity")
_SHADES = {**COLOURS, "hcn_closed_held": "#009E73"}
_STYLES = ("-", "--", ":", "-.")


@dataclass(frozen=True)
class Panels:
    """All that is drawn.

    Parameters
    ----------
    sigmas
        Slopes of the logistic.
    per_unit
        Inputs (nA) for each unit of V.
    cases
        Mechanisms.
    runs
        Networks by gamma.
    critical
        Critical self-coupling of each mechanism (nA/Hz), one a noise seed.
    """

    sigmas: Sequence[float]
    per_unit: Sequence[float]
    cases: Sequence[str]
    runs: Mapping[float, Runs]
    critical: Mapping[str, Sequence[float]]


def draw(panels: Panels) -> Figure:
    """Draw a row for the logistic, a row for the measured functions."""
    sigmas, per_unit, cases = panels.sigmas, panels.per_unit, panels.cases
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.8), constrained_layout=True)
    gammas = sorted(panels.runs)
    for column, gamma in enumerate(gammas):
        ax = axes[0][column]
        values = panels.runs[gamma].logistic
        for k, name in enumerate(_NAMES):
            mean, sd = values[..., k].mean(axis=0), values[..., k].std(axis=0, ddof=1)
            ax.plot(sigmas, mean, _STYLES[k], marker=".", ms=3, label=name)
            ax.fill_between(sigmas, mean - sd, mean + sd, alpha=0.2, lw=0)
        null = values[:, 0, 0]
        ax.axhspan(null.min(), null.max(), color="#BBBBBB", alpha=0.6, lw=0)
        ax.set(xlabel="Slope σ of the logistic", ylabel="Order", title=f"logistic, γ = {gamma:g}")
        ax.set_ylim(-0.1, 1.05)
        ax = axes[1][column]
        values = panels.runs[gamma].population[..., 0]
        for k, case in enumerate(cases):
            mean, sd = values[:, k].mean(axis=0), values[:, k].std(axis=0, ddof=1)
            ax.errorbar(per_unit, mean, sd, fmt=".-", ms=3, lw=0.8, elinewidth=0.5,
                        color=_SHADES[case], label=LABELS[case])  # fmt: skip
            own = values[:, len(cases) + k].mean(axis=0)
            ax.plot(per_unit, own, ":", lw=0.7, color=_SHADES[case])
        ax.axhspan(null.min(), null.max(), color="#BBBBBB", alpha=0.6, lw=0)
        ax.set(xscale="log", xlabel="Input for each unit of V (nA)", ylabel="Order parameter R",
               title=f"L5 functions, γ = {gamma:g}")  # fmt: skip
        ax.set_ylim(0, 1.05)
    _critical(axes[1][2], panels.critical)
    for column, ax in ((0, axes[0][2]), (1, axes[0][2])):
        handles, labels = axes[column][0].get_legend_handles_labels()
        legend = ax.legend(handles, labels, loc=("upper left", "lower left")[column],
                           title=("upper row", "lower row")[column])  # fmt: skip
        legend.get_title().set_fontsize(6.5)
        ax.add_artist(legend)
    axes[0][2].axis("off")
    words = "grey: σ = 0, no coupling; dotted: divided\nby its own highest rate, not the control's"
    axes[0][2].text(0.0, -0.08, words, fontsize=6, va="top")
    for letter, ax in zip("ABCDE", (*axes[0][:2], *axes[1]), strict=True):
        panel_letter(ax, letter)
    return figure


def _critical(ax: plt.Axes, critical: Mapping[str, Sequence[float]]) -> None:
    names = list(critical)
    for i, name in enumerate(names):
        values = 1000 * np.asarray(critical[name])
        ax.plot(values, np.full(values.size, i), "o", ms=3, color=_SHADES[name])
        ax.hlines(i, values.min(), values.max(), color=_SHADES[name], lw=0.8)
    ax.set_yticks(range(len(names)), [LABELS[n] for n in names], fontsize=5.5)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel("Self-coupling for two states (pA/Hz)")
    ax.set_title("one mass, each noise seed")
