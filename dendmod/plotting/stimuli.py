"""Recordings over time under each stimulus, and the current that was injected."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from dendmod.plotting.style import COLOURS

Array = npt.NDArray[np.float64]
_MOST_COLUMNS = 6  # with more runs they share one column
_WIDTH = 26  # characters of a line of a title


@dataclass(frozen=True)
class Traces:
    """What is drawn of one run.

    Parameters
    ----------
    name
        Title.
    t
        Times (ms), shape [steps].
    recordings
        Values of the shape of `t` and their unit, by name.
    injected
        Current (nA) of the shape of `t`, or None.
    """

    name: str
    t: Array
    recordings: Mapping[str, tuple[Array, str]]
    injected: Array | None


def draw_stimuli(runs: Sequence[Traces], title: str) -> Figure:
    """Draw one column a run, or all in one; voltages in one row, each other recording in its own.

    Parameters
    ----------
    runs
        All with the same recordings.
    title
        Title of the figure.
    """
    rows = _rows(runs[0])
    columns = len(runs) if len(runs) <= _MOST_COLUMNS else 1
    has_current = any(run.injected is not None for run in runs)
    n_rows = len(rows) + has_current
    figure, axes = plt.subplots(
        n_rows, columns, figsize=(1.9 * columns + 1.6, 1.4 * n_rows + 0.6), squeeze=False,
        sharex="col", sharey="row", constrained_layout=True,
        height_ratios=[2.0] + [1.0] * (n_rows - 1),
    )  # fmt: skip
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(runs)))
    for k, run in enumerate(runs):
        column = axes[:, k if columns > 1 or len(runs) == 1 else 0]
        for ax, (label, names) in zip(column, rows, strict=False):
            for name in names:
                shared = {"color": colours[k], "label": run.name} if columns == 1 < len(runs) else {
                    "label": name
                }  # fmt: skip
                ax.plot(run.t, run.recordings[name][0], lw=0.6, **shared)
            ax.set_ylabel(label if ax in axes[:, 0] else "")
        if run.injected is not None:
            column[-1].plot(run.t, run.injected, color=COLOURS["feedforward"], lw=0.6)
        if columns == len(runs):
            column[0].set_title(textwrap.fill(run.name, _WIDTH))
        column[-1].set_xlabel("Time (ms)")
    if has_current:
        axes[-1, 0].set_ylabel("Injected (nA)")
    if len(rows[0][1]) > 1 or columns < len(runs):
        axes[0, -1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(title, fontsize=8)
    return figure


def _rows(run: Traces) -> list[tuple[str, list[str]]]:
    """Label and recordings of each row."""
    voltages = [name for name, (_, unit) in run.recordings.items() if unit == "mV"]
    rows = [("Voltage (mV)", voltages)] if voltages else []
    for name, (_, unit) in run.recordings.items():
        if name not in voltages:
            rows.append((f"{name} ({unit})" if unit else name, [name]))
    return rows
