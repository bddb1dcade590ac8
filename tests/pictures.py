"""Pictures as they are drawn: a test reads the data of their axes, not the size of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure


def axes_of(figure: Figure, label: str, nth: int = 0) -> Axes:
    """Return the axes whose title, xlabel or ylabel holds a text; of several, the nth."""
    return [
        ax for ax in figure.axes
        if any(label in text for text in (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()))
    ][nth]  # fmt: skip


def points(line) -> np.ndarray:
    """Return x and y of a line, or of a line with error bars, shape [2, points]."""
    line = line[0] if isinstance(line, ErrorbarContainer) else line
    return np.array([line.get_xdata(), line.get_ydata()], dtype=float)


def labelled(ax: Axes) -> dict[str, np.ndarray]:
    """Return x and y of the lines of an axes, with or without error bars, by label."""
    bars = [c for c in ax.containers if isinstance(c, ErrorbarContainer)]
    return {str(line.get_label()): points(line) for line in (*ax.lines, *bars)}


def bar_ends(ax: Axes) -> list[np.ndarray]:
    """Return both ends of the error bars of each line, shape [points, 2]; NaN where none is."""
    out = []
    for container in ax.containers:
        if isinstance(container, ErrorbarContainer):
            upright = container.has_yerr
            (bars,) = container[2]
            out.append(np.array([
                segment[:, int(upright)] if len(segment) else [np.nan, np.nan]
                for segment in bars.get_segments()
            ]))  # fmt: skip
    return out


def heights(ax: Axes) -> list[list[float]]:
    """Return the heights of each set of bars of an axes."""
    return [
        [bar.get_height() for bar in container]
        for container in ax.containers
        if isinstance(container, BarContainer)
    ]


def texts(ax: Axes) -> list[str]:
    """Return the texts that stand in an axes."""
    return [text.get_text() for text in ax.texts]


@contextmanager
def kept_pictures() -> Iterator[dict[str, Figure]]:
    """Keep every picture that is saved, by its file name; no file is written."""
    kept: dict[str, Figure] = {}

    def save(figure: Figure, out: object, name: str, *, note: str = "") -> None:
        kept[name] = figure

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dendmod.plotting.save", save)
        yield kept
    for figure in kept.values():
        plt.close(figure)
