"""The panels of Figure S3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dendmod.papers.wybo2022.plot_ablation import AblationBars, bars
from dendmod.plotting.style import COLOURS, panel_letter
from dendmod.switching.boolean import FUNCTIONS, label_free_score
from dendmod.switching.settings import Settings

_INPUTS = ("0,0", "0,1", "1,0", "1,1")
_SIZES = {4: "#E69F00", 10: "#0072B2"}
_SHUFFLED = "#D55E00"
Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Potentials:
    """The output cell for the four inputs before and after learning (mV), shape [4, steps]."""

    before: Array
    after: Array


@dataclass(frozen=True)
class Panels:
    """All that is drawn.

    Parameters
    ----------
    settings
        Of the networks: time step and window.
    functions
        Names.
    vectors
        Number of hidden cells -> their input vectors, shape [2, cells].
    potentials
        By function.
    ends
        Number of hidden cells -> balanced accuracy at the end, shape [seeds, functions].
    shuffled
        That of networks that learned shuffled labels, shape [seeds, functions].
    samples
        Samples a function, shape [measurements].
    curves
        Number of hidden cells -> mean accuracy over functions, shape [seeds, measurements].
    shuffled_curves
        That of networks that learned shuffled labels.
    """

    settings: Settings
    functions: tuple[str, ...]
    vectors: Mapping[int, Array]
    potentials: Mapping[str, Potentials]
    ends: Mapping[int, Array]
    shuffled: Array
    samples: npt.NDArray[np.int64]
    curves: Mapping[int, Array]
    shuffled_curves: Array
    ablation: AblationBars | None


def draw(panels: Panels) -> Figure:
    """Draw weight vectors, output potentials before and after, performance a function, curves."""
    figure = plt.figure(figsize=(7.2, 8.0), layout="constrained")
    rows = figure.add_gridspec(3, 1, height_ratios=[1.5, 1, 1.1])
    top, middle, bottom = (figure.add_subfigure(rows[i]) for i in range(3))
    grid = top.add_gridspec(2, 3, width_ratios=[0.7, 2, 2])
    for row, k in enumerate(sorted(panels.vectors)):
        ax = top.add_subplot(grid[row, 0])
        _vectors(ax, panels.vectors[k], k)
        if row == 0:
            panel_letter(ax, "A")
    for row, (name, potentials) in enumerate(panels.potentials.items()):
        for column, when in enumerate(("before", "after")):
            ax = top.add_subplot(grid[row, 1 + column])
            v = potentials.before if when == "before" else potentials.after
            _voltages(ax, v, name, when, panels.settings)
            if row == column == 0:
                panel_letter(ax, "B")
    ax = middle.add_subplot()
    _performance(ax, panels)
    panel_letter(ax, "C")
    if panels.ablation is not None:
        left, right = bottom.subplots(1, 2)
        bars(right, panels.ablation)
        panel_letter(right, "E")
    else:
        left = bottom.add_subplot()
    _curves(left, panels)
    panel_letter(left, "D")
    return figure


def _vectors(ax: Axes, vectors: Array, k: int) -> None:
    for x, y in vectors.T:
        ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "lw": 0.8,
                                                    "color": _SIZES.get(k, "k")})  # fmt: skip
    ax.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), xticks=[], yticks=[], aspect="equal")
    ax.set_title(f"{k} hidden neurons")
    ax.spines[:].set_visible(False)


def _voltages(ax: Axes, v: Array, name: str, when: str, settings: Settings) -> None:
    n_steps = v.shape[1] - 1
    length = n_steps * settings.dt
    start, end = settings.window()
    for i, row in enumerate(v):
        t = i * length + np.arange(n_steps + 1) * settings.dt
        ax.plot(t, row, color=COLOURS["soma"], lw=0.6)
        right = "#009E73" if FUNCTIONS[name][i] else "#D55E00"
        ax.axvspan(i * length + start, i * length + end, color=right, alpha=0.2, lw=0)
        ax.annotate(_INPUTS[i], (i * length + (start + end) / 2, 46), ha="center", fontsize=6)
    ax.set(ylim=(-95, 60), xlim=(0, 4 * length))
    ax.set_title(f"{name}, {when} learning", pad=3)
    ax.set_xlabel("Time (ms)", labelpad=1)
    if when == "before":
        ax.set_ylabel("Output (mV)")


def _performance(ax: Axes, panels: Panels) -> None:
    names = panels.functions
    x = np.arange(len(names))
    width = 0.7 / len(panels.ends)
    for j, (k, end) in enumerate(sorted(panels.ends.items())):
        offset = (j - (len(panels.ends) - 1) / 2) * width
        colour = _SIZES.get(k, "C2")
        ax.bar(x + offset, end.max(axis=0), width * 0.9, color=colour, alpha=0.45,
               label=f"{k} neurons: best seed (bar), each seed (dots)")  # fmt: skip
        for row in end:
            ax.plot(x + offset, row, ".", color=colour, ms=3)
    ax.plot(x, [label_free_score(name) for name in names], "_", color="k", ms=16, mew=1,
            label="firing on any input")  # fmt: skip
    ax.plot(x, panels.shuffled.mean(axis=0), "x", color=_SHUFFLED, ms=4, mew=1,
            label="shuffled labels")  # fmt: skip
    ax.axhline(0.5, color=COLOURS["paper"], lw=0.6, zorder=0)
    ax.set_xticks(x, names, rotation=30, ha="right")
    ax.set(ylim=(0, 1.02), ylabel="Balanced accuracy")
    ax.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.28))


def _curves(ax: Axes, panels: Panels) -> None:
    drawn = [(f"{k} neurons", _SIZES.get(k, "C2"), rows) for k, rows in panels.curves.items()]
    for label, colour, rows in (*drawn, ("shuffled", _SHUFFLED, panels.shuffled_curves)):
        for i, curve in enumerate(rows):
            ax.plot(panels.samples, curve, ".-", color=colour, ms=3, lw=0.7,
                    label=label if i == 0 else None)  # fmt: skip
    ax.axhline(0.5, color=COLOURS["paper"], lw=0.6, zorder=0)
    ax.set(ylim=(0.1, 1), xlabel="Samples a function", ylabel="Mean accuracy")
    ax.legend(loc="lower right")
