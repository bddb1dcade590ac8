"""Intrinsic transfer functions of single cells and their gain, from ongoing spike counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from dendmod.errors import SpecError
from dendmod.params import wyrick2021

_CHUNK = 32  # neurons that are fitted at a time, to stay in the cache
_ITERATIONS = 200
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class TransferFit:
    """Sigmoids maximum / (1 + exp(-beta (x - h0))) of a Gaussian input x with SD 1.

    Parameters
    ----------
    beta, h0, maximum
        [neurons]; maximum in spikes/s. NaN where a neuron never spiked.
    gain
        Slope at the inflection, maximum beta / 4 [neurons] (spikes/s).
    mean_rate
        [neurons] (spikes/s).
    r2
        Part of the variance of the sorted rates that the fit explains [neurons].
    """

    beta: np.ndarray
    h0: np.ndarray
    maximum: np.ndarray
    gain: np.ndarray
    mean_rate: np.ndarray
    r2: np.ndarray

    def rate(self, x: np.ndarray, neuron: int) -> np.ndarray:
        """Return the fitted rate of a neuron at inputs x (spikes/s)."""
        return self.maximum[neuron] / (
            1 + np.exp(-self.beta[neuron] * (np.asarray(x) - self.h0[neuron]))
        )


def gaussian_quantiles(n: int) -> np.ndarray:
    """Return n quantiles of a standard Gaussian, at (i - 1/2)/n."""
    return ndtri((np.arange(n) + 0.5) / n)


def fit_transfer(
    rates: np.ndarray, lowest_maximum: float | None = wyrick2021.GAIN_LOWEST_MAXIMUM
) -> TransferFit:
    """Match quantiles of rates with those of a Gaussian input, and fit a sigmoid to each neuron.

    The bounds are those of `wyrick2021.GAIN_BOUNDS`: the maximum is at most 1.5 times the largest
    rate that was seen.

    Parameters
    ----------
    rates
        Rates in the bins of ongoing activity [neurons, bins] (spikes/s).
    lowest_maximum
        The least that a maximum may be (spikes/s), 1 in the authors' code; None: the largest rate
        that was seen.

    Raises
    ------
    SpecError
        If there are fewer than 4 bins, or rates are negative or not finite.

    References
    ----------
    Wyrick & Mazzucato 2021, Single-cell gain.
    """
    rates = np.atleast_2d(np.asarray(rates, float))
    if rates.shape[1] < 4 or not np.isfinite(rates).all() or (rates < 0).any():
        raise SpecError(
            f"rates of shape {rates.shape}; give finite rates [neurons, bins] that are not "
            "negative, in 4 bins or more"
        )
    x = gaussian_quantiles(rates.shape[1])
    largest = rates.max(axis=1)
    found, r2 = np.full((rates.shape[0], 3), np.nan), np.full(rates.shape[0], np.nan)
    spiking = np.flatnonzero(largest > 0)
    for begin in range(0, spiking.size, _CHUNK):
        chunk = spiking[begin : begin + _CHUNK]
        y = np.sort(rates[chunk], axis=1) / largest[chunk, None]
        lowest = np.ones(chunk.size)
        if lowest_maximum is not None:
            lowest = np.minimum(lowest_maximum / largest[chunk], 1.0)
        found[chunk], cost = _fit(x, y, lowest)
        with np.errstate(invalid="ignore"):  # a rate without variance has no R²
            r2[chunk] = 1 - cost / np.where(np.ptp(y, axis=1) > 0, y.var(axis=1) * x.size, np.nan)
    beta, h0, maximum = found.T
    maximum = maximum * largest
    return TransferFit(beta, h0, maximum, maximum * beta / 4, rates.mean(axis=1), r2)


def gain_ratio(unperturbed: np.ndarray, perturbed: np.ndarray) -> tuple[float, int]:
    """Return the mean gain over the mean gain before, and the number of neurons.

    Parameters
    ----------
    unperturbed, perturbed
        Gains of the same neurons [neurons]; those count that are finite in both conditions.
    """
    before, after = _of_both(unperturbed, perturbed)
    if not before.size:
        return float("nan"), 0
    if not before.mean():
        return float("nan"), before.size
    return float(after.mean() / before.mean()), before.size


def gain_difference(unperturbed: np.ndarray, perturbed: np.ndarray) -> tuple[float, int]:
    """Return the mean gain less the mean gain before (spikes/s), and the number of neurons.

    Parameters
    ----------
    unperturbed, perturbed
        As in `gain_ratio`.
    """
    before, after = _of_both(unperturbed, perturbed)
    if not before.size:
        return float("nan"), 0
    return float((after - before).mean()), before.size


def _of_both(unperturbed: np.ndarray, perturbed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    unperturbed, perturbed = (np.asarray(g, float) for g in (unperturbed, perturbed))
    if unperturbed.shape != perturbed.shape:
        raise SpecError(
            f"gains of shapes {unperturbed.shape} and {perturbed.shape}; give those of the same "
            "neurons"
        )
    kept = np.isfinite(unperturbed) & np.isfinite(perturbed)
    return unperturbed[kept], perturbed[kept]


def _fit(x: np.ndarray, y: np.ndarray, lowest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit all rows of y in [0, 1] by Levenberg and Marquardt within bounds.

    Parameters
    ----------
    lowest
        Lower bound of the maximum [rows].

    Returns
    -------
    tuple
        beta, h0 and maximum [rows, 3], and the squared error that is left [rows].
    """
    low, high = np.array([wyrick2021.GAIN_BOUNDS[k] for k in ("beta", "h0", "maximum")]).T
    low, high = (np.repeat(bound[None, :], len(y), axis=0) for bound in (low, high))
    low[:, 2] = lowest
    middle = (y > 0.5).mean(axis=1).clip(0.5 / x.size, 1 - 0.5 / x.size)
    p = np.column_stack([np.full(len(y), 1.5), -ndtri(middle), np.full(len(y), 1.05)])
    p = p.clip(low, high)
    damping = np.full(len(y), 1e-2)
    cost, normal, slope = _linearise(x, y, p)
    running = np.arange(len(y))
    for _ in range(_ITERATIONS):
        at_bound = ((p[running] <= low[running]) & (slope[running] > 0)) | (
            (p[running] >= high[running]) & (slope[running] < 0)
        )
        h = normal[running].copy()
        diagonal = np.einsum("nii->ni", h)
        diagonal += damping[running, None] * diagonal + 1e-12
        g = np.where(at_bound, 0.0, slope[running])
        h[at_bound[:, :, None] | at_bound[:, None, :]] = 0.0
        np.einsum("nii->ni", h)[at_bound] = 1.0
        trial = p[running] - np.linalg.solve(h, g[:, :, None])[:, :, 0]
        trial = trial.clip(low[running], high[running])
        new_cost, new_normal, new_slope = _linearise(x, y[running], trial)
        better = new_cost < cost[running]
        gained = cost[running] - new_cost
        moved = np.abs(trial - p[running]).max(axis=1)
        kept = running[better]
        p[kept], cost[kept] = trial[better], new_cost[better]
        normal[kept], slope[kept] = new_normal[better], new_slope[better]
        damping[running] *= np.where(better, 0.2, 5.0)
        settled = (better & (gained < _TOLERANCE * new_cost)) | (moved < 1e-9)
        running = running[~(settled | (damping[running] > 1e12))]
        if running.size == 0:
            break
    return p, cost


def _linearise(
    x: np.ndarray, y: np.ndarray, p: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return squared error [rows], normal matrix [rows, 3, 3] and gradient [rows, 3]."""
    beta, h0, maximum = p.T[:, :, None]
    s = 1 / (1 + np.exp(-beta * (x - h0)))
    error = maximum * s - y
    steep = maximum * s * (1 - s)
    jacobian = np.stack([steep * (x - h0), -beta * steep, s], axis=1)
    transposed = jacobian.transpose(0, 2, 1)
    gradient = (jacobian @ error[:, :, None])[:, :, 0]
    return np.einsum("nk,nk->n", error, error), jacobian @ transposed, gradient
