"""``dendmod mechanisms list|build|check``"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dendmod.cli.options import Json
from dendmod.errors import MechanismError

app = typer.Typer(no_args_is_help=True)
Folders = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[DIR]...", help="Folders of your own .mod files, beside dendmod's."),
]


@app.command("list")
def list_(folders: Folders = None) -> None:
    """List every mechanism with its parameters, units and source."""
    from dendmod.mechanisms import mechanism_set

    for m in mechanism_set(tuple(map(str, folders or ()))).mechanisms.values():
        typer.secho(f"{m.suffix}  ({m.kind}: {m.title})", bold=True)
        for p in m.parameters:
            typer.echo(f"    {p.name} = {p.default:g} {p.unit}")
        for p in m.globals:
            typer.echo(f"    {p.name}_{m.suffix} = {p.default:g} {p.unit} (GLOBAL)")
        typer.echo(f"    source: {m.source}")


@app.command()
def build(folders: Folders = None) -> None:
    """Compile the mechanisms into the cache, unless they are there."""
    from dendmod.mechanisms import library, mechanism_set

    built = library(mechanism_set(tuple(map(str, folders or ()))).files)
    typer.echo(f"mechanisms: {built.path}")
    if built.coreneuron is None:
        typer.echo(f"without CoreNEURON (plain NEURON is used): {built.coreneuron_reason}")


@app.command()
def check(folders: Folders = None, as_json: Json = False) -> None:
    """Say of each .mod file of folders what it is and what dendmod can do with it.

    Without a folder, check the units of dendmod's own (modlunit), then that they compile and load.
    """
    if folders:
        _check_folders(folders, as_json)
        return
    if as_json:
        raise MechanismError("--json is for folders; name one: dendmod mechanisms check DIR --json")
    _check_own()


def _check_folders(folders: list[Path], as_json: bool) -> None:
    from dendmod.mechanisms.report import report

    rows = [row for folder in folders for row in report(folder)]
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        for row in rows:
            typer.echo(row.in_words())
    if any(row.error for row in rows):
        raise typer.Exit(2)


def _check_own() -> None:
    from dendmod.mechanisms import catalogue, toolchain
    from dendmod.mechanisms.units import unit_errors

    if toolchain.neuron_data() is None:
        typer.echo("units: not checked (this NEURON has no modlunit beside it)")
    else:
        wrong = {m.suffix: unit_errors(m.file) for m in catalogue().values() if m.file}
        bad = {k: v for k, v in wrong.items() if v}
        if bad:
            raise MechanismError("modlunit: " + "; ".join(f"{k}: {v}" for k, v in bad.items()))
        typer.echo(f"units: {len(wrong)} files are consistent")
    from dendmod.engines.neuron.session import load_mechanisms

    loaded = load_mechanisms()
    typer.echo(
        f"loaded from {loaded.origin} ({loaded.hash[:12]}), CoreNEURON: "
        f"{'yes' if loaded.coreneuron else 'no'}"
    )
