"""Write a protocol as a TOML file that a person can read, with comments beside its fields."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from dendmod.protocol.model import Protocol
from dendmod.protocol.stimuli import StimulusProtocol

_WIDTH = 96
_HEAD = ("schema", "name", "title", "source")


def protocol_text(
    protocol: Protocol | StimulusProtocol, comments: Mapping[str, str], head: str = ""
) -> str:
    """Return the text of a protocol file, from which the same protocol is read.

    Parameters
    ----------
    protocol
        What is written: every field but empty ones and those of [cell] at their defaults.
    comments
        What is said of a field or a table, by its dotted name.
    head
        What is said first.
    """
    table = protocol.model_dump(mode="json", by_alias=True)
    kept = protocol.cell.model_dump(mode="json", exclude_defaults=True)
    table["cell"] = kept or {"morphology": protocol.cell.morphology}
    lines = [*_comment(head), *(f"{name} = {_value(table.pop(name))}" for name in _HEAD)]
    for name, fields in table.items():
        lines += _table(name, fields, comments)
    return "\n".join(lines) + "\n"


def _table(name: str, fields: Mapping[str, Any], comments: Mapping[str, str]) -> list[str]:
    own = {k: v for k, v in fields.items() if not isinstance(v, Mapping) and v not in (None, [])}
    own = {k: own[k] for k in sorted(own, key=lambda k: k != "kind")}
    inner = {k: v for k, v in fields.items() if isinstance(v, Mapping)}
    lines = []
    if own:
        lines += ["", *_comment(comments.get(name, "")), f"[{name}]"]
        for field, value in own.items():
            said = comments.get(f"{name}.{field}", "")
            line = f"{field} = {_value(value)}"
            if said and len(line) + len(said) + 5 > _WIDTH:
                lines += [*_comment(said), line]
            else:
                lines.append(f"{line:26s} # {said}" if said else line)
    for key, value in inner.items():
        lines += _table(f"{name}.{_key(key)}", value, comments)
    return lines


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "")
    return name if bare.isascii() and bare.isalnum() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)  # true, numbers and texts are TOML's too


def _comment(text: str) -> list[str]:
    paragraphs = text.splitlines()
    return [f"# {line}" for p in paragraphs for line in textwrap.wrap(p, _WIDTH - 2)]
