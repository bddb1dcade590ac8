"""One look for every figure: Okabe-Ito colours, small sans-serif type, thin lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler

mpl.use("Agg", force=False)

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {
    "shunt": "#D55E00",
    "nmda": "#0072B2",
    "feedforward": "#009E73",
    "soma": "#333333",
    "paper": "#BBBBBB",
    "basal": "#56B4E9",
    "apical": "#0072B2",
    "axon": "#999999",
    "tuft": "#CC79A7",
    "oblique": "#009E73",
    "trunk": "#0072B2",
}

_RC: Any = {
    "axes.prop_cycle": cycler(
        color=["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#333333"]
    ),
    "font.family": "sans-serif",
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 7.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 0.9,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the house style within a block."""
    with plt.rc_context(_RC):
        yield


def panel_letter(ax: Axes, letter: str) -> None:
    """Put a bold panel letter at the upper left of an axes."""
    ax.annotate(
        letter, (0, 1), xycoords="axes fraction", xytext=(-22, 6), textcoords="offset points",
        fontsize=9, fontweight="bold", va="bottom",
    )  # fmt: skip


def save(figure: Figure, out: Path, name: str, *, note: str = "") -> None:
    """Write ``name.png`` and ``name.pdf`` into a folder and close the figure.

    `note` stands small in a corner, such as "quick run".
    """
    out.mkdir(parents=True, exist_ok=True)
    if note:
        figure.text(1, 0, note, ha="right", va="top", fontsize=5, color="#666666")
    for extension in ("png", "pdf"):
        figure.savefig(out / f"{name}.{extension}", bbox_inches="tight")
    plt.close(figure)
