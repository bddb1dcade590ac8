"""``dendmod cell export``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dendmod.cli.options import folder_to_write


def export(
    cell: Annotated[str, typer.Argument(metavar="CELL", help="A cell: folder, file or name.")],
    to: Annotated[
        str, typer.Option(metavar="FORM", help="hoc, python, neuroml, jaxley, arbor or nest.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.", callback=folder_to_write)],
    amp: Annotated[
        float | None,
        typer.Option(metavar="NA", help="Current of the step that both run (nA)."),
    ] = None,
) -> None:
    """Write a cell for programs without dendmod, and hold it against dendmod's."""
    from dendmod.cells.exports import export_cell

    done = export_cell(cell, to, out, amp)
    typer.echo(f"{done.name}: {out}")
    for note in done.notes:
        typer.echo(note)
    for held in done.held:
        typer.echo(
            f"{done.amp:g} nA, {held.place}: {held.spikes} spikes, dendmod "
            f"{held.spikes_dendmod}; largest difference {held.largest:g} mV"
        )
