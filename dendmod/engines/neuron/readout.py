"""Read a cell that stands in NEURON, whoever built it, section by section."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dendmod.engines.neuron.session import h
from dendmod.errors import EngineError, MechanismError, SpecError
from dendmod.mechanisms import MechanismSet
from dendmod.mechanisms.given import given_variables
from dendmod.mechanisms.mechanism import Mechanism
from dendmod.spec.cell import RegionName
from dendmod.spec.frozen import FrozenCell, FrozenSection
from dendmod.spec.section_tables import SectionMembrane

_BY_LIST: dict[str, RegionName] = {
    "somatic": "soma", "soma": "soma", "basal": "basal", "apical": "apical", "axonal": "axon",
    "axon": "axon", "myelinated": "axon", "myelin": "axon",
}  # fmt: skip
_BY_NAME: tuple[tuple[str, RegionName], ...] = (
    ("soma", "soma"), ("axon", "axon"), ("ais", "axon"), ("hill", "axon"), ("iseg", "axon"),
    ("node", "axon"), ("myelin", "axon"), ("apic", "apical"), ("dend", "basal"),
    ("basal", "basal"),
)  # fmt: skip
_STIMULI = ("IClamp", "SEClamp", "VClamp", "APCount", "AlphaSynapse")
_GEOMETRY = ("capacitance", "morphology")


@dataclass(frozen=True)
class ReadOut:
    """What was read.

    Parameters
    ----------
    cell
        Geometry and membrane, ready to be built again.
    notes
        Sentences on what stood in NEURON and is not part of the cell: stimuli, synapses, names.
    suffixes
        Names of its distributed mechanisms and of the point processes that stood on it.
    """

    cell: FrozenCell
    notes: tuple[str, ...]
    suffixes: tuple[str, ...]


def read_out(
    section: Any,
    known: MechanismSet,
    *,
    name: str,
    lists: Mapping[str, Sequence[Any]] | None = None,
    regions: Mapping[str, RegionName] | None = None,
    names: Mapping[Any, str] | None = None,
    celsius: float | None = None,
    v_init: float | None = None,
) -> ReadOut:
    """Read the whole cell that a section belongs to.

    Parameters
    ----------
    section
        Any live section of the cell.
    known
        The mechanisms that are loaded.
    name
        Of the cell.
    lists
        Live sections by the name of a list that the original has.
    regions
        Region by the name of a section, of the stem of a name ("trunk" for trunk[3]) or of a list,
        where these do not say it themselves.
    names
        Names of live sections; those of NEURON, without the cell, if not given.
    celsius, v_init
        Temperature (degC) and start (mV); those of NEURON now if not given.

    Raises
    ------
    SpecError
        If a section's region is not known, or its geometry cannot be one.
    MechanismError
        If the cell has a mechanism without a .mod file in the set.
    EngineError
        If it has what a specification cannot say: extracellular, POINTER, LinearMechanism, ion
        styles of its own, point processes that are neither stimuli nor synapses.
    """
    sections = in_order(section)
    reader = _Reader(sections, known, dict(lists or {}), dict(regions or {}), dict(names or {}))
    reader.check()
    rows = tuple(reader.section(sec) for sec in sections)
    globals_, rows = reader.concentrations(rows)
    cell = FrozenCell(
        name=name,
        sections=rows,
        lists={
            own: tuple(reader.names[sec] for sec in members if sec in reader.names)
            for own, members in reader.lists.items()
        },
        celsius=float(h.celsius) if celsius is None else celsius,
        v_init=start() if v_init is None else v_init,
        globals={**reader.globals(), **globals_},
    )
    return ReadOut(cell, reader.notes, tuple(sorted({*reader.suffixes, *reader.points})))


def start() -> float:
    """Return the potential from which NEURON's standard run starts (mV)."""
    return float(h.v_init) if hasattr(h, "v_init") else -65.0


def in_order(section: Any) -> tuple[Any, ...]:
    """Return all sections of a tree, parents first, else in the order of their making.

    NEURON keeps the children of one place in the order of their connection, the latest first, and
    sums over them in that order: whoever connects in the order of this tuple gets the same sums.
    """
    whole = list(section.wholetree())
    made = {sec: i for i, sec in enumerate(h.allsec())}
    after: dict[Any, list[Any]] = {sec: [] for sec in whole}
    waits: Counter[Any] = Counter()
    for sec in whole:
        before: dict[float, Any] = {}
        for child in reversed(sec.children()):
            for first in (sec, before.get(child.parentseg().x)):
                if first is not None:
                    after[first].append(child)
                    waits[child] += 1
            before[child.parentseg().x] = child
    ready = [(made[sec], sec) for sec in whole if not waits[sec]]
    found = []
    while ready:
        _, sec = heapq.heappop(ready)
        found.append(sec)
        for child in after[sec]:
            waits[child] -= 1
            if not waits[child]:
                heapq.heappush(ready, (made[child], child))
    return tuple(found)


def short_name(sec: Any) -> str:
    """Return the name of a section without that of its cell: ``Cell[0].dend[3]`` is dend[3]."""
    name = str(sec.name()).rpartition(".")[2]
    return "section" if name.startswith("__nrnsec") else name


def short_names(sections: Sequence[Any]) -> dict[Any, str]:
    """Return a name of each section that no other has; ``soma[0]`` is soma, as places call it."""
    names = [short_name(sec) for sec in sections]
    if "soma" not in names:
        names = ["soma" if n == "soma[0]" else n for n in names]
    many = Counter(names)
    taken, found = set(names), {}
    for sec, own in zip(sections, names, strict=True):
        if many[own] > 1:
            stem, n = own.replace("[", "_").rstrip("]"), 0
            while f"{stem}[{n}]" in taken:
                n += 1
            own = f"{stem}[{n}]"
            taken.add(own)
        found[sec] = own
    return found


class _Reader:
    def __init__(
        self,
        sections: Sequence[Any],
        known: MechanismSet,
        lists: dict[str, Sequence[Any]],
        regions: dict[str, RegionName],
        names: dict[Any, str],
    ) -> None:
        self.sections, self.known, self.lists, self.regions = sections, known, lists, regions
        self.names = short_names(sections) | names
        self.number = {sec: i for i, sec in enumerate(sections)}
        self._styles: dict[tuple[str, ...], dict[str, int]] = {}

    @cached_property
    def suffixes(self) -> set[str]:
        """Names of all distributed mechanisms."""
        return {m.suffix for sec in self.sections for m in self._mechanisms(sec)}

    @cached_property
    def points(self) -> Counter[str]:
        """Number of point processes by their kind."""
        found: Counter[str] = Counter()
        for sec in self.sections:
            for segment in sec:
                found.update(p.hname().partition("[")[0] for p in segment.point_processes())
        return found

    def check(self) -> None:
        """Raise for what a specification cannot say, naming where it is."""
        for sec in self.sections:
            where = self.names[sec]
            if h.ismembrane("extracellular", sec=sec):
                raise EngineError(
                    f"{where} has extracellular, which dendmod's cells have not; take "
                    "insert extracellular out of the original"
                )
            for mechanism in self._mechanisms(sec):
                if "POINTER" in mechanism.blocks:
                    raise EngineError(
                        f"{where}: {mechanism.suffix} has a POINTER, which binds a variable of "
                        "another place and cannot be read out; take it out of the original"
                    )
        n = int(h.List("LinearMechanism").count())
        if n:
            raise EngineError(
                f"the original has {n} LinearMechanism, equations beside those of its membrane, "
                "which cannot be read out; take them out of the original"
            )
        for kind, number in self.points.items():
            if kind not in _STIMULI and not self._is_synapse(kind):
                raise EngineError(
                    f"the original has {number} {kind}, a point process that is neither a stimulus "
                    "nor a synapse (NET_RECEIVE) and so belongs to its membrane; dendmod's cells "
                    "have distributed mechanisms alone. Take it out of the original"
                )

    def _is_synapse(self, kind: str) -> bool:
        mechanism = self.known.mechanisms.get(kind)
        return mechanism is not None and "NET_RECEIVE" in mechanism.blocks

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what is not carried over."""
        notes = [
            f"{number} {kind} on the original: not part of the cell, not carried over."
            for kind, number in sorted(self.points.items())
        ]
        renamed = [
            (short_name(sec), self.names[sec])
            for sec in self.sections
            if short_name(sec) not in (self.names[sec], f"{self.names[sec]}[0]")
        ]
        if renamed:
            notes.append(
                f"{len(renamed)} sections have another name than in the original, where it was not "
                f"theirs alone, such as {renamed[0][1]} ({renamed[0][0]})."
            )
        return tuple(notes)

    def section(self, sec: Any) -> FrozenSection:
        """Return one section."""
        name, above = self.names[sec], sec.parentseg()
        points = tuple(
            (sec.x3d(i), sec.y3d(i), sec.z3d(i), sec.diam3d(i)) for i in range(int(sec.n3d()))
        )
        thin = [p[3] for p in points if p[3] <= 0]
        if sec.L <= 0 or thin:
            raise SpecError(
                f"{name} has a length of {sec.L:g} um"
                + (f" and a diameter of {thin[0]:g} um" if thin else "")
                + "; both are above 0 in a cell"
            )
        return FrozenSection(
            name=name,
            parent=-1 if above is None else self.number[above.sec],
            parent_x=1.0 if above is None else float(above.x),
            end=0 if above is None or not sec.orientation() else 1,
            points=points if len(points) > 1 else (),
            L=float(sec.L),
            diam=_short([segment.diam for segment in sec]),
            membrane=self._membrane(sec),
        )

    def _membrane(self, sec: Any) -> SectionMembrane:
        mechanisms = self._mechanisms(sec)
        values = {"cm": _short([segment.cm for segment in sec])}
        for mechanism in mechanisms:
            for parameter in (*mechanism.parameter_names, *given_variables(mechanism)):
                variable = f"{parameter}_{mechanism.suffix}"
                values[variable] = _short([getattr(segment, variable) for segment in sec])
        values |= self._ions(sec, mechanisms)
        for variable, row in values.items():
            if not all(map(math.isfinite, row)):
                raise SpecError(f"{self.names[sec]}: {variable} is {row[0]}, no finite number")
        return SectionMembrane(
            region=self._region(sec),
            nseg=int(sec.nseg),
            Ra=float(sec.Ra),
            mechanisms=tuple(m.suffix for m in mechanisms),
            values=values,
        )

    def _mechanisms(self, sec: Any) -> list[Mechanism]:
        found = []
        for own in sec(0.5):
            suffix = own.name()
            if own.is_ion() or suffix in (*_GEOMETRY, "extracellular"):
                continue
            if suffix not in self.known.mechanisms:
                raise MechanismError(
                    f"{self.names[sec]} has the mechanism {suffix}, for which there is no .mod "
                    "file; give the folder that has it (--mod)"
                )
            found.append(self.known.get(suffix))
        return sorted(found, key=lambda m: m.suffix)

    def _ions(self, sec: Any, mechanisms: Sequence[Mechanism]) -> dict[str, tuple[float, ...]]:
        """Return reversal potentials and concentrations that are constants of the section."""
        values = {}
        own = self._own_styles(tuple(m.suffix for m in mechanisms))
        for ion in (m.name().removesuffix("_ion") for m in sec(0.5) if m.is_ion()):
            style = int(h.ion_style(f"{ion}_ion", sec=sec))
            if style != own.get(ion, style):
                raise EngineError(
                    f"{self.names[sec]}: the original sets ion_style of {ion} to {style}, and "
                    f"NEURON's is {own[ion]} for its mechanisms; dendmod's cells keep NEURON's. "
                    "Take ion_style out of the original"
                )
            kept, at_start, reversal = style & 3, style >> 2 & 1, style >> 3 & 3
            if reversal and not style >> 5:
                values[f"e{ion}"] = _short([getattr(seg, f"e{ion}") for seg in sec])
            if kept and not at_start:
                for inner in (f"{ion}i", f"{ion}o"):
                    values[inner] = _short([getattr(seg, inner) for seg in sec])
        return values

    def _own_styles(self, suffixes: tuple[str, ...]) -> dict[str, int]:
        """Return what NEURON makes of the ions of these mechanisms by itself."""
        if suffixes not in self._styles:
            scratch = h.Section(name="dendmod_scratch")
            for suffix in suffixes:
                scratch.insert(suffix)
            self._styles[suffixes] = {
                m.name().removesuffix("_ion"): int(h.ion_style(m.name(), sec=scratch))
                for m in scratch(0.5)
                if m.is_ion()
            }
        return self._styles[suffixes]

    def _region(self, sec: Any) -> RegionName:
        name = self.names[sec]
        stem = name.partition("[")[0]
        on = [own for own, members in self.lists.items() if sec in members]
        for asked in (name, stem, *on):
            if asked in self.regions:
                return self.regions[asked]
        for own in on:
            if own in _BY_LIST:
                return _BY_LIST[own]
        for word, region in _BY_NAME:
            if stem.lower().startswith(word):
                return region
        raise SpecError(
            f"of which region is {name}? Neither its name nor a list says it; give "
            f"--region {stem}=basal (or soma, apical, axon)"
        )

    def globals(self) -> dict[str, float]:
        """Return the GLOBAL parameters that are not as their files give them."""
        found = {}
        for suffix in sorted(self.suffixes):
            for parameter in self.known.get(suffix).globals:
                name = f"{parameter.name}_{suffix}"
                value = float(getattr(h, name))
                if value != parameter.default:
                    found[name] = value
        return found

    def concentrations(
        self, rows: tuple[FrozenSection, ...]
    ) -> tuple[dict[str, float], tuple[FrozenSection, ...]]:
        """Return the concentrations from which ions start, and the sections without them.

        A constant that is one number in the whole cell is that of ``cao0_ca_ion``; where a pool
        keeps the ion elsewhere, that is where the pool starts, and the constant stays in the
        sections that differ from it.
        """
        used = sorted({ion for sec in self.sections for ion in self._used_ions(sec)})
        found: dict[str, float] = {}
        for ion in used:
            from_start = any(
                h.ismembrane(f"{ion}_ion", sec=sec)
                and int(h.ion_style(f"{ion}_ion", sec=sec)) >> 2 & 1
                for sec in self.sections
            )
            for inner in (f"{ion}i", f"{ion}o"):
                there = {x for s in rows for x in s.membrane.values.get(inner, ())}
                begin = float(getattr(h, f"{inner}0_{ion}_ion"))
                if len(there) == 1 and not from_start:
                    begin = there.pop()
                found[f"{inner}0_{ion}_ion"] = begin
                rows = tuple(_without(s, inner, begin) for s in rows)
        return found, rows

    def _used_ions(self, sec: Any) -> set[str]:
        ions = {m.name().removesuffix("_ion") for m in sec(0.5) if m.is_ion()}
        return {ion for ion in ions if int(h.ion_style(f"{ion}_ion", sec=sec)) & 3}


def _without(section: FrozenSection, name: str, value: float) -> FrozenSection:
    """Return a section without a constant that is this number anyway."""
    values = section.membrane.values
    if values.get(name) != (value,):
        return section
    left = {key: row for key, row in values.items() if key != name}
    membrane = section.membrane.model_copy(update={"values": left})
    return section.model_copy(update={"membrane": membrane})


def _short(row: Sequence[float]) -> tuple[float, ...]:
    """Return a row of one number a segment, or one number where they are equal."""
    numbers = tuple(map(float, row))
    return numbers[:1] if len(set(numbers)) == 1 else numbers
