"""Totals of a morphology by region."""

from __future__ import annotations

from dataclasses import dataclass

from dendmod.morphology.model import Morphology


@dataclass(frozen=True)
class Totals:
    """Number of sections and tips, length (um) and lateral area (um2)."""

    sections: int
    tips: int
    length: float
    area: float


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
    return {
        name: Totals(
            sections=len(index),
            tips=sum(morphology.is_terminal(i) for i in index if i > 0),
            length=sum(morphology.sections[i].length for i in index),
            area=sum(morphology.sections[i].area for i in index),
        )
        for name, index in regions.items()
    }
