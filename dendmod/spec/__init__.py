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
from dendmod.spec.currents import Chirp, Current, OrnsteinUhlenbeck, Ramp, Sine, Waveform
from dendmod.spec.frozen import FrozenCell, FrozenSection
from dendmod.spec.place import Location
from dendmod.spec.receptor import Receptor
from dendmod.spec.reduced import Compartment, ReducedCell, Role
from dendmod.spec.run import Run
from dendmod.spec.section_tables import SectionMembrane, SectionTables
from dendmod.spec.stimulus import (
    ClampLevel,
    CurrentClamp,
    Recording,
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
    "Chirp",
    "ClampLevel",
    "Compartment",
    "Current",
    "CurrentClamp",
    "Distribution",
    "FrozenCell",
    "FrozenSection",
    "Location",
    "MechanismSpec",
    "OrnsteinUhlenbeck",
    "Ramp",
    "Receptor",
    "Recording",
    "ReducedCell",
    "RegionSpec",
    "Role",
    "Run",
    "SectionMembrane",
    "SectionTables",
    "Setup",
    "Sine",
    "Spec",
    "SpikeTrain",
    "Synapse",
    "VoltageClamp",
    "Waveform",
    "scale_and_shift",
]
