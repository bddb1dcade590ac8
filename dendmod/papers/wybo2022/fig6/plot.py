"""The panels of Figures 6 and S4."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wybo2022.plotting import LAYERWISE, line
from dendmod.plotting.style import panel_letter

_TARGET = "#000000"
_TEN = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
        "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd")  # fmt: skip


def draw(summary: Mapping[str, Any]) -> Figure:
    """Draw accuracy by layer (Figure 6C) and by the number of modulating tasks (Figure 6D).

    Parameters
    ----------
    summary
        What `dendmod.papers.wybo2022.fig6.figure` writes.
    """
    several = len(summary["modulating_tasks"]) > 1
    figure, axes = plt.subplots(
        1, 3 if several else 2, figsize=(7.2, 2.8), constrained_layout=True, squeeze=False
    )
    validation, test = axes[0, :2]
    _by_layer(validation, summary["validation"], "Validation")
    _by_layer(test, {m: summary[m] for m in summary["validation"]}, "Test")
    test.sharey(validation)
    handles, names = validation.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize=6)
    panel_letter(validation, "C")
    if several:
        ax = axes[0, 2]
        sizes = [int(size) for size in summary["modulating_tasks"]]
        line(ax, sizes, list(summary["modulating_tasks"].values()), LAYERWISE["TMCL"])
        ax.set(xlabel="Tasks that modulate views", ylabel="Balanced accuracy", xticks=sizes)
        ax.set_title(f"Test, {summary['layers']} layers")
        panel_letter(ax, "D")
    return figure


def _by_layer(ax: Axes, entries: Mapping[str, Any], title: str) -> None:
    shifts = np.linspace(-0.08, 0.08, len(entries))
    for shift, (method, rows) in zip(shifts, entries.items(), strict=True):
        layers = np.arange(1, len(rows) + 1)
        line(ax, layers + shift, rows, LAYERWISE[method])
    ax.set(xlabel="Layers", ylabel="Balanced accuracy", title=title, xticks=layers)


def _colour(c: int) -> Any:
    """Return the colour of a class: of Petroff's ten, which are told apart by colour-blind eyes."""
    return _TEN[c % len(_TEN)]


def draw_hidden(
    found: Mapping[str, Mapping[str, np.ndarray]], tasks: Sequence[int], seed: int
) -> Figure | None:
    """Draw UMAP projections of modulated representations (Figures 6E, 6F and S4).

    Parameters
    ----------
    found
        Method -> results of `learning.stacking.grow`.
    tasks
        Whose gains modulate: a column each, in the first and in the last layer.
    seed
        Of the projection.

    Returns
    -------
    None where umap-learn is not installed.
    """
    if importlib.util.find_spec("umap") is None:
        return None
    from umap import UMAP

    n_layers = len(next(iter(found.values()))["test"])
    layers = sorted({0, n_layers - 1})
    columns = [(layer, task) for layer in layers for task in tasks]
    figure, axes = plt.subplots(
        len(found), len(columns), figsize=(7.2, 2.0 * len(found) + 0.5), squeeze=False,
        constrained_layout=True,
    )  # fmt: skip
    for row, (method, result) in zip(axes, found.items(), strict=True):
        classes = result["classes"]
        for ax, (layer, task) in zip(row, columns, strict=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                flat = UMAP(random_state=seed, n_jobs=1).fit_transform(
                    result[f"hidden task {task}"][layer]
                )
            for c in np.unique(classes):
                points = flat[classes == c]
                colour = _TARGET if c == task else _colour(int(c))
                ax.scatter(points[:, 0], points[:, 1], s=2, lw=0, color=colour)
            ax.set(xticks=[], yticks=[], title=f"layer {layer + 1}, task {task}")
        row[0].set_ylabel(LAYERWISE[method][0])
    handles = [
        plt.Line2D([], [], ls="", marker="o", ms=4, color=_colour(c), label=str(c))
        for c in range(10)
    ]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=10, fontsize=6,
        title="class (black: the one that the task recognises)", title_fontsize=6,
    )  # fmt: skip
    return figure
