"""A soma drawn as an outline becomes a stack of frusta."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_STATIONS = 21  # as many as NEURON's own import makes
_PERIMETER = 101


def outline_to_stack(outline: Array) -> tuple[Array, Array]:
    """Return points [21, 3] and diameters [21] (um) of a stack with an outline's shape.

    The outline, resampled evenly, is cut across its longest principal axis at equally
    spaced stations; the diameter is the distance between its two sides there. At both ends, where
    an outline has no width, the diameter is the mean of that and of the next station.

    Parameters
    ----------
    outline
        Points of the outline (um), shape [n, 3].
    """
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(outline, axis=0), axis=1))])
    even = np.linspace(0, along[-1], _PERIMETER)
    perimeter = np.column_stack([np.interp(even, along, outline[:, k]) for k in range(3)])
    center = perimeter.mean(axis=0)
    _, _, axes = np.linalg.svd(perimeter - center, full_matrices=False)
    major, minor = axes[0], axes[1]
    u, w = (perimeter - center) @ major, (perimeter - center) @ minor
    first, last = int(np.argmin(u)), int(np.argmax(u))
    sides = [_side(u, w, first, last), _side(u, w, last, first)]
    stations = np.linspace(u.min(), u.max(), _STATIONS)
    edges = np.array([np.interp(stations, side_u, side_w) for side_u, side_w in sides])
    diameters = np.abs(edges[0] - edges[1])
    diameters[0] = (diameters[0] + diameters[1]) / 2
    diameters[-1] = (diameters[-1] + diameters[-2]) / 2
    return center + stations[:, None] * major, diameters


def _side(u: Array, w: Array, start: int, stop: int) -> tuple[Array, Array]:
    """Return one side of the outline between two of its points, ordered along the axis."""
    n = len(u)
    span = (stop - start) % n
    index = (start + np.arange(span + 1)) % n
    order = np.argsort(u[index], kind="stable")
    return u[index][order], w[index][order]
