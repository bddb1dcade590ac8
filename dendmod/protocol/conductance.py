"""Effective membrane conductance from voltage clamp at two potentials.

Wybo et al. 2022, Eq 7, after Haider et al. (2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.units import US_IN_NS

Array = npt.NDArray[np.float64]


def effective_conductance(i1: Array, i2: Array, v1: float, v2: float) -> Array:
    """Return g(t) = (i(t; v1) - i(t; v2)) / (v1 - v2) in nS.

    Parameters
    ----------
    i1, i2
        Clamp currents (nA) at the two potentials, of one shape.
    v1, v2
        Holding potentials (mV).

    Raises
    ------
    SpecError
        If the potentials are equal or the shapes differ.
    """
    if v1 == v2 or i1.shape != i2.shape:
        raise SpecError(
            "two different holding potentials and currents of one shape are needed; given "
            f"{v1} and {v2} mV, shapes {i1.shape} and {i2.shape}"
        )
    return (i1 - i2) / (v1 - v2) * US_IN_NS


def subtract_baseline(g: Array, t: Array, window: tuple[float, float]) -> Array:
    """Return g without its mean over the pre-stimulus window (ms) along the last axis."""
    inside = (t >= window[0]) & (t < window[1])
    if not inside.any():
        raise SpecError(f"the baseline window {window} ms holds no sample")
    return g - g[..., inside].mean(axis=-1, keepdims=True)


@dataclass(frozen=True)
class ConductanceSummary:
    """Conductance over runs: mean and min-max envelope, shape [steps], and their peaks (nS)."""

    mean: Array
    low: Array
    high: Array

    @property
    def mean_peak(self) -> float:
        """Peak of the trace averaged over runs."""
        return float(self.mean.max())

    @property
    def envelope_peak(self) -> float:
        """Largest value of any run."""
        return float(self.high.max())


def summarise(g: Array) -> ConductanceSummary:
    """Summarise conductance traces of shape [runs, steps] (nS)."""
    return ConductanceSummary(g.mean(axis=0), g.min(axis=0), g.max(axis=0))
