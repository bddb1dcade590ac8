"""Recordings of many units: from arrays or NWB files, with running speed and stimuli."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.errors import SpecError

_NO_PYNWB = "NWB files need pynwb, which is not installed: pip install 'dendmod[nwb]'"
_SPEED = "running_speed"
_CM_S = {"cm/s": 1.0, "m/s": 100.0}  # units in which a file may give the speed


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
        ends = [s[-1] for s in (*self.spike_times, self.running_t, self.stimulus_stop) if s.size]
        last = float(max(ends, default=0.0))
        if self.duration is None:
            put("duration", last)
        elif not np.isfinite(self.duration) or self.duration < last - 1e-6:
            raise SpecError(f"duration = {self.duration} s, but there are times up to {last} s")

    def of_area(self, area: str) -> Recording:
        """Return the recording with the units of one area."""
        chosen = [k for k, name in enumerate(self.areas) if name == area]
        if not chosen:
            known = ", ".join(sorted(set(self.areas)))
            raise SpecError(f"no unit lies in {area!r}; the areas are {known}")
        return Recording(
            [self.spike_times[k] for k in chosen], [self.areas[k] for k in chosen],
            self.running_t, self.running_speed, self.stimulus_start, self.stimulus_stop,
            self.stimulus_label, self.duration,
        )  # fmt: skip

    def counts(self, starts: np.ndarray, bin_s: float, bins: int) -> np.ndarray:
        """Return spike counts from each start on [starts, units, bins]."""
        starts = np.asarray(starts, float)
        edges = starts[:, None] + bin_s * np.arange(bins + 1)
        out = np.empty((starts.size, len(self.spike_times), bins), np.int32)
        for unit, times in enumerate(self.spike_times):
            out[:, unit] = np.diff(np.searchsorted(times, edges.ravel() - 1e-9)
                                   .reshape(edges.shape), axis=1)  # fmt: skip
        return out

    def write_nwb(self, path: Path, identifier: str = "dendmod") -> Path:
        """Write an NWB file with tables of units and trials and the running speed."""
        try:
            from pynwb import NWBHDF5IO, NWBFile, TimeSeries
        except ImportError:
            raise SpecError(_NO_PYNWB) from None
        from datetime import UTC, datetime

        file = NWBFile(
            session_description="spikes, running speed and stimuli",
            identifier=identifier,
            session_start_time=datetime(2000, 1, 1, tzinfo=UTC),
        )
        file.add_unit_column("area", "where the unit lies")
        for times, area in zip(self.spike_times, self.areas, strict=True):
            file.add_unit(spike_times=times, area=area, obs_intervals=[[0.0, self.duration]])
        file.add_trial_column("label", "which stimulus")
        for start, stop, label in zip(
            self.stimulus_start, self.stimulus_stop, self.stimulus_label, strict=True
        ):
            file.add_trial(start_time=float(start), stop_time=float(stop), label=int(label))
        module = file.create_processing_module("running", "how fast the animal runs")
        module.add(
            TimeSeries(name=_SPEED, data=self.running_speed, timestamps=self.running_t, unit="cm/s")
        )
        with NWBHDF5IO(str(path), "w") as handle:
            handle.write(file)
        return Path(path)

    @classmethod
    def read_nwb(
        cls, path: Path, *, area: str = "area", label: str = "label", speed: str = _SPEED
    ) -> Recording:
        """Read an NWB file.

        Parameters
        ----------
        path
            The file: units with spike times, a trials table, and a time series of the speed (cm/s
            or m/s, as it says) in the acquisition or in a processing module.
        area, label
            Columns of the units and trials tables.
        speed
            Name of the time series.

        Raises
        ------
        SpecError
            If pynwb is not installed, the file cannot be read, or it lacks something.
        """
        try:
            from pynwb import NWBHDF5IO
        except ImportError:
            raise SpecError(_NO_PYNWB) from None
        with _opened(NWBHDF5IO, path) as handle:
            file = handle.read()
            if file.units is None or file.trials is None:
                raise SpecError(f"{path} has no table of units, or none of trials")
            wanted = ((file.units, area), (file.units, "spike_times"), (file.trials, label))
            for table, column in wanted:
                if column not in table.colnames:
                    raise SpecError(
                        f"{path}: table {table.name!r} has no column {column!r}; it has "
                        f"{', '.join(table.colnames)}"
                    )
            series = _find_series(file, speed)
            if series is None:
                raise SpecError(f"{path} has no time series {speed!r}; name yours with speed=")
            if series.unit not in _CM_S:
                raise SpecError(
                    f"{path}: {speed!r} is in {series.unit!r}; give it in {' or '.join(_CM_S)}"
                )
            units = range(len(file.units))
            ends = (
                [float(np.max(intervals)) for intervals in file.units["obs_intervals"][:]]
                if "obs_intervals" in file.units.colnames
                else []
            )
            trials = file.trials
            return cls(
                [np.asarray(file.units["spike_times"][k]) for k in units],
                [str(file.units[area][k]) for k in units],
                _timestamps(series), _speed_cm_s(series),
                np.asarray(trials["start_time"][:]), np.asarray(trials["stop_time"][:]),
                np.asarray(trials[label][:]), max(ends) if ends else None,
            )  # fmt: skip


def _labels(given: Any) -> np.ndarray:
    values = np.asarray(given)
    try:
        whole = values.astype(float)
    except (TypeError, ValueError):
        whole = np.full(values.shape, np.nan)
    if not (np.isfinite(whole) & (whole == np.round(whole))).all():
        raise SpecError("stimulus labels must be integers; number your stimuli")
    return whole.astype(int)


@contextmanager
def _opened(opener: Any, path: Path) -> Iterator[Any]:
    """Open an NWB file; what h5py and pynwb raise for one that is damaged is one error."""
    try:
        handle = opener(str(path), "r")
    except Exception as error:  # of many kinds: missing, cut off, no HDF5, no NWB
        raise SpecError(f"{path} cannot be read as an NWB file: {error}") from None
    with handle:
        yield handle


def _speed_cm_s(series: Any) -> np.ndarray:
    values = np.asarray(series.data[:], float) * series.conversion + series.offset
    return values * _CM_S[series.unit]


def _ascending(name: str, times: np.ndarray) -> None:
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise SpecError(f"{name} must be one row of finite times in ascending order")


def _find_series(file: Any, name: str) -> Any:
    places = [file.acquisition, *(m.data_interfaces for m in file.processing.values())]
    return next((p[name] for p in places if name in p), None)


def _timestamps(series: Any) -> np.ndarray:
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:])
    return series.starting_time + np.arange(len(series.data)) / series.rate
