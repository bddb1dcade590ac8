"""Spend simulations where an IO curve crosses: an ask-and-tell search for its thresholds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from dendmod.errors import SpecError
from dendmod.iocurve.thresholds import CROSSINGS

_INSIDE = 0.25  # a new point keeps this part of its bracket away from both ends
_FLANK = 0.3  # spikes: with ten trials the bootstrap's crossings lie about this far from the mean's
_FLANK_TRIALS = 10


class ThresholdSearch:
    """Choose numbers of inputs until every crossing lies in a narrow bracket.

    The search starts in the middle, widens in growing steps until the mean number of spikes lies
    below the lowest crossing on the left and above the highest on the right, and then narrows each
    crossing to `resolution`. Means 0.3 spikes beside a crossing are narrowed to four times that, so
    that resampled trials cross where there are points too; with more than ten trials, which scatter
    less, means that are nearer by the square root of their number.

    Parameters
    ----------
    start
        First number of inputs.
    step
        First step of the widening.
    limits
        Smallest and largest number of inputs that may be tried.
    resolution
        Width of the final bracket, in inputs.
    crossings
        Mean numbers of spikes to be crossed.
    first
        Numbers of inputs to ask for first, such as `bracketing` those of a search with few trials.

    Examples
    --------
    >>> search = ThresholdSearch(start=40, step=40, limits=(-200, 600), resolution=4)
    >>> while (n := search.ask()) is not None:
    ...     search.tell(n, [0, 0, 1] if n < 52 else [2, 2, 2])
    >>> sorted(search.points)[0] < 52 < sorted(search.points)[-1]
    True
    """

    def __init__(
        self,
        *,
        start: int,
        step: int,
        limits: tuple[int, int],
        resolution: int,
        crossings: Sequence[float] = CROSSINGS,
        first: Sequence[int] = (),
    ) -> None:
        low, high = limits
        if not low <= start <= high or step < 1 or resolution < 1 or not crossings:
            raise SpecError(
                f"start = {start} must lie within limits = {limits}, step = {step} and "
                f"resolution = {resolution} be 1 or more"
            )
        self.start, self.step, self.resolution = start, step, resolution
        self.limits, self.crossings = limits, tuple(sorted(crossings))
        self.first = tuple(first)
        self.points: dict[int, npt.NDArray[np.int64]] = {}

    def tell(self, n: int, counts: npt.ArrayLike) -> None:
        """Hand in the spike counts of the trials at `n` inputs."""
        values = np.asarray(counts)
        if values.ndim != 1 or values.size == 0 or (values < 0).any():
            raise SpecError(f"counts at {n} inputs: give one count of 0 or more a trial")
        self.points[n] = values.astype(np.int64)

    def ask(self) -> int | None:
        """Return the number of inputs to run next, or None when the search is over."""
        for given in self.first:
            if given not in self.points:
                return given
        if not self.points:
            return self.start
        n, mean = self._means()
        wider = self._wider(n, mean)
        return self._narrower(n, mean) if wider is None else wider

    @property
    def bracketing(self) -> tuple[int, ...]:
        """The numbers of inputs next to each crossing, on either side, rising."""
        n, mean = self._means()
        right = np.searchsorted(mean, self.crossings, side="left")
        beside = np.clip(np.concatenate([right - 1, right]), 0, n.size - 1)
        return tuple(int(k) for k in np.unique(n[beside]))

    def _means(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        n = np.array(sorted(self.points))
        return n, np.asarray(isotonic_regression([self.points[k].mean() for k in n]).x)

    @property
    def missing(self) -> tuple[float, ...]:
        """Crossings that lie outside the limits, as far as is known."""
        means = [self.points[k].mean() for k in sorted(self.points)]
        rising = isotonic_regression(means).x
        return tuple(c for c in self.crossings if not rising[0] < c <= rising[-1])

    def _wider(self, n: npt.NDArray[np.int64], mean: npt.NDArray[np.float64]) -> int | None:
        low, high = self.limits
        if mean[-1] < self.crossings[-1] and n[-1] < high:
            return int(min(high, n[-1] + max(self.step, n[-1] - self.start)))
        if mean[0] >= self.crossings[0] and n[0] > low:
            return int(max(low, n[0] - max(self.step, self.start - n[0])))
        return None

    def _narrower(self, n: npt.NDArray[np.int64], mean: npt.NDArray[np.float64]) -> int | None:
        trials = min(counts.size for counts in self.points.values())
        flank = _FLANK * min(1.0, float(np.sqrt(_FLANK_TRIALS / trials)))
        goals = [(c, self.resolution) for c in self.crossings]
        goals += [
            (c + side * flank, 4 * self.resolution) for c in self.crossings for side in (-1, 1)
        ]
        widest: tuple[float, int] | None = None
        for level, width in goals:
            right = int(np.searchsorted(mean, level, side="left"))
            if right in (0, n.size):
                continue
            a, b = int(n[right - 1]), int(n[right])
            if b - a <= width:
                continue
            part = (level - mean[right - 1]) / (mean[right] - mean[right - 1])
            inside = round((b - a) * float(np.clip(part, _INSIDE, 1 - _INSIDE)))
            new = a + min(max(inside, 1), b - a - 1)  # a point that was not asked yet
            if widest is None or (b - a) / width > widest[0]:
                widest = ((b - a) / width, new)
        return None if widest is None else widest[1]
