"""Penalised matrix decomposition: a matrix as few products of sparse vectors (Witten et al. 2009).

    maximise  u . X v   with  |u|_2 <= 1, |v|_2 <= 1, |u|_1 <= delta, |v|_1 <= epsilon

is solved for one pair of vectors after the other, each time with what the pairs before it left of
X. Without active bounds this is the singular value decomposition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg

from dendmod.errors import SpecError

Array = npt.NDArray[np.float64]

_ITERATIONS, _TOLERANCE = 20, 1e-5  # rounds of a pair at most; change of v that ends them
_NOTHING_LEFT = 1e-10  # of the norm of X
_EQUAL = 1e-9  # entries closer than this share of them are taken for equal


@dataclass(frozen=True)
class Decomposition:
    """X ~ u diag(d) v, the pairs in the order in which they were found.

    Parameters
    ----------
    u
        Vectors over the rows of X, shape [rows, k], of unit length.
    d
        Their sizes, shape [k].
    v
        Vectors over the columns of X, shape [k, columns], of unit length.
    """

    u: Array
    d: Array
    v: Array


def bounded(a: npt.ArrayLike, bound: float) -> Array:
    """Return the unit vector along which `a` is longest among those of an L1 norm up to `bound`.

    It is `a` with every entry moved towards zero by the same amount (soft thresholding) and then
    scaled. The amount is found exactly: with the mean of the n entries that are left, and the sum
    q of their squared distances from it,

        amount = mean - bound * sqrt(q / (n (n - bound^2))).

    Parameters
    ----------
    a
        Shape [n].
    bound
        At least 1; from sqrt(n) on it is never active.

    Raises
    ------
    SpecError
        If `bound` is below 1: no unit vector has a smaller L1 norm.
    """
    a = np.asarray(a, dtype=float)
    if not bound >= 1:
        raise SpecError(f"bound = {bound}: no unit vector has an L1 norm below 1; give 1 or more")
    size = np.abs(a)
    norm = np.sqrt(size @ size)
    if norm == 0 or size.sum() <= bound * norm:
        return a / norm if norm else a
    ordered = np.sort(size)[::-1]
    n = _kept(ordered, bound)
    if ordered[0] - ordered[n - 1] <= _EQUAL * ordered[0]:
        return _among_equals(a, bound, n)
    mean = ordered[:n].mean()
    squares = ((ordered[:n] - mean) ** 2).sum()
    amount = mean - bound * np.sqrt(squares / (n * (n - bound**2)))
    kept = np.sign(a) * np.maximum(size - amount, 0)
    return kept / np.linalg.norm(kept)


def _kept(ordered: Array, bound: float) -> int:
    """Return how many entries are left, of sizes in falling order.

    The ratio of L1 to L2 norm grows with the number of entries that are left.
    """
    # it is sqrt(m) at most, so that more than bound^2 are left
    low, high = int(bound**2) + 1, len(ordered)
    while low < high:
        m = (low + high) // 2
        rest = ordered[:m] - ordered[m]
        if rest.sum() > bound * np.sqrt(rest @ rest):
            high = m
        else:
            low = m + 1
    return high


def _among_equals(a: Array, bound: float, n: int) -> Array:
    """Return a vector of this bound on `n` of the largest entries, which are all equal.

    All unit vectors of this bound on such entries are as long along `a`: take one that prefers the
    first.
    """
    first = np.argsort(-np.abs(a), kind="stable")[:n]
    v = np.zeros_like(a)
    v[first] = np.sign(a[first]) * bounded(np.arange(n, 0, -1.0), bound)
    return v


def pmd(x: npt.ArrayLike, k: int, delta: float, epsilon: float) -> Decomposition:
    """Decompose a matrix.

    Parameters
    ----------
    x
        Shape [rows, columns].
    k
        Number of pairs.
    delta, epsilon
        Bounds on the L1 norms of vectors over rows and over columns, 1 or more. From sqrt(rows)
        and sqrt(columns) on they are never active.

    Raises
    ------
    SpecError
        If `k` pairs cannot be had, as nothing is left of the matrix after fewer.
    """
    left = np.array(x, dtype=float)
    if left.ndim != 2 or not np.isfinite(left).all():
        raise SpecError(f"x of shape {left.shape}: give a matrix of finite numbers")
    if k < 1:
        raise SpecError(f"k = {k}; give 1 or more")
    gram = left.T @ left
    total = np.sqrt(np.trace(gram))
    u, d, v = np.zeros((k, len(left))), np.zeros(k), np.zeros((k, left.shape[1]))
    for j in range(k):
        u[j], d[j], v[j] = _pair(left, _start(gram), delta, epsilon)
        if d[j] <= _NOTHING_LEFT * total:
            raise SpecError(
                f"k = {k}, but the matrix {left.shape[0]} x {left.shape[1]} is used up after {j} "
                f"pairs; give at most {j}"
            )
        # what is taken away, in the products of columns as well
        along = left.T @ u[j]
        left -= d[j] * np.outer(u[j], v[j])
        gram += d[j] ** 2 * np.outer(v[j], v[j])
        gram -= d[j] * (np.outer(along, v[j]) + np.outer(v[j], along))
    return Decomposition(u.T, d, v)


def _start(gram: Array) -> Array:
    """Return the right singular vector of the largest value: where the iteration starts."""
    last = len(gram) - 1
    return scipy.linalg.eigh(gram, subset_by_index=[last, last])[1][:, 0]


def _pair(x: Array, v: Array, delta: float, epsilon: float) -> tuple[Array, float, Array]:
    for _ in range(_ITERATIONS):
        u = bounded(x @ v, delta)
        before, v = v, bounded(u @ x, epsilon)
        if np.linalg.norm(v - before) < _TOLERANCE:
            break
    u = bounded(x @ v, delta)
    return u, float(u @ x @ v), v
