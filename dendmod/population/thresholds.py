"""How firing thresholds are spread over a population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import expit, owens_t, zeta

from dendmod.errors import SpecError

Array = npt.NDArray[np.float64]
_SQRT_2PI = float(np.sqrt(2 * np.pi))


class Thresholds(Protocol):
    """A unimodal density of thresholds, in the unit of the input (mV or nA)."""

    @property
    def width(self) -> float:
        """A scale over which the density is smooth; quadrature takes steps of it."""

    def pdf(self, theta: npt.ArrayLike) -> Array:
        """Density, in one over the unit of the input."""

    def cdf(self, theta: npt.ArrayLike) -> Array:
        """Part of the population whose threshold is at most `theta`."""

    def cumulants(self) -> tuple[float, float, float]:
        """Mean, variance and third cumulant."""


def _check(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise SpecError(f"{name} = {value}: the spread of thresholds must be finite and > 0")


@dataclass(frozen=True)
class Normal:
    """Normal thresholds of this mean and standard deviation (Marreiros et al. 2008)."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _check("sd", self.sd)

    @property
    def width(self) -> float:
        """The standard deviation."""
        return self.sd

    def pdf(self, theta: npt.ArrayLike) -> Array:
        """Density at `theta`."""
        z = (np.asarray(theta, dtype=float) - self.mean) / self.sd
        return np.exp(-0.5 * z * z) / (self.sd * _SQRT_2PI)

    def cdf(self, theta: npt.ArrayLike) -> Array:
        """Part of the population below `theta`."""
        from scipy.special import ndtr

        return ndtr((np.asarray(theta, dtype=float) - self.mean) / self.sd)

    def cumulants(self) -> tuple[float, float, float]:
        """Mean, variance and third cumulant."""
        return self.mean, self.sd**2, 0.0


@dataclass(frozen=True)
class Logistic:
    """Logistic thresholds: a step then gives the logistic sigmoid of slope 1 / `scale`."""

    mean: float
    scale: float

    def __post_init__(self) -> None:
        _check("scale", self.scale)

    @classmethod
    def matching(cls, normal: Normal) -> Logistic:
        """Return the logistic thresholds of the same mean and variance."""
        return cls(normal.mean, normal.sd * np.sqrt(3) / np.pi)

    @property
    def width(self) -> float:
        """The scale."""
        return self.scale

    def pdf(self, theta: npt.ArrayLike) -> Array:
        """Density at `theta`."""
        s = self.cdf(theta)
        return s * (1 - s) / self.scale

    def cdf(self, theta: npt.ArrayLike) -> Array:
        """Part of the population below `theta`."""
        return expit((np.asarray(theta, dtype=float) - self.mean) / self.scale)

    def cumulants(self) -> tuple[float, float, float]:
        """Mean, variance and third cumulant."""
        return self.mean, float(2 * zeta(2) * self.scale**2), 0.0


@dataclass(frozen=True)
class SkewNormal:
    """Skew-normal thresholds (Azzalini 1985): more cells far above the mode if `shape` > 0.

    Parameters
    ----------
    location, scale
        In the unit of the input; not mean and SD.
    shape
        0 gives `Normal`.
    """

    location: float
    scale: float
    shape: float

    def __post_init__(self) -> None:
        _check("scale", self.scale)

    @property
    def width(self) -> float:
        """The finer of the two scales on which the density varies."""
        return self.scale / max(1.0, abs(self.shape))

    def pdf(self, theta: npt.ArrayLike) -> Array:
        """Density at `theta`."""
        from scipy.special import ndtr

        z = (np.asarray(theta, dtype=float) - self.location) / self.scale
        return 2 * np.exp(-0.5 * z * z) / (self.scale * _SQRT_2PI) * ndtr(self.shape * z)

    def cdf(self, theta: npt.ArrayLike) -> Array:
        """Part of the population below `theta`."""
        from scipy.special import ndtr

        z = (np.asarray(theta, dtype=float) - self.location) / self.scale
        return np.clip(ndtr(z) - 2 * owens_t(z, self.shape), 0.0, 1.0)

    def cumulants(self) -> tuple[float, float, float]:
        """Mean, variance and third cumulant."""
        m = self.shape / np.sqrt(1 + self.shape**2) * np.sqrt(2 / np.pi)
        third = (4 - np.pi) / 2 * m**3 * self.scale**3
        return self.location + self.scale * m, self.scale**2 * (1 - m * m), float(third)
