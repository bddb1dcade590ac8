"""The compiled kernel: its arguments, and runs in pieces that keep their state."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.engines import compiled
from dendmod.errors import EngineError

_PIECE = 2000  # steps between two growths of the spike list
_BLOCK = 64  # BLOCK of lif.c

_I = ctypes.c_int64
_P = ctypes.c_void_p
_D = ctypes.c_double


class _Run(ctypes.Structure):
    """`lif_run` of lif.c, field by field."""

    _fields_ = [
        *((name, _I) for name in ("n", "steps", "n_drives", "n_changes", "n_recorded", "capacity")),
        *((name, _P) for name in ("start", "post", "jump", "threshold", "mu", "mu_t")),
        *((name, _P) for name in ("profile", "pattern", "change", "change_profile", "changed")),
        *((name, _P) for name in ("apart", "recorded")),
        *((name, _D) for name in ("dt", "inv_tau_m", "decay", "v_reset")),
        ("refractory_steps", ctypes.c_int32),
        ("wide", ctypes.c_int32),
        *((name, _P) for name in ("v", "current", "current_apart", "hold", "held")),
        *((name, _P) for name in ("mu_now", "base", "uniform", "spiking")),
        ("n_spiking", _I),
        *((name, _P) for name in ("spike_step", "spike_id", "v_out", "current_out", "apart_out")),
    ]


@cache
def _function() -> Any:
    function = compiled.load(Path(__file__).with_name("lif.c")).lif_simulate
    function.restype = ctypes.c_int64
    function.argtypes = [ctypes.POINTER(_Run)]
    return function


@dataclass(frozen=True)
class Synapses:
    """Synapses by presynaptic neuron.

    Parameters
    ----------
    start
        First synapse of each neuron [neurons + 1].
    post
        Postsynaptic neuron of each synapse; 16 bits each are read faster than 32.
    jump
        What a spike adds to the current (mV/s): weight / tau_s.
    """

    start: np.ndarray
    post: np.ndarray
    jump: np.ndarray


@dataclass(frozen=True)
class Drives:
    """What changes in time: ``mu(t) = mu + sum_d profile[t, d] pattern[d]``, and synapses likewise.

    Parameters
    ----------
    profile
        [steps, drives], without unit.
    pattern
        [drives, neurons] (mV/s).
    change_profile, change
        A spike at step t adds ``jump + sum_k change_profile[t, k] change[k]``, [steps, changes]
        and [changes, synapses] (mV/s, in the order of `Synapses`); None leaves synapses alone.
    """

    profile: np.ndarray
    pattern: np.ndarray
    change_profile: np.ndarray | None = None
    change: np.ndarray | None = None


def _aligned(values: np.ndarray) -> np.ndarray:
    """Return a copy that begins where a cache line begins: vectors then lie in one line each."""
    room = np.empty(values.size + 8)
    first = -(room.ctypes.data // 8) % 8
    room[first : first + values.size] = values
    return room[first : first + values.size]


def _pointer(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data


def _changed(change: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return which neurons have a synapse that is changed [changes, neurons]."""
    before = np.concatenate([np.zeros((len(change), 1)), np.cumsum(change != 0, axis=1)], axis=1)
    return np.ascontiguousarray(np.diff(before[:, start], axis=1) > 0, np.uint8)


def run(
    synapses: Synapses,
    thresholds: np.ndarray,
    mu: np.ndarray,
    state: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    steps: int,
    *,
    dt: float,
    tau_m: float,
    tau_s: float,
    refractory_steps: int,
    v_reset: float,
    mu_t: np.ndarray | None = None,
    drives: Drives | None = None,
    record: np.ndarray | None = None,
    apart: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Run the kernel; times in ms, potentials in mV, currents in mV/s.

    Parameters
    ----------
    state
        v, current, the part of it that is kept apart, and the refractory counter [neurons] at the
        start; they are changed in place.
    apart
        Whose part of the currents is kept apart, too [neurons, bool]; None: nobody's.

    Returns
    -------
    tuple
        Step and neuron of every spike; v, current and its part apart [recorded, steps].
    """
    n = thresholds.size
    v, current, beside, hold = *map(_aligned, state[:3]), state[3]
    record = np.zeros(0, np.int64) if record is None else np.ascontiguousarray(record, np.int64)
    decay = float(np.exp(-dt / tau_s))
    mu_now, base = _aligned(mu), _aligned(mu)
    spiking = np.empty(n, np.uint32)
    held = np.empty(n + 1, np.uint32)
    above = np.flatnonzero(v > thresholds)
    spiking[: above.size] = above
    between = 1 if (v_reset > thresholds).any() else max(refractory_steps, 1)
    capacity = n * (_PIECE // between + 1)
    spike_step = np.empty(capacity, np.int32)
    spike_id = np.empty(capacity, np.uint32)
    wide = synapses.post.dtype != np.uint16
    drives = drives or Drives(np.zeros((steps, 0)), np.zeros((0, n)))
    uniform = np.zeros(-(-n // _BLOCK) * (1 + drives.pattern.shape[0]), np.uint8)
    fixed = [
        np.ascontiguousarray(a, t)
        for a, t in (
            (synapses.start, np.int64),
            (synapses.post, np.uint32 if wide else np.uint16),
            (synapses.jump, np.float64),
            (thresholds, np.float64),
            (_aligned(mu), np.float64),  # the kernel shifts it and back
            (drives.pattern, np.float64),
        )
    ]
    change = None if drives.change is None else np.ascontiguousarray(drives.change, np.float64)
    changed = None if change is None else _changed(change, synapses.start)
    beside_of = None if apart is None else np.ascontiguousarray(apart, np.uint8)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    out = np.zeros((3, record.size, steps))
    n_spiking = above.size
    for begin in range(0, steps, _PIECE):
        end = min(begin + _PIECE, steps)
        piece = [
            None if a is None else np.ascontiguousarray(a[begin:end], np.float64)
            for a in (mu_t, drives.profile, drives.change_profile)
        ]
        piece_out = np.zeros((3, record.size, end - begin))
        start, post, jump, threshold, mu_p, pattern = map(_pointer, fixed)
        mu_t_p, profile, change_profile = map(_pointer, piece)
        arguments = _Run(
            n, end - begin, drives.pattern.shape[0], 0 if change is None else len(change),
            record.size, capacity,
            start, post, jump, threshold, mu_p, mu_t_p,
            profile, pattern, _pointer(change), change_profile, _pointer(changed),
            _pointer(beside_of), record.ctypes.data,
            dt * 1e-3, 1e3 / tau_m, decay, v_reset, refractory_steps, wide,
            *map(_pointer, (v, current, beside, hold, held, mu_now, base, uniform, spiking)),
            n_spiking, *map(_pointer, (spike_step, spike_id, *piece_out)),
        )  # fmt: skip
        count = _function()(ctypes.byref(arguments))
        if count < 0:
            raise EngineError("the list of spikes overflowed; this is a fault of dendmod")
        n_spiking = arguments.n_spiking
        found.append((spike_step[:count] + begin, spike_id[:count].astype(np.int64)))
        out[:, :, begin:end] = piece_out
    state[0][:], state[1][:], state[2][:] = v, current, beside
    return (
        np.concatenate([s for s, _ in found]) if found else np.zeros(0, np.int64),
        np.concatenate([i for _, i in found]) if found else np.zeros(0, np.int64),
        *out,
    )
