"""(axes, arrays) -> artists, and one style."""

from dendmod.plotting.cell import draw_cell
from dendmod.plotting.style import COLOURS, panel_letter, save, style

__all__ = ["COLOURS", "draw_cell", "panel_letter", "save", "style"]
