"""``dendmod explore``"""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

_MISSING = (
    "the page needs Bokeh, not installed here: pip install 'dendmod[explore]', or in a checkout "
    "pip install -c constraints.txt -e '.[explore]'"
)


def explore(
    cell: Annotated[
        str | None,
        typer.Option("--cell", metavar="PATH", help="A cell of your own: folder, file or name."),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Protocol whose numbers the page begins with, such as one of protocol scale.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page; 0 for any free one.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
) -> None:
    """Open a page on this machine to explore a cell: click, slide and see what it does."""
    from dendmod.errors import DendmodError

    if importlib.util.find_spec("bokeh") is None:
        raise DendmodError(_MISSING)
    from dendmod.explore.state import CELL, PROTOCOL, begin

    state = begin(cell or CELL, protocol or PROTOCOL)
    from dendmod.explore.server import serve

    def say(address: str) -> None:
        typer.echo(f"{address}\nThe page is for this machine alone. Ctrl-C ends it.")

    serve(state, port=port, is_opened=browser, say=say)
