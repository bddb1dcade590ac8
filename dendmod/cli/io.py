"""``dendmod io``: IO curves and their parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def fit(
    file: Annotated[
        str, typer.Argument(help="A protocol or readings file, or the name of one that ships.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for results.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random inputs.")] = None,
    trials: Annotated[int | None, typer.Option(min=2, help="Trials a number of inputs.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer levels and trials.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.")] = None,
    morphology: Annotated[str | None, typer.Option(help="Name, or SWC or ASC file.")] = None,
    dt: Annotated[float | None, typer.Option(help="Time step (ms).")] = None,
) -> None:
    """Sample and fit IO curves: of one protocol, or of each variant in a file of readings."""
    from dendmod.figure import FigureOptions
    from dendmod.io_readings import fit_file

    stem = Path(file).stem
    options = FigureOptions(
        out=out or Path("results") / f"io_{stem}",
        seed=seed, trials=trials, quick=quick, workers=workers, morphology=morphology, dt=dt,
    )  # fmt: skip
    table = fit_file(file, options)
    columns = ["variant", "arm", *(f"residual_{m}" for m in ("gain", "bias", "gain_xshift")),
               "x_shift", "paper_order", "left_out"]  # fmt: skip
    typer.echo(table[columns].to_string(index=False, float_format=lambda v: f"{v:.3g}"))
    typer.echo(f"{options.out / stem}.png, .pdf, .parquet and summary.json written")
