"""Frozen, checked specifications: what is simulated, apart from how."""

from dendmod.spec.base import Spec
from dendmod.spec.cell import (
    ApicalExponential,
    ApicalWindow,
    AxonStub,
    Biophysics,
    Cell,
    Distribution,
    MechanismSpec,
    RegionSpec,
)
from dendmod.spec.place import Location
from dendmod.spec.reduced import Compartment, ReducedCell, Role
from dendmod.spec.run import Run
from dendmod.spec.stimulus import (
    CurrentClamp,
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
    "Cell",
    "Compartment",
    "CurrentClamp",
    "Distribution",
    "Location",
    "MechanismSpec",
    "ReducedCell",
    "RegionSpec",
    "Role",
    "Run",
    "Setup",
    "Spec",
    "SpikeTrain",
    "Synapse",
    "VoltageClamp",
]
