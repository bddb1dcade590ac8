"""Spike counts by level, for each arm and variant of a protocol."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

_LINES = ("-", "--", ":", "-.")


def draw_counts(rows: pd.DataFrame, levels_are: Mapping[str, str], title: str) -> Figure:
    """Draw mean output spikes and their standard error over trials against level.

    Parameters
    ----------
    rows
        One row a trial: variant, arm, level and spikes.
    levels_are
        What the levels of each arm count.
    title
        Title of the figure.
    """
    spikes = rows.groupby(["variant", "arm", "level"], sort=False)["spikes"]
    means, errors = spikes.mean(), spikes.sem().fillna(0.0)
    arms, variants = list(dict.fromkeys(rows["arm"])), list(dict.fromkeys(rows["variant"]))
    figure, axes = plt.subplots(
        1, len(arms), figsize=(3.4 * len(arms) + 1.2, 2.8), squeeze=False, constrained_layout=True
    )
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(variants)))
    for ax, arm in zip(axes[0], arms, strict=True):
        for k, variant in enumerate(variants):
            if (variant, arm) not in means.index.droplevel("level"):
                continue
            values = means[variant, arm]
            ax.errorbar(
                values.index,
                values.values,
                errors[variant, arm].values,
                fmt=_LINES[k % 4],
                color=colours[k],
                marker="o",
                ms=2.5,
                elinewidth=0.6,
                label=variant,
            )
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel(levels_are[arm].capitalize().replace("nmda", "NMDA"))
        ax.set_ylabel("Output spikes, mean ± SEM")
    if len(variants) > 1:
        axes[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(title, fontsize=8)
    return figure
