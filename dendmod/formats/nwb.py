"""What was recorded, as an NWB file, with what was asked for inside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.atomic import replacing
from dendmod.errors import SpecError
from dendmod.formats.packages import package
from dendmod.formats.recorded import Recorded, Trace

_MS = 1e-3  # s
_SI = {"mV": ("volts", 1e-3), "nA": ("amperes", 1e-9)}
SPECIFICATION, PROVENANCE = "specification", "provenance"


def write_nwb(recorded: Recorded, path: Path | str, start: Any = None) -> Path:
    """Write what was recorded; the file appears whole or not at all.

    Potentials and the current of a clamp are intracellular recordings of the NWB schema with an
    electrode at their place: data in mV and nA with the factor to SI units beside them, so that no
    digit is lost. Other variables are time series in their own unit. Spikes are a table of units.
    Stretches of time follow each other, and the table of trials says where each lies. The
    specification and the provenance are texts (JSON) in ``scratch``.

    Parameters
    ----------
    start
        When the run was made, a `datetime` with its time zone; now if None.

    Raises
    ------
    SpecError
        If pynwb is not installed.
    """
    pynwb = package("pynwb", "nwb", "use save() or to_xarray()")
    from datetime import UTC, datetime
    from hashlib import sha256
    from json import dumps
    from warnings import catch_warnings, filterwarnings

    provenance = dumps(dict(recorded.provenance), sort_keys=True, default=str)
    content = [recorded.specification, provenance, *(t.name for t in recorded.traces)]
    file = pynwb.NWBFile(
        session_description=recorded.title,
        identifier=sha256("\n".join(content).encode()).hexdigest(),
        session_start_time=start or datetime.now(UTC),
        source_script=f"dendmod, engine {recorded.provenance.get('engine', 'unknown')}",
        source_script_file_name="dendmod",
    )
    _add_traces(pynwb, file, recorded)
    _add_units(file, recorded)
    _add_trials(file, recorded)
    for name, text in ((SPECIFICATION, recorded.specification), (PROVENANCE, provenance)):
        if text:
            file.add_scratch(text, name=name, description=f"{name} of the simulation, JSON")
    with replacing(path) as partial, catch_warnings():
        filterwarnings("ignore", message=".*does not end in '.nwb'")  # not yet
        with pynwb.NWBHDF5IO(str(partial), "w") as handle:
            handle.write(file)
    return Path(path)


def read_specification(path: Path | str) -> str:
    """Return the specification that a file holds, as JSON.

    Raises
    ------
    SpecError
        If pynwb is not installed, the file cannot be read, or it holds none.
    """
    pynwb = package("pynwb", "nwb")
    try:
        with pynwb.NWBHDF5IO(str(path), "r") as handle:
            held = handle.read().scratch
            if SPECIFICATION in held:
                return str(held[SPECIFICATION].data)
    except Exception as error:  # of many kinds: missing, cut off, no HDF5, no NWB
        raise SpecError(f"{path} cannot be read as an NWB file: {error}") from None
    raise SpecError(f"{path} holds no specification in scratch; dendmod's own files do")


def _add_traces(pynwb: Any, file: Any, recorded: Recorded) -> None:
    if not recorded.traces:
        return
    device = file.create_device(name="simulation", description="dendmod; no device")
    for trace in recorded.traces:
        for name, data, when in _pieces(recorded, trace):
            kind = {"data": data, "name": name, **when}
            if trace.unit in _SI and (trace.unit == "mV" or trace.clamp):
                unit, conversion = _SI[trace.unit]
                electrode = _electrode(file, device, trace)
                icephys = pynwb.icephys
                series = icephys.VoltageClampSeries if trace.clamp else icephys.CurrentClampSeries
                made = series(
                    electrode=electrode, gain=1.0, unit=unit, conversion=conversion, **kind
                )
            else:
                made = pynwb.TimeSeries(
                    unit=trace.unit or "unknown", description=trace.place or trace.name, **kind
                )
            file.add_acquisition(made)


def _electrode(file: Any, device: Any, trace: Trace) -> Any:
    name = _safe(trace.name)
    if name in file.icephys_electrodes:
        return file.icephys_electrodes[name]
    return file.create_icephys_electrode(
        name=name, device=device, description=trace.name, location=trace.place or "unknown"
    )


def _pieces(recorded: Recorded, trace: Trace) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield name, data and times (s) of each stretch of a trace."""
    for k in range(recorded.stretches):
        begin = k * recorded.duration
        name = _safe(trace.name) + (f"_{k}" if recorded.stretches > 1 else "")
        if recorded.step is None:
            yield name, trace.values[k], {"timestamps": (begin + recorded.t) * _MS}
        else:
            first = (begin + float(recorded.t[0])) * _MS
            rate = 1.0 / (recorded.step * _MS)
            yield name, trace.values[k], {"starting_time": first, "rate": rate}


def _safe(name: str) -> str:
    """Return a name that may stand in an HDF5 path: NWB allows no "/" and no ":"."""
    return name.replace("/", "_").replace(":", "_")


def _add_units(file: Any, recorded: Recorded) -> None:
    if not recorded.trains:
        return
    file.add_unit_column("label", "cell or recording whose spikes these are")
    for column in recorded.trains[0].columns:
        file.add_unit_column(column, f"{column} of the cell")
    whole = [[0.0, recorded.stretches * recorded.duration * _MS]]
    for train in recorded.trains:
        times = [k * recorded.duration + t for k, t in enumerate(train.times)]
        file.add_unit(
            spike_times=np.concatenate(times) * _MS, obs_intervals=whole, label=train.name,
            **train.columns,
        )  # fmt: skip


def _add_trials(file: Any, recorded: Recorded) -> None:
    if not recorded.columns:
        return
    for name in recorded.columns:
        file.add_trial_column(name, f"{name} of the sample")
    for k in range(recorded.stretches):
        begin = k * recorded.duration * _MS
        known = {name: values[k] for name, values in recorded.columns.items()}
        file.add_trial(start_time=begin, stop_time=begin + recorded.duration * _MS, **known)
