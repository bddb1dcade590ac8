"""Which mechanisms there are: dendmod's own, NEURON's, and those of a user's folders."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from dendmod.errors import MechanismError, SpecError, did_you_mean
from dendmod.mechanisms.built_in import BUILT_IN, of_neuron
from dendmod.mechanisms.mechanism import CONDUCTANCES, PERMEABILITIES, Mechanism, Parameter
from dendmod.mechanisms.nmodl import Facts, facts_of
from dendmod.paths import data_dir


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
        quiet_with=facts.quiet_with,
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
        found = {m.suffix: m for m in BUILT_IN}
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
