"""``dendmod reduce``: a cell of few compartments, and how it compares with the full one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback(invoke_without_command=True)
def reduce_(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
    morphology: Annotated[str, typer.Option(help="Name, or SWC or ASC file.")] = "l5pc",
    biophysics: Annotated[int, typer.Option(help="Parameter set of Hay et al. 2011: 1 or 3.")] = 1,
    sites: Annotated[
        int, typer.Option(min=0, help="Dendritic compartments; 0 fits the soma alone.")
    ] = 20,
    bifurcations: Annotated[
        bool, typer.Option("--bifurcations", help="A compartment too where paths meet.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
) -> None:
    """Reduce the L5 cell to its soma and the sites of Figure 1, and write it to a file."""
    if context.invoked_subcommand is not None:
        return
    from dendmod.errors import SpecError
    from dendmod.l5cell import L5PyramidalCell
    from dendmod.reduction import reduce, write_reduced
    from dendmod.sites import SiteChoice, choose_sites

    if out is None:
        raise SpecError("say where to write the reduced cell: dendmod reduce --out FILE")
    cell = L5PyramidalCell(morphology, biophysics)
    places = choose_sites(cell, SiteChoice(n=sites)).locations if sites else ()
    reduced = reduce(cell, places, bifurcations=bifurcations)
    write_reduced(reduced, out)
    summary = {
        "file": str(out),
        "compartments": len(reduced.compartments),
        "sites": sites,
        "capacitance_pF": round(sum(c.ca for c in reduced.compartments), 3),
        "v_rest_mV": round(reduced.compartments[0].v_rest, 3),
        **reduced.provenance,
    }
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(f"{out}: {len(reduced.compartments)} compartments")
