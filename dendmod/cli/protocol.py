"""``dendmod protocol``: protocols made for a cell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from dendmod.cli.options import (
    CellFile,
    Dt,
    Engine,
    Grid,
    Morphology,
    Out,
    Quick,
    Scheduler,
    Seed,
    SiteLists,
    SiteNumber,
    SitePlaces,
    Timeout,
    Trials,
    Workers,
    changes_of,
    to_file,
)

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `scale` a command of its own."""


@app.command()
def scale(
    out: Annotated[Path, typer.Option(help="Protocol file to write.", callback=to_file)],
    base: Annotated[str, typer.Option(help="Protocol that is scaled: file or name.")] = "fig1",
    cell: CellFile = None,
    out_dir: Out = None,
    sites: SiteNumber = None,
    lists: SiteLists = None,
    places: SitePlaces = None,
    background: Annotated[
        str, typer.Option(help="Weights of background and shunt: scaled, or left.")
    ] = "scaled",
    plateau_ms: Annotated[
        float, typer.Option(help="How long a site is above run.plateau_mV in a plateau.")
    ] = 10.0,
    seed: Seed = None,
    trials: Trials = None,
    quick: Quick = False,
    workers: Workers = None,
    morphology: Morphology = None,
    dt: Dt = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    timeout: Timeout = None,
    grid: Grid = None,
) -> None:
    """Find the weights and numbers of inputs that a cell needs, and write a protocol with them."""
    from dendmod.cells.sites import sites_of_options
    from dendmod.errors import SpecError
    from dendmod.protocol.scale_file import scale_file
    from dendmod.spec.grid import grid_points, parse_grid
    from dendmod.sweep import Sweep

    if background not in ("scaled", "left"):
        raise SpecError(f"--background is {background!r}; give scaled or left")
    if plateau_ms <= 0:
        raise SpecError(f"--plateau-ms is {plateau_ms:g}; give more than 0")
    rule: Literal["scaled", "left"] = "scaled" if background == "scaled" else "left"
    points = grid_points(parse_grid(grid or ()))
    if len(points) > 1:
        raise SpecError("--set: one protocol is scaled; give one value a field")
    folder = out_dir or Path("results") / f"scale_{out.stem}"
    changes = changes_of(seed=seed, trials=trials, dt=dt, morphology=morphology, engine=engine)
    scaled = scale_file(
        out,
        folder,
        base=base,
        cell=cell,
        sites=sites_of_options(sites, lists, places),
        sweep=Sweep(folder / "store", workers=workers, scheduler=scheduler, timeout=timeout),
        changes=changes | points[0],
        quick=quick,
        background=rule,
        plateau_ms=plateau_ms,
    )
    weight, unit = scaled.protocol.feedforward.weight
    typer.echo(f"feedforward weight {weight:g} {unit}, {scaled.protocol.n_sites} sites")
    for name, arm in scaled.protocol.arms.items():
        table = scaled.tables[name]
        means = ", ".join(
            f"{mean:.3g} at {level}" for level, mean in zip(table.levels, table.mean(), strict=True)
        )
        high = getattr(arm, "high_weight_nS", None)
        driven = "" if high is None else f", driven sites get {high:g} nS"
        typer.echo(f"{name}: {arm.n_feedforward} inputs{driven}; spikes by level: {means}")
    typer.echo(scaled.chosen.why)
    typer.echo(f"{out} written; {folder}/scale.png, .pdf and summary.json say how it was found")
