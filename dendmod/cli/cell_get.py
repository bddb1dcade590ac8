"""``dendmod cell get``: a published cell by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dendmod.cli.options import Json
from dendmod.errors import SpecError
from dendmod.study.messages import check_folder


def get(
    name: Annotated[str | None, typer.Argument(help="Which cell; --list shows them.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the cell; its name if not given.")
    ] = None,
    copy: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="A copy of its repository on this machine."),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the cells there are.")] = False,
    as_json: Json = False,
) -> None:
    """Fetch a published cell, check its files by hash, and import it."""
    from dendmod.cells.imports.public import import_public, public_cell, public_cells
    from dendmod.cli.cell_import import report

    if listed:
        for known, cell in public_cells().items():
            typer.echo(f"{known}: {cell.lines[0]}")
            for line in cell.lines[1:]:
                typer.echo(line)
        return
    if name is None:
        raise SpecError("which cell? Give a name; dendmod cell get --list shows them")
    cell = public_cell(name)
    place = out or Path(name)
    check_folder(place)
    if not as_json:
        for line in cell.lines:
            typer.echo(line)
    held, notes = import_public(name, place, copy)
    report(f"{place}: imported", held, notes, as_json=as_json)
