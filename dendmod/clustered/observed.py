"""Stretches of time in which something was measured: what lies between them is not known."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.errors import SpecError

_TOLERANCE_S = 1e-6
_LONGEST = 5.0  # steps between two samples, beyond which there is a gap


def stretches(name: str, given: Any) -> np.ndarray:
    """Return stretches [stretches, 2] (start and stop, s) as an array, those that touch as one.

    Parameters
    ----------
    name
        What they are, for the message.
    given
        Pairs of start and stop (s), in ascending order; an empty list: never.

    Raises
    ------
    SpecError
        If they are no pairs, not finite, not in order, or overlap.
    """
    try:
        pairs = np.asarray(given, float)
    except (TypeError, ValueError):
        raise SpecError(f"{name} must be pairs of start and stop times (s)") from None
    pairs = pairs.reshape(-1, 2) if pairs.size == 0 else pairs
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.isfinite(pairs).all():
        raise SpecError(f"{name} must be pairs of finite start and stop times (s)")
    if (pairs[:, 1] < pairs[:, 0]).any() or (np.diff(pairs.ravel()) < -_TOLERANCE_S).any():
        raise SpecError(f"{name} must be in ascending order, and must not overlap")
    if len(pairs) == 0:
        return pairs
    apart = pairs[1:, 0] - pairs[:-1, 1] > _TOLERANCE_S
    return np.column_stack([pairs[np.r_[True, apart], 0], pairs[np.r_[apart, True], 1]])


def of_samples(t: np.ndarray) -> np.ndarray:
    """Return the stretches in which samples at times t (s) follow each other [stretches, 2].

    A sample stands for the time up to the next one, the last for one usual step, which is the
    median. Where the next comes after more than five such steps, there is a gap.
    """
    if t.size < 2:
        return np.zeros((0, 2))
    steps = np.diff(t)
    usual = float(np.median(steps))
    last = np.flatnonzero(steps > _LONGEST * usual + _TOLERANCE_S)
    starts, stops = t[np.r_[0, last + 1]], t[np.r_[last, t.size - 1]] + usual
    return np.column_stack([starts, stops])


def without(whole: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Return stretches less the time that others, in any order, take away [stretches, 2]."""
    for start, stop in parts:
        before = np.column_stack([whole[:, 0], np.minimum(whole[:, 1], start)])
        after = np.column_stack([np.maximum(whole[:, 0], stop), whole[:, 1]])
        both = np.vstack([before, after])
        both = both[both[:, 1] > both[:, 0] + _TOLERANCE_S]
        whole = both[np.argsort(both[:, 0])]
    return whole


def with_samples(pairs: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Return the stretches in which there is a sample, at times t (s)."""
    number = np.diff(np.searchsorted(t, pairs + np.array([-_TOLERANCE_S, _TOLERANCE_S])), axis=1)
    return pairs[number.ravel() > 0]


def both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the time that lies in stretches of both [stretches, 2]."""
    edges = np.concatenate([[-np.inf], b.ravel(), [np.inf]]).reshape(-1, 2)
    return without(a, edges)


def hold(within: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Say whether each window lies whole in one stretch; windows have any shape, in s."""
    if within.shape[0] == 0:
        return np.zeros(np.shape(starts), bool)
    place = np.searchsorted(within[:, 0], np.asarray(starts) + _TOLERANCE_S, side="right") - 1
    ends = within[np.maximum(place, 0), 1]
    return (place >= 0) & (np.asarray(stops) <= ends + _TOLERANCE_S)
