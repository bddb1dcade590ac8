"""How the page looks: colours, and styles of its parts."""

from __future__ import annotations

from typing import Any

from bokeh.models import Div
from bokeh.plotting import figure

from dendmod.plotting.style import COLOURS

INK, FAINT, LINE, PAPER = "#1f2933", "#6b7785", "#dde3ea", "#ffffff"
REGION = {kind: COLOURS[kind] for kind in ("soma", "basal", "apical", "axon")}
PLACED = {"clusters": "#E69F00", "clamps": COLOURS["shunt"],
          "recordings": COLOURS["feedforward"]}  # fmt: skip
MARKERS = {"clusters": "circle", "clamps": "triangle", "recordings": "diamond"}
TRACES = ("#333333", "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8a6d3b")
LEVELS = ("#9aa5b1", "#56B4E9", "#0072B2")

_FONT = "font-family: system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif;"
WIDGET = f"""
    :host {{ {_FONT} font-size: 12px; color: {INK}; }}
    label, .bk-slider-title {{ font-size: 12px; color: {INK}; }}
    .bk-slider-value {{ font-weight: 600; }}
    .noUi-target {{ background: #e8edf2; border: 0; box-shadow: none; border-radius: 3px; }}
    .noUi-horizontal {{ height: 5px; }}
    .noUi-connect {{ background: {COLOURS["nmda"]}; }}
    .noUi-horizontal .noUi-handle {{
      width: 14px; height: 14px; right: -7px; top: -5px; border-radius: 50%;
      background: white; border: 2px solid {COLOURS["nmda"]}; box-shadow: none;
    }}
    .noUi-handle:before, .noUi-handle:after {{ display: none; }}
    .noUi-handle:focus-visible {{ outline: 2px solid {COLOURS["feedforward"]}; }}
    .bk-btn {{ font-size: 12px; padding: 4px 10px; border-radius: 6px; }}
    .bk-btn-default.bk-active {{ background: {COLOURS["nmda"]}; color: white; }}
    .bk-btn-primary {{ background: {COLOURS["nmda"]}; border-color: {COLOURS["nmda"]}; }}
    .bk-input {{ font-size: 12px; min-height: 26px; height: 28px; padding: 2px 6px; }}
    textarea.bk-input {{ height: 100%; font-family: monospace; font-size: 11px; }}
    """
CARD = f"""
    :host {{
      background: {PAPER}; border: 1px solid {LINE}; border-radius: 10px; padding: 10px 12px;
      box-sizing: border-box;
    }}
    """
TEMPLATE = f"""
{{% block title %}}dendmod explore{{% endblock %}}
{{% block preamble %}}
<style>
  html, body {{ margin: 0; background: #f3f6f9; color: {INK}; {_FONT} }}
  #lost {{
    display: none; position: fixed; inset: 0 0 auto 0; z-index: 99; padding: 12px 20px;
    background: #7a1f1f; color: white; font-size: 14px;
  }}
</style>
{{% endblock %}}
{{% block contents %}}
<div id="lost" role="alert">The server was stopped: nothing is computed any more. Start
  <code>dendmod explore</code> again and open the address that it prints.</div>
{{{{ super() }}}}
{{% endblock %}}
"""
"""Of the page; `lost` is shown when the connection to the server ends."""


def heading(text: str) -> Div:
    """Return the heading of a group of controls."""
    style = f"font-weight:650; font-size:12.5px; color:{INK}; margin:4px 0 0"
    return Div(text=f'<div style="{style}">{text}</div>', margin=(4, 0, 0, 0), stylesheets=[WIDGET])


def plot(**options: Any) -> Any:
    """Return a figure in the look of the page."""
    made = figure(toolbar_location=None, outline_line_color=None, **options)
    made.background_fill_color = made.border_fill_color = PAPER
    made.grid.grid_line_color = "#eef2f6"
    for axis in made.axis:
        axis.axis_line_color = axis.major_tick_line_color = "#b8c2cc"
        axis.minor_tick_line_color = None
        axis.major_label_text_color = axis.axis_label_text_color = FAINT
        axis.major_label_text_font_size = axis.axis_label_text_font_size = "11px"
        axis.axis_label_text_font_style = "normal"
    made.title.text_font_size, made.title.text_color = "12.5px", INK
    return made
