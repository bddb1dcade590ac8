"""The panels of Figures 4 and S2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wybo2022.networks import ACCURACY, METHODS, Spread, Style, line
from dendmod.plotting.style import panel_letter

MATRICES: dict[str, Style] = {
    "dPMD": ("ΔPMD", "#CC79A7", "D"),
    "dSD": ("ΔSD", "#777777", "o"),
    "dPCA": ("ΔPCA", "#0072B2", "^"),
    "RP": ("RP", "#D55E00", "o"),
    "PMD": ("PMD", "#882255", "D"),
    "SD": ("SD", "#333333", "o"),
    "PCA": ("PCA", "#56B4E9", "^"),
}
_PAIRS = (("dPCA", "PCA"), ("dSD", "SD"), ("dPMD", "PMD"))
_PICTURES = 12
_BEST = 10  # settings marked in the picture of the search
_LABELS = {
    "x_shift": "x-shift", "bias": "bias", "log10_rate": "log10 of learning rate",
    "gain_mean": "mean of first gains", "gain_sd": "SD of first gains",
}  # fmt: skip
_DASHED = "gain_xshift"
Array = npt.NDArray[np.float64]
ByWidth = Mapping[str, Mapping[int, Spread]]  # kind -> number of units -> accuracy


@dataclass(frozen=True)
class Curves:
    """Training by epoch: ``loss`` and ``val`` accuracy [epochs, runs], ``residual`` [epochs + 1,
    runs], the first before training."""

    loss: Array
    val: Array
    residual: Array


@dataclass(frozen=True)
class Panels:
    """What Figure 4 shows.

    Parameters
    ----------
    title
        Of panel F.
    matrix
        Test accuracy by kind and number of units.
    units, curves
        Hidden units of the networks that learn their weights, and their training by modulation.
    residual_of_matrices
        What two matrices of as many units leave over of differences, by kind.
    """

    title: str
    matrix: ByWidth
    units: int
    curves: Mapping[str, Curves]
    residual_of_matrices: Mapping[str, float]


@dataclass(frozen=True)
class Vectors:
    """Weight vectors of a kind with so many units, shape [vectors, pixels]."""

    kind: str
    units: int
    vectors: Array


@dataclass(frozen=True)
class Searches:
    """What the searches for one matrix tried: ``settings`` [searches, tried, settings], whose names
    are ``names``, and their ``score`` [searches, tried]."""

    kind: str
    units: int
    names: Sequence[str]
    settings: Array
    score: Array


def draw(panels: Panels) -> Figure:
    """Draw panels F and G of Figure 4 and panel B of Figure S2, the last where both were run."""
    matrix = panels.matrix
    pairs = [p for p in _PAIRS if all(kind in matrix for kind in p)]
    figure = plt.figure(figsize=(7.2, 4.8), constrained_layout=True)
    grid = figure.add_gridspec(2, 6)
    ax = figure.add_subplot(grid[0, : 3 if pairs else 6])
    _by_width(ax, matrix, [kind for kind in MATRICES if kind in matrix and kind[0] in "dR"])
    ax.set_title(panels.title)
    panel_letter(ax, "F")
    if pairs:
        inner = grid[0, 3:].subgridspec(1, len(pairs))
        first = None
        for i, pair in enumerate(pairs):
            ax = figure.add_subplot(inner[0, i], sharey=first)
            _by_width(ax, matrix, pair)
            if first is None:
                first = ax
                panel_letter(ax, "S2B")
            else:
                ax.set_ylabel("")
                ax.tick_params(labelleft=False)
    for i, what in enumerate(("loss", "val", "residual")):
        ax = figure.add_subplot(grid[1, 2 * i : 2 * i + 2])
        _by_epoch(ax, what, panels)
        if not i:
            ax.legend(fontsize=6)
            panel_letter(ax, "G")
    return figure


def draw_vectors(kinds: Sequence[Vectors]) -> Figure:
    """Draw some weight vectors, a row a kind (Fig S2A)."""
    figure, axes = plt.subplots(
        len(kinds), _PICTURES, figsize=(7.2, 0.62 * len(kinds) + 0.2), squeeze=False,
        gridspec_kw={"wspace": 0.06, "hspace": 0.06},
    )  # fmt: skip
    for row, of_kind in zip(axes, kinds, strict=True):
        side = round(np.sqrt(of_kind.vectors.shape[1]))
        for ax in row:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        for ax, v in zip(row, of_kind.vectors, strict=False):
            top = np.abs(v).max()
            ax.imshow(v.reshape(-1, side), cmap="RdBu_r", vmin=-top, vmax=top)
        row[0].set_ylabel(
            f"{MATRICES[of_kind.kind][0]}\nk = {of_kind.units}", rotation=0, ha="right", va="center"
        )
    figure.suptitle("Weight vectors, each on its own scale: red above, blue below zero", fontsize=7)
    return figure


def draw_search(found: Searches) -> Figure:
    """Draw what the searches for one matrix tried, a panel a setting (Fig S2C)."""
    settings, score = np.concatenate(found.settings), np.concatenate(found.score)
    best = np.argsort(-score)[:_BEST]
    figure, axes = plt.subplots(
        1, len(found.names), figsize=(7.2, 1.7), sharey=True, constrained_layout=True
    )
    for i, (ax, name) in enumerate(zip(axes, found.names, strict=True)):
        ax.plot(settings[:, i], score, "o", ms=1.8, color="#999999", mew=0)
        ax.plot(settings[best, i], score[best], "+", ms=5, color="#D55E00", label="ten best")
        ax.set_xlabel(_LABELS[name])
    axes[0].set_ylabel(f"{ACCURACY},\nten tasks, validation")
    axes[0].legend(loc="lower right")
    figure.suptitle(
        f"{MATRICES[found.kind][0]}, k = {found.units}: settings tried in {len(found.score)} "
        "searches",
        fontsize=7,
    )
    return figure


def _by_width(ax: Axes, matrix: ByWidth, kinds: Sequence[str]) -> None:
    widths = sorted({k for kind in kinds for k in matrix[kind]})
    for i, kind in enumerate(kinds):
        here = sorted(matrix[kind])
        aside = 1 + 0.02 * (i - (len(kinds) - 1) / 2)  # so that bars of spread do not overlap
        x = np.array(here) * aside
        line(ax, x, [matrix[kind][k] for k in here], MATRICES[kind])
    ax.set(xlabel="Hidden units k", ylabel=ACCURACY, xscale="log")
    ax.set_xticks(widths, [str(k) for k in widths])
    ax.minorticks_off()
    ax.legend(loc="lower right")


def _by_epoch(ax: Axes, what: str, panels: Panels) -> None:
    for method, curves in panels.curves.items():
        values = getattr(curves, what)
        label, colour, _ = METHODS[method]
        epochs = np.arange(len(values)) + (what != "residual")
        mean, sd = values.mean(axis=1), values.std(axis=1)
        ax.plot(epochs, mean, color=colour, label=label, ls="--" if method == _DASHED else "-")
        ax.fill_between(epochs, mean - sd, mean + sd, color=colour, alpha=0.2, lw=0)
    if what == "residual":
        for kind, level in panels.residual_of_matrices.items():
            label, colour, _ = MATRICES[kind]
            ax.axhline(level, color=colour, ls="-.")
            ax.annotate(
                label, (1, level), xycoords=("axes fraction", "data"), xytext=(0, 2),
                textcoords="offset points", ha="right", color=colour, fontsize=6.5,
            )  # fmt: skip
        ax.set_ylim(bottom=0)
    unsupervised = panels.matrix.get("dPMD", {}).get(panels.units)
    if what == "val" and unsupervised:
        label, colour, _ = MATRICES["dPMD"]
        ax.axhline(unsupervised.mean, color=colour, ls="-.")
        ax.annotate(
            f"{label}, test", (1, unsupervised.mean), xycoords=("axes fraction", "data"),
            xytext=(0, -8), textcoords="offset points", ha="right", color=colour, fontsize=6.5,
        )  # fmt: skip
    ylabel = {
        "loss": "Training loss",
        "val": f"{ACCURACY}, validation",
        "residual": "Residual of differences (share)",
    }
    ax.set(xlabel=f"Epoch ({panels.units} hidden units)", ylabel=ylabel[what])
