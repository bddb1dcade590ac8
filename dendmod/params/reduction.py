"""Numbers of the reduction: where channels are linearised, where capacitances are fitted.

Wybo et al. 2021, eLife 10:e60936, fit channels around several holding potentials; which ones is
ours: from below rest, where Ih opens, to the plateau of an NMDA spike. So is the spectrum: from
below the slowest time constant to the rise of an action potential.
"""

from __future__ import annotations

from dendmod.sources import Source

METHOD = Source("Wybo 2021", "Methods, eLife 10:e60936")

HOLDING_POTENTIALS = (-95.0, -75.0, -60.0, -45.0, -30.0, -15.0, 0.0)  # mV
SLOW_TIME_CONSTANTS = 8  # how many of the full cell's are looked at
SPECTRUM_HZ = (1.0, 1000.0)
SPECTRUM_POINTS = 16

TRANSIENT_SHARE = 0.01  # steady over peak opening, below which a channel counts as transient
SMALL_OPENING = 0.01  # how far a transient channel is opened in the fit
LOAD_FACTOR = 2.0  # most that a bounded capacitance has, over its value in the slow limit
