"""Numbers of the reduction: where channels are linearised.

Wybo et al. 2021, eLife 10:e60936, fit channels around several holding potentials; which ones is
ours: from below rest, where Ih opens, to the plateau of an NMDA spike.
"""

from __future__ import annotations

from dendmod.sources import Source

METHOD = Source("Wybo 2021", "Methods, eLife 10:e60936")

HOLDING_POTENTIALS = (-95.0, -75.0, -60.0, -45.0, -30.0, -15.0, 0.0)  # mV
SLOW_TIME_CONSTANTS = 8  # how many of the full cell's the capacitances are fitted to
