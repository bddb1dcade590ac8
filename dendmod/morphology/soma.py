"""A soma drawn as an outline becomes a stack of frusta."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dendmod.errors import MorphologyError

Array = npt.NDArray[np.float64]

_STATIONS = 21  # as many as NEURON's own import makes
_PERIMETER = 101


def outline_to_stack(outline: Array) -> tuple[Array, Array]:
    """Return points [21, 3] and diameters [21] (um) of a stack with an outline's shape.

    As NEURON's own import does, so that a file gives the same soma here and there: the outline,
    resampled evenly as seen from above, is cut across its longest principal axis at evenly spaced
    stations, in the plane of the slice; the diameter is the distance between its two sides
    there. At both ends, where an outline has no width, the diameter is the mean of that and of the
    next station.

    Parameters
    ----------
    outline
        Points of the outline (um), shape [n, 3].

    Raises
    ------
    MorphologyError
        If the outline encloses nothing or is not finite.
    """
    if not np.isfinite(outline).all():
        raise MorphologyError("its outline has coordinates that are not finite")
    steps = np.linalg.norm(np.diff(outline[:, :2], axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    even = np.linspace(0, along[-1], _PERIMETER)
    perimeter = np.column_stack([np.interp(even, along, outline[:, k]) for k in range(3)])
    centre = perimeter.mean(axis=0)
    _, _, axes = np.linalg.svd(perimeter - centre, full_matrices=False)
    major = axes[0] * np.sign(axes[0][np.abs(axes[0]).argmax()])
    minor = axes[1] * (1, 1, 0)
    u, w = (perimeter - centre) @ major, (perimeter - centre) @ minor
    if np.ptp(u) <= 0 or np.ptp(w) <= 1e-6 * np.ptp(u):
        raise MorphologyError("its outline encloses nothing")
    w = w / np.linalg.norm(minor)
    # from one end of the outline round to the other: two sides, each with one of the ends
    u, w = np.roll(u, -u.argmax()), np.roll(w, -u.argmax())
    turn = int(u.argmin())
    sides = [_rising(u[:turn][::-1], w[:turn][::-1]), _rising(u[turn:], w[turn:])]
    both = np.sort(np.concatenate([side[0] for side in sides]))
    stations = np.linspace(both[1], both[-2], _STATIONS)
    edges = [np.interp(stations, *side) for side in sides]
    diameters = np.abs(edges[0] - edges[1])
    diameters[0] = (diameters[0] + diameters[1]) / 2
    diameters[-1] = (diameters[-1] + diameters[-2]) / 2
    return centre + stations[:, None] * major, diameters


def _rising(u: Array, w: Array) -> tuple[Array, Array]:
    """Return the points of a side that are further along than all before them."""
    kept = np.concatenate([[True], u[1:] > np.maximum.accumulate(u)[:-1]])
    return u[kept], w[kept]
