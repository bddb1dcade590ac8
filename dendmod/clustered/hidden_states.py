"""Hidden Markov models of ensembles: states of a few cells, where the clusters are not known.

Beside the definition of an active cluster by a threshold (`dendmod.clustered.activation`), which
needs to know who belongs to which cluster. hmmlearn does the fitting; it is asked for when a model
is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.errors import SpecError, did_you_mean
from dendmod.rng import stream

_NO_HMMLEARN = "hidden Markov models need hmmlearn: pip install 'dendmod[hmm]'"
CRITERIA = ("cross-validation", "BIC", "AIC")
_SMOOTH_BINS, _LEAST, _STAYS = 7, 1e-2, 0.95  # of the start of a fit: bins, spikes a bin, a bin


@dataclass(frozen=True)
class HiddenStates:
    """A hidden Markov model with Poisson counts, and how the trials move through its states.

    Parameters
    ----------
    rates
        Rate of each neuron in each state [states, neurons] (spikes/s).
    transitions
        Probability of each state after each other, a bin later [before, after].
    probabilities
        Probability of each state in each bin [trials, bins, states].
    bin_s
        Width of the bins (s).
    log_likelihood
        Of all counts.
    """

    rates: np.ndarray
    transitions: np.ndarray
    probabilities: np.ndarray
    bin_s: float
    log_likelihood: float

    @property
    def parameters(self) -> int:
        """Number of free parameters: rates, transitions and the first state."""
        states, neurons = self.rates.shape
        return states * neurons + states * (states - 1) + states - 1

    @property
    def bic(self) -> float:
        """Bayesian information criterion; the lower the better."""
        bins = self.probabilities.shape[0] * self.probabilities.shape[1]
        return float(self.parameters * np.log(bins) - 2 * self.log_likelihood)

    @property
    def aic(self) -> float:
        """Akaike information criterion; the lower the better."""
        return 2 * self.parameters - 2 * self.log_likelihood

    def state(self, sure: float = 0.8) -> np.ndarray:
        """Return the state in each bin, -1 where none is as probable as `sure` [trials, bins]."""
        best = self.probabilities.argmax(axis=2)
        return np.where(self.probabilities.max(axis=2) >= sure, best, -1)

    def durations(self, sure: float = 0.8) -> np.ndarray:
        """Return the lengths of complete visits to states (s): they begin and end in a trial."""
        found = []
        for row in self.state(sure):
            edges = np.flatnonzero(np.diff(row)) + 1
            for begin, end in zip(edges[:-1], edges[1:], strict=True):
                if row[begin] >= 0:
                    found.append((end - begin) * self.bin_s)
        return np.array(found)


def fit_states(
    counts: np.ndarray, states: int, *, bin_s: float, restarts: int = 5, seed: int = 0
) -> HiddenStates:
    """Fit a hidden Markov model to spike counts of an ensemble.

    Parameters
    ----------
    counts
        [trials, neurons, bins], in bins that are short against the states, such as 20 ms.
    states
        Number of states; `choose_states` compares some.
    bin_s
        Width of the bins (s).
    restarts
        Fits from as many random starts, of which the best is kept.
    seed
        Seed of the starts.

    Raises
    ------
    SpecError
        If hmmlearn is not installed, counts do not fit or a neuron never spikes.
    """
    counts = _checked(counts, states)
    trials, _, bins = counts.shape
    x, lengths = _rows(counts), [bins] * trials
    model = _fitted(x, lengths, states, restarts, seed)
    score, probabilities = model.score_samples(x, lengths)
    return HiddenStates(
        model.lambdas_ / bin_s, model.transmat_, probabilities.reshape(trials, bins, states),
        bin_s, float(score),
    )  # fmt: skip


def choose_states(
    counts: np.ndarray,
    candidates: Sequence[int],
    *,
    bin_s: float,
    criterion: str = "cross-validation",
    folds: int = 4,
    restarts: int = 3,
    seed: int = 0,
) -> tuple[int, dict[int, float]]:
    """Return the number of states that a criterion prefers, and its value for each (lower: better).

    Parameters
    ----------
    counts, bin_s, restarts, seed
        As in `fit_states`.
    candidates
        Numbers of states.
    criterion
        ``"cross-validation"`` (minus the log likelihood of trials that were left out, a bin),
        ``"BIC"`` or ``"AIC"``.
    folds
        Of the cross-validation.
    """
    if criterion not in CRITERIA:
        raise SpecError(f"there is no criterion {criterion!r}.{did_you_mean(criterion, CRITERIA)}")
    values: dict[int, float] = {}
    for states in candidates:
        if criterion == "cross-validation":
            values[states] = _left_out(_checked(counts, states), states, folds, restarts, seed)
        else:
            found = fit_states(counts, states, bin_s=bin_s, restarts=restarts, seed=seed)
            values[states] = found.bic if criterion == "BIC" else found.aic
    if not values:
        raise SpecError("give numbers of states to choose from")
    return min(values, key=lambda k: values[k]), values


def _left_out(counts: np.ndarray, states: int, folds: int, restarts: int, seed: int) -> float:
    trials, _, bins = counts.shape
    if not 2 <= folds <= trials:
        raise SpecError(f"folds = {folds} of {trials} trials; give 2 to {trials}")
    fold = np.arange(trials) % folds
    fold = stream(seed, "state folds").permutation(fold)
    score = 0.0
    for k in range(folds):
        train, test = counts[fold != k], counts[fold == k]
        model = _fitted(_rows(train), [bins] * len(train), states, restarts, seed)
        score += model.score(_rows(test), [bins] * len(test))
    return -score / (trials * bins)


def _checked(counts: np.ndarray, states: int) -> np.ndarray:
    counts = np.asarray(counts)
    if counts.ndim != 3 or not np.isfinite(counts).all() or (counts < 0).any():
        raise SpecError(
            f"counts of shape {counts.shape}; give finite counts [trials, neurons, bins]"
        )
    if states < 1:
        raise SpecError(f"states = {states}; give 1 or more")
    silent = np.flatnonzero(counts.sum(axis=(0, 2)) == 0)
    if silent.size:
        raise SpecError(f"neuron {silent[0]} never spikes; leave silent neurons out")
    return counts.astype(int)


def _rows(counts: np.ndarray) -> np.ndarray:
    """Return counts [trials x bins, neurons]."""
    return counts.transpose(0, 2, 1).reshape(-1, counts.shape[1])


def _fitted(x: np.ndarray, lengths: list[int], states: int, restarts: int, seed: int) -> Any:
    """Return the best of some fits; a rate is never 0, by a prior of a tenth of a spike in all.

    Fits start from groups of bins that are alike after smoothing, in states that tend to stay:
    from random rates most end in a state that is two.
    """
    try:
        from hmmlearn.hmm import PoissonHMM
    except ImportError:
        raise SpecError(_NO_HMMLEARN) from None
    from scipy.ndimage import uniform_filter1d
    from sklearn.cluster import KMeans  # hmmlearn needs it, too

    rows = x.astype(float).reshape(len(lengths), lengths[0], -1)
    smooth = uniform_filter1d(rows, _SMOOTH_BINS, axis=1).reshape(x.shape)
    best, highest = None, -np.inf
    for k in range(restarts):
        start = int(stream(seed, "states", states, k).integers(2**31))
        model = PoissonHMM(
            states, random_state=start, n_iter=200, tol=1e-3, init_params="s",
            lambdas_prior=0.1, lambdas_weight=0.1,
        )  # fmt: skip
        groups = KMeans(states, n_init=1, random_state=start).fit(smooth)
        model.lambdas_ = np.maximum(groups.cluster_centers_, _LEAST)
        other = (1 - _STAYS) / max(states - 1, 1)
        model.transmat_ = np.full((states, states), other) + np.eye(states) * (_STAYS - other)
        if states == 1:
            model.transmat_ = np.ones((1, 1))
        model.fit(x, lengths)
        score = model.score(x, lengths)
        if score > highest:
            best, highest = model, score
    return best
