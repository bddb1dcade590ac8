"""Frozen, checked specifications: what is simulated, apart from how."""

from dendmod.spec.base import Spec
from dendmod.spec.cell import (
    ApicalExponential,
    ApicalWindow,
    AxonCylinder,
    AxonCylinders,
    AxonStub,
    Biophysics,
    BySection,
    Cell,
    Distribution,
    MechanismSpec,
    RegionSpec,
    scale_and_shift,
)
from dendmod.spec.place import Location
from dendmod.spec.reduced import Compartment, ReducedCell, Role
from dendmod.spec.run import Run
from dendmod.spec.section_tables import SectionMembrane, SectionTables
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
    "AxonCylinder",
    "AxonCylinders",
    "AxonStub",
    "Biophysics",
    "BySection",
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
    "SectionMembrane",
    "SectionTables",
    "Setup",
    "Spec",
    "SpikeTrain",
    "Synapse",
    "VoltageClamp",
    "scale_and_shift",
]
