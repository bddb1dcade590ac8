"""Where an IO curve crosses from one number of output spikes to the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from dendmod.arrays import reals, whole
from dendmod.errors import SpecError
from dendmod.rng import stream

Array = npt.NDArray[np.float64]

CROSSINGS = (0.5, 1.5)
"""Mid-points between 0, 1 and 2 spikes (Wybo 2022, Fig 2A and Methods)."""


def crossing(n: Array, mean: Array, level: float) -> float:
    """Return where a rising curve crosses a level, or NaN where it does not.

    The means are first made monotone (isotonic regression, the least-squares fit that never falls),
    then interpolated linearly: for means that rise this is the paper's linear interpolation, and
    where scatter makes them cross several times it is one number in between.

    Parameters
    ----------
    n
        Numbers of inputs, rising, shape [n].
    mean
        Mean output spikes at each, shape [n].
    level
        The level to be crossed.
    """
    rising = np.asarray(isotonic_regression(mean).x)
    above = int(np.searchsorted(rising, level, side="left"))
    if above == n.size:
        return float("nan")
    if above == 0:  # reached at the first point, perhaps before it
        return float(n[0]) if rising[0] == level else float("nan")
    low, high = rising[above - 1], rising[above]
    return float(n[above - 1] + (n[above] - n[above - 1]) * (level - low) / (high - low))


def thresholds(
    n_feedforward: npt.ArrayLike,
    mean_spikes: npt.ArrayLike,
    crossings: Sequence[float] = CROSSINGS,
) -> Array:
    """Return the thresholds of each IO curve.

    Parameters
    ----------
    n_feedforward
        Numbers of feedforward inputs, shape [n] or [levels, n], in any order.
    mean_spikes
        Output spikes averaged over trials, shape [levels, n]; NaN where nothing was run.
    crossings
        Mean numbers of spikes at which a threshold lies.

    Returns
    -------
    ndarray
        Shape [levels, crossings], in inputs; NaN where a curve does not cross.

    Raises
    ------
    SpecError
        If shapes do not fit, a number of inputs is repeated, or a curve has no point at all.

    References
    ----------
    Wybo et al. 2022, Fig 2A and "IO curve parameter fitting".
    """
    mean = np.atleast_2d(reals(mean_spikes, "mean_spikes", gaps=True))
    numbers = reals(n_feedforward, "n_feedforward", gaps=True)
    if numbers.shape not in (mean.shape, mean.shape[1:]):
        raise SpecError(
            f"n_feedforward has shape {numbers.shape} and mean_spikes {mean.shape}; give shapes "
            "[n] or [levels, n], and [levels, n]"
        )
    numbers = np.broadcast_to(numbers, mean.shape)
    out = np.empty((mean.shape[0], len(crossings)))
    for row in range(mean.shape[0]):
        there = np.isfinite(mean[row])
        n, y = numbers[row][there], mean[row][there]
        if n.size == 0 or not np.isfinite(n).all() or np.unique(n).size != n.size:
            raise SpecError(
                f"curve {row}: each number of inputs must be finite and occur once; given {n}"
            )
        order = np.argsort(n)
        out[row] = [crossing(n[order], y[order], level) for level in crossings]
    return out


def bootstrap_thresholds(
    n_feedforward: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    samples: int,
    seed: int,
    crossings: Sequence[float] = CROSSINGS,
) -> Array:
    """Return thresholds of resampled trials, shape [samples, levels, crossings].

    Trials are drawn with replacement, the same ones for all levels and numbers of inputs: a trial
    has the same background everywhere, so that levels are paired.

    Parameters
    ----------
    n_feedforward
        Shape [n] or [levels, n].
    counts
        Output spikes of every trial, shape [levels, n, trials]; NaN where nothing was run.
    samples
        How many times trials are drawn.
    seed
        Of the draws.
    """
    spikes, samples = reals(counts, "counts", gaps=True), whole(samples, "samples")
    if spikes.ndim != 3 or spikes.shape[2] < 2 or samples < 1:
        raise SpecError(
            "a bootstrap needs counts of shape [levels, n, trials], two trials or more and one "
            f"sample or more; given shape {spikes.shape} and {samples} samples"
        )
    trials = spikes.shape[2]
    drawn = stream(seed, "bootstrap").integers(trials, size=(samples, trials))
    return np.array(
        [thresholds(n_feedforward, spikes[..., pick].mean(axis=2), crossings) for pick in drawn]
    )


def interval(samples: Array, coverage: float = 0.9) -> Array:
    """Return the central interval of bootstrap samples along their first axis, shape [..., 2].

    A sample that did not cross counts for neither side. NaN where more than half did not.
    """
    samples = reals(samples, "samples", gaps=True)
    if not samples.size or not 0 < coverage < 1:
        raise SpecError(
            f"an interval of {samples.size} samples with coverage = {coverage}; give one sample or "
            "more, and a coverage between 0 and 1"
        )
    edge = (1 - coverage) / 2
    missing = np.isnan(samples).mean(axis=0) > 0.5
    known = np.where(missing, 0.0, samples)
    ends = np.nanquantile(known, [edge, 1 - edge], axis=0)
    return np.where(missing[..., None], np.nan, np.moveaxis(ends, 0, -1))
