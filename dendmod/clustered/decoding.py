"""Decode stimuli from population counts: sliding windows, cross-validation, shuffles, latency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dendmod.arrays import reals, whole, whole_numbers
from dendmod.errors import SpecError, did_you_mean
from dendmod.params import wyrick2021
from dendmod.rng import stream

_ROUNDING = 1e-9  # s
_LEVELS = 41  # heights between 40 and 80 % at which curves are compared
CRITERIA = ("percentile", "mean of shuffles")


@dataclass(frozen=True)
class DecodingCurve:
    """Accuracy in sliding windows.

    Parameters
    ----------
    t
        Ends of the windows (s).
    accuracy
        Fraction of test trials that were decoded correctly [windows].
    shuffled
        The same after the training labels were shuffled [shuffles, windows].
    chance
        1 / number of labels.
    shuffled_error
        Standard error, over shuffles, of the mean of the shuffled accuracy in one fold and class,
        averaged over folds and classes [windows].
    """

    t: np.ndarray
    accuracy: np.ndarray
    shuffled: np.ndarray
    chance: float
    shuffled_error: np.ndarray | None = None

    def bound(self, criterion: str = "percentile", percentile: float = 99.0) -> np.ndarray:
        """Return the accuracy above which it is not by chance [windows].

        Parameters
        ----------
        criterion
            ``"percentile"`` of the shuffles, as the paper's text is read here, or ``"mean of
            shuffles"``: the upper end of the 99 % interval of their mean, as in the authors' code.
            The second is far lower, and lower the more shuffles there are.
        percentile
            Of the shuffles.
        """
        if criterion not in CRITERIA:
            raise SpecError(
                f"there is no criterion {criterion!r}.{did_you_mean(criterion, CRITERIA)}"
            )
        if self.shuffled.shape[0] == 0:
            raise SpecError("the decoder ran without shuffles; give shuffles = 1 or more")
        if criterion == "percentile":
            return np.percentile(self.shuffled, percentile, axis=0)
        if self.shuffled_error is None:
            raise SpecError("this curve has no shuffled_error; `decode` gives one")
        return self.shuffled.mean(axis=0) + wyrick2021.SHUFFLE_ERRORS * self.shuffled_error

    def above_chance(self, percentile: float = 99.0, criterion: str = "percentile") -> np.ndarray:
        """Return where the accuracy lies above what shuffles give [windows]; see `bound`."""
        return self.accuracy > self.bound(criterion, percentile)

    def latency(
        self,
        windows: int = wyrick2021.WINDOWS_ABOVE_CHANCE,
        percentile: float = 99.0,
        criterion: str = "percentile",
        since: float = 0.0,
    ) -> float:
        """Return the end of the first of `windows` windows in a row above chance (s), or NaN.

        Windows that end at `since` (s) or before do not count; ``-inf`` counts all, and so tells
        whether a criterion is met before there is a stimulus.
        """
        above = self.above_chance(percentile, criterion) & (self.t > since + _ROUNDING)
        for k in range(above.size - windows + 1):
            if above[k : k + windows].all():
                return float(self.t[k])
        return float("nan")


def sliding_counts(counts: np.ndarray, width: int) -> np.ndarray:
    """Return sums over `width` bins in a row, at every bin [..., bins - width + 1]."""
    counts, width = whole_numbers(counts, "counts"), whole(width, "width")
    if not counts.ndim or not 1 <= width <= counts.shape[-1]:
        raise SpecError(f"windows of {width} bins do not fit into counts of shape {counts.shape}")
    total = np.cumsum(counts, axis=-1, dtype=np.int32)
    total = np.concatenate([np.zeros_like(total[..., :1]), total], axis=-1)
    return total[..., width:] - total[..., :-width]


def stratified_folds(labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the fold of each trial; each label is spread over the folds as evenly as can be."""
    if whole(folds, "folds") < 2:
        raise SpecError(f"folds = {folds}; one is tested while the others train: give 2 or more")
    fold = np.empty(labels.size, int)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if rows.size < folds:
            raise SpecError(
                f"{rows.size} trials of label {label} for {folds} folds; give as many "
                "trials a label, or fewer folds"
            )
        fold[stream(seed, "folds", int(label)).permutation(rows)] = np.arange(rows.size) % folds
    return fold


def decode(
    windows: np.ndarray,
    labels: np.ndarray,
    t: np.ndarray,
    *,
    folds: int = wyrick2021.FOLDS["recording"],
    shuffles: int = wyrick2021.SHUFFLES,
    seed: int = 0,
) -> DecodingCurve:
    """Decode the label of each trial in every window by the nearest mean of its class.

    Parameters
    ----------
    windows
        Counts [trials, neurons, windows].
    labels
        Label of each trial [trials], integers.
    t
        Ends of the windows (s).
    folds
        Folds of the stratified cross-validation.
    shuffles
        How often the training labels are shuffled, in each fold.
    seed
        Seed of folds and shuffles.

    Raises
    ------
    SpecError
        If shapes do not match, counts are not finite, there are fewer than two folds or a label has
        fewer trials than there are folds.

    References
    ----------
    Wyrick & Mazzucato 2021, Stimulus decoding; the classifier takes the class whose mean training
    vector is nearest, as in Jezzini et al. 2013.
    """
    windows, labels, t = np.asarray(windows), np.asarray(labels), reals(t, "t")
    folds, shuffles = whole(folds, "folds"), whole(shuffles, "shuffles", least=0)
    if windows.ndim != 3 or windows.shape[0] != labels.size or windows.shape[2] != t.size:
        raise SpecError(
            f"windows of shape {windows.shape}, {labels.size} labels, {t.size} times; give "
            "[trials, neurons, windows], [trials], [windows]"
        )
    if not np.isfinite(windows).all():
        raise SpecError("counts hold values that are not finite; leave those trials out")
    classes = np.unique(labels)
    if classes.size < 2:
        raise SpecError("all trials have the same label; give two labels or more")
    fold = stratified_folds(labels, folds, seed)
    codes = np.searchsorted(classes, labels)
    grams = [_gram(windows[:, :, k]) for k in range(t.size)]
    correct, error = np.zeros((1 + shuffles, t.size)), np.zeros(t.size)
    for k in range(folds):
        test, train = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
        rng = stream(seed, "shuffles", k)
        given = np.array([codes[train], *(rng.permutation(codes[train]) for _ in range(shuffles))])
        means = _class_means(given, classes.size)
        for w, gram in enumerate(grams):
            hits = _nearest(gram, test, train, means) == codes[test]
            correct[:, w] += hits.sum(axis=1)
            error[w] += _error(hits[1:], codes[test], classes.size) / folds
    correct /= labels.size
    return DecodingCurve(t, correct[0], correct[1:], 1 / classes.size, error)


def _error(hits: np.ndarray, codes: np.ndarray, classes: int) -> float:
    """Return the standard error of the mean over shuffles [shuffles, test], mean of the classes."""
    if hits.shape[0] == 0:
        return float("nan")
    spread = [hits[:, codes == c].mean(axis=1).std() for c in range(classes)]
    return float(np.mean(spread) / np.sqrt(hits.shape[0]))


def _gram(x: np.ndarray) -> np.ndarray:
    x = x.astype(float)
    return x @ x.T


def _class_means(given: np.ndarray, classes: int) -> np.ndarray:
    """Return weights of the training trials in each class mean [labellings, classes, train]."""
    hit = (given[:, None, :] == np.arange(classes)[:, None]).astype(float)
    return hit / hit.sum(axis=2, keepdims=True)


def _nearest(gram: np.ndarray, test: np.ndarray, train: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Return the class of the nearest mean [labellings, test], from inner products of trials."""
    within = gram[np.ix_(train, train)]
    flat = m.reshape(-1, train.size)
    norm = ((flat @ within) * flat).sum(axis=1).reshape(m.shape[:2])
    cross = (flat @ gram[np.ix_(train, test)]).reshape(*m.shape[:2], test.size)
    return np.argmin(norm[:, :, None] - 2 * cross, axis=1)


def crossing_times(t: np.ndarray, curve: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return when a curve first reaches each level after 0 s, between samples by a line (s)."""
    after = t > -_ROUNDING
    t, curve = t[after], curve[after]
    times = np.full(levels.size, np.nan)
    for k, level in enumerate(levels):
        reached = np.flatnonzero(curve >= level)
        if reached.size:
            i = reached[0]
            times[k] = t[i]
            if i and curve[i] > curve[i - 1]:
                part = (level - curve[i - 1]) / (curve[i] - curve[i - 1])
                times[k] = t[i - 1] + part * (t[i] - t[i - 1])
    return times


def latency_difference(
    t: np.ndarray,
    unperturbed: np.ndarray,
    perturbed: np.ndarray,
    band: tuple[float, float] = wyrick2021.LATENCY_BAND,
) -> float:
    """Return the mean time between two accuracy curves, 40 to 80 % of the first one's maximum.

    Negative: the perturbed curve rises earlier. NaN if the perturbed curve does not get to the
    lower end of the band.

    Parameters
    ----------
    t
        Ends of the windows (s).
    unperturbed, perturbed
        Accuracy [windows].
    band
        Heights, as fractions of the maximum of `unperturbed`.
    """
    t = reals(t, "t")
    unperturbed = reals(unperturbed, "unperturbed", t.shape, gaps=True)
    perturbed = reals(perturbed, "perturbed", t.shape, gaps=True)
    if t.ndim != 1 or not (t > -_ROUNDING).any() or not 0 <= band[0] < band[1] <= 1:
        raise SpecError(
            f"times of shape {t.shape} and band = {band}; give windows [windows], one or more "
            "after 0 s, and two fractions, low < high"
        )
    levels = np.linspace(*band, _LEVELS) * np.max(unperturbed[t > -_ROUNDING])
    before = crossing_times(t, unperturbed, levels)
    after = crossing_times(t, perturbed, levels)
    both = np.isfinite(before) & np.isfinite(after)
    return float((after - before)[both].mean()) if both.any() else float("nan")
