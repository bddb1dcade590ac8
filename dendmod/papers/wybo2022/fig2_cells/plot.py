"""The panels of the figure over cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.plotting.style import COLOURS, panel_letter

_TITLES = {"nmda": "NMDA spikes: bias over gain", "shunt": "Shunt: gain over bias"}
_WIDTH = 7.2


def draw(cells: Mapping[str, Any], main: Sequence[str], paper_ms: tuple[float, float]) -> Figure:
    """Draw preferences over orders, over readings, and the durations of plateaus.

    Parameters
    ----------
    cells
        What the summary says of each cell.
    main
        The cells that were run in several orders; the others are strangers.
    paper_ms
        How long an NMDA spike lasts in the paper.
    """
    readings = [(cell, name) for cell in cells for name in cells[cell]["readings"]]
    names = list(dict.fromkeys(name for _, name in readings))
    strangers = [cell for cell in cells if cell not in main]
    rows = len(main) + len(strangers)
    heights = [0.5 + 0.3 * rows, 0.5 + 0.22 * max(len(names), 1)]
    figure = plt.figure(figsize=(_WIDTH, 1.2 + sum(heights)), constrained_layout=True)
    grid = figure.add_gridspec(2, 3, height_ratios=heights)
    for column, (arm, title) in enumerate(_TITLES.items()):
        ax = figure.add_subplot(grid[0, column])
        _orders(ax, cells, main, strangers, arm, labels=column == 0)
        ax.set_title(title)
        panel_letter(ax, "AB"[column])
        ax = figure.add_subplot(grid[1, column])
        _readings(ax, cells, names, arm, labels=column == 0)
        panel_letter(ax, "DE"[column])
    ax = figure.add_subplot(grid[0, 2])
    _plateaus(ax, {cell: cells[cell]["plateau_ms"] for cell in [*main, *strangers]}, paper_ms)
    ax.set_title("Duration of plateaus")
    panel_letter(ax, "C")
    ax = figure.add_subplot(grid[1, 2])
    _reading_plateaus(ax, cells, names, paper_ms)
    panel_letter(ax, "F")
    return figure


def _rows(ax: Axes, names: Sequence[str], *, labels: bool) -> None:
    ax.set_yticks(range(len(names)), names if labels else [""] * len(names))
    ax.set_ylim(len(names) - 0.4, -0.6)  # from the top


def _zero(ax: Axes) -> None:
    ax.axvline(0, color=COLOURS["paper"], lw=0.6, zorder=0)
    ax.set_xlabel("Log of the ratio of residuals\n(> 0: as in the paper)")


def _orders(
    ax: Axes,
    cells: Mapping[str, Any],
    main: Sequence[str],
    strangers: Sequence[str],
    arm: str,
    *,
    labels: bool,
) -> None:
    rows = [*main, *strangers]
    for row, cell in enumerate(rows):
        if cell in main:
            values = np.array(cells[cell]["over_orders"][arm]["preference"], dtype=float)
        else:
            values = np.array([cells[cell][arm].get("preference", np.nan)], dtype=float)
        ax.plot(values, np.full(values.size, row), "o", ms=3, alpha=0.6, color=COLOURS[arm])
        if np.isfinite(values).any():
            ax.plot([np.nanmean(values)], [row], "|", ms=12, color="k")
    _rows(ax, rows, labels=labels)
    _zero(ax)


def _readings(
    ax: Axes, cells: Mapping[str, Any], names: Sequence[str], arm: str, *, labels: bool
) -> None:
    for marker, cell in zip("os^D", [c for c in cells if cells[c]["readings"]], strict=False):
        of_cell = cells[cell]["readings"]
        values = [of_cell.get(name, {}).get(arm, {}).get("preference", np.nan) for name in names]
        ax.plot(np.array(values, dtype=float), range(len(names)), marker, ms=3, color=COLOURS[arm],
                mfc="none" if marker != "o" else None, label=cell)  # fmt: skip
    _rows(ax, names, labels=labels)
    if labels:
        ax.legend(fontsize=5.5, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    _zero(ax)


def _band(ax: Axes, paper_ms: tuple[float, float]) -> None:
    ax.axvspan(*paper_ms, color=COLOURS["paper"], alpha=0.2, lw=0)
    ax.set_xlabel("Time above -40 mV (ms)\n(grey: paper)")
    ax.set_xlim(left=0)


def _plateaus(ax: Axes, found: Mapping[str, Any], paper_ms: tuple[float, float]) -> None:
    for row, plateau in enumerate(found.values()):
        ax.plot(plateau["quartiles"], [row, row], "-", color=COLOURS["nmda"], lw=1.2)
        ax.plot([plateau["median"]], [row], "o", ms=3, color=COLOURS["nmda"])
    _rows(ax, list(found), labels=False)
    _band(ax, paper_ms)


def _reading_plateaus(
    ax: Axes, cells: Mapping[str, Any], names: Sequence[str], paper_ms: tuple[float, float]
) -> None:
    for marker, cell in zip("os^D", [c for c in cells if cells[c]["readings"]], strict=False):
        of_cell = cells[cell]["readings"]
        values = [of_cell.get(n, {}).get("plateau_ms", {}).get("median", np.nan) for n in names]
        ax.plot(np.array(values, dtype=float), range(len(names)), marker, ms=3,
                color=COLOURS["nmda"], mfc="none" if marker != "o" else None)  # fmt: skip
    _rows(ax, names, labels=False)
    _band(ax, paper_ms)
