"""Feedforward weights that no task has shaped: seven ways to get them (Wybo 2022, Fig 4, Table 2).

PCA, SD (sparse dictionary) and PMD (penalised matrix decomposition) minimise the same loss,

    |X - C W|^2,

under different bounds on C and W; dPCA, dSD and dPMD do so for differences of samples in place of
samples (Eq 3). RP draws weights at random. Needs scikit-learn, but not PyTorch.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from dendmod.arrays import reals, whole
from dendmod.errors import SpecError
from dendmod.learning import require
from dendmod.learning.pmd import pmd
from dendmod.params import wybo2022_networks as paper
from dendmod.rng import stream

Array = npt.NDArray[np.float64]
Kind = Literal["PCA", "dPCA", "SD", "dSD", "PMD", "dPMD", "RP"]
KINDS: tuple[str, ...] = get_args(Kind)
SAMPLES = 4000  # rows of the matrix that is decomposed, at most; ours


def weight_matrix(
    kind: str, images: npt.ArrayLike, k: int, seed: int, *, samples: int = SAMPLES
) -> Array:
    """Return the weights of `k` units, one a row, each of unit length.

    Parameters
    ----------
    kind
        "PCA", "SD" or "PMD" of the images, "dPCA", "dSD" or "dPMD" of differences between images,
        or "RP", drawn from a normal distribution.
    images
        Shape [images, ...]; an image is taken as one vector of n pixels. The penalty of SD is
        meant for pixels between 0 and 1; the others do not depend on the scale.
    k
        Number of units; for PCA and dPCA at most n.
    seed
        Keys which images or pairs are taken, and the weights of RP.
    samples
        How many images or differences are taken; all images if there are fewer.

    Returns
    -------
    Shape [k, n]. The sign of a row is that which makes its largest entry positive, RP excepted.

    Raises
    ------
    SpecError
        If the kind is unknown, or the images do not give `k` vectors.

    Notes
    -----
    Table 2 bounds PMD by delta = .5 sqrt(k) and epsilon = .3 sqrt(n). X is said to be k x n there,
    so that the k of delta is read as the number of samples.
    """
    if kind not in KINDS:
        raise SpecError(f"kind = {kind!r}; allowed are {', '.join(KINDS)}")
    k, samples = whole(k, "k", least=1), whole(samples, "samples", least=1)
    x = _flat(images)
    if kind == "RP":
        drawn = stream(seed, "random projections", k).standard_normal((k, x.shape[1]))
        return _unit(drawn)
    x = differences(x, samples, seed) if kind.startswith("d") else _some(x, samples, seed)
    w = _unit({"PCA": _pca, "SD": _sd, "PMD": _pmd}[kind.removeprefix("d")](x, k, seed))
    largest = np.abs(w).argmax(axis=1)
    return w * np.sign(w[np.arange(k), largest])[:, None]


def differences(images: npt.ArrayLike, n: int, seed: int) -> Array:
    """Return differences between `n` random pairs of different images, shape [n, pixels]."""
    x = _flat(images)
    if len(x) < 2:
        raise SpecError("differences need two images or more")
    rng = stream(seed, "differences")
    first = rng.integers(0, len(x), n)
    second = (first + rng.integers(1, len(x), n)) % len(x)
    return x[first] - x[second]


def residual(w: npt.ArrayLike, x: npt.ArrayLike) -> float:
    """Return min over C of |x - C w|, as a fraction of |x| (Wybo 2022, Eq 3 and Fig 4G).

    Parameters
    ----------
    w
        Weights, shape [k, n].
    x
        What is to be reconstructed from rows of `w`, shape [samples, n].
    """
    w, x = reals(w, "w"), reals(x, "x")
    total = np.linalg.norm(x)
    if not total:
        raise SpecError("x is zero everywhere; there is nothing to reconstruct")
    _, size, basis = np.linalg.svd(w, full_matrices=False)
    basis = basis[size > size[0] * max(w.shape) * np.finfo(float).eps]
    return float(np.linalg.norm(x - (x @ basis.T) @ basis) / total)


def _flat(images: npt.ArrayLike) -> Array:
    x = reals(images, "images")
    if x.ndim < 2 or not x.size:
        raise SpecError(f"images of shape {x.shape}; give [images, ...], one or more")
    return x.reshape(len(x), -1)


def _some(x: Array, n: int, seed: int) -> Array:
    if len(x) <= n:
        return x
    return x[np.sort(stream(seed, "samples").choice(len(x), n, replace=False))]


def _unit(w: Array) -> Array:
    length = np.linalg.norm(w, axis=1, keepdims=True)
    if not length.all():
        raise SpecError(
            f"{int((length == 0).sum())} of {len(w)} weight vectors are zero; give a lower k"
        )
    return w / length


def _decomposition() -> Any:
    require("sklearn")
    from sklearn import decomposition

    return decomposition


def _pca(x: Array, k: int, seed: int) -> Array:
    if k > min(x.shape):
        raise SpecError(
            f"k = {k}: {x.shape[0]} samples of {x.shape[1]} pixels have at most {min(x.shape)} "
            "principal components"
        )
    if not np.ptp(x, axis=0).any():
        raise SpecError(f"all {len(x)} images are the same; they have no principal components")
    return _decomposition().PCA(k, svd_solver="full").fit(x).components_


def _sd(x: Array, k: int, seed: int) -> Array:
    # scikit-learn minimises 1/2 |X - C W|^2 + alpha |C|_1
    sklearn = _decomposition()
    learner = sklearn.MiniBatchDictionaryLearning(
        k, alpha=paper.SD_LAMBDA / 2, max_iter=_SD_PASSES, batch_size=_SD_BATCH,
        fit_algorithm="cd", random_state=int(stream(seed, "dictionary").integers(2**31)),
    )  # fmt: skip
    with warnings.catch_warnings():
        # codes of a batch need not be exact: the next batch moves the dictionary anyhow
        warnings.filterwarnings("ignore", message="Objective did not converge")
        return learner.fit(x).components_


def _pmd(x: Array, k: int, seed: int) -> Array:
    rows, columns = x.shape
    delta = max(1.0, paper.PMD_DELTA * rows**0.5)
    return pmd(x, k, delta, max(1.0, paper.PMD_EPSILON * columns**0.5)).v


_SD_PASSES, _SD_BATCH = 5, 64  # ours
