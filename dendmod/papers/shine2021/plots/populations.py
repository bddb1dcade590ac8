"""Figure 2: closed forms, the measured function, and what a spread of thresholds does to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from dendmod.plotting.style import panel_letter
from dendmod.population import Activation, fit_sigmoid


def draw_populations(
    closed: Mapping[str, Activation],
    q: Activation,
    by_spread: Mapping[float, Activation],
    amps: tuple[float, ...],
    noisy_amps: tuple[float, ...],
    control: Mapping[str, Any],
    noise_sd: float,
) -> Figure:
    """Draw panels A to F.

    Parameters
    ----------
    closed
        Population functions of closed forms (mV).
    q
        That of the L5 cell (nA).
    by_spread
        The same with other spreads of thresholds (nA).
    amps, noisy_amps, control
        The f-I curve, and the currents that it was measured at without and with noise.
    noise_sd
        Spread (nA) that comes nearest to the curve under noise.
    """
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 4.4), constrained_layout=True)
    a, b, c, d, e, f = axes.flat
    v = np.linspace(-10, 32, 400)
    for name, p in closed.items():
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
        c.plot(noisy_amps, row, "+", color="#E69F00", ms=4, label="with noise" if k == 0 else None)
    shape: Any = type(q.thresholds)
    spread = Activation(q.single, shape(0.0, noise_sd), "nA")
    c.plot(x, spread(x), color="#0072B2", lw=0.8, label=f"averaged, SD {noise_sd:.2g} nA")
    c.set(xlabel="Input current (nA)", ylabel="Rate (Hz)", title="L5 cell")
    c.legend(loc="lower right", fontsize=5.5, handlelength=1.2)
    for sd, p in by_spread.items():
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
