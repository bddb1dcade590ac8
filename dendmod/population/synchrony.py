"""How far oscillators run together: order parameter, phase locking within and between modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import hilbert

from dendmod.arrays import reals
from dendmod.errors import SpecError

Array = npt.NDArray[np.float64]


def phases(x: Array, trim: float = 0.05) -> Array:
    """Return instantaneous phases (rad) of signals, shape [nodes, steps] less both ends.

    Parameters
    ----------
    x
        Signals, shape [nodes, steps].
    trim
        Part of the steps left out at either end, where the Hilbert transform rings.
    """
    x = reals(x, "x")
    if not 0 <= trim < 0.5:
        raise SpecError(f"trim = {trim}; give a part of 0 or more, below 0.5")
    if x.ndim != 2 or x.shape[1] < 20:
        raise SpecError(f"signals have shape {x.shape}; give [nodes, steps] with 20 steps or more")
    angle = np.angle(hilbert(x - x.mean(axis=1, keepdims=True), axis=1))
    cut = int(trim * x.shape[1])
    return angle[:, cut : x.shape[1] - cut]


def order_parameter(phase: Array) -> float:
    """Return Kuramoto's R: the length of the mean phase vector, averaged over time, 0 to 1."""
    return float(np.abs(np.exp(1j * _phases(phase)).mean(axis=0)).mean())


def phase_locking(phase: Array) -> Array:
    """Return ``|mean over time of exp(i (phi_a - phi_b))|`` of all pairs, shape [nodes, nodes]."""
    z = np.exp(1j * _phases(phase))
    return np.abs(z @ z.conj().T) / z.shape[1]


def within_between(locking: Array, module: npt.ArrayLike) -> tuple[float, float]:
    """Return mean phase locking of pairs within one module and of pairs of two modules."""
    locking, label = _graph(locking, module)
    same = label[:, None] == label[None, :]
    pairs = ~np.eye(label.size, dtype=bool)
    if not (same & pairs).any() or same.all():
        raise SpecError("give two modules or more, one of them with two nodes or more")
    return float(locking[same & pairs].mean()), float(locking[~same].mean())


def modularity(weight: Array, module: npt.ArrayLike) -> float:
    """Return Newman's modularity of a given partition of a symmetric weighted graph."""
    w, label = _graph(weight, module)
    np.fill_diagonal(w, 0.0)
    strength = w.sum(axis=1)
    total = strength.sum()
    if not total > 0:
        raise SpecError("a graph without any weight has no modularity")
    same = label[:, None] == label[None, :]
    return float(((w - np.outer(strength, strength) / total) * same).sum() / total)


def _phases(phase: npt.ArrayLike) -> Array:
    found = reals(phase, "phase")
    if found.ndim != 2 or not found.size:
        raise SpecError(f"phase has shape {found.shape}; give [nodes, steps], one or more of each")
    return found


def _graph(weight: npt.ArrayLike, module: npt.ArrayLike) -> tuple[Array, npt.NDArray[Any]]:
    """Return a new square array, and a label for each of its nodes."""
    found, label = reals(weight, "weight"), np.asarray(module)
    if label.ndim != 1 or found.shape != (label.size, label.size):
        raise SpecError(
            f"{label.shape} modules for values of shape {found.shape}; give one label a node and "
            "[nodes, nodes]"
        )
    return found, label
