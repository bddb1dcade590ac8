"""The specification of a neuron: a morphology and the membrane put onto it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from dendmod.spec.base import Spec

RegionName = Literal["soma", "basal", "apical", "axon"]


class ApicalExponential(Spec):
    """A value growing along the apical tree: ``base * (offset + scale * exp(rate * d / dmax))``.

    ``d`` is the path distance from the start of the apical tree, ``dmax`` the longest of them.
    """

    kind: Literal["apical_exponential"] = "apical_exponential"
    base: float
    offset: float
    scale: float
    rate: float


class ApicalWindow(Spec):
    """A value within ``start < d < stop`` um of the apical tree, and a fraction of it elsewhere."""

    kind: Literal["apical_window"] = "apical_window"
    value: float
    start: float
    stop: float
    outside: float = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> ApicalWindow:
        if not self.start < self.stop:
            raise ValueError(f"start {self.start} um must lie before stop {self.stop} um")
        return self


Distribution = Annotated[ApicalExponential | ApicalWindow, Field(discriminator="kind")]


class MechanismSpec(Spec):
    """A distributed mechanism and its parameters, each a number or a distribution."""

    suffix: str
    params: dict[str, float | Distribution] = {}

    @model_validator(mode="after")
    def _no_negative_conductance(self) -> MechanismSpec:
        for name, value in self.params.items():
            level = value if isinstance(value, int | float) else getattr(value, "value", 0.0)
            if level < 0 and (name == "g" or name.endswith("bar")):
                raise ValueError(
                    f"{name} of {self.suffix} is {level} S/cm2; a conductance is not negative"
                )
        return self


class RegionSpec(Spec):
    """The membrane of one region: cm (uF/cm2), Ra (ohm cm) and mechanisms."""

    cm: PositiveFloat
    Ra: PositiveFloat
    mechanisms: tuple[MechanismSpec, ...]


class Biophysics(Spec):
    """The membrane of a whole cell, with reversal potentials (mV) and temperature (degC).

    ``last_segment_at_end``: where a value is given along the apical tree, the last segment of each
    section takes the value of the section's end and not of the segment's centre. The published
    L5 cell does so (a loop ``for (x)`` in hoc ends with x = 1, which sets the last segment again).
    """

    name: str
    regions: dict[RegionName, RegionSpec]
    ena: float
    ek: float
    celsius: float
    v_init: float
    last_segment_at_end: bool = False

    def scaled(self, factors: dict[str, float]) -> Biophysics:
        """Return a copy whose maximal conductances are multiplied, by suffix (0 blocks)."""
        regions = {}
        for region, spec in self.regions.items():
            mechanisms = tuple(_scaled(m, factors.get(m.suffix, 1.0)) for m in spec.mechanisms)
            regions[region] = spec.model_copy(update={"mechanisms": mechanisms})
        return self.model_copy(update={"regions": regions})

    @property
    def voltage_gated(self) -> tuple[str, ...]:
        """Suffixes of all mechanisms that have a maximal conductance (``g...bar``)."""
        found = {
            m.suffix
            for region in self.regions.values()
            for m in region.mechanisms
            if any(p.endswith("bar") for p in m.params)
        }
        return tuple(sorted(found))


def _scaled(mechanism: MechanismSpec, factor: float) -> MechanismSpec:
    if factor == 1.0:
        return mechanism
    params: dict[str, float | Distribution] = {}
    for name, value in mechanism.params.items():
        if not name.endswith("bar"):
            params[name] = value
        elif isinstance(value, ApicalExponential):
            params[name] = value.model_copy(update={"base": value.base * factor})
        elif isinstance(value, ApicalWindow):
            params[name] = value.model_copy(update={"value": value.value * factor})
        else:
            params[name] = value * factor
    return MechanismSpec(suffix=mechanism.suffix, params=params)


class AxonStub(Spec):
    """Cylinders in a row at soma(0.5) that stand for the axon."""

    n_sections: int = Field(default=2, ge=1)
    L: PositiveFloat = 30.0
    diam: PositiveFloat = 1.0


class Cell(Spec):
    """A neuron: a morphology (name or path), its membrane and its discretisation.

    Parameters
    ----------
    morphology
        A name known to `dendmod.morphology.resolve` ("l5pc", "hay2011") or a SWC or ASC file.
    biophysics
        The membrane.
    axon_stub
        Replaces every axonal section of the morphology.
    segment_length
        ``nseg = 1 + 2 int(L / segment_length)`` (um).
    """

    morphology: str
    biophysics: Biophysics
    axon_stub: AxonStub | None = AxonStub()
    segment_length: PositiveFloat = 40.0

    @property
    def celsius(self) -> float:
        """Temperature (degC)."""
        return self.biophysics.celsius

    @property
    def v_init(self) -> float:
        """Potential from which a run settles (mV)."""
        return self.biophysics.v_init

    @property
    def voltage_gated(self) -> tuple[str, ...]:
        """Suffixes of all mechanisms that have a maximal conductance."""
        return self.biophysics.voltage_gated

    def scaled(self, factors: dict[str, float]) -> Cell:
        """Return a copy whose maximal conductances are multiplied, by suffix (0 blocks)."""
        return self.model_copy(update={"biophysics": self.biophysics.scaled(factors)})

    def nseg(self, length: float) -> int:
        """Return the number of segments of a section of this length (um)."""
        return 1 + 2 * int(length / self.segment_length)
