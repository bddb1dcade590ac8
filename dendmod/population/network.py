"""Networks of masses whose nodes carry different densities of receptors.

``tau dV_i/dt = -V_i + J sum_j a_ij Q_j(V_j) + input_i``: one population a node. A receptor map
gives each node a part of a modulator's effect on its activation function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dendmod.arrays import check_fields, reals
from dendmod.errors import SpecError
from dendmod.population.mass import RateFunction

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Modulated:
    """An activation function with its input scaled and shifted and its output scaled.

    ``Q(v) = output * Q0(gain * (v - shift))``; as `dendmod.population.compare` measures it.
    """

    base: RateFunction
    output: float = 1.0
    input: float = 1.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, v: npt.ArrayLike) -> Array:
        """Return the rate (Hz)."""
        return self.output * self.base(self.input * (np.asarray(v, dtype=float) - self.shift))

    def gain(self, v: npt.ArrayLike) -> Array:
        """Return the derivative (Hz a unit of the input)."""
        inner = self.input * (np.asarray(v, dtype=float) - self.shift)
        return self.output * self.input * self.base.gain(inner)


def receptor_map(
    base: RateFunction,
    density: npt.ArrayLike,
    *,
    output: float = 1.0,
    input: float = 1.0,
    shift: float = 0.0,
) -> tuple[Modulated, ...]:
    """Return one activation a node, modulated in proportion to its receptor density.

    Parameters
    ----------
    base
        Activation without modulator.
    density
        Receptor density of each node, 0 to 1, shape [nodes].
    output, input, shift
        The whole effect, at density 1. Scales act as powers, so that density 0 leaves them at 1.
    """
    values = np.asarray(density, dtype=float)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise SpecError("receptor densities must be one row of numbers from 0 to 1")
    if not (output > 0 and input > 0):
        raise SpecError(f"output = {output} and input = {input}: scales must be > 0")
    return tuple(Modulated(base, output**d, input**d, shift * d) for d in values.tolist())


@dataclass(frozen=True)
class MassNetwork:
    """Coupled nodes, each with its own activation function.

    Parameters
    ----------
    activations
        One a node.
    connectivity
        ``a[i][j]``, shape [nodes, nodes].
    coupling
        Input for each Hz of summed, weighted rate.
    tau
        Time constant (ms).
    drive
        Constant input of each node, shape [nodes].
    """

    activations: Sequence[RateFunction]
    connectivity: Array
    coupling: float
    tau: float
    drive: Array

    def __post_init__(self) -> None:
        n = len(self.activations)
        reals(self.connectivity, f"connectivity of {n} activations", (n, n))
        reals(self.drive, f"drive of {n} activations", (n,))
        check_fields(self, positive=("tau",))

    def rates(self, v: Array) -> Array:
        """Return the rate of each node (Hz), shape [nodes]."""
        if self._one is not None:
            return np.asarray(self._one(v))
        return np.array([float(q(x)) for q, x in zip(self.activations, v, strict=True)])

    @cached_property
    def _one(self) -> RateFunction | None:
        """The function of all nodes, if they share one."""
        first = self.activations[0]
        return first if all(q is first for q in self.activations) else None

    def derivative(self, v: Array) -> Array:
        """Return dV/dt in units of the input a ms."""
        seen = self.connectivity @ self.rates(v)
        return (-v + self.coupling * seen + self.drive) / self.tau

    def settle(self, start: Array | None = None, tolerance: float = 1e-9) -> Array:
        """Return a state that stays, reached from `start` (default: the drive).

        Raises
        ------
        SpecError
            If none is reached within a thousand time constants.
        """
        from scipy.integrate import solve_ivp

        v = reals(self.drive if start is None else start, "start", (len(self.activations),))
        for _ in range(20):
            done = solve_ivp(
                lambda _, s: self.derivative(s), (0.0, 50 * self.tau), v, method="LSODA",
                rtol=1e-9, atol=1e-12,
            )  # fmt: skip
            v = done.y[:, -1]
            if np.abs(self.derivative(v)).max() * self.tau < tolerance * (1 + np.abs(v).max()):
                return v
        raise SpecError("the network reached no fixed point in 1000 time constants; it may cycle")

    def jacobian(self, v: Array) -> Array:
        """Return the linearised network (1/ms) at a state, shape [nodes, nodes]."""
        gain = np.array([float(q.gain(x)) for q, x in zip(self.activations, v, strict=True)])
        return (self.coupling * self.connectivity * gain[None, :] - np.eye(v.size)) / self.tau

    def covariance(self, v: Array, noise: float) -> Array:
        """Return the covariance of small fluctuations around a stable state.

        Solves the Lyapunov equation of the linearised network, driven by independent white noise
        of SD `noise` (units of the input in a root of a ms).

        Raises
        ------
        SpecError
            If the state is not stable.
        """
        from scipy.linalg import solve_continuous_lyapunov

        a = self.jacobian(v)
        if np.linalg.eigvals(a).real.max() >= 0:
            raise SpecError("the state is not stable: its fluctuations have no covariance")
        return solve_continuous_lyapunov(a, -(noise**2) * np.eye(v.size))
