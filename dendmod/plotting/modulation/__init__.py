"""The five figures of cellular neuromodulation."""

from dendmod.plotting.modulation.apical import draw_apical
from dendmod.plotting.modulation.doses import draw_doses
from dendmod.plotting.modulation.mechanisms import draw_mechanisms
from dendmod.plotting.modulation.populations import draw_populations
from dendmod.plotting.modulation.transition import draw_transition

__all__ = [
    "draw_apical",
    "draw_doses",
    "draw_mechanisms",
    "draw_populations",
    "draw_transition",
]
