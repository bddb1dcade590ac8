"""Run any protocol file, or a file of readings, and write what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from dendmod.figure import FigureOptions, noted, write_summary
from dendmod.protocol import Protocol, ProtocolGrid, load_grid
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.grid import Grid, grid_columns
from dendmod.protocol.model import LEVEL_IS
from dendmod.protocol.provenance import versions
from dendmod.protocol.together import run_together


def run_file(name: str | Path, options: FigureOptions, grid: Grid | None = None) -> pd.DataFrame:
    """Run a protocol file or a file of readings.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries.
    options
        Output folder, seed, trials, workers ...
    grid
        Values of fields, by dotted name; every combination is run.

    Returns
    -------
    pandas.DataFrame
        One row a trial: variant, arm, level, n_feedforward, trial, spikes, and a column a field of
        the grid.
    """
    loaded = load_grid(name, options.changes(), grid)
    experiments = {
        variant: Experiment(protocol, options.out / "store", **options.sweep())
        for variant, protocol in loaded.protocols.items()
    }
    at = {variant: options.at(point) for variant, point in loaded.points.items()}
    if len(experiments) > 1:
        run_together(experiments, lambda v, e: e.spike_tasks(**_asked(e.protocol, at[v])))
    rows = pd.concat(
        [
            _rows(variant, experiment, at[variant]).assign(**grid_columns(loaded.points[variant]))
            for variant, experiment in experiments.items()
        ],
        ignore_index=True,
    )
    _write(loaded, rows, options)
    return rows


def _asked(protocol: Protocol, options: FigureOptions) -> dict[str, Any]:
    return {
        "arms": protocol.levels(quick=options.quick),
        "trials": protocol.trials(options.trials, quick=options.quick),
        "seed": protocol.run.seed,
    }


def _rows(variant: str, experiment: Experiment, options: FigureOptions) -> pd.DataFrame:
    tables = experiment.spikes(**_asked(experiment.protocol, options))
    return pd.DataFrame(
        [
            (variant, arm, level, n, trial, int(count))
            for arm, table in tables.items()
            for level, by_n in zip(table.levels, table.counts, strict=True)
            for n, counts in zip(table.n_feedforward, by_n, strict=True)
            for trial, count in enumerate(counts)
        ],
        columns=["variant", "arm", "level", "n_feedforward", "trial", "spikes"],
    )


def _write(loaded: ProtocolGrid, rows: pd.DataFrame, options: FigureOptions) -> None:
    from dendmod.plotting import save, style
    from dendmod.plotting.counts import draw_counts

    stem, title = loaded.path.stem, loaded.title
    options.out.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(options.out / f"{stem}.parquet")
    means = rows.groupby(["variant", "arm", "level"], sort=False)["spikes"].mean()
    summary: dict[str, Any] = {
        "schema": "dendmod/run/1",
        "title": title,
        "trials": int(rows["trial"].max()) + 1,
        "variants": {
            variant: {
                "set": loaded.points[variant],
                "protocol": protocol.model_dump(mode="json", by_alias=True),
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
        "versions": versions(),
    }
    write_summary(options.out, summary)
    levels_are = {
        name: LEVEL_IS[arm.kind] for p in loaded.protocols.values() for name, arm in p.arms.items()
    }
    with style(), noted(quick=options.quick):
        save(draw_counts(rows, levels_are, title), options.out, stem)
