"""Firing rates of two conditions matched for each stimulus by itself."""

from __future__ import annotations

import numpy as np

from dendmod.clustered.responses import match_counts
from dendmod.errors import SpecError


def match_by_stimulus(
    reference: np.ndarray,
    reference_labels: np.ndarray,
    other: np.ndarray,
    other_labels: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Take spikes away from one condition until its population counts match, stimulus by stimulus.

    `match_counts` orders the trials of all stimuli together: a stimulus with more spikes than the
    others keeps more of them. Here trials are ordered and paired within each stimulus.

    Parameters
    ----------
    reference, other
        Spike counts in one window [trials, neurons].
    reference_labels, other_labels
        Stimulus of each trial, each as often in both conditions [trials].
    rng
        Which spikes are removed.

    Returns
    -------
    ndarray
        `other` with fewer spikes [trials, neurons].

    Raises
    ------
    SpecError
        If labels do not fit the trials, or a stimulus has more trials in one condition.
    """
    ours, theirs = np.asarray(other_labels), np.asarray(reference_labels)
    if ours.shape != other.shape[:1] or theirs.shape != reference.shape[:1]:
        raise SpecError(
            f"{other.shape[0]} and {reference.shape[0]} trials have {ours.size} and {theirs.size} "
            "labels; give one a trial"
        )
    matched = other.copy()
    for label in np.union1d(ours, theirs):
        a, b = np.flatnonzero(theirs == label), np.flatnonzero(ours == label)
        if a.size != b.size:
            raise SpecError(
                f"stimulus {label} has {a.size} and {b.size} trials; matching needs as many in both"
            )
        matched[b] = match_counts(reference[a], other[b], rng)
    return matched
