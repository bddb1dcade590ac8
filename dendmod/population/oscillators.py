"""Coupled oscillators whose coupling sigmoid is the knob (Shine et al. 2018).

``dV = 20 (W + 3 V^2 - V^3 + gamma I)``, ``dW = 20 (-W - 10 V)`` in 1/s, and
``I_i = sum_j a_ij S(V_j)`` with rows of ``a`` that sum to one. Times here are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from dendmod.arrays import check_fields, whole
from dendmod.errors import SpecError
from dendmod.params.shine2021 import OSCILLATOR, Oscillator
from dendmod.rng import stream

Array = npt.NDArray[np.float64]
Transfer = Callable[[Array], Array]
_TABLE = (-6.0, 8.0)  # V: the cycle stays between -1 and 4


@dataclass(frozen=True)
class LogisticTransfer:
    """``S(V) = 1 / (1 + exp(-sigma (V - midpoint)))``."""

    sigma: float
    midpoint: float

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, v: Array) -> Array:
        """Return S at `v`."""
        return 1.0 / (1.0 + np.exp(-self.sigma * (v - self.midpoint)))


@dataclass(frozen=True)
class TableTransfer:
    """A transfer function as a table over V, straight between its points, constant outside.

    Parameters
    ----------
    low, high
        V at both ends of the table.
    table
        Values at evenly spaced V, shape [n].
    """

    low: float
    high: float
    table: Array

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.low < self.high or np.ndim(self.table) != 1 or np.size(self.table) < 2:
            raise SpecError(
                f"a table of shape {np.shape(self.table)} from {self.low} to {self.high} V; give "
                "two values or more, and low below high"
            )

    def __call__(self, v: Array) -> Array:
        """Return S at `v`."""
        return _looked_up(np.asarray(self.table)[None], self.low, self.high, v[None])[0]


def _looked_up(tables: Array, low: float, high: float, v: Array) -> Array:
    """Row by row, the values of tables [rows, n] at v [rows, nodes]."""
    last = tables.shape[1] - 1
    at = np.clip((v - low) * (last / (high - low)), 0.0, last)
    left = np.minimum(at.astype(np.intp), last - 1)
    rows = np.arange(tables.shape[0])[:, None]
    start = tables[rows, left]
    return start + (at - left) * (tables[rows, left + 1] - start)


def _together(transfers: Sequence[Transfer]) -> Callable[[Array], Array]:
    """Return a function that sends each row through its own transfer, logistics all at once."""
    curves = {i: s for i, s in enumerate(transfers) if isinstance(s, LogisticTransfer)}
    tabulated = {i: s for i, s in enumerate(transfers) if isinstance(s, TableTransfer)}
    ends = {(s.low, s.high, s.table.size) for s in tabulated.values()}
    if len(ends) > 1:  # tables of different grids go one by one
        tabulated = {}
    logistic, tables = list(curves), list(tabulated)
    rest = sorted(set(range(len(transfers))) - {*logistic, *tables})
    slope = np.array([[s.sigma] for s in curves.values()])
    middle = np.array([[s.midpoint] for s in curves.values()])
    stack = np.array([s.table for s in tabulated.values()])
    low, high = next(iter(ends))[:2] if tables else (0.0, 1.0)

    def see(v: Array) -> Array:
        out = np.empty_like(v)
        if logistic:
            out[logistic] = 1.0 / (1.0 + np.exp(-slope * (v[logistic] - middle)))
        if tables:
            out[tables] = _looked_up(stack, low, high, v[tables])
        for i in rest:
            out[i] = transfers[i](v[i])
        return out

    return see


def logistic_transfer(sigma: float, midpoint: float = OSCILLATOR.midpoint) -> LogisticTransfer:
    """Return the logistic of Shine et al. 2018; sigma = 0 gives the constant 1/2."""
    return LogisticTransfer(sigma, midpoint)


def population_transfer(
    activation: Callable[[npt.ArrayLike], Array],
    qmax: float,
    centre: float,
    per_unit: float,
    midpoint: float = OSCILLATOR.midpoint,
    n: int = 4001,
) -> TableTransfer:
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
    grid = np.linspace(*_TABLE, n)
    table = np.asarray(activation(centre + per_unit * (grid - midpoint))) / qmax
    return TableTransfer(*_TABLE, table)


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
    nodes, modules = whole(nodes, "nodes"), whole(modules, "modules")
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

    def __post_init__(self) -> None:
        check_fields(self)

    def integrate(
        self,
        transfers: Sequence[Transfer],
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

        see = _together(list(transfers))

        def slope(v: Array, w: Array) -> tuple[Array, Array]:
            drive = gamma * (see(v) @ a.T)
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
