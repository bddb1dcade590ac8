"""Learning rates by an iterative grid: nine points at once, then nine around the best.

A single network says little of rates at which some seeds stay at chance, so that the best few pairs
are then tried with more seeds, and the one whose worst network is best is taken.
"""

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
        Validation accuracy of each point, shape [points].
    worst
        Validation accuracy of the worst of all networks with these rates, shape [points]; NaN for
        points that were not tried again.
    """

    rates: np.ndarray
    score: np.ndarray
    worst: np.ndarray

    @property
    def best(self) -> tuple[float, float]:
        """The rates whose worst network is best, of those tried again; else the highest score."""
        again = np.isfinite(self.worst)
        chosen = np.where(again, self.worst, -np.inf) if again.any() else self.score
        shared, task = self.rates[int(np.argmax(chosen))]
        return float(shared), float(task)


def scan_rates(
    score: Callable[[Sequence[tuple[float, float]]], np.ndarray],
    *,
    rounds: int = 3,
    start: tuple[float, float] = _START,
    shared: bool = True,
    again: Callable[[Sequence[tuple[float, float]]], np.ndarray] | None = None,
    finalists: int = 4,
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
    again
        From pairs of rates to the lowest validation accuracy over more networks; called once, with
        the best points. None takes the best point as it is.
    finalists
        How many points are tried again.
    """
    tried: dict[tuple[int, int], float] = {}
    centre = (0, 0)
    for _ in range(rounds):
        steps = (-1, 0, 1)
        points = [
            (centre[0] + i, centre[1] + j) for i in (steps if shared else (0,)) for j in steps
        ]
        new = [p for p in points if p not in tried]
        pairs = [_rates(p, start) for p in new]
        tried.update(zip(new, map(float, score(pairs)), strict=True))
        best = max(tried, key=lambda p: tried[p])
        if best == centre:
            break
        centre = best
    rates = np.array([_rates(p, start) for p in tried])
    found = np.array(list(tried.values()))
    worst = np.full(len(found), np.nan)
    if again is not None:
        last = np.argsort(-found, kind="stable")[:finalists]
        lowest = again([(float(a), float(b)) for a, b in rates[last]])
        worst[last] = np.minimum(found[last], lowest)
    return Scan(rates, found, worst)


def _rates(point: tuple[int, int], start: tuple[float, float]) -> tuple[float, float]:
    return start[0] * _FACTOR ** point[0], start[1] * _FACTOR ** point[1]
