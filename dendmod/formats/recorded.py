"""What was recorded, as arrays with names, units and places: what every format is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """A variable over time.

    Parameters
    ----------
    values
        Shape (stretches, samples).
    unit
        Its unit, "" where it has none or none is known.
    place
        Where it was recorded, "" where that is not known.
    clamp
        Whether it is the current of a voltage clamp.
    """

    name: str
    values: Array
    unit: str
    place: str = ""
    clamp: bool = False


@dataclass(frozen=True)
class Train:
    """The spikes of one cell, or of one place on it.

    Parameters
    ----------
    times
        Times (ms) in each stretch, counted from its start; one array a stretch.
    columns
        What else is known of it, by name, such as its layer.
    """

    name: str
    times: tuple[Array, ...]
    columns: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Recorded:
    """All that a result holds.

    Parameters
    ----------
    title
        What it is, in a few words.
    t
        Times (ms) of the samples of a stretch, shape (samples,).
    duration
        Length of a stretch (ms).
    traces, trains
        What was recorded.
    stretches
        Number of stretches of time, which follow each other; a single run has one.
    columns
        What is known of each stretch, by name, shape (stretches,).
    provenance
        What made it.
    specification
        What was asked for, as JSON; "" where that is not known.
    """

    title: str
    t: Array
    duration: float
    traces: tuple[Trace, ...] = ()
    trains: tuple[Train, ...] = ()
    stretches: int = 1
    columns: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    specification: str = ""

    @property
    def step(self) -> float | None:
        """The step between samples (ms), None where samples do not follow each other evenly."""
        if self.t.size < 2:
            return None
        step = float(self.t[-1] - self.t[0]) / (self.t.size - 1)
        even = np.allclose(np.diff(self.t), step, rtol=0, atol=1e-9 * max(step, 1.0))
        return step if even else None
