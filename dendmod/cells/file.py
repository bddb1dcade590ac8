"""Read a cell from its file or folder (``dendmod/cell/1``): lists and distributions evaluated."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dendmod.cells.cell_shape import CellShape, drawn_axon
from dendmod.cells.frozen import myelin_of, with_frozen
from dendmod.cells.resolved import Resolving
from dendmod.errors import SpecError, did_you_mean, of_file
from dendmod.mechanisms.catalogue import mechanism_set
from dendmod.morphology import resolve
from dendmod.morphology.frozen import read_frozen
from dendmod.morphology.naming import resolve_path
from dendmod.paths import data_dir
from dendmod.spec.cell import AxonCylinders, Cell
from dendmod.spec.cell_file import AT_SOMA, AxonFields, CellFile
from dendmod.spec.section_tables import SectionTables
from dendmod.spec.tables import load_toml
from dendmod.texts import read_json_table

_NAMES = ("cell.toml", "cell.json")


@dataclass(frozen=True)
class LoadedCell:
    """A cell file that was read.

    Parameters
    ----------
    path
        The file.
    fields
        What it says.
    cell
        What an engine runs.
    shape
        Its sections and lists.
    """

    path: Path
    fields: CellFile
    cell: Cell
    shape: CellShape

    @property
    def tables(self) -> SectionTables:
        """The membrane, section by section."""
        assert isinstance(self.cell.biophysics, SectionTables)
        return self.cell.biophysics


def shipped_cells() -> dict[str, Path]:
    """Return the cells that dendmod carries: name -> file."""
    return {p.parent.name: p for p in sorted(data_dir("cells").glob("*/cell.toml"))}


def find_cell(name: str | Path) -> Path:
    """Return the file of a cell: a file, a folder that holds one, or a name that dendmod carries.

    Raises
    ------
    SpecError
        If there is no such file.
    """
    path = Path(name)
    if os.path.isdir(path):
        for inside in _NAMES:
            if os.path.isfile(path / inside):
                return path / inside
        raise SpecError(f"the folder {path} holds no {' or '.join(_NAMES)}")
    if os.path.isfile(path):
        if path.suffix.lower() not in (".toml", ".json"):
            raise SpecError(f"{path}: a cell is a .toml or .json file, or a folder with one")
        return path
    known = shipped_cells()
    if str(name) in known:
        return known[str(name)]
    raise SpecError(
        f"there is no cell {str(name)!r}; give a folder, a file or a name."
        + did_you_mean(str(name), known)
    )


def load_cell(name: str | Path) -> LoadedCell:
    """Read a cell, evaluate its lists and distributions on its morphology, and check all of it.

    Parameters
    ----------
    name
        A folder, a file, or a name that dendmod carries, such as "hay2011_3".

    Raises
    ------
    SpecError
        If a field is unknown or misspelt, a list or an expression is made of what is not there, a
        row reaches nothing, or a value is not possible.
    MorphologyError, MechanismError
        If the morphology or a mechanism is not there or cannot be read.
    """
    path = find_cell(name).resolve()
    table = _table(path)
    with of_file(path):
        frozen = _beside(path, str(table["sections"]), "sections") if "sections" in table else None
        fields = CellFile.model_validate(
            table if frozen is None else with_frozen(table, read_frozen(frozen))
        )
        morphology = frozen or _beside(path, str(fields.morphology), "morphology")
        for folder in fields.mechanisms:
            if not os.path.isdir(path.parent / folder):
                raise SpecError(f"mechanisms: there is no folder {path.parent / folder}")
        folders = tuple(str((path.parent / f).resolve()) for f in fields.mechanisms)
    stamp = resolve_path(morphology).stat().st_mtime_ns
    return _load(
        path, fields.model_dump_json(by_alias=True, exclude_unset=True), morphology, folders, stamp
    )


@lru_cache(maxsize=16)
def _load(
    path: Path, text: str, morphology: str, folders: tuple[str, ...], stamp: int
) -> LoadedCell:
    fields = CellFile.model_validate_json(text)
    with of_file(path):
        axon, myelinated = _axon(fields.axon)
        shape = resolve(morphology)
        if axon is not None:
            shape = shape.without_axon()
        frozen = None if fields.sections is None else read_frozen(morphology)
        myelin = frozenset(() if frozen is None else myelin_of(frozen))
        sections = CellShape(shape, axon, myelinated, fields.lists, myelin)
        tables = Resolving(fields, sections, mechanism_set(folders), frozen).tables()
        cell = Cell(
            morphology=morphology,
            biophysics=tables,
            mechanisms=folders,
            globals=fields.conditions.globals,
            axon_stub=axon,
            lists=fields.lists,
            receptors=fields.receptors,
        )
    return LoadedCell(path, fields, cell, sections)


def _table(path: Path) -> dict[str, Any]:
    if path.suffix.lower() != ".json":
        return load_toml(path)
    return read_json_table(path)


def _beside(path: Path, name: str, field: str) -> str:
    """Return a file as a full path where it lies beside the cell, else the name of a shape."""
    beside = path.parent / name
    if os.path.isfile(beside):
        return str(beside.resolve())
    if Path(name).suffix or field == "sections":
        raise SpecError(f"{field}: there is no file {beside}")
    return name


def _axon(fields: AxonFields) -> tuple[AxonCylinders | None, int]:
    """Return the drawn axon, None for that of the morphology, and how many sections have myelin."""
    if fields.treatment == "keep":
        return None, 0
    if fields.treatment == "none":
        return AxonCylinders(), 0
    lengths, diameters = fields.L_um, fields.diam_um
    if fields.myelin is not None:
        lengths, diameters = (*lengths, fields.myelin.L_um), (*diameters, fields.myelin.diam_um)
    found = AT_SOMA.match(fields.at)
    assert found is not None  # checked by the fields
    return drawn_axon(lengths, diameters, float(found["x"])), int(fields.myelin is not None)
