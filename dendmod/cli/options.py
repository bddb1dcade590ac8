"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path | None, typer.Option(help="Folder for results.")]
Seed = Annotated[int | None, typer.Option(help="Seed of all random inputs.")]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer levels and trials.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes.")]
Morphology = Annotated[str | None, typer.Option(help="Name, or SWC or ASC file.")]
Dt = Annotated[float | None, typer.Option(help="Time step (ms).")]
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
