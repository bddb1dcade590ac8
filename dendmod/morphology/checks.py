"""Checks of the text of SWC and ASC files, line by line, before morphio sees it.

morphio only warns of some of these faults.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from dendmod.errors import MorphologyError
from dendmod.morphology.model import LARGEST, SMALLEST

SOMA = 1
WHOLE = (0, 1, 6)  # fields of a line that are whole numbers: id, type, parent
_TYPES = {SOMA: "soma", 2: "axon", 3: "basal", 4: "apical"}
_ASC_POINT = re.compile(r"\(\s*" + r"\s+".join(4 * [r"([^\s()]+)"]))


@dataclass(frozen=True)
class _Point:
    line: int
    kind: int
    parent: int


def check_swc(text: str, origin: str) -> None:
    """Check an SWC text line by line.

    Raises
    ------
    MorphologyError
        With the line, for short lines, what is no number, NaN, sizes that no neuron has, unknown
        types, duplicate ids, missing parents, cycles, a second root and a soma that branches; and
        for a file without points or soma.
    """
    points: dict[int, _Point] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.split("#")[0].split()
        if not fields:
            continue
        where = f"{origin}:{number}"
        point, kind, parent = _fields(fields, line, where)
        if point in points:
            raise MorphologyError(
                f"{where}: id {point} was given before, in line {points[point].line}"
            )
        points[point] = _Point(number, kind, parent)
    if not points:
        raise MorphologyError(f"{origin}: the file holds no points")
    roots = [p for p in points.values() if p.parent == -1]
    if len(roots) > 1:
        raise MorphologyError(
            f"{origin}:{roots[1].line}: a second root (parent -1); the first is in line "
            f"{roots[0].line}. A neuron is one tree: join them or remove one"
        )
    for number, p in points.items():
        if p.parent != -1 and p.parent not in points:
            raise MorphologyError(
                f"{origin}:{p.line}: the parent {p.parent} of point {number} does not exist"
            )
    _check_cycles(points, origin)
    _check_soma(points, roots[0], origin)


def _fields(fields: list[str], line: str, where: str) -> tuple[int, int, int]:
    """Return id, type and parent of a line whose fields are allowed."""
    if len(fields) != 7:
        raise MorphologyError(
            f"{where}: {len(fields)} fields; an SWC line has 7: id type x y z radius parent"
        )
    try:
        values = [float(f) for f in fields[2:6]]
        numbers = [float(fields[k]) for k in WHOLE]
    except ValueError:
        raise MorphologyError(f"{where}: not a number in {line.strip()!r:.100}") from None
    if not all(number.is_integer() for number in numbers):
        raise MorphologyError(
            f"{where}: id, type and parent are whole numbers; {line.strip()!r:.100}"
        )
    point, kind, parent = map(int, numbers)
    if not all(map(math.isfinite, values)):
        raise MorphologyError(f"{where}: a coordinate or the radius is not finite")
    if values[3] <= 0:
        raise MorphologyError(f"{where}: the radius is {values[3]} um; give > 0")
    if values[3] < SMALLEST or max(map(abs, values)) > LARGEST:
        raise MorphologyError(
            f"{where}: a radius below {SMALLEST:g} um, or a radius or coordinate beyond "
            f"{LARGEST:g} um, is no neuron's; coordinates and radii are in um"
        )
    if point < 0:
        raise MorphologyError(f"{where}: the id {point} is negative")
    if kind not in _TYPES:
        known = ", ".join(f"{number} {name}" for number, name in _TYPES.items())
        raise MorphologyError(
            f"{where}: the type {kind} is not known; dendmod knows {known}. Assign the point to one"
        )
    return point, kind, parent


def _check_cycles(points: dict[int, _Point], origin: str) -> None:
    reaches_root: set[int] = set()
    for start in points:
        walked: dict[int, None] = {}
        point = start
        while point != -1 and point not in reaches_root:
            if point in walked:
                raise MorphologyError(
                    f"{origin}:{points[point].line}: point {point} is its own ancestor (a cycle)"
                )
            walked[point] = None
            point = points[point].parent
        reaches_root.update(walked)


def _check_soma(points: dict[int, _Point], root: _Point, origin: str) -> None:
    """Check that the soma is there, holds the root and is one cylinder or a chain of points."""
    soma = {number: p for number, p in points.items() if p.kind == SOMA}
    if not soma:
        raise MorphologyError(f"{origin}: no point has type {SOMA}; a neuron needs a soma")
    if root.kind != SOMA:
        raise MorphologyError(f"{origin}:{root.line}: the root is not the soma (type {SOMA})")
    followed: set[int] = set()
    for p in soma.values():
        if p.parent == -1:
            continue
        if p.parent not in soma:
            raise MorphologyError(
                f"{origin}:{p.line}: a point of the soma (type {SOMA}) has a neurite as its parent"
            )
        # NeuroMorpho's three points, a centre and two sides, are the one branching soma allowed
        if p.parent in followed and not (len(soma) == 3 and points[p.parent] == root):
            raise MorphologyError(
                f"{origin}:{p.line}: the soma branches here; draw it as one point, as a chain of "
                "points or as NeuroMorpho's three points"
            )
        followed.add(p.parent)


def check_asc(text: str, origin: str) -> None:
    """Check that the parentheses of an ASC text match and its points are in range.

    Raises
    ------
    MorphologyError
        With the line of the first parenthesis that closes nothing or is never closed, and of the
        first point that is not finite or too far away.
    """
    opened: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        _check_asc_points(line, f"{origin}:{number}")
        quoted = False
        for character in line:
            if character == '"':
                quoted = not quoted
            elif character == ";" and not quoted:
                break
            elif character == "(" and not quoted:
                opened.append(number)
            elif character == ")" and not quoted:
                if not opened:
                    raise MorphologyError(f"{origin}:{number}: a ')' that closes nothing")
                opened.pop()
    if opened:
        raise MorphologyError(
            f"{origin}:{opened[-1]}: a '(' that is never closed; is the file truncated?"
        )


def _check_asc_points(line: str, where: str) -> None:
    for fields in _ASC_POINT.findall(line):
        try:
            values = [float(f) for f in fields]
        except ValueError:
            if fields[0][0] not in "+-.0123456789" or fields[0].endswith(","):
                continue  # a name, or a colour
            raise MorphologyError(
                f"{where}: not a number in {' '.join(fields)!r:.80}; a point is x y z and a "
                "diameter"
            ) from None
        if not all(abs(v) <= LARGEST for v in values):
            raise MorphologyError(
                f"{where}: a coordinate or the diameter is not finite or beyond {LARGEST:g} um"
            )
