"""Integer tables that turn random words into numbers of spikes and steps.

Whole numbers alone are used, so that every engine draws exactly the same spikes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import poisson

CELLS = 4096  # of the quantile table; a word's upper 12 bits name the cell
CELL_BITS = 20
FRACTION_BITS = 16  # of a step
DROPPED = 32_000  # a step that no sample has: the spike comes after its end
_TAIL_SD = 4.5  # where the first and last cell of the normal quantiles end

Table = npt.NDArray[np.int64]


@lru_cache(maxsize=64)
def poisson_table(mean: float) -> Table:
    """Return 256 words: a word's number of spikes is how many of them do not exceed it.

    The distribution is cut at 255 spikes.
    """
    cumulative = poisson.cdf(np.arange(256), mean)
    return np.minimum(np.floor(cumulative * 2.0**32), 2.0**32).astype(np.int64)


@lru_cache(maxsize=64)
def burst_table(center: float, sd: float, dt: float) -> Table:
    """Return the quantiles of a burst in 1/65536 steps, shape (4097,), half a step added.

    A word's lower 20 bits interpolate between the quantiles of its cell; times below zero count
    as zero, and beyond the tails (4.5 SD) there is nothing.
    """
    quantile = np.empty(CELLS + 1)
    quantile[1:-1] = ndtri(np.arange(1, CELLS) / CELLS)
    quantile[0], quantile[-1] = -_TAIL_SD, _TAIL_SD
    step = np.maximum(center + sd * quantile, 0.0) / dt + 0.5
    return np.round(np.minimum(step, DROPPED) * 2.0**FRACTION_BITS).astype(np.int64)


def burst_steps(words: npt.NDArray[np.uint64], table: Table) -> npt.NDArray[np.int64]:
    """Return the step of each word; numbers beyond the sample are dropped by the caller."""
    cell = (words >> np.uint64(CELL_BITS)).astype(np.int64)
    low = (words & np.uint64((1 << CELL_BITS) - 1)).astype(np.int64)
    start = table[cell]
    return (start + (((table[cell + 1] - start) * low) >> CELL_BITS)) >> FRACTION_BITS


def uniform_steps(words: npt.NDArray[np.uint64], n_steps: int) -> npt.NDArray[np.int64]:
    """Return uniform steps: the nearest to a uniform time, which may be the sample's end."""
    return ((words * np.uint64(n_steps) + np.uint64(2**31)) >> np.uint64(32)).astype(np.int64)


def poisson_counts(words: npt.NDArray[np.uint64], mean: float) -> npt.NDArray[np.int64]:
    """Return the number of spikes that each word stands for."""
    found = np.searchsorted(poisson_table(mean), words.astype(np.int64), side="right")
    return np.minimum(found, 255).astype(np.int64)
