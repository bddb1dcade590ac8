"""From a cell of few compartments to NEURON sections: one of one segment a compartment."""

from __future__ import annotations

import math
from typing import Any

from dendmod.engines.neuron.insertion import insert
from dendmod.engines.neuron.session import h
from dendmod.errors import SpecError
from dendmod.spec import Compartment, Location, ReducedCell
from dendmod.units import (
    MOHM_UM_IN_OHM_CM,
    NS_PER_UM2_IN_S_PER_CM2,
    PER_NS_IN_MOHM,
    PF_PER_UM2_IN_UF_PER_CM2,
)


class BuiltCompartments:
    """Sections of a reduced cell, numbered as its compartments."""

    def __init__(self, cell: ReducedCell) -> None:
        self.cell = cell
        self.sections = build_sections(cell)

    def segment(self, location: Location) -> Any:
        """Return NEURON's segment of a compartment.

        Raises
        ------
        SpecError
            If there is no such compartment.
        """
        if location.section >= len(self.sections):
            raise SpecError(
                f"compartment {location.section} is not there: {self.cell.name} has compartments "
                f"0..{len(self.sections) - 1}"
            )
        return self.sections[location.section](0.5)

    @property
    def all_sections(self) -> list[Any]:
        """The sections by their numbers."""
        return self.sections

    @property
    def axon_sections(self) -> tuple[int, ...]:
        """Numbers of the compartments that stand for the axon."""
        return tuple(i for i, c in enumerate(self.cell.compartments) if c.role == "axon")

    @property
    def n_segments(self) -> int:
        """Number of segments of the whole cell."""
        return len(self.sections)


def build_compartments(cell: ReducedCell) -> BuiltCompartments:
    """Build a reduced cell in the open session."""
    return BuiltCompartments(cell)


def build_sections(cell: ReducedCell) -> list[Any]:
    """Return the sections of a cell of few compartments, in their order."""
    names = [c.name or f"compartment{i}" for i, c in enumerate(cell.compartments)]
    sections = [h.Section(name=name) for name in names]
    for compartment, sec in zip(cell.compartments, sections, strict=True):
        _shape(compartment, sec)
        if compartment.parent >= 0:
            # a child joined at the parent's centre is apart by its own half alone
            sec.connect(sections[compartment.parent](0.5), 0)
        sec.insert("pas")
        sec.g_pas = compartment.g_leak / compartment.area * NS_PER_UM2_IN_S_PER_CM2
        sec.e_pas = compartment.e_leak
        insert(sec, {**compartment.channels, **compartment.pools}, cell.reversals(compartment))
    return sections


def _shape(compartment: Compartment, sec: Any) -> None:
    """Set size, capacitance and the resistance to the parent, each exactly as specified.

    Where the compartment has a diameter it is the section's, for mechanisms that read it, and the
    length is such that the area is the compartment's.
    """
    side = math.sqrt(compartment.area / math.pi)
    length, diameter = side, side
    if compartment.diam is not None:
        diameter = compartment.diam
        length = compartment.area / (math.pi * diameter)
    sec.nseg, sec.L, sec.diam = 1, length, diameter
    sec.cm = compartment.ca / compartment.area * PF_PER_UM2_IN_UF_PER_CM2
    if compartment.g_couple > 0:
        resistance = PER_NS_IN_MOHM / compartment.g_couple  # along half the section
        sec.Ra = resistance * (math.pi * diameter**2 / 4) / (length / 2) * MOHM_UM_IN_OHM_CM
