"""How a single neuron answers: rate as a function of how far the input is above its threshold.

Each function is held as its *rise*: a measure of points ``u`` with masses ``w`` (Hz), so that
``f(x) = sum of the masses at u <= x``. Jumps are single points; smooth parts are Gauss-Legendre
nodes. A population function is then a sum over the rise, without any numerical derivative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dendmod.arrays import check_fields
from dendmod.errors import SpecError

Array = npt.NDArray[np.float64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_TAIL = 38.0  # scales: exp(-38) is below the rounding of 1
_MOST_PANELS = 4000


class SingleNeuron(Protocol):
    """A rate (Hz) as a function of input minus threshold."""

    @property
    def qmax(self) -> float:
        """Rate at the largest input (Hz)."""

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Rate (Hz) at input minus threshold."""

    def rise(self, width: float) -> tuple[Array, Array]:
        """Points and masses (Hz) of f', exact for densities smooth on the scale `width`."""

    def cumulants(self) -> tuple[float, float, float]:
        """First three cumulants of f' / qmax, taken as a density."""


def _panels(edges: Array) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights of each panel, flat."""
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * _NODES).ravel(), (half[:, None] * _WEIGHTS).ravel()


def _edges(start: float, stop: float, width: float) -> Array:
    n = int(np.ceil((stop - start) / width))
    return np.linspace(start, stop, min(max(n, 1), _MOST_PANELS) + 1)


@dataclass(frozen=True)
class Step:
    """Nothing below threshold, `qmax` (Hz) above it."""

    qmax: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, positive=("qmax",))

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Rate (Hz)."""
        return self.qmax * np.heaviside(np.asarray(x, dtype=float), 1.0)

    def rise(self, width: float) -> tuple[Array, Array]:
        """One point at threshold."""
        return np.zeros(1), np.array([self.qmax])

    def cumulants(self) -> tuple[float, float, float]:
        """All zero."""
        return 0.0, 0.0, 0.0


@dataclass(frozen=True)
class Saturating:
    """``qmax (1 - exp(-x / scale))`` above threshold: a graded rise to a highest rate.

    Parameters
    ----------
    qmax
        Highest rate (Hz).
    scale
        Input over which 63 % of it is reached, in the unit of the input.
    """

    qmax: float
    scale: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise SpecError(f"scale = {self.scale}: give a finite number > 0")

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Rate (Hz)."""
        return -self.qmax * np.expm1(-np.maximum(np.asarray(x, dtype=float), 0.0) / self.scale)

    def rise(self, width: float) -> tuple[Array, Array]:
        """Nodes of an exponential density."""
        step = min(width, self.scale)
        u, w = _panels(_edges(0.0, _TAIL * self.scale, step))
        return u, w * self.qmax / self.scale * np.exp(-u / self.scale)

    def cumulants(self) -> tuple[float, float, float]:
        """Those of an exponential density."""
        return self.scale, self.scale**2, 2 * self.scale**3


@dataclass(frozen=True)
class Measured:
    """A measured f-I curve: straight between its points, constant outside them.

    The input is counted from `threshold`, the first point after which the cell fires.

    Parameters
    ----------
    current
        Inputs, rising, in their own unit.
    rate
        Rates (Hz) at them.
    threshold
        What is taken off the input, in the same unit.
    """

    current: tuple[float, ...]
    rate: tuple[float, ...]
    threshold: float = 0.0

    def __post_init__(self) -> None:
        x, y = np.asarray(self.current, dtype=float), np.asarray(self.rate, dtype=float)
        if x.ndim != 1 or x.shape != y.shape or x.size < 2 or not (np.diff(x) > 0).all():
            raise SpecError(
                "a measured curve needs two or more rising inputs and one rate each; given shapes "
                f"{x.shape} and {y.shape}"
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all()) or (y < 0).any() or not y[-1] > 0:
            raise SpecError(
                "a measured curve needs finite inputs, and rates of 0 Hz or more, the last of them "
                "> 0; leave out what lies beyond a block of spiking"
            )

    @property
    def qmax(self) -> float:
        """Rate at the last point (Hz)."""
        return float(self.rate[-1])

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Rate (Hz)."""
        at = np.asarray(x, dtype=float) + self.threshold
        return np.interp(at, self.current, self.rate)

    def rise(self, width: float) -> tuple[Array, Array]:
        """Nodes of each straight piece, and a jump where the first rate is not zero."""
        x, y = np.asarray(self.current) - self.threshold, np.asarray(self.rate)
        parts = [(x[:1], y[:1])] if y[0] > 0 else []
        for a, b, low, high in zip(x[:-1], x[1:], y[:-1], y[1:], strict=True):
            if high != low:
                u, w = _panels(_edges(a, b, width))
                parts.append((u, w * (high - low) / (b - a)))
        points, masses = zip(*parts, strict=True)
        return np.concatenate(points), np.concatenate(masses)

    def cumulants(self) -> tuple[float, float, float]:
        """From the straight pieces; a curve that falls has negative masses."""
        u, w = self.rise(np.inf)  # 8 nodes a piece integrate its cubic moments exactly
        w = w / self.qmax
        mean = float(w @ u)
        return mean, float(w @ (u - mean) ** 2), float(w @ (u - mean) ** 3)
