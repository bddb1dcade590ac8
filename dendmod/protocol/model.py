"""The fields of a protocol file. Units stand in the names: this is the border to TOML."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from dendmod.cells.choice import spike_threshold_of
from dendmod.cells.file import load_cell
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.cells.receptors import SynapseKind, default_receptors, receptors_of
from dendmod.cells.reduced import read_reduced
from dendmod.cells.sites import SiteChoice, SiteRule
from dendmod.engines.held import Engine
from dendmod.engines.kernel.vectors import Precision
from dendmod.errors import SpecError
from dendmod.params.wybo2022 import CLAMP_POTENTIALS, NMDA_RATIO
from dendmod.spec import Cell, Receptor, ReducedCell, Run, Spec
from dendmod.spec.grid import MOST_TRIALS

WidthReading = Literal["SD", "2 SD"]
SiteOrder = Literal["falling impedance", "rising impedance", "random", "as given"]
_SD_OF_WIDTH: dict[str, float] = {"SD": 1.0, "2 SD": 0.5}
QUICK_TRIALS, QUICK_CLAMP_RUNS = 4, 3
QUICK_RESOLUTION, QUICK_BOOTSTRAPS = 12, 200
LEVEL_IS = {
    "somatic_shunt": "shunt inputs",
    "dendritic_nmda": "dendritic sites driven to NMDA spikes",
}  # what the levels of an arm count


class CellFields(Spec):
    """[cell]: Hay's membrane on a morphology, or a file.

    ``file`` is a cell of your own (``dendmod/cell/1``), its folder or a name that dendmod carries;
    ``reduced`` is a file of ``dendmod reduce``, run in place of the full cell.
    """

    morphology: str = "l5pc"
    biophysics: Literal[1, 3] = 1
    reduced: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one_cell(self) -> CellFields:
        usual = type(self).model_fields
        others = [n for n in ("morphology", "biophysics", "reduced")
                  if getattr(self, n) != usual[n].default]  # fmt: skip
        if self.file is not None and others:
            raise ValueError(
                f"cell.file = {self.file!r} is the whole cell; leave out {', '.join(others)}"
            )
        return self

    @property
    def spec(self) -> Cell | ReducedCell:
        """The cell."""
        if self.file is not None:
            return load_cell(self.file).cell
        if self.reduced is not None:
            return read_reduced(self.reduced)
        return L5PyramidalCell(self.morphology, self.biophysics)

    def threshold(self, given: float | None = None) -> float:
        """Return what counts as a spike (mV): as given, else that of its file, else 0 (ours)."""
        if given is not None:
            return given
        if self.reduced is not None:
            return read_reduced(self.reduced).spike_threshold
        return spike_threshold_of(self.file)

    @property
    def membrane(self) -> int | str:
        """Hay's set, or the name of the cell of a file."""
        return self.biophysics if self.file is None else load_cell(self.file).fields.name


class RunFields(Spec):
    """[run]

    ``engine``: "kernel", which runs trials side by side and is held against NEURON first,
    "neuron", or "auto", the kernel where it agrees with NEURON and NEURON elsewhere.
    ``precision``: of the kernel; "float32" becomes "float64", at 0.4 times the speed, where it
    alone agrees with NEURON.
    """

    engine: Engine = "auto"
    precision: Precision = "float32"

    dt_ms: float = Field(default=0.1, gt=0, le=0.2)
    tstop_ms: PositiveFloat = 300.0
    settle_ms: NonNegativeFloat = 1000.0
    trials: PositiveInt = Field(default=10, le=MOST_TRIALS)
    seed: int = Field(default=1, ge=0)
    spike_threshold_mV: float | None = None  # what counts as an output spike; None: the cell's
    plateau_mV: float = -40.0  # ours: above it a site is in an NMDA spike


class ReadingFields(Spec):
    """[readings]: what the paper leaves open."""

    background_nmda_ratio: NonNegativeFloat = NMDA_RATIO
    feedforward_width_is: WidthReading = "SD"
    context_width_is: WidthReading = "2 SD"


class SiteFields(SiteRule):
    """[sites]: as `dendmod.cells.sites.SiteRule`; `order` is that in which levels drive them."""

    min_length_um: NonNegativeFloat = 50.0
    order: SiteOrder = "falling impedance"
    order_seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _given_by_name(self) -> SiteFields:
        if self.order == "as given" and not self.locations:
            raise ValueError("order = 'as given' is that of locations; name them")
        return self


class FeedforwardFields(Spec):
    """[feedforward]: weight_nA, or weight_nS where the cell's receptor is a conductance."""

    weight_nA: PositiveFloat | None = None
    weight_nS: PositiveFloat | None = None
    width_ms: PositiveFloat

    @model_validator(mode="after")
    def _one_weight(self) -> FeedforwardFields:
        if (self.weight_nA is None) == (self.weight_nS is None):
            raise ValueError("give one of weight_nA (a current) and weight_nS (a conductance)")
        return self

    @property
    def weight(self) -> tuple[float, str]:
        """The weight and its unit."""
        if self.weight_nS is not None:
            return self.weight_nS, "nS"
        return self.weight_nA or 0.0, "nA"


class BackgroundFields(Spec):
    """[background]"""

    soma_excitatory_Hz: NonNegativeFloat
    soma_inhibitory_Hz: NonNegativeFloat
    dendrite_excitatory_Hz: NonNegativeFloat
    dendrite_inhibitory_Hz: NonNegativeFloat
    excitatory_weight_nS: NonNegativeFloat
    inhibitory_weight_nS: NonNegativeFloat


class ClampFields(Spec):
    """[clamp]"""

    potentials_mV: tuple[float, float] = CLAMP_POTENTIALS
    rs_MOhm: PositiveFloat = 1e-3
    runs: PositiveInt = 10


class IOFields(Spec):
    """[io]: where thresholds of IO curves are looked for, in numbers of feedforward inputs.

    ``scout_trials``: how many of the trials look for the crossings, where all are run then; all,
    if not given.
    """

    resolution: PositiveInt = 4
    scout_trials: PositiveInt | None = None
    step: PositiveInt = 40
    limits: tuple[int, int] = (-300, 900)
    bootstraps: PositiveInt = 1000

    @model_validator(mode="after")
    def _limits_rise(self) -> IOFields:
        if self.limits[0] >= self.limits[1]:
            raise ValueError(f"io.limits = {self.limits}: give the smaller number first")
        return self


class _ArmFields(Spec):
    n_feedforward: int
    levels: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    quick_levels: tuple[int, ...] = ()
    target_spikes: tuple[int, ...] = ()
    context_center_ms: PositiveFloat
    feedforward_lag_ms: float = 0.0
    context_width_ms: PositiveFloat

    @model_validator(mode="after")
    def _quick_levels_are_levels(self) -> _ArmFields:
        extra = set(self.quick_levels) - set(self.levels)
        if extra:
            raise ValueError(f"quick_levels {sorted(extra)} are not among levels {self.levels}")
        return self


class SomaticShunt(_ArmFields):
    """[arms.NAME] with kind = "somatic_shunt"; a level is the number of shunt inputs."""

    kind: Literal["somatic_shunt"]
    shunt_weight_nS: NonNegativeFloat


class DendriticNmda(_ArmFields):
    """[arms.NAME] with kind = "dendritic_nmda"; a level is the number of driven sites."""

    kind: Literal["dendritic_nmda"]
    n_context: int = Field(ge=0)
    high_weight_nS: NonNegativeFloat
    low_weight_nS: NonNegativeFloat


Arm = Annotated[SomaticShunt | DendriticNmda, Field(discriminator="kind")]


class Protocol(Spec):
    """A whole protocol file."""

    schema_: Literal["dendmod/protocol/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    title: str
    source: str
    cell: CellFields = CellFields()
    run: RunFields = RunFields()
    readings: ReadingFields = ReadingFields()
    sites: SiteFields = SiteFields()
    receptors: dict[str, Receptor] = {}
    feedforward: FeedforwardFields
    background: BackgroundFields
    clamp: ClampFields = ClampFields()
    io: IOFields = IOFields()
    arms: dict[str, Arm] = Field(min_length=1)
    paper: dict[str, str | float | list[float]] = {}

    @model_validator(mode="after")
    def _fits(self) -> Protocol:
        for name, arm in self.arms.items():
            if not self.io.limits[0] <= arm.n_feedforward <= self.io.limits[1]:
                raise ValueError(
                    f"arms.{name}.n_feedforward = {arm.n_feedforward} lies outside io.limits = "
                    f"{list(self.io.limits)}; the search for thresholds starts there"
                )
            n = self.sites.n
            if isinstance(arm, DendriticNmda) and not isinstance(n, str) and max(arm.levels) > n:
                raise ValueError(
                    f"arms.{name}.levels go up to {max(arm.levels)}, but sites.n is {n}; a level "
                    "is a number of sites"
                )
            latest = arm.context_center_ms + max(arm.feedforward_lag_ms, 0)
            if latest >= self.run.tstop_ms:
                raise ValueError(
                    f"the bursts of arms.{name} are centred at {latest} ms, after the end of the "
                    f"trial (run.tstop_ms = {self.run.tstop_ms})"
                )
        return self

    @property
    def cell_spec(self) -> Cell | ReducedCell:
        """The cell."""
        return self.cell.spec

    @property
    def synapse_kinds(self) -> dict[str, SynapseKind]:
        """The receptors: of the protocol, over those of its cell, over Wybo et al. 2022's.

        Raises
        ------
        SpecError
            If one cannot be what it is said to be, or the reading of the background's NMDA ratio
            speaks of a mechanism that is not there.
        """
        ratio = self.readings.background_nmda_ratio
        found = receptors_of(self.cell_spec, self.receptors, nmda_ratio=ratio)
        meant = default_receptors()["excitatory"].mechanism
        if ratio != NMDA_RATIO and found["excitatory"].mechanism != meant:
            raise SpecError(
                f"readings.background_nmda_ratio = {ratio:g} is a parameter of {meant}; the "
                f"background's receptor is {found['excitatory'].mechanism}. Leave the reading out "
                "and set receptors.excitatory.params"
            )
        return found

    @property
    def n_sites(self) -> int:
        """Number of sites.

        Raises
        ------
        SpecError
            If it is as many as fit, which the choice of sites finds (`with_sites`).
        """
        if isinstance(self.sites.n, str):
            raise SpecError(f"sites.n = {self.sites.n!r}: choose the sites first")
        return self.sites.n

    def with_sites(self, n: int) -> Protocol:
        """Return the protocol with the number of sites that were found.

        Raises
        ------
        SpecError
            If a level of an arm asks for more.
        """
        table = self.model_dump(mode="json", by_alias=True)
        table["sites"]["n"] = n
        return Protocol.model_validate(table)

    @property
    def run_spec(self) -> Run:
        """The run of one trial."""
        return Run(
            tstop=self.run.tstop_ms,
            dt=self.run.dt_ms,
            settle=self.run.settle_ms,
            spike_threshold=self.cell.threshold(self.run.spike_threshold_mV),
        )

    @property
    def site_choice(self) -> SiteChoice:
        """How sites are chosen."""
        rule = self.sites.model_dump(include=set(SiteRule.model_fields), by_alias=True)
        return SiteChoice(**rule, min_length=self.sites.min_length_um, settle=self.run.settle_ms)

    @property
    def levels(self) -> dict[str, tuple[int, ...]]:
        """Levels of each arm."""
        return {name: arm.levels for name, arm in self.arms.items()}

    def quick(self) -> Protocol:
        """Return the protocol at its quick scale: few levels and trials, coarse thresholds."""
        arms = {
            name: arm.model_copy(update={"levels": arm.quick_levels or arm.levels})
            for name, arm in self.arms.items()
        }
        io = {"resolution": QUICK_RESOLUTION, "bootstraps": QUICK_BOOTSTRAPS}
        return self.model_copy(
            update={
                "arms": arms,
                "run": self.run.model_copy(update={"trials": QUICK_TRIALS}),
                "clamp": self.clamp.model_copy(
                    update={"runs": min(self.clamp.runs, QUICK_CLAMP_RUNS)}
                ),
                "io": self.io.model_copy(update=io),
            }
        )

    def paper_range(self, name: str) -> tuple[float, float] | None:
        """Return a range that [paper] states; None in a file of another cell, which has no [paper].

        Raises
        ------
        SpecError
            If [paper] has no such range.
        """
        if not self.paper:
            return None
        stated = self.paper.get(name)
        if not (isinstance(stated, list) and len(stated) == 2):
            raise SpecError(f"[paper] of {self.name} has no range {name!r}, such as [1.0, 10.0]")
        return stated[0], stated[1]

    def context_sd(self, arm: str) -> float:
        """Standard deviation (ms) of the contextual burst of an arm."""
        return self.arms[arm].context_width_ms * _SD_OF_WIDTH[self.readings.context_width_is]

    @property
    def feedforward_sd(self) -> float:
        """Standard deviation (ms) of the feedforward burst."""
        return self.feedforward.width_ms * _SD_OF_WIDTH[self.readings.feedforward_width_is]


class Variant(Spec):
    """One changed reading: dotted field -> value."""

    name: str
    set: dict[str, str | int | float] = {}


class Readings(Spec):
    """A file of readings: a base protocol and variants of it."""

    schema_: Literal["dendmod/readings/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    title: str
    base: str
    variants: tuple[Variant, ...] = Field(min_length=1)
