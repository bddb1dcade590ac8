"""The settings that the figures of Shine et al. 2021 share (settings.toml), checked.

Units stand in the names of the file; here they are NEURON's.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from dendmod.engines.held import Engine
from dendmod.spec.base import Spec

Floats = tuple[float, ...]
Names = tuple[str, ...]
Biophysics = Literal[1, 3]


class Mechanisms(Spec):
    """Mechanisms that are measured, by what can see them."""

    membrane: Names
    kernels: Names
    io: Names


class Noise(Spec):
    """Excitatory and inhibitory events at the soma, in balance."""

    rate: PositiveFloat = Field(alias="rate_Hz")
    weight: PositiveFloat = Field(alias="weight_nA")
    tau_rise: PositiveFloat = Field(alias="tau_rise_ms")
    tau_decay: PositiveFloat = Field(alias="tau_decay_ms")


class Steps(Spec):
    """f-I curves without noise and with it."""

    amps: Floats = Field(alias="amps_nA")
    noisy_amps: Floats = Field(alias="noisy_amps_nA")
    noise_seeds: tuple[int, ...]
    discard: PositiveFloat = Field(alias="discard_ms")
    duration: PositiveFloat = Field(alias="duration_ms")
    settle: PositiveFloat = Field(alias="settle_ms")
    dt: PositiveFloat = Field(alias="dt_ms")
    noise: Noise


class Doses(Spec):
    """Modulators, their concentrations, and the f-I curves at each."""

    modulators: Names
    concentrations: Floats = Field(alias="concentrations_nM")
    amps: Floats = Field(alias="amps_nA")
    noisy_amps: Floats = Field(alias="noisy_amps_nA")
    noise_seeds: tuple[int, ...]


class Potentials(Spec):
    """PSPs of one synapse at a time; field names are those of `tasks.potentials`."""

    amps: Floats = Field(alias="amps_nA")
    trunk_distance: PositiveFloat = Field(alias="trunk_distance_um")
    ampa_weight: PositiveFloat = Field(alias="ampa_weight_uS")
    gaba_weight: PositiveFloat = Field(alias="gaba_weight_uS")
    settle: PositiveFloat = Field(alias="settle_ms")
    before: PositiveFloat = Field(alias="before_ms")
    duration: PositiveFloat = Field(alias="duration_ms")
    dt: PositiveFloat = Field(alias="dt_ms")
    keep_every: PositiveFloat = Field(alias="keep_every_ms")

    @property
    def at_rest(self) -> int:
        """Which of the holding currents is none."""
        return self.amps.index(0.0)


class Bac(Spec):
    """BAC firing; field names are those of `tasks.bac_firing`."""

    amps: Floats = Field(alias="amps_nA")
    resolution: PositiveFloat = Field(alias="resolution_nA")
    most: PositiveFloat = Field(alias="most_nA")
    hot_zone: tuple[float, float] = Field(alias="hot_zone_um")


class IOCurves(Spec):
    """IO curves at parts of a mechanism's full strength, the first none, the last full."""

    doses: Floats
    protocol: str
    arm: str
    trials: PositiveInt
    resolution: PositiveInt
    bootstraps: PositiveInt


class Settings(Spec):
    """All settings that figures share."""

    morphology: str
    biophysics: Biophysics
    other_biophysics: Biophysics
    seed: int = Field(ge=0)
    curves: str
    shipped: bool
    engine: Engine
    threshold_sd: PositiveFloat = Field(alias="threshold_sd_nA")
    threshold_sd_inputs: PositiveFloat
    operating_part: float = Field(gt=0, lt=1)
    mechanisms: Mechanisms
    steps: Steps
    doses: Doses
    potentials: Potentials
    bac: Bac
    io: IOCurves

    @property
    def biophysics_sets(self) -> tuple[int, int]:
        """Parameter sets that BAC firing is measured with."""
        return self.biophysics, self.other_biophysics
