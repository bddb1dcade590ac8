"""Whether points can be a soma, and sizes those of a neuron in um."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.spatial.distance import pdist

from dendmod.errors import MorphologyError, MorphologyWarning
from dendmod.morphology.model import Array, Morphology

# A chain of cylinders through a soma is about as long as the soma; an outline is at least twice so.
_FOLDED = 2.0
# What is usual, um: ours, wide guesses and not measured on a collection of cells
_SOMA_DIAMETER = (2.0, 100.0)
_DENDRITE_LENGTH = (20.0, 100_000.0)
_DENDRITE_DIAMETER = (0.05, 20.0)


def check_soma_chain(points: Array, diameters: Array) -> None:
    """Refuse points of a soma that run in a ring or to and fro.

    Parameters
    ----------
    points, diameters
        Of the soma (um), shapes [n, 3] and [n].

    Raises
    ------
    MorphologyError
        With the sizes found.
    """
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    extent = float(pdist(points).max())
    if len(points) > 3 and length >= _FOLDED * extent:
        raise MorphologyError(
            f"its {len(points)} points make a chain {length:.1f} um long and up to "
            f"{diameters.max():g} um thick, but lie within {extent:.1f} um: an outline, or points "
            "out of order. SWC has a soma as a chain of cylinders; give one point in its middle "
            f"with the radius of a sphere of its size, for a round outline {extent / 2:.1f} um"
        )


def warn_of_sizes(morphology: Morphology, origin: str) -> None:
    """Warn of a soma or dendrites whose sizes are not usual, with what was found."""
    dendrites = [s for s in morphology.sections if s.kind in ("basal", "apical")]
    length = sum(s.length for s in dendrites)
    found = [("soma", "diameter", float(morphology.sections[0].diameters.max()), _SOMA_DIAMETER)]
    if dendrites:
        thick = sum(s.area for s in dendrites) / (np.pi * length)
        found.append(("dendrites", "length in all", length, _DENDRITE_LENGTH))
        found.append(("dendrites", "mean diameter", thick, _DENDRITE_DIAMETER))
    odd = [
        f"{part}: {what} {size:.3g} um, usual are {low:g} to {high:g}"
        for part, what, size, (low, high) in found
        if not low <= size <= high
    ]
    if odd:
        warnings.warn(
            f"{origin}: {'; '.join(odd)}. Are coordinates and radii in um?",
            MorphologyWarning,
            stacklevel=2,
        )
