"""The folder of an imported cell: written whole or not at all, with a record of what made it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dendmod import __version__
from dendmod.atomic import replacing_folder
from dendmod.cells.imports.held import Held, hold
from dendmod.cells.imports.original import Original
from dendmod.errors import SpecError
from dendmod.mechanisms.included import source
from dendmod.paths import file_hash

RECORD = "import.json"
SCHEMA = "dendmod/import/1"


@contextmanager
def import_into(out: Path, made_by: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a new folder that takes the place of `out` once the block is over.

    Parameters
    ----------
    made_by
        Format and arguments of the command, of JSON values. A folder that the same command made
        is replaced.

    Raises
    ------
    SpecError
        If `out` is a file, or holds what another command, or nobody's, made.
    """
    _check_place(out, made_by)
    with replacing_folder(out) as staging:
        yield staging


def _check_place(out: Path, made_by: Mapping[str, Any]) -> None:
    if out.exists() and not out.is_dir():
        raise SpecError(f"--out {out} is a file; give a folder")
    if not out.is_dir() or not any(out.iterdir()):
        return
    try:
        before = json.loads((out / RECORD).read_text(encoding="utf-8"))["made_by"]
    except (OSError, ValueError, KeyError, TypeError):
        before = None
    if before != json.loads(json.dumps(made_by)):
        raise SpecError(
            f"--out {out} holds files that "
            + ("another import" if before else "no import of this kind")
            + " made; give a new folder, or remove it"
        )


def finish(
    folder: Path,
    made_by: Mapping[str, Any],
    original: Original,
    *,
    files: Sequence[Path],
    notes: Sequence[str] = (),
    places: tuple[str, ...] | None = None,
) -> Held:
    """Hold the cell that was written into a folder against its original, and record both.

    Parameters
    ----------
    folder
        That of `import_into`, with ``cell.toml`` and all that it names.
    files
        Files that the original was made from; their hashes are recorded.
    notes
        What of the original is not in the cell.
    places
        As `dendmod.cells.imports.held.hold` takes them.
    """
    held = hold(folder, original, places=places)
    record = {
        "schema": SCHEMA,
        "made_by": dict(made_by),
        "dendmod": __version__,
        "files": {file.name: file_hash(file) for file in files},
        "notes": list(notes),
        "held": held.model_dump(mode="json"),
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return held


def copy_mods(files: Sequence[Path], folder: Path) -> None:
    """Write .mod files, with what they include in its place, into ``mod/`` of a folder."""
    to = folder / "mod"
    to.mkdir()
    for file in files:
        (to / file.name).write_bytes(source(file))
