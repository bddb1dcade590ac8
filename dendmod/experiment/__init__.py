"""Run a protocol: which simulations it needs, and what comes back."""

from dendmod.experiment.plan import Experiment
from dendmod.experiment.provenance import versions
from dendmod.experiment.tables import IOTable, SpikeTable

__all__ = ["Experiment", "IOTable", "SpikeTable", "versions"]
