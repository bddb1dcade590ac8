"""Networks of few-compartment cells: what they are, what they are run on, what comes out."""

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
from dendmod.network.spec import (
    Background,
    ContextSynapses,
    FeedforwardSynapses,
    NetworkSpec,
    OutputCell,
    Plasticity,
    Profile,
    Receptors,
)

__all__ = [
    "Arrivals",
    "Background",
    "Burst",
    "ContextSynapses",
    "ExplicitStimulus",
    "FeedforwardSynapses",
    "GeneratedStimulus",
    "NetworkResult",
    "NetworkRun",
    "NetworkSpec",
    "OutputCell",
    "Plasticity",
    "Profile",
    "Receptors",
    "SampleTrains",
    "Samples",
    "Spikes",
    "check_run",
]
