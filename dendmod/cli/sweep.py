"""``dendmod sweep``: the runs that a folder of results holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def table(
    folder: Annotated[Path, typer.Argument(help="A folder of results, or the store in it.")],
    out: Annotated[
        Path | None, typer.Option(help="Write every column there: .parquet or .csv.")
    ] = None,
) -> None:
    """List the runs of a sweep: name, how each ended, seconds, why it failed."""
    from dendmod.sweep import runs_table, write_runs

    store = folder / "store" if (folder / "store").is_dir() else folder
    runs = write_runs(store, out) if out else runs_table(store)
    if len(runs):
        shown = runs[["key", "status", "seconds", "error"]].copy()
        shown["error"] = shown["error"].fillna("").astype(str).str.split("\n").str[0].str[:60]
        typer.echo(shown.to_string(index=False, float_format=lambda v: f"{v:.1f}"))
    counts = ", ".join(
        f"{n} {status}"
        for status in ("finished", "failed", "lost")
        if (n := int((runs["status"] == status).sum()))
    )
    typer.echo(f"{len(runs)} runs" + (f": {counts}; {runs['seconds'].sum():.0f} s of computing"
               if len(runs) else ""))  # fmt: skip
    if out:
        typer.echo(f"{out} written")


@app.command()
def traces(
    folder: Annotated[Path, typer.Argument(help="The results of a file of stimuli.")],
    out: Annotated[Path, typer.Option(help="Folder for a file a run.")],
    to: Annotated[str, typer.Option(metavar="FORM", help="nwb, netcdf or npz.")] = "nwb",
) -> None:
    """Write what each run recorded for other programs, with what was asked for."""
    from dendmod.protocol.recorded import write_runs

    for path in write_runs(folder, to, out):
        typer.echo(f"{path} written")
