"""From a cell specification to NEURON sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from dendmod.engines.checks import shape_of
from dendmod.engines.neuron.insertion import set_reversals
from dendmod.engines.neuron.session import h
from dendmod.errors import SpecError
from dendmod.mechanisms import mechanism_set
from dendmod.morphology import Morphology
from dendmod.spec import (
    ApicalExponential,
    ApicalWindow,
    Biophysics,
    BySection,
    Cell,
    Location,
    MechanismSpec,
    RegionSpec,
    SectionTables,
)
from dendmod.spec.cell import RegionName


class BuiltCell:
    """Sections of one cell, numbered as in its morphology; the axon stub comes after them."""

    def __init__(self, cell: Cell, morphology: Morphology) -> None:
        self.cell = cell
        self.morphology = morphology
        self.sections = [
            h.Section(name=name.replace("[", "_").rstrip("]")) for name in morphology.names
        ]
        self.axon = _connect_and_shape(cell, morphology, self.sections)
        if isinstance(cell.biophysics, SectionTables):
            _insert_tables(cell, (*self.sections, *self.axon))
        else:
            self._insert_regions(cell, morphology)

    def _insert_regions(self, cell: Cell, morphology: Morphology) -> None:
        longest = max(
            (
                morphology.path_distance(i, 1.0)
                for i, s in enumerate(morphology.sections)
                if s.kind == "apical"
            ),
            default=0.0,
        )
        biophysics = cast(Biophysics, cell.biophysics)
        for i, (section, sec) in enumerate(zip(morphology.sections, self.sections, strict=True)):
            region = _region(cell, section.kind)
            distances = None
            if section.kind == "apical":
                x = (np.arange(sec.nseg) + 0.5) / sec.nseg
                if biophysics.last_segment_at_end:
                    x[-1] = 1.0
                distances = np.array([morphology.path_distance(i, xi) for xi in x])
            _insert(cell, region, sec, i, distances, longest)
        for i, sec in enumerate(self.axon, start=len(self.sections)):
            _insert(cell, _region(cell, "axon"), sec, i, None, longest)

    def segment(self, location: Location) -> Any:
        """Return NEURON's segment at a location.

        Raises
        ------
        SpecError
            If the morphology has no such section.
        """
        sections = self.all_sections
        if location.section >= len(sections):
            raise SpecError(
                f"section {location.section} is not there: {self.cell.morphology} has sections "
                f"0..{len(sections) - 1}"
            )
        return sections[location.section](location.x)

    @property
    def all_sections(self) -> list[Any]:
        """The sections by their numbers: those of the morphology, then those of the axon stub."""
        return [*self.sections, *self.axon]

    @property
    def axon_sections(self) -> tuple[int, ...]:
        """Numbers of the sections of the axon, stub or reconstructed."""
        own = [i for i, s in enumerate(self.morphology.sections) if s.kind == "axon"]
        return (*own, *range(len(self.sections), len(self.sections) + len(self.axon)))

    @property
    def n_segments(self) -> int:
        """Number of segments of the whole cell."""
        return sum(sec.nseg for sec in self.all_sections)


def build(cell: Cell) -> BuiltCell:
    """Build a cell in the open session."""
    return BuiltCell(cell, shape_of(cell))


def _region(cell: Cell, kind: RegionName) -> RegionSpec:
    try:
        return cast(Biophysics, cell.biophysics).regions[kind]
    except KeyError:
        raise SpecError(
            f"the morphology {cell.morphology} has {kind} sections, but the biophysics "
            f"{cell.biophysics.name} says nothing of them; add regions.{kind}"
        ) from None


def _connect_and_shape(cell: Cell, morphology: Morphology, sections: list[Any]) -> list[Any]:
    cylinders: list[tuple[Any, Sequence[float]]] = []  # which L and diam size, not points
    for i, (section, sec) in enumerate(zip(morphology.sections, sections, strict=True)):
        if section.L is not None:
            sec.L, sec.diam = section.L, section.diam[0]
            cylinders.append((sec, section.diam))
        else:
            for (x, y, z), diameter in zip(section.points, section.diameters, strict=True):
                sec.pt3dadd(float(x), float(y), float(z), float(diameter))
        if section.parent >= 0:
            x, end = morphology.joint(i)
            sec.connect(sections[section.parent](x), end)
    stub: list[Any] = []
    drawn = () if cell.axon_stub is None else cell.axon_stub.cylinders
    at = 0.5 if cell.axon_stub is None else cell.axon_stub.at
    for i, cylinder in enumerate(drawn):
        sec = h.Section(name=f"axon_{i}")
        sec.L, sec.diam = cylinder.L, cylinder.diam[0]
        cylinders.append((sec, cylinder.diam))
        sec.connect(sections[0](at) if i == 0 else stub[-1](1), 0)
        stub.append(sec)
    tables = cell.biophysics.sections if isinstance(cell.biophysics, SectionTables) else None
    if tables is not None and len(tables) != len(sections) + len(stub):
        raise SpecError(
            f"{cell.biophysics.name} has tables for {len(tables)} sections, but {cell.morphology} "
            f"and its axon have {len(sections) + len(stub)}; they belong to another morphology"
        )
    for i, sec in enumerate((*sections, *stub)):
        sec.nseg = cell.nseg(sec.L) if tables is None else tables[i].nseg
    for sec, diam in cylinders:
        if len(diam) > 1:
            _set_row(sec, "diam", diam)
    return stub


def _insert_tables(cell: Cell, sections: Sequence[Any]) -> None:
    tables = cast(SectionTables, cell.biophysics)
    for section, sec in zip(tables.sections, sections, strict=True):
        sec.Ra = section.Ra
        for suffix in section.mechanisms:
            sec.insert(suffix)
        for name, row in section.values.items():
            _set_row(sec, name, row)


def _set_row(sec: Any, name: str, row: Sequence[float]) -> None:
    """Set one number in a whole section, or one a segment."""
    if len(row) == 1:
        setattr(sec, name, row[0])
        return
    if len(row) != sec.nseg:
        raise SpecError(
            f"{name} has {len(row)} values for {sec.name()}, which has {sec.nseg} segments; give "
            "one a segment"
        )
    for segment, value in zip(sec, row, strict=True):
        setattr(segment, name, value)


def _insert(
    cell: Cell,
    region: RegionSpec,
    sec: Any,
    number: int,
    distances: np.ndarray | None,
    longest: float,
) -> None:
    sec.cm, sec.Ra = region.cm, region.Ra
    for mechanism in region.mechanisms:
        mechanism_set(cell.mechanisms).check_parameters(mechanism.suffix, mechanism.params)
        sec.insert(mechanism.suffix)
        _set_parameters(sec, number, mechanism, distances, longest)
    biophysics = cast(Biophysics, cell.biophysics)
    set_reversals(sec, {"ena": biophysics.ena, "ek": biophysics.ek})


def _set_parameters(
    sec: Any, number: int, mechanism: MechanismSpec, distances: np.ndarray | None, longest: float
) -> None:
    for name, value in mechanism.params.items():
        attribute = f"{name}_{mechanism.suffix}"
        if isinstance(value, BySection):
            levels = value.values.get(number, ())
            if len(levels) != sec.nseg:
                raise SpecError(
                    f"{name} of {mechanism.suffix} has {len(levels)} values for {sec.name()}, which"
                    f" has {sec.nseg} segments; give one a segment"
                )
            for segment, level in zip(sec, levels, strict=True):
                setattr(segment, attribute, float(level))
            continue
        if isinstance(value, ApicalExponential | ApicalWindow):
            if distances is None:
                raise SpecError(
                    f"{name} of {mechanism.suffix} is given along the apical tree, but {sec.name()}"
                    " is not apical; give a plain number there"
                )
            values = along_apical(value, distances, longest)
            for segment, level in zip(sec, values, strict=True):
                setattr(segment, attribute, float(level))
        else:
            setattr(sec, attribute, float(value))


def along_apical(
    distribution: ApicalExponential | ApicalWindow, distances: np.ndarray, longest: float
) -> np.ndarray:
    """Return the values of a distribution at path distances (um) from the apical tree's start."""
    if isinstance(distribution, ApicalExponential):
        growth = np.exp(distribution.rate * distances / longest)
        return distribution.base * (distribution.offset + distribution.scale * growth)
    inside = (distances > distribution.start) & (distances < distribution.stop)
    return np.where(inside, distribution.value, distribution.value * distribution.outside)
