"""The page: what is chosen, what is computed of it, and the panels that show both."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from bokeh.document import Document
from bokeh.events import ConnectionLost
from bokeh.layouts import column, row
from bokeh.models import CustomJS, Div

from dendmod.cells.file import LoadedCell
from dendmod.errors import DendmodError
from dendmod.explore import look
from dendmod.explore.drawing import Drawing
from dendmod.explore.panel_cell import CellPanel
from dendmod.explore.panel_controls import Controls
from dendmod.explore.panel_files import Files
from dendmod.explore.panel_plots import Plots, escaped
from dendmod.explore.state import Exploration
from dendmod.explore.worker import Kind, Update, Worker

_LOST = "document.getElementById('lost').style.display = 'block'"


class Page:
    """One page of one tab.

    Parameters
    ----------
    document
        Bokeh's, which the page fills.
    state
        What is chosen first.
    loaded, drawing
        The cell.
    quick, slow
        Processes for trials, and for all that takes longer.
    remember
        Called with what is chosen, so that a page that is loaded again begins with it.
    """

    def __init__(
        self, document: Document, state: Exploration, loaded: LoadedCell, drawing: Drawing,
        quick: Worker, slow: Worker, remember: Callable[[Exploration], None],
    ) -> None:  # fmt: skip
        self._document, self._remember = document, remember
        self._workers = {"trial": quick}
        self._slow = slow
        self._owner = uuid.uuid4().hex
        self._asked_at = 0.0
        self._last: Any = None
        self._closed = False
        self._cell = CellPanel(drawing, self.change)
        self._controls = Controls(loaded, state, self.change)
        self._state = self._controls.state
        self._plots = Plots(self._start_io, self._stop)
        self._files = Files(self._on_neuron, self._plots.say)
        title = loaded.fields.title or loaded.fields.name
        left = column(self._cell.layout, width=400)
        right = column(
            self._plots.layout, self._files.layout, spacing=10, sizing_mode="stretch_width"
        )
        document.add_root(
            column(
                Div(text=_title(loaded.fields.name, title), stylesheets=[look.WIDGET]),
                row(left, self._controls.layout, right, spacing=10, sizing_mode="stretch_width"),
                sizing_mode="stretch_width",
                margin=(8, 14, 14, 14),
                css_classes=["page"],
            )
        )
        document.template, document.title = look.TEMPLATE, "dendmod explore"
        document.js_on_event(ConnectionLost, CustomJS(code=_LOST))
        document.on_session_destroyed(lambda _: self._close())
        self._refresh()
        self._ask("impedance")

    def change(self, fields: Callable[[], dict[str, Any]]) -> None:
        """Change what is chosen, or say why it cannot be."""
        try:
            self._state = self._state.with_(**fields())
        except DendmodError as error:
            self._plots.say(str(error), is_error=True)
            return
        self._refresh()

    def _refresh(self) -> None:
        self._remember(self._state)
        self._cell.show(self._state)
        self._controls.show(self._state)
        self._asked_at = time.perf_counter()
        self._plots.age_io()
        self._ask("trial")
        self._files.take(self._state)

    # -- computations ---------------------------------------------------------------------------

    def _ask(self, kind: Kind, *args: Any) -> None:
        state = self._state

        def listen(update: Update) -> None:  # in a thread of the worker
            if not self._closed:
                self._document.add_next_tick_callback(lambda: self._take(kind, state, update))

        self._workers.get(kind, self._slow).submit(self._owner, kind, listen, state, *args)

    def _take(self, kind: Kind, state: Exploration, update: Update) -> None:
        if update.what == "progress":
            if kind == "io":
                self._plots.progress("IO curve", update.value)
            return
        if kind == "io":
            self._plots.progress("IO curve", None)
        if update.what == "failed":
            self._plots.say(update.value, is_error=True)
            self._files.show()
        elif update.what == "stopped" and kind == "io":
            self._plots.clear_io("Stopped.")
        elif update.what == "done":
            self._show(kind, state, update.value)

    def _show(self, kind: Kind, state: Exploration, result: Any) -> None:
        if kind == "trial":
            self._last = result
            self._plots.show_trial(result, state, time.perf_counter() - self._asked_at)
            if state == self._state:  # what takes longer waits until sliders rest
                self._files.show()
                self._ask("conductance")
                if self._plots.follows.active:
                    self._start_io()
        elif kind == "conductance":
            self._plots.show_conductance(result, state)
        elif kind == "io":
            self._plots.show_io(result)
        elif kind == "impedance":
            self._cell.show_impedance(result)
        elif kind == "neuron":
            kernel = self._last.count if self._last is not None else "?"
            self._files.say_neuron(
                f"NEURON: {result.count} spikes in {result.seconds:.1f} s; here: {kernel}."
            )

    def _start_io(self) -> None:
        most, trials = self._plots.most.value, self._plots.trials.value
        self._ask("io", int(most or 0), int(trials or 0))

    def _on_neuron(self) -> None:
        self._files.say_neuron("NEURON runs the same trial …")
        self._ask("neuron")

    def _stop(self) -> None:
        self._slow.stop(self._owner)

    def _close(self) -> None:
        self._closed = True
        for worker in (*self._workers.values(), self._slow):
            worker.stop(self._owner)


def _title(name: str, title: str) -> str:
    return (
        f'<span style="font-size:17px;font-weight:700">dendmod explore</span> '
        f'<span style="font-size:13px;color:{look.FAINT};margin-left:8px">{escaped(name)}: '
        f"{escaped(title)}</span>"
    )
