"""The specification of a neuron: a morphology and the membrane put onto it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from dendmod.errors import SpecError
from dendmod.spec.base import Spec
from dendmod.spec.receptor import Receptor
from dendmod.spec.section_tables import SectionTables

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


class BySection(Spec):
    """One value a segment: section number -> its values from start to end.

    Sections are numbered as in the morphology (0 is the soma); those of an axon stub come after
    them. Such tables are made by programs, for a value that was computed segment by segment.
    """

    kind: Literal["by_section"] = "by_section"
    values: dict[int, tuple[float, ...]]


Distribution = Annotated[ApicalExponential | ApicalWindow | BySection, Field(discriminator="kind")]
Value = float | Distribution


def scale_and_shift(value: Value, scale: float = 1.0, shift: float = 0.0) -> Value:
    """Return ``scale * value + shift`` of a number or, place by place, of a distribution."""
    if isinstance(value, ApicalExponential):
        base = value.base * scale
        if shift and not base:
            return shift
        return value.model_copy(
            update={"base": base, "offset": value.offset + (shift / base if shift else 0.0)}
        )
    if isinstance(value, ApicalWindow):
        if shift:
            raise SpecError("a value within a window of the apical tree can be scaled, not shifted")
        return value.model_copy(update={"value": value.value * scale})
    if isinstance(value, BySection):
        moved = {i: tuple(scale * x + shift for x in row) for i, row in value.values.items()}
        return BySection(values=moved)
    return scale * value + shift


class MechanismSpec(Spec):
    """A distributed mechanism and its parameters, each a number or a distribution."""

    suffix: str
    params: dict[str, float | Distribution] = {}

    @model_validator(mode="after")
    def _no_negative_conductance(self) -> MechanismSpec:
        for name, value in self.params.items():
            level = value if isinstance(value, int | float) else getattr(value, "value", 0.0)
            if isinstance(value, BySection):
                level = min((x for row in value.values.values() for x in row), default=0.0)
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


class AxonCylinder(Spec):
    """One section of a drawn axon: L (um), and diameter (um), one or one a segment (a taper)."""

    L: PositiveFloat
    diam: tuple[PositiveFloat, ...] = Field(min_length=1)


class AxonCylinders(Spec):
    """Sections in a row, each with its own size, that stand for the axon; none for no axon.

    ``at`` is where on the soma the first is joined.
    """

    cylinders: tuple[AxonCylinder, ...] = ()
    at: float = Field(default=0.5, ge=0, le=1)


class AxonStub(Spec):
    """Cylinders in a row at soma(0.5) that stand for the axon."""

    n_sections: int = Field(default=2, ge=1)
    L: PositiveFloat = 30.0
    diam: PositiveFloat = 1.0

    @property
    def cylinders(self) -> tuple[AxonCylinder, ...]:
        """The sections."""
        return (AxonCylinder(L=self.L, diam=(self.diam,)),) * self.n_sections

    @property
    def at(self) -> float:
        """Where on the soma the first is joined."""
        return 0.5


class Cell(Spec):
    """A neuron: a morphology (name or path), its membrane and its discretisation.

    Parameters
    ----------
    morphology
        A name known to `dendmod.morphology.resolve` ("l5pc", "hay2011") or a SWC or ASC file.
    biophysics
        The membrane, by region or as tables by section.
    mechanisms
        Folders of the cell's own .mod files, besides those of dendmod; of two files for one name
        the cell's counts.
    globals
        Values of GLOBAL parameters of mechanisms, by NEURON's name, such as ``tha_na``.
    axon_stub
        Replaces every axonal section of the morphology.
    segment_length
        ``nseg = 1 + 2 int(L / segment_length)`` (um), where the membrane has no tables.
    lists
        Lists of sections by name: an expression of places, or names of sections.
    receptors
        What protocols mean by "excitatory", "context" and so on; dendmod's own, where it says
        nothing.
    """

    morphology: str
    biophysics: Biophysics | SectionTables
    mechanisms: tuple[str, ...] = ()
    globals: dict[str, float] = {}
    axon_stub: AxonStub | AxonCylinders | None = AxonStub()
    segment_length: PositiveFloat = 40.0
    lists: dict[str, str | tuple[str, ...]] = {}
    receptors: dict[str, Receptor] = {}

    def __repr__(self) -> str:
        axon = "" if self.axon_stub is None else ", axon stub"
        return (
            f"Cell({self.morphology} with {self.biophysics.name}: "
            f"{', '.join(self.regions)}; {len(self.suffixes)} mechanisms{axon})"
        )

    __str__ = __repr__

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions that have a membrane."""
        if isinstance(self.biophysics, SectionTables):
            return tuple(dict.fromkeys(s.region for s in self.biophysics.sections))
        return tuple(self.biophysics.regions)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Names of all mechanisms of the membrane, sorted."""
        if isinstance(self.biophysics, SectionTables):
            return self.biophysics.mechanisms
        regions = self.biophysics.regions.values()
        return tuple(sorted({m.suffix for region in regions for m in region.mechanisms}))

    @property
    def celsius(self) -> float:
        """Temperature (degC)."""
        return self.biophysics.celsius

    @property
    def v_init(self) -> float:
        """Potential from which a run settles (mV)."""
        return self.biophysics.v_init

    def nseg(self, length: float) -> int:
        """Return the number of segments of a section of this length (um)."""
        return 1 + 2 * int(length / self.segment_length)
