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
        *((name, _I) for name in ("n", "steps", "n_drives", "n_recorded", "capacity")),
        *((name, _P) for name in ("start", "post", "jump", "threshold", "mu", "mu_t")),
        *((name, _P) for name in ("profile", "pattern", "pre_profile", "pre_amp", "recorded")),
        *((name, _D) for name in ("dt", "inv_tau_m", "decay", "v_reset")),
        ("refractory_steps", ctypes.c_int32),
        ("wide", ctypes.c_int32),
        *((name, _P) for name in ("v", "current", "hold", "held")),
        *((name, _P) for name in ("mu_now", "base", "uniform", "spiking")),
        ("n_spiking", _I),
        *((name, _P) for name in ("spike_step", "spike_id", "v_out", "current_out")),
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
    """Drives that change in time: ``mu(t) = mu + sum_d profile[t, d] pattern[d]``.

    Parameters
    ----------
    profile
        [steps, drives], without unit.
    pattern
        [drives, neurons] (mV/s).
    pre_profile, pre_amp
        A spike of neuron j at step t has its weights scaled by
        ``1 + pre_amp[j] pre_profile[t]``; None leaves them alone.
    """

    profile: np.ndarray
    pattern: np.ndarray
    pre_profile: np.ndarray | None = None
    pre_amp: np.ndarray | None = None


def _aligned(values: np.ndarray) -> np.ndarray:
    """Return a copy that begins where a cache line begins: vectors then lie in one line each."""
    room = np.empty(values.size + 8)
    first = -(room.ctypes.data // 8) % 8
    room[first : first + values.size] = values
    return room[first : first + values.size]


def run(
    synapses: Synapses,
    thresholds: np.ndarray,
    mu: np.ndarray,
    state: tuple[np.ndarray, np.ndarray, np.ndarray],
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
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Run the kernel; times in ms, potentials in mV, currents in mV/s.

    Parameters
    ----------
    state
        v, current and the refractory counter [neurons] at the start; they are changed in place.

    Returns
    -------
    tuple
        Step and neuron of every spike; v and current [recorded, steps].
    """
    n = thresholds.size
    v, current, hold = _aligned(state[0]), _aligned(state[1]), state[2]
    record = np.zeros(0, np.int64) if record is None else np.ascontiguousarray(record, np.int64)
    decay = float(np.exp(-dt / tau_s))
    mu_now, base = _aligned(mu), _aligned(mu)
    spiking = np.empty(n, np.uint32)
    held = np.empty(n + 1, np.uint32)
    above = np.flatnonzero(v > thresholds)
    spiking[: above.size] = above
    apart = 1 if (v_reset > thresholds).any() else max(refractory_steps, 1)
    capacity = n * (_PIECE // apart + 1)
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
    pre_amp = None if drives.pre_amp is None else np.ascontiguousarray(drives.pre_amp, np.float64)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    v_out = np.empty((record.size, steps))
    current_out = np.empty((record.size, steps))
    n_spiking = above.size
    for begin in range(0, steps, _PIECE):
        end = min(begin + _PIECE, steps)
        piece = [
            None if a is None else np.ascontiguousarray(a[begin:end], np.float64)
            for a in (mu_t, drives.profile, drives.pre_profile)
        ]
        piece_v = np.empty((record.size, end - begin))
        piece_current = np.empty((record.size, end - begin))
        pointer = [None if a is None else a.ctypes.data for a in (*fixed, *piece, pre_amp)]
        start, post, jump, threshold, mu_p, pattern, mu_t_p, profile, pre_profile, amp = pointer
        arguments = _Run(
            n, end - begin, drives.pattern.shape[0], record.size, capacity,
            start, post, jump, threshold, mu_p, mu_t_p,
            profile, pattern, pre_profile, amp, record.ctypes.data,
            dt * 1e-3, 1e3 / tau_m, decay, v_reset, refractory_steps, wide,
            v.ctypes.data, current.ctypes.data, hold.ctypes.data, held.ctypes.data,
            mu_now.ctypes.data, base.ctypes.data, uniform.ctypes.data,
            spiking.ctypes.data, n_spiking, spike_step.ctypes.data, spike_id.ctypes.data,
            piece_v.ctypes.data, piece_current.ctypes.data,
        )  # fmt: skip
        count = _function()(ctypes.byref(arguments))
        if count < 0:
            raise EngineError("the list of spikes overflowed; this is a fault of dendmod")
        n_spiking = arguments.n_spiking
        found.append((spike_step[:count] + begin, spike_id[:count].astype(np.int64)))
        v_out[:, begin:end] = piece_v
        current_out[:, begin:end] = piece_current
    state[0][:], state[1][:] = v, current
    return (
        np.concatenate([s for s, _ in found]) if found else np.zeros(0, np.int64),
        np.concatenate([i for _, i in found]) if found else np.zeros(0, np.int64),
        v_out,
        current_out,
    )
