"""From a cell of few compartments to NEURON sections: one of one segment a compartment."""

from __future__ import annotations

from typing import Any

from dendmod.engines.neuron.insertion import insert
from dendmod.engines.neuron.session import h
from dendmod.errors import SpecError
from dendmod.spec import Location, ReducedCell


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
        cylinder = compartment.cylinder()
        sec.nseg, sec.L, sec.diam, sec.cm = 1, cylinder.L, cylinder.diam, cylinder.cm
        if cylinder.Ra is not None:
            sec.Ra = cylinder.Ra
        if compartment.parent >= 0:
            # a child joined at the parent's centre is apart by its own half alone
            sec.connect(sections[compartment.parent](0.5), 0)
        sec.insert("pas")
        sec.g_pas = compartment.g_pas
        sec.e_pas = compartment.e_leak
        insert(sec, {**compartment.channels, **compartment.pools}, cell.reversals(compartment))
    return sections
