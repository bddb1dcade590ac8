"""Protocol files: an experiment as data, checked, and what its trials are made of."""

from dendmod.protocol.grid import ProtocolGrid, load_grid
from dendmod.protocol.model import Arm, DendriticNmda, Protocol, Readings, SomaticShunt, Variant
from dendmod.protocol.read import find_protocol, load_protocol, load_readings, load_variants
from dendmod.protocol.trial import setup_for, trains_for

__all__ = [
    "Arm",
    "DendriticNmda",
    "Protocol",
    "ProtocolGrid",
    "Readings",
    "SomaticShunt",
    "Variant",
    "find_protocol",
    "load_grid",
    "load_protocol",
    "load_readings",
    "load_variants",
    "setup_for",
    "trains_for",
]
