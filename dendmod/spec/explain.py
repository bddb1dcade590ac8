"""A refused specification in words: the one place where pydantic's errors become messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from dendmod.errors import did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MOST = 10  # fields that a message names
_LONGEST = 500  # characters of a line
_UNITS = {"ms", "s", "us", "nS", "uS", "pS", "mS", "nA", "pA", "uA", "um", "mm", "nm", "Hz", "kHz",
          "mV", "V", "MOhm", "kOhm", "GOhm"}  # fmt: skip


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Return what is wrong with each refused field, what is allowed and what was given.

    Fields have their dotted names, as in a file. An unknown one is shown beside the nearest of
    those that are allowed; one that differs in its unit alone, beside the unit that is allowed.
    Where one of several kinds may stand, the one that was meant is the one with the least wrong.
    """
    found = [(dict(item), _Place(item, model)) for item in error.errors(include_url=False)]
    lines: dict[str, None] = {}
    for item, place in sorted(found, key=lambda f: f[0]["type"] == "missing"):
        if place.is_meant([other for _, other in found]):
            lines[_line(item, place.name, place.kinds)[:_LONGEST]] = None
    shown = list(lines)[:_MOST]
    more = len(lines) - len(shown)
    return "\n  ".join([*shown, f"and {more} more"] if more else shown)


def _line(item: dict[str, Any], name: str, kinds: list[Any]) -> str:
    kind, given = item["type"], item["input"]
    if kind == "extra_forbidden":
        return f"there is no field {name!r}." + _near(name.rpartition(".")[2], _fields(kinds))
    if kind == "missing":
        return f"the field {name!r} is missing."
    if kind == "json_invalid":
        why = item["msg"].removeprefix("Invalid JSON: ")
        return f"not a whole JSON file: {why}. Write it again"
    what = item["msg"].removeprefix("Value error, ")
    if kind == "model_type":
        what = f"give a {item['ctx']['class_name']}"
    line = f"{name}: {what}" if name else what
    # a rule over several fields names its numbers itself
    return line if isinstance(given, BaseModel | Mapping) else f"{line}; given: {given!r}"


def _near(given: str, allowed: set[str]) -> str:
    stem, _, unit = given.rpartition("_")
    same = sorted(a for a in allowed if a.rpartition("_")[0] == stem and stem and unit in _UNITS)
    if same:
        return (
            f" It is given in {unit}; the allowed unit is that of {' or '.join(map(repr, same))}."
        )
    return did_you_mean(given, allowed)


class _Place:
    """Where an error is: its dotted name, and the kinds that its last field may have.

    Where a field may be one of several kinds, pydantic tries all of them, and names each try in
    the place. Such steps are kept apart in `tries`; they are no part of the name.
    """

    def __init__(self, item: ErrorDetails, model: type[BaseModel]) -> None:
        steps = [str(step) for step in item["loc"]]
        unknown = steps.pop() if item["type"] == "extra_forbidden" else None
        shown: list[str] = []
        self.tries: dict[str, str] = {}  # name of the field -> kind that was tried
        self.kinds: list[Any] = [model]
        for step in steps:
            named = [m.model_fields for m in _models(self.kinds) if step in _names(m)]
            if named:
                shown.append(step)
                self.kinds = [m for f in named for m in _members(_field(f, step).annotation)]
            elif len(self.kinds) > 1 and not step.isdecimal():
                self.tries[".".join(shown)] = step
                self.kinds = [k for k in self.kinds if _is_called(k, step)] or self.kinds
            else:
                shown.append(step)
                inner = [a for k in self.kinds for a in get_args(k) if a is not ...]
                self.kinds = _members(inner[-1]) if inner else []
        ends_in_try = ".".join(shown) in self.tries and not unknown
        self.is_other_kind = ends_in_try and item["type"] not in ("value_error", "missing")
        self.name = ".".join([*shown, unknown] if unknown else shown)

    def is_meant(self, others: list[_Place]) -> bool:
        """Return whether no other kind of each field that could be several fits better."""
        for field, own in self.tries.items():
            rivals = [p for p in others if field in p.tries]
            inner = Counter(p.tries[field] for p in rivals if not p.is_other_kind)
            if inner and inner.get(own, len(others) + 1) > min(inner.values()):
                return False
        return True


def _members(annotation: Any) -> list[Any]:
    """Return what a type is one of, without None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [m for a in get_args(annotation) for m in _members(a)]
    return [] if annotation in (None, NoneType) else [annotation]


def _models(kinds: Iterable[Any]) -> list[type[BaseModel]]:
    return [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]


def _names(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _fields(kinds: Iterable[Any]) -> set[str]:
    return {name for model in _models(kinds) for name in _names(model)}


def _field(fields: Mapping[str, Any], step: str) -> Any:
    return next(field for name, field in fields.items() if (field.alias or name) == step)


def _is_called(kind: Any, label: str) -> bool:
    """Return whether pydantic calls a kind so: by its name, a tag, or both within brackets."""
    if label.startswith("tagged-union["):
        return bool(_models([kind]))
    name = getattr(kind, "__name__", str(kind))
    if re.fullmatch(rf"(.*\W)?{re.escape(name)}\W*", label):
        return True
    return any(
        get_origin(field.annotation) is Literal and label in get_args(field.annotation)
        for model in _models([kind])
        for field in model.model_fields.values()
    )
