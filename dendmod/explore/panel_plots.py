"""What comes out: traces, spike count, effective conductance, IO curve and its fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bokeh.layouts import column, row
from bokeh.models import Button, Checkbox, ColumnDataSource, Div, Legend, Span, Spinner

from dendmod.errors import SpecError
from dendmod.explore import look
from dendmod.explore.compute import PARTS, ConductanceResult, IOResult, TrialResult
from dendmod.explore.state import Exploration
from dendmod.protocol.conductance import subtract_baseline

_MODELS = {"gain": "gain", "bias": "bias", "gain_xshift": "gain, shared x-shift"}
_MOST_INPUTS, _TRIALS = 320, 6


class Plots:
    """The plots on the right.

    Parameters
    ----------
    start_io
        Called when an IO curve is asked for.
    stop
        Called when computations are to be given up.
    """

    def __init__(self, start_io: Callable[[], None], stop: Callable[[], None]) -> None:
        self._shown = 0  # trials
        self._traces = ColumnDataSource({"xs": [], "ys": [], "name": [], "colour": []})
        self._g = ColumnDataSource({"t": [], "g": []})
        self._points = ColumnDataSource({"xs": [], "ys": [], "colour": [], "name": []})
        self._fit = ColumnDataSource({"xs": [], "ys": [], "colour": []})
        self._count = Div(css_classes=["count"], stylesheets=[look.WIDGET], width=330)
        self._status = Div(
            css_classes=["status"], stylesheets=[look.WIDGET], sizing_mode="stretch_width"
        )
        self._table = Div(
            css_classes=["fits"], stylesheets=[look.WIDGET], sizing_mode="stretch_width"
        )
        self.follows = Checkbox(
            label="IO curve follows", active=True, stylesheets=[look.WIDGET], 
            css_classes=["follows"],
            margin=(24, 5, 5, 5),
        )  # fmt: skip
        self.most = Spinner(title="Up to inputs", value=_MOST_INPUTS, step=20, width=84,
                            stylesheets=[look.WIDGET], css_classes=["most"])  # fmt: skip
        self.trials = Spinner(title="Trials", value=_TRIALS, step=1, width=64,
                              stylesheets=[look.WIDGET], css_classes=["trials"])  # fmt: skip
        self._ask = Button(label="IO curve", button_type="primary", width=86, margin=(22, 5, 5, 5),
                           stylesheets=[look.WIDGET], css_classes=["io"])  # fmt: skip
        self._ask.on_click(start_io)
        self._stop = Button(label="Stop", width=60, disabled=True, margin=(22, 5, 5, 5),
                            stylesheets=[look.WIDGET], css_classes=["stop"])  # fmt: skip
        self._stop.on_click(stop)
        self.layout = column(
            column(
                row(self._count, self._status, sizing_mode="stretch_width"),
                self._trace_figure(), self._conductance_figure(),
                stylesheets=[look.CARD], sizing_mode="stretch_width",
            ),
            column(
                row(self._ask, self._stop, self.most, self.trials, self.follows),
                self._io_figure(), self._table,
                stylesheets=[look.CARD], sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
            spacing=10,
        )  # fmt: skip

    def _trace_figure(self) -> Any:
        made = look.plot(height=250, sizing_mode="stretch_width", y_axis_label="mV",
                         title="Potentials", tools="xpan,xwheel_zoom,reset",
                         css_classes=["traces"])  # fmt: skip
        self._time = made.x_range
        made.multi_line("xs", "ys", source=self._traces, line_color="colour", line_width=1.6,
                        legend_field="name")  # fmt: skip
        _place(made.legend[0])
        self._trace_plot = made
        return made

    def _conductance_figure(self) -> Any:
        made = look.plot(height=150, sizing_mode="stretch_width", y_axis_label="nS",
                         x_axis_label="time (ms)", x_range=self._time,
                         title="Effective conductance of the synapses at the soma, above baseline",
                         tools="xpan,xwheel_zoom,reset")  # fmt: skip
        made.line("t", "g", source=self._g, line_color=look.PLACED["clamps"], line_width=1.6)
        made.add_layout(Span(location=0, dimension="width", line_color=look.LINE))
        return made

    def _io_figure(self) -> Any:
        made = look.plot(height=230, sizing_mode="stretch_width", y_axis_label="spikes a trial",
                         x_axis_label="feedforward inputs", css_classes=["iocurve"],
                         title="IO curve at no, half and all of the clusters' inputs and shunt",
                         tools="pan,wheel_zoom,reset")  # fmt: skip
        made.y_range.start = -0.1
        made.multi_line("xs", "ys", source=self._points, line_color="colour", line_width=2,
                        legend_field="name")  # fmt: skip
        made.multi_line("xs", "ys", source=self._fit, line_color="colour", line_dash="dashed",
                        line_width=1.2)  # fmt: skip
        _place(made.legend[0], "bottom_right")
        return made

    # -- what is shown --------------------------------------------------------------------------

    def show_trial(self, result: TrialResult, state: Exploration, latency: float) -> None:
        """Show a trial of what was chosen, and how long (s) the answer took."""
        names = list(result.v)
        self._traces.data = {
            "xs": [result.t] * len(names),
            "ys": [result.v[name] for name in names],
            "name": names,
            "colour": [look.TRACES[i % len(look.TRACES)] for i in range(len(names))],
        }
        self._shown += 1
        plural = "" if result.count == 1 else "s"
        self._count.text = (
            f'<span data-trial="{self._shown}" data-inputs="{state.feedforward.n}" '
            f'style="font-size:30px;font-weight:700">{result.count}</span> '
            f'<span style="font-size:14px">spike{plural} of the soma</span>'
        )
        took = f"{1000 * latency:.0f} ms" if latency < 1 else f"{latency:.1f} s"
        words = f"{result.engine}, {took}"
        self.say(result.note or words)

    def show_conductance(self, result: ConductanceResult, state: Exploration) -> None:
        """Show the effective conductance above its mean before the bursts."""
        bursts = (state.context, state.shunt)
        start = min(b.center_ms - 3 * b.sd_ms for b in bursts)
        try:
            g = subtract_baseline(result.g, result.t, (0.0, max(start, 10.0)))
        except SpecError:
            g = result.g
        self._g.data = {"t": result.t, "g": g}

    def age_io(self) -> None:
        """Show that the curves are of an earlier choice."""
        self._table.styles = {"opacity": "0.4"}

    def show_io(self, result: IOResult) -> None:
        """Show IO curves and fits."""
        self._table.styles = {"opacity": "1"}
        colours = list(look.LEVELS[: len(result.levels)])
        self._points.data = {
            "xs": [result.n.astype(float)] * len(colours),
            "ys": list(result.mean),
            "colour": colours,
            "name": [f"{level:.0%}" for level in result.levels],
        }
        self._fit.data = self._fit_lines(result, colours)
        rows = [_fit_row(_MODELS[model], fit) for model, fit in result.fits.items()]
        head = "".join(
            f'<th style="{_CELL}">{x}</th>'
            for x in ("model", "gain at 0, ½, 1 (spikes an input)", "bias", "x-shift", "residual")
        )
        body = f"<tr>{head}</tr>{''.join(rows)}" if rows else ""
        note = f'<div style="color:{look.FAINT}">{result.note}</div>' if result.note else ""
        words = f"{result.seconds:.1f} s, {len(result.n)} numbers of inputs"
        said = f'<div style="color:{look.FAINT}">{words}</div>'
        self._table.text = f'<table style="border-collapse:collapse">{body}</table>{note}{said}'

    @staticmethod
    def _fit_lines(result: IOResult, colours: list[str]) -> dict[str, Any]:
        fit = result.fits.get("gain_xshift")
        if fit is None:
            return {"xs": [], "ys": [], "colour": []}
        model, n = fit.io_model(), result.n.astype(float)
        x = np.linspace(n[0], n[-1], 200)
        kept = [
            (level, c) for level, c in zip(PARTS, colours, strict=True) if level in model.levels
        ]
        highest = max(2.0, float(np.nanmax(result.mean)))
        ys = [np.where(model(level)(x) > highest, np.nan, model(level)(x)) for level, _ in kept]
        return {"xs": [x] * len(kept), "ys": ys, "colour": [c for _, c in kept]}

    def say(self, words: str, *, is_error: bool = False) -> None:
        """Show one message."""
        colour = "#a61b1b" if is_error else look.FAINT
        role = ' role="alert"' if is_error else ""
        self._status.text = (
            f'<div{role} style="color:{colour};padding-top:6px">{escaped(words)}</div>'
        )

    def progress(self, what: str, part: float | None) -> None:
        """Show how much of a computation is done; None ends it."""
        self._stop.disabled = part is None
        if part is not None:
            bar = (
                f"background:linear-gradient(90deg,{look.LEVELS[1]} {part:.0%},#e8edf2 {part:.0%})"
            )
            self._table.text = (
                f'<div style="height:6px;margin:8px 0 4px;width:260px;{bar}"></div>'
                f"{what}: {part:.0%}"
            )

    def clear_io(self, words: str) -> None:
        """Show words in place of fits."""
        self._table.text = f'<div style="color:{look.FAINT}">{escaped(words)}</div>'


_CELL = "text-align:left;padding:1px 14px 1px 0;font-weight:500"


def _fit_row(name: str, fit: Any) -> str:
    def numbers(value: Any) -> str:
        return ", ".join(f"{x:.3g}" for x in np.atleast_1d(value))

    shift = f"{fit.x_shift:.0f}" if fit.model == "gain_xshift" else "–"
    cells = (name, numbers(fit.gain), numbers(fit.bias), shift, f"{fit.residual:.2g}")
    return "<tr>" + "".join(f'<td style="{_CELL}">{x}</td>' for x in cells) + "</tr>"


def _place(legend: Legend, where: str = "top_right") -> None:
    legend.location, legend.border_line_color = where, None
    legend.background_fill_alpha, legend.label_text_font_size = 0.7, "10px"
    legend.padding = legend.spacing = legend.margin = 0
    legend.glyph_height, legend.label_height = 11, 11


def escaped(words: str) -> str:
    """Return words as HTML shows them."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
