"""Reduce a cell to few compartments that keep its responses at given sites."""

from dendmod.cells.reduced import read_reduced, write_reduced
from dendmod.reduction.fit import reduce
from dendmod.reduction.places import apical_places
from dendmod.reduction.whole import whole

__all__ = ["apical_places", "read_reduced", "reduce", "whole", "write_reduced"]
