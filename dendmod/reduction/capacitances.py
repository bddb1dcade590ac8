"""Capacitances of a reduced cell from the slow time constants of the full one."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigvalsh

from dendmod.reduction.conductances import pattern
from dendmod.reduction.impedance import impedance
from dendmod.reduction.skeleton import Skeleton
from dendmod.result import Array
from dendmod.segments import SegmentTree


def conductance_matrix(tree: SegmentTree, membrane: Array) -> Array:
    """Return the conductance matrix of a segment tree (uS), shape [nodes, nodes]."""
    out = np.diag(membrane)
    child = np.arange(1, tree.n)
    parent, g = tree.parent[1:], tree.g_axial[1:]
    np.add.at(out, (child, child), g)
    np.add.at(out, (parent, parent), g)
    np.add.at(out, (child, parent), -g)
    np.add.at(out, (parent, child), -g)
    return out


def time_constants(tree: SegmentTree, membrane: Array, n: int) -> Array:
    """Return the `n` slowest time constants (ms) of a cell with this membrane (uS), falling."""
    matrix = conductance_matrix(tree, membrane)
    charged = tree.ca > 0
    bare = ~charged
    if bare.any():  # nodes without membrane follow their neighbours at once
        across = matrix[np.ix_(charged, bare)]
        inner = np.linalg.solve(matrix[np.ix_(bare, bare)], across.T)
        matrix = matrix[np.ix_(charged, charged)] - across @ inner
    else:
        matrix = matrix[np.ix_(charged, charged)]
    root = np.sqrt(tree.ca[charged])
    count = min(n, root.size)
    rates = eigvalsh(matrix / np.outer(root, root), subset_by_index=[0, count - 1])
    return np.asarray(1.0 / rates)


def fit_capacitances(
    tree: SegmentTree, kept: Skeleton, matrix: Array, membrane: Array, n: int
) -> tuple[Array, Array]:
    """Fit capacitances to the impedances at the frequencies of the slow time constants.

    Least squares of (Y + i w C) Z(w) = 1 on the diagonal and the edges of the tree, at w = 1/tau
    of each of the `n` slowest time constants of the full cell: linear in C, one row a compartment.

    Parameters
    ----------
    matrix
        Conductances of the compartments (uS), shape [kept, kept].
    membrane
        Membrane conductance of the full cell (uS), shape [nodes].

    Returns
    -------
    capacitances, time constants
        Shapes [kept] (nF) and [n] (ms).
    """
    taus = time_constants(tree, membrane, n)
    where = pattern(kept.parents)
    numerator, denominator = np.zeros(kept.n), np.zeros(kept.n)
    for tau in taus:
        z = impedance(tree, membrane + 1j * tree.ca / tau, kept.nodes)
        effect = np.where(where, 1j * z / tau, 0.0)
        residual = np.where(where, np.eye(kept.n) - matrix @ z, 0.0)
        numerator += (effect.conj() * residual).real.sum(axis=1)
        denominator += (np.abs(effect) ** 2).sum(axis=1)
    return numerator / denominator, taus
