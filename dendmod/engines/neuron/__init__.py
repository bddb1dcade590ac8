"""NEURON, the reference engine (with CoreNEURON as its faster solver)."""

from dendmod.engines.neuron.build import BuiltCell, build
from dendmod.engines.neuron.impedance import input_and_transfer_impedance
from dendmod.engines.neuron.rest import SettledState, settled_state
from dendmod.engines.neuron.run import Simulator
from dendmod.engines.neuron.session import Session

__all__ = [
    "BuiltCell",
    "Session",
    "SettledState",
    "Simulator",
    "build",
    "input_and_transfer_impedance",
    "settled_state",
]
