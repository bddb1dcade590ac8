"""A session of the Allen Visual Coding Neuropixels data, read from its NWB file as published.

The layout is that of the files: a table of units that names each one's channel, a table of
electrodes with the area of each channel and its probe, a time series of the running speed with the
ends of its samples, a table of presentations for each stimulus, and one of invalid times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.clustered.nwb import (
    find_series,
    invalid_times,
    last_of,
    need,
    observed_of,
    opened_nwb,
    series_of,
    spike_times,
)
from dendmod.clustered.observed import with_samples, without
from dendmod.clustered.recording import Recording
from dendmod.errors import SpecError, did_you_mean

_PRESENTATIONS = "_presentations"
_SPONTANEOUS = "spontaneous"
_ENDS = "running_speed_end_times"


@dataclass(frozen=True)
class AllenSession:
    """A session.

    Parameters
    ----------
    recording
        Units, running speed and the presentations of one stimulus, whose label is a place in
        `stimuli`.
    stimuli
        What each label was: the values of the columns that tell stimuli apart.
    unit_ids
        Numbers of the units in the file.
    probes
        Probe of each unit.
    """

    recording: Recording
    stimuli: tuple[tuple[float, ...], ...]
    unit_ids: tuple[int, ...]
    probes: tuple[str, ...]


def read_allen(
    path: Path,
    stimulus: str = "drifting_gratings",
    *,
    by: Sequence[str] = ("orientation",),
    quality: Sequence[str] = ("good",),
) -> AllenSession:
    """Read a session.

    Times that the file calls invalid are unknown: of the units of the probes that their tags name,
    or, where they name none, of all and of the speed. Presentations without a value in one of the
    columns `by`, which are blank, are left out of the table; they are not spontaneous either.

    Parameters
    ----------
    path
        The NWB file.
    stimulus
        Which presentations are wanted, such as ``"drifting_gratings"`` or
        ``"drifting_gratings_75_repeats"``.
    by
        Columns that tell stimuli apart; those alike in all of them have one label.
    quality
        Qualities of units that are kept, where the file has them.

    Raises
    ------
    SpecError
        If pynwb is not installed, the file cannot be read, or it lacks something.
    """
    with opened_nwb(path) as file:
        if file.units is None or file.electrodes is None:
            raise SpecError(f"{path} has no table of units, or none of electrodes")
        tables = {
            name.removesuffix(_PRESENTATIONS): table
            for name, table in (file.intervals or {}).items()
            if name.endswith(_PRESENTATIONS)
        }
        if stimulus not in tables:
            raise SpecError(
                f"{path} has no presentations of {stimulus!r}.{did_you_mean(stimulus, tables)}"
            )
        need(path, tables[stimulus], *by)
        need(path, file.units, "spike_times", "peak_channel_id")
        area, probe = _places(path, file)
        kept = _kept(file, quality)
        times = spike_times(file)
        running_t, running_speed, measured = _running(path, file)
        start, stop, label, stimuli = _table(tables[stimulus], by)
        last = last_of(*times, running_t, measured, stop)
        observed = observed_of(file, last, _invalid(file, probe))
        everywhere = _invalid(file, ["no probe"])[0]
        if _SPONTANEOUS in tables:
            spontaneous = _shown(tables[_SPONTANEOUS])
        else:
            every = np.vstack([_shown(table) for table in tables.values()])
            spontaneous = without(np.array([[0.0, last]]), every)
        recording = Recording(
            [times[k] for k in kept], [area[k] for k in kept], running_t, running_speed,
            start, stop, label, max(last, last_of(*observed)), [observed[k] for k in kept],
            with_samples(without(measured, everywhere), running_t), spontaneous,
        )  # fmt: skip
        ids = [int(k) for k in file.units.id[:]]
        return AllenSession(
            recording, stimuli, tuple(ids[k] for k in kept), tuple(probe[k] for k in kept)
        )


def _places(path: Path, file: Any) -> tuple[list[str], list[str]]:
    """Return the area and the probe of each unit, through the channel on which it is largest."""
    electrodes = file.electrodes
    need(path, electrodes, "location", "group_name")
    row = {int(channel): k for k, channel in enumerate(electrodes.id[:])}
    places = []
    for channel in file.units["peak_channel_id"][:]:
        if int(channel) not in row:
            raise SpecError(f"{path}: a unit lies on channel {channel}, which no electrode has")
        places.append(row[int(channel)])
    area, probe = (
        [str(electrodes[name][k]) for k in places] for name in ("location", "group_name")
    )
    return area, probe


def _kept(file: Any, quality: Sequence[str]) -> list[int]:
    every = range(len(file.units))
    if "quality" not in file.units.colnames:
        return list(every)
    found = [str(q) for q in file.units["quality"][:]]
    kept = [k for k in every if found[k] in quality]
    if not kept:
        known = ", ".join(sorted(set(found)))
        raise SpecError(f"no unit has the quality {' or '.join(quality)}; the file has {known}")
    return kept


def _running(path: Path, file: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return middles of the samples (s), the speed (cm/s), and when it was measured.

    The ends of the samples are the time stamps of a series of their own, which has no values.
    """
    series, speed = series_of(path, file, "running_speed")
    start, ends = np.asarray(series.timestamps[:], float), find_series(file, _ENDS)
    usual = float(np.median(np.diff(start))) if start.size > 1 else 0.0
    stop = start + usual if ends is None else np.asarray(ends.timestamps[:], float)
    if start.shape != speed.shape or stop.shape != speed.shape:
        raise SpecError(
            f"{path}: the speed has {speed.size} samples, {start.size} starts and {stop.size} ends"
        )
    known = np.isfinite(speed)
    start, stop, speed = start[known], stop[known], speed[known]
    gap = np.flatnonzero(start[1:] - stop[:-1] > usual)
    first, last = np.r_[0, gap + 1][: start.size], np.r_[gap, start.size - 1][: start.size]
    return (start + stop) / 2, speed, np.column_stack([start[first], stop[last]])


def _table(
    table: Any, by: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[tuple[float, ...], ...]]:
    """Return starts, stops and labels of presentations in order of time, and what labels are."""
    start, stop = _shown(table).T
    values = np.array([[_number(v) for v in table[name][:]] for name in by]).T
    shown = np.isfinite(values).all(axis=1)
    order = np.flatnonzero(shown)[np.argsort(start[shown], kind="stable")]
    kinds, label = np.unique(values[order], axis=0, return_inverse=True)
    stimuli = tuple(tuple(float(v) for v in kind) for kind in kinds)
    return start[order], stop[order], label.ravel(), stimuli


def _shown(table: Any) -> np.ndarray:
    """Return starts and stops of all presentations of a table [presentations, 2] (s)."""
    return np.column_stack([np.asarray(table[n][:], float) for n in ("start_time", "stop_time")])


def _number(value: Any) -> float:
    """Return a value of a table as a number, NaN where it is a word such as null."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _invalid(file: Any, probes: Sequence[str]) -> list[np.ndarray]:
    """Return the invalid times of units on these probes, of each [stretches, 2] (s)."""
    table, pairs = file.invalid_times, invalid_times(file)
    known = {name.lower() for name in map(str, file.electrodes["group_name"][:])}
    tags: list[set[str]] = [set()] * len(pairs)
    if table is not None and "tags" in table.colnames:
        tags = [{str(tag).lower() for tag in table["tags"][k]} & known for k in range(len(pairs))]
    return [
        pairs[[not named or probe.lower() in named for named in tags]].reshape(-1, 2)
        for probe in probes
    ]
