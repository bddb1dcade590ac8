"""Tables of fields from TOML files: read, changed by dotted names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError
from dendmod.texts import parsed


def load_toml(path: Path) -> dict[str, Any]:
    """Return the table of a TOML file.

    Raises
    ------
    SpecError
        If the file cannot be read or is not TOML, with its line.
    """
    table: dict[str, Any] = parsed(path, "TOML", tomllib.loads)
    return table


def change(table: dict[str, Any], changes: Mapping[str, Any], origin: str) -> None:
    """Put values into a table of tables, each by the dotted name of its field.

    Raises
    ------
    SpecError
        If a name goes through a field that is a value.
    """
    for field, value in changes.items():
        *parents, last = field.split(".")
        place = table
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise SpecError(f"{origin}: {field}: {parent!r} is a value, not a table of fields")
        place[last] = value


def flat(table: Mapping[str, Any], parent: str = "") -> dict[str, Any]:
    """Return the values of a table of tables by dotted name; lists are values."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        full = f"{parent}.{name}" if parent else name
        found |= flat(value, full) if isinstance(value, Mapping) else {full: value}
    return found
