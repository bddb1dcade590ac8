"""Places on a cell as a file names them: by section and x, by name, by distance up the trunk."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field, NonNegativeFloat, model_validator

from dendmod.engines.checks import shape_of
from dendmod.errors import SpecError, did_you_mean
from dendmod.spec import Cell, Location, ReducedCell, Spec
from dendmod.spec.stimulus import SOMA

_NAMED = re.compile(r"^(?P<section>\w+(?:\[\d+\])?)(?:\((?P<x>[0-9.eE+-]+)\))?$")
_OF_NEURON = {"dend": "basal", "apic": "apical"}


class PlaceFields(Spec):
    """A place: `section` and `x`, or `trunk_um` up the apical trunk."""

    section: int | None = Field(default=None, ge=0)
    x: float = Field(default=0.5, ge=0, le=1)
    trunk_um: NonNegativeFloat | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> PlaceFields:
        if (self.section is None) == (self.trunk_um is None):
            raise ValueError("a place has a section or a distance trunk_um; give one of them")
        return self


def locate(
    place: str | PlaceFields,
    cell: Cell | ReducedCell,
    named: Mapping[str, str | PlaceFields] | None = None,
) -> Location:
    """Return where a place is on a cell.

    Parameters
    ----------
    place
        ``"soma"``, ``"apic[36](0.5)"`` (dendmod's names or NEURON's), the name of a compartment of
        a reduced cell, one of `named`, or fields.
    named
        Places by name.

    Raises
    ------
    SpecError
        If there is no such place.
    MorphologyError
        If the trunk is shorter.
    """
    named = named or {}
    if isinstance(place, str) and place in named:
        place = named[place]
    if place == "soma":
        return SOMA
    if isinstance(place, str):
        return _by_name(place, cell, named)
    if place.section is not None:
        return Location(section=place.section, x=place.x)
    if isinstance(cell, ReducedCell):
        raise SpecError("trunk_um: a reduced cell has no trunk; name one of its compartments")
    section, x = shape_of(cell).on_trunk(float(place.trunk_um or 0.0))
    return Location(section=section, x=x)


def _by_name(
    place: str, cell: Cell | ReducedCell, named: Mapping[str, str | PlaceFields]
) -> Location:
    if isinstance(cell, ReducedCell):
        names: tuple[str, ...] = tuple(c.name for c in cell.compartments)
        if place in names:
            return Location(section=names.index(place), x=0.5)
        raise SpecError(
            f"{cell.name} has no compartment {place!r}." + did_you_mean(place, (*named, *names))
        )
    names = shape_of(cell).names
    match = _NAMED.match(place)
    section = match["section"] if match else place
    kind, bracket, number = section.partition("[")
    if section not in names:
        section = _OF_NEURON.get(kind, kind) + bracket + number
    if match is None or section not in names:
        raise SpecError(
            f"{cell.morphology} has no place {place!r}; write a section and x, such as "
            f"'apical[0](0.5)'." + did_you_mean(section, (*named, *names))
        )
    try:
        x = 0.5 if match["x"] is None else float(match["x"])
    except ValueError:
        raise SpecError(f"place {place!r}: {match['x']!r} is no number from 0 to 1") from None
    return Location(section=names.index(section), x=x)
