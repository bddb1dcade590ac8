"""A place on a cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, overload

from pydantic import Field, field_validator, model_validator

from dendmod.errors import SpecError, did_you_mean
from dendmod.spec.base import Spec

_NAMED = re.compile(r"^(?P<section>\w+(\[\d+\])?)\((?P<x>[0-9.eE+-]+)\)$")


class Location(Spec):
    """A place on a cell: a section and 0 <= x <= 1.

    The section is its number in the morphology (0 is the soma; those of an axon stub come last), or
    its name as NEURON's import gives it: ``Location(section=41, x=0.5)`` and
    ``Location("apic[36](0.5)")``. On a reduced cell it is the number or name of the compartment.
    What takes a place together with its cell finds the number of a name; `numbered` does it by
    itself.
    """

    section_: int | str = Field(alias="section")
    x: float = Field(ge=0, le=1)

    @overload
    def __init__(self, place: str, /) -> None: ...

    @overload
    def __init__(self, /, *, section: int | str, x: float) -> None: ...

    def __init__(self, /, *place: str, **fields: Any) -> None:
        if place:
            fields = _parsed(*place)
        super().__init__(**fields)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, given: Any) -> Any:
        return _parsed(given) if isinstance(given, str) else given

    @field_validator("section_")
    @classmethod
    def _not_negative(cls, section: int | str) -> int | str:
        if isinstance(section, int) and section < 0:
            raise ValueError("Input should be greater than or equal to 0")
        return section

    def __repr__(self) -> str:
        if isinstance(self.section_, str):
            return f'Location("{self.section_}({self.x:g})")'
        return f"Location(section={self.section_}, x={self.x:g})"

    __str__ = __repr__

    @property
    def section(self) -> int:
        """Number of the section.

        Raises
        ------
        SpecError
            If it has a name, whose number its cell alone knows.
        """
        if isinstance(self.section_, str):
            raise SpecError(
                f"{self!r} is a name; its number depends on the cell: "
                "dendmod.engines.checks.numbered(location, cell)"
            )
        return self.section_

    @property
    def is_named(self) -> bool:
        """Whether the section is given by its name."""
        return isinstance(self.section_, str)

    def among(self, names: Sequence[str], cell: str) -> Location:
        """Return the place by number, where sections have these names in their order.

        Raises
        ------
        SpecError
            If there is no such section; the nearest is named.
        """
        if not isinstance(self.section_, str):
            return self
        if self.section_ not in names:
            stem = self.section_.partition("[")[0]
            same = [name for name in names if name.partition("[")[0] == stem]
            kinds = {name.partition("[")[0] for name in names}
            hint = f" It has {same[0]} to {same[-1]}." if same else did_you_mean(stem, kinds)
            raise SpecError(f"{cell} has no section {self.section_!r}.{hint}")
        return Location(section=names.index(self.section_), x=self.x)


def _parsed(*place: str) -> dict[str, Any]:
    """Return section and x of a text such as ``apic[36](0.5)``."""
    found = _NAMED.match(place[0].replace(" ", "")) if len(place) == 1 else None
    if found is None:
        raise SpecError(
            f"{', '.join(map(repr, place))} is no place; write section and x, such as "
            '"apic[36](0.5)"'
        )
    try:
        x = float(found["x"])
    except ValueError:
        raise SpecError(f"{place[0]!r}: {found['x']!r} is no number from 0 to 1") from None
    return {"section": "soma" if found["section"] == "soma[0]" else found["section"], "x": x}


SOMA = Location(section=0, x=0.5)
