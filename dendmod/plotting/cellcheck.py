"""A cell, its steps, its f-I curve and BAC firing."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.cells.check import CellFacts
from dendmod.engines.checks import shape_of
from dendmod.params import hay2011
from dendmod.plotting.cell import draw_cell
from dendmod.plotting.style import COLOURS, panel_letter
from dendmod.spec import Cell, ReducedCell

_MOST_STEPS = 3
_BAC = {
    "soma": "Somatic pulse",
    "epsp": "EPSP at 620 µm",
    "both": "Both",
    "calcium": "1.5 nA EPSP alone",
}


def draw(cell: Cell | ReducedCell, facts: CellFacts) -> Figure:
    """Draw the cell, voltages at steps, the rates, and where it was run the BAC protocol."""
    has_bac = bool(facts.bac_spikes)
    columns = 4 if has_bac else 2
    figure = plt.figure(figsize=(7.2 if has_bac else 3.6, 4.8), constrained_layout=True)
    shown = _steps(facts)
    rows = _MOST_STEPS + 1 if has_bac else len(shown) + 1
    grid = figure.add_gridspec(rows, columns, width_ratios=[0.8, *[1] * (columns - 1)])
    ax = figure.add_subplot(grid[:, 0])
    if isinstance(cell, Cell):
        draw_cell(ax, shape_of(cell))
    else:
        ax.axis("off")
    panel_letter(ax, "A")
    for row, (name, title) in enumerate(shown.items()):
        ax = figure.add_subplot(grid[row, 1])
        t, v = facts.traces[name]
        ax.plot(t, v["soma"], color=COLOURS["soma"], lw=0.5)
        ax.set_title(title)
        ax.set_ylabel("Soma (mV)")
        if row == 0:
            panel_letter(ax, "B")
    if shown:
        ax.set_xlabel("Time (ms)")
    _draw_rates(figure.add_subplot(grid[-1, 1]), facts)
    if has_bac:
        _draw_bac(figure, grid, facts)
    return figure


def _steps(facts: CellFacts) -> dict[str, str]:
    """Traces of steps that are shown, with their titles."""
    rates = list(facts.step_rates.items())[:_MOST_STEPS]
    shown = {f"step {amp}": f"{amp} nA: {rate:g} Hz" for amp, rate in rates}
    if not shown:
        titles = {"rin": "Small step", "features": "Spikes above rheobase"}
        shown = {name: title for name, title in titles.items() if name in facts.traces}
    return shown


def _draw_rates(ax: Axes, facts: CellFacts) -> None:
    if facts.bac_spikes:
        amps, rates, sds = zip(*hay2011.STEPS.rates, strict=True)
        ax.errorbar(
            amps, rates, yerr=sds, fmt="s", color=COLOURS["paper"], ms=3, label="experiment"
        )
    here = facts.step_rates or facts.fi
    ax.plot(list(here), list(here.values()), "o-", color=COLOURS["soma"], ms=3, label="here")
    ax.set_xlabel("Step current (nA)")
    ax.set_ylabel("Rate (Hz)")
    if facts.bac_spikes:
        ax.legend()


def _draw_bac(figure: Figure, grid: plt.GridSpec, facts: CellFacts) -> None:
    b = hay2011.BAC
    for k, (name, title) in enumerate(_BAC.items()):
        ax = figure.add_subplot(grid[2 * (k // 2) : 2 * (k // 2) + 2, 2 + k % 2])
        t, v = facts.traces[name]
        late = (t > b.soma_delay - 10) & (t < b.soma_delay + 90)
        ax.plot(t[late], v["soma"][late], color=COLOURS["soma"], lw=0.7, label="soma")
        ax.plot(t[late], v["dendrite"][late], color=COLOURS["shunt"], lw=0.7, label="620 µm")
        count = facts.bac_spikes[name]
        ax.set_title(f"{title}: {count} spike{'' if count == 1 else 's'}")
        ax.set_xlabel("Time (ms)")
        ax.set_ylabel("Voltage (mV)")
        if k == 0:
            panel_letter(ax, "C")
            ax.legend()
