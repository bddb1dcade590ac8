"""The panels of Figures 4 and S2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.learning.gains import NAMES
from dendmod.papers.wybo2022.fig4.runs import RECONSTRUCTED
from dendmod.papers.wybo2022.plotting import MATRICES, METHODS, line
from dendmod.plotting.style import panel_letter

_YLABEL = "Balanced accuracy"
_PAIRS = (("dPCA", "PCA"), ("dSD", "SD"), ("dPMD", "PMD"))
_PICTURES = 12
_BEST = 10  # settings marked in the picture of the search
_LABELS = {
    "x_shift": "x-shift", "bias": "bias", "log10_rate": "log10 of learning rate",
    "gain_mean": "mean of first gains", "gain_sd": "SD of first gains",
}  # fmt: skip


def draw(summary: Mapping[str, Any], found: Mapping[str, Any]) -> Figure:
    """Draw panels F and G of Figure 4 and panel B of Figure S2, the last where both were run.

    Parameters
    ----------
    summary
        What `dendmod.papers.wybo2022.fig4.figure` writes.
    found
        Results by panel and key, see `matrix_study.run`.
    """
    matrix = summary["matrix"]
    pairs = [p for p in _PAIRS if all(kind in matrix for kind in p)]
    figure = plt.figure(figsize=(7.2, 4.8), constrained_layout=True)
    grid = figure.add_gridspec(2, 6)
    ax = figure.add_subplot(grid[0, : 3 if pairs else 6])
    _by_width(ax, matrix, [kind for kind in MATRICES if kind in matrix and kind[0] in "dR"])
    ax.set_title(f"{summary['data']}: mean and SD of {summary['searches']} searches")
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
        _by_epoch(ax, what, summary, found["reconstruction"])
        if not i:
            ax.legend(fontsize=6)
            panel_letter(ax, "G")
    return figure


def draw_vectors(found: Mapping[str, Any]) -> Figure:
    """Draw weight vectors of each kind for the largest number of units, a row a kind (Fig S2A)."""
    rows = [(kind, k, r["shown"]) for kind, k, r in _largest(found)]
    figure, axes = plt.subplots(
        len(rows), _PICTURES, figsize=(7.2, 0.62 * len(rows) + 0.2), squeeze=False,
        gridspec_kw={"wspace": 0.06, "hspace": 0.06},
    )  # fmt: skip
    for row, (kind, k, vectors) in zip(axes, rows, strict=True):
        side = round(np.sqrt(vectors.shape[1]))
        for ax in row:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        for ax, v in zip(row, vectors, strict=False):
            top = np.abs(v).max()
            ax.imshow(v.reshape(-1, side), cmap="RdBu_r", vmin=-top, vmax=top)
        row[0].set_ylabel(f"{MATRICES[kind][0]}\nk = {k}", rotation=0, ha="right", va="center")
    figure.suptitle("Weight vectors, each on its own scale: red above, blue below zero", fontsize=7)
    return figure


def draw_search(found: Mapping[str, Any]) -> Figure:
    """Draw what the searches for one matrix tried, a panel a setting (Fig S2C)."""
    kind, k, _ = _largest(found)[0]
    runs = [r for key, r in found.items() if key.split()[:2] == [kind, str(k)]]
    settings = np.concatenate([r["settings"] for r in runs])
    score = np.concatenate([r["score"] for r in runs])
    best = np.argsort(-score)[:_BEST]
    figure, axes = plt.subplots(
        1, len(NAMES), figsize=(7.2, 1.7), sharey=True, constrained_layout=True
    )
    for i, (ax, name) in enumerate(zip(axes, NAMES, strict=True)):
        ax.plot(settings[:, i], score, "o", ms=1.8, color="#999999", mew=0)
        ax.plot(settings[best, i], score[best], "+", ms=5, color="#D55E00", label="ten best")
        ax.set_xlabel(_LABELS[name])
    axes[0].set_ylabel(f"{_YLABEL},\nten tasks, validation")
    axes[0].legend(loc="lower right")
    figure.suptitle(
        f"{MATRICES[kind][0]}, k = {k}: settings tried in {len(runs)} searches", fontsize=7
    )
    return figure


def _largest(found: Mapping[str, Any]) -> list[tuple[str, int, Any]]:
    """Return kind, largest number of units and first result, in the order of `MATRICES`."""
    out = []
    for kind in MATRICES:
        keys = [key.split() for key in found if key.split()[0] == kind]
        if keys:
            k = max(int(key[1]) for key in keys)
            out.append((kind, k, found[f"{kind} {k} 0"]))
    return out


def _by_width(ax: Axes, matrix: Mapping[str, Any], kinds: Sequence[str]) -> None:
    widths = sorted({int(k) for kind in kinds for k in matrix[kind]})
    for i, kind in enumerate(kinds):
        here = sorted(matrix[kind], key=int)
        aside = 1 + 0.02 * (i - (len(kinds) - 1) / 2)  # so that bars of spread do not overlap
        x = np.array([int(k) for k in here]) * aside
        line(ax, x, [matrix[kind][k] for k in here], MATRICES[kind])
    ax.set(xlabel="Hidden units k", ylabel=_YLABEL, xscale="log")
    ax.set_xticks(widths, [str(k) for k in widths])
    ax.minorticks_off()
    ax.legend(loc="lower right")


def _by_epoch(ax: Axes, what: str, summary: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    for method in RECONSTRUCTED:
        values = found[method][what]
        label, colour, _ = METHODS[method]
        epochs = np.arange(len(values)) + (what != "residual")
        mean, sd = values.mean(axis=1), values.std(axis=1)
        ax.plot(
            epochs, mean, color=colour, label=label, ls="--" if method == "gain_xshift" else "-"
        )
        ax.fill_between(epochs, mean - sd, mean + sd, color=colour, alpha=0.2, lw=0)
    units = summary["reconstruction"]["units"]
    if what == "residual":
        for kind in ("dPMD", "RP"):
            label, colour, _ = MATRICES[kind]
            level = summary["reconstruction"][RECONSTRUCTED[0]][kind]["mean"]
            ax.axhline(level, color=colour, ls="-.")
            ax.annotate(
                label, (1, level), xycoords=("axes fraction", "data"), xytext=(0, 2),
                textcoords="offset points", ha="right", color=colour, fontsize=6.5,
            )  # fmt: skip
        ax.set_ylim(bottom=0)
    unsupervised = summary["matrix"].get("dPMD", {}).get(str(units))
    if what == "val" and unsupervised:
        label, colour, _ = MATRICES["dPMD"]
        ax.axhline(unsupervised["mean"], color=colour, ls="-.")
        ax.annotate(
            f"{label}, test", (1, unsupervised["mean"]), xycoords=("axes fraction", "data"),
            xytext=(0, -8), textcoords="offset points", ha="right", color=colour, fontsize=6.5,
        )  # fmt: skip
    ylabel = {
        "loss": "Training loss",
        "val": f"{_YLABEL}, validation",
        "residual": "Residual of differences (share)",
    }
    ax.set(xlabel=f"Epoch ({units} hidden units)", ylabel=ylabel[what])
