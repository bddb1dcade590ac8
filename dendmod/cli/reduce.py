"""``dendmod reduce``: a cell of few compartments, and how it compares with the full one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dendmod.cli.options import (
    CellFile,
    Engine,
    Json,
    MaybeBiophysics,
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


@app.callback(invoke_without_command=True)
def reduce_(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="JSON file to write.", callback=to_file)] = None,
    of_cell: CellFile = None,
    morphology: Morphology = None,
    biophysics: MaybeBiophysics = None,
    sites: SiteNumber = None,
    lists: SiteLists = None,
    places: SitePlaces = None,
    channels: Annotated[
        str | None,
        typer.Option(help="Mechanisms to keep beside the leak, of all of the cell: NaTa_t,SKv3_1."),
    ] = None,
    bifurcations: Annotated[
        bool, typer.Option("--bifurcations", help="A compartment too where paths meet.")
    ] = False,
    apical: Annotated[
        str, typer.Option(help="Keep the apical dendrite at these distances (um): 100,200,400,600.")
    ] = "",
    split: Annotated[
        float | None,
        typer.Option(help="Most membrane a compartment stands for (pF): 15. Adds compartments."),
    ] = None,
    axon: Annotated[
        bool, typer.Option(help="Keep places of an axon in which spikes start.")
    ] = True,
    capacitances: Annotated[
        str, typer.Option(help="spectrum, or slow: from the slow time constants alone.")
    ] = "spectrum",
    as_json: Json = False,
) -> None:
    """Reduce a cell to its soma and the sites of Figure 1, and write it to a file.

    20 sites, if not said; with --sites 0 the soma alone.
    """
    if context.invoked_subcommand is not None:
        return
    from dendmod.cells.choice import choose_cell, spike_threshold_of
    from dendmod.cells.sites import SiteChoice, choose_sites, sites_of_options
    from dendmod.engines.checks import shape_of
    from dendmod.errors import SpecError
    from dendmod.reduction import apical_places, reduce, write_reduced
    from dendmod.reduction.capacitances import CapacitanceMethod

    if out is None:
        raise SpecError("say where to write the reduced cell: dendmod reduce --out FILE")
    if capacitances not in ("spectrum", "slow"):
        raise SpecError(f"--capacitances is {capacitances!r}; give spectrum or slow")
    method: CapacitanceMethod = "slow" if capacitances == "slow" else "spectrum"
    cell = choose_cell(of_cell, morphology, biophysics)
    if sites == "0" and (lists or places):
        raise SpecError("--sites 0 is the soma alone; leave out --list and --place")
    choice = None if sites == "0" else sites_of_options(sites, lists, places)
    at = () if choice is None else choose_sites(cell, SiteChoice.model_validate(choice)).locations
    support = apical_places(shape_of(cell), _distances(apical))
    reduced = reduce(
        cell,
        at,
        channels=None
        if channels is None
        else [c.strip() for c in channels.split(",") if c.strip()],
        bifurcations=bifurcations,
        support=support,
        largest_load=split,
        axon=axon,
        capacitances=method,
        spike_threshold=spike_threshold_of(of_cell),
    )
    write_reduced(reduced, out)
    summary = {
        "file": str(out),
        "compartments": len(reduced.compartments),
        "sites": len(at),
        "capacitance_pF": round(sum(c.ca for c in reduced.compartments), 3),
        "v_rest_mV": round(reduced.v_init, 3),
        **reduced.provenance,
    }
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(
            f"{out}: {len(reduced.compartments)} compartments, "
            f"{summary['capacitance_pF']:g} pF, rest {summary['v_rest_mV']:g} mV"
        )
        if at and split is None:
            typer.echo(
                "Where the full cell's numbers of spikes matter: --bifurcations --split 15. "
                f"How near it is: dendmod reduce check {out}"
            )


def _distances(text: str) -> list[float]:
    from dendmod.errors import SpecError

    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise SpecError(f"--apical is {text!r}; give distances in um, 100,200,400") from None


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A file of `dendmod reduce`.")],
    out: Out = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="Of `dendmod protocol scale`: count its spikes and thresholds too."),
    ] = None,
    full: Annotated[
        Path | None, typer.Option(help="Folder for the full cell's runs, to share them.")
    ] = None,
    seed: Seed = None,
    trials: Trials = None,
    quick: Quick = False,
    workers: Workers = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    timeout: Timeout = None,
    io: Annotated[bool, typer.Option(help="Look for IO thresholds too.")] = True,
    as_json: Json = False,
) -> None:
    """Hold a reduced cell against the full one: figures, a picture and summary.json."""
    from dendmod.reduction.check import check_reduced
    from dendmod.study.summary import engine_lines
    from dendmod.sweep import Sweep

    folder = out or Path("results") / f"reduction_{file.stem}"
    summary = check_reduced(
        file,
        folder,
        sweep=Sweep(folder / "store", workers=workers, scheduler=scheduler, timeout=timeout),
        changes=changes_of(seed=seed, trials=trials, engine=engine),
        quick=quick,
        full_store=full,
        io=io,
        protocol=protocol,
    )
    if as_json:
        typer.echo(json.dumps(summary))
        return
    for part, facts in summary.items():
        if isinstance(facts, dict) and part not in ("versions", "engines"):
            typer.echo(part)
            for name, value in facts.items():
                if not isinstance(value, dict):
                    typer.echo(f"  {name:34s} {value:.4g}" if isinstance(value, float) else
                               f"  {name:34s} {value}")  # fmt: skip
    steps = summary["spike_counts"]["mean"].get("steps")
    if steps is not None:
        typer.echo("spikes at current steps")
        for amp, one, other in zip(summary["spike_counts"]["levels"]["steps"], *steps, strict=True):
            typer.echo(f"  {amp:.4g} nA: {one:g} in the full cell, {other:g} in the reduced one")
    for line in engine_lines(summary):
        typer.echo(line)
    typer.echo(f"{folder}/reduction_check.png, .pdf and summary.json written")
