"""Figure 1: a row a mechanism; what the paper draws, and what the L5 cell does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.iocurve import CROSSINGS
from dendmod.papers.shine2021.analysis import FICurves
from dendmod.papers.shine2021.measured_file import Arrays
from dendmod.papers.shine2021.plotting import COLOURS, LABELS, VERDICTS
from dendmod.plotting.style import panel_letter
from dendmod.population import Activation, Normal, Saturating, Step, alpha, mixture
from dendmod.protocol.iocurves import IOAnalysis
from dendmod.study.claims import REPRODUCED, Verdict

_ROWS = (
    ("a", "more receptors", ("ampa_up", "gaba_up"), "a_ampa_scales_the_kernel"),
    ("b", "AMPA:NMDA ratio", ("nmda_up", "nmda_off"), "b_ratio_sets_the_aperture"),
    ("c", "resting potential", ("depolarised",), "c_depolarisation_raises_gain"),
    (
        "d", "rectifying channels", ("rectifier_up", "rectifier_down", "t_type_off"),
        "d_rectifier_shortens_the_interval",
    ),
    ("e", "Ca-sensitive K", ("sk_down",), "e_sk_shifts_the_threshold"),
)  # fmt: skip
_AFTER, _BEFORE = "#0072B2", "#333333"


@dataclass(frozen=True)
class Panels:
    """All that is drawn.

    Parameters
    ----------
    fi
        f-I curves and population functions of every mechanism.
    psp
        Potentials as measured: ``hold`` (mV), ``psp`` [holding currents, synapses, ms] (mV).
    io
        IO curves at each dose, fitted.
    verdicts
        By claim.
    at_rest
        Which holding current is none.
    before
        Time of the input in a PSP's trace (ms).
    """

    fi: FICurves
    psp: Mapping[str, Arrays]
    io: Mapping[str, IOAnalysis]
    verdicts: Mapping[str, Verdict]
    at_rest: int
    before: float


def draw(panels: Panels) -> Figure:
    """Draw five rows of four panels."""
    figure, axes = plt.subplots(
        5, 4, figsize=(7.4, 8.6), constrained_layout=True, width_ratios=[0.8, 1, 1, 1]
    )
    for row, (letter, title, names, claim) in zip(axes, _ROWS, strict=True):
        _cartoon(row[0], letter)
        panel_letter(row[0], letter)
        verdict = panels.verdicts[claim]
        row[0].set_title(f"{title}\n{verdict}", color=VERDICTS[verdict], fontsize=7)
        if letter in "ab":
            highest = len(panels.psp["control"]["psp"]) - 1
            _kernels(row[1], panels, names, highest, unit=letter == "b")
            _kernels(row[2], panels, names, panels.at_rest, unit=letter == "b")
        else:
            _functions(row[1], panels.fi, names)
            if letter == "c":
                _gain(row[2], panels.fi, names)
            else:
                _intervals(row[2], panels.fi, names)
        _curves(row[3], panels.io, names)
    return figure


def _cartoon(ax: Axes, letter: str) -> None:
    """What Shine et al. 2021 draw in words and in Figs 2 and 4, from closed forms."""
    if letter in "ab":
        t = np.linspace(0, 120, 300)
        first, slow = alpha(8.0), alpha(25.0)
        if letter == "a":
            pairs = [(first, _BEFORE), (first.scaled(1.5), _AFTER)]
        else:
            pairs = [(mixture(0.9, first, slow), _BEFORE), (mixture(0.2, first, slow), _AFTER)]
        for kernel, colour in pairs:
            ax.plot(t, kernel(t), color=colour)
        ax.set_xlabel("Time")
        ax.set_ylabel("PSP")
    else:
        v = np.linspace(-8, 14, 300)
        spread = Normal(0.0, 2.5)
        plain = Activation(Saturating(1.0, 4.0), spread)
        ax.plot(v, plain(v), color=_BEFORE)
        if letter == "c":
            for x, colour in ((-1.5, _BEFORE), (1.5, _AFTER)):
                ax.plot(x, plain(x), "o", ms=4, color=colour)
                slope = float(plain.gain(x))
                near = np.array([-2.0, 2.0])
                ax.plot(x + near, float(plain(x)) + slope * near, color=colour, lw=1.4)
        elif letter == "d":
            ax.plot(v, Activation(Step(1.0), Normal(0.5, 2.5))(v), color=_AFTER)
        else:
            ax.plot(v, plain(v + 3.0), color=_AFTER)
        ax.set_xlabel("Input")
        ax.set_ylabel("Rate")
    ax.set_xticks([])
    ax.set_yticks([])


def _kernels(ax: Axes, panels: Panels, names: tuple[str, ...], k: int, *, unit: bool) -> None:
    psp, before = panels.psp, panels.before
    hold = float(psp["control"]["hold"][k])
    for name in ("control", *names):
        trace = np.asarray(psp[name]["psp"])[k, 2 if name == "gaba_up" else 0]
        t = np.arange(trace.size) - before
        size = np.abs(trace).max() if unit else 1e-3
        ax.plot(t, trace / size, color=COLOURS[name], label=LABELS[name])
        if name == "control" and not unit and "gaba_up" in names:
            inhibition = np.asarray(psp[name]["psp"])[k, 2]
            ax.plot(t, inhibition / size, color=COLOURS[name], ls="--", label="control, GABA")
    ax.set_xlim(-before, 120)
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("PSP (of its peak)" if unit else "PSP (µV)")
    ax.set_title(f"soma at {hold:.0f} mV")
    if not unit:
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.3 * (high - low))
    ax.legend(fontsize=5.5, handlelength=1)


def _functions(ax: Axes, fi: FICurves, names: tuple[str, ...]) -> None:
    x = np.linspace(0, max(fi.amps), 200)
    for name in ("control", *names):
        q = fi.populations[name]
        ax.plot(x, q(x), color=COLOURS[name], label=LABELS[name])
        ax.plot(fi.amps, q.single(np.asarray(fi.amps)), ".", ms=2.5, color=COLOURS[name])
    ax.set_xlabel("Input current (nA)")
    ax.set_ylabel("Rate (Hz)")
    if len(names) < 3:
        ax.legend(fontsize=5.5, handlelength=1, loc="lower right")


def _gain(ax: Axes, fi: FICurves, names: tuple[str, ...]) -> None:
    x = np.linspace(0, max(fi.amps), 200)
    for name in ("control", *names):
        ax.plot(x, fi.populations[name].gain(x), color=COLOURS[name], label=LABELS[name])
    ax.set_xlabel("Input current (nA)")
    ax.set_ylabel("Gain (Hz/nA)")


def _intervals(ax: Axes, fi: FICurves, names: tuple[str, ...]) -> None:
    for name in ("control", *names):
        shortest = fi.curves[name]["shortest"]
        ax.plot(fi.amps, shortest, ".-", ms=3, color=COLOURS[name], label=LABELS[name])
    ax.set_xlim(0, max(fi.amps))
    ax.set_ylim(bottom=0)
    ax.set_xlabel("Input current (nA)")
    ax.set_ylabel("Shortest interval (ms)")
    if len(names) > 2:
        ax.legend(fontsize=5.5, handlelength=1, loc="upper right")


def _curves(ax: Axes, io: Mapping[str, IOAnalysis], names: tuple[str, ...]) -> None:
    shown = [name for name in names if name in io]
    every = np.concatenate([io[name].thresholds.ravel() for name in shown])
    low, high = np.nanmin(every), np.nanmax(every)
    x = np.linspace(low - 0.3 * (high - low), high + 0.2 * (high - low), 100)
    for name in shown:
        curves = io[name].fits["gain_xshift"].io_model()
        for i, dose in enumerate(io[name].table.levels):
            if 0 < dose < 1 and len(shown) > 1:
                continue
            if dose == 0 and name != shown[0]:  # the control is the same for all
                continue
            colour = COLOURS["control"] if dose == 0 else COLOURS[name]
            opacity = 1.0 if dose in (0, 1) else 0.45
            ax.plot(io[name].thresholds[i], CROSSINGS, "o", ms=2.5, color=colour, alpha=opacity)
            ax.hlines(CROSSINGS, *io[name].interval[i].T, lw=0.6, color=colour, alpha=opacity)
            if dose in curves.levels:
                ax.plot(x, curves(dose)(x), lw=0.8, color=colour, alpha=opacity)
    ax.set_ylim(-0.1, 2.2)
    ax.set_yticks([0, 1, 2])
    ax.set_xlabel("Feedforward inputs")
    ax.set_ylabel("Spikes a burst")
    fits = [f"{LABELS[n]}: {_better(io[n])}" for n in shown]
    fits += [f"{LABELS[n]}: fires without input" for n in names if n not in io]
    ax.set_title("\n".join(fits), fontsize=5.5)


def _better(io: IOAnalysis) -> str:
    """Which of gain and bias alone fits IO curves better, if the trials can tell."""
    if io.better("gain", "bias").verdict == REPRODUCED:
        return "gain"
    return "bias" if io.better("bias", "gain").verdict == REPRODUCED else "gain or bias"
