"""Figure 4: occupancy, G-protein kinetics, and what is measured along the dose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from dendmod.neuromodulation.modulators import Modulator
from dendmod.papers.shine2021.plotting import COLOURS, LABELS
from dendmod.plotting.style import panel_letter

_NAMES = {"alpha2A": "α2A (Gi)", "alpha1": "α1 (Gq)"}


@dataclass(frozen=True)
class Panels:
    """All that is drawn.

    Parameters
    ----------
    doses
        Concentrations (nM), the first zero.
    responses
        By reading and quantity, one value a dose.
    titles
        Of quantities.
    modulator
        Noradrenaline.
    t, activations
        Times (ms), and the activation of each receptor under a pulse of modulator.
    """

    doses: Sequence[float]
    responses: Mapping[str, Mapping[str, list[Any]]]
    titles: Mapping[str, str]
    modulator: Modulator
    t: np.ndarray
    activations: Mapping[str, np.ndarray]


def draw(panels: Panels) -> Figure:
    """Draw panels A to F."""
    doses, responses = panels.doses, panels.responses
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.6), constrained_layout=True)
    a, b, c = axes[0]
    grid = np.geomspace(1, 2e4, 200)
    occupied = {r: [panels.modulator.occupancies(float(x))[r] for x in grid] for r in _NAMES}
    for (name, values), colour in zip(occupied.items(), ("#0072B2", "#D55E00"), strict=True):
        a.plot(grid, values, color=colour, label=_NAMES[name])
        b.plot(panels.t / 1000, panels.activations[name], color=colour, label=_NAMES[name])
    product = np.array(occupied["alpha2A"]) * (1 - np.array(occupied["alpha1"]))
    a.plot(grid, product, ":", color="#333333", label="α2 (1 − α1), assumed")
    a.set(xscale="log", xlabel="Noradrenaline (nM)", ylabel="Occupied part", title="receptors")
    a.set_ylim(0, 1.45)
    a.legend(loc="upper left", fontsize=6)
    b.set(xlabel="Time (s)", ylabel="Activation", title="a pulse of 1 µM for 3 s")
    b.set_ylim(0, 1.05)
    for name, r in responses.items():
        c.plot(_x(doses), r["threshold_nA"], "o-", ms=3, color=COLOURS[name], label=LABELS[name])
    c.set(ylabel="BAC threshold (nA)", title="EPSP that makes a burst")
    for ax, quantity in zip(axes[1], ("gain", "noisy_gain", "slope"), strict=True):
        for name, r in responses.items():
            first = r[quantity][0]
            if quantity == "noisy_gain":
                for row in r["noisy_gain_by_seed"]:
                    seed = np.array(row) / first
                    ax.plot(_x(doses), seed, "-", lw=0.5, alpha=0.5, color=COLOURS[name])
            ax.plot(_x(doses), np.array(r[quantity]) / first, "o-", ms=3, color=COLOURS[name],
                    label=LABELS[name])  # fmt: skip
        ax.axhline(1, color="#BBBBBB", lw=0.5, zorder=0)
        ax.set_ylabel("Part of that without")
        title = panels.titles[quantity]
        ax.set_title(title + ("\nthin: each seed" if quantity == "noisy_gain" else ""))
    for ax in (c, *axes[1]):
        ax.set_xscale("log")
        ax.set_xlabel("Noradrenaline (nM)")
        ax.set_xticks([_x(doses)[0], 10, 100, 1000], ["0", "10", "100", "1000"])
        ax.minorticks_off()
    handles, labels = c.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    for letter, ax in zip("ABCDEF", axes.flat, strict=True):
        panel_letter(ax, letter)
    return figure


def _x(doses: Sequence[float]) -> list[float]:
    """Doses on a log axis, zero a step to the left."""
    return [doses[1] / 3.0, *doses[1:]]
