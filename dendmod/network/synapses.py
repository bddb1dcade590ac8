"""Synapses of a network: kinetics, feedforward currents, contexts, backgrounds."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, model_validator

from dendmod.network.arrays import ArraySpec, Reals
from dendmod.params import wybo2022
from dendmod.spec.base import Spec


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


def check_background(background: Background | None, n: int) -> None:
    """Check that a background reaches compartments of a cell of `n`."""
    last = max((background.compartments if background else None) or (0,))
    if last >= n:
        raise ValueError(f"a background reaches compartment {last}; there are 0..{n - 1}")
