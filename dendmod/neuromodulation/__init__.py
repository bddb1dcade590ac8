"""Turn a knob on the L5 cell, measure what it does, and carry it into a population."""

from dendmod.neuromodulation.effects import Effect, apply, apply_to_setup, apply_to_trains
from dendmod.neuromodulation.modulators import Action, Modulator
from dendmod.neuromodulation.presets import (
    channel,
    mechanism,
    mechanisms,
    modulator,
    modulators,
    receptor,
    receptor_ratio,
    source,
)
from dendmod.neuromodulation.receptors import Receptor
from dendmod.neuromodulation.reduced import apply_to_reduced

__all__ = [
    "Action",
    "Effect",
    "Modulator",
    "Receptor",
    "apply",
    "apply_to_reduced",
    "apply_to_setup",
    "apply_to_trains",
    "channel",
    "mechanism",
    "mechanisms",
    "modulator",
    "modulators",
    "receptor",
    "receptor_ratio",
    "source",
]
