"""The shape of a cell that was read out of NEURON section by section (``dendmod/sections/1``)."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from dendmod.errors import SpecError, of_file
from dendmod.morphology.model import Array, Morphology, Section
from dendmod.spec.frozen import FrozenCell, FrozenSection
from dendmod.texts import read_text

_GOLDEN = np.pi * (3 - 5**0.5)  # rad: directions that do not repeat, where a cell gives none
_BEND = 0.3  # rad, by which a drawn child leaves its parent's direction


def read_frozen(path: str | Path) -> FrozenCell:
    """Read a cell section by section from its file.

    Raises
    ------
    SpecError
        If there is no such file, or its sections do not form a tree.
    """
    path = Path(path)
    if not os.path.isfile(path):
        raise SpecError(f"there is no file of sections {path}")
    return _read_once(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _read_once(path: str, mtime_ns: int) -> FrozenCell:
    with of_file(path):
        return FrozenCell.model_validate_json(read_text(path))


def shape_of_frozen(cell: FrozenCell) -> Morphology:
    """Return the shape of a cell that was read out, with its places of joining.

    Sections without points are drawn as straight lines; their L and diameters say their size.

    Raises
    ------
    MorphologyError
        If its root is not the soma.
    """
    made: list[Section] = []
    directions: list[float] = []
    for i, section in enumerate(cell.sections):
        above = None if section.parent < 0 else made[section.parent]
        turn = directions[section.parent] + _BEND * (1 - 2 * (i % 2)) if above is not None else 0.0
        directions.append(i * _GOLDEN if section.parent == 0 else turn)
        made.append(_section(section, above, directions[-1]))
    return Morphology(cell.name, tuple(made))


def _section(section: FrozenSection, above: Section | None, direction: float) -> Section:
    drawn = not section.points
    if drawn:
        points = _line(section, above, direction)
        diameters = np.repeat(np.mean(section.diam), 2)
    else:
        table = np.array(section.points)
        points, diameters = table[:, :3], table[:, 3]
    return Section(
        kind=section.membrane.region,
        points=points,
        diameters=diameters,
        parent=section.parent,
        parent_x=section.parent_x,
        end=section.end,
        name=section.name,
        L=section.L if drawn else None,
        diam=section.diam if drawn else (),
    )


def _line(section: FrozenSection, above: Section | None, direction: float) -> Array:
    """Return two points that draw a section which has none, from where it is joined."""
    start = np.zeros(3)
    if above is not None:
        arc = np.concatenate([[0.0], np.cumsum(above.steps)])
        start = np.array(
            [np.interp(section.parent_x * arc[-1], arc, above.points[:, k]) for k in range(3)]
        )
    ahead = section.L * np.array([np.cos(direction), np.sin(direction), 0.0])
    line = np.array([start, start + ahead])
    return line[::-1] if section.end else line
