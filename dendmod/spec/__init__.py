"""Frozen, checked specifications: what is simulated, apart from how."""

from dendmod.spec.base import Spec
from dendmod.spec.cell import (
    ApicalExponential,
    ApicalWindow,
    AxonStub,
    Biophysics,
    BySection,
    Cell,
    Distribution,
    MechanismSpec,
    RegionSpec,
    scale_and_shift,
)
from dendmod.spec.run import Run
from dendmod.spec.stimulus import (
    CurrentClamp,
    Location,
    Setup,
    SpikeTrain,
    Synapse,
    VoltageClamp,
)

__all__ = [
    "ApicalExponential",
    "ApicalWindow",
    "AxonStub",
    "Biophysics",
    "BySection",
    "Cell",
    "CurrentClamp",
    "Distribution",
    "Location",
    "MechanismSpec",
    "RegionSpec",
    "Run",
    "Setup",
    "Spec",
    "SpikeTrain",
    "Synapse",
    "VoltageClamp",
    "scale_and_shift",
]
