"""Soft rectified transfer functions of single cells, for gains that do not saturate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dendmod.clustered.gain import gaussian_quantiles
from dendmod.errors import SpecError

_BOUNDS = ((0.0, 1e-3), (100.0, 100.0))  # of R0 and a: from 0 to 100 in the authors' code
_STARTS = ((5.0, 1.0), (20.0, 0.3), (2.0, 3.0))


@dataclass(frozen=True)
class SoftReLUFit:
    """Functions R0 log(1 + exp(x / a)) of a Gaussian input x with SD 1.

    Parameters
    ----------
    R0, a
        [neurons]; R0 in spikes/s. NaN where a neuron never spiked.
    gain
        Slope at large inputs, R0 / a [neurons] (spikes/s).
    mean_rate
        [neurons] (spikes/s).
    r2
        Part of the variance of the sorted rates that the fit explains [neurons].
    """

    R0: np.ndarray
    a: np.ndarray
    gain: np.ndarray
    mean_rate: np.ndarray
    r2: np.ndarray

    def rate(self, x: np.ndarray, neuron: int) -> np.ndarray:
        """Return the fitted rate of a neuron at inputs x (spikes/s)."""
        return _soft(np.asarray(x, float), self.R0[neuron], self.a[neuron])


def fit_soft_relu(rates: np.ndarray) -> SoftReLUFit:
    """Match quantiles of rates with those of a Gaussian input, and fit a soft rectifier to each.

    Parameters
    ----------
    rates
        Rates in the bins of ongoing activity [neurons, bins] (spikes/s).

    Raises
    ------
    SpecError
        If there are fewer than 4 bins, or rates are negative or not finite.

    References
    ----------
    Wyrick & Mazzucato 2021, the authors' code (gain.py, softRELU).
    """
    from scipy.optimize import least_squares

    rates = np.atleast_2d(np.asarray(rates, float))
    if rates.shape[1] < 4 or not np.isfinite(rates).all() or (rates < 0).any():
        raise SpecError(
            f"rates of shape {rates.shape}; give finite rates [neurons, bins] that are not "
            "negative, in 4 bins or more"
        )
    x = gaussian_quantiles(rates.shape[1])
    found, r2 = np.full((rates.shape[0], 2), np.nan), np.full(rates.shape[0], np.nan)
    for k, row in enumerate(np.sort(rates, axis=1)):
        if row[-1] == 0:
            continue
        fits = [
            least_squares(lambda p, y=row: _soft(x, *p) - y, start, bounds=_BOUNDS)
            for start in _STARTS
        ]
        best = min(fits, key=lambda fit: float(fit.cost))
        found[k] = best.x
        if np.ptp(row) > 0:
            r2[k] = 1 - 2 * best.cost / (row.var() * row.size)
    R0, a = found.T
    return SoftReLUFit(R0, a, R0 / a, rates.mean(axis=1), r2)


def _soft(x: np.ndarray, R0: float, a: float) -> np.ndarray:
    return R0 * np.logaddexp(0.0, x / a)
