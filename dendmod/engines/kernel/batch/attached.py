"""What reaches a cell from outside in a run, as arrays: spikes, currents, the voltage clamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dendmod.errors import SpecError
from dendmod.network.events import binned_steps
from dendmod.spec import Location, Run, Setup, SpikeTrain
from dendmod.spec.nodes import Array, Ints
from dendmod.spec.stimulus import VoltageClamp
from dendmod.spec.trial import Trial


@dataclass(frozen=True, eq=False)
class Events:
    """Spikes in the order of their steps: step, lane, synapse and weight, each of shape [spikes].

    Those of one step and lane stand in the order of the lane's trains.
    """

    step: Ints
    lane: Ints
    synapse: Ints
    weight: Array


def n_steps(run: Run) -> int:
    """Return the number of steps after settling."""
    return round(run.tstop / run.dt)


def events(number: Mapping[str, int], run: Run, lanes: Sequence[Sequence[SpikeTrain]]) -> Events:
    """Return the spikes of all lanes.

    Parameters
    ----------
    number
        Number of each synapse by its name.
    lanes
        The trains of each lane.
    """
    trains = [train for own in lanes for train in own]
    sizes = [train.times.size for train in trains]
    times = np.concatenate([*(train.times for train in trains), np.zeros(0)])
    lane = np.repeat(np.repeat(np.arange(len(lanes)), [len(own) for own in lanes]), sizes)
    step = binned_steps(times, run.dt)
    synapse = np.repeat(np.array([number[train.synapse] for train in trains], int), sizes)
    weight = np.repeat(np.array([train.weight for train in trains], float), sizes)
    kept = np.flatnonzero(step < n_steps(run))
    # numpy sorts small whole numbers by their digits, several times faster
    small = np.uint16 if n_steps(run) <= np.iinfo(np.uint16).max else np.int64
    order = kept[np.argsort(step[kept].astype(small), kind="stable")]
    return Events(step[order], lane[order], synapse[order], weight[order])


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
