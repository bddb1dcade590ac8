"""Read files of shapes, with errors that say what is wrong and where."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from dendmod.errors import MorphologyError, of_file
from dendmod.morphology.checks import WHOLE, check_asc, check_swc
from dendmod.morphology.frozen import read_frozen, shape_of_frozen
from dendmod.morphology.model import Array, Kind, Morphology, Section
from dendmod.morphology.plausible import check_soma_chain, warn_of_sizes
from dendmod.morphology.soma import outline_to_stack
from dendmod.texts import decoded

Digits = dict[tuple[float, ...], tuple[float, ...]]  # a point as it is written, by its rounding
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_POINT = re.compile(r"\(\s*" + r"[\s,]+".join([_NUMBER] * 4))
_KINDS: dict[str, Kind] = {"axon": "axon", "basal_dendrite": "basal", "apical_dendrite": "apical"}


def read(path: str | Path, name: str | None = None) -> Morphology:
    """Read a morphology from an SWC or ASC (Neurolucida) file, or that of a cell read out.

    Parameters
    ----------
    path
        The file.
    name
        Its name in results; the file's stem if None.

    Raises
    ------
    MorphologyError
        If the file is missing, empty, of an unknown format or cannot be a neuron; errors name the
        line.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not os.path.isfile(path):
        raise MorphologyError(f"there is no morphology file {path}")
    if suffix == ".json":
        with of_file(path):
            return shape_of_frozen(read_frozen(path))
    if suffix not in (".swc", ".asc"):
        raise MorphologyError(
            f"{path}: unknown format {suffix!r}; give an .swc or .asc file, or the .json of a cell "
            "read out of NEURON"
        )
    text = _text(path)
    (check_swc if suffix == ".swc" else check_asc)(text, str(path))
    if suffix == ".swc":
        text = "\n".join(map(_with_whole_numbers, text.split("\n")))
    return _convert(text, path, name or path.stem)


def _text(path: Path) -> str:
    """Return the text of a file with one kind of line end and without what is not ASCII.

    Only labels and comments are lost: numbers and keywords are ASCII.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise MorphologyError(f"{path} cannot be read: {error.strerror}") from None
    if not raw.strip():
        raise MorphologyError(f"{path}: the file is empty")
    try:
        text = decoded(raw)
    except UnicodeDecodeError:  # labels of older programs
        text = decoded(raw.decode("latin-1").encode())
    if "\0" in text:
        raise MorphologyError(f"{path}: not a text file (it holds zero bytes); is it truncated?")
    return text.encode("ascii", "replace").decode("ascii")


def _with_whole_numbers(line: str) -> str:
    """Return a line with 1 in place of 1.000000, which tables saved by numpy and pandas have."""
    fields = line.split("#")[0].split()
    if not any("." in fields[k] or "e" in fields[k].lower() for k in WHOLE if k < len(fields)):
        return line
    for k in WHOLE:
        fields[k] = str(int(float(fields[k])))
    return " ".join(fields)


def _convert(text: str, path: Path, name: str) -> Morphology:
    import morphio

    morphio.set_maximum_warnings(0)
    try:
        found = morphio.Morphology(
            text, path.suffix[1:].lower(), morphio.Option.allow_unifurcated_section_change
        )
    except Exception as error:  # morphio raises its own and C++ errors
        raise MorphologyError(_explained(str(error), path)) from None
    written = _written(text) if path.suffix.lower() == ".asc" else None
    try:
        soma = _soma(found, path, written)
    except MorphologyError as error:
        raise MorphologyError(f"{path}: the soma: {error}") from None
    centre = soma.points.mean(axis=0)
    reach = float(np.linalg.norm(soma.points - centre, axis=1).max() + soma.diameters.max())
    sections = [soma]
    number = {-1: 0}
    for s in found.iter():
        points, diameters = s.points.astype(float), s.diameters.astype(float)
        if written is not None:
            points, diameters = _imported(*_digits(points, diameters, written))
        kind = _KINDS.get(s.type.name)
        if kind is None:
            raise MorphologyError(
                f"{_place(text, path, points[-1])}: a branch of type {s.type.name!r}; dendmod "
                f"knows {', '.join(_KINDS)}. Assign its points to one of these"
            )
        parent = number[-1 if s.is_root else s.parent.id]
        if len(points) == 1:
            where = _place(text, path, points[0], last=not s.is_root)
            _check_only_point(where, points[0], s.is_root, path, centre, reach)
            # a root that branches at once: as in NEURON, it then starts in the soma
            points, diameters = np.vstack([centre, points]), np.repeat(diameters, 2)
        try:
            section = Section(kind, points, diameters, parent)
        except MorphologyError as error:
            where = _place(text, path, points[-1])
            raise MorphologyError(f"{where}: the branch that ends here: {error}") from None
        number[s.id] = len(sections)
        sections.append(section)
    try:
        morphology = Morphology(name, tuple(sections))
    except MorphologyError as error:
        raise MorphologyError(f"{path}: {error}") from None
    warn_of_sizes(morphology, str(path))
    return morphology


def _check_only_point(
    where: str, point: Array, is_root: bool, path: Path, centre: Array, reach: float
) -> None:
    """Refuse a branch of one point whose length the file does not say.

    morphio merges points that lie on a branching point. An SWC root of one point is joined to a
    point of the soma by the file; an ASC root is so by its place alone.
    """
    if not is_root:
        raise MorphologyError(
            f"{where}: the branch that ends here has no length: it lies on the branching point "
            "that it is joined to. Remove its points, or join what follows to the branching point"
        )
    away = float(np.linalg.norm(point - centre))
    if path.suffix.lower() == ".asc" and away > reach:
        raise MorphologyError(
            f"{where}: a root that branches at its first point, {away:.0f} um from the middle of a "
            f"soma that reaches {reach:.0f} um; the file does not say how it gets there. Give it "
            "a point at the soma"
        )


def _explained(message: str, path: Path) -> str:
    """Return morphio's message without its colours, led by file and line."""
    plain = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", message).split())
    plain = "".join(c if c.isprintable() else "?" for c in plain)
    found = re.match(r"\$STRING\$:(\d+):error (.*)", plain)
    if found:
        return f"{path}:{found[1]}: {found[2]}"
    return f"{path}: not understood ({plain.removesuffix(': $STRING$')})"


def _place(text: str, path: Path, point: Array, *, last: bool = False) -> str:
    """Return file and line of a point, the first or the last of those that have its place."""
    place = str(path)
    first = 2 if path.suffix.lower() == ".swc" else 0
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.strip(" \t(").split()[first : first + 3]
        try:
            found = [float(f) for f in fields]
        except ValueError:  # no point in this line
            continue
        if len(found) == 3 and np.allclose(found, point, rtol=1e-6, atol=1e-6):
            place = f"{path}:{number}"
            if not last:
                break
    return place


def _written(text: str) -> Digits:
    """Return the points of an ASC file with all their digits, by what is left in single precision.

    NEURON keeps the digits; morphio, which reads the file here, does not.
    """
    rows = np.array([[float(x) for x in row] for row in _POINT.findall(text)]).reshape(-1, 4)
    short = rows.astype(np.float32).astype(float)
    return dict(zip(map(tuple, short.tolist()), map(tuple, rows.tolist()), strict=True))


def _digits(points: Array, diameters: Array, written: Digits) -> tuple[Array, Array]:
    """Return points and diameters (um) with the digits of the file."""
    rows = np.column_stack([points, diameters]).tolist()
    found = np.array([written.get(tuple(row), row) for row in rows])
    return found[:, :3], found[:, 3]


def _imported(points: Array, diameters: Array) -> tuple[Array, Array]:
    """Return points and diameters (um) as NEURON's import makes them: eight digits, then single."""

    def made(values: Array) -> Array:
        eight = [float(f"{x:.8g}") for x in values.ravel()]
        return np.array(eight, np.float32).astype(float).reshape(values.shape)

    return made(points), made(diameters)


def _soma(found, path: Path, written: Digits | None) -> Section:  # type: ignore[no-untyped-def]  # morphio has no types
    points = np.asarray(found.soma.points, dtype=float)
    diameters = np.asarray(found.soma.diameters, dtype=float)
    kind = found.soma_type.name
    if len(points) == 0:
        raise MorphologyError("there is none; a neuron needs one")
    if path.suffix.lower() == ".asc":
        if len(points) < 3:
            raise MorphologyError(f"its outline has {len(points)} points; draw >= 3")
        outline = points if written is None else _digits(points, diameters, written)[0]
        return Section("soma", *_imported(*outline_to_stack(outline)), -1)
    if len(points) == 1 or kind == "SOMA_NEUROMORPHO_THREE_POINT_CYLINDERS":
        r = diameters[0] / 2
        points = points[0] + np.array([[-r, 0.0, 0.0], [0.0, 0.0, 0.0], [r, 0.0, 0.0]])  # as NEURON
        diameters = np.repeat(diameters[0], 3)
    check_soma_chain(points, diameters)
    return Section("soma", points, diameters, -1)
