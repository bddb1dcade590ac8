"""Learning rates by an iterative grid: nine points at once, then nine around the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

_FACTOR = 10**0.5
_START = (3e-3, 3e-3)


@dataclass(frozen=True)
class Scan:
    """What a scan tried.

    Parameters
    ----------
    rates
        Learning rates of shared and of task parameters, shape [points, 2].
    score
        Validation accuracy of each point, the mean over the scan's seeds, shape [points].
    """

    rates: np.ndarray
    score: np.ndarray

    @property
    def best(self) -> tuple[float, float]:
        """The rates with the highest score."""
        shared, task = self.rates[int(np.argmax(self.score))]
        return float(shared), float(task)


def scan_rates(
    score: Callable[[Sequence[tuple[float, float]]], np.ndarray],
    *,
    rounds: int = 3,
    start: tuple[float, float] = _START,
    shared: bool = True,
) -> Scan:
    """Look for the best pair of learning rates.

    Parameters
    ----------
    score
        From pairs of rates (shared, task) to a validation accuracy for each.
    rounds
        At most so many grids. The next is centred on the best point so far; a grid whose best
        point is its centre is the last one.
    shared
        False scans the rate of task parameters alone.
    """
    tried: dict[tuple[int, int], float] = {}
    centre = (0, 0)
    for _ in range(rounds):
        steps = (-1, 0, 1)
        points = [(centre[0] + i, centre[1] + j) for i in (steps if shared else (0,)) for j in steps]
        new = [p for p in points if p not in tried]
        pairs = [_rates(p, start) for p in new]
        tried.update(zip(new, map(float, score(pairs)), strict=True))
        best = max(tried, key=lambda p: tried[p])
        if best == centre:
            break
        centre = best
    return Scan(np.array([_rates(p, start) for p in tried]), np.array(list(tried.values())))


def _rates(point: tuple[int, int], start: tuple[float, float]) -> tuple[float, float]:
    return start[0] * _FACTOR ** point[0], start[1] * _FACTOR ** point[1]
