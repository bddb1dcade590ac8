"""Steady states of a membrane at held potentials, read from the mechanisms themselves.

The equations of the channels stand in the .mod files alone: here NEURON evaluates them, in
segments whose potential cannot move because their capacitance is huge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.engines.neuron.segments import maximal_conductance
from dendmod.engines.neuron.session import Session, h
from dendmod.result import Array

_HELD_CM = 1e12  # uF/cm2: a potential that stays
_APART = 1e12  # ohm cm: no current between segments


@dataclass(frozen=True)
class SteadyState:
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


def steady_state(
    mechanisms: dict[str, dict[str, float]],
    v: Array,
    *,
    ena: float,
    ek: float,
    celsius: float,
    duration: float = 1000.0,
    dt: float = 0.1,
) -> SteadyState:
    """Hold a membrane at potentials for `duration` ms, gates starting from their steady states.

    Parameters
    ----------
    mechanisms
        Parameters by suffix; densities matter where calcium links channels.
    v
        Potentials (mV), shape [n].
    """
    with Session(dt=dt, celsius=celsius, coreneuron=False) as session:
        sec = h.Section(name="held")
        sec.nseg, sec.L, sec.diam = len(v), 10.0 * len(v), 10.0
        sec.cm, sec.Ra = _HELD_CM, _APART
        for suffix, params in mechanisms.items():
            sec.insert(suffix)
            for name, value in params.items():
                setattr(sec, f"{name}_{suffix}", value)
        ions = sec.psection()["ions"]
        if "na" in ions:
            sec.ena = ena
        if "k" in ions:
            sec.ek = ek
        for segment, potential in zip(sec, v, strict=True):
            segment.v = potential
        h.finitialize()
        session.advance(duration)
        h.fcurrent()
        out: dict[str, tuple[list[float], list[float]]] = {}
        for segment in sec:
            for suffix in mechanisms:
                name = maximal_conductance(suffix)
                if name is None:
                    continue
                channel = getattr(segment, suffix)
                density = getattr(channel, name)
                opened, reversal = out.setdefault(suffix, ([], []))
                opened.append(getattr(channel, name.removesuffix("bar")) / density)
                reversal.append(_reversal(segment, suffix))
        del sec
    return SteadyState(
        np.asarray(v, dtype=float),
        {suffix: np.array(o) for suffix, (o, _) in out.items()},
        {suffix: np.array(e) for suffix, (_, e) in out.items()},
    )


def _reversal(segment: Any, suffix: str) -> float:
    """Reversal potential of a channel: a parameter of its own, or that of the ion it writes."""
    from dendmod.mechanisms import get

    own = [p for p in get(suffix).parameter_names if p.startswith("e")]
    if own:
        return float(getattr(getattr(segment, suffix), own[0]))
    return float(getattr(segment, f"e{get(suffix).ions[0]}"))
