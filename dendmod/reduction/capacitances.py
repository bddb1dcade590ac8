"""Capacitances of a reduced cell: from the slow time constants, or from the whole spectrum."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigvalsh
from scipy.optimize import least_squares

from dendmod.params.reduction import LOAD_FACTOR, SPECTRUM_HZ, SPECTRUM_POINTS
from dendmod.reduction.conductances import pattern
from dendmod.reduction.impedance import impedance, tree_inverse
from dendmod.reduction.skeleton import Skeleton
from dendmod.spec.result import Array
from dendmod.spec.segments import SegmentTree

CapacitanceMethod = Literal["spectrum", "slow"]
ComplexArray = npt.NDArray[np.complex128]

_SMALLEST_SHARE = 1e-5  # of the whole capacitance: what a compartment has at least
_BELOW_SLOW_LIMIT = 100.0  # how far below its slow limit a bounded capacitance may lie


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
    bare = ~charged  # nodes without membrane follow their neighbours at once
    across = matrix[np.ix_(charged, bare)]
    matrix = matrix[np.ix_(charged, charged)] - across @ np.linalg.solve(
        matrix[np.ix_(bare, bare)], across.T
    )
    root = np.sqrt(tree.ca[charged])
    count = min(n, root.size)
    rates = eigvalsh(matrix / np.outer(root, root), subset_by_index=[0, count - 1])
    return np.asarray(1.0 / rates)


def slow_capacitances(
    tree: SegmentTree, kept: Skeleton, matrix: Array, membrane: Array, taus: Array
) -> Array:
    """Fit capacitances to the impedances at the frequencies of slow time constants.

    Least squares of (Y + i w C) Z(w) = 1 on the diagonal and the edges of the tree, at w = 1/tau:
    linear in C, one row a compartment.

    Parameters
    ----------
    matrix
        Conductances of the compartments (uS), shape [kept, kept].
    membrane
        Membrane conductance of the full cell (uS), shape [nodes].
    taus
        Time constants (ms).

    Returns
    -------
    ndarray
        Shape [kept] (nF).
    """
    where = pattern(kept.parents)
    numerator, denominator = np.zeros(kept.n), np.zeros(kept.n)
    for tau in taus:
        z = impedance(tree, membrane + 1j * tree.ca / tau, kept.nodes)
        effect = np.where(where, 1j * z / tau, 0.0)
        residual = np.where(where, np.eye(kept.n) - matrix @ z, 0.0)
        numerator += (effect.conj() * residual).real.sum(axis=1)
        denominator += (np.abs(effect) ** 2).sum(axis=1)
    return np.asarray(numerator / denominator)


def spectrum_capacitances(
    tree: SegmentTree, kept: Skeleton, matrix: Array, membrane: Array, *, bounded: bool = False
) -> Array:
    """Fit capacitances to input and soma-transfer impedances from slow to spiking frequencies.

    An action potential rises within 0.2 ms and meets another capacitance than a slow EPSP: what
    lies behind an axial resistance does not take part. Capacitances of the slow time constants
    make action potentials too small and lose those that follow the first. Here all are fitted
    together to the moduli and phases of the full cell at frequencies spread evenly on a
    logarithmic axis. Errors of input impedances are relative at each frequency, that of the soma
    counted as much as those of all compartments; errors of transfer impedances to the soma are
    relative to their steady value, since their fast parts do not arrive.

    Parameters
    ----------
    bounded
        Let no compartment have more than `LOAD_FACTOR` times its capacitance in the slow limit.
        Free to do so, the fit puts what is missing at high frequencies on the first bifurcation
        of the trunk, and an action potential no longer runs past it. Meant for reductions with
        places for all membrane (`dendmod.reduction.loads`).

    Returns
    -------
    ndarray
        Shape [kept] (nF), all positive.
    """
    w = 2 * np.pi * 1e-3 * np.geomspace(*SPECTRUM_HZ, SPECTRUM_POINTS)
    full = np.array([impedance(tree, membrane + 1j * x * tree.ca, kept.nodes) for x in w])
    own = np.einsum("wii->wi", full)
    steady = np.linalg.inv(matrix)[0, 1:]
    start = np.diag(tree_inverse(full[0], kept.parents)).imag / w[0]
    scale_own = 1 / (np.abs(own) * np.sqrt(own.size / 2))
    scale_own[:, 0] += 1 / (np.abs(own[:, 0]) * np.sqrt(w.size / 2))
    scale_to = 1 / (np.abs(steady) * np.sqrt(max(w.size * steady.size, 1) / 2))

    def reduced(log_c: Array) -> ComplexArray:
        admittance = matrix[None] + 1j * w[:, None, None] * np.diag(np.exp(log_c))[None]
        return np.asarray(np.linalg.inv(admittance))

    def residuals(log_c: Array) -> Array:
        z = reduced(log_c)
        e = ((np.einsum("wii->wi", z) - own) * scale_own).ravel()
        to = ((z[:, 0, 1:] - full[:, 0, 1:]) * scale_to).ravel()
        both = np.concatenate([e, to])
        return np.concatenate([both.real, both.imag])

    def jacobian(log_c: Array) -> Array:
        z = reduced(log_c)
        charge = -1j * w[:, None] * np.exp(log_c)[None]  # dZ = Z (-i w dC) Z
        e = np.einsum("wik,wk,wki->wik", z, charge, z) * scale_own[:, :, None]
        to = np.einsum("wk,wk,wkj->wjk", z[:, 0], charge, z[:, :, 1:]) * scale_to[None, :, None]
        both = np.concatenate([e.reshape(-1, kept.n), to.reshape(-1, kept.n)])
        return np.concatenate([both.real, both.imag])

    # no compartment has more than all of them in the slow limit, nor a negligible share of it
    most: Any = np.log(np.maximum(start, 0.0).sum())
    bounds = (most + np.log(_SMALLEST_SHARE), most)
    if bounded:
        own_share = np.log(np.maximum(start, _SMALLEST_SHARE * np.exp(most)))
        bounds = (own_share - np.log(_BELOW_SLOW_LIMIT), own_share + np.log(LOAD_FACTOR))
    begin = np.clip(np.log(np.maximum(start, 1e-6)), bounds[0] + 0.1, bounds[1] - 0.1)
    return np.exp(least_squares(residuals, begin, jacobian, bounds=bounds).x)
