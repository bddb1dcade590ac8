"""The base of every frozen, checked specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from dendmod.errors import SpecError


class Spec(BaseModel):
    """A frozen specification: unknown fields, NaN and infinities are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


S = TypeVar("S", bound=Spec)


def checked(model: type[S], table: Mapping[str, Any], origin: str) -> S:
    """Return a specification made of a table of fields.

    Raises
    ------
    SpecError
        Naming each field that is unknown, missing or impossible, and `origin`.
    """
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise SpecError(f"{origin}: " + "\n  ".join(complaints(error))) from None


def complaints(error: ValidationError) -> list[str]:
    """Return a line for each field that was refused: its name, what is allowed, what was given."""
    lines = []
    for item in error.errors():
        place = ".".join(str(p) for p in item["loc"])
        given = "" if item["type"] == "missing" else f"; given: {item['input']!r}"
        lines.append(f"{place or error.title}: {item['msg']}{given}"[:500])
    return lines
