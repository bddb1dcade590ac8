"""The server of the page: on this machine alone, behind a token in its address."""

from __future__ import annotations

import logging
import secrets
import socket
import webbrowser
from collections.abc import Callable

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.document import Document
from bokeh.server.server import Server

from dendmod.cells.file import load_cell
from dendmod.errors import SpecError
from dendmod.explore.drawing import drawing_of
from dendmod.explore.page import Page
from dendmod.explore.state import Exploration
from dendmod.explore.worker import Worker

HOST = "127.0.0.1"
_FORGET_MS = 3000  # how long a closed tab keeps its session


def serve(
    state: Exploration, *, port: int = 0, is_opened: bool = True, say: Callable[[str], None] = print
) -> None:
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    state
        What is chosen first.
    port
        Of the address; any free one for 0.
    is_opened
        Whether the address is opened in the user's browser.
    say
        Called with the address.

    Raises
    ------
    SpecError
        If the port is taken.
    """
    loaded = load_cell(state.cell)
    quick, slow = Worker("dendmod explore, trials"), Worker("dendmod explore, curves")
    try:
        # compiled and settled while the browser opens
        quick.submit("server", "trial", lambda _: None, state)
        drawing = drawing_of(loaded)
        now = [state]

        def remember(chosen: Exploration) -> None:
            now[0] = chosen

        def fill(document: Document) -> None:
            Page(document, now[0], loaded, drawing, quick, slow, remember)

        logging.getLogger("bokeh").setLevel(logging.ERROR)
        logging.getLogger("tornado").setLevel(logging.ERROR)
        port = port or _free()
        token = secrets.token_urlsafe(16)
        try:
            server = Server(
                {"/": Application(FunctionHandler(fill))},
                address=HOST, port=port, prefix=token,
                allow_websocket_origin=[f"{HOST}:{port}"],
                check_unused_sessions_milliseconds=1000,
                unused_session_lifetime_milliseconds=_FORGET_MS,
            )  # fmt: skip
        except OSError as error:
            raise SpecError(
                f"--port {port}: {error.strerror}. Give another, or leave it out"
            ) from None
        address = f"http://{HOST}:{port}/{token}/"
        say(address)
        if is_opened:
            server.io_loop.add_callback(webbrowser.open, address)
        server.run_until_shutdown()
    finally:
        quick.close()
        slow.close()


def _free() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])
