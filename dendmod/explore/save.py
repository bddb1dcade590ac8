"""What is chosen as files: a cell's folder, a protocol, and the Python that does the same."""

from __future__ import annotations

import shutil
from pathlib import Path

from dendmod.atomic import replacing_folder
from dendmod.cells.file import load_cell
from dendmod.cells.imports.toml import toml_of
from dendmod.errors import SpecError
from dendmod.explore.cells import cell_fields
from dendmod.explore.script import script_of
from dendmod.explore.state import Exploration
from dendmod.explore.stimuli import protocol_of
from dendmod.protocol.write import protocol_text
from dendmod.spec.cell_file import CellFile
from dendmod.study.messages import check_folder

CELL, PROTOCOL, SCRIPT = "cell", "protocol.toml", "run.py"
_HEAD = (
    "Chosen with `dendmod explore`. Run it in this folder:\n"
    f"dendmod run {PROTOCOL}"
)  # fmt: skip
_CODE = (".mod", ".inc")


def protocol_toml(state: Exploration) -> str:
    """Return the text of the protocol file, which lies beside the folder of its cell."""
    return protocol_text(protocol_of(state, cell=CELL), {}, _HEAD)


def save(state: Exploration, folder: str | Path) -> Path:
    """Write ``cell/``, ``protocol.toml`` and ``run.py`` into a folder; return the protocol.

    The folder is whole: shape and mechanisms of the cell are copied into it. A folder that was
    saved before is replaced, with nothing else in it.

    Raises
    ------
    SpecError
        If something cannot be run, or the folder holds what was not saved here.
    """
    folder = Path(folder)
    check_folder(folder)
    if folder.is_dir():
        other = sorted({p.name for p in folder.iterdir()} - {CELL, PROTOCOL, SCRIPT})
        if other:
            raise SpecError(f"{folder} holds {other[0]}, which would be lost; give another folder")
    text, script = protocol_toml(state), script_of(state, CELL)
    with replacing_folder(folder) as new:
        _write_cell(state, new / CELL)
        (new / PROTOCOL).write_text(text, encoding="utf-8")
        (new / SCRIPT).write_text(script, encoding="utf-8")
    return folder / PROTOCOL


def _write_cell(state: Exploration, folder: Path) -> None:
    folder.mkdir()
    loaded, fields = load_cell(state.cell), cell_fields(state)
    changes: dict[str, object] = {}
    for field in ("morphology", "sections"):
        name = getattr(fields, field)
        file = None if name is None else loaded.path.parent / name
        if file is not None and file.is_file():
            shutil.copyfile(file, folder / file.name)
            changes[field] = file.name
    names = []
    for i, given in enumerate(loaded.cell.mechanisms):
        names.append(f"mod{i or ''}")
        (folder / names[-1]).mkdir()
        for file in sorted(Path(given).iterdir()):
            if file.suffix in _CODE:
                shutil.copyfile(file, folder / names[-1] / file.name)
    if names:
        changes["mechanisms"] = tuple(names)
    fields = fields.model_copy(update=changes)
    (folder / "cell.toml").write_text(_text(fields, loaded.path), encoding="utf-8")


def _text(fields: CellFile, origin: Path) -> str:
    own = f"The cell {fields.name} with what was chosen: rows of parameters at the end."
    return toml_of(fields, (own,))
