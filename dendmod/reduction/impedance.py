"""Impedance matrices of a segment tree, and the tree-shaped inverse that matches one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from dendmod.spec.segments import SegmentTree

Array = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]


def admittance_of(tree: SegmentTree, open_fraction: dict[str, Any]) -> Array:
    """Return the membrane conductance of every node (uS): leak and channels opened so far.

    Parameters
    ----------
    open_fraction
        By channel, a number or an array of shape [nodes]; channels that are not named are shut.
        A linearised (quasi-active) channel has the slope d/dv [open (v - e)] for its fraction.
    """
    total = tree.g_leak.copy()
    for suffix, fraction in open_fraction.items():
        total = total + tree.gbar[suffix] * fraction
    return total


def impedance(tree: SegmentTree, membrane: npt.NDArray[Any], nodes: Sequence[int]) -> Any:
    """Return the impedance matrix (MOhm) at nodes, shape [len(nodes), len(nodes)].

    Parameters
    ----------
    membrane
        Membrane conductance or admittance of every node (uS), shape [nodes]; complex for a
        frequency above zero.
    """
    own = membrane.copy()
    child = np.arange(1, tree.n)
    parent, g = tree.parent[1:], tree.g_axial[1:]
    np.add.at(own, child, g)
    np.add.at(own, parent, g)
    rows = np.concatenate([np.arange(tree.n), child, parent])
    columns = np.concatenate([np.arange(tree.n), parent, child])
    matrix = csc_array((np.concatenate([own, -g, -g]), (rows, columns)), (tree.n, tree.n))
    unit = np.zeros((tree.n, len(nodes)), dtype=own.dtype)
    unit[list(nodes), range(len(nodes))] = 1.0
    return splu(matrix).solve(unit)[list(nodes)]


def tree_inverse(z: Any, parents: Sequence[int]) -> Any:
    """Return the matrix of tree shape whose inverse has the given input and edge impedances.

    A matrix with entries on the diagonal and on the edges of a tree alone is fixed by the
    entries of its inverse at those same places: it is the sum over edges of the inverted 2 x 2
    blocks, less what is counted more than once (the completion of Grone et al. 1984, known from
    Gaussian graphical models as Dempster's covariance selection, on a tree). Where all
    bifurcations are kept, the full cell's impedances are of this shape and are matched
    everywhere; otherwise input impedances, those between neighbours and with them those between
    the soma and every place are.

    Parameters
    ----------
    z
        Impedance matrix (MOhm), real or complex, shape [n, n].
    parents
        Number of each one's parent, -1 for the first.

    Returns
    -------
    array
        Shape [n, n] (uS).
    """
    child = np.flatnonzero(np.asarray(parents) >= 0)
    parent = np.asarray(parents)[child]
    own = z[child, child]
    above = z[parent, parent]
    between = z[child, parent]
    determinant = own * above - between * z[parent, child]
    out = np.zeros_like(z)
    out[child, parent] = -between / determinant
    out[parent, child] = -z[parent, child] / determinant
    np.add.at(out, (child, child), above / determinant)
    np.add.at(out, (parent, parent), own / determinant)
    counted = np.bincount(np.concatenate([child, parent]), minlength=len(parents))
    out[np.diag_indices_from(out)] -= (counted - 1) / np.diag(z)
    return out
