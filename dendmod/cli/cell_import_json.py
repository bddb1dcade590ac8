"""``dendmod cell import allen|bluepyopt|snudda``: cells that JSON files describe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dendmod.cli.cell_import import Name, Out, app, report
from dendmod.cli.options import Json

if TYPE_CHECKING:
    from dendmod.cells.imports.converted import Converted

Mod = Annotated[Path, typer.Option("--mod", metavar="DIR", help="Folder of its .mod files.")]
Shape = Annotated[Path, typer.Option("--morphology", metavar="FILE", help="SWC or ASC file.")]


@app.command()
def allen(
    fit: Annotated[Path, typer.Argument(metavar="FIT.json")],
    swc: Annotated[Path, typer.Option(metavar="FILE", help="Its morphology.")],
    mod: Mod,
    out: Out,
    axon: Annotated[
        str | None, typer.Option(help="Of an all-active cell: truncated (AllenSDK's) or stub.")
    ] = None,
    name: Name = None,
    as_json: Json = False,
) -> None:
    """Import a perisomatic or all-active cell of the Allen Institute."""
    from dendmod.cells.imports.allen import convert

    converted = convert(fit, swc=swc, mod=mod, axon=axon, name=name)
    _bring("allen", out, converted, as_json, fit=fit, swc=swc, mod=mod, axon=axon, name=name)


@app.command()
def bluepyopt(
    parameters: Annotated[Path, typer.Argument(metavar="PARAMS.json")],
    morphology: Shape,
    mod: Mod,
    out: Out,
    values: Annotated[
        Path | None,
        typer.Argument(metavar="[FINAL.json]", help="Optimised values, JSON or a dict in a .py."),
    ] = None,
    key: Annotated[str | None, typer.Option(help="Name of a set of values.")] = None,
    mechanisms: Annotated[
        Path | None, typer.Option(help="mechanisms.json, if not beside the parameters.")
    ] = None,
    axon: Annotated[
        str | None,
        typer.Option(help="replace (BluePyOpt's), tapered (EModelRunner's, with myelin) or keep."),
    ] = None,
    name: Name = None,
    as_json: Json = False,
) -> None:
    """Import a cell of BluePyOpt's or EModelRunner's JSON."""
    from dendmod.cells.imports.bluepyopt import convert

    converted = convert(
        parameters, values, morphology=morphology, mod=mod, mechanisms=mechanisms, key=key,
        axon=axon, name=name,
    )  # fmt: skip
    _bring(
        "bluepyopt", out, converted, as_json, parameters=parameters, values=values,
        morphology=morphology, mod=mod, mechanisms=mechanisms, key=key, axon=axon, name=name,
    )  # fmt: skip


@app.command()
def snudda(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    out: Out,
    mod: Annotated[
        Path | None,
        typer.Option("--mod", metavar="DIR", help="Its .mod files, if not in or above DIR."),
    ] = None,
    parameter_key: Annotated[str | None, typer.Option(help="Which set of parameters.")] = None,
    morphology_key: Annotated[str | None, typer.Option(help="Which morphology of it.")] = None,
    name: Name = None,
    as_json: Json = False,
) -> None:
    """Import a cell of Snudda or BasalGangliaData from its folder."""
    from dendmod.cells.imports.snudda import convert

    converted = convert(
        folder, mod=mod, parameter_key=parameter_key, morphology_key=morphology_key, name=name
    )
    _bring(
        "snudda", out, converted, as_json, folder=folder, mod=mod, parameter_key=parameter_key,
        morphology_key=morphology_key, name=name,
    )  # fmt: skip


def _bring(format_: str, out: Path, converted: Converted, as_json: bool, **given: Any) -> None:
    """Write a converted cell, and say what was written."""
    from dendmod.cells.imports.converted import bring

    said = {k: str(v) if isinstance(v, Path) else v for k, v in given.items() if v is not None}
    held = bring(out, converted, {"format": format_, **said})
    head = f"{out}: {len(converted.fields.parameters)} rows of parameters"
    report(head, held, converted.notes, as_json=as_json)
