"""The cell: turned, zoomed, pointed at; a click places what is chosen there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bokeh.events import Tap
from bokeh.layouts import column, row
from bokeh.models import (
    Button,
    ColumnDataSource,
    Div,
    HoverTool,
    RadioButtonGroup,
    Slider,
    TextInput,
    WheelZoomTool,
)

from dendmod.explore import look
from dendmod.explore.compute import ImpedanceResult, place_of
from dendmod.explore.drawing import Drawing, widths
from dendmod.explore.state import Exploration
from dendmod.spec.place import Location

KINDS = ("clusters", "clamps", "recordings")
_CALLED = {"clusters": "synapse cluster", "clamps": "current clamp", "recordings": "recording"}
_REMOVE = "remove"
_NEAR = 40.0  # um; how near to a placed thing a click has to be to remove it
_TIPS = [
    ("section", "@place"), ("distance", "@distance{0.0} µm"), ("diameter", "@diameter{0.00} µm"),
    ("impedance", "@impedance MΩ"),
]  # fmt: skip


class CellPanel:
    """The drawing of the cell, and what is placed on it.

    Parameters
    ----------
    drawing
        Its segments.
    change
        Called with the fields of the exploration that a click changes.
    """

    def __init__(self, drawing: Drawing, change: Callable[..., None]) -> None:
        self.drawing, self._change = drawing, change
        self._state: Exploration | None = None
        n = len(drawing.lines)
        xs, ys = drawing.projected(0.0, 0.0)
        self._lines = ColumnDataSource(
            {
                "xs": xs, "ys": ys, "place": list(drawing.place), "distance": drawing.distance,
                "diameter": drawing.diameter, "impedance": ["…"] * n,
                "width": widths(drawing.diameter),
                "colour": [look.REGION[region] for region in drawing.region],
            }
        )  # fmt: skip
        self._placed = {
            kind: ColumnDataSource({"x": [], "y": [], "place": [], "name": []}) for kind in KINDS
        }
        self.figure = self._figure()
        self._mode = RadioButtonGroup(
            labels=["Cluster", "Clamp", "Recording", "Remove"], active=0,
            stylesheets=[look.WIDGET], css_classes=["mode"], sizing_mode="stretch_width",
        )  # fmt: skip
        self._name = TextInput(
            placeholder="or a place by name, such as apic[36](0.5)", stylesheets=[look.WIDGET],
            css_classes=["place"], sizing_mode="stretch_width",
        )  # fmt: skip
        self._name.on_change("value", self._named)
        self._azimuth = self._slider("Turn", -180, 180)
        self._elevation = self._slider("Tilt", -90, 90)
        flat = Button(label="Flat", width=52, stylesheets=[look.WIDGET], css_classes=["flat"])
        flat.on_click(self._flat)
        self._list = Div(
            stylesheets=[look.WIDGET], css_classes=["placed"], sizing_mode="stretch_width"
        )
        self.layout = column(
            look.heading("A click on the cell places a"),
            self._mode,
            self._name,
            self.figure,
            row(self._azimuth, self._elevation, flat, sizing_mode="stretch_width"),
            self._list,
            width=400,
            stylesheets=[look.CARD],
        )

    def _figure(self) -> Any:
        made = look.plot(
            height=520, width=376, match_aspect=True, tools="pan,wheel_zoom,reset",
            x_axis_label="µm", y_axis_label="µm", css_classes=["cell"],
        )  # fmt: skip
        made.toolbar.active_scroll = made.select_one(WheelZoomTool)
        made.toolbar_location, made.toolbar.logo = "right", None
        lines = made.multi_line(
            "xs", "ys", source=self._lines, line_width="width", line_color="colour",
            line_cap="round", hover_line_color="#CC79A7",
        )  # fmt: skip
        made.add_tools(HoverTool(renderers=[lines], tooltips=_TIPS, line_policy="nearest"))
        made.scatter([0], [0], size=13, fill_color=look.REGION["soma"], line_color="white")
        for kind, source in self._placed.items():
            made.scatter(
                "x", "y", source=source, size=12, marker=look.MARKERS[kind],
                fill_color=look.PLACED[kind], line_color="white", line_width=1.5,
            )  # fmt: skip
        made.on_event(Tap, self._tapped)
        return made

    def _slider(self, title: str, start: float, end: float) -> Slider:
        made = Slider(
            title=title, start=start, end=end, value=0, step=1, format="0°",
            stylesheets=[look.WIDGET], sizing_mode="stretch_width", css_classes=[title.lower()],
        )  # fmt: skip
        made.on_change("value", lambda attr, old, new: self._turn())
        return made

    # -- what the user does ---------------------------------------------------------------------

    @property
    def _view(self) -> tuple[float, float]:
        return float(self._azimuth.value), float(self._elevation.value)

    def _turn(self) -> None:
        xs, ys = self.drawing.projected(*self._view)
        self._lines.data = dict(self._lines.data) | {"xs": xs, "ys": ys}
        self._draw_placed()

    def _flat(self) -> None:
        self._azimuth.value = self._elevation.value = 0

    def _tapped(self, event: Any) -> None:
        if event.x is None or self._state is None:
            return
        if self._mode.active == len(KINDS):
            self._remove(event.x, event.y)
            return
        at = self.drawing.nearest(event.x, event.y, *self._view)
        self._place(self.drawing.place[at])

    def _named(self, attr: str, old: str, new: str) -> None:
        if not new.strip() or self._state is None:
            return
        self._place(new.strip())
        self._name.value = ""

    def _place(self, place: str) -> None:
        state = self._state
        assert state is not None
        kind = KINDS[min(self._mode.active or 0, len(KINDS) - 1)]

        def changed() -> dict[str, Any]:
            place_of(place, state)  # says what is wrong with it, as everywhere
            return {kind: (*getattr(state, kind), _plain(place))}

        self._change(changed)

    def _remove(self, x: float, y: float) -> None:
        found = [
            (np.hypot(px - x, py - y), kind, place)
            for kind, source in self._placed.items()
            for px, py, place in zip(*(source.data[n] for n in ("x", "y", "place")), strict=True)
        ]
        if found and min(found)[0] < _NEAR:
            _, kind, place = min(found)
            kept = tuple(p for p in getattr(self._state, kind) if p != place)
            self._change(lambda: {kind: kept})

    # -- what is shown --------------------------------------------------------------------------

    def show(self, state: Exploration) -> None:
        """Show what is placed, where that is not shown already."""
        placed = [getattr(state, kind) for kind in KINDS]
        is_shown = self._state is not None and placed == [getattr(self._state, k) for k in KINDS]
        self._state = state
        if is_shown:
            return
        self._draw_placed()
        rows = [
            f'<span style="color:{look.PLACED[kind]}">●</span> {_CALLED[kind]} {i} '
            f'<span style="color:{look.FAINT}">{place}</span>'
            for kind in KINDS
            for i, place in enumerate(getattr(state, kind), start=1)
        ]
        nothing = f'<span style="color:{look.FAINT}">Nothing is placed yet.</span>'
        self._list.text = "<br>".join(rows) or nothing

    def show_impedance(self, result: ImpedanceResult) -> None:
        """Show input impedances, which were measured segment by segment."""
        found = dict(
            zip(zip(result.section, result.x.round(6), strict=True), result.z, strict=True)
        )
        keys = zip(self.drawing.section, self.drawing.x.round(6), strict=True)
        self._lines.data["impedance"] = [
            f"{found[key]:.0f}" if key in found else "–" for key in keys
        ]

    def _draw_placed(self) -> None:
        at = self.drawing.middles(*self._view)
        for kind, source in self._placed.items():
            places = [] if self._state is None else list(getattr(self._state, kind))
            where = [self.drawing.index(place) for place in places]
            source.data = {
                "x": [at[i, 0] for i in where], "y": [at[i, 1] for i in where], "place": places,
                "name": [f"{_CALLED[kind]} {k}" for k, _ in enumerate(places, start=1)],
            }  # fmt: skip


def _plain(place: str) -> str:
    """Return a place without spaces, as it is compared with others."""
    found = Location(place)
    return f"{found.section_}({found.x:g})"
