"""``dendmod cite``: the papers behind a result."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dendmod.cli.options import Json


def cite(
    result: Annotated[
        str,
        typer.Argument(
            help="A figure such as wybo2022/fig1, a summary.json or its folder, or a file of a "
            "reduced cell or of IO curves."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Print the papers whose numbers and methods are behind a result, and the places in them."""
    from dendmod.sources import PAPERS
    from dendmod.study.citations import cite as sources_behind

    found = sources_behind(result)
    if as_json:
        said = {
            key: {"paper": PAPERS[key], "places": [s.place for s in sources]}
            for key, sources in found.items()
        }
        typer.echo(json.dumps(said))
        return
    for key, sources in found.items():
        typer.echo(PAPERS[key])
        for source in sources:
            typer.echo(f"  {source.place}")
    typer.echo("dendmod itself: CITATION.cff")
