"""A cell read out section by section, ``dendmod/sections/1``: geometry and membrane, no rules."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from dendmod.spec.base import Spec
from dendmod.spec.section_tables import SectionMembrane

Point = tuple[float, float, float, PositiveFloat]


class FrozenSection(Spec):
    """One section as NEURON has it.

    Parameters
    ----------
    name
        Unique in the cell, such as "soma", "dend[3]".
    parent, parent_x
        Number of the section at which it is joined, which comes before it, and where on that; -1
        for the root.
    end
        Which end of it is joined, 0 or 1.
    points
        x, y, z and diameter (um) of its 3-D points; none for a section that `L` and `diam` give.
    L
        Length (um).
    diam
        Diameter (um), one or one a segment.
    membrane
        Region, number of segments, Ra, mechanisms and their values.
    """

    name: str
    parent: int = Field(ge=-1)
    parent_x: float = Field(default=1.0, ge=0, le=1)
    end: Literal[0, 1] = 0
    points: tuple[Point, ...] = ()
    L: PositiveFloat
    diam: tuple[PositiveFloat, ...] = Field(min_length=1)
    membrane: SectionMembrane

    @model_validator(mode="after")
    def _lengths(self) -> FrozenSection:
        if len(self.diam) not in (1, self.membrane.nseg):
            raise ValueError(
                f"{self.name} has {len(self.diam)} diameters and {self.membrane.nseg} segments; "
                "give one, or one a segment"
            )
        if len(self.points) == 1:
            raise ValueError(f"{self.name} has a single point; give two or more, or none")
        return self


class FrozenCell(Spec):
    """A whole cell as it stood in NEURON, with the conditions of its runs.

    Parameters
    ----------
    sections
        Parents before their children; the first is the root.
    lists
        Names of sections by the name of a list that the original had.
    celsius, v_init
        Temperature (degC), and potential from which a run settles (mV).
    globals
        GLOBAL parameters of its mechanisms, and concentrations such as ``cao0_ca_ion``.
    """

    schema_: Literal["dendmod/sections/1"] = Field(default="dendmod/sections/1", alias="schema")
    name: str
    sections: tuple[FrozenSection, ...] = Field(min_length=1)
    lists: dict[str, tuple[str, ...]] = {}
    celsius: float
    v_init: float
    globals: dict[str, float] = {}

    @model_validator(mode="after")
    def _a_tree(self) -> FrozenCell:
        names = [s.name for s in self.sections]
        if len(set(names)) < len(names):
            twice = sorted({n for n in names if names.count(n) > 1})
            raise ValueError(f"two sections are called {twice[0]}; names are unique in a cell")
        for i, section in enumerate(self.sections):
            if (i == 0) != (section.parent == -1) or section.parent >= i:
                raise ValueError(
                    f"{section.name} (number {i}) has parent {section.parent}; the first section "
                    "alone has none (-1), and parents come before their children"
                )
        for name, members in self.lists.items():
            lacking = [m for m in members if m not in names]
            if lacking:
                raise ValueError(f"lists.{name}: there is no section {lacking[0]!r}")
        return self
