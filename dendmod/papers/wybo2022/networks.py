"""What Figures 3, 4 and 6 share: settings by kind of image, seeds, spreads over runs, lines."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from dendmod.learning.dataset import Dataset
from dendmod.rng import stream
from dendmod.spec.base import Spec
from dendmod.spec.tables import change, flat

DIGITS = "digits"  # the images that are built in
METRIC = "class-balanced accuracy averaged over tasks; chance 0.5"
ACCURACY = "Balanced accuracy"
Style = tuple[str, str, str]  # label, colour, marker
METHODS: dict[str, Style] = {
    "readout": ("task-specific readout", "#D55E00", "^"),
    "gain_bias": ("gain and bias", "#009E73", "s"),
    "gain_xshift": ("gain, shared x-shift", "#0072B2", "o"),
    "gain": ("gain alone", "#56B4E9", "v"),
    "bias": ("bias alone", "#CC79A7", "D"),
    "gain_io": ("gain, x-shift and bias of the cell", "#E69F00", "P"),
    "task_specific": ("task-specific networks", "#777777", "X"),
}


class Spread(Spec):
    """Mean and standard deviation over runs."""

    mean: float
    sd: float


def spread(values: npt.ArrayLike) -> Spread:
    """Return the mean and the standard deviation over runs (n - 1), to five digits."""
    runs = np.asarray(values)
    sd = float(runs.std(ddof=1)) if len(runs) > 1 else 0.0
    return Spread(mean=round(float(runs.mean()), 5), sd=round(sd, 5))


def seeds_from(seed: int, n: int) -> list[int]:
    """Return the seeds of `n` networks, keyed by the seed of the figure."""
    return [int(s) for s in stream(seed, "networks").integers(0, 2**31, n)]


def settings_of_images(table: dict[str, Any], images: Dataset) -> dict[str, Any]:
    """Return the settings that hold for some images.

    Parameters
    ----------
    table
        Of a settings.toml. Of its tables ``[digits]`` and ``[files]`` that is taken which belongs
        to ``data``; of a file's images of ``from_side`` pixels a side and ``from_pixels`` values
        each, or more, ``[large]`` goes before it. What stands outside of these tables goes before
        all, so that options have the last word.
    images
        Those that ``data`` names.
    """
    rest = {k: v for k, v in table.items() if k not in (DIGITS, "files", "large")}
    built_in = table["data"] == DIGITS
    chosen = dict(table[DIGITS if built_in else "files"])
    large = dict(table.get("large", {}))
    side, pixels = large.pop("from_side", 0), large.pop("from_pixels", 0)
    if not built_in and images.shape[-1] >= side and prod(images.shape) >= pixels:
        change(chosen, flat(large), "settings of large images")
    change(chosen, flat(rest), "settings")
    return chosen


def name_of(data: str) -> str:
    """Return how a summary calls images: by the name of their file, without its folder."""
    return data if data == DIGITS else Path(data).stem


def line(ax: Axes, x: npt.ArrayLike, entries: Iterable[Spread], style: Style, **more: Any) -> None:
    """Draw means with their standard deviations."""
    label, colour, marker = style
    shown = list(entries)
    options: dict[str, Any] = {
        "ls": "-", "ms": 3.5, "capsize": 2, "elinewidth": 0.7, "label": label,
    }  # fmt: skip
    ax.errorbar(
        x, [e.mean for e in shown], [e.sd for e in shown],
        color=colour, marker=marker, **{**options, **more},
    )  # fmt: skip
