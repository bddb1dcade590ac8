"""Write the fields of a cell file as TOML that a person can read and edit."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from dendmod.errors import SpecError
from dendmod.spec.cell_file import CellFile

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")
_WIDTH = 100


def toml_of(fields: CellFile, comments: tuple[str, ...] = ()) -> str:
    """Return the text of a cell file: what differs from the defaults, rows in their order.

    Parameters
    ----------
    fields
        What it says.
    comments
        Sentences at its head.

    Raises
    ------
    SpecError
        If the text would not be read as the same fields.
    """
    table = fields.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    table = {"schema": fields.schema_} | table
    table.setdefault("conditions", {})
    rows = table.pop("parameters")
    lines = [f"# {line}" for line in comments]
    plain = {k: v for k, v in table.items() if not isinstance(v, dict)}
    lines += [f"{_key(k)} = {_value(v)}" for k, v in plain.items()]
    for name, of in table.items():
        if isinstance(of, dict) and of:
            lines += ["", f"[{_key(name)}]", *(f"{_key(k)} = {_value(v)}" for k, v in of.items())]
    for row in rows:
        row = {"name": row["name"], "list": row.get("list", "all")} | row
        lines += ["", "[[parameters]]", *(f"{_key(k)} = {_value(v)}" for k, v in row.items())]
    text = "\n".join(lines) + "\n"
    if CellFile.model_validate(tomllib.loads(text)) != fields:
        raise SpecError(f"{fields.name} cannot be written as TOML; please report this")
    return text


def _key(name: str) -> str:
    return name if _BARE.match(name) else json.dumps(name)


def _value(value: Any) -> str:
    """Return a value as TOML writes it; lists that are too long stand on several lines."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        flat = "[" + ", ".join(map(_value, value)) + "]"
        if len(flat) <= _WIDTH:
            return flat
        return "[\n" + "".join(f"    {_value(v)},\n" for v in value) + "]"
    return repr(value)
