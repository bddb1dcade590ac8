"""Figure 3: BAC firing under closed HCN channels and facilitated calcium channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from dendmod.papers.shine2021.analysis import FICurves
from dendmod.papers.shine2021.measured_file import Arrays
from dendmod.papers.shine2021.plotting import COLOURS, LABELS
from dendmod.plotting.style import panel_letter


@dataclass(frozen=True)
class Panels:
    """All that is drawn.

    Parameters
    ----------
    epsp
        Amplitudes of the dendritic EPSP (nA).
    bac
        Measurements by "set/case".
    fi
        f-I curves of each case.
    cases, sets
        Which are drawn; two parameter sets.
    """

    epsp: Sequence[float]
    bac: Mapping[str, Arrays]
    fi: FICurves
    cases: Sequence[str]
    sets: Sequence[int]


def draw(panels: Panels) -> Figure:
    """Draw thresholds, bursts, resting potentials and f-I curves of each case."""
    epsp, bac, cases, sets = panels.epsp, panels.bac, panels.cases, panels.sets
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.6), constrained_layout=True)
    rest, threshold, steps, *burst, peak = axes.flat
    y = np.arange(len(cases))
    for ax, field, label in (
        (rest, "hot_zone_rest", "Rest of the hot zone (mV)"),
        (threshold, "threshold", "EPSP that makes a burst (nA)"),
    ):
        for k, number in enumerate(sets):
            values = [float(bac[f"{number}/{case}"][field]) for case in cases]
            marker = "os"[k]
            for i, value in enumerate(values):
                ax.plot(value, y[i] + 0.25 * k - 0.12, marker, ms=4, color=COLOURS[cases[i]],
                        mfc=COLOURS[cases[i]] if k == 0 else "none")  # fmt: skip
        ax.set_xlabel(label)
        ax.set_yticks(y, [LABELS[c] for c in cases] if ax is rest else [""] * len(cases))
        ax.set_ylim(len(cases) - 0.4, -0.6)
    threshold.axvline(0, color="#BBBBBB", lw=0.5, zorder=0)
    threshold.set_title("filled: set 3, open: set 1;\n0: the somatic pulse alone bursts")
    for case in cases:
        rate = panels.fi.curves[case]["rate"]
        steps.plot(panels.fi.amps, rate, ".-", ms=2.5, lw=0.8, color=COLOURS[case])
    steps.set(xlabel="Somatic current (nA)", ylabel="Rate (Hz)", title="somatic steps, set 3")
    for ax, number in zip(burst, sets, strict=True):
        for k, case in enumerate(cases):
            r = bac[f"{number}/{case}"]
            x = np.array([0.0, *epsp])
            spikes = np.array([float(r["alone"]), *np.asarray(r["spikes"], dtype=float)])
            ax.plot(x, spikes + 0.03 * (k - 2), ".-", ms=4, lw=0.8, color=COLOURS[case],
                    label=LABELS[case])  # fmt: skip
        ax.set(
            xlabel="Dendritic EPSP (nA)",
            ylabel="Somatic spikes",
            title=f"BAC, set {number}\n(offset for sight)",
        )
        ax.set_yticks(range(0, 5))
        ax.set_ylim(0.5, 4.5)
    for case in cases:
        peak.plot(epsp, bac[f"{sets[0]}/{case}"]["peak"], ".-", ms=4, lw=0.8, color=COLOURS[case])
    peak.set(xlabel="Dendritic EPSP (nA)", ylabel="Peak at 620 µm (mV)",
             title=f"dendritic spike, set {sets[0]}")  # fmt: skip
    handles, labels = burst[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    for letter, ax in zip("ABCDEF", axes.flat, strict=True):
        panel_letter(ax, letter)
    return figure
