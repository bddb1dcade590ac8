"""A reduced cell beside the full one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from dendmod.plotting.style import COLOURS, panel_letter
from dendmod.reduction.compare import epsp_errors

_ARMS = {"shunt": ("Shunt", COLOURS["shunt"]), "nmda": ("NMDA spikes", COLOURS["nmda"]),
         "steps": ("Current steps", COLOURS["soma"])}  # fmt: skip
_FULL = COLOURS["soma"]
_REDUCED = "#E69F00"


def draw(
    probes: Sequence[Mapping[str, np.ndarray]],
    counted: Sequence[Mapping[str, np.ndarray]],
    curves: Sequence[Mapping[str, np.ndarray]] | None,
    levels: Mapping[str, Sequence[float]],
    summary: Mapping[str, Any],
    dt: float,
) -> Figure:
    """Draw impedances, EPSPs, plateaus, spike counts and thresholds, the full cell first."""
    figure, axes = plt.subplots(2, 4, figsize=(9.6, 4.6), constrained_layout=True)
    full, reduced = probes
    _impedances(axes[0, 0], full["frozen"], reduced["frozen"])
    t = dt * np.arange(full["epsp_soma"].shape[1])
    at_soma = epsp_errors(full, reduced, "epsp_soma")
    local = epsp_errors(full, reduced, "epsp_local")
    typical = 1 + int(np.argsort(at_soma[1:])[(len(at_soma) - 1) // 2])
    _traces(axes[0, 1], t, full["epsp_soma"][0], reduced["epsp_soma"][0], (15, 90))
    axes[0, 1].set_title(f"Soma to soma: rms {at_soma[0]:.1%}")
    _traces(axes[0, 2], t, full["epsp_local"][typical], reduced["epsp_local"][typical], (15, 60))
    axes[0, 2].set_title(f"At a site: rms {local[typical]:.1%} (median {np.median(local[1:]):.1%})")
    _traces(axes[0, 3], t, full["epsp_soma"][typical], reduced["epsp_soma"][typical], (15, 110))
    axes[0, 3].set_title(
        f"Site to soma: rms {at_soma[typical]:.1%} (worst {at_soma[1:].max():.1%})"
    )
    for ax in axes[0, 1:]:
        ax.set_ylabel("EPSP (mV)")
    t = dt * np.arange(full["plateau_local"].shape[1])
    site = typical - 1
    _traces(axes[1, 0], t, full["plateau_local"][site], reduced["plateau_local"][site], None)
    axes[1, 0].set_title("NMDA spike at the site")
    _traces(axes[1, 1], t, full["plateau_soma"][site], reduced["plateau_soma"][site], None)
    axes[1, 1].set_title("The same at the soma")
    for ax in axes[1, :2]:
        ax.set_ylabel("Voltage (mV)")
    _counts(axes[1, 2], counted, levels, summary)
    _thresholds(axes[1, 3], curves)
    axes[0, 1].legend(loc="upper right")
    for ax, letter in zip(axes.ravel(), "ABCDEFGH", strict=True):
        panel_letter(ax, letter)
    figure.suptitle(
        f"{Path(summary['morphology']).name}, biophysics {summary['biophysics']}: "
        f"{summary['compartments']} compartments, capacitances from "
        + ("the spectrum" if summary["capacitances"] == "spectrum" else "slow time constants"),
        fontsize=8,
    )
    return figure


def _impedances(ax: Axes, a: np.ndarray, b: np.ndarray) -> None:
    between = ~np.eye(len(a), dtype=bool)
    between[0] = between[:, 0] = False
    ax.plot(a[between], b[between], ".", ms=1.5, color="#999999", label="site to site")
    ax.plot(a[0, 1:], b[0, 1:], "s", ms=2.5, color=COLOURS["nmda"], label="soma to site")
    ax.plot(np.diag(a), np.diag(b), "o", ms=2.5, color=COLOURS["shunt"], label="input")
    ends = [0.8 * min(a.min(), b.min()), 1.25 * a.max()]
    ax.plot(ends, ends, color=_FULL, lw=0.5, zorder=0)
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter(NullFormatter())  # their labels overlap within one decade
    ax.set_xlabel("Full cell (MOhm)")
    ax.set_ylabel("Reduced cell (MOhm)")
    ax.set_title("Impedances at rest")
    ax.legend(loc="upper left", handletextpad=0.2)


def _traces(
    ax: Axes, t: np.ndarray, full: np.ndarray, reduced: np.ndarray, window: tuple[int, int] | None
) -> None:
    ax.plot(t, full, color=_FULL, label="full")
    ax.plot(t, reduced, "--", color=_REDUCED, label="reduced")
    if window:
        ax.set_xlim(*window)
    ax.set_xlabel("Time (ms)")


def _counts(
    ax: Axes,
    counted: Sequence[Mapping[str, np.ndarray]],
    levels: Mapping[str, Sequence[float]],
    summary: Mapping[str, Any],
) -> None:
    alone = set(counted[0]) == {"steps"}
    for arm, (label, colour) in _ARMS.items():
        if arm not in counted[0]:
            continue
        x = np.array(levels[arm]) / (1.0 if alone else max(levels[arm]))
        ax.plot(x, counted[0][arm].mean(axis=1), "o-", ms=2.5, color=colour, label=label)
        ax.plot(x, counted[1][arm].mean(axis=1), "s--", ms=2.5, mfc="white", color=colour)
    ax.set_xlabel("Current (nA)" if alone else "Level (of the largest)")
    ax.set_ylabel("Output spikes (dashed: reduced)")
    ax.set_title(f"Spike counts: {summary['spike_counts']['equal']:.0%} equal")
    ax.legend()


def _thresholds(ax: Axes, curves: Sequence[Mapping[str, np.ndarray]] | None) -> None:
    if curves is None:
        ax.axis("off")
        ax.annotate(
            "IO thresholds:\nnot looked for", (0.5, 0.5), xycoords="axes fraction", ha="center"
        )
        return
    for arm, (label, colour) in _ARMS.items():
        if arm in curves[0]:
            a, b = curves[0][arm].ravel(), curves[1][arm].ravel()
            ax.plot(a, b, "o", ms=2.5, color=colour, label=label)
    low, high = ax.get_xlim()
    x = np.linspace(low, high, 200)
    band = np.maximum(0.1 * np.abs(x), 4)
    ax.fill_between(x, x - band, x + band, color="#DDDDDD", lw=0, zorder=0, label="target")
    ax.set_xlim(low, high)
    ax.set_xlabel("Full cell (inputs)")
    ax.set_ylabel("Reduced cell (inputs)")
    ax.set_title("IO thresholds")
    ax.legend(loc="upper left")
