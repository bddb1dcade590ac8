"""Eigenvalues of a network's weights: clusters are those that stand out to the right."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from dendmod.arrays import reals
from dendmod.errors import SpecError


def weight_spectrum(weights: Any, leading: int | None = None) -> np.ndarray:
    """Return eigenvalues of a weight matrix, those with the largest real part first (mV).

    Parameters
    ----------
    weights
        Dense or sparse [post, pre] (mV), such as `Network.weights`.
    leading
        How many of the largest real parts; all if left out, which takes some seconds for 2000
        neurons.

    Raises
    ------
    SpecError
        If the matrix is not square, or fewer than one or too many are asked for.
    """
    given = weights if sparse.issparse(weights) else np.atleast_2d(np.asarray(weights))
    if given.dtype.kind not in "biuf":
        raise SpecError(f"weights of type {given.dtype}; give numbers")
    matrix = sparse.csr_array(given, dtype=float)
    reals(matrix.data, "weights")
    n = matrix.shape[0]
    if matrix.shape != (n, n):
        raise SpecError(f"weights of shape {matrix.shape}; give a square matrix [post, pre]")
    if leading is not None and not 1 <= leading <= n - 2:
        raise SpecError(f"leading = {leading} of {n} neurons; give a number from 1 to {n - 2}")
    if leading is None:
        values = np.linalg.eigvals(matrix.toarray())
    else:
        start = np.ones(n) / np.sqrt(n)  # no random start: the same matrix, the same values
        values = sparse.linalg.eigs(
            matrix, k=leading, which="LR", v0=start, return_eigenvectors=False
        )
    return values[np.lexsort((-values.imag, -values.real))]
