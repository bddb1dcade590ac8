"""Many trials of a full cell at once, on C that is generated from its .mod files."""

from dendmod.engines.kernel.batch.simulator import BatchSimulator

__all__ = ["BatchSimulator"]
