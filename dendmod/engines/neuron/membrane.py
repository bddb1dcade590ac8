"""What the channels of a membrane do at held potentials, read from the mechanisms themselves.

The equations of the channels stand in the .mod files alone: here NEURON evaluates them, in
segments whose potential cannot move because their capacitance is huge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.engines.neuron.insertion import insert
from dendmod.engines.neuron.segments import maximal_conductance
from dendmod.engines.neuron.session import Session, h
from dendmod.mechanisms import get
from dendmod.spec.result import Array

_HELD_CM = 1e12  # uF/cm2: a potential that stays
_APART = 1e12  # ohm cm: no current between segments
_DT, _DT_STEP = 0.1, 0.025  # ms


Mechanisms = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Held:
    """What each channel does at the held potentials.

    Parameters
    ----------
    v
        Held potentials (mV), shape [n].
    open
        Open fraction by channel, shape [n].
    reversal
        Reversal potential by channel (mV), shape [n]; that of calcium moves with its pool.
    """

    v: Array
    open: dict[str, Array]
    reversal: dict[str, Array]

    def current(self, gbar: dict[str, float]) -> Array:
        """Return the total current of channels with these maximal conductances, g (v - e)."""
        total = np.zeros_like(self.v)
        for suffix, g in gbar.items():
            total += g * self.open[suffix] * (self.v - self.reversal[suffix])
        return total


@dataclass(frozen=True)
class Environment:
    """Reversal potentials (mV) and temperature (degC) of a cell."""

    ena: float
    ek: float
    celsius: float


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
    with Session(dt=_DT, celsius=environment.celsius, coreneuron=False) as session:
        sec = _held(mechanisms, len(v), environment)
        _hold(sec, v)
        h.finitialize()
        session.advance(duration)
        h.fcurrent()
        opened: dict[str, list[float]] = {}
        reversal: dict[str, list[float]] = {}
        for segment in sec:
            for suffix, variable, density in _channels(segment, mechanisms):
                channel = getattr(segment, suffix)
                opened.setdefault(suffix, []).append(getattr(channel, variable) / density)
                reversal.setdefault(suffix, []).append(_reversal(segment, suffix))
        del segment, channel, sec
    return Held(np.asarray(v, dtype=float), _arrays(opened), _arrays(reversal))


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
    with Session(dt=_DT_STEP, celsius=environment.celsius, coreneuron=False) as session:
        sec = _held(mechanisms, len(v), environment)
        _hold(sec, np.full(len(v), v_rest))
        h.finitialize()
        traces: dict[str, list[Any]] = {}
        for segment in sec:
            for suffix, variable, density in _channels(segment, mechanisms):
                reference = getattr(getattr(segment, suffix), f"_ref_{variable}")
                traces.setdefault(suffix, []).append((h.Vector().record(reference), density))
        h.finitialize()
        _hold(sec, v)
        session.advance(duration)
        peaks = {s: [max(vec) / density for vec, density in rows] for s, rows in traces.items()}
        del segment, reference, traces, sec
    return _arrays(peaks)


def _held(mechanisms: Mechanisms, n: int, environment: Environment) -> Any:
    sec = h.Section(name="held")
    sec.nseg, sec.L, sec.diam = n, 10.0 * n, 10.0
    sec.cm, sec.Ra = _HELD_CM, _APART
    insert(sec, mechanisms, environment.ena, environment.ek)
    return sec


def _hold(sec: Any, v: Array) -> None:
    for segment, potential in zip(sec, v, strict=True):
        segment.v = potential


def _channels(segment: Any, mechanisms: Mechanisms) -> Iterator[tuple[str, str, float]]:
    """Yield suffix, name of the conductance and maximal conductance of each channel."""
    for suffix in mechanisms:
        name = maximal_conductance(suffix)
        if name is not None:
            yield suffix, name.removesuffix("bar"), getattr(getattr(segment, suffix), name)


def _arrays(rows: dict[str, list[float]]) -> dict[str, Array]:
    return {name: np.array(values) for name, values in rows.items()}


def _reversal(segment: Any, suffix: str) -> float:
    """Reversal potential of a channel: a parameter of its own, or that of its first ion."""
    mechanism = get(suffix)
    own = [p for p in mechanism.parameter_names if p.startswith("e")]
    if own:
        return float(getattr(getattr(segment, suffix), own[0]))
    return float(getattr(segment, f"e{mechanism.ions[0]}"))
