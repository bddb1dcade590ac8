"""The ``dendmod`` command: each area adds a module with its commands."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from dendmod import __version__
from dendmod.cli import (
    cell,
    cite,
    explore,
    figure,
    io,
    learn,
    mechanisms,
    morphology,
    network,
    protocol,
    reduce,
    run,
    selfcheck,
    sweep,
)  # fmt: skip
from dendmod.study.messages import guard

_CTRL_C = 130
app = typer.Typer(
    help="Biophysical dendritic neuron modelling on NEURON.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(mechanisms.app, name="mechanisms", help="The compiled mechanisms.")
app.add_typer(morphology.app, name="morphology", help="Check, generate and get morphologies.")
app.add_typer(cell.app, name="cell", help="Cells: get, import, show, check, export.")
app.add_typer(io.app, name="io", help="IO curves and their parameters.")
app.add_typer(protocol.app, name="protocol", help="Protocols made for a cell.")
app.add_typer(network.app, name="network", help="Networks of few-compartment cells.")
app.add_typer(reduce.app, name="reduce", help="Reduce a cell to few compartments.")
app.add_typer(sweep.app, name="sweep", help="The runs of a folder of results.")
app.command("run")(run.run)
app.command(
    "figure",
    context_settings={
        "allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []
    },
)(figure.figure)  # fmt: skip
app.command("explore")(explore.explore)
app.command("selfcheck")(selfcheck.selfcheck)
app.command("cite")(cite.cite)
app.command("train")(learn.train)
app.command("evaluate")(learn.evaluate)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"dendmod {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error was raised (or DENDMOD_DEBUG=1).")
    ] = False,
) -> None:
    if debug:
        os.environ["DENDMOD_DEBUG"] = "1"


def _run() -> None:
    try:
        app()
    except SystemExit as ended:  # typer has taken Ctrl-C
        if ended.code == _CTRL_C:
            raise KeyboardInterrupt from None
        raise


def main() -> None:
    """Run the command line; errors made on purpose become one message and exit code 2."""
    guard(_run)
