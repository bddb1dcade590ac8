"""Networks of few-compartment cells: what they are, what they are run on, what comes out."""

from dendmod.network.layers import Connections, Population, Projection
from dendmod.network.result import NetworkResult, Spikes
from dendmod.network.run import (
    Arrivals,
    Burst,
    ExplicitStimulus,
    GeneratedStimulus,
    NetworkRun,
    Samples,
    SampleTrains,
    check_run,
)
from dendmod.network.spec import NetworkSpec, OutputCell, Plasticity
from dendmod.network.synapses import (
    Background,
    ContextSynapses,
    FeedforwardSynapses,
    Profile,
    Receptors,
)

__all__ = [
    "Arrivals",
    "Background",
    "Burst",
    "Connections",
    "ContextSynapses",
    "ExplicitStimulus",
    "FeedforwardSynapses",
    "GeneratedStimulus",
    "NetworkResult",
    "NetworkRun",
    "NetworkSpec",
    "OutputCell",
    "Plasticity",
    "Population",
    "Profile",
    "Projection",
    "Receptors",
    "SampleTrains",
    "Samples",
    "Spikes",
    "check_run",
]
