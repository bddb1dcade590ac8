"""Places of a dendrite that are kept to carry its load, without inputs of their own."""

from __future__ import annotations

from collections.abc import Sequence

from dendmod.errors import SpecError
from dendmod.morphology import Morphology
from dendmod.spec import Location


def apical_places(morphology: Morphology, distances: Sequence[float]) -> dict[str, Location]:
    """Return where trunk and tuft cross these path distances from the soma (um), by name.

    Raises
    ------
    SpecError
        If the apical dendrite does not reach that far.
    """
    obliques = set(morphology.oblique_sections)
    main = [
        i for i, s in enumerate(morphology.sections) if s.kind == "apical" and i not in obliques
    ]
    found = {}
    for distance in distances:
        crossings = 0
        for i in main:
            start, stop = morphology.path_distance(i, 0.0), morphology.path_distance(i, 1.0)
            if start <= distance < stop:
                x = (distance - start) / (stop - start)
                found[f"apical{distance:g}_{crossings}".replace(".", "p")] = Location(
                    section=i, x=x
                )
                crossings += 1
        if not crossings:
            far = max((morphology.path_distance(i, 1.0) for i in main), default=0.0)
            raise SpecError(
                f"the apical dendrite of {morphology.name} reaches {far:.0f} um; a place at "
                f"{distance:g} um was asked for"
            )
    return found
