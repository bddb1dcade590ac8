"""Run a protocol: which simulations it needs, and what comes back."""

from dendmod.experiment.plan import Experiment
from dendmod.experiment.provenance import versions
from dendmod.experiment.tables import IOTable, SpikeTable
from dendmod.experiment.together import run_together

__all__ = ["Experiment", "IOTable", "SpikeTable", "run_together", "versions"]
