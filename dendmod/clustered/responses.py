"""Single-cell responses to perturbations and stimuli, selectivity, and matched firing rates."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from dendmod.arrays import whole_numbers
from dendmod.errors import SpecError


def significant_responses(
    before: np.ndarray, during: np.ndarray, p: float = 0.05
) -> tuple[np.ndarray, np.ndarray]:
    """Return which neurons are excited, and which inhibited, by rank-sum tests.

    Parameters
    ----------
    before, during
        Spike counts [neurons, trials]; the numbers of trials may differ.
    p
        Two-sided level of significance.
    """
    from scipy import stats  # half a second

    with np.errstate(invalid="ignore", divide="ignore"):
        test = stats.mannwhitneyu(before, during, axis=1, method="asymptotic")
    significant = test.pvalue < p  # NaN, where all counts are equal, is not below
    # u counts the pairs in which `before` is the larger
    more = test.statistic < before.shape[1] * during.shape[1] / 2
    return significant & more, significant & ~more


def selectivity(rates: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return d' of each neuron, its size averaged over pairs of stimuli [neurons].

    Pairs in which a neuron has no variance at all count as 0.

    Parameters
    ----------
    rates
        Mean rate of each neuron in each trial [trials, neurons].
    labels
        Stimulus of each trial [trials].

    References
    ----------
    Wyrick & Mazzucato 2021, Single-cell response and selectivity. The sign of d'(a, b) depends on
    the order of a and b; its size is averaged here.
    """
    values = np.unique(labels)
    if values.size < 2:
        raise SpecError("selectivity needs two stimuli or more")
    mean = np.array([rates[labels == v].mean(axis=0) for v in values])
    variance = np.array([rates[labels == v].var(axis=0, ddof=1) for v in values])
    pairs = []
    for a, b in combinations(range(values.size), 2):
        noise = np.sqrt((variance[a] + variance[b]) / 2)
        difference = np.abs(mean[a] - mean[b])
        pairs.append(np.divide(difference, noise, out=np.zeros_like(noise), where=noise > 0))
    return np.mean(pairs, axis=0)


def peak_selectivity(windows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the largest d' of each neuron over windows [neurons].

    One count over a long time contains when the response began; the largest of short windows does
    so far less.

    Parameters
    ----------
    windows
        Counts or rates [trials, neurons, windows].
    labels
        Stimulus of each trial [trials].
    """
    return np.max([selectivity(x, labels) for x in np.moveaxis(windows, 2, 0)], axis=0)


def peak_response(psth: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Return the largest rate after 0 s less the mean rate before it [...] (spikes/s).

    Parameters
    ----------
    psth
        Rates averaged over trials [..., bins] (spikes/s).
    t
        Ends of the bins (s).
    """
    return psth[..., t > 0].max(axis=-1) - psth[..., t <= 0].mean(axis=-1)


def match_counts(reference: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Take spikes away from one condition until its population counts match another's.

    Trials of both conditions are put in order of their population counts, largest first, and
    paired; where `other` has more spikes, as many are removed at random as it has more.

    Parameters
    ----------
    reference, other
        Spike counts in one window [trials, neurons], with as many trials in both.
    rng
        Which spikes are removed.

    Returns
    -------
    ndarray
        `other` with fewer spikes [trials, neurons].

    References
    ----------
    Wyrick & Mazzucato 2021, Firing rate distribution match.
    """
    reference, other = (whole_numbers(x, "counts") for x in (reference, other))
    if reference.ndim != 2 or other.ndim != 2:
        raise SpecError(f"counts {reference.shape} and {other.shape}; give [trials, neurons]")
    if reference.shape[0] != other.shape[0]:
        raise SpecError(
            f"{reference.shape[0]} and {other.shape[0]} trials; matching needs as many in both"
        )
    matched = other.copy()
    ours = np.argsort(-other.sum(axis=1), kind="stable")
    wanted = np.sort(reference.sum(axis=1))[::-1]
    for trial, target in zip(ours, wanted, strict=True):
        surplus = int(other[trial].sum() - target)
        if surplus > 0:
            matched[trial] -= rng.multivariate_hypergeometric(other[trial], surplus)
    return matched
