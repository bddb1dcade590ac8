"""Figure 2: closed forms, the measured function, and what a spread of thresholds does to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from dendmod.papers.shine2021.analysis import FICurves
from dendmod.plotting.style import panel_letter
from dendmod.population import Activation, fit_sigmoid


@dataclass(frozen=True)
class Panels:
    """All that is drawn.

    Parameters
    ----------
    closed
        Population functions of closed forms (mV).
    fi
        f-I curves of the L5 cell, of which the control is drawn.
    by_spread
        Its population function with other spreads of thresholds (nA).
    noise_sd
        Spread (nA) that comes nearest to the curve under noise.
    """

    closed: Mapping[str, Activation]
    fi: FICurves
    by_spread: Mapping[float, Activation]
    noise_sd: float


def draw(panels: Panels) -> Figure:
    """Draw panels A to F."""
    fi = panels.fi
    q, control, amps = fi.population(), fi.curves["control"], fi.amps
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.4), constrained_layout=True)
    a, b, c, d, e, f = axes.flat
    v = np.linspace(-10, 32, 400)
    for name, p in panels.closed.items():
        (line,) = a.plot(v, p.single(v), lw=0.6, ls="--")
        a.plot(v, p(v), color=line.get_color(), label=name)
        b.plot(v, p.gain(v), color=line.get_color(), label=name)
        b.plot(p.peak[0], p.peak[1], "o", ms=3, color=line.get_color())
    a.set(xlabel="Mean potential (mV)", ylabel="Rate (Hz)", title="neuron (dashed), population")
    a.legend(loc="lower right")
    b.set(xlabel="Mean potential (mV)", ylabel="Gain (Hz/mV)", title="gain, and its peak")
    x = np.linspace(-0.4, max(amps), 300)
    c.plot(amps, control["rate"], ".-", color="#333333", ms=3, label="without noise")
    for k, row in enumerate(np.asarray(control["noisy"])):
        c.plot(
            fi.noisy_amps, row, "+", color="#E69F00", ms=4, label="with noise" if k == 0 else None
        )
    averaged = fi.population(sd=panels.noise_sd)
    label = f"averaged, SD {panels.noise_sd:.2g} nA"
    c.plot(x, averaged(x), color="#0072B2", lw=0.8, label=label)
    c.set(xlabel="Input current (nA)", ylabel="Rate (Hz)", title="L5 cell")
    c.legend(loc="lower right", fontsize=5.5, handlelength=1.2)
    for sd, p in panels.by_spread.items():
        (line,) = d.plot(x, p(x), label=f"SD {sd:g} nA")
        e.plot(x, p.gain(x), color=line.get_color())
        e.plot(p.peak[0], p.peak[1], "o", ms=3, color=line.get_color())
    d.set(xlabel="Input current (nA)", ylabel="Rate (Hz)", title="population of L5 cells")
    d.legend(loc="lower right")
    e.set(xlabel="Input current (nA)", ylabel="Gain (Hz/nA)", title="its gain")
    v = np.linspace(-0.4, max(amps), 200)
    for kind, style in (("erf", "-"), ("logistic", "--")):
        fit = fit_sigmoid(v, q(v), kind=kind)
        f.plot(v, 100 * (fit.activation(v) - q(v)) / q.qmax, style, label=f"{kind}")
    f.axhline(0, color="#BBBBBB", lw=0.5, zorder=0)
    f.set(
        xlabel="Input current (nA)",
        ylabel="Sigmoid − population (%)",
        title="what a symmetric sigmoid misses",
    )
    f.legend()
    for letter, ax in zip("ABCDEF", axes.flat, strict=True):
        panel_letter(ax, letter)
    return figure
