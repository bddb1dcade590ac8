"""Read protocol files, with errors that name the field, what was given and what is allowed."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from dendmod.cells.file import find_cell, shipped_cells
from dendmod.errors import SpecError, did_you_mean, of_file
from dendmod.paths import data_dir
from dendmod.protocol.model import Protocol, Readings
from dendmod.spec.tables import change, flat, load_toml

_FILES = ("morphology", "reduced", "file")  # fields of [cell] that may name a file


def find_protocol(name: str | Path) -> Path:
    """Return the path of a protocol: a file, or the name of one that dendmod carries.

    Raises
    ------
    SpecError
        If there is no such file.
    """
    path = Path(name)
    if os.path.isfile(path):
        return path
    shipped = {p.stem: p for p in data_dir("protocols").glob("*.toml")}
    if path.stem in shipped and path.parent == Path("."):
        return shipped[path.stem]
    raise SpecError(
        f"there is no protocol file {str(name)!r}."
        + did_you_mean(path.stem, shipped)
        + " Other figures are made by `dendmod figure`; --list names them"
    )


def load_protocol(
    name: str | Path, changes: Mapping[str, Any] | None = None, *, quick: bool = False
) -> Protocol:
    """Read and check a protocol file, with fields (dotted names) changed.

    `quick` takes its quick scale (`Protocol.quick`); changes come after it.

    Files that it names are looked for beside it first, then in the working folder.

    Raises
    ------
    SpecError
        If a field is unknown, misspelt, has the wrong unit or an impossible value.
    """
    path = find_protocol(name)
    table = load_toml(path)
    if str(table.get("schema", "")).startswith("dendmod/stimuli/"):
        raise SpecError(
            f"{path} is a file of stimuli, which has no arms and levels; `dendmod run {name}` runs "
            "it, and dendmod.protocol.stimuli_file.load_stimuli reads it"
        )
    look_beside(path, table)
    return parse_protocol(table, changes, origin=str(path), quick=quick)


def look_beside(path: Path, table: dict[str, Any]) -> None:
    """Give the full path of each file of a cell or a waveform that lies beside the protocol."""
    places: list[tuple[Any, tuple[str, ...]]] = [(table.get("cell"), _FILES)]
    stimuli = table.get("stimuli")
    if isinstance(stimuli, dict):
        places += [(stimulus, ("file",)) for stimulus in stimuli.values()]
    for fields, names in places:
        if not isinstance(fields, dict):
            continue
        for name in names:
            given = fields.get(name)
            if not isinstance(given, str):
                continue
            beside = path.parent / given
            is_cell = fields is table.get("cell") and name == "file"
            if (Path(given).suffix and os.path.isfile(beside)) or (
                is_cell and os.path.isdir(beside)
            ):
                fields[name] = str(beside.resolve())


def parse_protocol(
    table: dict[str, Any],
    changes: Mapping[str, Any] | None = None,
    *,
    origin: str = "protocol",
    quick: bool = False,
) -> Protocol:
    """Check a protocol given as a table."""
    if quick:
        table = _checked(table, origin).quick().model_dump(mode="json", by_alias=True)
    return _checked(with_changes(table, changes or {}, origin), origin)


def with_changes(table: dict[str, Any], changes: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Return a protocol's table with fields changed; a whole cell takes the place of the file's.

    Raises
    ------
    SpecError
        If there is no such cell.
    """
    if changes.get("cell.file") is not None:
        table = {**table, "cell": {}}
    change(table, changes, origin)
    cell = table.get("cell")
    file = cell.get("file") if isinstance(cell, dict) else None
    if isinstance(cell, dict) and isinstance(file, str) and file not in shipped_cells():
        with of_file(origin):
            cell["file"] = str(find_cell(file).resolve())
    return table


def _checked(table: dict[str, Any], origin: str) -> Protocol:
    with of_file(origin):
        return Protocol.model_validate(table)


def load_readings(name: str | Path) -> tuple[Readings, dict[str, Protocol]]:
    """Read a file of readings; return it and the protocol of each variant by name."""
    path = find_protocol(name)
    table = load_toml(path)
    with of_file(path):
        readings = Readings.model_validate(table)
    return readings, _variants(path, readings)


def _variants(
    path: Path, readings: Readings, changes: Mapping[str, Any] | None = None, quick: bool = False
) -> dict[str, Protocol]:
    """Return the protocol of each variant by name; an error says which one it is of."""
    base = path.parent / readings.base
    found = {}
    for v in readings.variants:
        with of_file(f"{path}: variant {v.name}"):
            found[v.name] = load_protocol(base, {**(changes or {}), **v.set}, quick=quick)
    return found


def load_variants(
    name: str | Path,
    changes: Mapping[str, Any] | None = None,
    *,
    fixed: Collection[str] = (),
    quick: bool = False,
) -> tuple[Path, str, dict[str, Protocol]]:
    """Read a protocol file or a file of readings.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries.
    changes
        Fields (dotted names) that are changed in each protocol; what a variant sets stays.
    fixed
        Those of `changes` that no variant may set.
    quick
        Take the quick scale of each protocol; changes come after it.

    Returns
    -------
    path, title, protocols
        The file, its title, and the protocol of each variant by name; a protocol file is the only
        variant of itself.

    Raises
    ------
    SpecError
        If a field is unknown, or a variant sets a fixed one.
    """
    path = find_protocol(name)
    if not str(load_toml(path).get("schema", "")).startswith("dendmod/readings/"):
        protocol = load_protocol(path, changes, quick=quick)
        return path, protocol.title, {protocol.name: protocol}
    readings, _ = load_readings(path)
    for variant in readings.variants:
        both = sorted(set(fixed) & set(variant.set))
        if both:
            raise SpecError(
                f"{path}: the variant {variant.name!r} sets {', '.join(both)} itself; leave that "
                "field out of the grid, or take the protocol file in place of the readings"
            )
    return path, readings.title, _variants(path, readings, changes, quick)


def protocol_of(settings: dict[str, Any], quick: bool) -> Protocol:
    """Return the protocol that a figure's settings name, with the other settings changed in it."""
    table = dict(settings)
    name = table.pop("protocol")
    return load_protocol(name, flat(table), quick=quick)
