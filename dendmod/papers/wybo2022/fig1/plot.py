"""The panels of Figure 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.morphology import Morphology
from dendmod.plotting.cell import draw_cell
from dendmod.plotting.style import COLOURS, panel_letter
from dendmod.protocol.conductance import ConductanceSummary
from dendmod.protocol.tables import SpikeTable

_SHADES = (1.0, 0.65, 0.35)
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """One arm: shunt or NMDA spikes.

    Parameters
    ----------
    table
        Spike counts of every level.
    n_feedforward
        Number of feedforward inputs.
    soma
        Label and somatic voltage (mV) of one trial, or None where there is none.
    conductance
        Label and change of conductance (nS).
    paper_nS
        The paper's range, if it has one for the cell.
    """

    table: SpikeTable
    n_feedforward: int
    soma: Sequence[tuple[str, Array | None]]
    conductance: Sequence[tuple[str, ConductanceSummary]]
    paper_nS: Sequence[float] | None


@dataclass(frozen=True)
class Dendrites:
    """Sites at the highest level.

    Parameters
    ----------
    t, v
        Times (ms) and voltages (mV) of one trial, [sites, steps].
    level
        Number of driven sites.
    above
        Time above -40 mV of each site (ms).
    paper_ms
        The paper's range of that, if it has one for the cell.
    """

    t: Array
    v: Array
    level: int
    above: Array
    paper_ms: Sequence[float] | None


@dataclass(frozen=True)
class Panels:
    """All that is drawn; ``t`` and ``window`` in ms."""

    t: Array
    window: tuple[float, float]
    morphology: Morphology
    sites: list[tuple[int, float]]
    shunt: Side
    nmda: Side
    dendrites: Dendrites


def _traces(
    ax: Axes, t: np.ndarray, rows: Sequence[tuple[str, Array | None]], colour: str, label: str
) -> None:
    """Draw one trace a row, shifted downwards; `rows` are (text, voltage or None)."""
    for k, (text, v) in enumerate(rows):
        if v is not None:
            ax.plot(t[: v.size], v - 130 * k, color=colour, lw=0.7, alpha=_SHADES[0])
        ax.text(t[0], -68 - 130 * k, text, fontsize=6, ha="left", va="bottom")
    ax.plot([t[0] + 5] * 2, [-20, 20], color="k", lw=1)
    ax.text(t[0] + 8, 0, "40 mV", fontsize=6, va="center")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Time (ms)")
    ax.set_title(label)


def _counts(ax: Axes, table: SpikeTable, colour: str, xlabel: str) -> None:
    for level, counts in zip(table.levels, table.counts[:, 0, :], strict=True):
        values, many = np.unique(counts, return_counts=True)
        ax.scatter(
            np.full(values.size, level), values, s=3 + 2.5 * many, color=colour, alpha=0.35, lw=0
        )
    ax.plot(table.levels, table.mean(), "-", color=colour, marker="o", ms=2.5)
    for target in (0, 1, 2):
        ax.axhline(target, color=COLOURS["paper"], lw=0.5, zorder=0)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("Output spikes")


def _conductance(
    ax: Axes,
    t: np.ndarray,
    entries: Sequence[tuple[str, ConductanceSummary]],
    paper: Sequence[float] | None,
    colour: str,
    title: str,
    window: tuple[float, float],
) -> None:
    if paper:
        ax.axhspan(*paper, color=COLOURS["paper"], alpha=0.4, lw=0, label="paper's range")
    shown = (t >= window[0]) & (t <= window[1])
    for k, (text, summary) in enumerate(entries):
        shade = _SHADES[min(k, 2)]
        ax.fill_between(
            t[shown],
            summary.low[shown],
            summary.high[shown],
            color=colour,
            alpha=0.15 * shade,
            lw=0,
        )
        ax.plot(t[shown], summary.mean[shown], color=colour, alpha=shade, label=text)
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Conductance change (nS)")
    ax.set_title(title)
    ax.legend(loc="upper right")


def draw(panels: Panels) -> Figure:
    """Draw panels D-H beside the spike counts of every level."""
    figure = plt.figure(figsize=(7.2, 7.4), constrained_layout=True)
    grid = figure.add_gridspec(3, 4, height_ratios=[1.25, 1, 1], width_ratios=[0.9, 1, 1, 1])
    shunt, nmda = COLOURS["shunt"], COLOURS["nmda"]
    t = panels.t

    ax = figure.add_subplot(grid[0, 0])
    draw_cell(
        ax,
        panels.morphology,
        colours=dict.fromkeys(("basal", "apical"), "#777777"),
        sites=panels.sites,
    )
    ax.set_title(f"{len(panels.sites)} dendritic sites")
    panel_letter(ax, "D")

    ax = figure.add_subplot(grid[0, 1])
    _traces(ax, t, panels.shunt.soma, shunt, f"Shunt, soma\n{panels.shunt.n_feedforward} inputs")
    panel_letter(ax, "E")
    ax = figure.add_subplot(grid[0, 2])
    _traces(ax, t, panels.nmda.soma, nmda, f"NMDA, soma\n{panels.nmda.n_feedforward} inputs")
    panel_letter(ax, "G")
    ax = figure.add_subplot(grid[0, 3])
    for v in panels.dendrites.v:
        ax.plot(panels.dendrites.t[: v.size], v, color=nmda, alpha=0.35, lw=0.5)
    ax.axhline(-40, color=COLOURS["paper"], lw=0.6)
    ax.set_xlabel("Time (ms)")
    ax.set_ylabel("Dendrite (mV)")
    ax.set_title(f"NMDA, {panels.dendrites.level} sites driven\none trial")

    ax = figure.add_subplot(grid[1, 0:2])
    _counts(ax, panels.shunt.table, shunt, "Number of shunt inputs")
    ax = figure.add_subplot(grid[1, 2])
    _counts(ax, panels.nmda.table, nmda, "Sites with NMDA spikes")
    ax = figure.add_subplot(grid[1, 3])
    order = np.arange(1, len(panels.dendrites.above) + 1)
    ax.bar(order, panels.dendrites.above, color=nmda, alpha=0.6, width=0.8)
    if panels.dendrites.paper_ms:
        ax.axhspan(*panels.dendrites.paper_ms, color=COLOURS["paper"], alpha=0.4, lw=0)
    ax.set_xlabel("Site")
    ax.set_ylabel("Time above −40 mV (ms)")

    ax = figure.add_subplot(grid[2, 0:2])
    _conductance(
        ax,
        t,
        panels.shunt.conductance,
        panels.shunt.paper_nS,
        shunt,
        "Shunt (channels blocked)",
        panels.window,
    )
    panel_letter(ax, "H")
    ax = figure.add_subplot(grid[2, 2:4])
    _conductance(
        ax,
        t,
        panels.nmda.conductance,
        panels.nmda.paper_nS,
        nmda,
        "NMDA (channels blocked)",
        panels.window,
    )
    return figure
