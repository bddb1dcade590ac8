"""How far oscillators run together: order parameter, phase locking within and between modules."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import hilbert

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
    x = np.asarray(x, dtype=float)
    if x.ndim != 2 or x.shape[1] < 20:
        raise SpecError(f"signals have shape {x.shape}; give [nodes, steps] with 20 steps or more")
    angle = np.angle(hilbert(x - x.mean(axis=1, keepdims=True), axis=1))
    cut = int(trim * x.shape[1])
    return angle[:, cut : x.shape[1] - cut]


def order_parameter(phase: Array) -> float:
    """Return Kuramoto's R: the length of the mean phase vector, averaged over time, 0 to 1."""
    return float(np.abs(np.exp(1j * phase).mean(axis=0)).mean())


def phase_locking(phase: Array) -> Array:
    """Return ``|mean over time of exp(i (phi_a - phi_b))|`` of all pairs, shape [nodes, nodes]."""
    z = np.exp(1j * np.asarray(phase))
    return np.abs(z @ z.conj().T) / z.shape[1]


def within_between(locking: Array, module: npt.ArrayLike) -> tuple[float, float]:
    """Return mean phase locking of pairs within one module and of pairs of two modules."""
    label = np.asarray(module)
    same = label[:, None] == label[None, :]
    pairs = ~np.eye(label.size, dtype=bool)
    if not (same & pairs).any() or same.all():
        raise SpecError("give two modules or more, one of them with two nodes or more")
    return float(locking[same & pairs].mean()), float(locking[~same].mean())


def modularity(weight: Array, module: npt.ArrayLike) -> float:
    """Return Newman's modularity of a given partition of a symmetric weighted graph."""
    w = np.array(weight, dtype=float)
    np.fill_diagonal(w, 0.0)
    label = np.asarray(module)
    strength = w.sum(axis=1)
    total = strength.sum()
    if not total > 0:
        raise SpecError("a graph without any weight has no modularity")
    same = label[:, None] == label[None, :]
    return float(((w - np.outer(strength, strength) / total) * same).sum() / total)
