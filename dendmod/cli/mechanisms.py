"""``dendmod mechanisms list|build|check``"""

from __future__ import annotations

import typer

from dendmod.errors import MechanismError

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List every mechanism with its parameters, units and source."""
    from dendmod.mechanisms import catalogue

    for m in catalogue().values():
        typer.secho(f"{m.suffix}  ({m.kind}: {m.title})", bold=True)
        for p in m.parameters:
            typer.echo(f"    {p.name} = {p.default:g} {p.unit}")
        typer.echo(f"    source: {m.source}")


@app.command()
def build() -> None:
    """Compile the mechanisms into the cache, unless they are there."""
    from dendmod.mechanisms import library

    built = library()
    typer.echo(f"mechanisms: {built.path}")
    if built.coreneuron is None:
        typer.echo(f"without CoreNEURON (plain NEURON is used): {built.coreneuron_reason}")


@app.command()
def check() -> None:
    """Check units with modlunit, then that the library compiles, loads and has every mechanism."""
    from dendmod.mechanisms import catalogue, toolchain
    from dendmod.mechanisms.units import unit_errors

    if toolchain.neuron_data() is None:
        typer.echo("units: not checked (this NEURON has no modlunit beside it)")
    else:
        wrong = {m.suffix: unit_errors(m.file) for m in catalogue().values() if m.file}
        bad = {k: v for k, v in wrong.items() if v}
        if bad:
            raise MechanismError("modlunit: " + "; ".join(f"{k}: {v}" for k, v in bad.items()))
        typer.echo(f"units: {len(wrong)} files are consistent")
    from dendmod.engines.neuron.session import load_mechanisms

    loaded = load_mechanisms()
    typer.echo(
        f"loaded from {loaded.origin} ({loaded.hash[:12]}), CoreNEURON: "
        f"{'yes' if loaded.coreneuron else 'no'}"
    )
