"""Reduce a cell to few compartments that keep its responses at given sites."""

from dendmod.reduction.files import read_reduced, write_reduced
from dendmod.reduction.fit import reduce

__all__ = ["read_reduced", "reduce", "write_reduced"]
