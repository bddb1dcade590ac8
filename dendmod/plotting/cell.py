"""Draw a morphology."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from dendmod.morphology import Morphology
from dendmod.plotting.style import COLOURS


def draw_cell(
    ax: Axes,
    morphology: Morphology,
    *,
    colours: Mapping[str, str] | None = None,
    sites: list[tuple[int, float]] | None = None,
    site_colour: str = COLOURS["nmda"],
    scale_bar: float = 100.0,
) -> None:
    """Draw the projection of a cell onto x and y (um) with a scale bar.

    Parameters
    ----------
    ax
        Where.
    morphology
        What.
    colours
        Colour by region (soma, basal, apical, axon).
    sites
        Marked places: section and x.
    """
    colours = {**COLOURS, **(colours or {})}
    # x and y of the file: a reconstruction lies in the plane of its slice
    for kind in ("axon", "basal", "apical"):
        lines: list[np.ndarray] = []
        widths: list[float] = []
        for s in morphology.sections:
            if s.kind == kind:
                pieces = np.stack([s.points[:-1, :2], s.points[1:, :2]], axis=1)
                lines.extend(pieces)
                widths.extend(0.25 + 0.25 * (s.diameters[:-1] + s.diameters[1:]) / 2)
        ax.add_collection(LineCollection(lines, linewidths=widths, colors=colours[kind]))
    soma = morphology.sections[0]
    centre = soma.points.mean(axis=0)[:2]
    ax.plot(*centre, "o", color=colours["soma"], ms=4, zorder=3)
    for section, x in sites or []:
        s = morphology.sections[section]
        along = np.concatenate([[0.0], np.cumsum(s.steps)])
        place = [np.interp(x * along[-1], along, s.points[:, k]) for k in (0, 1)]
        ax.plot(*place, "o", color=site_colour, mec="white", mew=0.3, ms=3, zorder=4)
    ax.set_aspect("equal")
    ax.autoscale_view()
    x0, x1 = ax.get_xlim()
    y0, _ = ax.get_ylim()
    ax.plot([x1 - scale_bar, x1], [y0, y0], color="k", lw=1)
    ax.annotate(
        f"{scale_bar:g} µm", (x1 - scale_bar / 2, y0), (0, -3), textcoords="offset points",
        ha="center", va="top", fontsize=6, annotation_clip=False,
    )  # fmt: skip
    ax.set_xlim(x0, x1)
    ax.axis("off")
