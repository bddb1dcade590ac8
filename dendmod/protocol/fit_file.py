"""IO curves of a protocol file, or of each variant of a file of readings, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dendmod.errors import SpecError
from dendmod.iocurve import CROSSINGS, MODELS
from dendmod.protocol.experiment import Experiment, run_together
from dendmod.protocol.grid import load_grid
from dendmod.protocol.iocurves import IOAnalysis, analyse_io, check_trials, describe
from dendmod.spec.grid import Grid, grid_columns
from dendmod.study.summary import write_summary
from dendmod.sweep import Sweep


def fit_file(
    name: str | Path,
    out: str | Path,
    *,
    sweep: Sweep | None = None,
    changes: Mapping[str, Any] | None = None,
    grid: Grid | None = None,
    quick: bool = False,
) -> pd.DataFrame:
    """Sample and fit the IO curves of a protocol file or of each variant in a file of readings.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries, such as ``fig2_readings``.
    out, sweep, changes, grid, quick
        As in `dendmod.protocol.run_file.run_file`.

    Returns
    -------
    pandas.DataFrame
        One row a variant and arm: residual of each model, x-shift, the fraction of bootstraps that
        show the paper's order (None where the protocol names none), levels left out, simulations.

    Raises
    ------
    SpecError
        If a protocol has a single trial, or the curves of an arm have too few thresholds.
    """
    out = Path(out)
    sweep = sweep or Sweep(out / "store")
    loaded = load_grid(name, changes, grid, quick=quick)
    for protocol in loaded.protocols.values():
        check_trials(protocol)
    experiments = {variant: Experiment(p, sweep) for variant, p in loaded.protocols.items()}
    if len(experiments) > 1:
        run_together(experiments, Experiment.io_tasks)
    described, rows = {}, []
    for variant, experiment in experiments.items():
        results = analyse_io(experiment)
        for arm, result in results.items():
            _check_fits(variant, arm, result, experiment.protocol.io.limits)
        described[variant] = describe(experiment, results)
        at = grid_columns(loaded.points[variant])
        rows += [_row(variant, arm, r, described[variant]) | at for arm, r in results.items()]
    table = pd.DataFrame(rows)
    stem = loaded.path.stem
    out.mkdir(parents=True, exist_ok=True)
    table.to_parquet(out / f"{stem}.parquet")
    summary = {
        "schema": "dendmod/io-readings/1",
        "title": loaded.title,
        "crossings": list(CROSSINGS),
        "variants": described,
        "versions": sweep.versions,
    }
    write_summary(out, summary)
    from dendmod.plotting import save, style
    from dendmod.plotting.residuals import draw_residuals

    with style():
        save(draw_residuals(table, loaded.title), out, stem, note="quick run" if quick else "")
    return table


def _check_fits(variant: str, arm: str, result: IOAnalysis, limits: tuple[int, int]) -> None:
    """Fit the curves of an arm, and say which one it is if they cannot be fitted."""
    try:
        _ = result.fits
    except SpecError as error:
        whole = np.isfinite(result.thresholds).all(axis=1)
        lacking = ", ".join(f"{x:g}" for x in np.asarray(result.table.levels)[~whole])
        raise SpecError(
            f"{variant}, arm {arm}: {error}. Levels {lacking} lack some between {limits[0]} and "
            f"{limits[1]} inputs ([io] limits of the protocol): they spike without inputs, or "
            "never so often"
        ) from None


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
        "paper_order": said["order_fraction"].get("paper"),
        "bias_below_gain": said["order_fraction"]["bias < gain"],
        "left_out": " ".join(f"{level:g}" for level in said["left_out"]),
        "simulations": said["simulations"],
        "grid_simulations": said["grid_simulations"],
    }
