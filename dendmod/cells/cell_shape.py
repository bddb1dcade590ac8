"""The sections of a cell with its axon, where each segment lies, and which lists it is on."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from dendmod.engines.checks import shape_of
from dendmod.errors import SpecError, did_you_mean
from dendmod.morphology import Morphology
from dendmod.spec.cell import AxonCylinder, AxonCylinders, AxonStub, Cell
from dendmod.spec.cell_file import BUILT_IN_LISTS, PLACE_NAMES
from dendmod.spec.expression import Expression, evaluator_of

_LIST_OF = {"soma": "somatic", "basal": "basal", "apical": "apical", "axon": "axonal"}
_SECTION_NAME = re.compile(r"^[A-Za-z_]\w*(\[\d+\])?$")


@dataclass(frozen=True)
class SectionShape:
    """One section.

    Parameters
    ----------
    name
        As NEURON's import names it: soma, dend[0], apic[0], axon[0]; myelin[0].
    region
        Of which part of the cell it is.
    lists
        Built-in lists that it is on.
    length
        As NEURON computes it (um).
    start
        Path distance (um) of its start from the middle of the soma.
    order
        Number of sections between it and the soma, itself included; 0 for the soma.
    diameters
        Of a cylinder, one or one a segment (um); None for a section that its points size.
    """

    name: str
    region: Literal["soma", "basal", "apical", "axon"]
    lists: frozenset[str]
    length: float
    start: float
    order: int
    diameters: tuple[float, ...] | None = None


@dataclass(frozen=True)
class CellShape:
    """Sections of a morphology, and those of a drawn axon after them.

    Parameters
    ----------
    morphology
        Without its axon, where the axon is drawn.
    axon
        The drawn axon; None for that of the morphology.
    myelinated
        How many of the last drawn sections are.
    lists
        The lists of the cell file: an expression, or names of sections.
    with_myelin
        Names of sections of the morphology that are myelinated.
    """

    morphology: Morphology
    axon: AxonCylinders | AxonStub | None
    myelinated: int
    lists: Mapping[str, str | tuple[str, ...]]
    with_myelin: frozenset[str] = frozenset()

    @cached_property
    def sections(self) -> tuple[SectionShape, ...]:
        """Every section, numbered as it is built."""
        shape, found = self.morphology, []
        order = [0]
        trees = {"trunk": shape.trunk_sections, "oblique": shape.oblique_sections,
                 "tuft": shape.tuft_sections}  # fmt: skip
        for i, section in enumerate(shape.sections):
            if i:
                order.append(order[section.parent] + 1)
            own = _LIST_OF[section.kind]
            if shape.neuron_names[i] in self.with_myelin:
                own = "myelinated"
            lists = {"all", own, *(n for n, of in trees.items() if i in of)}
            if section.kind in ("basal", "apical"):
                lists.add("dendritic")
            found.append(
                SectionShape(
                    name=shape.neuron_names[i],
                    region=section.kind,
                    lists=frozenset(lists),
                    length=float(_arcs(shape, i)[-1]) if section.L is None else section.L,
                    start=shape.path_distance(i, float(section.end)),
                    order=order[i],
                    diameters=section.diam or None,
                )
            )
        return (*found, *self._drawn(found[0].length))

    def _drawn(self, soma: float) -> list[SectionShape]:
        found: list[SectionShape] = []
        cylinders = self.axon.cylinders if self.axon is not None else ()
        start = soma * abs(self.axon.at - 0.5) if self.axon is not None else 0.0
        bare = len(cylinders) - self.myelinated
        for i, cylinder in enumerate(cylinders):
            name, own = (
                (f"axon[{i}]", "axonal") if i < bare else (f"myelin[{i - bare}]", "myelinated")
            )
            found.append(
                SectionShape(
                    name, "axon", frozenset({"all", own}), cylinder.L, start, i + 1, cylinder.diam
                )
            )
            start += cylinder.L
        return found

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Number of each section by its name."""
        return {s.name: i for i, s in enumerate(self.sections)}

    def mean_diameter(self, i: int) -> float:
        """Return the mean diameter of a section (um)."""
        return self.diameter_between(i, 0.0, 1.0)

    def diameter_between(self, i: int, low: float, high: float) -> float:
        """Return the mean diameter (um) between two places of a section."""
        drawn = self.sections[i].diameters
        if drawn is not None:
            n = len(drawn)
            if (low, high) == (0.0, 1.0):
                return sum(drawn) / n
            return drawn[min(int((low + high) / 2 * n), n - 1)]
        arc, d = _arcs(self.morphology, i), self.morphology.sections[i].diameters
        at = np.unique(np.concatenate([[low, high], arc / arc[-1]]))
        at = at[(at >= low) & (at <= high)]
        values = np.interp(at * arc[-1], arc, d)
        return float(np.sum((values[1:] + values[:-1]) / 2 * np.diff(at)) / (high - low))

    def lambda_f(self, i: int, Ra: float, cm: float, frequency: float) -> float:
        """Return the length of a section in its length constants at a frequency, as NEURON does."""
        section = self.sections[i]
        factor = math.sqrt(4 * math.pi * frequency * Ra * cm)
        if section.diameters is not None:
            return section.length / (1e5 * math.sqrt(section.diameters[0]) / factor)
        arc, d = _arcs(self.morphology, i), self.morphology.sections[i].diameters
        total = 0.0
        for k in range(1, len(arc)):
            total += (arc[k] - arc[k - 1]) / math.sqrt(d[k] + d[k - 1])
        return total * math.sqrt(2) * 1e-5 * factor

    def places(self, i: int, nseg: int, last_at_end: bool) -> list[dict[str, float]]:
        """Return the names that an expression may use, for each segment of a section."""
        middle = [(k + 0.5) / nseg for k in range(nseg)]
        at = [*middle[:-1], 1.0] if last_at_end else middle
        return [
            self._place(i, x, self.diameter_between(i, k / nseg, (k + 1) / nseg))
            for k, x in enumerate(at)
        ]

    def place(self, i: int, x: float) -> dict[str, float]:
        """Return the names that an expression may use at a place of a section."""
        drawn = self.sections[i].diameters
        if drawn is not None:
            return self._place(i, x, drawn[min(int(x * len(drawn)), len(drawn) - 1)])
        arc, d = _arcs(self.morphology, i), self.morphology.sections[i].diameters
        return self._place(i, x, float(np.interp(x * arc[-1], arc, d)))

    def _place(self, i: int, x: float, diameter: float) -> dict[str, float]:
        section = self.sections[i]
        row = dict.fromkeys(BUILT_IN_LISTS, 0.0) | dict.fromkeys(section.lists, 1.0)
        row |= {
            "distance": self.distance(i, x),
            "euclidean": self._euclidean(i, x),
            "diameter": diameter,
            "order": float(section.order),
            "x": x,
            "length": section.length,
        }
        for name in self.lists:
            row[name] = float(self.on_list(name, section.name, row))
        return row

    def distance(self, i: int, x: float) -> float:
        """Return the path distance (um) of a place from the middle of the soma."""
        if i == 0:
            return abs(x - 0.5) * self.sections[0].length
        if i < len(self.morphology.sections):
            return self.morphology.path_distance(i, x)
        return self.sections[i].start + x * self.sections[i].length

    def _euclidean(self, i: int, x: float) -> float:
        if i >= len(self.morphology.sections):
            return self.distance(i, x)
        soma, place = (
            np.array([np.interp(at * arc[-1], arc, s.points[:, k]) for k in range(3)])
            for at, arc, s in (
                (0.5, _arcs(self.morphology, 0), self.morphology.sections[0]),
                (x, _arcs(self.morphology, i), self.morphology.sections[i]),
            )
        )
        return float(np.linalg.norm(place - soma))

    def on_list(self, name: str, section: str, place: Mapping[str, float]) -> bool:
        """Return whether a place of a section is on a list, or where an expression holds."""
        if name in BUILT_IN_LISTS or name in place:
            return bool(place[name])
        if name in self.numbers:
            return section == name
        given = self.lists.get(name, name)
        if not isinstance(given, str):
            return section in given
        return bool(evaluator_of(given)(place))

    def check_lists(self) -> None:
        """Check that every list is made of what there is; a list may use those before it.

        Raises
        ------
        SpecError
            Naming the list, and the nearest of what is allowed.
        """
        known = [n for n in (*BUILT_IN_LISTS, *PLACE_NAMES) if n != "longest"]
        for name, given in self.lists.items():
            if isinstance(given, str):
                try:
                    Expression(given).check_names(known)
                except SpecError as error:
                    raise SpecError(f"lists.{name}: {error}") from None
            else:
                for section in given:
                    self.check_section(section, f"lists.{name}")
            known.append(name)

    def check_section(self, name: str, where: str) -> None:
        """Raise a SpecError for a section that is not there."""
        if name not in self.numbers:
            raise SpecError(
                f"{where}: {self.morphology.name} has no section {name!r}." + _near(name, self)
            )

    def check_where(self, where: str, text: str) -> None:
        """Check that what a row names is a list, a section or an expression of places."""
        if text in (*BUILT_IN_LISTS, *self.lists, *self.numbers):
            return
        if _SECTION_NAME.match(text):
            raise SpecError(
                f"{where}: there is no list {text!r}."
                + did_you_mean(text, (*BUILT_IN_LISTS, *self.lists))
            )
        known = [n for n in (*BUILT_IN_LISTS, *PLACE_NAMES, *self.lists) if n != "longest"]
        try:
            Expression(text).check_names(known)
        except SpecError as error:
            raise SpecError(f"{where}: {error}") from None


def shape_with_lists(cell: Cell) -> CellShape:
    """Return the sections of a cell and its lists, checked; a drawn axon counts as bare.

    Raises
    ------
    SpecError
        If a list is made of what is not there.
    """
    found = CellShape(shape_of(cell), cell.axon_stub, 0, cell.lists)
    found.check_lists()
    return found


def _near(name: str, shape: CellShape) -> str:
    stem = name.partition("[")[0]
    same = [s for s in shape.numbers if s.partition("[")[0] == stem]
    if same:
        return f" It has {same[0]} to {same[-1]}."
    return did_you_mean(stem, {s.partition("[")[0] for s in shape.numbers})


def _arcs(morphology: Morphology, i: int) -> np.ndarray:
    """Return the distance (um) of each point from a section's start, as NEURON sums it."""
    steps = np.diff(morphology.sections[i].points.astype(np.float32), axis=0).astype(float)
    return np.concatenate([[0.0], np.cumsum(np.sqrt((steps**2).sum(axis=1)))])


def drawn_axon(
    lengths: tuple[float, ...], diameters: tuple[float | tuple[float, ...], ...], at: float
) -> AxonCylinders:
    """Return the axon of these lengths (um) and diameters (um), each one or one a segment."""
    cylinders = tuple(
        AxonCylinder(L=length, diam=diam if isinstance(diam, tuple) else (diam,))
        for length, diam in zip(lengths, diameters, strict=True)
    )
    return AxonCylinders(cylinders=cylinders, at=at)
