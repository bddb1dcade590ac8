"""Run a protocol: which simulations it needs, and what comes back."""

from dendmod.experiment.plan import Experiment, SpikeTable
from dendmod.experiment.provenance import versions

__all__ = ["Experiment", "SpikeTable", "versions"]
