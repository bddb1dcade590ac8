"""Residuals of the IO fits, variant by variant."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dendmod.iocurve import MODELS

_MARKS = {"gain": ("o", "#D55E00"), "bias": ("s", "#0072B2"), "gain_xshift": ("D", "#009E73")}


def draw_residuals(table: pd.DataFrame, title: str) -> Figure:
    """Draw the residual of each model with 90 % of its bootstraps, a row a variant.

    Parameters
    ----------
    table
        As `dendmod.protocol.fit_file.fit_file` returns it.
    title
        Title of the figure.
    """
    arms = list(dict.fromkeys(table["arm"]))
    variants = list(dict.fromkeys(table["variant"]))
    figure, axes = plt.subplots(
        1, len(arms), figsize=(7.2, 1.3 + 0.27 * len(variants)), sharey=True, squeeze=False,
        constrained_layout=True,
    )  # fmt: skip
    for ax, arm in zip(axes[0], arms, strict=True):
        rows = table[table["arm"] == arm].set_index("variant")
        for k, model in enumerate(MODELS):
            y = np.array([variants.index(v) for v in rows.index]) + 0.22 * (k - 1)
            marker, colour = _MARKS[model]
            ax.hlines(y, rows[f"residual_{model}_low"], rows[f"residual_{model}_high"],
                      color=colour, lw=0.8)  # fmt: skip
            ax.plot(rows[f"residual_{model}"], y, marker, color=colour, ms=3, lw=0,
                    label=model.replace("_xshift", " + x-shift"))  # fmt: skip
        for variant, row in rows.iterrows():
            if pd.notna(row["paper_order"]):
                ax.text(1.02, variants.index(str(variant)), f"{row['paper_order']:.0%}",
                        transform=ax.get_yaxis_transform(), va="center", fontsize=6)  # fmt: skip
        ax.set_xscale("log")
        ax.set_xlabel("Residual (spikes²)")
        said = "   (right: bootstraps with the paper's order)"
        ax.set_title(arm + said * bool(rows["paper_order"].notna().any()))
    axes[0][0].set_yticks(range(len(variants)), variants)
    axes[0][0].set_ylim(len(variants) - 0.5, -0.5)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    figure.suptitle(title, fontsize=8)
    return figure
