"""Effective transfer function, potential and barrier of two clusters (Eqs 1.8 to 1.11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dendmod.clustered.meanfield import MeanField
from dendmod.errors import EngineError

_POINTS = 61  # of the transfer function on either side of the saddle
_SAME = 0.05  # spikes/s; two fixed points nearer than this are one


@dataclass(frozen=True)
class EffectivePotential:
    """One cluster in focus, all other populations slaved to it.

    Parameters
    ----------
    rate
        Rate of the cluster in focus, from the state in which it is silent to that in which it is
        active [points] (spikes/s).
    output
        Effective transfer function r_out(rate) [points] (spikes/s), Eq 1.9.
    slaved
        Rates of all populations [points, populations] (spikes/s).
    energy
        Integral of rate - r_out, zero in the active state [points] (spikes^2/s^2).
    active, saddle
        Rates of all populations in attractor A (cluster 1 active) and at the saddle C.
    barrier
        E(C) - E(A) (spikes^2/s^2), Eq 1.11.
    gain
        Slope of r_out between the two extrema of the force.
    """

    rate: np.ndarray
    output: np.ndarray
    slaved: np.ndarray
    energy: np.ndarray
    active: np.ndarray
    saddle: np.ndarray
    barrier: float
    gain: float


def effective_potential(field: MeanField, points: int = _POINTS) -> EffectivePotential:
    """Return the effective transfer function and the barrier between two clusters.

    Parameters
    ----------
    field
        A two-cluster mean field (`two_cluster_field`), perturbed or not.
    points
        Rates on either side of the saddle.

    Raises
    ------
    EngineError
        If the network does not have the two attractors with one active cluster and a saddle
        between them.

    References
    ----------
    Wyrick & Mazzucato 2021, Effective mean field theory for a reduced network; the gain is the
    slope between the extrema of the force (the printed formula is garbled).
    """
    active = field.fixed_point(np.array([120.0, 0.0, 0.0, 20.0]))
    if active[0] - active[1] < _SAME or not field.stable(active):
        raise EngineError("this mean field has no attractor in which one cluster alone is active")
    saddle = _saddle(field, active)
    lower = _follow(field, active[[1, 0, 2, 3]], saddle[0], points)
    upper = _follow(field, active, saddle[0], points)
    slaved = np.vstack([lower, upper[::-1][1:]])
    rate = slaved[:, 0]
    output = np.array([field.response(r)[0] for r in slaved])
    force = rate - output
    from scipy.integrate import cumulative_trapezoid

    energy = cumulative_trapezoid(force, rate, initial=0.0)
    energy -= energy[-1]
    middle = lower.shape[0] - 1
    high, low = int(np.argmax(force[: middle + 1])), middle + int(np.argmin(force[middle:]))
    return EffectivePotential(
        rate=rate,
        output=output,
        slaved=slaved,
        energy=energy,
        active=active,
        saddle=saddle,
        barrier=float(energy[middle]),
        gain=float((output[low] - output[high]) / (rate[low] - rate[high])),
    )


def _saddle(field: MeanField, active: np.ndarray) -> np.ndarray:
    """Return the fixed point with r1 = r2 between the attractors; symmetry is imposed."""
    for share in (0.5, 0.4, 0.6, 0.3):
        start = active.copy()
        start[:2] = share * active[0]
        try:
            found = field.fixed_point(start)
        except EngineError:
            continue
        symmetric = abs(found[0] - found[1]) < 1e-3
        if symmetric and found[0] < active[0] - _SAME and not field.stable(found):
            return found
    raise EngineError("this mean field has no saddle at which both clusters are equally active")


def _follow(field: MeanField, start: np.ndarray, end: float, points: int) -> np.ndarray:
    """Return the slaved fixed points on the way of population 0 from its rate to `end`."""
    held = np.arange(start.size) == 0
    rates, found = start.copy(), []
    for value in np.linspace(start[0], end, points):
        rates = rates.copy()
        rates[0] = value
        try:
            rates = field.fixed_point(rates, held, relax=False)
        except EngineError:  # the branch bends here: follow the dynamics
            rates = field.fixed_point(rates, held)
        if not field.stable(rates, held):
            raise EngineError(
                f"with cluster 1 held at {value:.2f} spikes/s the other populations have no stable "
                "rates near those before"
            )
        found.append(rates)
    return np.array(found)
