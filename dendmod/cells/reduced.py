"""Reduced cells as JSON files."""

from __future__ import annotations

from pathlib import Path

from dendmod.atomic import replacing
from dendmod.errors import SpecError, of_file
from dendmod.mechanisms.compartments import check_mechanisms
from dendmod.spec import ReducedCell
from dendmod.texts import read_text


def write_reduced(cell: ReducedCell, path: str | Path) -> None:
    """Write a reduced cell, whole or not at all."""
    with replacing(path) as partial:
        partial.write_text(cell.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")


def read_reduced(path: str | Path) -> ReducedCell:
    """Read a reduced cell and check everything that an engine relies on.

    Raises
    ------
    SpecError
        If there is no such file, it is cut short or not such a file, a number is missing, not
        finite or impossible, compartments do not form a tree, or a mechanism is not known.
    """
    path = Path(path)
    try:
        text = read_text(path)
    except SpecError as error:
        raise SpecError(f"{error}. `dendmod reduce --out {path}` writes such a file") from None
    with of_file(path):
        cell = ReducedCell.model_validate_json(text)
        check_mechanisms(cell)
    return cell
