"""The cortical column of Jansen & Rit (1995), a mass of three populations."""

from __future__ import annotations

import numpy as np

from dendmod.params.shine2021 import COLUMN, JansenRit
from dendmod.population.kernels import alpha
from dendmod.population.mass import FixedPoint, Mass
from dendmod.population.sigmoid import Sigmoid

_MS = 1000.0


def column(rate: float, p: JansenRit = COLUMN) -> Mass:
    """Return the column under a constant input.

    Populations are pyramidal cells, excitatory and inhibitory interneurons.

    Parameters
    ----------
    rate
        Spikes a second that arrive at the pyramidal cells.
    """
    q = Sigmoid(2 * p.e0, p.v0, 1 / p.r, "mV")
    excitatory, inhibitory = p.A / p.a, p.B / p.b  # areas of the PSPs, mV s
    coupling = (
        (0.0, 0.8 * p.C * excitatory, -0.25 * p.C * inhibitory),
        (p.C * excitatory, 0.0, 0.0),
        (0.25 * p.C * excitatory, 0.0, 0.0),
    )
    kernels = (alpha(_MS / p.a), alpha(_MS / p.a), alpha(_MS / p.b))
    return Mass((q, q, q), kernels, coupling, (excitatory * rate, 0.0, 0.0))


def column_at(v: float, p: JansenRit = COLUMN) -> tuple[float, FixedPoint]:
    """Return the input at which the pyramidal cells rest at `v` (mV), and that fixed point.

    The curve of all fixed points is a function of `v`, though not of the input.
    """
    silent = column(0.0, p)
    q, j = silent.activations[0], np.asarray(silent.coupling)
    rest = np.array([v, 0.0, 0.0])
    rest[1:] = (j @ np.array([float(q(v)), 0.0, 0.0]))[1:]
    missing = v - float(j[0] @ np.asarray(q(rest)))
    rate = missing / (p.A / p.a)
    return rate, column(rate, p).at(rest)
