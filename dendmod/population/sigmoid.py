"""The logistic sigmoid, written down or fitted to a measured population function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import expit

from dendmod.arrays import check_fields
from dendmod.errors import SpecError
from dendmod.population.activation import Activation
from dendmod.population.single import Step
from dendmod.population.thresholds import Logistic, Normal

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sigmoid:
    """``qmax / (1 + exp(-(v - midpoint) / scale))``.

    Parameters
    ----------
    qmax
        Highest rate (Hz).
    midpoint, scale
        In the unit of the input; the slope parameter of other papers is 1 / scale.
    unit
        Unit of the input.
    """

    qmax: float
    midpoint: float
    scale: float
    unit: str = "mV"

    def __post_init__(self) -> None:
        check_fields(self, positive=("scale",))

    def __call__(self, v: npt.ArrayLike) -> Array:
        """Return the rate (Hz)."""
        return self.qmax * expit((np.asarray(v, dtype=float) - self.midpoint) / self.scale)

    def gain(self, v: npt.ArrayLike) -> Array:
        """Return the derivative (Hz a unit of the input)."""
        s = expit((np.asarray(v, dtype=float) - self.midpoint) / self.scale)
        return self.qmax * s * (1 - s) / self.scale


@dataclass(frozen=True)
class SigmoidFit:
    """A sigmoid fitted to a population function.

    Parameters
    ----------
    activation
        The fitted function: a step over normal or logistic thresholds.
    rms
        Root of the mean square residual over the fitted inputs, as a part of `qmax`.
    worst
        Largest absolute residual, as a part of `qmax`.
    """

    activation: Activation
    rms: float
    worst: float


def fit_sigmoid(
    v: npt.ArrayLike, rate: npt.ArrayLike, *, kind: str = "erf", unit: str = "nA"
) -> SigmoidFit:
    """Fit a symmetric sigmoid (qmax, midpoint and width free) to rates.

    Parameters
    ----------
    v, rate
        Inputs and rates (Hz), shape [n].
    kind
        "erf" (normal thresholds) or "logistic".
    unit
        Of the input.

    Raises
    ------
    SpecError
        If there are fewer than four points, nothing fires, or the kind is not known.
    """
    x, y = np.asarray(v, dtype=float), np.asarray(rate, dtype=float)
    if x.ndim != 1 or x.shape != y.shape or x.size < 4 or not y.max() > 0:
        raise SpecError("a sigmoid needs four points or more, one of them with a rate > 0 Hz")
    if kind not in ("erf", "logistic"):
        raise SpecError(f"there is no sigmoid {kind!r}; give 'erf' or 'logistic'")
    spread = float(np.ptp(x))
    make = Normal if kind == "erf" else Logistic

    def build(p: Array) -> Activation:
        return Activation(Step(float(np.exp(p[0]))), make(float(p[1]), float(np.exp(p[2]))), unit)

    middle = float(np.interp(0.5 * y.max(), np.maximum.accumulate(y), x))
    fits = [
        least_squares(lambda p: build(p)(x) - y, [np.log(y.max()), middle, np.log(spread * w)])
        for w in (0.05, 0.2)
    ]
    best = build(min(fits, key=lambda f: f.cost).x)
    residual = (best(x) - y) / best.qmax
    return SigmoidFit(best, float(np.sqrt(np.mean(residual**2))), float(np.abs(residual).max()))
