"""``dendmod cell check``"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from dendmod.cli.options import Biophysics, CellMorphology, Json, Out

if TYPE_CHECKING:
    from dendmod.cells.check import CellFacts

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
    """Measure what a cell does at its soma; with --out, draw it.

    Rest, input resistance, time constant, sag, rheobase, f-I curve and spike features; of Hay's
    cells also the rates of their steps and BAC firing.
    """
    from dendmod.cells.check import check_cell
    from dendmod.cells.l5 import L5PyramidalCell
    from dendmod.study.summary import write_summary

    spec = L5PyramidalCell(morphology, biophysics)
    facts = check_cell(spec)
    summary = facts.as_json()
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(f"{morphology}, biophysics set {biophysics}")
        for line in lines_of(facts):
            typer.echo(line)
    if out is not None:
        from dendmod.plotting import save, style
        from dendmod.plotting.cellcheck import draw

        with style():
            save(draw(spec, facts), out, "cell")
        write_summary(out, {"schema": "dendmod/cell/1", "biophysics": biophysics, **summary})


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
    return lines + [f"not measured: {part}: {why}" for part, why in facts.refused.items()]
