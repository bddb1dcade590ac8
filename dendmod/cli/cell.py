"""``dendmod cell check|show|import|export|get``"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from dendmod.cli import cell_export, cell_import_json
from dendmod.cli.cell_get import get
from dendmod.cli.options import CellFile, Json, MaybeBiophysics, Morphology, Out

if TYPE_CHECKING:
    from dendmod.cells.check import CellFacts

app = typer.Typer(no_args_is_help=True)
app.add_typer(
    cell_import_json.app, name="import", help="Bring a cell of another format into a folder."
)
app.command()(get)
app.command("export")(cell_export.export)


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
    """Measure what a cell does at its soma; with --out, draw it.

    Rest, input resistance, time constant, sag, rheobase, f-I curve and spike features; of Hay's
    cells also the rates of their steps and BAC firing.
    """
    from dendmod.cells.check import check_cell, fields_of
    from dendmod.cells.choice import choose_cell
    from dendmod.cells.file import load_cell
    from dendmod.study.summary import write_summary

    spec = choose_cell(cell, morphology, biophysics or (3 if cell is None else None))
    facts = check_cell(spec, None if cell is None else fields_of(load_cell(cell)))
    summary = facts.as_json()
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(f"{spec.morphology}, {spec.biophysics.name}")
        for line in lines_of(facts):
            typer.echo(line)
    if out is not None:
        from dendmod.plotting import save, style
        from dendmod.plotting.cellcheck import draw

        with style():
            save(draw(spec, facts), out, "cell")
        head = {"schema": "dendmod/cell-check/1", "biophysics": spec.biophysics.name}
        write_summary(out, head | summary)


@app.command()
def show(
    cell: Annotated[str, typer.Argument(metavar="PATH", help="A cell: folder, file or name.")],
) -> None:
    """Print what a cell file was read as: sections, parameters with their range, mechanisms."""
    from dendmod.cells.file import load_cell
    from dendmod.cells.show import describe

    typer.echo(describe(load_cell(cell)))


def lines_of(facts: CellFacts) -> list[str]:
    """Return what was measured, a line a fact, and what could not be."""
    from dendmod.params import hay2011

    measured = {amp: (rate, sd) for amp, rate, sd in hay2011.STEPS.rates}
    numbers = (
        ("rest", facts.rest, "mV"),
        ("input resistance", facts.rin, "MOhm"),
        ("time constant", facts.tau, "ms"),
        ("sag", facts.sag, ""),
        ("rheobase", facts.rheobase, "nA"),
    )
    lines = [f"{name:<19} {x:8.2f} {unit}".rstrip() for name, x, unit in numbers if x is not None]
    for amp, rate in facts.fi.items():
        lines.append(f"rate at {amp:.3g} nA".ljust(19) + f" {rate:8.1f} Hz")
    lines += [f"{name:<19} {value:8.3g}" for name, value in facts.features.items()]
    for amp, found in facts.step_rates.items():
        line = f"rate at {amp} nA    {found:8.1f} Hz"
        if facts.bac_spikes and amp in measured:
            rate, sd = measured[amp]
            line += f"   (experiment {rate} +- {sd}, {hay2011.PROTOCOLS})"
        lines.append(line)
    lines += [f"BAC, {name:<12} {n:8d} spikes" for name, n in facts.bac_spikes.items()]
    lines += [f"not measured: {part}: {why}" for part, why in facts.refused.items()]
    if facts.settled is not None:
        lines += ["", "after settling, from calcium at rest", *lines_of(facts.settled)]
    return lines
