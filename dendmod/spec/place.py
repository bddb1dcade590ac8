"""A place on a cell."""

from __future__ import annotations

from pydantic import Field

from dendmod.spec.base import Spec


class Location(Spec):
    """A place on a cell: section number in its morphology (0 is the soma) and 0 <= x <= 1.

    On a reduced cell the section is the number of the compartment.
    """

    section: int = Field(ge=0)
    x: float = Field(ge=0, le=1)


SOMA = Location(section=0, x=0.5)
