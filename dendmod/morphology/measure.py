"""Totals of a morphology by region."""

from __future__ import annotations

from dataclasses import dataclass

from dendmod.morphology.model import Morphology


@dataclass(frozen=True)
class Totals:
    """Number of sections and tips, length (um), lateral area (um2) and diameters (um).

    The mean diameter is that along the length; a region without sections has diameters of 0.
    """

    sections: int
    tips: int
    length: float
    area: float
    diameter_min: float
    diameter_mean: float
    diameter_max: float


def morphometry(morphology: Morphology) -> dict[str, Totals]:
    """Return totals for soma, axon, basal, trunk, oblique, tuft and all."""
    kinds = [s.kind for s in morphology.sections]
    regions = {
        "soma": [0],
        "axon": [i for i, k in enumerate(kinds) if k == "axon"],
        "basal": [i for i, k in enumerate(kinds) if k == "basal"],
        "trunk": list(morphology.trunk_sections),
        "oblique": list(morphology.oblique_sections),
        "tuft": list(morphology.tuft_sections),
        "all": list(range(len(kinds))),
    }
    return {name: _totals(morphology, index) for name, index in regions.items()}


def _totals(morphology: Morphology, index: list[int]) -> Totals:
    sections = [morphology.sections[i] for i in index]
    length = sum(s.length for s in sections)
    weighted = sum(float(s.steps @ (s.diameters[:-1] + s.diameters[1:])) / 2 for s in sections)
    return Totals(
        sections=len(sections),
        tips=sum(morphology.is_terminal(i) for i in index if i > 0),
        length=length,
        area=sum(s.area for s in sections),
        diameter_min=min((float(s.diameters.min()) for s in sections), default=0.0),
        diameter_mean=weighted / length if length else 0.0,
        diameter_max=max((float(s.diameters.max()) for s in sections), default=0.0),
    )
