"""What reaches a cell from outside in a run, as arrays: spikes, currents, the voltage clamp."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.network.events import binned_steps
from dendmod.spec import Location, Run, Setup, SpikeTrain
from dendmod.spec.nodes import Array, Ints
from dendmod.spec.stimulus import VoltageClamp
from dendmod.spec.trial import Trial


def n_steps(run: Run) -> int:
    """Return the number of steps after settling."""
    return round(run.tstop / run.dt)


def events(trains: Sequence[SpikeTrain], run: Run) -> tuple[Ints, npt.NDArray[np.int32]]:
    """Return the spikes of trains in the order of their steps.

    Returns
    -------
    Where those of each step begin, shape [steps + 1], and the train of each, shape [spikes]: those
    of one step in the order of the trains.
    """
    n = n_steps(run)
    # numpy sorts small whole numbers by their digits, several times faster
    small = np.uint16 if n < np.iinfo(np.uint16).max else np.int64
    steps = binned_steps(np.concatenate([*(t.times for t in trains), np.zeros(0)]), run.dt)
    step = np.minimum(steps, n).astype(small)  # those of step n come when the run is over
    train = np.repeat(np.arange(len(trains), dtype=np.int32), [t.times.size for t in trains])
    start: Ints = np.concatenate([[0], np.bincount(step, minlength=n + 1)[:n].cumsum()])
    return start, train[np.argsort(step, kind="stable")[: start[-1]]]


def clamp_places(setup: Setup) -> list[Location]:
    """Return where currents enter: those of current clamps, then those that change with time."""
    return [c.location for c in (*setup.current_clamps, *setup.currents)]


def amplitudes(setup: Setup, run: Run, trial: Trial) -> Array:
    """Return the currents (nA) of a trial, shape [places, steps], each taken in a step's middle.

    Raises
    ------
    SpecError
        If a trial gives another number of amplitudes or currents than the set-up has, or other
        places.
    """
    starts = run.dt * np.arange(float(n_steps(run)))
    middles = starts + run.dt / 2
    clamps, currents = setup.current_clamps, setup.currents
    amps = tuple(c.amp for c in clamps) if trial.amps is None else trial.amps
    if len(amps) != len(clamps):
        raise SpecError(f"{len(amps)} amplitudes for {len(clamps)} current clamps; give one each")
    own = currents if trial.currents is None else trial.currents
    if [c.location for c in own] != [c.location for c in currents]:
        raise SpecError("the currents of a trial are as many as the set-up's and at their places")
    rows = [
        np.where((middles >= c.delay) & (middles < c.delay + c.dur), amp, 0.0)
        for c, amp in zip(clamps, amps, strict=True)
    ]
    rows += [current.values(middles) for current in own]
    return np.array(rows).reshape(len(rows), starts.size)


def held(clamp: VoltageClamp, run: Run) -> tuple[Array, Array]:
    """Return potential (mV) and 1/rs (uS; 0 where it lets go) of a clamp by step."""
    middles = run.dt * np.arange(float(n_steps(run))) + run.dt / 2
    if clamp.v is not None:
        return np.full_like(middles, clamp.v), np.full_like(middles, 1 / clamp.rs)
    ends = np.cumsum([level.dur for level in clamp.levels])
    level = np.searchsorted(ends, middles, side="right")
    v = np.array([level.v for level in clamp.levels])
    kept = np.minimum(level, v.size - 1)
    return v[kept], np.where(level < v.size, 1 / clamp.rs, 0.0)


def settling_potential(clamp: VoltageClamp) -> float:
    """Return the potential (mV) that a clamp holds while a cell settles."""
    return clamp.v if clamp.v is not None else clamp.levels[0].v
