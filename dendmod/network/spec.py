"""The specification of a network: hidden cells, their synapses, an output cell, plasticity."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, model_validator

from dendmod.mechanisms.compartments import check_mechanisms, check_pools
from dendmod.network.arrays import ArraySpec, Reals
from dendmod.params import wybo2022
from dendmod.spec.base import Spec
from dendmod.spec.reduced import ReducedCell


class Profile(Spec):
    """A double exponential with a maximum of one (ms); the rise is shorter than the decay."""

    tau_rise: PositiveFloat
    tau_decay: PositiveFloat

    @model_validator(mode="after")
    def _rise_is_shorter(self) -> Profile:
        if not self.tau_rise < self.tau_decay:
            raise ValueError(
                f"tau_rise = {self.tau_rise} ms must be below tau_decay = {self.tau_decay} ms"
            )
        return self


class Receptors(Spec):
    """Kinetics shared by all conductances of the network (Wybo et al. 2022, Eqs 4-6).

    ``1 / (1 + mg_factor exp(-mg_slope v))`` of the NMDA receptors are open; mg_slope in 1/mV.
    """

    ampa: Profile = Profile(
        tau_rise=wybo2022.AMPA["tau_rise"], tau_decay=wybo2022.AMPA["tau_decay"]
    )
    nmda: Profile = Profile(
        tau_rise=wybo2022.NMDA_TAU["tau_rise_nmda"], tau_decay=wybo2022.NMDA_TAU["tau_decay_nmda"]
    )
    gaba: Profile = Profile(
        tau_rise=wybo2022.GABA["tau_rise"], tau_decay=wybo2022.GABA["tau_decay"]
    )
    e_excitatory: float = wybo2022.AMPA["e"]
    e_gaba: float = wybo2022.GABA["e"]
    mg_factor: PositiveFloat = wybo2022.MG_FACTOR
    mg_slope: PositiveFloat = wybo2022.MG_SLOPE


class FeedforwardSynapses(ArraySpec):
    """Currents at the somata, one synapse an input and hidden cell.

    Parameters
    ----------
    weights
        Extremum of the current of one spike (nA), shape (inputs, hidden cells); positive
        depolarises.
    """

    weights: Reals
    profile: Profile = Profile(**wybo2022.FEEDFORWARD)

    @model_validator(mode="after")
    def _is_a_matrix(self) -> FeedforwardSynapses:
        if self.weights.ndim != 2 or 0 in self.weights.shape:
            raise ValueError(
                f"weights have shape {self.weights.shape}; give (inputs, hidden cells)"
            )
        return self


class ContextSynapses(ArraySpec):
    """AMPA+NMDA synapses, one a compartment and context; the active context's receive spikes.

    Parameters
    ----------
    compartments
        Numbers of the compartments that have them.
    weights
        At the start (uS, maximum of the AMPA profile), shape (contexts, hidden cells,
        compartments).
    nmda_ratio
        Maximum of the NMDA profile over that of AMPA.
    """

    compartments: tuple[int, ...] = Field(min_length=1)
    weights: Reals
    nmda_ratio: NonNegativeFloat = wybo2022.NMDA_RATIO

    @model_validator(mode="after")
    def _shapes_agree(self) -> ContextSynapses:
        shape = self.weights.shape
        if len(shape) != 3 or 0 in shape or shape[2] != len(self.compartments):
            raise ValueError(
                f"weights have shape {shape}; give (contexts, hidden cells, "
                f"{len(self.compartments)} compartments)"
            )
        if self.weights.min() < 0:
            raise ValueError(f"weights go down to {self.weights.min()} uS; give none below 0")
        if len(set(self.compartments)) != len(self.compartments) or min(self.compartments) < 0:
            raise ValueError(f"compartments {self.compartments} must be different and >= 0")
        return self


class Background(Spec):
    """Poisson inputs to compartments: rates (Hz) and weights (uS).

    Parameters
    ----------
    compartments
        Those that have it, such as soma and dendritic sites of a cell with an axon; None is all.
    nmda_ratio
        0: the excitatory background is AMPA alone.
    """

    soma_ampa_rate: NonNegativeFloat = wybo2022.SOMA_AMPA_RATE
    soma_gaba_rate: NonNegativeFloat = wybo2022.SOMA_GABA_RATE
    dendrite_ampa_rate: NonNegativeFloat = wybo2022.DENDRITE_AMPA_RATE
    dendrite_gaba_rate: NonNegativeFloat = wybo2022.DENDRITE_GABA_RATE
    ampa_weight: NonNegativeFloat = wybo2022.BACKGROUND_WEIGHT
    gaba_weight: NonNegativeFloat = wybo2022.BACKGROUND_WEIGHT
    nmda_ratio: NonNegativeFloat = 0.0
    compartments: tuple[NonNegativeInt, ...] | None = None

    def reaches(self, compartment: int) -> bool:
        """Return whether a compartment has these inputs."""
        return self.compartments is None or compartment in self.compartments

    def rates(self, compartment: int) -> tuple[float, float]:
        """Return the AMPA and GABA rates (Hz) of a compartment."""
        if not self.reaches(compartment):
            return 0.0, 0.0
        if compartment == 0:
            return self.soma_ampa_rate, self.soma_gaba_rate
        return self.dendrite_ampa_rate, self.dendrite_gaba_rate


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
        _check_background(self.background, len(self.cell.compartments))
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


class NetworkSpec(ArraySpec):
    """A feedforward network of one hidden layer and one output cell.

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
    """

    hidden: tuple[ReducedCell, ...] = Field(min_length=1)
    feedforward: FeedforwardSynapses
    context: ContextSynapses | None = None
    background: Background | None = None
    output: OutputCell | None = None
    receptors: Receptors = Receptors()
    plasticity: Plasticity | None = None
    threshold: float = 0.0

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
        _check_background(self.background, self.n_compartments)
        if self.output is not None and self.output.weights.shape != (n,):
            raise ValueError(f"output weights have shape {self.output.weights.shape}; give ({n},)")
        if self.plasticity is not None and (self.context is None or self.output is None):
            raise ValueError("plasticity needs context synapses and an output cell")
        return self


def _check_background(background: Background | None, n: int) -> None:
    last = max((background.compartments if background else None) or (0,))
    if last >= n:
        raise ValueError(f"a background reaches compartment {last}; there are 0..{n - 1}")
