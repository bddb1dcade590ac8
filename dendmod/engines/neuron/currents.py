"""Slope conductances and currents of channels, measured with their gates held."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.engines.neuron.session import h
from dendmod.mechanisms import Mechanism
from dendmod.mechanisms.conducting import Conducting, hidden_currents
from dendmod.mechanisms.equations import Equations
from dendmod.mechanisms.evaluate import currents as computed
from dendmod.mechanisms.nmodl import equations_of
from dendmod.spec.result import Array

_STEP_MV = 0.01


def measure(
    segments: Sequence[Any], mechanism: Mechanism, channel: Conducting
) -> tuple[Array, Array]:
    """Return slope conductance and current of a channel where gates stand as they do.

    Time does not advance: the currents are computed at the potential and a little to both sides of
    it, with the channel and with its maximal conductance at 0; the difference is the channel's.

    Parameters
    ----------
    segments
        Segments that have the channel; all are left as they were.

    Returns
    -------
    slope
        dI/dv per unit of the maximal parameter in S/cm2 (an open fraction, for a conductance that
        does not depend on the potential at once), shape [segments].
    driving
        Current per unit of the same (mV), shape [segments].
    """
    held = [getattr(segment, channel.suffix) for segment in segments]
    maximal = np.array([getattr(own, channel.maximal) for own in held], dtype=float)
    v = np.array([segment.v for segment in segments], dtype=float)

    def currents() -> Array:
        rows = []
        for step in (0.0, _STEP_MV, -_STEP_MV):
            for segment, potential in zip(segments, v + step, strict=True):
                segment.v = potential
            h.fcurrent()
            shown = [_shown(s, own, mechanism) for s, own in zip(segments, held, strict=True)]
            rows.append(np.array(shown) + _hidden(segments, held, mechanism))
        return np.array(rows, dtype=float)

    present = currents()
    for own in held:
        setattr(own, channel.maximal, 0.0)
    absent = currents()
    for own, segment, value, potential in zip(held, segments, maximal, v, strict=True):
        setattr(own, channel.maximal, value)
        segment.v = potential
    h.fcurrent()
    unit = np.where(maximal != 0, maximal, np.inf) * channel.factor
    at, above, below = (present - absent) / unit  # mA/cm2 for one S/cm2: mV
    return (above - below) / (2 * _STEP_MV), at


def _shown(segment: Any, own: Any, mechanism: Mechanism) -> float:
    """Return the sum of currents that a mechanism adds to (mA/cm2), or is alone in."""
    hidden = hidden_currents(mechanism)
    return sum(
        float(getattr(own if name in mechanism.variables else segment, name))
        for name in mechanism.currents
        if name not in hidden
    )


def _hidden(segments: Sequence[Any], held: Sequence[Any], mechanism: Mechanism) -> Any:
    """Return the sum of currents that no variable shows (mA/cm2), from equations and states."""
    hidden = hidden_currents(mechanism)
    if not hidden or mechanism.file is None:
        return 0.0
    around = {"celsius": h.celsius}
    around |= {p.name: getattr(h, f"{p.name}_{mechanism.suffix}") for p in mechanism.globals}

    def column(objects: Sequence[Any], name: str) -> Array:
        return np.array([getattr(one, name) for one in objects], dtype=float)

    of_segments = ["v", "diam", *(name for ion in mechanism.ions for name in ion.reads)]
    around |= {name: column(segments, name) for name in of_segments}
    around |= {name: column(held, name) for name in mechanism.parameter_names}
    states = {name: column(held, name) for name in mechanism.states}
    found = computed(_equations(mechanism.file), states, **around)
    return sum(found[name] for name in hidden)


@cache
def _equations(file: Path) -> Equations:
    return equations_of(file)
