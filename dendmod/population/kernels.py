"""Postsynaptic kernels: what one presynaptic spike does to a potential over time.

A kernel is a weighted sum of chains of first-order filters. Every filter of a chain has unit area,
so that weights are areas; the alpha function is a chain of two equal time constants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from dendmod.arrays import reals
from dendmod.errors import SpecError

Array = npt.NDArray[np.float64]
_SAME = 1e-6  # time constants closer than this part of each other count as equal


@dataclass(frozen=True)
class Kernel:
    """A sum of chains of first-order filters.

    Parameters
    ----------
    weights
        Area of each chain (the unit is the caller's: mV ms, or 1 for rates).
    taus
        Time constants (ms) of each chain.
    """

    weights: tuple[float, ...]
    taus: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if not self.weights or len(self.weights) != len(self.taus):
            raise SpecError(
                f"{len(self.weights)} weights and {len(self.taus)} chains; give as many of each"
            )
        reals(self.weights, "weights of a kernel")
        flat = reals([tau for chain in self.taus for tau in chain], "time constants of a kernel")
        if any(not chain for chain in self.taus) or not ((flat >= 1e-9) & (flat <= 1e9)).all():
            raise SpecError(
                f"time constants {self.taus} ms: give one or more from 1e-9 to 1e9 in each chain"
            )

    @property
    def area(self) -> float:
        """Integral over time."""
        return float(sum(self.weights))

    def scaled(self, factor: float) -> Kernel:
        """Return the kernel times a factor: more or fewer receptors of all kinds."""
        return Kernel(tuple(factor * w for w in self.weights), self.taus)

    def filtered(self, tau: float) -> Kernel:
        """Return the kernel seen through one more filter, such as a membrane (ms)."""
        return Kernel(self.weights, tuple((*chain, tau) for chain in self.taus))

    def __call__(self, t: npt.ArrayLike) -> Array:
        """Return the kernel at times `t` (ms), zero before 0."""
        times = np.asarray(t, dtype=float)
        pairs = zip(self.weights, self.taus, strict=True)
        return sum((w * _chain(times, taus) for w, taus in pairs), np.zeros(times.shape))

    def response(self, frequency: npt.ArrayLike) -> npt.NDArray[np.complex128]:
        """Return the transfer function at frequencies (Hz)."""
        s = 2j * np.pi * np.asarray(frequency, dtype=float) / 1000.0
        out = np.zeros(s.shape, dtype=complex)
        for weight, chain in zip(self.weights, self.taus, strict=True):
            factor = np.full(s.shape, weight, dtype=complex)
            for tau in chain:
                factor = factor / (1 + s * tau)
            out = out + factor
        return out

    @property
    def cutoff(self) -> float:
        """Frequency (Hz) at which the response has fallen by 3 dB (to one over root 2).

        Raises
        ------
        SpecError
            If the kernel has no area: it passes no constant input that could fall.
        """
        target = abs(self.area) / np.sqrt(2)
        if not target > 0:
            raise SpecError("a kernel whose area is zero has no -3 dB frequency")
        grid = np.geomspace(1e-3, 1e4, 2001)
        below = np.flatnonzero(np.abs(self.response(grid)) < target)
        high = int(below[0])
        return float(
            brentq(lambda f: float(abs(self.response(f))) - target, grid[high - 1], grid[high])
        )

    @property
    def time_to_peak(self) -> float:
        """Time (ms) of the largest absolute value."""
        t = np.linspace(0.0, 10 * max(tau for chain in self.taus for tau in chain), 20001)
        k = int(np.argmax(np.abs(self(t))))
        if 0 < k < t.size - 1:  # a parabola through three samples
            a, b, c = np.abs(self(t[k - 1 : k + 2]))
            return float(t[k] + (t[1] - t[0]) * 0.5 * (a - c) / (a - 2 * b + c))
        return float(t[k])


def exponential(tau: float, area: float = 1.0) -> Kernel:
    """Return a single exponential of this time constant (ms)."""
    return Kernel((area,), ((tau,),))


def alpha(tau: float, area: float = 1.0) -> Kernel:
    """Return ``area t exp(-t / tau) / tau^2``."""
    return Kernel((area,), ((tau, tau),))


def double_exponential(tau_rise: float, tau_decay: float, area: float = 1.0) -> Kernel:
    """Return the difference of two exponentials of these time constants (ms)."""
    return Kernel((area,), ((tau_rise, tau_decay),))


def mixture(w: float, first: Kernel, second: Kernel) -> Kernel:
    """Return ``w first + (1 - w) second``; of one area if both have it.

    Parameters
    ----------
    w
        Part of the first (such as AMPA), from 0 to 1.
    """
    if not 0 <= w <= 1:
        raise SpecError(f"w = {w}: give a part from 0 to 1")
    parts = (first.scaled(w), second.scaled(1 - w))
    return Kernel(parts[0].weights + parts[1].weights, parts[0].taus + parts[1].taus)


def _chain(t: Array, taus: tuple[float, ...]) -> Array:
    """Impulse response of filters of unit area in a row."""
    if len(taus) == 1:
        return np.where(t >= 0, np.exp(-np.maximum(t, 0) / taus[0]) / taus[0], 0.0)
    if len(taus) == 2 and abs(taus[0] - taus[1]) <= _SAME * taus[1]:
        return np.where(t >= 0, t * np.exp(-np.maximum(t, 0) / taus[0]) / taus[0] ** 2, 0.0)
    spread = np.array(taus, dtype=float)
    for i in range(1, spread.size):  # partial fractions need distinct time constants
        while (np.abs(spread[:i] - spread[i]) <= 1e-3 * spread[i]).any():
            spread[i] *= 1 + 2e-3
    out = np.zeros(t.shape)
    after = np.maximum(t, 0)
    for i, tau in enumerate(spread):
        others = np.delete(spread, i)
        out += tau ** (spread.size - 2) / np.prod(tau - others) * np.exp(-after / tau)
    return np.where(t >= 0, out, 0.0)
