"""Sliders and fields: inputs, densities by list of sections, modulators, temperature."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from bokeh.layouts import column, row
from bokeh.models import Button, Checkbox, CustomJSTickFormatter, Select, Slider, Spinner

from dendmod.cells.file import LoadedCell
from dendmod.explore import look
from dendmod.explore.cells import lists_of, scalable
from dendmod.explore.state import DensityFactor, Exploration, offered_modulators

_DOSE = "return Number((10 ** tick).toPrecision(2)) + ' nM'"
_LOG_DOSE = (0.0, 5.0)


class Controls:
    """Everything but the cell that changes what is chosen.

    Parameters
    ----------
    loaded
        The cell.
    state
        What the controls begin with.
    change
        Called with a function that returns the fields that are changed, and may refuse to.
    """

    def __init__(self, loaded: LoadedCell, state: Exploration, change: Callable[..., None]) -> None:
        self._loaded, self._change, self._state = loaded, change, state
        self._quiet = False
        parts = [*self._inputs(state), *self._modulation(state), *self._membrane(state)]
        self.layout = column(*parts, width=304, stylesheets=[look.CARD])

    # -- inputs ---------------------------------------------------------------------------------

    def _inputs(self, state: Exploration) -> list[Any]:
        unit = state.base.feedforward.weight[1]
        kinds = state.receptors
        ratio = kinds["context"].params.get("nmda_ratio")
        high = max(400, 2 * state.feedforward.n)
        parts = [
            look.heading("Inputs"),
            self._burst("Feedforward inputs", "feedforward", high),
            self._burst("Inputs a cluster", "context", 200),
            self._slider("NMDA : AMPA ratio", "ratio", 0, 8, 0.1, ratio or 0.0,
                         lambda x: {"nmda_ratio": x}),
            self._burst("Shunt inputs", "shunt", 150),
            self._slider("Clamp current (nA)", "amp", -1, 3, 0.05, state.step.amp_nA,
                         lambda x: {"step": self._state.step.model_dump() | {"amp_nA": x}}),
        ]  # fmt: skip
        if ratio is None:
            parts[3].disabled = True
        weights = [
            self._number(f"Soma ({unit})", "feedforward", "weight", 0.005),
            self._number("Cluster (nS)", "context", "weight", 0.01),
            self._number("Shunt (nS)", "shunt", "weight", 0.5),
        ]
        background = Checkbox(
            label="Background", active=state.has_background, stylesheets=[look.WIDGET],
            css_classes=["background"], margin=(22, 5, 5, 5),
        )  # fmt: skip
        background.on_change("active", lambda attr, old, new: self._say({"has_background": new}))
        seed = self._field("Seed", state.seed, 1, "seed", lambda x: {"seed": int(x)})
        length = self._field(
            "Duration (ms)", state.tstop_ms, 50, "tstop", lambda x: {"tstop_ms": x}
        )
        self._background, self._seed = background, seed
        return [
            *parts, look.heading("Weights"), row(*weights), look.heading("Run"),
            row(seed, length, background),
        ]  # fmt: skip

    def _burst(self, title: str, name: str, end: float) -> Slider:
        n = getattr(self._state, name).n

        def fields(x: float) -> dict[str, Any]:
            return {name: getattr(self._state, name).model_dump() | {"n": int(x)}}

        return self._slider(title, name, 0, end, 1, n, fields)

    def _number(self, title: str, name: str, what: str, step: float) -> Spinner:
        def fields(x: float) -> dict[str, Any]:
            return {name: getattr(self._state, name).model_dump() | {what: x}}

        return self._field(
            title, getattr(getattr(self._state, name), what), step, f"{name}-{what}", fields
        )

    # -- modulators, temperature, densities -----------------------------------------------------

    def _modulation(self, state: Exploration) -> list[Any]:
        celsius = self._loaded.tables.celsius
        chosen = Select(
            options=list(offered_modulators()), value=state.modulator, stylesheets=[look.WIDGET],
            css_classes=["modulator"], width=120,
        )  # fmt: skip
        chosen.on_change("value", lambda attr, old, new: self._say({"modulator": new}))
        dose = Slider(
            title="Dose", start=_LOG_DOSE[0], end=_LOG_DOSE[1], step=0.1,
            format=CustomJSTickFormatter(code=_DOSE),
            value=math.log10(state.dose_nM) if state.dose_nM else 2.0, width=126,
            stylesheets=[look.WIDGET], css_classes=["dose"],
        )  # fmt: skip
        dose.on_change("value", lambda attr, old, new: self._say({"dose_nM": 10.0**new}))
        if not state.dose_nM:
            self._state = self._state.with_(dose_nM=10.0**dose.value)
        self._chosen, self._dose = chosen, dose
        warm = self._slider("Temperature (°C)", "celsius", 10, 45, 0.5, state.celsius or celsius,
                            lambda x: {"celsius": None if x == celsius else x})  # fmt: skip
        return [look.heading("Modulator and temperature"), row(chosen, dose), warm]

    def _membrane(self, state: Exploration) -> list[Any]:
        names = lists_of(self._loaded)
        self._list = Select(
            options=list(names), value="all", width=120, stylesheets=[look.WIDGET],
            css_classes=["list"],
        )  # fmt: skip
        self._list.on_change("value", lambda attr, old, new: self._show_densities())
        reset = Button(
            label="Reset all", width=90, stylesheets=[look.WIDGET], css_classes=["reset"]
        )
        reset.on_click(self._reset)
        self._box = column(
            sizing_mode="stretch_width", styles={"max-height": "400px", "overflow-y": "auto"}
        )
        self._show_densities()
        return [look.heading("Channel densities, times, on"), row(self._list, reset), self._box]

    def _show_densities(self) -> None:
        where = str(self._list.value)
        known = {(d.list, d.mechanism): d.factor for d in self._state.densities}
        self._box.children = [
            self._density(where, m, known.get((where, m), 1.0))
            for m in scalable(self._loaded, where)
        ] or [look.heading("No channel there is given by the cell's file.")]

    def _density(self, where: str, mechanism: str, value: float) -> Slider:
        def fields(x: float) -> dict[str, Any]:
            others = [
                d for d in self._state.densities if (d.list, d.mechanism) != (where, mechanism)
            ]
            if x != 1:
                others.append(DensityFactor(list=where, mechanism=mechanism, factor=x))
            return {"densities": tuple(others)}

        return self._slider(mechanism, f"density-{mechanism}", 0, 3, 0.05, value, fields)

    def _reset(self) -> None:
        self._say({"densities": ()})
        self._quiet = True
        self._show_densities()
        self._quiet = False

    # -- parts ----------------------------------------------------------------------------------

    def _slider(
        self, title: str, name: str, start: float, end: float, step: float, value: float,
        fields: Callable[[float], dict[str, Any]],
    ) -> Slider:  # fmt: skip
        made = Slider(
            title=title, start=start, end=max(end, value), step=step, value=value,
            stylesheets=[look.WIDGET], css_classes=[name], sizing_mode="stretch_width",
            margin=(2, 8, 2, 8),
        )  # fmt: skip
        made.on_change("value", lambda attr, old, new: self._say(fields(new)))
        return made

    def _field(
        self, title: str, value: float, step: float, name: str,
        fields: Callable[[float], dict[str, Any]],
    ) -> Spinner:  # fmt: skip
        made = Spinner(
            title=title, value=value, step=step, width=80, stylesheets=[look.WIDGET],
            css_classes=[name],
        )  # fmt: skip
        made.on_change(
            "value", lambda attr, old, new: self._say({} if new is None else fields(new))
        )
        return made

    def _say(self, fields: dict[str, Any]) -> None:
        if not self._quiet:
            self._change(lambda: fields)

    @property
    def state(self) -> Exploration:
        """What is chosen, with the dose that the slider shows."""
        return self._state

    def show(self, state: Exploration) -> None:
        """Take what is chosen now."""
        self._state = state
