"""Generate an L5 thick-tufted pyramidal morphology from the measured facts of one cell.

The facts are those of the reconstruction of Hay et al. 2011 (cell 1), measured with NEURON:
lengths, areas, tips and diameters of soma, basal tree, trunk, obliques and tuft. The shape is
drawn from a seed; total lengths and areas are scaled to the measured ones, because rest and input
resistance follow from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dendmod.morphology.model import Kind, Morphology, Section

Array = npt.NDArray[np.float64]

_STEP = 12.0  # um between points
_MIN_DIAMETER = 0.26

_DRAWS = 10_000  # of one length within its range


@dataclass(frozen=True)
class TreeFacts:
    """Facts of one group of branches; lengths in um, areas in um2."""

    tips: tuple[int, ...]
    length: float
    area: float
    internal_median: float
    internal_sigma: float
    terminal_mean: float
    terminal_sd: float
    terminal_range: tuple[float, float]
    diameter_exponent: float


BASAL = TreeFacts(
    tips=(12, 11, 8, 5, 4, 3, 2, 1), length=5133.5, area=8863.0, internal_median=21.0,
    internal_sigma=0.75, terminal_mean=90.0, terminal_sd=50.0, terminal_range=(10.0, 200.0),
    diameter_exponent=0.5,
)  # fmt: skip
OBLIQUE = TreeFacts(
    tips=(3, 3, 10, 1, 5, 3, 3, 4, 1), length=3246.4, area=6968.3, internal_median=20.0,
    internal_sigma=0.75, terminal_mean=82.0, terminal_sd=50.0, terminal_range=(10.0, 200.0),
    diameter_exponent=0.35,
)  # fmt: skip


@dataclass(frozen=True)
class ApicalFacts:
    """Facts of soma, trunk and tuft."""

    soma_length: float = 23.2
    soma_diameter: float = 15.54
    trunk_length: float = 627.0
    trunk_x: tuple[float, ...] = (0, 8, 25, 60, 150, 215, 420, 627)
    trunk_diameter: tuple[float, ...] = (8.5, 5.6, 4.1, 3.2, 3.05, 2.6, 2.57, 2.83)
    oblique_origins: tuple[float, float] = (85.0, 382.0)
    tuft_tips: tuple[int, int] = (15, 7)
    tuft_first: tuple[float, float] = (62.0, 276.0)
    tuft_internal_mean: tuple[float, ...] = (165.0, 120.0, 55.0, 56.0, 60.0)  # orders 1, 2 ...
    tuft_tip_distance: tuple[float, float] = (1005.0, 1300.0)
    tuft_area: float = 8267.2
    tuft_exponent: float = 0.6
    trunk_area: float = 5773.8


APICAL = ApicalFacts()


@dataclass
class _Branch:
    """A branch under construction; `children` follow at its end."""

    tips: int
    length: float
    order: int
    children: list[_Branch] = field(default_factory=list)

    def walk(self) -> list[_Branch]:
        return [self, *(b for child in self.children for b in child.walk())]


def generate(seed: int, name: str = "l5pc") -> Morphology:
    """Return the morphology of a seed.

    Parameters
    ----------
    seed
        The same seed gives the same morphology on every machine.
    name
        Its name.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    half = APICAL.soma_length / 2
    soma = Section(
        "soma",
        np.array([[0.0, -half, 0.0], [0.0, 0.0, 0.0], [0.0, half, 0.0]]),
        np.full(3, APICAL.soma_diameter),
        -1,
    )
    builder = _Builder(rng, [soma])
    basal = _draw_trees(rng, BASAL)
    scale = _diameter_scale(basal, BASAL.area, BASAL.diameter_exponent)
    for root in basal:
        builder.grow(root, "basal", 0, _basal_direction(rng), scale, BASAL.diameter_exponent)
    ends = _trunk(builder)
    oblique = _draw_trees(rng, OBLIQUE)
    scale = _diameter_scale(oblique, OBLIQUE.area, OBLIQUE.diameter_exponent)
    for root, parent in zip(oblique, ends[:-1], strict=True):
        builder.grow(
            root, "apical", parent, _oblique_direction(rng), scale, OBLIQUE.diameter_exponent
        )
    tuft = _draw_tuft(rng)
    scale = _diameter_scale(tuft, APICAL.tuft_area, APICAL.tuft_exponent)
    for k, root in enumerate(tuft):
        side = np.array([0.5 - k, 1.2, rng.normal(0, 0.2)])
        builder.grow(root, "apical", ends[-1], _unit(side), scale, APICAL.tuft_exponent)
    return Morphology(name, tuple(builder.sections))


def _split(rng: np.random.Generator, tips: int) -> tuple[int, int]:
    left = int(rng.integers(1, tips))
    return left, tips - left


def _tree(rng: np.random.Generator, tips: int, order: int, facts: TreeFacts) -> _Branch:
    if tips == 1:
        low, high = facts.terminal_range
        drawn = (rng.normal(facts.terminal_mean, facts.terminal_sd) for _ in range(_DRAWS))
        length = next(length for length in drawn if low <= length <= high)
        return _Branch(1, length, order)
    length = facts.internal_median * np.exp(rng.normal(0, facts.internal_sigma))
    branch = _Branch(tips, max(length, 3.0), order)
    branch.children = [_tree(rng, n, order + 1, facts) for n in _split(rng, tips)]
    return branch


def _draw_trees(rng: np.random.Generator, facts: TreeFacts) -> list[_Branch]:
    roots = [_tree(rng, tips, 0, facts) for tips in facts.tips]
    branches = [b for root in roots for b in root.walk()]
    factor = facts.length / sum(b.length for b in branches)
    for branch in branches:
        branch.length *= factor
    return roots


def _draw_tuft(rng: np.random.Generator) -> list[_Branch]:
    def tree(tips: int, order: int, start: float, length: float | None = None) -> _Branch:
        if tips == 1:
            tip = rng.uniform(*APICAL.tuft_tip_distance)
            return _Branch(1, max(tip - start, rng.uniform(8.0, 25.0)), order)
        if length is None:
            means = APICAL.tuft_internal_mean
            mean = means[min(order, len(means)) - 1]
            room = max(APICAL.tuft_tip_distance[1] - start - 20.0, 10.0)
            length = min(mean * rng.uniform(0.5, 1.5), room)
        branch = _Branch(tips, length, order)
        branch.children = [tree(n, order + 1, start + length) for n in _split(rng, tips)]
        return branch

    start = APICAL.trunk_length
    return [
        tree(tips, 0, start, first)
        for tips, first in zip(APICAL.tuft_tips, APICAL.tuft_first, strict=True)
    ]


def _diameters(branch: _Branch, scale: float, exponent: float, n: int) -> Array:
    """Diameters of a branch, tapering from start to end."""
    middle = scale * branch.tips**exponent
    return np.maximum(middle * np.linspace(1.1, 0.9, n), _MIN_DIAMETER)


def _diameter_scale(roots: list[_Branch], area: float, exponent: float) -> float:
    """Return the scale at which the branches have the wanted area (bisection)."""
    branches = [b for root in roots for b in root.walk()]

    def total(scale: float) -> float:
        return sum(
            np.pi * b.length * float(_diameters(b, scale, exponent, 9).mean()) for b in branches
        )

    low, high = 0.01, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if total(middle) < area else (low, middle)
    return (low + high) / 2


def _unit(v: Array) -> Array:
    return v / np.linalg.norm(v)


def _basal_direction(rng: np.random.Generator) -> Array:
    angle = rng.uniform(0, 2 * np.pi)
    return _unit(np.array([np.cos(angle), rng.uniform(-1.0, 0.2), 0.4 * np.sin(angle)]))


def _oblique_direction(rng: np.random.Generator) -> Array:
    side = 1.0 if rng.uniform() < 0.5 else -1.0
    return _unit(np.array([side, rng.uniform(-0.1, 0.7), rng.normal(0, 0.3)]))


class _Builder:
    """Sections with points; every branch keeps its exact length."""

    def __init__(self, rng: np.random.Generator, sections: list[Section]) -> None:
        self.rng, self.sections = rng, sections

    def add(self, kind: Kind, points: Array, diameters: Array, parent: int) -> int:
        self.sections.append(Section(kind, points, diameters, parent))
        return len(self.sections) - 1

    def grow(
        self, branch: _Branch, kind: Kind, parent: int, direction: Array, scale: float, e: float
    ) -> None:
        """Add a branch and all that follows, wandering about a direction."""
        start = self.sections[parent].points[1 if parent == 0 else -1]
        n = max(2, 1 + round(branch.length / _STEP))
        heading, points = direction, [start]
        for _ in range(n - 1):
            heading = _unit(heading + 0.25 * self.rng.normal(size=3) * (1, 1, 0.5))
            heading = _unit(heading + 0.15 * direction)
            points.append(points[-1] + heading * branch.length / (n - 1))
        number = self.add(kind, np.array(points), _diameters(branch, scale, e, n), parent)
        turn = self.rng.normal(size=3) * (1, 1, 0.5)
        for k, child in enumerate(branch.children):
            spread = 0.7 * _unit(turn) * (1 if k else -1)
            self.grow(child, kind, number, _unit(heading + spread), scale, e)


def _trunk(builder: _Builder) -> list[int]:
    """Add the trunk, cut where obliques leave; return the numbers of its sections."""
    low, high = APICAL.oblique_origins
    n = len(OBLIQUE.tips)
    edges = np.linspace(low, high, n + 1)
    origins = np.sort(builder.rng.uniform(edges[:-1], edges[1:]))
    cuts = np.concatenate([[0.0], origins, [APICAL.trunk_length]])
    nodes = np.unique(np.concatenate([cuts, APICAL.trunk_x, np.arange(0, cuts[-1], _STEP)]))
    diameters = np.interp(nodes, APICAL.trunk_x, APICAL.trunk_diameter)
    steps, radii = np.diff(nodes), diameters / 2
    area = (np.pi * (radii[:-1] + radii[1:]) * np.hypot(steps, np.diff(radii))).sum()
    diameters = diameters * APICAL.trunk_area / area
    numbers, parent = [], 0
    for start, stop in zip(cuts[:-1], cuts[1:], strict=True):
        inside = (nodes >= start) & (nodes <= stop)
        points = np.column_stack([np.zeros(inside.sum()), nodes[inside], np.zeros(inside.sum())])
        parent = builder.add("apical", points, diameters[inside], parent)
        numbers.append(parent)
    return numbers
