"""Import a cell by building it as its authors do and reading it out of NEURON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dendmod.cells.imports.folder import copy_mods, finish, import_into
from dendmod.cells.imports.held import Held
from dendmod.cells.imports.original import Original, read_original
from dendmod.errors import MechanismError, did_you_mean, of_file
from dendmod.mechanisms import MechanismSet, mechanism_set
from dendmod.spec.cell_file import CellFile
from dendmod.spec.frozen import FrozenCell

SCHEMA = "dendmod/cell/1"
SECTIONS = "cell.sections.json"


@dataclass(frozen=True)
class Imported:
    """What an import wrote: the cell, how near it is to the original, what it is without."""

    cell: FrozenCell
    held: Held
    notes: tuple[str, ...]


def bring(
    out: Path,
    name: str,
    original: Original,
    made_by: Mapping[str, Any],
    *,
    files: Sequence[Path],
    more_mechanisms: Sequence[str] = (),
) -> Imported:
    """Read an original out, write it as a folder, and hold the folder against it.

    Parameters
    ----------
    out
        The folder.
    name
        Of the cell.
    original
        What builds it.
    made_by
        Format and arguments of the command.
    files
        Files that the original is made from, for the record.
    more_mechanisms
        Mechanisms of its folders to take along besides those that stand on the cell.

    Raises
    ------
    DendmodError
        If the original cannot be built, or has what a cell cannot have; nothing is written then.
    """
    check_name(name)
    with import_into(out, made_by) as folder:
        cell, notes, suffixes = read_original(original, name)
        mods = _files(mechanism_set(original.mechanisms), (*suffixes, *more_mechanisms), original)
        (folder / SECTIONS).write_text(_as_text(cell), encoding="utf-8")
        if mods:
            copy_mods(mods, folder)
        toml = _toml(name, made_by, with_mods=bool(mods))
        (folder / "cell.toml").write_text(toml, encoding="utf-8")
        held = finish(folder, made_by, original, files=[*files, *mods], notes=notes)
    return Imported(cell, held, tuple(notes))


def check_name(name: str) -> None:
    """Raise a SpecError for a name that a cell file cannot have, before anything is built."""
    conditions = {"celsius": 0.0, "v_init_mV": 0.0}
    with of_file("--name"):
        CellFile.model_validate(
            {"schema": SCHEMA, "name": name, "sections": SECTIONS, "conditions": conditions}
        )


def _files(known: MechanismSet, suffixes: Sequence[str], original: Original) -> list[Path]:
    """Return the original's own .mod files of these mechanisms."""
    folders = {Path(folder).resolve() for folder in original.mechanisms}
    found = []
    for suffix in dict.fromkeys(suffixes):
        if suffix not in known.mechanisms:
            continue  # electrodes of NEURON
        file = known.get(suffix).file
        if file is None:
            continue
        if file.resolve().parent not in folders:
            own = [m.suffix for m in known.mechanisms.values() if m.file is not None
                   and m.file.resolve().parent in folders]  # fmt: skip
            raise MechanismError(
                f"the original uses {suffix}, of which no folder given has a .mod file "
                f"({', '.join(map(str, original.mechanisms)) or 'none was given'}); dendmod's own "
                f"{suffix} may be another. Give --mod with the folder that has it."
                + (did_you_mean(suffix, own) if own else "")
            )
        found.append(file)
    return found


def _as_text(cell: FrozenCell) -> str:
    """Return a cell as JSON, a line a section."""
    table = cell.model_dump(mode="json", by_alias=True)
    sections = table.pop("sections")
    rest = json.dumps(table)[:-1]
    rows = ",\n".join(json.dumps(row) for row in sections)
    return f'{rest},\n"sections": [\n{rows}\n]}}\n'


def _toml(name: str, made_by: Mapping[str, Any], *, with_mods: bool) -> str:
    lines = [
        f'schema = "{SCHEMA}"',
        f"name = {json.dumps(name)}",
        f"source = {json.dumps('imported from ' + made_by['format'] + '; see import.json')}",
        f'sections = "{SECTIONS}"',
    ]
    if with_mods:
        lines.append('mechanisms = ["mod"]')
    lines += [
        "",
        "# [[parameters]] here change what was read; [receptors.NAME] says which synapses",
        "# protocols mean; [check] what `dendmod cell check` measures: docs/own_cell.md",
    ]
    return "\n".join(lines) + "\n"
