"""What is chosen, saved as files and shown as Python."""

from __future__ import annotations

from collections.abc import Callable

from bokeh.layouts import column, row
from bokeh.models import Button, Div, TabPanel, Tabs, TextInput

from dendmod.errors import DendmodError
from dendmod.explore import look
from dendmod.explore.panel_plots import escaped
from dendmod.explore.save import CELL, protocol_toml, save
from dendmod.explore.script import script_of
from dendmod.explore.state import Exploration

_FOLDER = "results/explore"


class Files:
    """The texts of what is chosen, and where they are saved.

    Parameters
    ----------
    on_neuron
        Called when the trial is to be run on NEURON.
    say
        Called with a message, and whether it is an error.
    """

    def __init__(self, on_neuron: Callable[[], None], say: Callable[..., None]) -> None:
        self._say = say
        self._state: Exploration | None = None
        self._folder = TextInput(
            title="Folder",
            value=_FOLDER,
            stylesheets=[look.WIDGET],
            css_classes=["folder"],
            width=260,
        )
        press = Button(label="Save", button_type="primary", width=70, margin=(22, 5, 5, 5),
                       stylesheets=[look.WIDGET], css_classes=["save"])  # fmt: skip
        press.on_click(self._save)
        check = Button(label="Check with NEURON", width=150, margin=(22, 5, 5, 5),
                       stylesheets=[look.WIDGET], css_classes=["neuron"])  # fmt: skip
        check.on_click(on_neuron)
        self._said = Div(
            stylesheets=[look.WIDGET], css_classes=["saved"], sizing_mode="stretch_width"
        )
        self._python, self._toml = (_text(name) for name in ("python", "toml"))
        self._tabs = Tabs(
            tabs=[TabPanel(child=self._python, title="Python"),
                  TabPanel(child=self._toml, title="protocol.toml")],
            stylesheets=[look.WIDGET], sizing_mode="stretch_width",
        )  # fmt: skip
        self.layout = column(
            row(self._folder, press, check), self._said, self._tabs,
            stylesheets=[look.CARD], sizing_mode="stretch_width",
        )  # fmt: skip

    def take(self, state: Exploration) -> None:
        """Take what is chosen now, to be saved."""
        self._state = state

    def show(self) -> None:
        """Show the texts of what is chosen."""
        state = self._state
        if state is None:
            return
        try:
            # a cell that is changed is loaded from the folder that is saved
            is_plain = not (state.densities or state.effects or state.celsius is not None)
            texts = script_of(state, state.cell if is_plain else CELL), protocol_toml(state)
        except DendmodError as error:
            texts = (str(error),) * 2
        self._python.text, self._toml.text = map(_pre, texts)

    def say_neuron(self, words: str) -> None:
        """Show what the check came to."""
        self._said.text = escaped(words)

    def _save(self) -> None:
        if self._state is None:
            return
        try:
            file = save(self._state, str(self._folder.value))
        except DendmodError as error:
            self._say(str(error), is_error=True)
            return
        except OSError as error:
            self._say(f"{error}. Give a place that can be read and written", is_error=True)
            return
        self._said.text = f"Saved. Run it: <code>dendmod run {escaped(str(file))}</code>"


def _text(name: str) -> Div:
    return Div(
        css_classes=[name], stylesheets=[look.WIDGET], sizing_mode="stretch_width",
        styles={"max-height": "260px", "overflow": "auto"},
    )  # fmt: skip


def _pre(text: str) -> str:
    style = "font-size:11px;line-height:1.35;margin:6px 0;font-family:'DejaVu Sans Mono',monospace"
    return f'<pre style="{style}">{escaped(text)}</pre>'
