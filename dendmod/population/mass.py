"""Neural masses: populations that meet each other through kernels and activation functions.

``V_i = sum_j J_ij y_j + input_i`` and ``y_j = kernel_j * Q_j(V_j)``: the kernel belongs to the
presynaptic population, so that with alpha kernels this is the column of Jansen & Rit (1995), and
with single exponentials the rate equation of Wilson & Cowan (1972).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, root

from dendmod.arrays import check_fields, reals, whole
from dendmod.errors import SpecError
from dendmod.population.kernels import Kernel

Array = npt.NDArray[np.float64]
_SAME = 1e-6
_PER_S = 1000.0


class RateFunction(Protocol):
    """Anything with a rate and a gain, such as `Activation`."""

    def __call__(self, v: npt.ArrayLike) -> Array:
        """Rate (Hz)."""

    def gain(self, v: npt.ArrayLike) -> Array:
        """Its derivative (Hz a unit of the input)."""


@dataclass(frozen=True)
class FixedPoint:
    """A state that stays.

    Parameters
    ----------
    v
        Input of each population, shape [n].
    rate
        Rate of each population (Hz), shape [n].
    eigenvalues
        Of the linearised mass (1/s), by falling real part.
    """

    v: Array
    rate: Array
    eigenvalues: npt.NDArray[np.complex128]

    @property
    def stable(self) -> bool:
        """Whether all eigenvalues have a negative real part."""
        return bool(self.eigenvalues[0].real < 0)

    @property
    def frequency(self) -> float:
        """Frequency (Hz) of the leading eigenvalue; 0 if it is real."""
        return float(abs(self.eigenvalues[0].imag) / (2 * np.pi))


@dataclass(frozen=True)
class Mass:
    """Populations coupled to each other.

    Parameters
    ----------
    activations
        Rate function of each population, n of them.
    kernels
        Kernel by which each population acts on others; times in ms.
    coupling
        ``J[i][j]``: input to i for each Hz of j through a kernel of unit area.
    drive
        Constant input to each population, in the unit of its activation.
    """

    activations: tuple[RateFunction, ...]
    kernels: tuple[Kernel, ...]
    coupling: tuple[tuple[float, ...], ...]
    drive: tuple[float, ...]

    def __post_init__(self) -> None:
        n = len(self.activations)
        shape = np.shape(self.coupling)
        if len(self.kernels) != n or shape != (n, n) or len(self.drive) != n:
            raise SpecError(
                f"{n} activations, {len(self.kernels)} kernels, coupling of shape {shape} and "
                f"{len(self.drive)} drives; give n, n, (n, n) and n"
            )
        check_fields(self)

    @cached_property
    def _filters(self) -> tuple[tuple[tuple[int, int, float], ...], Array]:
        """Each filter as (state, source, tau), and the read-out [populations, states].

        A source is the state before it in its chain, or ``-1 - population`` for a rate.
        """
        filters: list[tuple[int, int, float]] = []
        state = 0
        rows = []
        for j, kernel in enumerate(self.kernels):
            read: dict[int, float] = {}
            for weight, chain in zip(kernel.weights, kernel.taus, strict=True):
                source = -1 - j
                for tau in chain:
                    filters.append((state, source, tau))
                    source, state = state, state + 1
                read[source] = read.get(source, 0.0) + weight
            rows.append(read)
        readout = np.zeros((len(self.kernels), state))
        for j, read in enumerate(rows):
            for column, weight in read.items():
                readout[j, column] = weight
        return tuple(filters), readout

    def inputs(self, state: Array) -> Array:
        """Return the input of each population, shape [n], from the filters' state."""
        _, readout = self._filters
        return np.asarray(self.coupling) @ (readout @ state) + np.asarray(self.drive)

    def derivative(self, state: Array) -> Array:
        """Return d(state)/dt in Hz a second."""
        filters, _ = self._filters
        v = self.inputs(state)
        rate = [float(q(x)) for q, x in zip(self.activations, v, strict=True)]
        out = np.empty(len(filters))
        for i, source, tau in filters:
            arriving = rate[-1 - source] if source < 0 else state[source]
            out[i] = (arriving - state[i]) * _PER_S / tau
        return out

    def jacobian(self, v: Array) -> Array:
        """Return the derivative of `derivative` (1/s) at inputs `v`, shape [states, states]."""
        filters, readout = self._filters
        n = len(filters)
        gain = np.array([float(q.gain(x)) for q, x in zip(self.activations, v, strict=True)])
        feedback = gain[:, None] * (np.asarray(self.coupling) @ readout)  # d rate / d state
        out = np.zeros((n, n))
        for i, source, tau in filters:
            if source < 0:
                out[i] += feedback[-1 - source] * _PER_S / tau
            else:
                out[i, source] += _PER_S / tau
            out[i, i] -= _PER_S / tau
        return out

    def _residual(self, v: Array) -> Array:
        area = np.array([kernel.area for kernel in self.kernels])
        rate = np.array([float(q(x)) for q, x in zip(self.activations, v, strict=True)])
        return np.asarray(self.coupling) @ (area * rate) + np.asarray(self.drive) - v

    def at(self, v: Array) -> FixedPoint:
        """Return the fixed point at inputs `v` with its eigenvalues."""
        values = np.linalg.eigvals(self.jacobian(v))
        rate = np.array([float(q(x)) for q, x in zip(self.activations, v, strict=True)])
        order = np.argsort(-values.real, kind="stable")
        return FixedPoint(np.asarray(v, dtype=float), rate, values[order].astype(complex))

    def fixed_points(self, low: float, high: float, n: int = 401) -> tuple[FixedPoint, ...]:
        """Return all fixed points with the first population's input in a range, in its order.

        Parameters
        ----------
        low, high
            Range of the input of the first population.
        n
            Number of inputs tried in it. With one population every crossing between two of them
            is found; with more, each of them starts a search.
        """
        grid = np.linspace(low, high, n)
        if len(self.activations) == 1:
            found = [np.array([x]) for x in self._roots(grid)]
        else:
            found = self._searched(grid)
        return tuple(self.at(v) for v in sorted(found, key=lambda v: float(v[0])))

    def _roots(self, grid: Array) -> list[float]:
        values = np.array([self._residual(np.array([x]))[0] for x in grid])
        out = [float(x) for x, y in zip(grid, values, strict=True) if y == 0]
        for a, b, left, right in zip(grid[:-1], grid[1:], values[:-1], values[1:], strict=True):
            if left * right < 0:
                out.append(brentq(lambda x: self._residual(np.array([x]))[0], a, b, xtol=1e-13))
        return out

    def _searched(self, grid: Array) -> list[Array]:
        found: list[Array] = []
        area = np.array([kernel.area for kernel in self.kernels])
        for x in grid:
            start = np.asarray(self.drive, dtype=float).copy()
            start[0] = x
            for _ in range(2):  # the other populations as the first one drives them
                rate = np.array([float(q(u)) for q, u in zip(self.activations, start, strict=True)])
                start[1:] = (np.asarray(self.coupling) @ (area * rate) + np.asarray(self.drive))[1:]
            done = root(self._residual, start, method="hybr", tol=1e-12)
            inside = grid[0] <= done.x[0] <= grid[-1]
            small = np.abs(self._residual(done.x)).max() < 1e-8 * (1 + np.abs(done.x).max())
            if inside and small and not any(np.abs(done.x - f).max() < _SAME for f in found):
                found.append(done.x)
        return found

    def integrate(
        self, duration: float, start: Array | None = None, n: int = 2001
    ) -> tuple[Array, Array]:
        """Integrate for `duration` seconds.

        Returns
        -------
        t, v
            Times (s), shape [n], and inputs of all populations, shape [populations, n].
        """
        states = len(self._filters[0])
        if not 0 < duration < np.inf or n < 2:
            raise SpecError(f"duration = {duration} s at {n} times; give > 0 s and two or more")
        if start is not None:
            start = reals(start, "start", (states,))
        t = np.linspace(0.0, duration, n)
        done = solve_ivp(
            lambda _, s: self.derivative(s), (0.0, duration),
            np.zeros(states) if start is None else start,
            t_eval=t, method="LSODA", rtol=1e-8, atol=1e-8,
        )  # fmt: skip
        return t, np.array([self.inputs(s) for s in done.y.T]).T


def bistability_threshold(peak_gain: float, area: float = 1.0) -> float:
    """Return the smallest self-coupling that can give two stable states: ``1 / (area max Q')``.

    Parameters
    ----------
    peak_gain
        Largest gain of the activation, such as ``Activation.peak[1]``.
    area
        Of the kernel.
    """
    if not (peak_gain > 0 and area > 0):
        raise SpecError(
            f"peak_gain = {peak_gain} and area = {area}; give the largest gain of the activation "
            "and the area of an excitatory kernel, both above 0"
        )
    return 1.0 / (area * peak_gain)


def hopf_points(make: Callable[[float], FixedPoint], values: Array) -> tuple[float, ...]:
    """Return the parameters at which a pair of complex eigenvalues crosses zero.

    Parameters
    ----------
    make
        Fixed point of one branch at a parameter.
    values
        Parameters, rising; crossings between two neighbours are found.
    """

    def leading(p: float) -> float:
        values = make(p).eigenvalues
        pairs = values[np.abs(values.imag) > 1e-6]
        return float(pairs.real.max()) if pairs.size else -np.inf

    heights = [leading(float(p)) for p in values]
    out = []
    for a, b, left, right in zip(values[:-1], values[1:], heights[:-1], heights[1:], strict=True):
        if np.isfinite([left, right]).all() and left * right < 0:
            p = float(brentq(leading, float(a), float(b), xtol=1e-12))
            if abs(leading(p)) < 1e-3:  # else another pair took the lead there, by a jump
                out.append(p)
    return tuple(out)


def fold_points(
    drive_for: Callable[[float], float], low: float, high: float, n: int = 2001
) -> tuple[tuple[float, float], ...]:
    """Return the saddle-nodes of a curve of fixed points, given as the drive that each needs.

    Parameters
    ----------
    drive_for
        Drive at which the state with this input is a fixed point; it turns where two meet.
    low, high
        Range of inputs.

    Returns
    -------
    tuple of (input, drive)
        In the order of the input.
    """
    reals((low, high), "low and high")
    grid = np.linspace(low, high, whole(n, "n", least=3))
    drive = reals([drive_for(float(x)) for x in grid], "drives at the inputs from low to high")
    turns = np.flatnonzero(np.diff(np.sign(np.diff(drive))) != 0) + 1
    out = []
    for k in turns:
        a, b, c = drive[k - 1 : k + 2]
        bend = a - 2 * b + c
        step = grid[1] - grid[0]
        x = grid[k] + (0.5 * step * (a - c) / bend if bend else 0.0)
        out.append((float(x), float(drive_for(float(x)))))
    return tuple(out)
