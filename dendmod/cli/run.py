"""``dendmod run protocols/FILE.toml``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dendmod.cli.options import (
    CellFile,
    Dt,
    Engine,
    Grid,
    Morphology,
    Out,
    Quick,
    Scheduler,
    Seed,
    Timeout,
    Trials,
    Workers,
    changes_of,
)


def run(
    file: Annotated[str, typer.Argument(help="A protocol file, or the name of one that ships.")],
    out: Out = None,
    seed: Seed = None,
    trials: Trials = None,
    quick: Quick = False,
    workers: Workers = None,
    cell: CellFile = None,
    morphology: Morphology = None,
    dt: Dt = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    timeout: Timeout = None,
    grid: Grid = None,
) -> None:
    """Run a protocol file: spike counts of every level of every arm, or traces of every stimulus.

    Writes a table, a picture and summary.json.
    """
    from dendmod.protocol.run_file import run_file
    from dendmod.spec.grid import parse_grid
    from dendmod.study.summary import engine_lines, read_summary
    from dendmod.sweep import Sweep

    stem = Path(file).stem
    folder = out or Path("results") / stem
    run_file(
        file,
        folder,
        sweep=Sweep(folder / "store", workers=workers, scheduler=scheduler, timeout=timeout),
        changes=changes_of(
            seed=seed, trials=trials, dt=dt, morphology=morphology, cell=cell, engine=engine
        ),
        grid=parse_grid(grid or ()),
        quick=quick,
    )
    for line in engine_lines(read_summary(folder)):
        typer.echo(line)
    typer.echo(f"{folder / stem}.png, .pdf, .parquet and summary.json written")
