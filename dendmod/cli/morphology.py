"""``dendmod morphology generate|check|get``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dendmod.cli.options import Out, to_file

app = typer.Typer(no_args_is_help=True)

DEFAULT_SEED = 4  # why this one: morphologies/l5pc/about.md


@app.command()
def generate(
    out: Annotated[Path, typer.Option(help="SWC file to write.", callback=to_file)],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the shape.")] = DEFAULT_SEED,
) -> None:
    """Generate an L5 thick-tufted pyramidal morphology."""
    from dendmod.morphology.generate import generate as make
    from dendmod.morphology.write import write_swc

    morphology = make(seed)
    write_swc(morphology, out, comment=f"dendmod morphology generate --seed {seed}")
    typer.echo(f"{out}: {len(morphology.sections)} sections")


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="SWC or ASC file, or a name.")],
    out: Out = None,
) -> None:
    """Check a morphology, print its totals and draw it."""
    from dendmod.morphology import resolve
    from dendmod.morphology.measure import morphometry

    morphology = resolve(file)
    typer.echo(
        f"{'':8s}{'sections':>9s}{'tips':>6s}{'length um':>11s}{'area um2':>10s}"
        "   diameter um: min, mean, max"
    )
    for name, row in morphometry(morphology).items():
        typer.echo(
            f"{name:8s}{row.sections:9d}{row.tips:6d}{row.length:11.1f}{row.area:10.1f}"
            f"{row.diameter_min:10.2f}{row.diameter_mean:6.2f}{row.diameter_max:7.2f}"
        )
    folder = out or Path("results") / f"morphology-{morphology.name}"
    import matplotlib.pyplot as plt

    from dendmod.plotting import draw_cell, save, style

    with style():
        figure, ax = plt.subplots(figsize=(2.5, 5))
        draw_cell(ax, morphology)
        save(figure, folder, morphology.name)
    typer.echo(f"drawn in {folder / morphology.name}.png")


@app.command()
def get(
    name: Annotated[str, typer.Argument(help="Which morphology: hay2011.")],
    url: Annotated[str | None, typer.Option(help="Fetch it from here instead.")] = None,
    from_file: Annotated[Path | None, typer.Option(help="Take a file fetched by hand.")] = None,
) -> None:
    """Download a published morphology and check its hash."""
    from dendmod.morphology.fetch import fetch

    typer.echo(f"{name}: {fetch(name, url=url, from_file=from_file)}")
