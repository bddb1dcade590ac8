"""One trial of a set-up: what differs from the trials beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dendmod.spec.currents import Current
from dendmod.spec.stimulus import SpikeTrain


@dataclass(frozen=True)
class Trial:
    """What one trial of a set-up has of its own.

    Parameters
    ----------
    trains
        The spikes that arrive at the synapses.
    amps
        Amplitudes (nA) of the set-up's current clamps, in their order; None takes the set-up's.
    currents
        In place of the set-up's currents that change with time, as many, at the same places; None
        takes the set-up's.
    scale
        Factors of maximal conductances by mechanism, such as ``{"NaTa_t": 0.5}``.
    """

    trains: tuple[SpikeTrain, ...] = ()
    amps: tuple[float, ...] | None = None
    currents: tuple[Current, ...] | None = None
    scale: Mapping[str, float] = field(default_factory=dict)
