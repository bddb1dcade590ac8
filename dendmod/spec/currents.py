"""Currents that change with time: ramps, sines, chirps, noise, and waveforms as they are given.

A fixed step from ``t`` to ``t + dt`` takes its current at ``t + dt / 2``, which is where NEURON
evaluates every current of a step. Each kind says its value at such times, and the engine plays it
so that this very value is used, to the last bit.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from dendmod.rng import stream
from dendmod.spec.base import Spec
from dendmod.spec.place import Location

Array = npt.NDArray[np.float64]
_MS_IN_S = 1e-3


class _Timed(Spec):
    """A current that is on from `delay` for `dur` ms."""

    location: Location
    delay: NonNegativeFloat
    dur: PositiveFloat

    def values(self, t: Array) -> Array:
        """Return the current (nA) at times (ms after time zero) that are one step apart.

        Parameters
        ----------
        t
            Times, shape [n].

        Returns
        -------
        Array
            Shape [n]; 0 outside of the current's duration.
        """
        values = np.zeros_like(t)
        on = (t >= self.delay) & (t < self.delay + self.dur)
        values[on] = self._while_on(t[on] - self.delay)
        return values

    def _while_on(self, t: Array) -> Array:
        """Return the current (nA) at times (ms) after its onset."""
        raise NotImplementedError


class Ramp(_Timed):
    """A current that goes from `start` to `stop` (nA) in a straight line."""

    kind: Literal["ramp"] = "ramp"
    start: float = 0.0
    stop: float

    def _while_on(self, t: Array) -> Array:
        return self.start + (self.stop - self.start) * t / self.dur


class Sine(_Timed):
    """``mean + amp * sin(2 pi frequency t + phase)``: nA, Hz and rad, t from the onset."""

    kind: Literal["sine"] = "sine"
    amp: float
    frequency: PositiveFloat
    phase: float = 0.0
    mean: float = 0.0

    def _while_on(self, t: Array) -> Array:
        return self.mean + self.amp * np.sin(2 * np.pi * self.frequency * t * _MS_IN_S + self.phase)


class Chirp(_Timed):
    """A sine (ZAP) whose frequency goes from `start` to `stop` (Hz) in a straight line."""

    kind: Literal["chirp"] = "chirp"
    amp: float
    start: NonNegativeFloat
    stop: PositiveFloat
    mean: float = 0.0

    def _while_on(self, t: Array) -> Array:
        cycles = (self.start * t + (self.stop - self.start) * t**2 / (2 * self.dur)) * _MS_IN_S
        return self.mean + self.amp * np.sin(2 * np.pi * cycles)


class OrnsteinUhlenbeck(_Timed):
    """Gaussian noise with mean and SD (nA) whose correlation decays with `tau` (ms).

    It starts from its stationary distribution and is sampled at the steps of the run by the exact
    update, so that its variance does not depend on dt; another dt gives another sample.

    Parameters
    ----------
    seed, key
        Of the stream of `dendmod.rng.stream` that it is drawn from; two currents of one run need
        two keys.
    """

    kind: Literal["ornstein_uhlenbeck"] = "ornstein_uhlenbeck"
    mean: float = 0.0
    sd: NonNegativeFloat
    tau: PositiveFloat
    seed: int = Field(default=0, ge=0)
    key: str = "noise"

    def _while_on(self, t: Array) -> Array:
        from scipy.signal import lfilter

        if not t.size:
            return t
        dt = t[1] - t[0] if t.size > 1 else 0.0
        keep = float(np.exp(-dt / self.tau))
        kicks = stream(self.seed, self.key).normal(size=t.size)
        kicks[1:] *= np.sqrt(1 - keep**2)
        walk: Array = lfilter([1.0], [1.0, -keep], kicks)
        return self.mean + self.sd * walk


class Waveform(Spec):
    """A current as it is given: times (ms after time zero) and values (nA).

    Between two times it follows a straight line, or with ``between = "hold"`` keeps the earlier
    value. Before the first and after the last time it is 0.
    """

    kind: Literal["waveform"] = "waveform"
    location: Location
    times: tuple[NonNegativeFloat, ...] = Field(min_length=2)
    amps: tuple[float, ...]
    between: Literal["line", "hold"] = "line"

    @model_validator(mode="after")
    def _rows_fit(self) -> Waveform:
        if len(self.times) != len(self.amps):
            raise ValueError(f"{len(self.times)} times for {len(self.amps)} values; give one each")
        steps = np.diff(self.times)
        if (steps <= 0).any():
            i = int(np.argmax(steps <= 0))
            raise ValueError(
                f"times must rise; after {self.times[i]} ms comes {self.times[i + 1]} ms"
            )
        return self

    @property
    def delay(self) -> float:
        """Its first time (ms)."""
        return self.times[0]

    @property
    def dur(self) -> float:
        """Time from its first to its last value (ms)."""
        return self.times[-1] - self.times[0]

    def values(self, t: Array) -> Array:
        """Return the current (nA) at times (ms after time zero), shape [n]."""
        if self.between == "line":
            return np.interp(t, self.times, self.amps, left=0.0, right=0.0)
        at = np.searchsorted(self.times, t, side="right") - 1
        on = (at >= 0) & (t <= self.times[-1])
        return np.where(on, np.asarray(self.amps)[np.maximum(at, 0)], 0.0)


Current = Annotated[Ramp | Sine | Chirp | OrnsteinUhlenbeck | Waveform, Field(discriminator="kind")]
