"""The cell, its steps and BAC firing."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from dendmod.cells.check import CellFacts
from dendmod.morphology import resolve
from dendmod.params import hay2011
from dendmod.plotting.cell import draw_cell
from dendmod.plotting.style import COLOURS, panel_letter
from dendmod.spec import Cell


def draw(spec: Cell, facts: CellFacts) -> Figure:
    """Draw the cell, the voltage at three steps, the rates, and the BAC protocol."""
    figure = plt.figure(figsize=(7.2, 4.8), constrained_layout=True)
    grid = figure.add_gridspec(4, 4, width_ratios=[0.8, 1, 1, 1])
    ax = figure.add_subplot(grid[:, 0])
    draw_cell(ax, resolve(spec.morphology).without_axon())
    panel_letter(ax, "A")
    for row, (amp, *_) in enumerate(hay2011.STEPS.rates):
        ax = figure.add_subplot(grid[row, 1])
        t, v = facts.traces[f"step {amp}"]
        ax.plot(t, v["soma"], color=COLOURS["soma"], lw=0.5)
        ax.set_title(f"{amp} nA: {facts.step_rates[amp]:g} Hz")
        ax.set_ylabel("Soma (mV)")
        if row == 0:
            panel_letter(ax, "B")
    ax.set_xlabel("Time (ms)")
    ax = figure.add_subplot(grid[3, 1])
    amps, rates, sds = zip(*hay2011.STEPS.rates, strict=True)
    ax.errorbar(amps, rates, yerr=sds, fmt="s", color=COLOURS["paper"], ms=3, label="experiment")
    ax.plot(
        amps, [facts.step_rates[a] for a in amps], "o-", color=COLOURS["soma"], ms=3, label="here"
    )
    ax.set_xlabel("Step current (nA)")
    ax.set_ylabel("Rate (Hz)")
    ax.legend()
    titles = {
        "soma": "Somatic pulse",
        "epsp": "EPSP at 620 µm",
        "both": "Both",
        "calcium": "1.5 nA EPSP alone",
    }
    b = hay2011.BAC
    for k, (name, title) in enumerate(titles.items()):
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
    return figure
