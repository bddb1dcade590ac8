"""Recordings as NWB files: what `Recording` holds, written and read with pynwb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.clustered.observed import of_samples, stretches, with_samples, without
from dendmod.clustered.recording import Recording
from dendmod.errors import DendmodError, SpecError, of_file

_NO_PYNWB = "NWB files need pynwb, which is not installed: pip install 'dendmod[nwb]'"
_SPEED = "running_speed"
_LONGEST = 300  # characters of what pynwb says, which may show a whole file
_OF_CODE = (AttributeError, TypeError, KeyError, IndexError)
_CM_S = {"cm/s": 1.0, "m/s": 100.0}  # units in which a file may give the speed


def write_nwb(recording: Recording, path: Path, identifier: str = "dendmod") -> Path:
    """Write an NWB file with tables of units and trials and the running speed.

    Stretches in which the speed was measured are not written: they are found from its samples.
    """
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
    columns = (recording.spike_times, recording.areas, recording.observed)
    for times, area, observed in zip(*columns, strict=True):
        file.add_unit(spike_times=times, area=area, obs_intervals=observed)
    file.add_trial_column("label", "which stimulus")
    table = (recording.stimulus_start, recording.stimulus_stop, recording.stimulus_label)
    for start, stop, label in zip(*table, strict=True):
        file.add_trial(start_time=float(start), stop_time=float(stop), label=int(label))
    module = file.create_processing_module("running", "how fast the animal runs")
    module.add(
        TimeSeries(
            name=_SPEED, data=recording.running_speed, timestamps=recording.running_t, unit="cm/s"
        )
    )
    with NWBHDF5IO(str(path), "w") as handle:
        handle.write(file)
    return Path(path)


def read_nwb(
    path: Path, *, area: str = "area", label: str = "label", speed: str = _SPEED
) -> Recording:
    """Read an NWB file.

    A unit is known where its ``obs_intervals`` say so, in the whole session where the file has
    none. Of times that the file calls invalid nothing is known, of no unit and not of the speed.

    Parameters
    ----------
    path
        The file: units with spike times, a trials table, and a time series of the speed (cm/s or
        m/s, as it says) in the acquisition or in a processing module.
    area, label
        Columns of the units and trials tables.
    speed
        Name of the time series.

    Raises
    ------
    SpecError
        If pynwb is not installed, the file cannot be read, or it lacks something.
    """
    with opened_nwb(path) as file:
        if file.units is None or file.trials is None:
            raise SpecError(f"{path} has no table of units, or none of trials")
        need(path, file.units, area, "spike_times")
        need(path, file.trials, label)
        running_t, running_speed = speed_of(path, file, speed)
        times = spike_times(file)
        trials = file.trials
        last = last_of(*times, running_t, trials["stop_time"][:])
        invalid = invalid_times(file)
        observed = observed_of(file, last, [invalid] * len(times))
        measured = with_samples(without(of_samples(running_t), invalid), running_t)
        return Recording(
            times, [str(file.units[area][k]) for k in range(len(times))],
            running_t, running_speed,
            np.asarray(trials["start_time"][:]), np.asarray(trials["stop_time"][:]),
            np.asarray(trials[label][:]), max(last, last_of(*observed)), observed,
            measured,
        )  # fmt: skip


@contextmanager
def opened_nwb(path: Path) -> Iterator[Any]:
    """Open an NWB file; what h5py and pynwb raise, then or while it is read, is one error."""
    try:
        from pynwb import NWBHDF5IO
    except ImportError:
        raise SpecError(_NO_PYNWB) from None
    try:
        with of_file(path), NWBHDF5IO(str(path), "r") as handle:
            yield handle.read()
    except DendmodError:
        raise
    except Exception as error:  # of many kinds: missing, cut off, no HDF5, no NWB, odd tables
        said = " ".join(str(error).split())[:_LONGEST]
        if not said or isinstance(error, _OF_CODE):  # it stumbled over what is not there
            said = f"a part is not there or not as NWB has it ({type(error).__name__}: {said})"
        raise SpecError(f"{path} cannot be read as an NWB file: {said}") from None


def need(path: Path, table: Any, *columns: str) -> None:
    """Refuse a table that lacks a column."""
    for column in columns:
        if column not in table.colnames:
            raise SpecError(
                f"{path}: table {table.name!r} has no column {column!r}; it has "
                f"{', '.join(table.colnames)}"
            )


def spike_times(file: Any) -> list[np.ndarray]:
    """Return the spike times of each unit (s)."""
    return [np.asarray(file.units["spike_times"][k], float) for k in range(len(file.units))]


def observed_of(file: Any, last: float, invalid: list[np.ndarray]) -> list[np.ndarray]:
    """Return the stretches in which each unit was observed: its intervals less invalid times.

    Parameters
    ----------
    file
        An NWB file.
    last
        The end of the session (s), for units without intervals.
    invalid
        Invalid times of each unit [stretches, 2] (s).
    """
    found = []
    for k, bad in enumerate(invalid):
        pairs: Any = [[0.0, last]]
        if "obs_intervals" in file.units.colnames:
            pairs = np.asarray(file.units["obs_intervals"][k], float).reshape(-1, 2)
            pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
        found.append(without(stretches(f"obs_intervals of unit {k}", pairs), bad))
    return found


def invalid_times(file: Any) -> np.ndarray:
    """Return the times that a file calls invalid [stretches, 2] (s)."""
    table = file.invalid_times
    if table is None:
        return np.zeros((0, 2))
    return np.column_stack([np.asarray(table[n][:], float) for n in ("start_time", "stop_time")])


def last_of(*columns: Any) -> float:
    """Return the last of all times in some columns (s), 0 if there are none."""
    arrays = [np.asarray(column, float) for column in columns]
    return max((float(a.max()) for a in arrays if a.size), default=0.0)


def speed_of(path: Path, file: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times (s) and speed (cm/s) of a time series, without samples that are no numbers."""
    series, speed = series_of(path, file, name)
    if series.timestamps is not None:
        t = np.asarray(series.timestamps[:], float)
    else:
        t = series.starting_time + np.arange(len(series.data)) / series.rate
    known = np.isfinite(speed)
    return t[known], speed[known]


def series_of(path: Path, file: Any, name: str) -> tuple[Any, np.ndarray]:
    """Return a time series of a speed, from wherever it lies, and the speed (cm/s)."""
    series = find_series(file, name)
    if series is None:
        raise SpecError(f"{path} has no time series {name!r}; name yours with speed=")
    if series.unit not in _CM_S:
        raise SpecError(f"{path}: {name!r} is in {series.unit!r}; give it in {' or '.join(_CM_S)}")
    values = np.asarray(series.data[:], float) * series.conversion + series.offset
    return series, values * _CM_S[series.unit]


def find_series(file: Any, name: str) -> Any:
    """Return a time series of the acquisition or of a processing module, None if there is none."""
    places = [file.acquisition, *(m.data_interfaces for m in file.processing.values())]
    return next((place[name] for place in places if name in place), None)
