"""The shape of a cell as NeuroML segments.

NeuroML puts one number on a group of its segments (frusta), and programs divide an unbranched group
as ``numberInternalDivisions`` says. A section in which a number differs from segment to segment is
therefore cut at the segments' borders into pieces of one segment each: the same compartments and
the same resistances between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

import numpy as np

from dendmod.cells.exports.neuroml_rates import CannotBeWritten, add
from dendmod.spec.frozen import FrozenCell, FrozenSection
from dendmod.spec.result import Array

_SECTION = "sao864921383"  # what NeuroML calls an unbranched group
_GROUPS = {
    "soma": ("soma_group", "GO:0043025"),
    "axon": ("axon_group", "GO:0030424"),
    "dendrite": ("dendrite_group", "GO:0030425"),
}


@dataclass(frozen=True)
class Piece:
    """An unbranched group: a section, or one segment of it.

    Parameters
    ----------
    name
        Its id.
    section, segment
        Numbers of its section and of its segment there; -1 for a whole section.
    nseg
        Segments in it.
    points
        x, y, z and diameter (um), shape [point, 4].
    parent, parent_x
        Number of the piece that it is joined to, -1 for none, and where.
    """

    name: str
    section: int
    segment: int
    nseg: int
    points: Array
    parent: int
    parent_x: float


def pieces_of(cell: FrozenCell) -> tuple[Piece, ...]:
    """Return the unbranched groups of a cell, parents first.

    Raises
    ------
    CannotBeWritten
        If a section is joined by its end 1.
    """
    pieces: list[Piece] = []
    first: list[int] = []  # number of each section's first piece
    ends: list[Array] = []  # points of each section
    for i, section in enumerate(cell.sections):
        if section.end:
            raise CannotBeWritten(f"the section {section.name} is joined by its end 1")
        first.append(len(pieces))
        parent, parent_x = -1, 1.0
        start = np.zeros(3)
        if section.parent >= 0:
            above = cell.sections[section.parent]
            n = above.membrane.nseg if is_cut(above) else 1
            k = min(int(section.parent_x * n), n - 1)
            parent, parent_x = first[section.parent] + k, section.parent_x * n - k
            start = _along(ends[section.parent], section.parent_x)[:3]
        points = _points(section, start)
        ends.append(points)
        name = section.name.replace("[", "_").replace("]", "").replace(".", "_")
        if not is_cut(section):
            whole = section.membrane.nseg
            pieces.append(Piece(name, i, -1, whole, points, parent, parent_x))
            continue
        n = section.membrane.nseg
        for k in range(n):
            cut = _between(points, k / n, (k + 1) / n)
            if not section.points:
                cut[:, 3] = section.diam[k % len(section.diam)]
            joined = (parent, parent_x) if k == 0 else (len(pieces) - 1, 1.0)
            pieces.append(Piece(f"{name}_seg_{k}", i, k, 1, cut, *joined))
    return tuple(pieces)


def is_cut(section: FrozenSection) -> bool:
    """Return whether a number differs from segment to segment of a section."""
    taper = not section.points and len(section.diam) > 1
    return taper or any(len(row) > 1 for row in section.membrane.values.values())


def number_at(row: tuple[float, ...], piece: Piece) -> float:
    """Return the number of a row in a piece."""
    return row[0] if len(row) == 1 else row[piece.segment]


def is_drawn(cell: FrozenCell) -> bool:
    """Return whether a section has no points, so that its direction is of no meaning."""
    return any(not s.points for s in cell.sections)


def morphology(cell: FrozenCell, pieces: tuple[Piece, ...]) -> ET.Element:
    """Return the morphology with a segment group for each piece and each region."""
    made = ET.Element("morphology", id=f"{cell.name}_morphology")
    segments: list[list[int]] = []
    regions: dict[str, list[str]] = {}
    number = 0
    for piece in pieces:
        own = []
        for j in range(len(piece.points) - 1):
            segment = ET.Element("segment", id=str(number), name=f"{piece.name}_{j}")
            if j:
                add(segment, "parent", segment=str(number - 1))
            elif piece.parent >= 0:
                at, fraction = _place(pieces[piece.parent], piece.parent_x)
                where = str(segments[piece.parent][at])
                add(segment, "parent", segment=where, fractionAlong=repr(fraction))
            if j == 0:
                _point(segment, "proximal", piece.points[j])
            _point(segment, "distal", piece.points[j + 1])
            made.append(segment)
            own.append(number)
            number += 1
        segments.append(own)
        region: str = cell.sections[piece.section].membrane.region
        key = region if region in _GROUPS else "dendrite"
        regions.setdefault(key, []).append(piece.name)
    for piece, own in zip(pieces, segments, strict=True):
        piece_group = add(made, "segmentGroup", id=piece.name, neuroLexId=_SECTION)
        add(piece_group, "property", tag="numberInternalDivisions", value=str(piece.nseg))
        for n in own:
            add(piece_group, "member", segment=str(n))
    for key, names in regions.items():
        group_id, term = _GROUPS[key]
        group(made, group_id, names, term)
    group(made, "all", [piece.name for piece in pieces])
    return made


def group(morphology: ET.Element, name: str, members: list[str], term: str | None = None) -> None:
    """Add a group of groups."""
    made = add(morphology, "segmentGroup", id=name, neuroLexId=term)
    for member in members:
        add(made, "include", segmentGroup=member)


def segment_at(pieces: tuple[Piece, ...], section: int, x: float) -> tuple[int, float]:
    """Return the number of the NeuroML segment at a place of a section, and where on it."""
    own = [i for i, p in enumerate(pieces) if p.section == section]
    k = min(int(x * len(own)), len(own) - 1)
    at, fraction = _place(pieces[own[k]], x * len(own) - k)
    return sum(len(p.points) - 1 for p in pieces[: own[k]]) + at, fraction


def _point(segment: ET.Element, tag: str, point: Array) -> None:
    x, y, z, diameter = map(float, point)
    add(segment, tag, x=x, y=y, z=z, diameter=diameter)


def _points(section: FrozenSection, start: Array) -> Array:
    """Return points in different places; a section without is drawn straight down."""
    if not section.points:
        d = section.diam[0]
        end = start - np.array([0.0, section.L, 0.0])
        return np.array([[*start, d], [*end, d]])
    points = np.array(section.points, dtype=np.float32).astype(float)
    steps = np.diff(points, axis=0)
    moves = np.any(steps[:, :3] != 0, axis=1)
    if np.any(steps[~moves, 3] != 0):
        raise CannotBeWritten(
            f"{section.name} has two points in one place with different diameters"
        )
    return points[np.append(True, moves)]


def _arcs(points: Array) -> Array:
    steps = np.sqrt((np.diff(points[:, :3], axis=0) ** 2).sum(axis=1))
    return np.concatenate([[0.0], np.cumsum(steps)])


def _along(points: Array, x: float) -> Array:
    arc = _arcs(points)
    return np.array([np.interp(x * arc[-1], arc, points[:, k]) for k in range(4)])


def _between(points: Array, low: float, high: float) -> Array:
    arc = _arcs(points) / _arcs(points)[-1]
    inside = points[(arc > low + 1e-9) & (arc < high - 1e-9)]
    return np.vstack([_along(points, low), inside, _along(points, high)])


def _place(piece: Piece, x: float) -> tuple[int, float]:
    """Return which frustum of a piece a place is on, and where on it."""
    arc = _arcs(piece.points)
    at = min(int(np.searchsorted(arc, x * arc[-1], side="right")) - 1, len(arc) - 2)
    fraction = (x * arc[-1] - arc[at]) / (arc[at + 1] - arc[at])
    return at, float(min(max(fraction, 0.0), 1.0))
