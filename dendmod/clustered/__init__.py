"""Clustered spiking networks of Wyrick & Mazzucato 2021."""

from dendmod.clustered.construction import Network, build_network
from dendmod.clustered.simulation import SpikingResult, simulate_lif
from dendmod.clustered.spec import ClusteredNetwork

__all__ = ["ClusteredNetwork", "Network", "SpikingResult", "build_network", "simulate_lif"]
