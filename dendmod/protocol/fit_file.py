"""IO curves of a protocol file, or of each variant of a file of readings, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dendmod.figure import FigureOptions, noted, write_summary
from dendmod.iocurve import CROSSINGS, MODELS
from dendmod.protocol import Protocol, load_grid
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.grid import Grid, grid_columns
from dendmod.protocol.iocurves import IOAnalysis, analyse_io, describe, io_asked
from dendmod.protocol.provenance import versions
from dendmod.protocol.together import run_together


def fit_file(name: str | Path, options: FigureOptions, grid: Grid | None = None) -> pd.DataFrame:
    """Sample and fit the IO curves of a protocol file or of each variant in a file of readings.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries, such as ``fig2_readings``.
    options
        Output folder, seed, trials, workers ...
    grid
        Values of fields, by dotted name; every combination is run.

    Returns
    -------
    pandas.DataFrame
        One row a variant and arm: residual of each model, x-shift, the fraction of bootstraps that
        show the paper's order, levels left out, simulations.
    """
    loaded = load_grid(name, options.changes(), grid)
    described, rows = {}, []
    experiments = {
        variant: Experiment(protocol, options.out / "store", **options.sweep())
        for variant, protocol in loaded.protocols.items()
    }
    asked = {variant: options.at(point) for variant, point in loaded.points.items()}
    if len(experiments) > 1:
        run_together(
            experiments,
            lambda v, e: e.io_tasks(**io_asked(e.protocol, asked[v], _arms(e.protocol))),
        )
    for variant, experiment in experiments.items():
        results = analyse_io(experiment, asked[variant], _arms(experiment.protocol))
        described[variant] = describe(experiment, results)
        at = grid_columns(loaded.points[variant])
        rows += [_row(variant, arm, r, described[variant]) | at for arm, r in results.items()]
    table = pd.DataFrame(rows)
    _write(loaded.path.stem, loaded.title, table, described, options)
    return table


def _arms(protocol: Protocol) -> list[str]:
    """Return the arms of whose IO curves the paper says something."""
    return [arm for arm in protocol.arms if f"io_order_{arm}" in protocol.paper]


def _row(
    variant: str, arm: str, result: IOAnalysis, described: Mapping[str, Any]
) -> dict[str, Any]:
    said = described[arm]
    row: dict[str, Any] = {"variant": variant, "arm": arm}
    for model in MODELS:
        low, high = said["residual_interval"][model]
        row |= {f"residual_{model}": result.fits[model].residual,
                f"residual_{model}_low": low, f"residual_{model}_high": high}  # fmt: skip
    return row | {
        "x_shift": result.fits["gain_xshift"].x_shift,
        "x_shift_low": said["x_shift_interval"][0],
        "x_shift_high": said["x_shift_interval"][1],
        "paper_order": said["order_fraction"]["paper"],
        "bias_below_gain": said["order_fraction"]["bias < gain"],
        "left_out": " ".join(f"{level:g}" for level in said["left_out"]),
        "simulations": said["simulations"],
        "grid_simulations": said["grid_simulations"],
    }


def _write(
    stem: str,
    title: str,
    table: pd.DataFrame,
    described: Mapping[str, Any],
    options: FigureOptions,
) -> None:
    from dendmod.plotting import save, style
    from dendmod.plotting.residuals import draw_residuals

    options.out.mkdir(parents=True, exist_ok=True)
    table.to_parquet(options.out / f"{stem}.parquet")
    with style(), noted(quick=options.quick):
        save(draw_residuals(table, title), options.out, stem)
    summary = {
        "schema": "dendmod/io-readings/1",
        "title": title,
        "crossings": list(CROSSINGS),
        "variants": dict(described),
        "versions": versions(),
    }
    write_summary(options.out, summary)
