"""The base of every frozen, checked specification."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from dendmod.errors import SpecError
from dendmod.spec.explain import explain


class Spec(BaseModel):
    """A frozen specification: unknown fields, NaN and infinities are refused.

    Raises
    ------
    SpecError
        Naming each field that is refused, what was given and what is allowed.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        serialize_by_alias=True,  # what is written can be read
    )

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise SpecError(explain(error, type(self))) from None

    # what is nested is then checked in one go, so that an error knows its whole place
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Return the specification that a table describes, as pydantic does."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise SpecError(explain(error, cls)) from None

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Return the specification that a JSON text describes, as pydantic does."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise SpecError(explain(error, cls)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValidationError:
            raise SpecError(
                f"a {type(self).__name__} is frozen; make another with "
                f"model_copy(update={{{name!r}: ...}})"
            ) from None
