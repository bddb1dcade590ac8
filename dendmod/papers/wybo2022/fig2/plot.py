"""The panels of Figure 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from dendmod.iocurve import CROSSINGS, MODELS, IOFit, fit_io
from dendmod.plotting.style import COLOURS, panel_letter
from dendmod.protocol.iocurves import IOAnalysis

_NAMES = {"gain": "gain", "bias": "bias", "gain_xshift": "gain + x-shift"}
_MAPS = {"nmda": "Blues", "shunt": "Oranges"}
_MARGIN = 0.12  # of the range of inputs, on both sides


def draw(
    arms: Mapping[str, IOAnalysis], titles: dict[str, str], captions: dict[str, str]
) -> Figure:
    """Draw panels A-E: for each arm two example curves and the three fits, and the residuals.

    Parameters
    ----------
    arms
        Arm -> what is drawn of it; two arms.
    titles
        Arm -> what modulates.
    captions
        Arm -> the paper's order of residuals and how often the bootstraps show it.
    """
    figure = plt.figure(figsize=(7.2, 6.4), constrained_layout=True)
    grid = figure.add_gridspec(3, 4, height_ratios=[1, 1, 0.95])
    letters = iter("ABCD")
    for row, (name, arm) in enumerate(arms.items()):
        ax = figure.add_subplot(grid[row, 0])
        _examples(ax, arm, name)
        ax.set_title("two levels")
        panel_letter(ax, next(letters))
        for column, model in enumerate(MODELS, start=1):
            ax = figure.add_subplot(grid[row, column])
            _fit(ax, arm, arm.fits[model], name)
            ax.set_title(_fit_title(arm.fits[model]))
            if column == 1:
                panel_letter(ax, next(letters))
        _level_bar(figure, ax, arm, name, titles[name])
    ax = figure.add_subplot(grid[2, :2])
    _residuals(ax, arms, titles)
    panel_letter(ax, "E")
    ax = figure.add_subplot(grid[2, 2:])
    _thresholds(ax, arms, titles)
    figure.supxlabel("\n".join(captions.values()), fontsize=6, x=0.01, ha="left")
    return figure


def _shades(name: str, n: int) -> np.ndarray:
    return plt.get_cmap(_MAPS[name])(np.linspace(0.35, 1.0, n))


def _span(arm: IOAnalysis) -> tuple[float, float]:
    low, high = np.nanmin(arm.thresholds), np.nanmax(arm.thresholds)
    edge = _MARGIN * max(high - low, 10.0)
    return min(low, 0) - edge, high + edge


def _axes(ax: Axes, arm: IOAnalysis) -> None:
    ax.set_xlim(*_span(arm))
    ax.set_ylim(-0.1, 2.4)
    ax.set_yticks([0, 1, 2])
    ax.axvline(0, color=COLOURS["paper"], lw=0.5, zorder=0)
    ax.set_xlabel("Feedforward inputs")
    ax.set_ylabel("Output spikes")


def _example_rows(arm: IOAnalysis) -> Sequence[int]:
    whole = np.flatnonzero(np.isfinite(arm.thresholds).all(axis=1))
    return sorted({int(whole[0]), int(whole[len(whole) // 2])})


def _examples(ax: Axes, arm: IOAnalysis, name: str) -> None:
    shades = _shades(name, len(arm.table.levels))
    mean = arm.table.mean()
    x = np.linspace(*_span(arm), 400)
    for row in _example_rows(arm):
        run = np.isfinite(mean[row])
        n = arm.table.n_feedforward[run]
        ax.plot(n, mean[row][run], ".-", color=shades[row], ms=3, lw=0.7,
                label=f"level {arm.table.levels[row]}")  # fmt: skip
        one = fit_io(arm.thresholds[row : row + 1], "gain", crossings=CROSSINGS).io_model()
        ax.plot(x, one(0)(x), "--", color=shades[row], lw=0.8)
        ax.plot(arm.thresholds[row], CROSSINGS, "o", color=shades[row], ms=4, mec="k", mew=0.5)
    _axes(ax, arm)
    ax.legend(loc="best", handlelength=1)


def _fit(ax: Axes, arm: IOAnalysis, fit: IOFit, name: str) -> None:
    shades = _shades(name, len(arm.table.levels))
    x = np.linspace(*_span(arm), 400)
    curves = fit.io_model()
    for row, level in enumerate(arm.table.levels):
        ends = np.abs(arm.interval[row].T - arm.thresholds[row])
        ax.errorbar(arm.thresholds[row], CROSSINGS, xerr=np.nan_to_num(ends), fmt="o", ms=2.5,
                    color=shades[row], elinewidth=0.5)  # fmt: skip
        if level in curves.levels:
            ax.plot(x, curves(level)(x), color=shades[row], lw=0.8)
    _axes(ax, arm)


def _fit_title(fit: IOFit) -> str:
    shift = f", x-shift {fit.x_shift:.0f} inputs" if fit.model == "gain_xshift" else ""
    return f"{_NAMES[fit.model]}{shift}\nresidual {fit.residual:.2g}"


def _level_bar(figure: Figure, ax: Axes, arm: IOAnalysis, name: str, title: str) -> None:
    levels = arm.table.levels
    colours = _shades(name, len(levels))
    mapped: Any = plt.cm.ScalarMappable(
        plt.Normalize(-0.5, len(levels) - 0.5),
        ListedColormap(colours),
    )
    bar = figure.colorbar(mapped, ax=ax, ticks=range(len(levels)), pad=0.02)
    bar.ax.set_yticklabels([str(level) for level in levels])
    bar.set_label(title)


def _residuals(ax: Axes, arms: Mapping[str, IOAnalysis], titles: dict[str, str]) -> None:
    width = 0.8 / len(arms)
    for k, (name, arm) in enumerate(arms.items()):
        x = np.arange(len(MODELS)) + (k - (len(arms) - 1) / 2) * width
        heights = [arm.fits[m].residual for m in MODELS]
        ax.bar(x, heights, 0.9 * width, color=COLOURS[name], alpha=0.75, label=titles[name])
        ends = np.array([np.quantile(arm.order.residuals[m], [0.05, 0.95]) for m in MODELS])
        ax.vlines(x, ends[:, 0], ends[:, 1], color="k", lw=0.7)
    ax.set_xticks(range(len(MODELS)), [_NAMES[m] for m in MODELS])
    ax.set_ylabel("Residual (spikes²)")
    ax.set_title("Residuals, with 90 % of the bootstraps")
    ax.set_ylim(0, 1.35 * ax.get_ylim()[1])
    ax.legend(loc="upper center", ncols=2)


def _thresholds(ax: Axes, arms: Mapping[str, IOAnalysis], titles: dict[str, str]) -> None:
    for name, arm in arms.items():
        levels = np.array(arm.table.levels) / max(arm.table.levels)
        for k, marker in enumerate("ov"):
            ends = np.abs(arm.interval[:, k].T - arm.thresholds[:, k])
            ax.errorbar(levels, arm.thresholds[:, k], yerr=np.nan_to_num(ends), fmt=marker + "-",
                        ms=3, lw=0.6, elinewidth=0.5, color=COLOURS[name],
                        label=f"{titles[name]}, to {k + 1}")  # fmt: skip
    ax.set_xlabel("Level (of the highest)")
    ax.set_ylabel("Threshold (inputs)")
    ax.set_title("Thresholds, with 90 % intervals")
    ax.legend(fontsize=5.5)
