"""Coupled oscillators whose coupling sigmoid is the knob (Shine et al. 2018).

``dV = 20 (W + 3 V^2 - V^3 + gamma I)``, ``dW = 20 (-W - 10 V)`` in 1/s, and
``I_i = sum_j a_ij S(V_j)`` with rows of ``a`` that sum to one. Times here are seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from dendmod.errors import SpecError
from dendmod.params.shine2021 import OSCILLATOR, Oscillator
from dendmod.rng import stream

Array = npt.NDArray[np.float64]
Transfer = Callable[[Array], Array]


def logistic_transfer(sigma: float, midpoint: float = OSCILLATOR.midpoint) -> Transfer:
    """Return ``S(V) = 1 / (1 + exp(-sigma (V - midpoint)))``; sigma = 0 gives the constant 1/2."""

    def transfer(v: Array) -> Array:
        return 1.0 / (1.0 + np.exp(-sigma * (v - midpoint)))

    return transfer


def population_transfer(
    activation: Callable[[npt.ArrayLike], Array],
    qmax: float,
    centre: float,
    per_unit: float,
    midpoint: float = OSCILLATOR.midpoint,
    n: int = 4001,
) -> Transfer:
    """Return a population function in place of the logistic, as a table over V.

    Parameters
    ----------
    activation, qmax
        Rate (Hz) as a function of its input, and the highest rate.
    centre
        Input of the activation at which V stands at `midpoint`.
    per_unit
        Input for each unit of V: small values flatten the transfer, as a small sigma does.
    """
    grid = np.linspace(-6.0, 8.0, n)
    table = np.asarray(activation(centre + per_unit * (grid - midpoint))) / qmax

    def transfer(v: Array) -> Array:
        return np.interp(v, grid, table)

    return transfer


def fixed_point(drive: float, oscillator: Oscillator = OSCILLATOR) -> tuple[float, float]:
    """Return V and W at which one oscillator rests under a constant ``gamma I``."""
    q, b = oscillator.quadratic, oscillator.recovery
    if not np.isfinite(drive):
        raise SpecError(f"drive = {drive}; give a finite number")
    bound = 10.0 + abs(drive)
    v = float(brentq(lambda x: -b * x + q * x * x - x**3 + drive, -bound, bound, xtol=1e-14))
    return v, -b * v


def eigenvalues(drive: float, oscillator: Oscillator = OSCILLATOR) -> npt.NDArray[np.complex128]:
    """Return both eigenvalues (1/s) at the fixed point under a constant ``gamma I``."""
    v, _ = fixed_point(drive, oscillator)
    o = oscillator
    slope = 2 * o.quadratic * v - 3 * v * v
    jacobian = o.rate * np.array([[slope, 1.0], [-o.recovery, -1.0]])
    return np.linalg.eigvals(jacobian).astype(complex)


def hopf_drives(oscillator: Oscillator = OSCILLATOR) -> tuple[float, float]:
    """Return the two values of ``gamma I`` between which one oscillator cycles.

    There the trace vanishes: ``3 V^2 - 2 q V + 1 = 0`` for the coefficient q of V^2.
    """
    q, b = oscillator.quadratic, oscillator.recovery
    reach = np.sqrt(q * q - 3.0) / 3.0
    low, high = (float(b * v - q * v * v + v**3) for v in (q / 3 - reach, q / 3 + reach))
    return low, high


def modular_connectivity(
    nodes: int, modules: int, within: float, between: float, seed: int
) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return a random connectivity with modules, rows summing to one, and each node's module.

    Parameters
    ----------
    within, between
        Probability of a connection inside a module and between modules.
    """
    if not (0 < within <= 1 and 0 <= between <= 1) or modules < 1 or nodes < 2 * modules:
        raise SpecError(
            f"within = {within}, between = {between}: give probabilities; and two nodes or more "
            f"for each of the {modules} modules"
        )
    label = np.arange(nodes) * modules // nodes
    chance = np.where(label[:, None] == label[None, :], within, between)
    there = stream(seed, "connectivity").random((nodes, nodes)) < chance
    np.fill_diagonal(there, False)
    rows = there.sum(axis=1)
    for i in np.flatnonzero(rows == 0):  # a node without input listens to its neighbour
        there[i, (i + 1) % nodes] = True
    return there / there.sum(axis=1, keepdims=True), label.astype(np.int64)


@dataclass(frozen=True)
class OscillatorNetwork:
    """Nodes that see each other through a transfer function.

    Parameters
    ----------
    connectivity
        ``a[i][j]``: weight of node j in the input of node i, shape [nodes, nodes].
    noise
        SD of the noise on V, in one over the root of a second.
    """

    connectivity: Array
    noise: float
    oscillator: Oscillator = OSCILLATOR

    def simulate(
        self,
        transfers: list[Transfer],
        gamma: float,
        *,
        duration: float,
        discard: float,
        dt: float,
        seed: int,
        keep_every: int = 4,
    ) -> Array:
        """Integrate one network for each transfer function, side by side (Heun's method).

        All runs of one call share initial states and noise, so that they differ in their transfer
        alone.

        Parameters
        ----------
        transfers
            One a run.
        gamma
            Excitability: factor of the summed input.
        duration, discard, dt
            Seconds kept, seconds left out before, step in ms.
        seed
            Of initial states and noise.
        keep_every
            Steps between two samples that are returned.

        Returns
        -------
        ndarray
            V, shape [runs, nodes, samples].
        """
        o, a = self.oscillator, np.asarray(self.connectivity)
        nodes, runs = a.shape[0], len(transfers)
        h = dt / 1000.0
        steps, lost = round((duration + discard) / h), round(discard / h)
        start = stream(seed, "initial states")
        v = np.broadcast_to(start.uniform(-1.0, 3.0, nodes), (runs, nodes)).copy()
        w = np.broadcast_to(start.uniform(-20.0, 5.0, nodes), (runs, nodes)).copy()
        noise = stream(seed, "noise")
        scale = self.noise * np.sqrt(h)
        out = np.empty((runs, nodes, (steps - lost) // keep_every))

        def slope(v: Array, w: Array) -> tuple[Array, Array]:
            seen = np.stack([s(row) for s, row in zip(transfers, v, strict=True)])
            drive = gamma * (seen @ a.T)
            dv = o.rate * (w + v * v * (o.quadratic - v) + drive)
            return dv, o.rate * (-w - o.recovery * v)

        for k in range(steps):
            kick = scale * noise.standard_normal(nodes) if scale else 0.0
            dv, dw = slope(v, w)
            dv2, dw2 = slope(v + h * dv + kick, w + h * dw)
            v = v + 0.5 * h * (dv + dv2) + kick
            w = w + 0.5 * h * (dw + dw2)
            if (
                k >= lost
                and (k - lost) % keep_every == 0
                and (k - lost) // keep_every < out.shape[2]
            ):
                out[:, :, (k - lost) // keep_every] = v
        if not np.isfinite(out).all():
            raise SpecError(f"the network diverged with dt = {dt} ms; give a smaller step")
        return out
