"""Decoders beside the nearest class mean, with confusion matrices, within and across windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.arrays import reals
from dendmod.clustered.decoding import stratified_folds
from dendmod.errors import SpecError, did_you_mean
from dendmod.params import wyrick2021
from dendmod.rng import stream

_NO_SKLEARN = "this decoder needs scikit-learn 1.8 or later: pip install 'dendmod[decoders]'"
_Predict = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Decoded:
    """What a decoder found in sliding windows.

    Parameters
    ----------
    t
        Ends of the windows (s).
    classes
        The labels.
    confusion
        Fraction of the test trials of each class that were taken for each [windows, true, taken].
    shuffled
        The same after the training labels were shuffled [shuffles, windows, true, taken].
    """

    t: np.ndarray
    classes: np.ndarray
    confusion: np.ndarray
    shuffled: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """Fraction of correct decisions, the mean over classes [windows]."""
        return np.einsum("wkk->w", self.confusion) / self.classes.size

    @property
    def shuffled_accuracy(self) -> np.ndarray:
        """The same of the shuffles [shuffles, windows]."""
        return np.einsum("swkk->sw", self.shuffled) / self.classes.size


def decode_with(
    windows: np.ndarray,
    labels: np.ndarray,
    t: np.ndarray,
    classifier: str = "LDA",
    *,
    folds: int = wyrick2021.FOLDS["recording"],
    shuffles: int = 0,
    seed: int = 0,
) -> Decoded:
    """Decode the label of each trial in every window with a classifier.

    Parameters
    ----------
    windows
        Counts [trials, neurons, windows].
    labels
        Label of each trial [trials].
    t
        Ends of the windows (s).
    classifier
        One of `CLASSIFIERS`: ``"nearest mean"``, ``"correlation"`` (the class whose mean correlates
        best), ``"LDA"``, ``"QDA"`` (covariances of either shrunk as Ledoit and Wolf do, as neurons
        outnumber trials) or ``"linear SVM"`` (L1 penalty, as the authors').
    folds, shuffles, seed
        As in `dendmod.clustered.decode`, which is many times faster for the nearest mean.

    Raises
    ------
    SpecError
        If the classifier is not known or needs scikit-learn, or shapes do not fit.
    """
    fit = _classifier(classifier)
    x, codes, classes, fold = _checked(windows, labels, folds, seed)
    t = np.asarray(t, float)
    if t.shape != (x.shape[2],):
        raise SpecError(f"{t.size} times of {x.shape[2]} windows; give the end of each window")
    taken = np.zeros((1 + shuffles, t.size, classes.size, classes.size))
    for k in range(folds):
        test, train = fold == k, fold != k
        rng = stream(seed, "shuffles", k)
        given = [codes[train], *(rng.permutation(codes[train]) for _ in range(shuffles))]
        for w in range(t.size):
            for s, own in enumerate(given):
                guess = fit(x[train, :, w], own)(x[test, :, w])
                np.add.at(taken[s, w], (codes[test], guess), 1)
    taken /= np.bincount(codes)[:, None]
    return Decoded(t, classes, taken[0], taken[1:])


def decode_across(
    windows: np.ndarray,
    labels: np.ndarray,
    classifier: str = "LDA",
    *,
    folds: int = wyrick2021.FOLDS["recording"],
    seed: int = 0,
) -> np.ndarray:
    """Return the accuracy of a decoder trained in one window and tested in another [train, test].

    The trials that are tested were not trained with, in any window.

    Parameters
    ----------
    windows, labels, classifier, folds, seed
        As in `decode_with`.
    """
    fit = _classifier(classifier)
    x, codes, _, fold = _checked(windows, labels, folds, seed)
    right = np.zeros((x.shape[2], x.shape[2]))
    for k in range(folds):
        test, train = fold == k, fold != k
        for a in range(x.shape[2]):
            predict = fit(x[train, :, a], codes[train])
            for b in range(x.shape[2]):
                right[a, b] += (predict(x[test, :, b]) == codes[test]).sum()
    return right / codes.size


def decoding_slope(
    t: np.ndarray, accuracy: np.ndarray, bound: np.ndarray | float, top: float = 0.8
) -> tuple[float, float]:
    """Return the slope of a decoding curve (1/s) and R² of the line, NaN where it never rises.

    A line is fitted from the last window before the accuracy gets above the bound after 0 s to the
    first above `top` of the maximum.

    Parameters
    ----------
    t
        Ends of the windows (s).
    accuracy, bound
        Accuracy, and what it has to be above [windows]; see `DecodingCurve.bound`.
    top
        Fraction of the maximum after 0 s.
    """
    t = reals(t, "t")
    accuracy = reals(accuracy, "accuracy", t.shape, gaps=True)
    bound = np.broadcast_to(
        reals(bound, "bound", None if np.ndim(bound) == 0 else t.shape), t.shape
    )
    if t.ndim != 1 or (np.diff(t) <= 0).any():
        raise SpecError("t are the ends of windows, one row in ascending order")
    above = np.flatnonzero((accuracy > bound) & (t > 1e-9))
    if above.size == 0:
        return float("nan"), float("nan")
    first = max(int(above[0]) - 1, 0)
    high = top * accuracy[t > 1e-9].max()
    last = first + 1 + int(np.argmax(accuracy[first + 1 :] >= high))
    x, y = t[first : last + 1], accuracy[first : last + 1]
    slope = float(np.polyfit(x, y, 1)[0])
    fits = np.ptp(y) > 0
    return slope, float(np.corrcoef(x, y)[0, 1] ** 2) if fits else float("nan")


def _checked(
    windows: np.ndarray, labels: np.ndarray, folds: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return counts, numbers of the classes of the trials, the classes, and folds."""
    x, labels = np.asarray(windows, float), np.asarray(labels)
    if x.ndim != 3 or x.shape[0] != labels.size:
        raise SpecError(
            f"windows of shape {x.shape} and {labels.size} labels; give [trials, neurons, windows] "
            "and [trials]"
        )
    if not np.isfinite(x).all():
        raise SpecError("counts hold values that are not finite; leave those trials out")
    classes, codes = np.unique(labels, return_inverse=True)
    if classes.size < 2:
        raise SpecError("all trials have the same label; give two labels or more")
    return x, codes, classes, stratified_folds(codes, folds, seed)


def _classifier(name: str) -> Callable[[np.ndarray, np.ndarray], _Predict]:
    if name not in CLASSIFIERS:
        raise SpecError(f"there is no classifier {name!r}.{did_you_mean(name, CLASSIFIERS)}")
    return CLASSIFIERS[name]


def _means(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    classes = np.unique(y)
    return classes, np.array([x[y == c].mean(axis=0) for c in classes])


def _nearest(x: np.ndarray, y: np.ndarray) -> _Predict:
    classes, means = _means(x, y)

    def predict(new: np.ndarray) -> np.ndarray:
        return classes[((new[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)]

    return predict


def _correlation(x: np.ndarray, y: np.ndarray) -> _Predict:
    classes, means = _means(x, y)
    means = _centred(means)

    def predict(new: np.ndarray) -> np.ndarray:
        return classes[(_centred(new) @ means.T).argmax(axis=1)]

    return predict


def _centred(rows: np.ndarray) -> np.ndarray:
    """Return rows without their mean and with length one; rows without variance are zero."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    size = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.divide(centred, size, out=np.zeros_like(centred), where=size > 0)


def _sklearn(module: str, name: str, **options: Any) -> Callable[..., _Predict]:
    def fit(x: np.ndarray, y: np.ndarray) -> _Predict:
        import importlib

        try:
            made = getattr(importlib.import_module(f"sklearn.{module}"), name)(**options)
        except (ImportError, TypeError):  # not there, or older than an option
            raise SpecError(_NO_SKLEARN) from None
        spread = np.ptp(x, axis=0) > 0  # a neuron that never varies tells nothing
        if not spread.any():
            return lambda new: np.full(len(new), y.min())
        made.fit(x[:, spread], y)
        return lambda new: made.predict(new[:, spread])

    return fit


CLASSIFIERS: dict[str, Callable[[np.ndarray, np.ndarray], _Predict]] = {
    "nearest mean": _nearest,
    "correlation": _correlation,
    "LDA": _sklearn(
        "discriminant_analysis", "LinearDiscriminantAnalysis", solver="lsqr", shrinkage="auto"
    ),
    "QDA": _sklearn(
        "discriminant_analysis", "QuadraticDiscriminantAnalysis", solver="eigen", shrinkage="auto"
    ),
    "linear SVM": _sklearn(
        "svm", "LinearSVC", penalty="l1", dual=False, tol=1e-3, max_iter=20000, random_state=0
    ),
}
