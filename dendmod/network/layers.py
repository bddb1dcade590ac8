"""Further layers of a network: populations of cells, and projections between layers."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, model_validator

from dendmod.mechanisms.compartments import check_mechanisms, check_pools
from dendmod.network.arrays import ArraySpec, Reals
from dendmod.network.synapses import Background, check_background
from dendmod.params import wybo2022
from dendmod.rng import stream
from dendmod.spec.base import Spec
from dendmod.spec.reduced import ReducedCell

Receptor = Literal["current", "ampa", "ampa_nmda", "gaba"]
INPUTS, HIDDEN, OUTPUT = "inputs", "hidden", "output"  # names that every network has


class Population(Spec):
    """Cells besides the hidden layer: a further layer, interneurons.

    Parameters
    ----------
    name
        By which projections and results know it.
    n
        Number of cells.
    cells
        One cell for all, or one each; they share tree and mechanisms.
    background
        Poisson inputs, or None.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    n: int = Field(ge=1, lt=2**16)
    cells: tuple[ReducedCell, ...] = Field(min_length=1)
    background: Background | None = None

    @model_validator(mode="after")
    def _cells_suit(self) -> Population:
        if self.name in (INPUTS, HIDDEN, OUTPUT):
            raise ValueError(
                f"a population is named {self.name!r}, as a part that every network has; choose "
                "another name"
            )
        if len(self.cells) not in (1, self.n):
            raise ValueError(f"{self.name}: {len(self.cells)} cells for n = {self.n}; give 1 or n")
        if len({len(c.compartments) for c in self.cells}) != 1:
            raise ValueError(f"{self.name}: cells must have the same number of compartments")
        for cell in self.cells:
            check_mechanisms(cell)
            check_pools(cell)
        check_background(self.background, len(self.cells[0].compartments))
        return self


class Connections(Spec):
    """A rule in place of weights: each pair of cells is joined with a probability.

    Parameters
    ----------
    weight
        Of every synapse, in the unit of the projection's weights.
    probability
        Of a synapse; pairs are drawn independently.
    to_itself
        Whether a cell may be joined to itself.
    seed
        Of the draw, keyed by source, target, receptor and compartment too.
    """

    weight: float
    probability: float = Field(default=1.0, gt=0, le=1)
    to_itself: bool = False
    seed: int = Field(default=0, ge=0, lt=2**63)


class Projection(ArraySpec):
    """Synapses from the cells of one layer to those of another, or of the same.

    Parameters
    ----------
    source, target
        "hidden", "output" or the name of a population; a source may be "inputs", too.
    receptor
        "current" at the soma, with the profile of the feedforward synapses, or the conductance
        "ampa", "ampa_nmda" or "gaba" with the kinetics of the network's receptors.
    compartment
        Of the target cells, where the receptors are.
    weights
        Extremum of the current of a spike (nA, positive depolarises) or of the conductance (uS,
        that of AMPA), shape (source cells, target cells).
    connections
        A rule in place of weights.
    nmda_ratio
        Maximum of the NMDA profile over that of AMPA.
    delay
        From a spike to the start of the current or conductance (ms): rounded to steps as times of
        spikes are, and at least one.
    """

    source: str
    target: str
    receptor: Receptor
    compartment: NonNegativeInt = 0
    weights: Reals | None = None
    connections: Connections | None = None
    nmda_ratio: NonNegativeFloat = wybo2022.NMDA_RATIO
    delay: PositiveFloat = 1.0

    @property
    def name(self) -> str:
        """What it is called in errors."""
        return f"projection from {self.source} to {self.target}"

    @model_validator(mode="after")
    def _weights_suit(self) -> Projection:
        if (self.weights is None) == (self.connections is None):
            raise ValueError(f"{self.name}: give either weights or connections")
        if self.receptor == "current" and self.compartment:
            raise ValueError(
                f"{self.name}: currents reach the soma, not compartment {self.compartment}; give "
                "compartment 0 or another receptor"
            )
        if self.weights is not None and (self.weights.ndim != 2 or not self.weights.size):
            raise ValueError(
                f"{self.name}: weights have shape {self.weights.shape}; give (source cells, "
                "target cells)"
            )
        given = self.weights if self.connections is None else self.connections.weight
        least = float(np.min(given)) if given is not None else 0.0
        if self.receptor != "current" and least < 0:
            raise ValueError(
                f"{self.name}: weights go down to {least} uS; conductances are not below 0. "
                "What inhibits is receptor='gaba'"
            )
        return self

    def matrix(self, n_source: int, n_target: int) -> Reals:
        """Return the weights, those of a rule drawn, shape (source cells, target cells)."""
        if self.weights is not None:
            return self.weights
        rule = self.connections
        assert rule is not None
        key = ("projection", self.source, self.target, self.receptor, self.compartment)
        joined = stream(rule.seed, *key).random((n_source, n_target)) < rule.probability
        if self.source == self.target and not rule.to_itself:
            np.fill_diagonal(joined, False)
        return np.where(joined, rule.weight, 0.0)
