"""``dendmod cell check|show``"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dendmod.cli.options import CellFile, Json, MaybeBiophysics, Morphology, Out

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(
    cell: CellFile = None,
    morphology: Morphology = None,
    biophysics: MaybeBiophysics = None,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Measure rest, input resistance, step rates and BAC firing; with --out, draw them."""
    from dendmod.cells.check import check_cell
    from dendmod.cells.choice import choose_cell
    from dendmod.params import hay2011
    from dendmod.study.summary import write_summary

    spec = choose_cell(cell, morphology, biophysics or (3 if cell is None else None))
    facts = check_cell(spec)
    summary = facts.as_json()
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(f"{spec.morphology}, {spec.biophysics.name}")
        typer.echo(f"rest                {facts.rest:8.2f} mV")
        typer.echo(f"input resistance    {facts.rin:8.2f} MOhm")
        for amp, rate, sd in hay2011.STEPS.rates:
            typer.echo(
                f"rate at {amp} nA    {facts.step_rates[amp]:8.1f} Hz   "
                f"(experiment {rate} +- {sd}, {hay2011.PROTOCOLS})"
            )
        for name, spikes in facts.bac_spikes.items():
            typer.echo(f"BAC, {name:<12} {spikes:8d} spikes")
    if out is not None:
        from dendmod.plotting import save, style
        from dendmod.plotting.cellcheck import draw

        with style():
            save(draw(spec, facts), out, "cell")
        write_summary(
            out, {"schema": "dendmod/cell-check/1", "biophysics": spec.biophysics.name, **summary}
        )


@app.command()
def show(
    cell: Annotated[str, typer.Argument(metavar="PATH", help="A cell: folder, file or name.")],
) -> None:
    """Print what a cell file was read as: sections, parameters with their range, mechanisms."""
    from dendmod.cells.file import load_cell
    from dendmod.cells.show import describe

    typer.echo(describe(load_cell(cell)))
