"""The panels of Figures 6 and S4."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wybo2022.networks import ACCURACY, Spread, Style, line
from dendmod.plotting.style import panel_letter

_METHODS: dict[str, Style] = {
    "TMCL": ("TMCL", "#0072B2", "o"),
    "CL": ("CL, no modulation", "#009E73", "s"),
    "CL_within": ("CL, a pair has one task", "#CC79A7", "P"),
    "RP": ("RP", "#333333", "v"),
    "RP_on_TMCL": ("RP on a TMCL layer", "#999999", "D"),
    "backprop": ("backpropagation", "#D55E00", "^"),
}
_TARGET = "#000000"
_TEN = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
        "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd")  # fmt: skip


ByLayer = Mapping[str, Sequence[Spread]]  # method -> accuracy by number of layers


@dataclass(frozen=True)
class Panels:
    """Accuracy by method and layer, on the validation and the test part, and of the whole stack of
    ``layers`` by number of tasks that modulate views."""

    validation: ByLayer
    test: ByLayer
    modulating_tasks: Mapping[int, Spread]
    layers: int


@dataclass(frozen=True)
class Hidden:
    """Hidden representations of test images.

    Parameters
    ----------
    method
        How the stack was trained.
    classes
        Of the images, shape [samples].
    of_task
        By task whose gains modulate, shape [layers, samples, channels].
    """

    method: str
    classes: npt.NDArray[np.int64]
    of_task: Mapping[int, npt.NDArray[np.float64]]


def draw(panels: Panels) -> Figure:
    """Draw accuracy by layer (Figure 6C) and by the number of modulating tasks (Figure 6D)."""
    several = len(panels.modulating_tasks) > 1
    figure, axes = plt.subplots(
        1, 3 if several else 2, figsize=(7.2, 2.8), constrained_layout=True, squeeze=False
    )
    validation, test = axes[0, :2]
    _by_layer(validation, panels.validation, "Validation")
    _by_layer(test, panels.test, "Test")
    test.sharey(validation)
    handles, names = validation.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize=6)
    panel_letter(validation, "C")
    if several:
        ax = axes[0, 2]
        sizes = list(panels.modulating_tasks)
        line(ax, sizes, panels.modulating_tasks.values(), _METHODS["TMCL"])
        ax.set(xlabel="Tasks that modulate views", ylabel=ACCURACY, xticks=sizes)
        ax.set_title(f"Test, {panels.layers} layers")
        panel_letter(ax, "D")
    return figure


def _by_layer(ax: Axes, entries: ByLayer, title: str) -> None:
    shifts = np.linspace(-0.08, 0.08, len(entries))
    for shift, (method, rows) in zip(shifts, entries.items(), strict=True):
        layers = np.arange(1, len(rows) + 1)
        line(ax, layers + shift, rows, _METHODS[method])
    ax.set(xlabel="Layers", ylabel=ACCURACY, title=title, xticks=layers)


def _colour(c: int) -> str:
    """Return the colour of a class: of Petroff's ten, which are told apart by colour-blind eyes."""
    return _TEN[c % len(_TEN)]


def draw_hidden(rows: Sequence[Hidden], seed: int) -> Figure | None:
    """Draw UMAP projections of modulated representations (Figures 6E, 6F and S4).

    Parameters
    ----------
    rows
        A row each; columns are the tasks whose gains modulate, in the first and the last layer.
    seed
        Of the projection.

    Returns
    -------
    None where umap-learn is not installed.
    """
    if importlib.util.find_spec("umap") is None:
        return None
    from umap import UMAP

    tasks = list(rows[0].of_task)
    layers = sorted({0, len(rows[0].of_task[tasks[0]]) - 1})
    columns = [(layer, task) for layer in layers for task in tasks]
    figure, axes = plt.subplots(
        len(rows), len(columns), figsize=(7.2, 2.0 * len(rows) + 0.5), squeeze=False,
        constrained_layout=True,
    )  # fmt: skip
    for row, hidden in zip(axes, rows, strict=True):
        for ax, (layer, task) in zip(row, columns, strict=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                flat = UMAP(random_state=seed, n_jobs=1).fit_transform(hidden.of_task[task][layer])
            for c in np.unique(hidden.classes):
                points = flat[hidden.classes == c]
                colour = _TARGET if c == task else _colour(int(c))
                ax.scatter(points[:, 0], points[:, 1], s=2, lw=0, color=colour)
            ax.set(xticks=[], yticks=[], title=f"layer {layer + 1}, task {task}")
        row[0].set_ylabel(_METHODS[hidden.method][0])
    handles = [
        plt.Line2D([], [], ls="", marker="o", ms=4, color=_colour(c), label=str(c))
        for c in range(10)
    ]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=10, fontsize=6,
        title="class (black: the one that the task recognises)", title_fontsize=6,
    )  # fmt: skip
    return figure
