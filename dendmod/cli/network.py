"""``dendmod network compare``, ``refine`` and ``export``"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from dendmod.cli.options import Json, NetworkCell, Sites, folder_to_write

app = typer.Typer(no_args_is_help=True)

_Seed = Annotated[int, typer.Option(help="Of the random network.", min=0)]


@app.command()
def compare(
    seed: _Seed = 0,
    dt: Annotated[float, typer.Option(help="Step (ms).")] = 0.1,
    samples: Annotated[int, typer.Option(help="Number of samples.", min=1)] = 2,
    cell: NetworkCell = None,
    sites: Sites = None,
    engine: Annotated[
        str, typer.Option(help="kernel, or coreneuron, held against NEURON.")
    ] = "kernel",
    layers: Annotated[
        bool, typer.Option("--layers", help="With a second layer and interneurons.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the same random network on NEURON and on the kernel."""
    from dendmod.engines.compare import compare as run_both

    chosen = _engine(engine, "kernel", "coreneuron")
    of_cell = _of_cell(cell, sites, chosen)
    found = run_both(seed, dt=dt, n_samples=samples, engine=chosen, layers=layers, **of_cell)
    if as_json:
        typer.echo(json.dumps(found))
        return
    what = f"seed {seed}, dt {dt} ms" + (f", cells of {cell}" if cell else "")
    for precision, row in found.items():
        typer.echo(f"{chosen} in {precision} against NEURON, {what}")
        for name, value in row.items():
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)
            typer.echo(f"  {name:<32}{shown:>12}")


@app.command()
def refine(
    seed: _Seed = 0,
    samples: Annotated[int, typer.Option(help="Number of samples.", min=1)] = 10,
    cell: NetworkCell = None,
    sites: Sites = None,
    engine: Annotated[str, typer.Option(help="kernel, coreneuron or neuron.")] = "kernel",
    as_json: Json = False,
) -> None:
    """Run the same random network with steps from 0.1 to 0.0125 ms on the kernel."""
    from dendmod.engines.compare import refine as run_steps

    chosen = _engine(engine, "kernel", "coreneuron", "neuron")
    found = run_steps(seed, n_samples=samples, engine=chosen, **_of_cell(cell, sites, chosen))
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo("dt (ms)   cells and samples with another count   later by (ms)")
    for dt, row in found.items():
        typer.echo(f"{dt:>7}{100 * row['changed_counts']:>38.2f} %{row['delay_ms']:>16.3f}")


@app.command()
def export(
    to: Annotated[str, typer.Option(metavar="FORM", help="sonata.")],
    out: Annotated[Path, typer.Option(help="Folder to write.", callback=folder_to_write)],
    model: Annotated[
        Path | None, typer.Option(help="A file of `dendmod train`; else a random network.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Of the model: npz file with images and labels.")
    ] = None,
    seed: _Seed = 0,
    samples: Annotated[int, typer.Option(min=1, help="Samples, of a model for each task.")] = 2,
    layers: Annotated[
        bool, typer.Option("--layers", help="Of a random network: a second layer, interneurons.")
    ] = False,
) -> None:
    """Write a network, its weights frozen, and the spikes that reach it, for other programs."""
    from dendmod.errors import SpecError, did_you_mean
    from dendmod.exchange.networks import write_sonata

    if to != "sonata":
        raise SpecError(f"a network cannot be exported to {to!r}." + did_you_mean(to, ("sonata",)))
    if (model is None) != (data is None):
        raise SpecError("--model and --data belong together; give both, or neither")
    if model is not None and data is not None:
        from dendmod.switching.model import read_images, read_model

        trained = read_model(model)
        run = trained.test_run(*read_images(data), samples=samples, seed=seed)
        spec = trained.network
    else:
        from dendmod.network.drawn import draw_network

        spec, run = draw_network(
            seed, n_samples=samples, layers=layers, learn=False, between_samples="carry"
        )
    done = write_sonata(spec, run, out)
    typer.echo(f"{out}: {run.settle + len(run.samples) * run.duration:g} ms")
    for what in ("nodes", "edges", "spikes"):
        found = ", ".join(f"{name} {n}" for name, n in getattr(done, what).items())
        typer.echo(f"{what}: {found}")


def _engine(name: str, *allowed: str) -> Any:
    from dendmod.errors import SpecError, did_you_mean

    if name not in allowed:
        raise SpecError(f"--engine {name!r}." + did_you_mean(name, allowed))
    return name


def _of_cell(name: str | None, sites: int | None, engine: Any) -> dict[str, Any]:
    """Return what makes a random network one of this cell: the cell, and weights that suit it."""
    from dendmod.errors import SpecError

    if name is None:
        if sites is not None:
            raise SpecError("--sites are those of --cell; give both, or neither")
        return {}
    from dendmod.switching.cells import cells, spike_threshold
    from dendmod.switching.thresholds import measure_thresholds

    pair, threshold = cells(name, sites=sites), spike_threshold(name)
    found = measure_thresholds(*pair, threshold=threshold, engine=engine)
    return {"cells": pair, "scales": found.over_reference, "threshold": threshold}
