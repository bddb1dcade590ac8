"""Read SWC and ASC files, with errors that say what is wrong and where."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from dendmod.errors import MorphologyError
from dendmod.morphology.model import Kind, Morphology, Section
from dendmod.morphology.soma import outline_to_stack

_KINDS: dict[str, Kind] = {"axon": "axon", "basal_dendrite": "basal", "apical_dendrite": "apical"}


def read(path: str | Path, name: str | None = None) -> Morphology:
    """Read a morphology from an SWC or ASC (Neurolucida) file.

    Parameters
    ----------
    path
        The file.
    name
        Its name in results; the file's stem if None.

    Raises
    ------
    MorphologyError
        If the file is missing, empty, of an unknown format or cannot be a neuron; errors in SWC
        files name the line.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not path.is_file():
        raise MorphologyError(f"there is no morphology file {path}")
    if suffix not in (".swc", ".asc"):
        raise MorphologyError(f"{path}: unknown format {suffix!r}; give an .swc or .asc file")
    text = _text(path)
    (check_swc if suffix == ".swc" else check_asc)(text, str(path))
    return _convert(path, name or path.stem)


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if not raw.strip():
        raise MorphologyError(f"{path}: the file is empty")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if "\0" in text:
        raise MorphologyError(f"{path}: not a text file (it holds zero bytes); is it truncated?")
    return text


def check_swc(text: str, origin: str) -> None:
    """Check an SWC text line by line.

    Raises
    ------
    MorphologyError
        With the line, for short lines, what is no number, NaN, duplicate ids, missing parents,
        cycles, radii that are not positive, a second root, and a file without points or soma.
    """
    parent_of: dict[int, int] = {}
    line_of: dict[int, int] = {}
    types: dict[int, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split("#")[0].split()
        if not fields:
            continue
        where = f"{origin}:{number}"
        if len(fields) != 7:
            raise MorphologyError(
                f"{where}: {len(fields)} fields; an SWC line has 7: id type x y z radius parent"
            )
        try:
            point, kind, parent = int(fields[0]), int(fields[1]), int(fields[6])
            values = [float(f) for f in fields[2:6]]
        except ValueError:
            raise MorphologyError(f"{where}: not a number in {line.strip()!r}") from None
        if not all(map(math.isfinite, values)):
            raise MorphologyError(f"{where}: a coordinate or the radius is not finite")
        if values[3] <= 0:
            raise MorphologyError(f"{where}: the radius is {values[3]} um; give > 0")
        if point < 0:
            raise MorphologyError(f"{where}: the id {point} is negative")
        if point in parent_of:
            raise MorphologyError(f"{where}: id {point} was given before, in line {line_of[point]}")
        parent_of[point], line_of[point], types[point] = parent, number, kind
    if not parent_of:
        raise MorphologyError(f"{origin}: the file holds no points")
    roots = [p for p, parent in parent_of.items() if parent == -1]
    if len(roots) > 1:
        raise MorphologyError(
            f"{origin}:{line_of[roots[1]]}: a second root (parent -1); the first is in line "
            f"{line_of[roots[0]]}. A neuron is one tree: join them or remove one"
        )
    for point, parent in parent_of.items():
        if parent != -1 and parent not in parent_of:
            raise MorphologyError(
                f"{origin}:{line_of[point]}: the parent {parent} of point {point} does not exist"
            )
    _check_cycles(parent_of, line_of, origin)
    if 1 not in types.values():
        raise MorphologyError(f"{origin}: no point has type 1; a neuron needs a soma")
    if types[roots[0]] != 1:
        raise MorphologyError(f"{origin}:{line_of[roots[0]]}: the root is not the soma (type 1)")


def _check_cycles(parent_of: dict[int, int], line_of: dict[int, int], origin: str) -> None:
    reaches_root: set[int] = set()
    for start in parent_of:
        walked: list[int] = []
        seen: set[int] = set()
        point = start
        while point != -1 and point not in reaches_root:
            if point in seen:
                raise MorphologyError(
                    f"{origin}:{line_of[point]}: point {point} is its own ancestor (a cycle)"
                )
            seen.add(point)
            walked.append(point)
            point = parent_of[point]
        reaches_root.update(walked)


def check_asc(text: str, origin: str) -> None:
    """Check that the parentheses of an ASC text match.

    Raises
    ------
    MorphologyError
        With the line of the first parenthesis that closes nothing or is never closed.
    """
    opened: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
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


def _convert(path: Path, name: str) -> Morphology:
    import morphio

    morphio.set_maximum_warnings(0)
    try:
        found = morphio.Morphology(str(path))
    except Exception as error:  # morphio raises its own and C++ errors
        reason = " ".join(str(error).split())
        raise MorphologyError(f"{path}: {reason}") from None
    soma = _soma(found, path)
    sections = [soma]
    number = {-1: 0}
    for s in found.iter():
        kind = _KINDS.get(s.type.name)
        if kind is None:
            raise MorphologyError(
                f"{path}: a branch of type {s.type.name!r}; dendmod knows {', '.join(_KINDS)}. "
                "Assign its points to one of these"
            )
        parent = number[-1 if s.is_root else s.parent.id]
        try:
            section = Section(kind, s.points.astype(float), s.diameters.astype(float), parent)
        except MorphologyError as error:
            raise MorphologyError(f"{path}: branch {s.id}: {error}") from None
        if section.length <= 0:
            raise MorphologyError(f"{path}: branch {s.id} has no length")
        number[s.id] = len(sections)
        sections.append(section)
    return Morphology(name, tuple(sections))


def _soma(found, path: Path) -> Section:  # type: ignore[no-untyped-def]  # morphio has no types
    points = np.asarray(found.soma.points, dtype=float)
    diameters = np.asarray(found.soma.diameters, dtype=float)
    kind = found.soma_type.name
    if len(points) == 0:
        raise MorphologyError(f"{path}: no soma; a neuron needs one")
    if path.suffix.lower() == ".asc":
        if len(points) < 3:
            raise MorphologyError(f"{path}: the soma outline has {len(points)} points; draw >= 3")
        return Section("soma", *outline_to_stack(points), -1)
    if len(points) == 1 or kind == "SOMA_NEUROMORPHO_THREE_POINT_CYLINDERS":
        half = np.array([0.0, diameters[0] / 2, 0.0])
        points = np.array([points[0] - half, points[0] + half])
        diameters = np.repeat(diameters[0], 2)
    return Section("soma", points, diameters, -1)
