"""The panels of Figure 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dendmod.plotting.style import COLOURS, panel_letter
from dendmod.switching.settings import Scale, Settings

_MATRICES = {"dPMD": "#0072B2", "dSD": "#009E73", "PCA": "#E69F00", "RP": "#999999",
             "dPCA": "#D55E00", "PMD": "#56B4E9", "SD": "#CC79A7"}  # fmt: skip
# name in `dendmod.switching.bounds.measure_bounds` -> marker
BOUNDS = {"linear readout": "_", "positive gain": "^", "shift": "s", "the rule": "x"}
Array = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Example:
    """Recordings of one network, as `dendmod.papers.wybo2022.fig5.tasks` returns them.

    Parameters
    ----------
    v_before, v_after
        Potential of the output cell before and after learning (mV), shape [samples, steps].
    expected
        Spikes that are right, 0 or 1, shape [samples].
    soma, dendrites
        Potentials of one hidden cell for one input under several tasks (mV), shape
        [contexts, steps] and [contexts, dendrites, steps].
    classes
        The class of each of these tasks, shape [contexts].
    vector, image
        Feedforward weights of that cell (nA) and the spikes of the input, shape [pixels].
    trace_dend, trace_eta, trace_pre, trace_post, trace_error, trace_dw
        Traces of the rule at one synapse (mV, uS/ms, and uS for the weight), shape [steps].
    """

    v_before: Array
    v_after: Array
    expected: Ints
    soma: Array
    dendrites: Array
    classes: Ints
    vector: Array
    image: Ints
    trace_dend: Array
    trace_eta: Array
    trace_pre: Array
    trace_post: Array
    trace_error: Array
    trace_dw: Array


@dataclass(frozen=True)
class Panels:
    """All that is drawn.

    Parameters
    ----------
    settings
        Of the networks: time step and window.
    example
        Recordings of the first network.
    samples
        Samples a task, shape [measurements].
    curves
        Matrix -> mean balanced accuracy, shape [measurements].
    ends, controls
        Label -> balanced accuracy at the end, shape [seeds, tasks].
    bounds
        Matrix -> name (of `BOUNDS`) -> mean balanced accuracy.
    """

    settings: Settings
    example: Example
    samples: Ints
    curves: Mapping[str, Array]
    ends: Mapping[str, Array]
    controls: Mapping[str, Array]
    bounds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def draw(panels: Panels) -> Figure:
    """Draw traces of the rule, potentials before and after, accuracy, one cell under many tasks."""
    example, settings = panels.example, panels.settings
    figure = plt.figure(figsize=(7.2, 8.4), constrained_layout=True)
    grid = figure.add_gridspec(4, 6)
    ax = figure.add_subplot(grid[0, :2])
    _rule(ax, example, settings)
    panel_letter(ax, "B")
    for row, (when, v) in enumerate((("before", example.v_before), ("after", example.v_after))):
        ax = figure.add_subplot(grid[row, 2:])
        _output(ax, v, example.expected, settings)
        ax.set_title(f"{when} learning (task: silence for class {example.classes[0]})", pad=2)
        if row == 0:
            panel_letter(ax, "C")
    ax = figure.add_subplot(grid[1, :2])
    _curves(ax, panels)
    ax = figure.add_subplot(grid[2, :])
    _accuracy(ax, {**panels.ends, **panels.controls}, panels.bounds)
    panel_letter(ax, "D")
    ax = figure.add_subplot(grid[3, 0])
    limit = np.abs(example.vector).max()
    _pixels(ax, example.vector, "weights", "RdBu_r", (-limit, limit))
    panel_letter(ax, "E")
    ax = figure.add_subplot(grid[3, 1])
    _pixels(ax, example.image, "input", "Greys", (0, np.abs(example.image).max()))
    ax = figure.add_subplot(grid[3, 2:])
    _tasks(ax, example, settings)
    return figure


def _pixels(
    ax: Axes, values: Array | Ints, name: str, cmap: str, limits: tuple[float, float]
) -> None:
    side = round(values.size**0.5)
    if side * side == values.size:
        ax.imshow(values.reshape(side, side), cmap=cmap, vmin=limits[0], vmax=limits[1])
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.set_title(name)


def _rule(ax: Axes, example: Example, settings: Settings) -> None:
    t = np.arange(example.trace_pre.size) * settings.dt
    v = example.trace_dend
    rows = (
        (example.trace_dw, "change of weight", "#8B5A2B"),
        (example.trace_error, "error", "#D55E00"),
        (example.trace_post, "post", "#009E73"),
        (example.trace_pre, "pre", "#0072B2"),
        (example.trace_eta, "learning rate", "#AA4499"),
        (v, f"dendrite (filtered), {v.min():.0f} to {v.max():.0f} mV", "k"),
    )
    for i, (trace, label, colour) in enumerate(rows):
        low = trace.min() if trace is v else min(trace.min(), 0.0)
        span = max(trace.max() - low, 1e-15)
        ax.plot(t, 1.5 * i + (trace - low) / span, color=colour, lw=0.8)
        left = i in (0, len(rows) - 1)
        height = 1.5 * i + (1.15 if trace is v else 0.45)
        place = (t[0] if left else t[-1], height)
        ax.annotate(label, place, color=colour, fontsize=5.5, ha="left" if left else "right")
    ax.axvspan(*settings.window(), color=COLOURS["paper"], alpha=0.4, lw=0)
    ax.set(xlabel="Time (ms)", yticks=[], ylabel="The rule (scaled)", ylim=(-0.2, 9.4))


def _output(ax: Axes, v: Array, expected: Ints, settings: Settings) -> None:
    n = v.shape[1] - 1
    length, (start, end) = n * settings.dt, settings.window()
    for i, row in enumerate(v):
        ax.plot(i * length + np.arange(n + 1) * settings.dt, row, color=COLOURS["soma"], lw=0.6)
        colour = "#009E73" if expected[i] else "#D55E00"
        ax.axvspan(i * length + start, i * length + end, color=colour, alpha=0.2, lw=0)
    ax.set(ylim=(-95, 60), xlim=(0, len(v) * length), ylabel="Output (mV)", xlabel="Time (ms)")


def _curves(ax: Axes, panels: Panels) -> None:
    for name, curve in panels.curves.items():
        ax.plot(panels.samples, curve, ".-", color=_MATRICES[name], ms=3, label=name)
    ax.axhline(0.5, color=COLOURS["paper"], lw=0.6, zorder=0)
    ax.set(xlabel="Samples a task", ylabel="Balanced accuracy", ylim=(0.2, 1))
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.legend(ncols=2, loc="upper left")


def _accuracy(
    ax: Axes, ends: Mapping[str, Array], bounds: Mapping[str, Mapping[str, float]]
) -> None:
    for x, (name, row) in enumerate(ends.items()):
        colour = _MATRICES.get(name, "#333333")
        ax.bar(x, row.mean(), 0.6, color=colour, alpha=0.4)
        for j, seed in enumerate(row):
            jitter = x + (j - (len(row) - 1) / 2) * 0.15
            ax.plot(np.full(len(seed), jitter), seed, ".", color=colour, ms=3)
        ax.annotate(f"{row.mean():.2f}", (x, 0.02), ha="center", fontsize=6.5)
        for bound, marker in BOUNDS.items():
            if name in bounds:
                ax.plot(
                    x, bounds[name][bound], marker, color="k", ms=4, mfc="none", mew=0.7,
                    label=bound if x == 0 else None,
                )  # fmt: skip
    ax.axhline(0.5, color="k", lw=0.6, ls=":")
    ax.set_xticks(range(len(ends)), list(ends))
    ax.set(ylim=(0, 1.02), ylabel="Balanced accuracy\n(dots: tasks)")
    if bounds:
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="upper bounds", frameon=False)


def _tasks(ax: Axes, example: Example, settings: Settings) -> None:
    soma = example.soma
    n = soma.shape[1] - 1
    for i, row in enumerate(soma):
        t = (i * (n + 100) + np.arange(n + 1)) * settings.dt
        for v in example.dendrites[i]:
            ax.plot(t, v, color="#4477AA", lw=0.5, alpha=0.7)
        ax.plot(t, row, color=COLOURS["feedforward"], lw=0.8)
        ax.annotate(f"task {example.classes[i]}", (t[n // 2], 48), ha="center", fontsize=6)
    ax.set(ylim=(-95, 62), xlabel="Time (ms)", ylabel="Soma and dendrites\nof one cell (mV)")


_SCALES: dict[Scale, str] = {
    "drive": "by drive",
    "without n_in": "by sum of absolute weights (Eq 24 without n_in)",
}


def draw_scalings(
    ranges: Mapping[Scale, Sequence[float]], ends: Mapping[Scale, Mapping[str, Array]]
) -> Figure:
    """Draw accuracy over the range of hidden PSPs, by scaling and matrix.

    Parameters
    ----------
    ranges
        Scaling -> ranges (mV).
    ends
        Scaling -> matrix -> balanced accuracy, shape [ranges, seeds, tasks].
    """
    figure, axes = plt.subplots(
        1, len(ends), figsize=(5.6, 2.3), sharey=True, squeeze=False, constrained_layout=True
    )
    for ax, (scale, rows) in zip(axes[0], ends.items(), strict=True):
        for matrix, accuracy in rows.items():
            mean = accuracy.mean(axis=(1, 2))
            ax.plot(ranges[scale], mean, ".-", color=_MATRICES[matrix], label=matrix)
        ax.axhline(0.5, color=COLOURS["paper"], lw=0.6, zorder=0)
        ax.set(xscale="log", xlabel="Range of hidden PSPs (mV)", ylim=(0.4, 1))
        ax.set_xticks(list(ranges[scale]), [f"{r:g}" for r in ranges[scale]])
        ax.minorticks_off()
        ax.set_title(_SCALES[scale], fontsize=7)
    axes[0, 0].set(ylabel="Balanced accuracy")
    axes[0, 0].legend()
    return figure
