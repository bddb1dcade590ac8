"""What the channels of a membrane do at held potentials, read from the mechanisms themselves.

The equations of the channels stand in the .mod files alone: here NEURON evaluates them, in
segments whose potential cannot move because their capacitance is huge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dendmod.engines.neuron.currents import measure
from dendmod.engines.neuron.insertion import insert
from dendmod.engines.neuron.session import Session, h
from dendmod.mechanisms import mechanism_set
from dendmod.mechanisms.conducting import Conducting, conducting
from dendmod.spec.result import Array

_HELD_CM = 1e12  # uF/cm2: a potential that stays
_APART = 1e12  # ohm cm: no current between segments
_DT, _DT_STEP = 0.1, 0.025  # ms
_WIDTH = 10.0  # um


Mechanisms = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Held:
    """What each channel does at the held potentials.

    Parameters
    ----------
    v
        Held potentials (mV), shape [n].
    open
        Open fraction by channel, shape [n]: slope conductance per unit of maximal conductance.
    reversal
        Reversal potential of ohmic channels (mV), shape [n]; that of calcium moves with its pool.
    driving
        Current of the others, per unit of maximal conductance (mV), shape [n].
    """

    v: Array
    open: dict[str, Array]
    reversal: dict[str, Array]
    driving: dict[str, Array] = field(default_factory=dict)

    def current(self, gbar: dict[str, float]) -> Array:
        """Return the total current of channels with these maximal conductances."""
        total = np.zeros_like(self.v)
        for suffix, g in gbar.items():
            if suffix in self.reversal:
                total += g * self.open[suffix] * (self.v - self.reversal[suffix])
            else:
                total += g * self.driving[suffix]
        return total


@dataclass(frozen=True)
class Environment:
    """Where mechanisms are held.

    Parameters
    ----------
    reversals
        Reversal potentials (mV) by NEURON's name ("ena"), where no pool makes them.
    celsius
        Temperature (degC).
    mechanisms, globals
        As those of the cell.
    diam
        Diameter (um) for mechanisms that read it; None for any.
    """

    reversals: Mapping[str, float]
    celsius: float
    mechanisms: tuple[str, ...] = ()
    globals: Mapping[str, float] = field(default_factory=dict)
    diam: float | None = None

    def session(self, dt: float) -> Session:
        """Return a session of NEURON with this temperature and these mechanisms."""
        return Session(
            dt=dt,
            celsius=self.celsius,
            coreneuron=False,
            mechanism_folders=self.mechanisms,
            global_parameters=self.globals,
        )

    def channels(self, mechanisms: Mechanisms) -> list[Conducting]:
        """Return the channels among mechanisms."""
        known = mechanism_set(self.mechanisms)
        return [channel for suffix in mechanisms for channel in conducting(known.get(suffix))]


def steady(
    mechanisms: Mechanisms, v: Array, environment: Environment, *, duration: float = 1000.0
) -> Held:
    """Hold a membrane for `duration` ms, gates starting from their steady states.

    Parameters
    ----------
    mechanisms
        Parameters by suffix; densities matter where calcium links channels.
    v
        Potentials (mV), shape [n].
    """
    opened: dict[str, Array] = {}
    driving: dict[str, Array] = {}
    reversal: dict[str, Array] = {}
    with environment.session(_DT) as session:
        sec = _held(mechanisms, len(v), environment)
        _hold(sec, v)
        h.finitialize()
        session.advance(duration)
        h.fcurrent()
        segments = list(sec)
        for channel in environment.channels(mechanisms):
            key = channel.key
            if channel.is_measured:
                mechanism = mechanism_set(environment.mechanisms).get(channel.suffix)
                opened[key], driving[key] = measure(segments, mechanism, channel)
                continue
            own = [getattr(segment, channel.suffix) for segment in segments]
            opened[key] = np.array(
                [getattr(m, channel.conductance) / getattr(m, channel.maximal) for m in own]
            )
            reversal[key] = np.array([_reversal(s, channel) for s in segments])
            del own
        del sec, segments
    return Held(np.asarray(v, dtype=float), opened, reversal, driving)


def peak_open(
    mechanisms: Mechanisms,
    v_rest: float,
    v: Array,
    environment: Environment,
    *,
    duration: float = 100.0,
) -> dict[str, Array]:
    """Return the largest open fraction by channel after steps from rest to potentials.

    Parameters
    ----------
    v_rest
        Potential at which the gates have their steady states before the step (mV).
    v
        Potentials of the step (mV), shape [n].
    duration
        How long the step lasts (ms).
    """
    with environment.session(_DT_STEP) as session:
        sec = _held(mechanisms, len(v), environment)
        segments = list(sec)
        _hold(sec, np.full(len(v), v_rest))
        h.finitialize()
        traces: dict[str, list[Any]] = {}
        measured: list[Conducting] = []
        for channel in environment.channels(mechanisms):
            if channel.is_measured:
                measured.append(channel)
                continue
            for segment in segments:
                own = getattr(segment, channel.suffix)
                reference = getattr(own, f"_ref_{channel.conductance}")
                density = getattr(own, channel.maximal)
                traces.setdefault(channel.key, []).append((h.Vector().record(reference), density))
                del own, reference
        h.finitialize()
        _hold(sec, v)
        peaks = _advance_and_measure(session, segments, measured, environment, duration)
        for key, rows in traces.items():
            peaks[key] = np.array([max(vec) / density for vec, density in rows])
        del segments, traces, sec
    return peaks


def _advance_and_measure(
    session: Session,
    segments: list[Any],
    channels: list[Conducting],
    environment: Environment,
    duration: float,
) -> dict[str, Array]:
    """Advance, and return the largest slope conductance of each of these channels on the way."""
    if not channels:
        session.advance(duration)
        return {}
    known = mechanism_set(environment.mechanisms)
    peaks = {channel.key: np.zeros(len(segments)) for channel in channels}
    for _ in range(round(duration / _DT)):
        session.advance(_DT)
        for channel in channels:
            slope, _ = measure(segments, known.get(channel.suffix), channel)
            peaks[channel.key] = np.maximum(peaks[channel.key], slope)
    return peaks


def _held(mechanisms: Mechanisms, n: int, environment: Environment) -> Any:
    known = mechanism_set(environment.mechanisms)
    read = any("diam" in known.get(suffix).reads for suffix in mechanisms)
    sec = h.Section(name="held")
    sec.nseg, sec.L, sec.diam = n, _WIDTH * n, _WIDTH
    if read and environment.diam is not None:
        sec.diam = environment.diam
    sec.cm, sec.Ra = _HELD_CM, _APART
    insert(sec, mechanisms, environment.reversals)
    return sec


def _hold(sec: Any, v: Array) -> None:
    for segment, potential in zip(sec, v, strict=True):
        segment.v = potential


def _reversal(segment: Any, channel: Conducting) -> float:
    """Return the reversal potential of an ohmic channel: its own, GLOBAL, or that of an ion."""
    own, name = getattr(segment, channel.suffix), channel.reversal
    if hasattr(own, name):
        return float(getattr(own, name))
    if hasattr(segment, name):
        return float(getattr(segment, name))
    return float(getattr(h, f"{name}_{channel.suffix}"))
