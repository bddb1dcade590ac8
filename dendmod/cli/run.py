"""``dendmod run protocols/FILE.toml``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    file: Annotated[str, typer.Argument(help="A protocol file, or the name of one that ships.")],
    out: Annotated[Path | None, typer.Option(help="Folder for results.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random inputs.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Trials a condition.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer levels and trials.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.")] = None,
    morphology: Annotated[str | None, typer.Option(help="Name, or SWC or ASC file.")] = None,
    dt: Annotated[float | None, typer.Option(help="Time step (ms).")] = None,
) -> None:
    """Run a protocol file: spike counts of every level of every arm, a table and a picture."""
    from dendmod.figure import FigureOptions
    from dendmod.protocol_run import run_file

    path = Path(file)
    options = FigureOptions(
        out=out or Path("results") / path.stem,
        seed=seed, trials=trials, quick=quick, workers=workers, morphology=morphology, dt=dt,
    )  # fmt: skip
    run_file(file, options)
    typer.echo(f"{options.out / path.stem}.png, .pdf, .parquet and summary.json written")
