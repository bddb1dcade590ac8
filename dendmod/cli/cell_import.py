"""``dendmod cell import FORMAT``: a cell of another format as a folder of dendmod's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from dendmod.cli.options import Json
from dendmod.errors import SpecError
from dendmod.study.messages import check_folder

if TYPE_CHECKING:
    from dendmod.cells.imports.held import Held
    from dendmod.spec.cell import RegionName

app = typer.Typer(no_args_is_help=True)
_REGIONS = ("soma", "basal", "apical", "axon")


@app.callback()
def _group() -> None:
    pass


def _place(out: Path) -> Path:
    check_folder(out)
    return out


Out = Annotated[Path, typer.Option(help="Folder for the cell.", callback=_place)]
Mods = Annotated[
    list[Path] | None, typer.Option("--mod", metavar="DIR", help="Folder of its .mod files.")
]
Name = Annotated[str | None, typer.Option(help="Of the cell; that of --out if not given.")]
Args = Annotated[
    list[str] | None,
    typer.Option("--args", metavar="VALUE", help="An argument; once for each."),
]
Folder = Annotated[
    Path | None, typer.Option(help="Working folder of the original; its own if not given.")
]
Soma = Annotated[str | None, typer.Option(help="Name of the soma, if it is not called so.")]
Celsius = Annotated[float | None, typer.Option(help="Temperature (degC).")]
VInit = Annotated[float | None, typer.Option(help="Where runs start (mV).")]
Regions = Annotated[
    list[str] | None,
    typer.Option("--region", metavar="NAME=REGION", help="Region of a section, stem or list."),
]
More = Annotated[
    list[str] | None,
    typer.Option("--mechanism", metavar="NAME", help="A mechanism to take along, as a synapse."),
]


@app.command()
def hoc(
    file: Annotated[Path, typer.Argument(metavar="TEMPLATE.hoc")],
    out: Out,
    template: Annotated[str | None, typer.Option(help="Template to make a cell of.")] = None,
    mod: Mods = None,
    args: Args = None,
    name: Name = None,
    folder: Folder = None,
    soma: Soma = None,
    celsius: Celsius = None,
    v_init: VInit = None,
    region: Regions = None,
    mechanism: More = None,
    as_json: Json = False,
) -> None:
    """Import a cell of a hoc template, or of a script that makes its sections itself."""
    from dendmod.cells.imports.hoc import which_template

    found = which_template(file, template)
    _bring(
        "hoc",
        {"file": str(file), "template": found, "args": [value_of(a) for a in args or ()]},
        function="dendmod.cells.imports.hoc:instantiate",
        arguments={
            "file": str(file.resolve()), "template": found,
            "args": [value_of(a) for a in args or ()],
        },
        file=file, out=out, mod=mod, name=name, folder=folder, soma=soma, celsius=celsius,
        v_init=v_init, region=region, mechanism=mechanism, as_json=as_json,
    )  # fmt: skip


@app.command()
def python(
    function: Annotated[str, typer.Argument(metavar="FILE.py:FUNCTION")],
    out: Out,
    mod: Mods = None,
    args: Annotated[
        list[str] | None,
        typer.Option("--args", metavar="KEY=VALUE", help="An argument; once for each."),
    ] = None,
    name: Name = None,
    folder: Folder = None,
    soma: Soma = None,
    celsius: Celsius = None,
    v_init: VInit = None,
    region: Regions = None,
    mechanism: More = None,
    as_json: Json = False,
) -> None:
    """Import a cell that a function of a Python file builds and returns."""
    from dendmod.cells.imports.python import file_and_function

    file, called = file_and_function(function)
    given = {key: value_of(value) for key, value in pairs("--args", args).items()}
    _bring(
        "python",
        {"file": str(file), "function": called, "args": given},
        function="dendmod.cells.imports.python:instantiate",
        arguments={"file": str(file.resolve()), "function": called, "args": given},
        file=file, out=out, mod=mod, name=name, folder=folder, soma=soma, celsius=celsius,
        v_init=v_init, region=region, mechanism=mechanism, as_json=as_json,
    )  # fmt: skip


@app.command()
def neuroml(
    file: Annotated[Path, typer.Argument(metavar="FILE.cell.nml")],
    out: Out,
    celsius: Annotated[float, typer.Option(help="Temperature (degC).")],
    cell: Annotated[str | None, typer.Option(help="Which cell, if the file has several.")] = None,
    name: Name = None,
    soma: Soma = None,
    v_init: VInit = None,
    region: Regions = None,
    as_json: Json = False,
) -> None:
    """Import a cell of NeuroML (extra neuroml, and Java)."""
    from tempfile import TemporaryDirectory

    from dendmod.cells.imports.neuroml import export, start_of, which_cell

    found = which_cell(file, cell)
    v_init = start_of(file) if v_init is None else v_init
    with TemporaryDirectory(prefix="dendmod-neuroml-") as folder:
        written = export(file, found, Path(folder), celsius)
        _bring(
            "neuroml",
            {"file": str(file), "cell": found},
            function="dendmod.cells.imports.hoc:instantiate",
            arguments={"file": str(written), "template": found, "args": []},
            file=file, out=out, mod=None, name=name, folder=None, soma=soma, celsius=celsius,
            v_init=v_init, region=region, mechanism=None, as_json=as_json, made=Path(folder),
        )  # fmt: skip


def _bring(
    format_: str,
    made_by: dict[str, Any],
    *,
    function: str,
    arguments: dict[str, Any],
    file: Path,
    out: Path,
    mod: Sequence[Path] | None,
    name: str | None,
    folder: Path | None,
    soma: str | None,
    celsius: float | None,
    v_init: float | None,
    region: Sequence[str] | None,
    mechanism: Sequence[str] | None,
    as_json: bool,
    made: Path | None = None,
) -> None:
    """Import what code builds, and say what was written.

    ``made`` is a folder of .mod files that an exporter made for this import alone.
    """
    from dendmod.cells.imports.frozen import bring
    from dendmod.cells.imports.original import Original

    regions = pairs("--region", region)
    for where, kind in regions.items():
        if kind not in _REGIONS:
            raise SpecError(f"--region {where}={kind}: a region is one of {', '.join(_REGIONS)}")
    options = {
        "mod": [str(m) for m in mod or ()], "soma": soma, "celsius": celsius, "v_init": v_init,
        "region": regions, "mechanism": list(mechanism or ()), "name": name,
        "folder": None if folder is None else str(folder),
    }  # fmt: skip
    original = Original(
        function=function,
        arguments=arguments,
        mechanisms=tuple(str(m.resolve()) for m in (*(mod or ()), *([made] if made else ()))),
        folder=str((folder or made or file.parent).resolve()),
        soma=soma,
        celsius=celsius,
        v_init=v_init,
        regions=cast("dict[str, RegionName]", regions),
    )
    imported = bring(
        out,
        name or out.resolve().name,
        original,
        {
            "format": format_,
            **made_by,
            **{key: v for key, v in options.items() if v not in (None, [], {})},
        },
        files=[file],
        more_mechanisms=mechanism or (),
    )
    n = sum(s.membrane.nseg for s in imported.cell.sections)
    head = f"{out}: {len(imported.cell.sections)} sections, {n} segments"
    report(head, imported.held, imported.notes, as_json=as_json)


def report(head: str, held: Held, notes: Sequence[str], *, as_json: bool) -> None:
    """Print what an import wrote and how near it is to its original."""
    if as_json:
        typer.echo(json.dumps({"held": held.model_dump(mode="json"), "notes": list(notes)}))
        return
    for line in (head, *(f"note: {note}" for note in notes), *held.lines):
        typer.echo(line)


def value_of(text: str) -> Any:
    """Return a number, list or quoted text of JSON, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    """Return KEY=VALUE options as a table.

    Raises
    ------
    SpecError
        If one has no "=".
    """
    found = {}
    for text in given or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise SpecError(f"{option} {text}: write NAME=VALUE")
        found[key] = value
    return found
