"""The fields of a cell file, ``dendmod/cell/1``. Units stand in the names."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from dendmod.spec.base import Spec
from dendmod.spec.expression import Expression
from dendmod.spec.receptor import Receptor

BUILT_IN_LISTS = (
    "all", "somatic", "basal", "apical", "dendritic", "axonal", "myelinated", "trunk", "oblique",
    "tuft",
)  # fmt: skip
PLACE_NAMES = ("distance", "euclidean", "diameter", "order", "x", "length", "longest")
AT_SOMA = re.compile(r"^soma(\[0\])?\((?P<x>\d*\.?\d+)\)$")

Measure = Literal["distance", "euclidean", "diameter", "order", "x"]


class ConditionFields(Spec):
    """[conditions]; ``globals`` are GLOBAL parameters by NEURON's name, such as ``tha_na``."""

    celsius: float
    v_init_mV: float
    spike_threshold_mV: float = 0.0
    globals: dict[str, float] = {}


class DiscretisationFields(Spec):
    """[discretisation]: one of ``rule`` and ``d_lambda``; ``nseg`` by section or list over it.

    ``rule`` is an expression of ``L`` (um), ``diam`` (um) and ``int``. ``value_at`` says where in
    a segment distributions are taken: at its centre, or, as loops ``for (x)`` in hoc do, the last
    of each section at the section's end.
    """

    rule: str | None = None
    d_lambda: PositiveFloat | None = None
    frequency_Hz: PositiveFloat = 100.0
    nseg: dict[str, PositiveInt] = {}
    value_at: Literal["centre", "centre, last at end"] = "centre"

    @model_validator(mode="after")
    def _one_rule(self) -> DiscretisationFields:
        if self.rule is not None and self.d_lambda is not None:
            raise ValueError("give a rule or d_lambda, not both")
        if self.rule is not None:
            Expression(self.rule).check_names(("L", "diam"))
        return self


class MyelinFields(Spec):
    """[axon.myelin]: a last section of the stub, in the list ``myelinated``."""

    L_um: PositiveFloat
    diam_um: PositiveFloat
    cm_uF_cm2: PositiveFloat | None = None


class AxonFields(Spec):
    """[axon]: keep that of the morphology, replace it by a stub, or have none.

    ``diam_um`` of a stub has one number a section, or a list of one number a segment (a taper).
    """

    treatment: Literal["keep", "stub", "none"] = "keep"
    L_um: tuple[PositiveFloat, ...] = ()
    diam_um: tuple[PositiveFloat | tuple[PositiveFloat, ...], ...] = ()
    at: str = "soma(0.5)"
    myelin: MyelinFields | None = None

    @model_validator(mode="after")
    def _belongs_together(self) -> AxonFields:
        if self.treatment == "stub":
            if not self.L_um or len(self.L_um) != len(self.diam_um):
                raise ValueError(
                    f"a stub has {len(self.L_um)} lengths (L_um) and {len(self.diam_um)} diameters "
                    "(diam_um); give one of each a section"
                )
            if () in self.diam_um:
                raise ValueError("diam_um has an empty list; give one number a segment")
        elif self.L_um or self.diam_um or self.myelin:
            raise ValueError(
                f"treatment is {self.treatment!r}; L_um, diam_um and myelin are those of a stub"
            )
        found = AT_SOMA.match(self.at)
        if found is None or float(found["x"]) > 1:
            raise ValueError(f"at = {self.at!r}: give soma(0) to soma(1)")
        return self


class _Dist(Spec):
    of: Measure = "distance"

    @property
    def factor(self) -> str:
        """An expression that multiplies the value."""
        raise NotImplementedError

    @property
    def expression(self) -> Expression:
        """The value from place to place."""
        return Expression(f"value*({self.factor})")


class Linear(_Dist):
    """``value * (offset + slope * d)``"""

    kind: Literal["linear"]
    offset: float = 1.0
    slope: float

    @property
    def factor(self) -> str:
        """An expression that multiplies the value."""
        return f"({self.offset!r}) + ({self.slope!r})*{self.of}"


class Exponential(_Dist):
    """``value * (offset + scale * exp(rate * d))``"""

    kind: Literal["exponential"]
    offset: float = 0.0
    scale: float = 1.0
    rate: float

    @property
    def factor(self) -> str:
        """An expression that multiplies the value."""
        return f"({self.offset!r}) + ({self.scale!r})*exp(({self.rate!r})*{self.of})"


class Sigmoid(_Dist):
    """``value * (offset + scale / (1 + exp((d - half) / slope)))``"""

    kind: Literal["sigmoid"]
    offset: float = 0.0
    scale: float = 1.0
    half: float
    slope: float

    @property
    def factor(self) -> str:
        """An expression that multiplies the value."""
        grown = f"exp(({self.of} - ({self.half!r}))/({self.slope!r}))"
        return f"({self.offset!r}) + ({self.scale!r})/(1 + {grown})"

    @model_validator(mode="after")
    def _slope_is_not_zero(self) -> Sigmoid:
        if self.slope == 0:
            raise ValueError("slope is 0; give the width of the sigmoid")
        return self


class Step(_Dist):
    """``value * inside`` where ``start < d < stop``, else ``value * outside``"""

    kind: Literal["step"]
    start: float = -1e9
    stop: float = 1e9
    inside: float = 1.0
    outside: float = 0.0

    @property
    def factor(self) -> str:
        """An expression that multiplies the value."""
        where = f"({self.start!r}) < {self.of} < ({self.stop!r})"
        return f"({self.inside!r}) if {where} else ({self.outside!r})"

    @model_validator(mode="after")
    def _ordered(self) -> Step:
        if not self.start < self.stop:
            raise ValueError(f"start {self.start} must lie before stop {self.stop}")
        return self


Shape = Annotated[Linear | Exponential | Sigmoid | Step, Field(discriminator="kind")]


class ParameterFields(Spec):
    """[[parameters]]: a number on a list of sections, in order; later rows count.

    ``dist`` is "uniform", an expression of ``value`` and the place, or a table with a ``kind``.
    ``factor`` multiplies, ``shift`` is added; a row with these and no value changes what earlier
    rows gave.
    """

    name: str
    list: str = "all"
    value: float | None = None
    dist: str | Shape = "uniform"
    factor: float = Field(default=1.0, ge=0)
    shift: float = 0.0

    @model_validator(mode="after")
    def _says_something(self) -> ParameterFields:
        changes = self.model_fields_set & {"factor", "shift"}
        if self.value is None and (self.dist != "uniform" or not changes):
            raise ValueError(
                f"{self.name} on {self.list} has no value; give one, or a factor or a shift alone "
                "to change what earlier rows gave"
            )
        if self.value is not None and self.factor == 0:
            raise ValueError(f"{self.name} on {self.list} has factor = 0; give value = 0")
        self.expression  # noqa: B018  # an expression that cannot be parsed is refused here
        return self

    @property
    def expression(self) -> Expression:
        """The value from place to place, before the factor."""
        if not isinstance(self.dist, str):
            return self.dist.expression
        return Expression("value" if self.dist == "uniform" else self.dist)


class CheckFields(Spec):
    """[check]: what ``dendmod cell check`` measures besides rest and input resistance.

    Parameters
    ----------
    rin_amp_nA, rin_delay_ms, rin_dur_ms
        Step from which rest, input resistance, time constant and sag are read.
    steps_nA, steps_delay_ms, steps_dur_ms
        Steps into the soma whose rates are counted.
    rheobase
        Whether rheobase, f-I curve and spike features are measured.
    rheobase_max_nA
        Where the search for the rheobase ends.
    rheobase_resolution
        Width of the last bracket over its upper end.
    fi_factors, fi_dur_ms
        Steps of the f-I curve, in rheobases, and their duration.
    features_at
        Step at which spike features are taken, in rheobases.
    bac
        Whether BAC firing is measured (Hay et al. 2011).
    spike_threshold_mV
        What counts as a spike in the check; that of the conditions, if not given.
    calcium_start_mM
        Calcium from which pools with a parameter ``start`` begin; their rest, if not given.
    settled_ms
        All but rheobase and features is measured again after settling so long, from calcium at
        rest; 0 for not.
    """

    rin_amp_nA: float = -0.1
    rin_delay_ms: PositiveFloat = 700.0
    rin_dur_ms: PositiveFloat = 500.0
    steps_nA: tuple[float, ...] = ()
    steps_delay_ms: NonNegativeFloat = 700.0
    steps_dur_ms: PositiveFloat = 2000.0
    rheobase: bool = True
    rheobase_max_nA: PositiveFloat | None = None
    rheobase_resolution: PositiveFloat = 0.02
    fi_factors: tuple[PositiveFloat, ...] = (1.25, 1.5, 2.0, 3.0)
    fi_dur_ms: PositiveFloat = 500.0
    features_at: PositiveFloat = 1.5
    bac: bool = False
    spike_threshold_mV: float | None = None
    calcium_start_mM: NonNegativeFloat | None = None
    settled_ms: NonNegativeFloat = 0.0


class CellFile(Spec):
    """A whole cell file.

    With ``sections``, a file of a cell that was read out of NEURON, shape, discretisation, axon and
    membrane come from there; rows of ``parameters`` then change what is there.
    """

    schema_: Literal["dendmod/cell/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[A-Za-z0-9_./+-]+$")
    title: str = ""
    source: str = ""
    morphology: str | None = None
    sections: str | None = None
    mechanisms: tuple[str, ...] = ()
    conditions: ConditionFields
    discretisation: DiscretisationFields = DiscretisationFields(rule="1 + 2*int(L/40)")
    axon: AxonFields = AxonFields()
    lists: dict[str, str | tuple[str, ...]] = {}
    insert: dict[str, tuple[str, ...]] = {}
    parameters: tuple[ParameterFields, ...] = ()
    receptors: dict[str, Receptor] = {}
    check: CheckFields = CheckFields()

    @model_validator(mode="after")
    def _one_shape(self) -> CellFile:
        if (self.morphology is None) == (self.sections is None):
            raise ValueError(
                "give one of morphology (a shape, with the membrane in parameters) and sections (a "
                "cell that was read out of NEURON)"
            )
        if self.morphology is not None and not self.parameters:
            raise ValueError("parameters: give at least cm and Ra")
        if self.sections is not None:
            for name in ("discretisation", "axon"):
                if name in self.model_fields_set:
                    raise ValueError(f"{name}: that of the file of sections counts; leave it out")
        return self

    @model_validator(mode="after")
    def _names_of_lists(self) -> CellFile:
        for name in self.lists:
            if not name.isidentifier() or name in (*BUILT_IN_LISTS, *PLACE_NAMES, "value"):
                raise ValueError(f"lists.{name}: give it another name, of letters, digits and _")
        return self
