"""``dendmod cell check``"""

from __future__ import annotations

import json

import typer

from dendmod.cli.options import Biophysics, CellMorphology, Json, Out

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(
    morphology: CellMorphology = "l5pc",
    biophysics: Biophysics = 3,
    as_json: Json = False,
    out: Out = None,
) -> None:
    """Measure rest, input resistance, step rates and BAC firing; with --out, draw them."""
    from dendmod.cells.check import check_cell
    from dendmod.cells.l5 import L5PyramidalCell
    from dendmod.params import hay2011
    from dendmod.study.summary import write_summary

    spec = L5PyramidalCell(morphology, biophysics)
    facts = check_cell(spec)
    summary = facts.as_json()
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(f"{morphology}, biophysics set {biophysics}")
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
        write_summary(out, {"schema": "dendmod/cell/1", "biophysics": biophysics, **summary})
