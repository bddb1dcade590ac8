"""``dendmod figure wybo2022/fig1``: make a figure of a paper."""

from __future__ import annotations

import typer


def figure(context: typer.Context) -> None:
    """Make a figure of a paper; --list says which there are, NAME --help what each can do."""
    from dendmod.study.command import figure_command, listing
    from dendmod.study.registry import figures

    name, *arguments = context.args or ["--help"]
    if name in ("--list", "--help", "-h"):
        typer.echo("usage: dendmod figure NAME [--help]\n")
        typer.echo(listing(figures().values()))
        return
    figure_command(name, arguments)
