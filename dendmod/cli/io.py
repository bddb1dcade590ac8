"""``dendmod io``: IO curves and their parameters."""

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
    Workers,
    changes_of,
    to_file,
)

app = typer.Typer(no_args_is_help=True)


@app.command()
def fit(
    file: Annotated[
        str, typer.Argument(help="A protocol or readings file, or the name of one that ships.")
    ],
    out: Out = None,
    seed: Seed = None,
    trials: Annotated[int | None, typer.Option(min=2, help="Trials a number of inputs.")] = None,
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
    """Sample and fit IO curves: of one protocol, or of each variant in a file of readings."""
    from dendmod.protocol.fit_file import fit_file
    from dendmod.spec.grid import parse_grid
    from dendmod.study.summary import engine_lines, read_summary
    from dendmod.sweep import Sweep

    stem = Path(file).stem
    folder = out or Path("results") / f"io_{stem}"
    table = fit_file(
        file,
        folder,
        sweep=Sweep(folder / "store", workers=workers, scheduler=scheduler, timeout=timeout),
        changes=changes_of(
            seed=seed, trials=trials, dt=dt, morphology=morphology, cell=cell, engine=engine
        ),
        grid=parse_grid(grid or ()),
        quick=quick,
    )
    columns = ["variant", "arm", *(f"residual_{m}" for m in ("gain", "bias", "gain_xshift")),
               "x_shift", "paper_order", "left_out"]  # fmt: skip
    typer.echo(table[columns].to_string(index=False, float_format=lambda v: f"{v:.3g}"))
    for line in engine_lines(read_summary(folder)):
        typer.echo(line)
    typer.echo(f"{folder / stem}.png, .pdf, .parquet and summary.json written")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="An io_*.json file.")],
    model: Annotated[str | None, typer.Option(help="gain, bias or gain_xshift.")] = None,
) -> None:
    """Print the fitted curves of a file, and where they come from."""
    from dendmod.errors import ExchangeError, did_you_mean
    from dendmod.exchange import read_io

    io = read_io(file)
    if model is not None and model not in io.fits:
        raise ExchangeError(f"{file}: no fit {model!r}." + did_you_mean(model, io.fits))
    fit = io.fit(model)
    typer.echo(f"{io.document['title']}\n{io.document['equation']}   (model {fit.model})")
    typer.echo(
        f"x: {io.document['units']['x']}, y: {io.document['units']['y']}, "
        f"level: {io.document['level']}\n"
    )
    typer.echo("level        gain      bias   x_shift     theta   fitted from     to")
    for level, c in fit.curves.items():
        low, high = c.fit_range
        typer.echo(
            f"{level:5g}{c.gain:12.5f}{c.bias:10.4f}{c.x_shift:10.2f}{c.theta:10.2f}"
            f"{low:14.1f}{high:7.1f}"
        )
    for level in io.left_out:
        typer.echo(f"{level:5g}   left out: a threshold is missing")
    residuals = ", ".join(f"{name} {one.residual:.4g}" for name, one in io.fits.items())
    typer.echo(f"\nresidual, {io.document['units']['residual']}: {residuals}")
    typer.echo(f"covariance: {fit.status}")
    if fit.at_edge:
        typer.echo(f"the x-shift is an end of the scanned range {fit.x_shift_range}: only the "
                   "curves mean something, not their bias and x-shift")  # fmt: skip
    made = io.document["provenance"]
    for key in ("source", "seed", "trials"):
        if key in made:
            typer.echo(f"{key}: {made[key]}")
    typer.echo(f"sha256: {io.sha256}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="An io_*.json file.")],
    to: Annotated[str, typer.Option(help="numpy, torch, onnx, nest, tvb or lems.")],
    out: Annotated[Path, typer.Option(help="File to write: .py, .onnx or .xml.", callback=to_file)],
    model: Annotated[str | None, typer.Option(help="gain, bias or gain_xshift.")] = None,
) -> None:
    """Write the fitted curves of a file for another program."""
    from dendmod.exchange import read_io
    from dendmod.exchange.exporters import export as write

    typer.echo(f"{write(read_io(file), to, out, model)} written")


@app.command()
def check(file: Annotated[Path, typer.Argument(help="An io_*.json file.")]) -> None:
    """Check a file: its form, its hash, and that its parameters follow from its own points."""
    from dendmod.errors import ExchangeError
    from dendmod.exchange import read_io
    from dendmod.exchange.check import check_io

    good, wrong = check_io(read_io(file))
    for line in good:
        typer.echo(f"ok: {line}")
    if wrong:
        raise ExchangeError(f"{file}: " + "; ".join(wrong))
