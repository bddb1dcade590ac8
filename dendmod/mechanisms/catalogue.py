"""Which mechanisms there are: dendmod's own, NEURON's, and those of a user's folders."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from dendmod.errors import MechanismError, SpecError, did_you_mean
from dendmod.mechanisms.nmodl import Facts, Ion, Kind, facts_of
from dendmod.paths import data_dir

CONDUCTANCES = {"S/cm2", "mho/cm2", "mS/cm2", "uS/cm2", "pS/um2", "nS/um2", "S/m2", "siemens/cm2"}
PERMEABILITIES = {"cm/s"}


@dataclass(frozen=True)
class Parameter:
    """A parameter that a specification may set: name, default and declared unit."""

    name: str
    default: float
    unit: str


@dataclass(frozen=True)
class Mechanism:
    """One mechanism.

    Parameters
    ----------
    suffix
        Its name in NEURON.
    kind
        "density" for distributed mechanisms, "point" for point processes, "artificial" for cells
        without membrane.
    parameters, globals
        What can be set from place to place (RANGE), and once a process (GLOBAL).
    variables
        Other RANGE variables, which can be read.
    ions
        Ions that it uses, and what of them it reads and writes.
    currents
        Names of the currents that it adds to the membrane.
    maximal
        Parameters that a current is proportional to: maximal conductances or permeabilities.
    conductance, reversal
        Of an ohmic current ``i = g*(v - e)`` the names of g and e, else "".
    states
        Names of its states.
    reads
        Of "v", "celsius", "diam" and "area" what it reads.
    blocks
        Constructs of its file that engines care for, such as "KINETIC".
    weight_unit
        Of the weight that a spike brings to a synapse; "" where its file declares none.
    title, source
        Head of the .mod file.
    file
        The .mod file; None for what is built into NEURON.
    """

    suffix: str
    kind: Kind
    parameters: tuple[Parameter, ...]
    globals: tuple[Parameter, ...]
    variables: tuple[str, ...]
    ions: tuple[Ion, ...]
    currents: tuple[str, ...]
    maximal: tuple[str, ...]
    conductance: str
    reversal: str
    states: tuple[str, ...]
    reads: tuple[str, ...]
    blocks: tuple[str, ...]
    weight_unit: str
    title: str
    source: str
    file: Path | None

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(p.name for p in self.parameters)

    @property
    def pool_of(self) -> tuple[str, ...]:
        """Ions whose concentration inside it writes: it is a pool, whatever it is called."""
        return tuple(ion.name for ion in self.ions if f"{ion.name}i" in ion.writes)

    @property
    def conducts(self) -> bool:
        """Whether it is a distributed mechanism that adds a current to the membrane."""
        return self.kind == "density" and bool(self.currents)

    @property
    def is_leak(self) -> bool:
        """Whether its conductance is one of its parameters and no ion's: a plain leak.

        A gate without a state, which follows the potential at once, makes it a channel.
        """
        return self.conducts and not self.ions and self.conductance in self.parameter_names

    @property
    def gated_by(self) -> tuple[str, ...]:
        """Ions whose concentration inside it reads without carrying or keeping that ion."""
        return tuple(
            ion.name for ion in self.ions if f"{ion.name}i" in ion.reads and not ion.writes
        )

    @property
    def needs_pool(self) -> tuple[str, ...]:
        """Ions whose concentration matters to it: those that gate it or, carried, drive it.

        Those are calcium, whose reversal potential follows its concentration, which no model leaves
        alone, and any ion whose current is computed from concentrations (GHK).
        """
        read = {ion.name for ion in self.ions if f"{ion.name}i" in ion.reads}
        carried = tuple(ion for ion in self.carries if ion == "ca" or ion in read)
        return tuple(dict.fromkeys((*self.gated_by, *carried)))

    @property
    def reads_reversal_of(self) -> tuple[str, ...]:
        """Ions whose reversal potential it reads."""
        return tuple(ion.name for ion in self.ions if f"e{ion.name}" in ion.reads)

    @property
    def carries(self) -> tuple[str, ...]:
        """Ions whose current it writes."""
        return tuple(ion.name for ion in self.ions if f"i{ion.name}" in ion.writes)

    def unit_of(self, name: str) -> str:
        """Return the declared unit of a parameter; "" where the file declares none."""
        return next((p.unit for p in self.parameters if p.name == name), "")

    @property
    def kind_in_words(self) -> str:
        """What it is: channel, pool, pump, leak, synapse, point process, artificial cell."""
        if self.kind == "artificial":
            return "artificial cell"
        if self.kind == "point":
            return "synapse" if "NET_RECEIVE" in self.blocks else "point process"
        if self.pool_of:
            return "pump" if self.currents else "pool"
        if self.is_leak:
            return "leak"
        return "channel" if self.conducts else "mechanism without current"


def _built_in(
    suffix: str, kind: Literal["density", "point"], parameters: Sequence[tuple[str, float, str]],
    title: str, **more: Any,
) -> Mechanism:  # fmt: skip
    fields: dict[str, Any] = {
        "globals": (), "variables": (), "ions": (), "currents": ("i",), "maximal": (),
        "conductance": "", "reversal": "", "states": (), "reads": ("v",), "blocks": (),
        "weight_unit": "",
    }  # fmt: skip
    made = tuple(Parameter(*p) for p in parameters)
    return Mechanism(
        suffix=suffix, kind=kind, parameters=made, title=title, source="NEURON", file=None,
        **{**fields, **more},
    )  # fmt: skip


_BUILT_IN = (
    _built_in(
        "pas", "density", (("g", 1e-3, "S/cm2"), ("e", -70.0, "mV")), "Passive leak",
        variables=("i",), maximal=("g",), conductance="g", reversal="e",
    ),
    _built_in(
        "hh", "density",
        (("gnabar", 0.12, "S/cm2"), ("gkbar", 0.036, "S/cm2"), ("gl", 0.0003, "S/cm2"),
         ("el", -54.3, "mV")),
        "Sodium, potassium and leak of the squid axon (Hodgkin & Huxley 1952)",
        variables=("gna", "gk", "il", "minf", "hinf", "ninf", "mtau", "htau", "ntau"),
        ions=(Ion("na", ("ena",), ("ina",)), Ion("k", ("ek",), ("ik",))),
        currents=("ina", "ik", "il"), maximal=("gnabar", "gkbar", "gl"),
        states=("m", "h", "n"), reads=("v", "celsius"), blocks=("DERIVATIVE",),
    ),
    _built_in(
        "ExpSyn", "point", (("tau", 0.1, "ms"), ("e", 0.0, "mV")), "Synapse that decays at once",
        variables=("i", "g"), conductance="g", reversal="e", states=("g",),
        blocks=("DERIVATIVE", "NET_RECEIVE"), weight_unit="uS",
    ),
    _built_in(
        "Exp2Syn", "point", (("tau1", 0.1, "ms"), ("tau2", 10.0, "ms"), ("e", 0.0, "mV")),
        "Synapse that rises and decays", variables=("i", "g"), conductance="g", reversal="e",
        states=("A", "B"), blocks=("DERIVATIVE", "NET_RECEIVE"), weight_unit="uS",
    ),
)  # fmt: skip

# NEURON refuses a second mechanism of these names
_NEURONS = {m.suffix for m in _BUILT_IN} | {
    "AlphaSynapse", "APCount", "IClamp", "IntFire1", "IntFire2", "IntFire4", "NetStim",
    "PatternStim", "SEClamp", "VClamp", "capacitance", "extracellular", "fastpas", "morphology",
}  # fmt: skip


def of_neuron(mechanism: Mechanism) -> str:
    """Return why a user's mechanism cannot have the name that it has; "" if it can."""
    if mechanism.suffix not in _NEURONS:
        return ""
    return f"{mechanism.suffix} is built into NEURON and cannot be replaced; give it another name"


def parse(path: Path) -> Mechanism:
    """Read the record of a mechanism from its .mod file, with NEURON's parser.

    Raises
    ------
    MechanismError
        If the parser refuses the file, or it names no mechanism.
    """
    return _mechanism(path, facts_of([path])[Path(path).resolve()])


def _mechanism(path: Path, facts: Facts) -> Mechanism:
    raw = path.read_text(encoding="utf-8", errors="replace")
    heads = [line[1:].strip() for line in raw.splitlines() if line.startswith(":")]
    source = next((h.removeprefix("Source:").strip() for h in heads if h.startswith("Source")), "")

    def made(rows: Sequence[tuple[str, float, str]]) -> tuple[Parameter, ...]:
        return tuple(Parameter(name, value, unit.strip("()")) for name, value, unit in rows)

    return Mechanism(
        suffix=facts.suffix,
        kind=facts.kind,
        parameters=made(facts.parameters),
        globals=made(facts.globals),
        variables=facts.variables,
        ions=facts.ions,
        currents=facts.currents,
        maximal=facts.maximal,
        conductance=facts.conductance,
        reversal=facts.reversal,
        states=facts.states,
        reads=facts.reads,
        blocks=facts.blocks,
        weight_unit=facts.weight_unit.strip("()"),
        title=heads[0] if heads else "",
        source=source,
        file=path,
    )


@dataclass(frozen=True)
class MechanismSet:
    """The mechanisms that a cell can have: dendmod's, NEURON's, and those of a user's folders.

    Of two files for one name that of the later folder counts, so that a user's ``Ih`` is the user's
    and not dendmod's. A process of NEURON loads one set.

    Parameters
    ----------
    folders
        Folders of .mod files, besides dendmod's own.
    """

    folders: tuple[str, ...] = ()

    @cached_property
    def mechanisms(self) -> dict[str, Mechanism]:
        """Every mechanism by its name.

        Raises
        ------
        MechanismError
            If a folder is not there or holds no .mod file, the parser refuses a file, two files of
            one folder are for one name, or a file is for a name of NEURON's.
        """
        own = data_dir("mechanisms")
        found = {m.suffix: m for m in _BUILT_IN}
        for folder in (own, *map(Path, self.folders)):
            there = _of_folder(folder)
            for mechanism in there.values():
                problem = of_neuron(mechanism)
                if problem:
                    raise MechanismError(f"{mechanism.file}: {problem}")
            found |= there
        return found

    @property
    def files(self) -> tuple[Path, ...]:
        """The .mod files, in the order of their names."""
        found = [m.file for m in self.mechanisms.values() if m.file is not None]
        return tuple(sorted(found, key=lambda path: (path.name, str(path))))

    def get(self, suffix: str) -> Mechanism:
        """Return one mechanism.

        Raises
        ------
        MechanismError
            If there is none of this name; the nearest is named.
        """
        known = self.mechanisms
        if suffix not in known:
            raise MechanismError(f"there is no mechanism {suffix!r}." + did_you_mean(suffix, known))
        return known[suffix]

    def check_point_process(self, suffix: str, params: Mapping[str, object]) -> None:
        """Check that a synapse can be such a mechanism, with these parameters.

        Raises
        ------
        MechanismError
            If it is a channel of the membrane, or not known, or has no such parameter.
        SpecError
            As `check_parameters`.
        """
        if self.get(suffix).kind != "point":
            points = [name for name, m in self.mechanisms.items() if m.kind == "point"]
            raise MechanismError(
                f"{suffix} is a mechanism of the membrane; a synapse is one of {', '.join(points)}"
            )
        self.check_parameters(suffix, params)

    @cached_property
    def globals(self) -> tuple[str, ...]:
        """NEURON's names of what is one number for a process, such as ``vhalf_na``.

        GLOBAL parameters of the mechanisms, and the concentrations from which the ions that they
        use start where no pool keeps them, such as ``cao0_ca_ion``.
        """
        own = [f"{p.name}_{m.suffix}" for m in self.mechanisms.values() for p in m.globals]
        ions = dict.fromkeys(ion.name for m in self.mechanisms.values() for ion in m.ions)
        return (*own, *(f"{ion}{side}0_{ion}_ion" for ion in ions for side in "io"))

    def check_globals(self, values: Mapping[str, float]) -> None:
        """Check that these parameters are there and GLOBAL, and that their values are possible.

        Raises
        ------
        MechanismError
            If there is no such parameter, or it is set from place to place (RANGE).
        SpecError
            If a number is not finite.
        """
        for name, value in values.items():
            if name not in self.globals:
                places = [
                    m.suffix
                    for m in self.mechanisms.values()
                    if name in {f"{p}_{m.suffix}" for p in m.parameter_names}
                ]
                if places:
                    parameter = name.removesuffix(f"_{places[0]}")
                    raise MechanismError(
                        f"{name} is no GLOBAL parameter: {parameter} of {places[0]} can differ "
                        "from place to place; set it among the parameters of the mechanism"
                    )
                raise MechanismError(
                    f"there is no GLOBAL parameter {name!r}." + did_you_mean(name, self.globals)
                )
            if not math.isfinite(value):
                raise SpecError(f"the GLOBAL parameter {name} is {value}; give a finite number")

    def check_parameters(self, suffix: str, params: Mapping[str, object]) -> None:
        """Check that a mechanism has these parameters and that plain numbers are possible.

        Raises
        ------
        MechanismError
            If the mechanism or a parameter is not known.
        SpecError
            If a number is not finite, a conductance or a ratio is negative, a time constant is not
            positive, or a rise is not shorter than its decay.
        """
        mechanism = self.get(suffix)
        for name, value in params.items():
            if name not in mechanism.parameter_names:
                is_global = name in {p.name for p in mechanism.globals}
                hint = (
                    f" {name} is GLOBAL, one value for the whole process: set it under "
                    "conditions.globals of the cell."
                    if is_global
                    else did_you_mean(name, mechanism.parameter_names)
                )
                raise MechanismError(f"{suffix} has no parameter {name!r}.{hint}")
            if isinstance(value, int | float):
                _check_number(mechanism, name, float(value))
        values = {p.name: p.default for p in mechanism.parameters}
        values |= {k: float(v) for k, v in params.items() if isinstance(v, int | float)}
        for rise, decay in _rises(values):
            if not values[rise] < values[decay]:
                raise SpecError(
                    f"{suffix}: {rise} = {values[rise]} ms must be shorter than {decay} = "
                    f"{values[decay]} ms"
                )


def _rises(values: Mapping[str, float]) -> list[tuple[str, str]]:
    pairs = [(n, n.replace("tau_rise", "tau_decay")) for n in values if n.startswith("tau_rise")]
    return [(a, b) for a, b in (*pairs, ("tau1", "tau2")) if a in values and b in values]


def _check_number(mechanism: Mechanism, name: str, value: float) -> None:
    suffix, unit = mechanism.suffix, mechanism.unit_of(name)
    if not math.isfinite(value):
        raise SpecError(f"{suffix}: {name} = {value}; give a finite number")
    positive = name.startswith("tau") or name in ("decay", "depth")
    not_negative = (
        name in mechanism.maximal
        or unit in CONDUCTANCES | PERMEABILITIES
        or name in ("nmda_ratio", "mg_factor", "gamma", "minCai")
    )
    if (positive and value <= 0) or (not_negative and value < 0):
        bound = "> 0" if positive else ">= 0"
        raise SpecError(f"{suffix}: {name} = {value} is not allowed; give a number {bound}")


def _of_folder(folder: Path) -> dict[str, Mechanism]:
    if not folder.is_dir():
        raise MechanismError(f"there is no folder of mechanisms {folder}")
    paths = sorted(folder.glob("*.mod"))
    if not paths:
        raise MechanismError(f"{folder} holds no .mod file; name the folder of your mechanisms")
    facts = facts_of(paths)
    found: dict[str, Mechanism] = {}
    for path in paths:
        mechanism = _mechanism(path, facts[path.resolve()])
        if mechanism.suffix in found:
            raise MechanismError(
                f"{path.name} and {getattr(found[mechanism.suffix].file, 'name', '')} in {folder} "
                f"both define {mechanism.suffix}; keep one of them"
            )
        found[mechanism.suffix] = mechanism
    return found


@cache
def mechanism_set(folders: tuple[str, ...] = ()) -> MechanismSet:
    """Return the mechanisms of these folders, read once a process."""
    return MechanismSet(folders)


def catalogue() -> dict[str, Mechanism]:
    """Return every mechanism by its name, dendmod's own and those built into NEURON."""
    return mechanism_set().mechanisms


def get(suffix: str) -> Mechanism:
    """Return one of dendmod's own mechanisms; see `MechanismSet.get`."""
    return mechanism_set().get(suffix)


def check_parameters(suffix: str, params: Mapping[str, object]) -> None:
    """Check parameters of one of dendmod's own mechanisms; see `MechanismSet.check_parameters`."""
    mechanism_set().check_parameters(suffix, params)


def check_point_process(suffix: str, params: Mapping[str, object]) -> None:
    """Check a synapse by one of dendmod's own; see `MechanismSet.check_point_process`."""
    mechanism_set().check_point_process(suffix, params)
