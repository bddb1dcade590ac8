"""What the runs of one arm came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class SpikeTable:
    """Spike counts of one arm: ``counts`` has shape [levels, numbers of inputs, trials]."""

    levels: tuple[int, ...]
    n_feedforward: tuple[int, ...]
    counts: npt.NDArray[np.int64]
    extras: tuple[dict[str, np.ndarray], ...]

    def mean(self) -> npt.NDArray[np.float64]:
        """Mean spikes of each level at the first number of inputs, shape [levels]."""
        return self.counts[:, 0, :].mean(axis=1)

    def chosen(self, target: int) -> int | None:
        """Return the level whose mean is nearest to `target` spikes, within half a spike."""
        distance = np.abs(self.mean() - target)
        best = int(np.argmin(distance))
        return self.levels[best] if distance[best] <= 0.5 else None


@dataclass(frozen=True)
class IOTable:
    """IO curves of one arm, each sampled where it crosses.

    Parameters
    ----------
    levels
        Levels of modulation, or doses of a mechanism.
    n_feedforward
        Every number of inputs that any level was run at, rising, shape [n].
    counts
        Output spikes, shape [levels, n, trials]; NaN where a level was not run.
    resolution
        Width to which crossings were bracketed, in inputs.
    """

    levels: tuple[float, ...]
    n_feedforward: npt.NDArray[np.int64]
    counts: npt.NDArray[np.float64]
    resolution: int

    @classmethod
    def gather(
        cls,
        levels: Sequence[float],
        curves: Sequence[Mapping[str, np.ndarray]],
        resolution: int,
    ) -> IOTable:
        """Put curves that were sampled at different numbers of inputs into one table."""
        numbers = np.unique(np.concatenate([c["n_feedforward"] for c in curves]))
        counts = np.full((len(curves), numbers.size, curves[0]["counts"].shape[1]), np.nan)
        for row, curve in enumerate(curves):
            counts[row, np.searchsorted(numbers, curve["n_feedforward"])] = curve["counts"]
        return cls(tuple(levels), numbers, counts, resolution)

    def mean(self) -> npt.NDArray[np.float64]:
        """Mean spikes, shape [levels, n]; NaN where a level was not run."""
        return self.counts.mean(axis=2)

    @property
    def simulations(self) -> int:
        """Number of trials that were run."""
        return int(np.isfinite(self.counts).sum())

    def grid_simulations(self, thresholds: npt.NDArray[np.float64]) -> int:
        """Trials of a full grid: every level at each `resolution` inputs.

        The grid reaches from the smallest to the largest of the given thresholds, as if they were
        known beforehand: an adaptive search does not know them.
        """
        span = float(np.nanmax(thresholds) - np.nanmin(thresholds))
        points = 2 + int(np.ceil(span / self.resolution))
        return points * len(self.levels) * self.counts.shape[2]
