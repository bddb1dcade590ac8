"""What is chosen when a reduced cell, a matrix and the rule become a network that learns."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from dendmod.params import wybo2022
from dendmod.spec.base import Spec

Scale = Literal["literal", "without n_in"]


class Settings(Spec):
    """Readings of Methods, "Spiking network", and the changes of them; the defaults are literal.

    Parameters
    ----------
    biophysics
        Parameter set of the cell, 1 or 3.
    hidden_scale, output_scale
        Eq 24 as printed, or without the number of inputs in its denominator.
    hidden_v_range, output_v_range
        v_range of Eq 24 (mV).
    background_weight
        Of the excitatory and inhibitory background synapses (uS).
    background_nmda_ratio
        0 leaves AMPA alone.
    sk_scale
        Scale of the somatic SK_E2 conductance.
    error_scale
        Amplitude of the error pulse for one spike too many, positive; it lowers weights.
    error_decay
        Samples a task over which the amplitude falls to 1/e; None keeps it.
    initial_weight
        Range of the contextual weights at the start (uS).
    feedforward_center, context_center
        Centres of the bursts in a sample (ms); the paper does not say.
    """

    biophysics: Literal[1, 3] = 1
    hidden_scale: Scale = "literal"
    output_scale: Scale = "literal"
    hidden_v_range: PositiveFloat
    output_v_range: PositiveFloat
    background_weight: NonNegativeFloat = wybo2022.BACKGROUND_WEIGHT
    background_nmda_ratio: NonNegativeFloat = 0.0
    sk_scale: NonNegativeFloat = 1.0
    error_scale: NonNegativeFloat = 1.0
    error_decay: PositiveFloat | None = None
    initial_weight: tuple[NonNegativeFloat, PositiveFloat] = wybo2022.CONTEXT_WEIGHT_RANGE
    feedforward_center: NonNegativeFloat = 40.0
    context_center: NonNegativeFloat = 40.0
    dt: float = Field(default=0.1, gt=0, le=0.1)


class Schedule(Spec):
    """How long a network learns.

    Parameters
    ----------
    samples
        Samples a task.
    block
        Samples a task between two checkpoints.
    test_samples
        Samples a task on which performance is measured, with the rule frozen.
    test_every
        Blocks between measurements.
    """

    samples: PositiveInt
    block: PositiveInt = 500
    test_samples: PositiveInt = wybo2022.TEST_SAMPLES
    test_every: PositiveInt = 1
    interleaved: bool = True


BOOLEAN_LITERAL = Settings(
    hidden_v_range=wybo2022.HIDDEN_V_RANGE_BOOLEAN, output_v_range=wybo2022.OUTPUT_V_RANGE_BOOLEAN
)
IMAGES_LITERAL = Settings(
    hidden_v_range=wybo2022.HIDDEN_V_RANGE_IMAGES, output_v_range=wybo2022.OUTPUT_V_RANGE_IMAGES
)
