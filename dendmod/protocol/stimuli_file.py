"""Run a file of stimuli: a table with one row a stimulus, traces and a picture."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dendmod.atomic import replacing
from dendmod.cells.provenance import DEPENDS_OF_STIMULI
from dendmod.engines.checks import check_setup
from dendmod.errors import SpecError, of_file
from dendmod.protocol.read import find_protocol, look_beside, with_changes
from dendmod.protocol.stimuli import StimulusProtocol
from dendmod.protocol.stimuli_engine import choose_engine, run_on
from dendmod.protocol.stimuli_tasks import setup_of
from dendmod.spec.grid import Grid, grid_columns, name_of
from dendmod.spec.tables import change, load_toml
from dendmod.study.summary import write_summary
from dendmod.sweep import Sweep, Task
from dendmod.sweep.outcome import Arrays

SCHEMA = "dendmod/stimuli/1"
TASK = "dendmod.protocol.stimuli_tasks:run_stimuli"
_COST_OF_SETTLING = 1.0


@dataclass(frozen=True)
class StimulusRun:
    """One run of a sweep.

    Parameters
    ----------
    point
        What the sweep sets in it, by dotted field.
    trial
        Number of the trial.
    protocol
        The protocol with these fields.
    arrays
        What `dendmod.protocol.stimuli_tasks.run_stimuli` returned.
    """

    point: dict[str, Any]
    trial: int
    protocol: StimulusProtocol
    arrays: Arrays

    @property
    def name(self) -> str:
        """What sets it apart, such as ``"step.amp_nA=0.6"``."""
        trial = f"trial {self.trial}" if self.protocol.run.trials > 1 else ""
        point = name_of({f.removeprefix("stimuli."): v for f, v in self.point.items()})
        return " ".join(part for part in (point, trial) if part)

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the recordings that are no voltages."""
        return tuple(n for n in self.protocol.recordings if n not in self.protocol.voltages)

    @property
    def traces(self) -> dict[str, tuple[np.ndarray, str]]:
        """Each recording and the clamp's current over time, with its unit."""
        v = zip(self.protocol.voltages, self.arrays["v"], strict=True)
        found = {name: (trace, "mV") for name, trace in v}
        for i, name in enumerate(self.others):
            found[name] = self.arrays["recordings"][i], str(self.arrays["units"][i])
        if "clamp" in self.arrays:
            found["clamp_current"] = self.arrays["clamp"], "nA"
        return found


def is_stimuli(name: str | Path) -> bool:
    """Whether a protocol file is one of stimuli."""
    return load_toml(find_protocol(name)).get("schema") == SCHEMA


def load_stimuli(
    name: str | Path, changes: Mapping[str, Any] | None = None, *, quick: bool = False
) -> StimulusProtocol:
    """Read and check a file of stimuli, with fields (dotted names) changed.

    Raises
    ------
    SpecError
        If a field is unknown, misspelt, has the wrong unit or an impossible value.
    """
    path = find_protocol(name)
    table = load_toml(path)
    look_beside(path, table)
    with of_file(path):
        if quick:
            change(table, StimulusProtocol.model_validate(table).quick, str(path))
        table = with_changes(table, changes or {}, str(path))
        return StimulusProtocol.model_validate(table)


def tasks_of(protocol: StimulusProtocol) -> list[tuple[dict[str, Any], int, Task]]:
    """Return a task for each combination of the sweep and each trial.

    Raises
    ------
    SpecError, MorphologyError, MechanismError
        If a field, a place, a mechanism or a variable is not there, before anything is computed.
    """
    found = []
    base = protocol.model_dump(mode="json", by_alias=True) | {"sweep": {}, "quick": {}}
    for i, point in enumerate(protocol.points):
        table = deepcopy(base)
        for field in point:
            _check_field(table, field)
        change(table, point, f"sweep of {protocol.name}")
        checked = StimulusProtocol.model_validate(table)
        check_setup(setup_of(checked))
        with of_file(f"run of {protocol.name}"):
            _ = checked.run_spec  # a duration between two steps is refused before any run
        one = checked.model_dump(mode="json", by_alias=True)
        one["run"]["engine"] = "auto"  # no result depends on what was asked for
        for trial in range(protocol.run.trials):
            payload = {"protocol": one, "trial": trial}
            cost = protocol.run.tstop_ms + _COST_OF_SETTLING * protocol.run.settle_ms
            key = f"{protocol.name}/{i}/{trial}"
            found.append((point, trial, Task(key, TASK, payload, cost, DEPENDS_OF_STIMULI)))
    return found


def _check_field(table: Mapping[str, Any], field: str) -> None:
    """Refuse a field of a sweep that is not there: `change` would make a new one."""
    place: Any = table
    for part in field.split("."):
        if not isinstance(place, Mapping) or part not in place:
            known = ", ".join(place) if isinstance(place, Mapping) else "a value"
            raise SpecError(f"sweep: there is no field {field!r}: {part!r} is none of {known}")
        place = place[part]


def run_stimuli_file(
    name: str | Path,
    out: str | Path,
    *,
    sweep: Sweep | None = None,
    changes: Mapping[str, Any] | None = None,
    grid: Grid | None = None,
    quick: bool = False,
) -> pd.DataFrame:
    """Run a file of stimuli.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries.
    out, sweep, changes
        As in `dendmod.protocol.run_file.run_file`; the folder holds the traces too.
    grid
        Values of fields, by dotted name, in place of the file's [sweep] where both name a field.
    quick
        Make the changes of the file's [quick] first.

    Returns
    -------
    pandas.DataFrame
        One row a run; see `table_of`.
    """
    out = Path(out)
    sweep = sweep or Sweep(out / "store")
    protocol = load_stimuli(name, changes, quick=quick)
    if grid:
        protocol = protocol.model_copy(update={"sweep": {**protocol.sweep, **grid}})
    with of_file(find_protocol(name)):
        listed = tasks_of(protocol)
    tasks = [task for _, _, task in listed]
    chosen = choose_engine(protocol.run.engine, tasks, sweep)
    done, ran = run_on(chosen, tasks, sweep)
    runs = [
        StimulusRun(
            point, trial, StimulusProtocol.model_validate(task.payload["protocol"]), done[task.key]
        )
        for point, trial, task in listed
    ]
    rows = table_of(runs)
    stem = find_protocol(name).stem
    out.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(out / f"{stem}.parquet")
    _save_traces(runs, out / f"{stem}.npz")
    engine = {**chosen.summary, "ran": ran}
    said = {"engine": engine, "versions": sweep.versions}
    write_summary(out, _summary(protocol, runs, rows) | said)
    _draw(runs, protocol.title, out, stem, "quick run" if quick else "")
    return rows


def table_of(runs: list[StimulusRun]) -> pd.DataFrame:
    """Return one row a run.

    Columns are ``run``, a column a field of the sweep, ``trial``, ``spikes``, ``rate_Hz`` and
    ``latency_ms`` (of the first spike after the window's start, NaN without one), and
    ``NAME_mean``, ``NAME_min`` and ``NAME_max`` of every recording, all within the window of the
    protocol.
    """
    return pd.DataFrame([_row(number, run) for number, run in enumerate(runs)])


def _row(number: int, run: StimulusRun) -> dict[str, Any]:
    start, stop = run.protocol.window
    row: dict[str, Any] = {"run": number, **grid_columns(run.point), "trial": run.trial}
    if "spikes" in run.arrays:
        spikes = run.arrays["spikes"]
        within = spikes[(spikes >= start) & (spikes < stop)]
        row["spikes"] = int(within.size)
        row["rate_Hz"] = within.size / (stop - start) * 1000.0
        row["latency_ms"] = float(within[0] - start) if within.size else float("nan")
    t = run.arrays["t"]
    inside = (t > start) & (t <= stop)  # what a step ending there has done
    for name, (trace, _) in run.traces.items():
        row[f"{name}_mean"] = float(_mean(t[inside], trace[inside]))
        row[f"{name}_min"], row[f"{name}_max"] = trace[inside].min(), trace[inside].max()
    return row


def _mean(t: np.ndarray, values: np.ndarray) -> float:
    """Return the mean over time, of steps that may differ."""
    if t.size < 2 or t[-1] == t[0]:
        return float(values.mean())
    return float(np.trapezoid(values, t) / (t[-1] - t[0]))


def _save_traces(runs: list[StimulusRun], path: Path) -> None:
    arrays: dict[str, np.ndarray] = {}
    for number, run in enumerate(runs):
        arrays[f"{number}/t"] = run.arrays["t"]
        arrays |= {f"{number}/{name}": trace for name, (trace, _) in run.traces.items()}
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _summary(
    protocol: StimulusProtocol, runs: list[StimulusRun], rows: pd.DataFrame
) -> dict[str, Any]:
    units = {name: unit for name, (_, unit) in runs[0].traces.items()}
    return {
        "schema": "dendmod/stimuli_run/1",
        "title": protocol.title,
        "protocol": protocol,
        "units": units,
        "runs": rows.to_dict("records"),
    }


def _draw(runs: list[StimulusRun], title: str, out: Path, stem: str, note: str) -> None:
    from dendmod.plotting import save, style
    from dendmod.plotting.stimuli import Traces, draw_stimuli

    drawn = [Traces(run.name, run.arrays["t"], run.traces, injected(run)) for run in runs]
    with style():
        save(draw_stimuli(drawn, title), out, stem, note=note)


def injected(run: StimulusRun) -> np.ndarray | None:
    """Return the current (nA) that all stimuli inject, at the times of a run; None without one."""
    setup = setup_of(run.protocol, run.trial)
    if not (setup.currents or setup.current_clamps):
        return None
    t = run.arrays["t"]
    total = np.zeros_like(t)
    for clamp in setup.current_clamps:
        total += np.where((t >= clamp.delay) & (t < clamp.delay + clamp.dur), clamp.amp, 0.0)
    middle = t + run.protocol.run.dt_ms / 2
    return total + sum((c.values(middle) for c in setup.currents), np.zeros_like(t))
