"""Clustered spiking networks of Wyrick & Mazzucato 2021."""

from dendmod.clustered.behaviour import decode_by_state, gain_by_state
from dendmod.clustered.construction import Network, build_network
from dendmod.clustered.decoding import decode, latency_difference, sliding_counts
from dendmod.clustered.gain import fit_transfer, gain_ratio
from dendmod.clustered.meanfield_models import (
    clustered_field,
    homogeneous_field,
    perturbed,
    two_cluster_field,
)
from dendmod.clustered.model_recording import model_recording
from dendmod.clustered.perturbation import Perturbation
from dendmod.clustered.potential import effective_potential
from dendmod.clustered.recording import Recording
from dendmod.clustered.spec import ClusteredNetwork
from dendmod.clustered.stimulus import draw_stimuli
from dendmod.clustered.trials import TrialRunner
from dendmod.engines.lif.simulation import SpikingResult, simulate_lif

__all__ = [
    "ClusteredNetwork",
    "Network",
    "Perturbation",
    "Recording",
    "SpikingResult",
    "TrialRunner",
    "build_network",
    "clustered_field",
    "decode",
    "decode_by_state",
    "draw_stimuli",
    "effective_potential",
    "fit_transfer",
    "gain_by_state",
    "gain_ratio",
    "homogeneous_field",
    "latency_difference",
    "model_recording",
    "perturbed",
    "simulate_lif",
    "sliding_counts",
    "two_cluster_field",
]
