"""Run any protocol file, or a file of readings: spike counts, a table and a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dendmod.protocol.experiment import Experiment, run_together
from dendmod.protocol.grid import ProtocolGrid, load_grid
from dendmod.protocol.model import LEVEL_IS
from dendmod.protocol.stimuli_file import is_stimuli, run_stimuli_file
from dendmod.spec.grid import Grid, grid_columns
from dendmod.study.summary import write_summary
from dendmod.sweep import Sweep


def run_file(
    name: str | Path,
    out: str | Path,
    *,
    sweep: Sweep | None = None,
    changes: Mapping[str, Any] | None = None,
    grid: Grid | None = None,
    quick: bool = False,
) -> pd.DataFrame:
    """Run a protocol file, a file of readings or a file of stimuli.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries.
    out
        Folder for the table, the picture and summary.json.
    sweep
        Where runs are kept and how they are made; in ``out/store``, on all cores, if not given.
    changes
        Fields by dotted name, such as ``{"run.trials": 3}``.
    grid
        Values of fields, by dotted name; every combination is run.
    quick
        Take the quick scale of each protocol.

    Returns
    -------
    pandas.DataFrame
        One row a trial: variant, arm, level, n_feedforward, trial, spikes, and a column a field of
        the grid. Of a file of stimuli one row a run; see
        `dendmod.protocol.stimuli_file.table_of`.
    """
    out = Path(out)
    if is_stimuli(name):
        return run_stimuli_file(name, out, sweep=sweep, changes=changes, grid=grid, quick=quick)
    sweep = sweep or Sweep(out / "store")
    loaded = load_grid(name, changes, grid, quick=quick)
    experiments = {variant: Experiment(p, sweep) for variant, p in loaded.protocols.items()}
    if len(experiments) > 1:
        run_together(experiments, Experiment.spike_tasks)
    rows = pd.concat(
        [
            _rows(variant, experiment).assign(**grid_columns(loaded.points[variant]))
            for variant, experiment in experiments.items()
        ],
        ignore_index=True,
    )
    out.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(out / f"{loaded.path.stem}.parquet")
    write_summary(out, _summary(loaded, experiments, rows) | {"versions": sweep.versions})
    _draw(loaded, rows, out, quick)
    return rows


def _rows(variant: str, experiment: Experiment) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (variant, arm, level, n, trial, int(count))
            for arm, table in experiment.spikes().items()
            for level, by_n in zip(table.levels, table.counts, strict=True)
            for n, counts in zip(table.n_feedforward, by_n, strict=True)
            for trial, count in enumerate(counts)
        ],
        columns=["variant", "arm", "level", "n_feedforward", "trial", "spikes"],
    )


def _summary(
    loaded: ProtocolGrid, experiments: Mapping[str, Experiment], rows: pd.DataFrame
) -> dict[str, Any]:
    means = rows.groupby(["variant", "arm", "level"], sort=False)["spikes"].mean()
    return {
        "schema": "dendmod/run/1",
        "title": loaded.title,
        "trials": int(rows["trial"].max()) + 1,
        "variants": {
            variant: {
                "set": loaded.points[variant],
                "protocol": protocol,
                "engine": experiments[variant].engine,
                "arms": {
                    arm: {
                        "levels": [int(x) for x in means[variant, arm].index],
                        "mean_spikes": [float(x) for x in means[variant, arm]],
                    }
                    for arm in protocol.arms
                },
            }
            for variant, protocol in loaded.protocols.items()
        },
    }


def _draw(loaded: ProtocolGrid, rows: pd.DataFrame, out: Path, quick: bool) -> None:
    from dendmod.plotting import save, style
    from dendmod.plotting.counts import draw_counts

    levels_are = {
        name: LEVEL_IS[arm.kind] for p in loaded.protocols.values() for name, arm in p.arms.items()
    }
    with style():
        picture = draw_counts(rows, levels_are, loaded.title)
        save(picture, out, loaded.path.stem, note="quick run" if quick else "")
