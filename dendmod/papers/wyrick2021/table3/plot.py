"""Table 3: signs of effects, ours and the paper's, with the verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dendmod.plotting.style import COLOURS
from dendmod.study.claims import NOT_REPRODUCED, NOT_RESOLVED, REPRODUCED, Verdict

_NAMES = {
    "latency": "latency", "rate_E": "rate E", "rate_I": "rate I", "response_E": "response E",
    "response_I": "response I", "timescale": "τ", "gain": "gain",
}  # fmt: skip
_SIGNS = {1: "up", -1: "down", 0: "none", None: "mixed"}
_FILLS = {REPRODUCED: "#E8F3EE", NOT_RESOLVED: "#F1F1F1", NOT_REPRODUCED: "#F6D9C6"}


@dataclass(frozen=True)
class Cell:
    """Our sign and the paper's (None: mixed), and the verdict."""

    sign: int | None
    paper: int | None
    verdict: Verdict


def draw(
    cells: Mapping[str, Sequence[Cell]], columns: Sequence[str], labels: Sequence[str]
) -> Figure:
    """Draw a row a perturbation: our sign, the paper's in brackets, filled by the verdict."""
    height = 0.5 + 0.35 * len(cells)
    figure, ax = plt.subplots(figsize=(7.2, height), constrained_layout=True)
    for y, row in enumerate(cells.values()):
        for x, cell in enumerate(row):
            ax.add_patch(
                Rectangle((x, y), 1, 1, lw=0.6, edgecolor="white", facecolor=_FILLS[cell.verdict])
            )
            weight = "bold" if cell.verdict == NOT_REPRODUCED else "normal"
            ax.text(x + 0.5, y + 0.38, _SIGNS[cell.sign], ha="center", va="center", fontsize=7.5,
                    fontweight=weight)  # fmt: skip
            ax.text(x + 0.5, y + 0.74, f"[{_SIGNS[cell.paper]}]", ha="center", va="center",
                    fontsize=6, color="#555555")  # fmt: skip
    ax.set_xlim(0, len(columns))
    ax.set_ylim(len(cells), 0)
    ax.set_xticks(np.arange(len(columns)) + 0.5, [_NAMES[c] for c in columns])
    ax.xaxis.tick_top()
    ax.set_yticks(np.arange(len(cells)) + 0.5, list(labels))
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    verdicts = [cell.verdict for row in cells.values() for cell in row]
    reproduced, unclear = verdicts.count(REPRODUCED), verdicts.count(NOT_RESOLVED)
    ax.set_title(
        f"What an increase does: ours, [paper]; of {len(verdicts)} cells {reproduced} are "
        f"reproduced, {unclear} (grey) not resolved"
    )
    ax.patch.set_edgecolor(COLOURS["paper"])
    return figure
