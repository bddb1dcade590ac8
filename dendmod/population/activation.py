"""The population activation function: a single neuron's, averaged over thresholds.

``Q(V) = E[f(V - theta)]`` over the thresholds theta, and its gain ``Q'(V) = E[f'(V - theta)]``
(Shine et al. 2021, Fig 4a; Marreiros et al. 2008 for a step and normal thresholds).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar

from dendmod.errors import SpecError
from dendmod.population.single import SingleNeuron
from dendmod.population.thresholds import Thresholds

Array = npt.NDArray[np.float64]
_BLOCK = 100_000  # elements of one intermediate array
_WIDENINGS = 100  # of the range in which an inverse is looked for


@dataclass(frozen=True)
class Activation:
    """Mean rate of a population as a function of its mean input.

    Parameters
    ----------
    single
        What one neuron does (Hz).
    thresholds
        How its threshold is spread, in the unit of the input.
    unit
        Unit of the input, for axes: "mV", "nA" or "inputs".
    """

    single: SingleNeuron
    thresholds: Thresholds
    unit: str = "mV"

    @property
    def qmax(self) -> float:
        """Rate at large inputs (Hz)."""
        return self.single.qmax

    @cached_property
    def _rise(self) -> tuple[Array, Array]:
        return self.single.rise(self.thresholds.width)

    def __call__(self, v: npt.ArrayLike) -> Array:
        """Return the rate (Hz) at the input `v`, of the same shape."""
        return self._average(v, "cdf")

    def gain(self, v: npt.ArrayLike) -> Array:
        """Return dQ/dV (Hz a unit of the input), of the shape of `v`."""
        return self._average(v, "pdf")

    def _average(self, v: npt.ArrayLike, kind: str) -> Array:
        at = np.asarray(v, dtype=float)
        u, w = self._rise
        function = getattr(self.thresholds, kind)
        flat = at.ravel()
        out = np.empty(flat.size)
        rows = max(1, _BLOCK // u.size)
        for start in range(0, flat.size, rows):
            part = flat[start : start + rows, None]
            out[start : start + rows] = function(part - u) @ w
        return out.reshape(at.shape)

    def cumulants(self) -> tuple[float, float, float]:
        """First three cumulants of ``Q' / qmax``: those of f' and of the thresholds, added."""
        pairs = zip(self.single.cumulants(), self.thresholds.cumulants(), strict=True)
        mean, variance, third = (a + b for a, b in pairs)
        return mean, variance, third

    @property
    def skewness(self) -> float:
        """Third cumulant over the 1.5th power of the variance; 0 for a symmetric sigmoid."""
        _, variance, third = self.cumulants()
        return third / variance**1.5

    @property
    def precision(self) -> float:
        """One over the variance of ``Q' / qmax`` (Shine et al. 2021, Box 3)."""
        return 1.0 / self.cumulants()[1]

    @cached_property
    def peak(self) -> tuple[float, float]:
        """Input at which the gain is largest, and that gain."""
        grid = self.grid(801)
        gain = self.gain(grid)
        k = int(np.argmax(gain))
        low, high = grid[max(k - 1, 0)], grid[min(k + 1, grid.size - 1)]
        found = minimize_scalar(
            lambda x: -float(self.gain(x)), bounds=(low, high), method="bounded",
            options={"xatol": 1e-10 * (1 + abs(high))},
        )  # fmt: skip
        return float(found.x), float(-found.fun)

    @property
    def peak_at(self) -> float:
        """Rate at which the gain is largest, as a part of `qmax`."""
        return float(self(self.peak[0])) / self.qmax

    def grid(self, n: int = 201) -> Array:
        """Return inputs from where nearly nothing fires to where nearly all is reached."""
        mean, variance, _ = self.cumulants()
        reach = 6 * np.sqrt(abs(variance))
        u, _ = self._rise
        centre = self.thresholds.cumulants()[0]
        low = centre + u.min() - 6 * np.sqrt(self.thresholds.cumulants()[1])
        return np.linspace(min(low, mean - reach), mean + reach, n)

    def inverse(self, rate: float) -> float:
        """Return the input at which the population fires at `rate` (Hz).

        Raises
        ------
        SpecError
            If the rate is not between 0 and `qmax`.
        """
        if not 0 < rate < self.qmax:
            raise SpecError(f"rate = {rate} Hz; give one between 0 and {self.qmax:g} Hz")
        grid = self.grid(2)
        step = grid[-1] - grid[0]
        low, high = grid[0], grid[-1]
        for _ in range(_WIDENINGS):
            if self(low) <= rate <= self(high):
                break
            low, high = low - step, high + step
        else:
            raise SpecError(
                f"rate = {rate} Hz is too near 0 or {self.qmax:g} Hz: no input gives it exactly"
            )
        return float(brentq(lambda v: float(self(v)) - rate, low, high, xtol=1e-12))
