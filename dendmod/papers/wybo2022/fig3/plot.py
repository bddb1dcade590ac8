"""The panels of Figures 3 and S1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from dendmod.learning import tasks2d
from dendmod.learning.dataset import Dataset
from dendmod.papers.wybo2022.networks import ACCURACY, METHODS, Spread, line
from dendmod.params import wybo2022_networks as paper
from dendmod.plotting.style import panel_letter
from dendmod.spec.base import Spec

_EXAMPLES = tuple(range(0, paper.TASKS_2D, 3))[:15]
_DRAWN = 4000  # points of a map
_RIGHT_YES, _RIGHT_NO, _WRONG = "#E69F00", "#0072B2", "#000000"
Array = npt.NDArray[np.float64]
BySize = Mapping[str, Mapping[str, Spread]]  # method -> architecture -> accuracy


@dataclass(frozen=True)
class PlaneMap:
    """Networks of one depth on the two-dimensional tasks.

    Parameters
    ----------
    layers
        Number of hidden layers.
    x
        Test points, shape [points, 2].
    says
        Whether the first network says yes, shape [tasks, points].
    accuracy
        Balanced accuracy, shape [networks, tasks].
    """

    layers: int
    x: Array
    says: npt.NDArray[np.bool_]
    accuracy: Array


@dataclass(frozen=True)
class RateScan:
    """Learning rates (shared, task) that a scan tried, [points, 2], their validation accuracy
    [points], and the pair that was taken."""

    method: str
    architecture: str
    rates: Array
    score: Array
    taken: Array


class Transferred(Spec):
    """Accuracy on the first tasks, on new ones, and of networks that learned all at once."""

    base: Spread
    transfer: Spread
    all_tasks: Spread


@dataclass(frozen=True)
class Panels:
    """What Figure 3 shows of what was run.

    Parameters
    ----------
    data
        The images, as they are before pooling.
    images
        Accuracy by method and architecture, such as "2x25".
    by_size
        Draw it.
    transfer
        By method and architecture.
    methods
        Of panels D to F.
    """

    plane: Sequence[PlaneMap]
    data: Dataset
    images: BySize
    by_size: bool
    transfer: Mapping[str, Mapping[str, Transferred]]
    methods: Sequence[str]


def draw(panels: Panels) -> Figure:
    """Draw panels B-F of Figure 3 and panel B of Figure S1, of what was run."""
    figure = plt.figure(figsize=(7.2, 8.4))
    rows = figure.add_gridspec(
        3, 1, height_ratios=[1.1, 1, 1], hspace=0.42, left=0.08, right=0.98, top=0.96, bottom=0.05
    )
    top = rows[0].subgridspec(1, 2, width_ratios=[2, 1], wspace=0.12)
    middle = rows[1].subgridspec(1, 3, wspace=0.42)
    if panels.plane:
        _examples(figure, top[0], panels.plane)
    _classes(figure, top[1], panels.data)
    if panels.by_size:
        for place, letter in ((middle[0], "D"), (middle[1], "E")):
            ax = figure.add_subplot(place)
            _by_size(ax, panels.images, panels.methods, depth=letter == "D")
            panel_letter(ax, letter)
        ax = figure.add_subplot(rows[2])
        _all_methods(ax, panels.images)
        panel_letter(ax, "S1B")
    if panels.transfer:
        ax = figure.add_subplot(middle[2])
        _transfer(ax, panels.transfer)
        panel_letter(ax, "F")
    return figure


def _map(ax: Axes, found: PlaneMap, task: int) -> None:
    """Draw test points: orange and blue where the network is right, black where it is wrong."""
    x, says = found.x[:_DRAWN], found.says[task][:_DRAWN]
    truth = tasks2d.labels(x)[task]
    colours = np.where(says != truth, _WRONG, np.where(truth, _RIGHT_YES, _RIGHT_NO))
    ax.scatter(x[:, 0], x[:, 1], c=colours, s=1.2, lw=0, rasterized=True)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[], yticks=[])


def _layers(n: int) -> str:
    return f"{n} hidden layer" + ("s" if n > 1 else "")


def _examples(figure: Figure, place: SubplotSpec, plane: Sequence[PlaneMap]) -> None:
    halves = place.subgridspec(1, len(plane), wspace=0.1)
    for i, found in enumerate(plane):
        inner = halves[i].subgridspec(5, 3, wspace=0.06, hspace=0.06)
        for j, task in enumerate(_EXAMPLES):
            ax = figure.add_subplot(inner[j // 3, j % 3])
            _map(ax, found, task)
            if j == 1:
                ax.set_title(f"{_layers(found.layers)}: {found.accuracy.mean():.3f}", fontsize=7)
            if i == j == 0:
                panel_letter(ax, "B")


def _classes(figure: Figure, place: SubplotSpec, data: Dataset) -> None:
    side = int(np.ceil(np.sqrt(data.n_classes)))
    rows = -(-data.n_classes // side)
    inner = place.subgridspec(rows, side, wspace=0.08, hspace=0.08)
    for c in range(data.n_classes):
        ax = figure.add_subplot(inner[c // side, c % side])
        image = data.x["train"][np.argmax(data.y["train"] == c)]
        ax.imshow(np.moveaxis(image, 0, -1) if image.ndim == 3 else image, cmap="gray_r")
        ax.axis("off")
        if c == 0:
            panel_letter(ax, "C")
            ax.set_title(f"{data.n_classes} tasks, a class each", fontsize=7, loc="left")


def _size(name: str) -> tuple[int, int]:
    layers, width = name.split("x")
    return int(layers), int(width)


def _by_size(ax: Axes, images: BySize, methods: Sequence[str], *, depth: bool) -> None:
    for method in methods:
        entries = {_size(name): e for name, e in images[method].items()}
        fixed = paper.WIDTH_BY_DEPTH if depth else paper.LAYERS_BY_WIDTH
        chosen = sorted(size for size in entries if size[1 if depth else 0] == fixed)
        x = [size[0 if depth else 1] for size in chosen]
        line(ax, x, [entries[size] for size in chosen], METHODS[method])
    if depth:
        ax.set(xlabel=f"Hidden layers of {paper.WIDTH_BY_DEPTH} units", xticks=x)
    else:
        ax.set(xlabel="Units a layer, two layers", xscale="log")
        ax.set_xticks(x, [str(v) for v in x])
        ax.minorticks_off()
        ax.legend(loc="lower right", fontsize=6, handlelength=1.2)
    ax.set_ylabel(ACCURACY)


def _transfer(ax: Axes, transfers: Mapping[str, Mapping[str, Transferred]]) -> None:
    for shift, (method, found) in zip((-0.1, 0, 0.1), transfers.items(), strict=True):
        entries = {_size(name)[0]: e for name, e in sorted(found.items())}
        x = np.array(list(entries), dtype=float) + shift
        for what, ls, size, fill in (
            ("base", "--", 2.5, None), ("transfer", ":", 5, None),
            ("all_tasks", "none", 3.5, "none"),
        ):  # fmt: skip
            line(
                ax, x, [getattr(e, what) for e in entries.values()], METHODS[method],
                ls=ls, ms=size, markerfacecolor=fill,
            )  # fmt: skip
    ax.set(xlabel=f"Hidden layers of {paper.WIDTH_TRANSFER} units", ylabel=ACCURACY)
    ax.set_xticks(sorted(entries))
    ax.set_title("dashed: first tasks, dotted: new ones,\nopen: all tasks at once", fontsize=6)


def _all_methods(ax: Axes, images: BySize) -> None:
    names = sorted({n for entries in images.values() for n in entries}, key=_size)
    shifts = np.linspace(-0.28, 0.28, len(images))
    for shift, (method, entries) in zip(shifts, images.items(), strict=True):
        here = [i for i, name in enumerate(names) if name in entries]
        line(
            ax,
            np.array(here) + shift,
            [entries[names[i]] for i in here],
            METHODS[method],
            ls="none",
        )
    ax.set_xticks(range(len(names)), [name.replace("x", " × ") for name in names])
    ax.set(
        xlabel="Hidden layers × units", ylabel=ACCURACY, title="All that a task may have of its own"
    )
    ax.grid(axis="x", lw=0.3, color="#DDDDDD")
    ax.legend(loc="lower right", ncols=2, fontsize=6)


def draw_tasks(plane: Sequence[PlaneMap]) -> Figure:
    """Draw all 48 two-dimensional tasks for each depth (Figure S1A)."""
    figure = plt.figure(figsize=(7.2, 5.6 * len(plane)))
    parts = figure.add_gridspec(
        len(plane), 1, hspace=0.1, left=0.02, right=0.98, top=0.95, bottom=0.01
    )
    for i, found in enumerate(plane):
        inner = parts[i].subgridspec(6, 8, hspace=0.22, wspace=0.05)
        for task in range(paper.TASKS_2D):
            ax = figure.add_subplot(inner[task // 8, task % 8])
            _map(ax, found, task)
            title = f"{tasks2d.NAMES[task]}: {found.accuracy[0, task]:.3f}"
            ax.set_title(title, fontsize=5.5, pad=1.5)
            if task == 0:
                text = f"{_layers(found.layers)} of {paper.WIDTH_2D} units (black: wrong)"
                ax.text(0, 1.3, text, transform=ax.transAxes, fontsize=8)
    return figure


def draw_scans(scans: Sequence[RateScan], preferred: Sequence[str]) -> Figure:
    """Draw what the scans tried (Figure S1C): of the preferred methods if there are any, or all."""
    names = sorted({scan.architecture for scan in scans}, key=_size)
    there = {scan.method for scan in scans}
    methods = [m for m in preferred if m in there] or [m for m in METHODS if m in there]
    figure, axes = plt.subplots(
        len(methods), len(names), figsize=(0.95 * len(names) + 1.2, 1.4 * len(methods)),
        squeeze=False, sharex=True, sharey=True, constrained_layout=True,
    )  # fmt: skip
    shown = {(s.method, s.architecture): s for s in scans if s.method in methods}
    tried = np.concatenate([scan.rates[:, 1] for scan in shown.values()])
    rates_low, rates_high = tried.min(), tried.max()  # room above for a line of text
    for row, method in zip(axes, methods, strict=True):
        for ax, name in zip(row, names, strict=True):
            ax.set_title(name.replace("x", " × ") if method == methods[0] else "")
            if (method, name) not in shown:
                ax.set_axis_off()
                continue
            scan = shown[method, name]
            ax.scatter(*scan.rates.T, c=scan.score, s=14, cmap="viridis", lw=0)
            ax.scatter(*scan.taken, marker="x", c=_WRONG, s=26, lw=1.2)
            ax.set(xscale="log", yscale="log", ylim=(rates_low / 1.5, rates_high * 5))
            ax.text(0.03, 0.97, f"{scan.score.min():.2f}-{scan.score.max():.2f}",
                    transform=ax.transAxes, fontsize=5, va="top")  # fmt: skip
        row[0].set_ylabel(METHODS[method][0], fontsize=6)
    figure.supxlabel("Learning rate of shared parameters", fontsize=7)
    figure.supylabel("Learning rate of task parameters", fontsize=7)
    figure.suptitle(
        "Validation accuracy (yellow: high; range in each corner); cross: taken", fontsize=7
    )
    return figure
