"""``dendmod network compare`` and ``dendmod network refine``"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dendmod.cli.options import Json

app = typer.Typer(no_args_is_help=True)

_Seed = Annotated[int, typer.Option(help="Of the random network.", min=0)]


@app.command()
def compare(
    seed: _Seed = 0,
    dt: Annotated[float, typer.Option(help="Step (ms).")] = 0.1,
    samples: Annotated[int, typer.Option(help="Number of samples.", min=1)] = 2,
    as_json: Json = False,
) -> None:
    """Run the same random network on NEURON and on the kernel."""
    from dendmod.engines.compare import compare as run_both

    found = run_both(seed, dt=dt, n_samples=samples)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for precision, row in found.items():
        typer.echo(f"kernel in {precision} against NEURON, seed {seed}, dt {dt} ms")
        for name, value in row.items():
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)
            typer.echo(f"  {name:<32}{shown:>12}")


@app.command()
def refine(
    seed: _Seed = 0,
    samples: Annotated[int, typer.Option(help="Number of samples.", min=1)] = 10,
    as_json: Json = False,
) -> None:
    """Run the same random network with steps from 0.1 to 0.0125 ms on the kernel."""
    from dendmod.engines.compare import refine as run_steps

    found = run_steps(seed, n_samples=samples)
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo("dt (ms)   cells and samples with another count   later by (ms)")
    for dt, row in found.items():
        typer.echo(f"{dt:>7}{100 * row['changed_counts']:>38.2f} %{row['delay_ms']:>16.3f}")
