"""A morphology: unbranched sections with their points, joined to a tree at the soma."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from dendmod.errors import MorphologyError

Kind = Literal["soma", "axon", "basal", "apical"]
Array = npt.NDArray[np.float64]
SMALLEST = 1e-4  # um, the size of an atom
LARGEST = 1e6  # um, a metre


@dataclass(frozen=True, eq=False)
class Section:
    """An unbranched piece of a neuron.

    Parameters
    ----------
    kind
        Region.
    points
        Positions (um), shape [n, 3].
    diameters
        Diameters (um), shape [n].
    parent
        Number of the parent section; -1 for the soma.
    parent_x
        Where on its parent it is joined; None for the middle of the soma and the end of others, as
        files of points have it.
    end
        Which end of it is joined, 0 or 1.
    name
        Its own; None for that which NEURON's import gives.
    L, diam
        Length and diameter (um), one or one a segment, where these and not its points say its
        size; the points then only draw it.
    """

    kind: Kind
    points: Array
    diameters: Array
    parent: int
    parent_x: float | None = None
    end: Literal[0, 1] = 0
    name: str | None = None
    L: float | None = None
    diam: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=float)
        diameters = np.array(self.diameters, dtype=float)
        if points.ndim != 2 or points.shape != (diameters.size, 3) or diameters.size < 2:
            raise MorphologyError(
                f"a section needs at least two points with three coordinates and one diameter "
                f"each; given shapes {points.shape} and {diameters.shape}"
            )
        if not (np.isfinite(points).all() and np.isfinite(diameters).all()):
            raise MorphologyError("a section has coordinates or diameters that are not finite")
        if (diameters <= 0).any():
            raise MorphologyError(f"a section has a diameter of {diameters.min()} um; give > 0")
        sizes = (np.abs(points).max(), diameters.max(), self.L or 0.0, *self.diam)
        if max(sizes) > LARGEST:
            raise MorphologyError(
                f"a section has a coordinate, length or diameter of {max(sizes):g} um; no neuron "
                f"has one beyond {LARGEST:g} um"
            )
        if (points == points[0]).all():
            raise MorphologyError("a section has no length: all its points are in one place")
        points.setflags(write=False)
        diameters.setflags(write=False)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "diameters", diameters)

    @cached_property
    def steps(self) -> Array:
        """Distance (um) between consecutive points, shape [n - 1]."""
        return np.linalg.norm(np.diff(self.points, axis=0), axis=1)

    @cached_property
    def length(self) -> float:
        """Length (um)."""
        return float(self.steps.sum()) if self.L is None else self.L

    @cached_property
    def area(self) -> float:
        """Lateral area (um2) of the frusta between the points, or of its cylinders."""
        if self.L is not None:
            return float(np.pi * np.mean(self.diam) * self.L)
        r = self.diameters / 2
        slant = np.hypot(self.steps, np.diff(r))
        return float((np.pi * (r[:-1] + r[1:]) * slant).sum())


@dataclass(frozen=True, eq=False)
class Morphology:
    """A neuron's shape.

    Parameters
    ----------
    name
        How it is called in results.
    sections
        The soma first; parents before children. Children of the soma are joined at soma(0.5), all
        others at the end of their parent, unless a section says another place (`joint`).
    """

    name: str
    sections: tuple[Section, ...]

    def __post_init__(self) -> None:
        if not self.sections or self.sections[0].kind != "soma":
            raise MorphologyError(f"{self.name}: the first section must be the soma")
        for i, section in enumerate(self.sections):
            if (i == 0) != (section.parent == -1) or section.parent >= i:
                raise MorphologyError(
                    f"{self.name}: section {i} has parent {section.parent}; only the soma "
                    "(section 0) has none (-1), and parents come before their children"
                )
            if i > 0 and section.kind == "soma":
                raise MorphologyError(f"{self.name}: section {i} is a second soma")

    @cached_property
    def sha256(self) -> str:
        """Hash of the geometry: equal shapes have equal hashes, whatever their files."""
        digest = hashlib.sha256()
        for s in self.sections:
            digest.update(f"{s.kind} {s.parent} {s.diameters.size}\n".encode())
            if (s.parent_x, s.end, s.L, s.diam) != (None, 0, None, ()):
                digest.update(f"{s.parent_x} {s.end} {s.L} {s.diam}\n".encode())
            for values in (s.points, s.diameters):
                digest.update((np.round(values, 6) + 0.0).tobytes())  # + 0.0: no -0.0
        return digest.hexdigest()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Readable names: soma, basal[0], apical[0] ..."""
        counts: dict[str, int] = {}
        names = []
        for s in self.sections:
            number = counts.get(s.kind, 0)
            counts[s.kind] = number + 1
            given = "soma" if s.kind == "soma" else f"{s.kind}[{number}]"
            names.append(given if s.name is None else s.name)
        return tuple(names)

    @cached_property
    def neuron_names(self) -> tuple[str, ...]:
        """Names as NEURON's import gives them: soma, dend[0], apic[0], axon[0] ..."""
        short = {"basal": "dend", "apical": "apic"}
        found = []
        for section, name in zip(self.sections, self.names, strict=True):
            kind, bracket, rest = name.partition("[")
            found.append(
                short.get(kind, kind) + bracket + rest if section.name is None else section.name
            )
        return tuple(found)

    def joint(self, i: int) -> tuple[float, Literal[0, 1]]:
        """Return where on its parent a section is joined, and which end of it."""
        section = self.sections[i]
        place = section.parent_x
        if place is None:
            place = 0.5 if section.parent == 0 else 1.0
        return place, section.end

    @cached_property
    def _children(self) -> tuple[tuple[int, ...], ...]:
        found: list[list[int]] = [[] for _ in self.sections]
        for i, s in enumerate(self.sections[1:], start=1):
            found[s.parent].append(i)
        return tuple(map(tuple, found))

    def children(self, i: int) -> tuple[int, ...]:
        """Return the numbers of the children of a section."""
        return self._children[i]

    def is_terminal(self, i: int) -> bool:
        """Whether a section ends in a tip."""
        return all(self.joint(k)[0] == self.sections[i].end for k in self._children[i])

    def length(self, i: int) -> float:
        """Return the length of a section (um)."""
        return self.sections[i].length

    @cached_property
    def _start(self) -> tuple[float, ...]:
        start = [0.0]
        for i, s in enumerate(self.sections[1:], start=1):
            above, (x, _) = self.sections[s.parent], self.joint(i)
            along = abs(x - 0.5) if s.parent == 0 else abs(x - above.end)
            start.append(start[s.parent] + along * above.length)
        return tuple(start)

    def path_distance(self, i: int, x: float) -> float:
        """Return the path distance (um) of a place from the start of its tree at the soma.

        The start is the middle of the soma for sections that are joined elsewhere on it; of the
        soma's own places it is soma(0).
        """
        return self._start[i] + abs(x - self.sections[i].end) * self.sections[i].length

    @cached_property
    def _reach(self) -> tuple[float, ...]:
        """Longest path distance in the subtree of each section."""
        reach = [self.path_distance(i, 1.0 - s.end) for i, s in enumerate(self.sections)]
        for i in range(len(self.sections) - 1, 0, -1):
            parent = self.sections[i].parent
            if parent > 0:
                reach[parent] = max(reach[parent], reach[i])
        return tuple(reach)

    @cached_property
    def trunk_sections(self) -> tuple[int, ...]:
        """Apical sections from the soma to the main bifurcation.

        The longest apical path is followed; the main bifurcation is the first branching point past
        which both sides reach three quarters of the longest apical path.
        """
        roots = [i for i in self.children(0) if self.sections[i].kind == "apical"]
        if not roots:
            return ()
        current = max(roots, key=lambda i: self._reach[i])
        longest = self._reach[current]
        trunk = [current]
        while self.children(current):
            order = sorted(self.children(current), key=lambda i: -self._reach[i])
            if len(order) > 1 and self._reach[order[1]] >= 0.75 * longest:
                break
            current = order[0]
            trunk.append(current)
        return tuple(trunk)

    @cached_property
    def tuft_sections(self) -> tuple[int, ...]:
        """Apical sections past the main bifurcation."""
        if not self.trunk_sections:
            return ()
        found = set(self.children(self.trunk_sections[-1]))
        for i in range(len(self.sections)):
            if self.sections[i].parent in found:
                found.add(i)
        return tuple(sorted(found))

    @cached_property
    def oblique_sections(self) -> tuple[int, ...]:
        """Apical sections that are neither trunk nor tuft."""
        other = {*self.trunk_sections, *self.tuft_sections}
        return tuple(
            i for i, s in enumerate(self.sections) if s.kind == "apical" and i not in other
        )

    def on_trunk(self, distance: float) -> tuple[int, float]:
        """Return section and x at a path distance (um) along the longest apical path.

        Raises
        ------
        MorphologyError
            If the apical tree is shorter or there is none.
        """
        for i in self.trunk_sections:
            end = self.sections[i].end
            if self._start[i] <= distance <= self.path_distance(i, 1.0 - end):
                return i, abs((distance - self._start[i]) / self.sections[i].length - end)
        far = max(
            (self.path_distance(i, 1.0 - self.sections[i].end) for i in self.trunk_sections),
            default=0.0,
        )
        raise MorphologyError(
            f"{self.name}: there is no place {distance} um up the apical trunk, which is "
            f"{far:.0f} um long"
        )

    def without_axon(self) -> Morphology:
        """Return the morphology without its axonal sections.

        Raises
        ------
        MorphologyError
            If a dendrite hangs on the axon.
        """
        kept = [i for i, s in enumerate(self.sections) if s.kind != "axon"]
        if len(kept) == len(self.sections):
            return self
        for i in kept[1:]:
            if self.sections[self.sections[i].parent].kind == "axon":
                raise MorphologyError(
                    f"{self.name}: {self.names[i]} hangs on the axon, so that the axon cannot be "
                    "left out; join it to the soma or a dendrite, or keep the axon"
                )
        number = {old: new for new, old in enumerate(kept)}
        number[-1] = -1
        sections = tuple(
            replace(s, parent=number[s.parent]) for s in (self.sections[i] for i in kept)
        )
        return Morphology(self.name, sections)
