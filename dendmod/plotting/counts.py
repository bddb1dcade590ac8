"""Spike counts by level, for each arm and variant of a protocol."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

_LINES = ("-", "--", ":", "-.")


def draw_counts(means: pd.Series, title: str) -> Figure:
    """Draw mean output spikes against level.

    Parameters
    ----------
    means
        Mean spikes, indexed by variant, arm and level.
    title
        Title of the figure.
    """
    arms = list(dict.fromkeys(means.index.get_level_values("arm")))
    variants = list(dict.fromkeys(means.index.get_level_values("variant")))
    figure, axes = plt.subplots(
        1, len(arms), figsize=(3.4 * len(arms) + 1.2, 2.8), squeeze=False, constrained_layout=True
    )
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(variants)))
    for ax, arm in zip(axes[0], arms, strict=True):
        for k, variant in enumerate(variants):
            if (variant, arm) not in means.index.droplevel("level"):
                continue
            values = means[variant, arm]
            ax.plot(
                values.index,
                values.values,
                _LINES[k % 4],
                color=colours[k],
                marker="o",
                ms=2.5,
                label=variant,
            )
        ax.set_xlabel(f"Level of {arm}")
        ax.set_ylabel("Output spikes")
    if len(variants) > 1:
        axes[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(title, fontsize=8)
    return figure
