"""48 binary tasks on the plane: six families of shapes, eight variants of each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dendmod.rng import stream

Array = npt.NDArray[np.float64]

_VARIANTS = 8


def _rotated(x: Array, angle: float) -> tuple[Array, Array]:
    c, s = np.cos(angle), np.sin(angle)
    return c * x[..., 0] + s * x[..., 1], -s * x[..., 0] + c * x[..., 1]


def _half_plane(x: Array, v: int) -> Array:
    u, _ = _rotated(x, v * np.pi / 4)
    return u > 0.15 * (v % 3 - 1)


def _band(x: Array, v: int) -> Array:
    u, _ = _rotated(x, v * np.pi / 8)
    return np.abs(u - 0.1 * (v % 3 - 1)) < 0.4


def _centre(v: int) -> Array:
    angle = v * np.pi / 4 + np.pi / 8
    return 0.35 * np.array([np.cos(angle), np.sin(angle)])


def _disc(x: Array, v: int) -> Array:
    return np.hypot(*np.moveaxis(x - _centre(v), -1, 0)) < 0.5


def _ring(x: Array, v: int) -> Array:
    r = np.hypot(*np.moveaxis(x - 0.5 * _centre(v), -1, 0))
    return (r > 0.35) & (r < 0.8)


def _xor(x: Array, v: int) -> Array:
    u, w = _rotated(x - 0.3 * _centre(v), v * np.pi / 16)
    return u * w > 0


def _wave(x: Array, v: int) -> Array:
    u, w = _rotated(x, v * np.pi / 4)
    return w > 0.4 * np.sin(np.pi * u + v)


FAMILIES: dict[str, Callable[[Array, int], Array]] = {
    "half-plane": _half_plane,
    "band": _band,
    "disc": _disc,
    "ring": _ring,
    "XOR": _xor,
    "wave": _wave,
}
NAMES = tuple(f"{family} {v + 1}" for family in FAMILIES for v in range(_VARIANTS))


def labels(x: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return whether each point belongs to the class of each task.

    Parameters
    ----------
    x
        Points of the square [-1, 1]^2, shape [..., 2].

    Returns
    -------
    Shape [48, ...].
    """
    points = np.asarray(x, dtype=float)
    return np.stack([f(points, v) for f in FAMILIES.values() for v in range(_VARIANTS)])


def points(n: int, seed: int, part: str) -> Array:
    """Return `n` uniform points of the square, shape [n, 2], keyed by seed and part."""
    return stream(seed, "2-D points", part).uniform(-1, 1, (n, 2))
