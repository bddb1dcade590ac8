"""``dendmod run protocols/FILE.toml``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dendmod.cli.options import (
    Dt,
    Grid,
    Morphology,
    Out,
    Quick,
    Scheduler,
    Seed,
    Timeout,
    Trials,
    Workers,
)


def run(
    file: Annotated[str, typer.Argument(help="A protocol file, or the name of one that ships.")],
    out: Out = None,
    seed: Seed = None,
    trials: Trials = None,
    quick: Quick = False,
    workers: Workers = None,
    morphology: Morphology = None,
    dt: Dt = None,
    scheduler: Scheduler = None,
    timeout: Timeout = None,
    grid: Grid = None,
) -> None:
    """Run a protocol file: spike counts of every level of every arm, a table and a picture."""
    from dendmod.figure import FigureOptions
    from dendmod.protocol import parse_grid
    from dendmod.protocol.run_file import run_file

    path = Path(file)
    options = FigureOptions(
        out=out or Path("results") / path.stem,
        seed=seed, trials=trials, quick=quick, workers=workers, morphology=morphology, dt=dt,
        scheduler=scheduler, timeout=timeout,
    )  # fmt: skip
    run_file(file, options, parse_grid(grid or ()))
    typer.echo(f"{options.out / path.stem}.png, .pdf, .parquet and summary.json written")
