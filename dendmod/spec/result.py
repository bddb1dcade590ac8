"""What a run returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError, did_you_mean

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """Traces of one run.

    Parameters
    ----------
    t
        Times (ms), shape (steps + 1,).
    v
        Voltage (mV) a recording, each of the shape of `t`.
    clamp_current
        Current of the voltage clamp (nA) of the shape of `t`, or None.
    provenance
        Engine, versions and hashes.
    """

    t: Array
    v: dict[str, Array]
    clamp_current: Array | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    def spike_times(self, recording: str = "soma", threshold: float = 0.0) -> Array:
        """Return the times (ms) of upward crossings of `threshold` (mV), interpolated."""
        if recording not in self.v:
            raise SpecError(
                f"nothing was recorded as {recording!r}." + did_you_mean(recording, self.v)
            )
        return upward_crossings(self.t, self.v[recording], threshold)


def upward_crossings(t: Array, v: Array, threshold: float) -> Array:
    """Return the times at which `v` rises through `threshold`, linearly interpolated.

    Parameters
    ----------
    t, v
        Times (ms) and voltages (mV), shape (steps,).
    """
    before = np.flatnonzero((v[:-1] < threshold) & (v[1:] >= threshold))
    fraction = (threshold - v[before]) / (v[before + 1] - v[before])
    return t[before] + fraction * (t[before + 1] - t[before])
