"""Recordings of many units, with running speed and stimuli, that know what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.arrays import indices, whole_numbers
from dendmod.clustered.observed import hold, of_samples, stretches, with_samples
from dendmod.errors import SpecError
from dendmod.params import wyrick2021


@dataclass(frozen=True)
class Recording:
    """Spikes, running speed and stimuli of one session; all times in s.

    Parameters
    ----------
    spike_times
        Spike times of each unit, ascending.
    areas
        Area of each unit.
    running_t, running_speed
        Times, ascending, and running speed (cm/s).
    stimulus_start, stimulus_stop, stimulus_label
        When each stimulus was on, and which it was (an integer).
    duration
        End of the session; the last of all times if left out.
    observed
        When the units were observed: pairs of start and stop that hold for all, or a list of pairs
        for each; the whole session if left out. What a unit did at other times is not known:
        spikes there do not count, and neither does their absence.
    running_observed
        When the speed was measured, pairs of start and stop; from the samples if left out, where
        more than five usual steps without a sample are a gap (`dendmod.clustered.observed`).
    spontaneous
        When activity was spontaneous, pairs of start and stop; whenever no stimulus of the table
        was on if left out. Give it where there were stimuli that the table lacks.

    Raises
    ------
    SpecError
        If lengths do not match, labels are no integers, or times are not finite, not ascending or
        after the end.
    """

    spike_times: Sequence[np.ndarray]
    areas: Sequence[str]
    running_t: np.ndarray
    running_speed: np.ndarray
    stimulus_start: np.ndarray
    stimulus_stop: np.ndarray
    stimulus_label: np.ndarray
    duration: float | None = None
    observed: Any = None
    running_observed: Any = None
    spontaneous: Any = None

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("spike_times", tuple(np.asarray(s, float) for s in self.spike_times))
        put("areas", tuple(str(a) for a in self.areas))
        for name in ("running_t", "running_speed", "stimulus_start", "stimulus_stop"):
            put(name, np.asarray(getattr(self, name), float))
        put("stimulus_label", _labels(self.stimulus_label))
        if len(self.areas) != len(self.spike_times):
            raise SpecError(f"{len(self.spike_times)} units and {len(self.areas)} areas")
        if self.running_t.shape != self.running_speed.shape or self.running_t.ndim != 1:
            raise SpecError("running_t and running_speed must be as long as each other")
        if not (self.stimulus_start.shape == self.stimulus_stop.shape == self.stimulus_label.shape):
            raise SpecError("the stimulus table's columns must be as long as each other")
        for unit, times in enumerate(self.spike_times):
            _ascending(f"spike times of unit {unit}", times)
        _ascending("running_t", self.running_t)
        _ascending("stimulus_start", self.stimulus_start)
        if not np.isfinite(self.stimulus_stop).all():
            raise SpecError(
                "stimulus_stop holds values that are not finite; leave those trials out"
            )
        if not np.isfinite(self.running_speed).all():
            raise SpecError("running_speed holds values that are not finite; leave those out")
        if (self.stimulus_stop < self.stimulus_start).any():
            raise SpecError("a stimulus stops before it starts")
        columns = (*self.spike_times, self.running_t, self.stimulus_stop)
        ends = [s.max() for s in columns if s.size]
        last = float(max(ends, default=0.0))
        if self.duration is None:
            put("duration", last)
        elif not np.isfinite(self.duration) or self.duration < last - 1e-6:
            raise SpecError(f"duration = {self.duration} s, but there are times up to {last} s")
        put("observed", _observed(self.observed, len(self.areas), float(self.duration or 0.0)))
        if self.spontaneous is not None:
            put("spontaneous", stretches("spontaneous", self.spontaneous))
        put("running_observed", _measured(self.running_observed, self.running_t))

    def of_area(self, area: str) -> Recording:
        """Return the recording with the units of one area."""
        chosen = [k for k, name in enumerate(self.areas) if name == area]
        if not chosen:
            known = ", ".join(sorted(set(self.areas)))
            raise SpecError(f"no unit lies in {area!r}; the areas are {known}")
        return self.of_units(chosen)

    def of_units(self, chosen: Sequence[int]) -> Recording:
        """Return the recording with some units, by their numbers or a mask."""
        numbers = indices(chosen, len(self.spike_times), "units")
        return replace(
            self,
            spike_times=[self.spike_times[k] for k in numbers],
            areas=[self.areas[k] for k in numbers],
            observed=[self.observed[k] for k in numbers],
        )

    def seen(self, starts: np.ndarray, length: float) -> np.ndarray:
        """Return which units were observed in all of each window of some length [starts, units]."""
        starts = np.asarray(starts, float)
        columns = [hold(within, starts, starts + length) for within in self.observed]
        return np.array(columns, bool).reshape(len(columns), starts.size).T

    def speed_seen(self, start: float, stop: float) -> bool:
        """Say whether the speed was measured from start to stop (s)."""
        return bool(hold(self.running_observed, np.array(start), np.array(stop)))

    def speed(self, start: float, stop: float) -> np.ndarray:
        """Return the size of the speed in the middles of steps of 25 ms from start to stop (cm/s).

        Raises
        ------
        SpecError
            If it was not measured in all of that time.
        """
        if not self.speed_seen(start, stop):
            raise SpecError(f"the speed was not measured in all of {start:g} to {stop:g} s")
        step = wyrick2021.SPEED_STEP_S
        number = max(round((stop - start) / step), 1)
        t = start + step * (np.arange(number) + 0.5)
        stretch = np.searchsorted(self.running_observed[:, 0], start + 1e-6, side="right") - 1
        begin, end = self.running_observed[stretch]
        first, last = np.searchsorted(self.running_t, [begin - 1e-6, end])
        return np.abs(np.interp(t, self.running_t[first:last], self.running_speed[first:last]))

    def counts(self, starts: np.ndarray, bin_s: float, bins: int) -> np.ndarray:
        """Return spike counts from each start on [starts, units, bins], NaN where none were seen.

        Parameters
        ----------
        starts
            s.
        bin_s, bins
            Width (s) and number of the bins. Those in which a unit was not observed throughout have
            no count.
        """
        starts = np.asarray(starts, float)
        edges = starts[:, None] + bin_s * np.arange(bins + 1)
        out = np.empty((starts.size, len(self.spike_times), bins), np.float32)
        for unit, times in enumerate(self.spike_times):
            found = np.searchsorted(times, edges.ravel() - 1e-9).reshape(edges.shape)
            known = hold(self.observed[unit], edges[:, :-1], edges[:, 1:])
            out[:, unit] = np.where(known, np.diff(found, axis=1), np.nan)
        return out

    def write_nwb(self, path: Path, identifier: str = "dendmod") -> Path:
        """Write an NWB file with tables of units and trials and the running speed."""
        from dendmod.clustered.nwb import write_nwb

        return write_nwb(self, path, identifier)

    @classmethod
    def read_nwb(
        cls, path: Path, *, area: str = "area", label: str = "label", speed: str = "running_speed"
    ) -> Recording:
        """Read an NWB file: see `dendmod.clustered.nwb.read_nwb`."""
        from dendmod.clustered.nwb import read_nwb

        return read_nwb(path, area=area, label=label, speed=speed)


def _labels(given: Any) -> np.ndarray:
    try:
        return whole_numbers(given, "stimulus labels")
    except SpecError as error:
        raise SpecError(
            f"stimulus labels must be integers; number your stimuli ({error})"
        ) from None


def _ascending(name: str, times: np.ndarray) -> None:
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise SpecError(f"{name} must be one row of finite times in ascending order")


def _observed(given: Any, units: int, duration: float) -> tuple[np.ndarray, ...]:
    """Return the stretches in which each unit was observed; one list of pairs is that of all."""
    if given is None:
        return (np.array([[0.0, duration]]),) * units
    parts = list(given)
    if parts and all(np.shape(part) == (2,) for part in parts):
        return (stretches("observed", parts),) * units
    if len(parts) != units:
        raise SpecError(
            f"observed has stretches of {len(parts)} units of {units}; give pairs of start and "
            "stop that hold for all, or a list of pairs for each unit"
        )
    return tuple(stretches(f"observed of unit {k}", part) for k, part in enumerate(parts))


def _measured(given: Any, t: np.ndarray) -> np.ndarray:
    """Return the stretches in which the speed was measured; each has a sample."""
    if given is None:
        return of_samples(t)
    pairs = stretches("running_observed", given)
    if len(with_samples(pairs, t)) < len(pairs):
        raise SpecError("running_observed has a stretch in which there is no sample of the speed")
    return pairs
