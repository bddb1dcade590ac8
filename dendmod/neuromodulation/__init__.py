"""Modulators, their receptors, what they do to the L5 cell, and what a population makes of it."""

from dendmod.cells.effects import (
    Effect,
    apply,
    apply_to_reduced,
    apply_to_setup,
    apply_to_trains,
)
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
