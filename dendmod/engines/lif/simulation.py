"""Simulate leaky integrate-and-fire networks: anyone's weights, step by step as stated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from dendmod.arrays import indices, whole_steps
from dendmod.engines.lif import kernel
from dendmod.engines.lif.kernel import Drives, Synapses
from dendmod.engines.lif.result import SpikingResult
from dendmod.errors import EngineError, SpecError

_NARROW = 65536  # neurons whose numbers fit 16 bits


def synapses(weights: Any, tau_s: float) -> Synapses:
    """Return a dense or sparse weight matrix [post, pre] (mV) as the kernel's synapses."""
    if not sparse.issparse(weights):
        weights = np.asarray(weights, float)
    matrix = sparse.csc_array(weights, dtype=np.float64, copy=True)  # what was given stays
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise SpecError(f"weights of shape {matrix.shape}; give a square matrix [post, pre]")
    matrix.sum_duplicates()
    if not np.isfinite(matrix.data).all():
        raise SpecError("weights hold values that are not finite")
    ids = np.uint16 if matrix.shape[0] <= _NARROW else np.uint32
    return Synapses(
        matrix.indptr.astype(np.int64), matrix.indices.astype(ids), matrix.data * (1e3 / tau_s)
    )


def simulate_lif(
    weights: Any,
    thresholds: Any,
    mu: Any,
    *,
    v0: Any = None,
    current0: Any = None,
    refractory0: Any = None,
    t_stop: float,
    dt: float = 0.1,
    tau_m: float = 20.0,
    tau_s: float = 5.0,
    t_refractory: float = 5.0,
    v_reset: float = 0.0,
    mu_t: Any = None,
    record_v: Sequence[int] = (),
    inhibitory: Any = None,
) -> SpikingResult:
    """Simulate a network of current-based leaky integrate-and-fire neurons.

    One step of Euler's method, in this order: neurons with ``v > threshold`` spike, are reset and
    become refractory; recurrent currents decay by ``exp(-dt/tau_s)`` and each spike adds its
    weight over tau_s at once, without a delay; ``v += dt (-v/tau_m + mu + current)``; where
    refractory time is left v is held at v_reset, and the time counts down. A neuron that spikes is
    so at v_reset at the end of t_refractory / dt steps, that of the spike the first of them; a part
    of a step counts as a whole one.

    Parameters
    ----------
    weights
        Dense or sparse [post, pre] (mV).
    thresholds
        One number or [neurons] (mV).
    mu
        Drive, one number or [neurons] (mV/s).
    v0, current0, refractory0
        State at the start [neurons]: potential (mV; default v_reset), recurrent current (mV/s;
        default 0; with `inhibitory` two rows, all of it and its part from them), refractory time
        that is left (ms; default 0).
    t_stop, dt
        Duration and step (ms).
    tau_m, tau_s, t_refractory
        Time constants of membrane and synapses, refractory period (ms). The defaults, as those of
        `dt` and `v_reset`, are the numbers of Wyrick & Mazzucato 2021 (Table 1; Simulations).
    v_reset
        Reset potential (mV).
    mu_t
        Drive that changes in time [steps, neurons] (mV/s); it takes the place of `mu`.
    record_v
        Neurons whose potential and currents are recorded.
    inhibitory
        Which neurons are inhibitory [neurons, bool]: what they give is recorded apart, too.

    Raises
    ------
    SpecError
        If shapes do not match or a value is not allowed.
    EngineError
        If the potential leaves the finite numbers.

    References
    ----------
    Wyrick & Mazzucato 2021, Neuronal dynamics.
    """
    for name, value in (("dt", dt), ("tau_m", tau_m), ("tau_s", tau_s)):
        if not (np.isfinite(value) and value > 0):
            raise SpecError(f"{name} = {value} ms; give a number above 0")
    for name, value in (("t_stop", t_stop), ("t_refractory", t_refractory)):
        if not (np.isfinite(value) and value >= 0):
            raise SpecError(f"{name} = {value} ms; give a number that is 0 or more")
    table = synapses(weights, tau_s)
    n = table.start.size - 1
    steps = whole_steps(t_stop, dt, "t_stop")
    if mu_t is not None:
        mu_t = np.asarray(mu_t, float)
        if mu_t.shape != (steps, n) or not np.isfinite(mu_t).all():
            raise SpecError(
                f"mu_t of shape {mu_t.shape}; give finite values [steps, neurons] = {(steps, n)}"
            )
    record = recorded(record_v, n)
    refractory = _vector("refractory0", 0.0 if refractory0 is None else refractory0, n)
    apart = None if inhibitory is None else _mask("inhibitory", inhibitory, n)
    return run(
        table,
        _vector("thresholds", thresholds, n),
        _vector("mu", mu, n),
        v0=_vector("v0", v_reset if v0 is None else v0, n),
        current0=_current(0.0 if current0 is None else current0, n, apart is not None),
        refractory0=refractory,
        steps=steps,
        dt=dt,
        tau_m=tau_m,
        tau_s=tau_s,
        t_refractory=t_refractory,
        v_reset=v_reset,
        mu_t=mu_t,
        record=record,
        inhibitory=apart,
    )


def run(
    table: Synapses,
    thresholds: np.ndarray,
    mu: np.ndarray,
    *,
    v0: np.ndarray,
    current0: np.ndarray,
    refractory0: np.ndarray,
    steps: int,
    dt: float,
    tau_m: float,
    tau_s: float,
    t_refractory: float,
    v_reset: float,
    mu_t: np.ndarray | None = None,
    drives: Drives | None = None,
    record: np.ndarray | None = None,
    inhibitory: np.ndarray | None = None,
) -> SpikingResult:
    """Run synapses that are prepared already; see `simulate_lif`."""
    v = np.array(v0, np.float64)
    current = np.zeros((2, v.size))
    current[: 1 if inhibitory is None else 2] = current0
    hold = _ceil_steps(refractory0, dt).astype(np.int32)
    record = np.zeros(0, np.int64) if record is None else record
    step, ids, v_rec, current_rec, apart_rec = kernel.run(
        table,
        thresholds,
        mu,
        (v, *current, hold),
        steps,
        dt=dt,
        tau_m=tau_m,
        tau_s=tau_s,
        refractory_steps=int(_ceil_steps(t_refractory, dt)),
        v_reset=v_reset,
        mu_t=mu_t,
        drives=drives,
        record=record,
        apart=inhibitory,
    )
    if not (np.isfinite(v).all() and np.isfinite(current).all()):
        raise EngineError(
            "the potential left the finite numbers; the weights or the drive are too large for "
            f"dt = {dt} ms"
        )
    return SpikingResult(
        spike_times=step * dt,
        spike_ids=ids,
        v=v_rec,
        current=current_rec,
        current_I=None if inhibitory is None else apart_rec,
        external=_external(record, steps, mu, mu_t, drives),
        v_end=v,
        current_end=current[0] if inhibitory is None else current,
        refractory_end=hold * dt,
        dt=dt,
        t_stop=steps * dt,
        recorded=record,
    )


def _external(
    record: np.ndarray, steps: int, mu: np.ndarray, mu_t: np.ndarray | None, drives: Drives | None
) -> np.ndarray:
    """Return the drive of the recorded neurons [recorded, steps] (mV/s)."""
    if mu_t is not None:
        return np.ascontiguousarray(mu_t[:, record].T)
    constant = np.repeat(mu[record][:, None], steps, axis=1)
    return constant if drives is None else constant + (drives.profile @ drives.pattern[:, record]).T


def _ceil_steps(time: Any, dt: float) -> np.ndarray:
    return np.ceil(np.asarray(time) / dt - 1e-6).astype(int)


def _vector(name: str, value: Any, n: int) -> np.ndarray:
    array = np.asarray(value, float)
    if array.shape not in ((), (n,)):
        raise SpecError(f"{name} of shape {array.shape}; give one number or {n}, one a neuron")
    if not np.isfinite(array).all():
        raise SpecError(f"{name} holds values that are not finite")
    return np.ascontiguousarray(np.broadcast_to(array, (n,)))


def _current(value: Any, n: int, apart: bool) -> np.ndarray:
    """Return the currents at the start; with a part apart [2, neurons], none without a current."""
    if not apart:
        return _vector("current0", value, n)
    rows = np.asarray(value, float)
    if rows.shape != (2, n) and np.any(rows):
        raise SpecError(
            f"current0 of shape {rows.shape}; with `inhibitory` give {(2, n)}: all of the current, "
            "and the part that inhibitory neurons gave"
        )
    return np.array([_vector("current0", row, n) for row in rows]) if rows.ndim == 2 else rows


def _mask(name: str, value: Any, n: int) -> np.ndarray:
    mask = np.asarray(value)
    if mask.shape != (n,) or mask.dtype != bool:
        raise SpecError(
            f"{name} of shape {mask.shape} and type {mask.dtype}; give True or False for each of "
            f"the {n} neurons"
        )
    return mask


def recorded(record_v: Any, n: int) -> np.ndarray:
    """Return the neurons that are recorded, by number; given by number or by a mask."""
    return indices(record_v, n, "record_v")
