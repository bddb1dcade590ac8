"""The panels of Figures 3 and S1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.learning import tasks2d
from dendmod.learning.dataset import Dataset
from dendmod.papers.wybo2022.plotting import METHODS, RIGHT_NO, RIGHT_YES, WRONG, line
from dendmod.params import wybo2022_networks as paper
from dendmod.plotting.style import panel_letter

_MAIN = ("readout", "gain_bias", "gain_xshift")
_EXAMPLES = tuple(range(0, paper.TASKS_2D, 3))[:15]
_YLABEL = "Balanced accuracy"
_DRAWN = 4000  # points of a map


def draw(summary: Mapping[str, Any], found: Mapping[str, Any], data: Dataset) -> Figure:
    """Draw panels B-F of Figure 3 and panel B of Figure S1, of what was run.

    Parameters
    ----------
    summary
        What `dendmod.papers.wybo2022.fig3.figure` writes.
    found
        Results by panel, for the maps of two-dimensional tasks.
    data
        The images, as they are before pooling.
    """
    figure = plt.figure(figsize=(7.2, 8.4))
    rows = figure.add_gridspec(
        3, 1, height_ratios=[1.1, 1, 1], hspace=0.42, left=0.08, right=0.98, top=0.96, bottom=0.05
    )
    top = rows[0].subgridspec(1, 2, width_ratios=[2, 1], wspace=0.12)
    middle = rows[1].subgridspec(1, 3, wspace=0.42)
    images = summary.get("digits") or summary.get("images") or {}
    if found["plane"]:
        _examples(figure, top[0], found["plane"])
    _classes(figure, top[1], data)
    if summary["by_size"]:
        for place, letter in ((middle[0], "D"), (middle[1], "E")):
            ax = figure.add_subplot(place)
            _by_size(ax, images, _MAIN, depth=letter == "D")
            panel_letter(ax, letter)
        ax = figure.add_subplot(rows[2])
        _all_methods(ax, images)
        panel_letter(ax, "S1B")
    if summary["transfer"]:
        ax = figure.add_subplot(middle[2])
        _transfer(ax, summary["transfer"])
        panel_letter(ax, "F")
    return figure


def _map(ax: Axes, result: Mapping[str, np.ndarray], task: int) -> None:
    """Draw test points: orange and blue where the network is right, black where it is wrong."""
    x, says = result["x"][:_DRAWN], result["says"][task][:_DRAWN]
    truth = tasks2d.labels(x)[task]
    colours = np.where(says != truth, WRONG, np.where(truth, RIGHT_YES, RIGHT_NO))
    ax.scatter(x[:, 0], x[:, 1], c=colours, s=1.2, lw=0, rasterized=True)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[], yticks=[])


def _layers(key: str) -> str:
    n = int(key.split()[1].split("x")[0])
    return f"{n} hidden layer" + ("s" if n > 1 else "")


def _examples(figure: Figure, place: Any, plane: Mapping[str, Any]) -> None:
    halves = place.subgridspec(1, len(plane), wspace=0.1)
    for i, (key, result) in enumerate(plane.items()):
        inner = halves[i].subgridspec(5, 3, wspace=0.06, hspace=0.06)
        for j, task in enumerate(_EXAMPLES):
            ax = figure.add_subplot(inner[j // 3, j % 3])
            _map(ax, result, task)
            if j == 1:
                accuracy = result["test"].mean()
                ax.set_title(f"{_layers(key)}: {accuracy:.3f}", fontsize=7)
            if i == j == 0:
                panel_letter(ax, "B")


def _classes(figure: Figure, place: Any, data: Dataset) -> None:
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


def _by_size(ax: Axes, images: Mapping[str, Any], methods: Any, *, depth: bool) -> None:
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
    ax.set_ylabel(_YLABEL)


def _transfer(ax: Axes, transfers: Mapping[str, Any]) -> None:
    for shift, method in zip((-0.1, 0, 0.1), _MAIN, strict=True):
        entries = {_size(name)[0]: e for name, e in sorted(transfers[method].items())}
        x = np.array(list(entries), dtype=float) + shift
        for what, ls, size, fill in (
            ("base", "--", 2.5, None), ("transfer", ":", 5, None),
            ("all_tasks", "none", 3.5, "none"),
        ):  # fmt: skip
            line(
                ax, x, [e[what] for e in entries.values()], METHODS[method],
                ls=ls, ms=size, markerfacecolor=fill,
            )  # fmt: skip
    ax.set(xlabel=f"Hidden layers of {paper.WIDTH_TRANSFER} units", ylabel=_YLABEL)
    ax.set_xticks(sorted(entries))
    ax.set_title("dashed: first tasks, dotted: new ones,\nopen: all tasks at once", fontsize=6)


def _all_methods(ax: Axes, images: Mapping[str, Any]) -> None:
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
        xlabel="Hidden layers × units", ylabel=_YLABEL, title="All that a task may have of its own"
    )
    ax.grid(axis="x", lw=0.3, color="#DDDDDD")
    ax.legend(loc="lower right", ncols=2, fontsize=6)


def draw_tasks(plane: Mapping[str, Any]) -> Figure:
    """Draw all 48 two-dimensional tasks for each depth (Figure S1A)."""
    figure = plt.figure(figsize=(7.2, 5.6 * len(plane)))
    parts = figure.add_gridspec(
        len(plane), 1, hspace=0.1, left=0.02, right=0.98, top=0.95, bottom=0.01
    )
    for i, (key, result) in enumerate(plane.items()):
        inner = parts[i].subgridspec(6, 8, hspace=0.22, wspace=0.05)
        for task in range(paper.TASKS_2D):
            ax = figure.add_subplot(inner[task // 8, task % 8])
            _map(ax, result, task)
            found = f"{tasks2d.NAMES[task]}: {result['test'][0, task]:.3f}"
            ax.set_title(found, fontsize=5.5, pad=1.5)
            if task == 0:
                text = f"{_layers(key)} of {paper.WIDTH_2D} units (black: wrong)"
                ax.text(0, 1.3, text, transform=ax.transAxes, fontsize=8)
    return figure


def draw_scans(images: Mapping[str, Any]) -> Figure:
    """Draw what the scans of learning rates tried (Figure S1C)."""
    names = sorted({key.split()[1] for key in images}, key=_size)
    there = {key.split()[0] for key in images}
    methods = [m for m in _MAIN if m in there] or [m for m in METHODS if m in there]
    figure, axes = plt.subplots(
        len(methods), len(names), figsize=(0.95 * len(names) + 1.2, 1.4 * len(methods)),
        squeeze=False, sharex=True, sharey=True, constrained_layout=True,
    )  # fmt: skip
    shown = {key: images[key] for key in images if key.split()[0] in methods}
    tried = np.concatenate([result["scan_rates"][:, 1] for result in shown.values()])
    rates_low, rates_high = tried.min(), tried.max()  # room above for a line of text
    for row, method in zip(axes, methods, strict=True):
        for ax, name in zip(row, names, strict=True):
            ax.set_title(name.replace("x", " × ") if method == methods[0] else "")
            if f"{method} {name}" not in shown:
                ax.set_axis_off()
                continue
            result = shown[f"{method} {name}"]
            rates, score = result["scan_rates"], result["scan_score"]
            ax.scatter(*rates.T, c=score, s=14, cmap="viridis", lw=0)
            ax.scatter(*result["rates"], marker="x", c=WRONG, s=26, lw=1.2)
            ax.set(xscale="log", yscale="log", ylim=(rates_low / 1.5, rates_high * 5))
            ax.text(0.03, 0.97, f"{score.min():.2f}-{score.max():.2f}", transform=ax.transAxes,
                    fontsize=5, va="top")  # fmt: skip
        row[0].set_ylabel(METHODS[method][0], fontsize=6)
    figure.supxlabel("Learning rate of shared parameters", fontsize=7)
    figure.supylabel("Learning rate of task parameters", fontsize=7)
    figure.suptitle(
        "Validation accuracy (yellow: high; range in each corner); cross: taken", fontsize=7
    )
    return figure
