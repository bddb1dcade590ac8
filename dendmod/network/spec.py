"""The specification of a network: hidden cells, further layers, an output cell, plasticity."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from dendmod.errors import did_you_mean
from dendmod.mechanisms.compartments import check_mechanisms, check_pools
from dendmod.network.arrays import ArraySpec, Reals
from dendmod.network.layers import HIDDEN, INPUTS, OUTPUT, Population, Projection
from dendmod.network.synapses import (
    Background,
    ContextSynapses,
    FeedforwardSynapses,
    Receptors,
    check_background,
)
from dendmod.params import wybo2022
from dendmod.spec.base import Spec
from dendmod.spec.reduced import ReducedCell


class OutputCell(ArraySpec):
    """The cell that reads the hidden ones.

    Parameters
    ----------
    weights
        Extremum of the current that one hidden spike evokes at its soma (nA), shape
        (hidden cells,).
    delay
        From a hidden spike to the start of that current (ms).
    """

    cell: ReducedCell
    weights: Reals
    delay: PositiveFloat = 1.0
    background: Background | None = None

    @model_validator(mode="after")
    def _mechanisms_are_known(self) -> OutputCell:
        check_mechanisms(self.cell)
        check_pools(self.cell)
        check_background(self.background, len(self.cell.compartments))
        return self


class Plasticity(Spec):
    """How the weights of the active context learn (Wybo et al. 2022, Eqs 22-23, Table 3).

    The error pulse ``error_scale * (generated - expected)`` arrives at the end of a window that
    the first feedforward spike of a sample opens; a sample without one opens it at
    `nominal_onset`. A window that would outlast the sample closes with it.

    Parameters
    ----------
    eta
        Learning rates below, between and above the thresholds `theta` of the filtered dendritic
        potential (uS/ms).
    error_scale
        Amplitude of the error pulse for one output spike too many; a negative one makes expected
        spikes likelier.
    w_min, w_max
        Bounds of the weights (uS).
    """

    tau_dend: PositiveFloat = wybo2022.TAU_DEND
    tau_pre: PositiveFloat = wybo2022.TAU_PRE
    tau_post: PositiveFloat = wybo2022.TAU_POST
    tau_eps: PositiveFloat = wybo2022.TAU_EPS
    eta: tuple[NonNegativeFloat, NonNegativeFloat, NonNegativeFloat] = wybo2022.ETA
    theta: tuple[float, float] = wybo2022.THETA
    c_pre: NonNegativeFloat = wybo2022.C_PRE
    c_post: NonNegativeFloat = wybo2022.C_POST
    error_scale: float = -1.0
    window: PositiveFloat = wybo2022.REWARD_WINDOW
    nominal_onset: NonNegativeFloat = 25.0
    w_min: NonNegativeFloat = wybo2022.CONTEXT_WEIGHT_RANGE[0]
    w_max: PositiveFloat = wybo2022.CONTEXT_WEIGHT_RANGE[1]

    @model_validator(mode="after")
    def _ordered(self) -> Plasticity:
        if not self.theta[0] < self.theta[1]:
            raise ValueError(f"theta {self.theta} mV must rise")
        if not self.w_min < self.w_max:
            raise ValueError(f"w_min {self.w_min} uS must lie below w_max {self.w_max} uS")
        return self


@dataclass(frozen=True)
class Layer:
    """The cells of a layer as engines number them.

    Parameters
    ----------
    first
        Number of its first cell among all cells of the network.
    cells
        One each.
    """

    name: str
    first: int
    cells: tuple[ReducedCell, ...]
    background: Background | None

    @property
    def n_compartments(self) -> int:
        """Number of compartments of each cell."""
        return len(self.cells[0].compartments)


class NetworkSpec(ArraySpec):
    """A network of a hidden layer, further populations if any, and one output cell.

    Parameters
    ----------
    hidden
        One cell for all hidden neurons, or one each; they share tree and mechanisms and may differ
        in all numbers.
    feedforward, context, background
        Inputs of the hidden cells; None leaves them out.
    output
        The output cell, or None.
    plasticity
        None freezes the weights.
    threshold
        Somatic potential whose upward crossing is a spike (mV).
    populations, projections
        Further layers, and what joins layers beside the feedforward inputs and the output's.
    """

    hidden: tuple[ReducedCell, ...] = Field(min_length=1)
    feedforward: FeedforwardSynapses
    context: ContextSynapses | None = None
    background: Background | None = None
    output: OutputCell | None = None
    receptors: Receptors = Receptors()
    plasticity: Plasticity | None = None
    threshold: float = 0.0
    populations: tuple[Population, ...] = ()
    projections: tuple[Projection, ...] = ()

    @property
    def n_inputs(self) -> int:
        """Number of feedforward inputs."""
        return int(self.feedforward.weights.shape[0])

    @property
    def n_hidden(self) -> int:
        """Number of hidden cells."""
        return int(self.feedforward.weights.shape[1])

    @property
    def n_compartments(self) -> int:
        """Number of compartments of a hidden cell."""
        return len(self.hidden[0].compartments)

    def hidden_cell(self, neuron: int) -> ReducedCell:
        """Return the cell of one hidden neuron."""
        return self.hidden[neuron if len(self.hidden) > 1 else 0]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in the order of their cells' numbers: hidden, output, populations."""
        hidden = tuple(self.hidden_cell(i) for i in range(self.n_hidden))
        out = [Layer(HIDDEN, 0, hidden, self.background)]
        if self.output is not None:
            out.append(Layer(OUTPUT, len(hidden), (self.output.cell,), self.output.background))
        for population in self.populations:
            first = out[-1].first + len(out[-1].cells)
            cells = population.cells * (population.n if len(population.cells) == 1 else 1)
            out.append(Layer(population.name, first, cells, population.background))
        return tuple(out)

    def matrix(self, projection: Projection) -> Reals:
        """Return the weights of a projection, shape (source cells, target cells)."""
        n = {layer.name: len(layer.cells) for layer in self.layers} | {INPUTS: self.n_inputs}
        return projection.matrix(n[projection.source], n[projection.target])

    @model_validator(mode="after")
    def _mechanisms_are_known(self) -> NetworkSpec:
        for cell in self.hidden:
            check_mechanisms(cell)
            check_pools(cell)
        return self

    @model_validator(mode="after")
    def _sizes_agree(self) -> NetworkSpec:
        n = self.n_hidden
        if len(self.hidden) not in (1, n):
            raise ValueError(
                f"{len(self.hidden)} hidden cells are given for {n} columns of weights"
            )
        if any(len(c.compartments) != self.n_compartments for c in self.hidden):
            raise ValueError("hidden cells must have the same number of compartments")
        if self.context is not None:
            if self.context.weights.shape[1] != n:
                raise ValueError(
                    f"context weights are for {self.context.weights.shape[1]} hidden cells, there "
                    f"are {n}"
                )
            if max(self.context.compartments) >= self.n_compartments:
                raise ValueError(
                    f"context synapses lie in compartment {max(self.context.compartments)}; the "
                    f"cells have {self.n_compartments}"
                )
        check_background(self.background, self.n_compartments)
        if self.output is not None and self.output.weights.shape != (n,):
            raise ValueError(f"output weights have shape {self.output.weights.shape}; give ({n},)")
        if self.plasticity is not None and (self.context is None or self.output is None):
            raise ValueError("plasticity needs context synapses and an output cell")
        return self

    @model_validator(mode="after")
    def _projections_lead_somewhere(self) -> NetworkSpec:
        names = [population.name for population in self.populations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"populations must have different names; twice: {', '.join(twice)}")
        layers = {layer.name: layer for layer in self.layers}
        for projection in self.projections:
            for end in ("source", "target"):
                name, known = getattr(projection, end), [*layers]
                if end == "source":
                    known.append(INPUTS)
                if name not in known:
                    raise ValueError(
                        f"{projection.name}: there is no {end} {name!r}."
                        + did_you_mean(name, known)
                    )
            target = layers[projection.target]
            if projection.compartment >= target.n_compartments:
                raise ValueError(
                    f"{projection.name}: its receptors lie in compartment "
                    f"{projection.compartment}; the cells have 0..{target.n_compartments - 1}"
                )
            source = projection.source
            n = self.n_inputs if source == INPUTS else len(layers[source].cells)
            shape = self.matrix(projection).shape
            if shape != (n, len(target.cells)):
                raise ValueError(
                    f"{projection.name}: weights have shape {shape}; give ({n}, "
                    f"{len(target.cells)})"
                )
        return self
