"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dendmod.study.messages import check_file, check_folder


def _folder(out: Path | None) -> Path | None:
    if out is not None:
        check_folder(out)
    return out


def folder_to_write(out: Path) -> Path:
    """Refuse a folder that cannot be written, before anything is computed."""
    check_folder(out)
    return out


Out = Annotated[Path | None, typer.Option(help="Folder for results.", callback=_folder)]


def to_file(out: Path | None) -> Path | None:
    """Refuse a file that cannot be written, before anything is computed."""
    if out is not None:
        check_file(out)
    return out


Seed = Annotated[int | None, typer.Option(min=0, help="Seed of all random inputs.")]
Trials = Annotated[int | None, typer.Option(min=1, help="Trials a condition.")]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer levels and trials.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes.")]
Morphology = Annotated[str | None, typer.Option(help="Name, or SWC or ASC file.")]
CellMorphology = Annotated[str, typer.Option(help="Name, or SWC or ASC file.")]
CellFile = Annotated[
    str | None,
    typer.Option("--cell", metavar="PATH", help="A cell of your own: folder, file or name."),
]
NetworkCell = Annotated[
    str | None,
    typer.Option(
        "--cell",
        metavar="PATH",
        help="Of the network: a cell's folder, file or name, or a JSON file of dendmod reduce.",
    ),
]
Sites = Annotated[
    int | None, typer.Option(min=1, help="Dendritic sites of a cell that is reduced (20).")
]
Biophysics = Annotated[int, typer.Option(help="Parameter set of Hay et al. 2011: 1 or 3.")]
MaybeBiophysics = Annotated[
    int | None, typer.Option(help="Parameter set of Hay et al. 2011: 1 or 3.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]
SiteNumber = Annotated[
    str | None,
    typer.Option("--sites", metavar="N", help='Dendritic sites: a number, "as many as fit".'),
]
SiteLists = Annotated[
    list[str] | None,
    typer.Option("--list", help="Sites on this list of sections or expression (repeat)."),
]
SitePlaces = Annotated[
    list[str] | None,
    typer.Option("--place", help='A site by its place, "apic[36](0.5)" (repeat).'),
]
Dt = Annotated[float | None, typer.Option(help="Time step (ms).")]
Engine = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="neuron, kernel, or auto: the kernel where it gives what NEURON gives (auto).",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Run on the Dask cluster of this scheduler."),
]
Timeout = Annotated[
    float | None, typer.Option(metavar="S", help="Seconds after which a run is ended.")
]
Grid = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=V1,V2,..",
        help="Change a field of the protocol; several values, or several --set, make a grid.",
    ),
]


def changes_of(
    *,
    seed: int | None = None,
    trials: int | None = None,
    dt: float | None = None,
    morphology: str | None = None,
    cell: str | None = None,
    engine: str | None = None,
) -> dict[str, Any]:
    """Return what options change in a protocol, by dotted field."""
    fields = {
        "run.seed": seed,
        "run.trials": trials,
        "run.dt_ms": dt,
        "cell.morphology": morphology,
        "cell.file": cell,
        "run.engine": engine,
    }
    return {name: value for name, value in fields.items() if value is not None}
