"""Reduced cells as JSON files."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from dendmod.atomic import replacing
from dendmod.errors import DendmodError, SpecError
from dendmod.mechanisms import check_parameters, get
from dendmod.spec import ReducedCell


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
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"{path} cannot be read: {error}. `dendmod reduce --out {path}` writes such a file"
        ) from None
    try:
        cell = ReducedCell.model_validate_json(text)
    except ValidationError as error:
        raise SpecError(f"{path}: " + "\n  ".join(_explain(error))) from None
    check_mechanisms(cell, str(path))
    return cell


def check_mechanisms(cell: ReducedCell, origin: str) -> None:
    """Raise a SpecError where a mechanism or one of its parameters cannot be."""
    for compartment in cell.compartments:
        for suffix, params in {**compartment.channels, **compartment.pools}.items():
            try:
                check_parameters(suffix, params)
                if get(suffix).kind != "density":
                    raise SpecError(f"{suffix} is a point process; name a channel or a pool")
            except DendmodError as error:
                raise SpecError(f"{origin}: compartment {compartment.name}: {error}") from None


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors()[:5]:
        place = ".".join(str(p) for p in item["loc"])
        if item["type"] == "json_invalid":
            lines.append(f"not a whole JSON file: {item['msg']}. Write it again")
        else:
            given = "" if item["type"] == "missing" else f"; given: {str(item['input'])[:80]}"
            lines.append(f"{place or 'file'}: {item['msg']}{given}")
    more = error.error_count() - len(lines)
    return lines + ([f"and {more} more"] if more > 0 else [])
