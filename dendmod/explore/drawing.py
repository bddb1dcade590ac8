"""Where the segments of a cell are drawn: polylines in space, turned and projected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.cells.file import LoadedCell

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Drawing:
    """The segments of all sections that have points; a drawn axon has none.

    Parameters
    ----------
    lines
        Points (um) of each segment, each of shape [points, 3], about the soma's middle.
    place
        Its middle as NEURON names it, such as ``apic[36](0.5)``.
    section
        Number of its section, shape [segments].
    x
        Its middle on the section, shape [segments].
    region
        Of which part of the cell it is.
    distance, diameter
        Path distance from the soma's middle and mean diameter (um), shape [segments].
    """

    lines: tuple[Array, ...]
    place: tuple[str, ...]
    section: npt.NDArray[np.int64]
    x: Array
    region: tuple[str, ...]
    distance: Array
    diameter: Array

    def projected(self, azimuth: float, elevation: float) -> tuple[list[Array], list[Array]]:
        """Return x and y (um) of each line, seen from an azimuth and an elevation (degrees)."""
        turn = turned(azimuth, elevation)
        flat = [line @ turn.T for line in self.lines]
        return [p[:, 0] for p in flat], [p[:, 1] for p in flat]

    def middles(self, azimuth: float, elevation: float) -> Array:
        """Return the projected middles of all segments (um), shape [segments, 2]."""
        at = np.array([line[len(line) // 2] for line in self.lines])
        return (at @ turned(azimuth, elevation).T)[:, :2]

    def nearest(self, x: float, y: float, azimuth: float, elevation: float) -> int:
        """Return the segment that is drawn nearest to a point (um)."""
        xs, ys = self.projected(azimuth, elevation)
        away = [_away(np.column_stack(pair), np.array([x, y])) for pair in zip(xs, ys, strict=True)]
        return int(np.argmin(away))

    def index(self, place: str) -> int:
        """Return the segment that a place is on, by its name."""
        name, _, x = place.partition("(")
        of = [i for i, p in enumerate(self.place) if p.partition("(")[0] == name]
        at = float(x.rstrip(")")) if x else 0.5
        return of[int(np.argmin(np.abs(self.x[of] - at)))]


def turned(azimuth: float, elevation: float) -> Array:
    """Return the rotation about the vertical by an azimuth, then by an elevation (degrees)."""
    a, e = np.deg2rad([azimuth, elevation])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(e), -np.sin(e)], [0, np.sin(e), np.cos(e)]])
    return about_x @ about_y


def drawing_of(loaded: LoadedCell) -> Drawing:
    """Return the drawing of a cell."""
    sections = loaded.shape.morphology.sections
    soma = _along(sections[0].points, np.array([0.5]))[0]
    lines, place, number, x, region, distance, diameter = [], [], [], [], [], [], []
    for i, section in enumerate(sections):
        nseg, name = loaded.tables.sections[i].nseg, loaded.shape.sections[i].name
        for k, facts in enumerate(loaded.shape.places(i, nseg, False)):
            lines.append(_between(section.points, k / nseg, (k + 1) / nseg) - soma)
            place.append(f"{name}({facts['x']:.4g})")
            number.append(i)
            x.append(facts["x"])
            region.append(section.kind)
            distance.append(facts["distance"])
            diameter.append(facts["diameter"])
    return Drawing(
        tuple(lines), tuple(place), np.array(number), np.array(x), tuple(region),
        np.array(distance), np.array(diameter),
    )  # fmt: skip


def _arc(points: Array) -> Array:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    return along / along[-1]


def _along(points: Array, at: Array) -> Array:
    arc = _arc(points)
    return np.stack([np.interp(at, arc, points[:, k]) for k in range(3)], axis=1)


def _between(points: Array, low: float, high: float) -> Array:
    """Return the line from one part of a section to another, with its middle as a point."""
    arc = _arc(points)
    at = np.unique([low, (low + high) / 2, high, *arc[(arc > low) & (arc < high)]])
    return _along(points, at)


def _away(line: Array, point: Array) -> float:
    """Return how far a point is from a line of straight pieces."""
    start, step = line[:-1], np.diff(line, axis=0)
    size = np.maximum((step**2).sum(axis=1), 1e-12)
    part = np.clip(((point - start) * step).sum(axis=1) / size, 0, 1)
    return float(np.linalg.norm(start + part[:, None] * step - point, axis=1).min())


def widths(diameter: Sequence[float] | Array) -> Array:
    """Return widths of lines (screen units) for diameters (um): thin ones stay visible."""
    return np.clip(0.6 + 0.55 * np.asarray(diameter, float), 1.0, 9.0)
