"""Rate of a leaky integrate-and-fire neuron with exponential synapses from its input's moments."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from scipy import special

# |zeta(1/2)| / sqrt(2), the shift of the boundaries by synaptic filtering (Fourcaud & Brunel 2002)
ALPHA = 1.4603545088095868 / np.sqrt(2)
_NODES, _WEIGHTS = leggauss(48)
_NOISE, _NOISE_WEIGHTS = hermegauss(96)
_NOISE, _NOISE_WEIGHTS = _NOISE[_NOISE_WEIGHTS > 1e-14], _NOISE_WEIGHTS[_NOISE_WEIGHTS > 1e-14]
_NOISE_WEIGHTS = _NOISE_WEIGHTS / _NOISE_WEIGHTS.sum()
_LARGE = 25.0  # exp(25^2) spikes never come


def _integral_erfcx(y: np.ndarray) -> np.ndarray:
    """Return the integral of erfcx from 0 to y >= 0."""
    s = np.log1p(y)[..., None] * (_NODES + 1) / 2
    values = special.erfcx(np.expm1(s)) * np.exp(s)
    return np.log1p(y) / 2 * (values @ _WEIGHTS)


def _primitive(u: np.ndarray) -> np.ndarray:
    """Return the integral of exp(x^2) (1 + erf x) from 0 to u."""
    size = np.abs(u)
    smooth = _integral_erfcx(size)
    capped = np.minimum(size, _LARGE)
    grown = 2 * np.exp(capped**2) * special.dawsn(capped)
    return np.where(u > 0, grown - smooth, -smooth)


def lif_rate(
    mu: np.ndarray,
    sigma: np.ndarray,
    *,
    threshold: np.ndarray | float,
    v_reset: float,
    tau_m: float,
    tau_s: float,
    t_refractory: float,
) -> np.ndarray:
    """Return the stationary rate (spikes/s), Eq 1.4.

    Parameters
    ----------
    mu, sigma
        Mean and SD parameter of the depolarisation (mV); sigma^2 is twice the variance of V.
    threshold, v_reset
        mV.
    tau_m, tau_s, t_refractory
        ms.

    References
    ----------
    Wyrick & Mazzucato 2021, Eq 1.4; Fourcaud & Brunel 2002.
    """
    mu, sigma, threshold = np.broadcast_arrays(
        np.asarray(mu, float), np.asarray(sigma, float), np.asarray(threshold, float)
    )
    shift = ALPHA * np.sqrt(tau_s / tau_m)
    sigma = np.maximum(sigma, 1e-9)
    high = np.minimum((threshold - mu) / sigma + shift, _LARGE)
    low = np.minimum((v_reset - mu) / sigma + shift, high)
    passage = np.sqrt(np.pi) * tau_m * (_primitive(high) - _primitive(low))
    rate = 1e3 / (t_refractory + np.maximum(passage, 0.0))
    return np.where(high >= _LARGE, 0.0, rate)


def spread_rate(mu: np.ndarray, sigma: np.ndarray, spread: np.ndarray, **cell: Any) -> np.ndarray:
    """Return the mean rate of neurons whose mean input is Gaussian with SD `spread` (mV), Eq 1.5.

    Parameters
    ----------
    mu, sigma, spread
        [populations] (mV); where spread is 0 this is `lif_rate`.
    cell
        The keyword arguments of `lif_rate`.
    """
    mu, sigma, spread = (np.asarray(a, float) for a in (mu, sigma, spread))
    if not np.any(spread):
        return lif_rate(mu, sigma, **cell)
    threshold = np.broadcast_to(np.asarray(cell.pop("threshold"), float), mu.shape)
    shifted = mu[..., None] + spread[..., None] * _NOISE
    rates = lif_rate(shifted, sigma[..., None], threshold=threshold[..., None], **cell)
    return rates @ _NOISE_WEIGHTS
