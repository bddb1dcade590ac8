"""A page on the user's own machine to explore a cell: `dendmod explore`.

`state` says what is chosen, `cells` and `stimuli` make a cell and a protocol of it, `compute` runs
them, `worker` does so in a process of its own, `page` and its neighbours show it. The first four
need no page; the rest needs Bokeh: ``pip install 'dendmod[explore]'``.
"""

from __future__ import annotations

from dendmod.explore.save import save
from dendmod.explore.state import DensityFactor, Exploration, begin

__all__ = ["DensityFactor", "Exploration", "begin", "save"]
