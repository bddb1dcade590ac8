"""Figure 6 and Table 3 of the clustered network: responses of cells, and signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dendmod.papers.wyrick2021.plot_ongoing import KIND_COLOURS, KIND_LABELS, r2_text, scatter_kinds
from dendmod.plotting.style import COLOURS, panel_letter

_NAMES = {
    "latency": "latency", "rate_E": "rate E", "rate_I": "rate I", "response_E": "response E",
    "response_I": "response I", "timescale": "τ", "gain": "gain",
}  # fmt: skip


def draw_fig6(
    cells: Mapping[tuple[str, float], Mapping[str, Any]],
    table: Mapping[tuple[str, float], Mapping[str, Any]],
    summary: Mapping[str, Any],
) -> Figure:
    """Draw Fig 6: excited and inhibited fractions, and responses and d' against latency."""
    figure = plt.figure(figsize=(7.2, 6.2), constrained_layout=True)
    grid = figure.add_gridspec(3, 6)
    kinds = [k for k in KIND_COLOURS if any(c[0] == k for c in cells)]
    first = None
    for place, kind in enumerate(kinds):
        ax = figure.add_subplot(
            grid[place // 3, 2 * (place % 3) : 2 * (place % 3) + 2], sharey=first
        )
        first = first or ax
        levels = sorted(z for k, z in cells if k == kind)
        at = np.arange(len(levels))
        for population, shift, edge in (("E", -0.2, "#333333"), ("I", 0.2, "#D55E00")):
            up = np.array([100 * cells[kind, z][f"excited_{population}"] for z in levels])
            down = np.array([100 * cells[kind, z][f"inhibited_{population}"] for z in levels])
            ax.bar(at + shift, up, 0.36, color=edge, label=f"{population} excited")
            ax.bar(at + shift, -down, 0.36, facecolor="white", edgecolor=edge, lw=0.8,
                   hatch="////", label=f"{population} inhibited")  # fmt: skip
        ax.axhline(0, color="#333333", lw=0.6)
        ax.set_xticks(at, [f"{z:+g}" for z in levels])
        spare = max(0.0, (3 - len(levels)) / 2)  # few bars are no wider than many
        ax.set_xlim(-0.6 - spare, len(levels) - 0.4 + spare)
        ax.set_title(KIND_LABELS[kind])
        if place % 3 == 0:
            ax.set_ylabel("Responding neurons (%)")
        panel_letter(ax, "ABCDEF"[place])
    handles, labels = first.get_legend_handles_labels() if first else ([], [])
    figure.legend(handles, labels, ncols=4, loc="outside upper center")
    shown = {
        c: {
            "latency": None if r["latency_change_s"] is None else 1e3 * r["latency_change_s"],
            "response": r["response_difference_Hz"],
            "selectivity": r["selectivity"],
        }
        for c, r in table.items()
    }
    for half, letter, (x, label, key) in zip((slice(0, 3), slice(3, 6)), "GH", (
        ("response", "Peak response, selective less other (spikes/s)", "response"),
        ("selectivity", "d′", "selectivity")), strict=True):  # fmt: skip
        ax = figure.add_subplot(grid[2, half])
        scatter_kinds(ax, shown, x, "latency")
        ax.set_title(
            f"onto E {r2_text(summary[f'r2_{key}_E'])}, onto I {r2_text(summary[f'r2_{key}_I'])} "
            f"(paper {summary['paper'][f'r2_{key}_E']}, {summary['paper'][f'r2_{key}_I']})"
        )
        ax.set_xlabel(label)
        ax.set_ylabel("Change of latency (ms)")
        panel_letter(ax, letter)
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, ncols=7, loc="outside lower center", fontsize=6,
                  title="G, H; open: size below 0", title_fontsize=6)  # fmt: skip
    return figure


def draw_table3(
    ours: Mapping[str, Mapping[str, Any]], columns: Sequence[str], summary: Mapping[str, Any]
) -> Figure:
    """Draw Table 3: our sign, the paper's in brackets; a filled cell disagrees."""
    figure, ax = plt.subplots(figsize=(7.2, 2.6), constrained_layout=True)
    text = {1: "up", -1: "down", 0: "none", None: "mixed"}
    kinds = list(ours)
    for row, kind in enumerate(kinds):
        for place, name in enumerate(columns):
            agrees = summary["agrees"][kind][name]
            ax.add_patch(
                Rectangle(
                    (place, row), 1, 1, lw=0.6, edgecolor="white",
                    facecolor="#E8F3EE" if agrees else "#F6D9C6",
                )
            )  # fmt: skip
            sign, paper = ours[kind][name]["sign"], summary["paper"][kind][name]
            ax.text(place + 0.5, row + 0.38, text[sign], ha="center", va="center", fontsize=7.5,
                    fontweight="normal" if agrees else "bold")  # fmt: skip
            ax.text(place + 0.5, row + 0.74, f"[{text[paper]}]", ha="center", va="center",
                    fontsize=6, color="#555555")  # fmt: skip
    ax.set_xlim(0, len(columns))
    ax.set_ylim(len(kinds), 0)
    ax.set_xticks(np.arange(len(columns)) + 0.5, [_NAMES[c] for c in columns])
    ax.xaxis.tick_top()
    ax.set_yticks(np.arange(len(kinds)) + 0.5, [KIND_LABELS[k] for k in kinds])
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_title(
        f"What an increase does: ours, [paper]; {summary['agreeing']} agree, others bold on orange"
    )
    ax.patch.set_edgecolor(COLOURS["paper"])
    return figure
