"""Run any protocol file, or a file of readings, and write what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from dendmod.experiment import Experiment, versions
from dendmod.figure import FigureOptions, write_summary
from dendmod.protocol import Protocol, load_variants

_QUICK_TRIALS = 4


def run_file(name: str | Path, options: FigureOptions) -> pd.DataFrame:
    """Run a protocol file or a file of readings.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries.
    options
        Output folder, seed, trials, workers ...

    Returns
    -------
    pandas.DataFrame
        One row a trial: variant, arm, level, n_feedforward, trial, spikes.
    """
    path, title, protocols = load_variants(name, options.changes())
    rows = pd.concat(
        [_run(variant, p, options) for variant, p in protocols.items()], ignore_index=True
    )
    _write(path.stem, title, rows, protocols, options)
    return rows


def _run(variant: str, protocol: Protocol, options: FigureOptions) -> pd.DataFrame:
    experiment = Experiment(protocol, options.out / "store", workers=options.workers)
    trials = options.trials or (_QUICK_TRIALS if options.quick else protocol.run.trials)
    levels = {
        name: arm.quick_levels if options.quick and arm.quick_levels else arm.levels
        for name, arm in protocol.arms.items()
    }
    tables = experiment.spikes(levels, trials=trials, seed=protocol.run.seed)
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


def _write(
    stem: str,
    title: str,
    rows: pd.DataFrame,
    protocols: dict[str, Protocol],
    options: FigureOptions,
) -> None:
    from dendmod.plotting import save, style
    from dendmod.plotting.counts import draw_counts

    options.out.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(options.out / f"{stem}.parquet")
    means = rows.groupby(["variant", "arm", "level"], sort=False)["spikes"].mean()
    summary: dict[str, Any] = {
        "schema": "dendmod/run/1",
        "title": title,
        "trials": int(rows["trial"].max()) + 1,
        "variants": {
            variant: {
                "protocol": protocol.model_dump(mode="json", by_alias=True),
                "arms": {
                    arm: {
                        "levels": [int(x) for x in means[variant, arm].index],
                        "mean_spikes": [float(x) for x in means[variant, arm]],
                    }
                    for arm in protocol.arms
                },
            }
            for variant, protocol in protocols.items()
        },
        "versions": versions(),
    }
    write_summary(options.out, summary)
    with style():
        save(draw_counts(means, title), options.out, stem)
