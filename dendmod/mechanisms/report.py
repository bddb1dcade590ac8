"""What dendmod can do with the .mod files of a folder, a record a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dendmod.errors import DendmodError, MechanismError
from dendmod.mechanisms import toolchain
from dendmod.mechanisms.built_in import of_neuron
from dendmod.mechanisms.cache import library
from dendmod.mechanisms.catalogue import mechanism_set, parse
from dendmod.mechanisms.equations import Equations
from dendmod.mechanisms.mechanism import CONDUCTANCES, PERMEABILITIES, Mechanism
from dendmod.mechanisms.nmodl import equations_of
from dendmod.mechanisms.rates import read_channel

_PROPORTIONAL_TO_NONE = "not proportional to one parameter"


@dataclass(frozen=True)
class FileReport:
    """What dendmod can do with one .mod file.

    Parameters
    ----------
    file, suffix, what
        Its name, the mechanism's, and what that is: channel, pool, pump, leak, synapse ...
    reads, writes
        Variables of ions that it reads and writes, such as "cai".
    conductance
        Its maximal conductance or permeability, several with commas, or "GHK", or "not proportional
        to one parameter"; "" for what has no current.
    unit
        The declared unit of that.
    geometry, celsius
        Whether it reads diam or area, and whether the temperature.
    form
        What form its equations have, such as "ohmic", "GHK", "ohmic, KINETIC", "pool", "synapse".
    equations
        Why its equations are not read, with the line, so that nothing but NEURON runs them; "" if
        they are.
    error
        Why it cannot be used at all; "" if it can.
    coreneuron, reduction, kernel
        Why it cannot run on CoreNEURON, be carried to reduced cells, or be read by the kernel of
        networks; "" if it can.
    """

    file: str
    suffix: str = ""
    what: str = ""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    conductance: str = ""
    unit: str = ""
    geometry: tuple[str, ...] = ()
    celsius: bool = False
    form: str = ""
    equations: str = ""
    error: str = ""
    coreneuron: str = ""
    reduction: str = ""
    kernel: str = ""

    def in_words(self) -> str:
        """Return it as one line."""
        if not self.suffix:
            return f"{self.file}: {self.error}"
        parts = [f"{self.file}: {self.what} {self.suffix}"]
        parts += [f"{word} {', '.join(names)}" for word, names in
                  (("reads", (*self.reads, *self.geometry, *(["celsius"] if self.celsius else []))),
                   ("writes", self.writes)) if names]  # fmt: skip
        if self.conductance:
            unit = f" ({self.unit})" if self.unit else ""
            parts.append(f"current: {self.conductance}{unit}")
        parts.append(f"form: {self.form}")
        if self.error:
            return "; ".join([*parts, f"NEURON: no, {self.error}"])
        parts.append("NEURON: yes")
        for name, reason in (
            ("CoreNEURON", self.coreneuron),
            ("reduction", self.reduction),
            ("equations", self.equations),
            ("kernel", self.kernel),
        ):
            parts.append(f"{name}: {'no, ' + reason if reason else 'yes'}")
        return "; ".join(parts)


def report(folder: Path) -> tuple[FileReport, ...]:
    """Return what dendmod can do with each .mod file of a folder, which are compiled.

    Raises
    ------
    MechanismError
        If there is no such folder, it holds no .mod file, or compiling lacks a tool.
    """
    paths = sorted(folder.glob("*.mod"))
    if not folder.is_dir() or not paths:
        there = "holds no .mod file" if folder.is_dir() else "is not there"
        raise MechanismError(f"the folder {folder} {there}; name the folder of your mechanisms")
    toolchain.check_tools()
    rows: dict[Path, FileReport] = {}
    usable: dict[str, Mechanism] = {}
    for path in paths:
        try:
            mechanism = parse(path)
            problem = of_neuron(mechanism)
        except MechanismError as error:
            said = str(error).removeprefix(f"{path.resolve()}: ")
            rows[path] = FileReport(path.name, error=said)
            continue
        if not problem and mechanism.suffix in usable:
            other = usable[mechanism.suffix].file
            problem = f"{other.name if other else ''} defines {mechanism.suffix} too; keep one"
        rows[path] = replace(_of_mechanism(mechanism, path), error=problem)
        if not problem:
            usable[mechanism.suffix] = mechanism
    for path, wrong, coreneuron in _compiled(usable):
        rows[path] = replace(rows[path], error=wrong, coreneuron=coreneuron)
    return tuple(rows.values())


def _compiled(usable: dict[str, Mechanism]) -> Iterator[tuple[Path, str, str]]:
    """Yield for each file why NEURON, and why CoreNEURON, cannot have it.

    As one set with dendmod's own, which cells need; one by one where that does not compile.
    """
    together = {**mechanism_set().mechanisms, **usable}
    paths = [m.file for m in usable.values() if m.file is not None]
    try:
        if library([m.file for m in together.values() if m.file is not None]).coreneuron:
            yield from ((path, "", "") for path in paths)
            return
    except MechanismError:
        pass
    for path in paths:
        try:
            built = library([path])
            yield path, "", "" if built.coreneuron else built.coreneuron_reason
        except MechanismError as error:
            yield path, str(error).removeprefix("a mechanism does not compile: "), ""


def _of_mechanism(mechanism: Mechanism, path: Path) -> FileReport:
    equations = equations_of(path)
    units = dict.fromkeys(mechanism.unit_of(name) for name in mechanism.maximal)
    return FileReport(
        file=path.name,
        suffix=mechanism.suffix,
        what=mechanism.kind_in_words,
        reads=tuple(v for ion in mechanism.ions for v in ion.reads),
        writes=tuple(v for ion in mechanism.ions for v in ion.writes),
        conductance=_conductance(mechanism),
        unit=", ".join(units),
        geometry=tuple(name for name in mechanism.reads if name in ("diam", "area")),
        celsius="celsius" in mechanism.reads,
        form=form(mechanism, equations),
        equations=not_held(equations),
        reduction=not_reducible(mechanism),
        kernel=not_read(mechanism),
    )


def _conductance(mechanism: Mechanism) -> str:
    if not mechanism.conducts:
        return ""
    if not mechanism.maximal:
        return _PROPORTIONAL_TO_NONE
    names = ", ".join(mechanism.maximal)
    return f"GHK, {names}" if is_ghk(mechanism) else names


def is_ghk(mechanism: Mechanism) -> bool:
    """Whether its current is computed from the concentrations of the ion that it carries."""
    read = {ion.name for ion in mechanism.ions if f"{ion.name}i" in ion.reads}
    return not mechanism.conductance and bool(read & set(mechanism.carries))


def form(mechanism: Mechanism, equations: Equations) -> str:
    """Return what form the equations of a mechanism have."""
    if not mechanism.conducts or mechanism.pool_of:
        return mechanism.kind_in_words
    if is_ghk(mechanism):
        words = ["GHK"]
    else:
        is_ohmic = all(current.conductance is not None for current in equations.currents)
        words = ["ohmic" if is_ohmic else "current that is not ohmic"]
    words += [block for block in ("KINETIC", "TABLE") if block in mechanism.blocks]
    return ", ".join([*words, *([] if mechanism.states else ["without state"])])


def not_held(equations: Equations) -> str:
    """Return why the equations of a file are not read, with the line; "" if they are."""
    if not equations.refusals:
        return ""
    first = equations.refusals[0]
    return f"line {first.line}: {first.reason}"


def not_reducible(mechanism: Mechanism) -> str:
    """Return why a reduced cell cannot carry a distributed mechanism; "" if it can."""
    if mechanism.kind != "density":
        return f"it is a {mechanism.kind_in_words}"
    if not mechanism.conducts:
        return "" if mechanism.pool_of else "it has no current and keeps no concentration"
    if not mechanism.maximal:
        return f"its current is {_PROPORTIONAL_TO_NONE}"
    if len(mechanism.maximal) > 1:
        return f"it has {len(mechanism.maximal)} maximal conductances"
    unit = mechanism.unit_of(mechanism.maximal[0])
    if unit not in CONDUCTANCES | PERMEABILITIES:
        return f"{mechanism.maximal[0]} is in {unit or 'no unit'}, which is no known density"
    return ""


def not_read(mechanism: Mechanism) -> str:
    """Return why the kernel of networks cannot read the equations of a mechanism; "" if it can."""
    if mechanism.kind != "density" or not mechanism.conducts:
        return f"it is a {mechanism.kind_in_words}"
    for block in ("KINETIC", "LINEAR", "NONLINEAR"):
        if block in mechanism.blocks:
            return f"it has {block}"
    if not mechanism.conductance:
        return "its current is not g*(v - e)"
    if not mechanism.states:
        return "its gate has no state"
    if "celsius" in mechanism.reads:
        return "its rates depend on celsius"
    if mechanism.file is None:
        return "it is built into NEURON"
    unit = mechanism.unit_of(mechanism.maximal[0]) if mechanism.maximal else ""
    if unit != "S/cm2":
        return f"its conductance is in {unit or 'no unit'}, not S/cm2"
    try:
        own = read_channel(mechanism.file)
        own.rates([1e-4 if own.depends_on == "cai" else -65.0])
    except DendmodError as error:
        return str(error).removeprefix(f"{mechanism.file}: ")
    if len(own.gates) > 2 or max(gate.power for gate in own.gates) > 4:
        return "it has more than two gates, or a power above 4"
    return ""
