"""What is chosen when a reduced cell, a matrix and the rule become a network that learns."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from dendmod.engines.simulation import NetworkEngine
from dendmod.params import wybo2022
from dendmod.spec.base import Spec

_FIRST = 2.0  # ours: the first of some 20 spikes comes two SD before the centre of its burst
Scale = Literal["literal", "without n_in", "drive"]


class Settings(Spec):
    """Readings of Methods, "Spiking network", and the changes of them; the defaults are literal.

    Parameters
    ----------
    cell
        As `dendmod.switching.cells.cells` takes it.
    biophysics
        Parameter set of "reduced" and "star", 1 or 3; other cells have their own.
    sites
        Dendritic sites of a cell that is reduced; None is 20, or those of its file.
    morphology
        Of "reduced": the built-in shape where None, or one that `dendmod.morphology.resolve` knows.
    channels
        Mechanisms of a cell that is reduced which are kept beside its leak; None keeps all. A pool
        that is not named is left out: its concentration is held.
    bifurcations
        Whether a cell that is reduced keeps a compartment where paths from its sites meet.
    spike_threshold_mV
        Somatic potential whose upward crossing is a spike; None is that of the cell's file, or 0.
    engine
        That runs the networks. "kernel" is fast; "neuron" runs what the kernel cannot.
    scales
        "as given": weights are those below. "thresholds": they are multiplied by what the cell
        needs for a spike over what the cell needed on which they were chosen
        (`dendmod.switching.thresholds`).
    z_in
        Somatic input resistance of the L5 cell (MOhm), as ``dendmod cell check`` measures it.
    hidden_scale, output_scale
        Eq 24 as printed, without the number of inputs in its denominator, or with the drive that
        training inputs give (`dendmod.switching.assembly.scaled_weights`) in its place.
    hidden_v_range, output_v_range
        v_range of Eq 24 (mV).
    background_weight
        Of the excitatory and inhibitory background synapses (uS).
    background_nmda_ratio
        0 leaves AMPA alone.
    sk_scale, output_sk_scale
        Scales of the somatic SK_E2 conductance of the hidden cells and of the output cell.
    error_scale
        Amplitude of the error pulse for one spike too many, positive; it lowers weights.
    error_decay
        Part of the training's samples over which the amplitude falls to 1/e; None keeps it.
    tau_post
        Time constant of the trace of somatic spikes (ms).
    initial_weight
        Range of the contextual weights at the start (uS).
    context_scale
        Factor of all weights at dendrites: contexts, their bounds and learning rates, background.
    feedforward_center, context_center
        Centres of the bursts in a sample (ms); the paper does not say.
    context_sd
        Standard deviation of the contextual bursts (ms).
    """

    cell: str = "reduced"
    biophysics: Literal[1, 3] = 1
    sites: PositiveInt | None = None
    morphology: str | None = None
    channels: tuple[str, ...] | None = None
    bifurcations: bool = False
    spike_threshold_mV: float | None = None
    engine: NetworkEngine = "kernel"
    scales: Literal["as given", "thresholds"] = "as given"
    z_in: PositiveFloat = 40.0
    hidden_scale: Scale = "literal"
    output_scale: Scale = "literal"
    hidden_v_range: PositiveFloat
    output_v_range: PositiveFloat
    background_weight: NonNegativeFloat = wybo2022.BACKGROUND_WEIGHT
    background_nmda_ratio: NonNegativeFloat = 0.0
    sk_scale: NonNegativeFloat = 1.0
    output_sk_scale: NonNegativeFloat = 1.0
    error_scale: NonNegativeFloat = 1.0
    error_decay: PositiveFloat | None = None
    tau_post: PositiveFloat = wybo2022.TAU_POST
    initial_weight: tuple[NonNegativeFloat, PositiveFloat] = wybo2022.CONTEXT_WEIGHT_RANGE
    context_scale: PositiveFloat = 1.0
    feedforward_center: NonNegativeFloat = 40.0
    context_center: NonNegativeFloat = 40.0
    context_sd: PositiveFloat = wybo2022.CONTEXT_SD
    dt: float = Field(default=0.1, gt=0, le=0.1)

    @model_validator(mode="after")
    def _range_rises(self) -> Settings:
        low, high = self.initial_weight
        if not low <= high:
            raise ValueError(f"initial_weight = {self.initial_weight} uS must rise")
        return self

    @property
    def nominal_onset(self) -> float:
        """When the window opens for an input without spikes (ms)."""
        return max(0.0, self.feedforward_center - _FIRST * wybo2022.FEEDFORWARD_SD)

    def window(self) -> tuple[float, float]:
        """Return start and end of that window (ms)."""
        return self.nominal_onset, self.nominal_onset + wybo2022.REWARD_WINDOW


class Schedule(Spec):
    """How long a network learns.

    Parameters
    ----------
    samples
        Samples a task.
    block
        Samples a task between two checkpoints; more than `samples` make one block.
    test_samples
        Samples a task on which performance is measured at the end, with the rule frozen.
    curve_samples
        The same before and during learning.
    test_every
        Blocks between measurements.
    """

    samples: PositiveInt
    block: PositiveInt = 500
    test_samples: PositiveInt = wybo2022.TEST_SAMPLES
    curve_samples: PositiveInt = 100
    test_every: PositiveInt = 1


BOOLEAN_LITERAL = Settings(
    hidden_v_range=wybo2022.HIDDEN_V_RANGE_BOOLEAN, output_v_range=wybo2022.OUTPUT_V_RANGE_BOOLEAN
)
IMAGES_LITERAL = Settings(
    hidden_v_range=wybo2022.HIDDEN_V_RANGE_IMAGES, output_v_range=wybo2022.OUTPUT_V_RANGE_IMAGES
)
