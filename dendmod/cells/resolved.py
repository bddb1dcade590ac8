"""The membrane of a cell file: its lists and distributions evaluated, section by section."""

from __future__ import annotations

from dataclasses import dataclass

from dendmod.cells.cell_shape import CellShape
from dendmod.cells.receptors import check_receptors
from dendmod.errors import SpecError, did_you_mean
from dendmod.mechanisms.catalogue import MechanismSet
from dendmod.mechanisms.given import given_variables
from dendmod.mechanisms.mechanism import Mechanism
from dendmod.spec.cell_file import BUILT_IN_LISTS, PLACE_NAMES, CellFile, ParameterFields
from dendmod.spec.expression import evaluator_of
from dendmod.spec.frozen import FrozenCell
from dendmod.spec.section_tables import MOST_SEGMENTS, SectionMembrane, SectionTables

_LOW_HIGH = tuple[float, float]
_MOST_OF_A_CELL = 200_000  # segments; ours


@dataclass(frozen=True)
class _Row:
    """A row of parameters, and what of NEURON's it sets."""

    fields: ParameterFields
    number: int
    suffix: str = ""  # of the mechanism that it belongs to
    ion: str = ""  # whose reversal potential it is

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"parameters {self.number} ({self.fields.name} on {self.fields.list})"


class Resolving:
    """Evaluates the rows of a cell file."""

    def __init__(
        self,
        fields: CellFile,
        shape: CellShape,
        known: MechanismSet,
        frozen: FrozenCell | None = None,
    ) -> None:
        self.fields, self.shape, self.known = fields, shape, known
        self.given = [] if frozen is None else [s.membrane for s in frozen.sections]
        shape.check_lists()
        self.rows = [self._row(i, row) for i, row in enumerate(fields.parameters, start=1)]
        for where, suffixes in fields.insert.items():
            shape.check_where(f"insert.{where}", where)
            for suffix in suffixes:
                if known.get(suffix).kind != "density":
                    raise SpecError(f"insert.{where}: {suffix} is no mechanism of a membrane")
        self.reached: set[int] = set()
        self._ends: dict[str, float] = {}  # longest distance by list

    def _row(self, number: int, fields: ParameterFields) -> _Row:
        row = _Row(fields, number)
        self.shape.check_where(row.where, fields.list)
        names = ("value", *PLACE_NAMES, *BUILT_IN_LISTS, *self.fields.lists)
        try:
            fields.expression.check_names(names)
        except SpecError as error:
            raise SpecError(f"{row.where}: {error}") from None
        if fields.name in ("cm", "Ra"):
            return row
        found = _mechanism_of(fields.name, self.known)
        if found is not None:
            return _Row(fields, number, suffix=found.suffix)
        ions = {ion.name for m in self.known.mechanisms.values() for ion in m.ions}
        if fields.name.startswith("e") and fields.name[1:] in ions:
            return _Row(fields, number, ion=fields.name[1:])
        raise SpecError(f"{row.where}: {_unknown_name(fields.name, self.known, ions)}")

    def tables(self) -> SectionTables:
        """Return the membrane of every section, checked."""
        nseg = self._nseg()
        sections = tuple(self._section(i, n) for i, n in enumerate(nseg))
        for row in self.rows:
            if row.number not in self.reached and row.fields.list not in BUILT_IN_LISTS:
                raise SpecError(f"{row.where} reaches no segment of {self.shape.morphology.name}")
        suffixes = sorted({m for s in sections for m in s.mechanisms})
        self._check(sections, suffixes)
        conditions = self.fields.conditions
        return SectionTables(
            name=self.fields.name,
            sections=sections,
            celsius=conditions.celsius,
            v_init=conditions.v_init_mV,
        )

    def _nseg(self) -> list[int]:
        if self.given:
            return [membrane.nseg for membrane in self.given]
        given = self.fields.discretisation
        if given.rule is None and given.d_lambda is None and not given.nseg:
            raise SpecError("discretisation: give a rule, d_lambda or nseg")
        rule = evaluator_of(given.rule) if given.rule is not None else None
        for where in given.nseg:
            self.shape.check_where("discretisation.nseg", where)
        found = []
        for i, section in enumerate(self.shape.sections):
            n = 1.0
            if rule is not None:
                n = rule({"L": section.length, "diam": self.shape.mean_diameter(i)})
            elif given.d_lambda is not None:
                whole = self._values(i, 1, ("cm", "Ra"))
                electric = self.shape.lambda_f(
                    i, whole["Ra"][0], whole["cm"][0], given.frequency_Hz
                )
                n = int((electric / given.d_lambda + 0.9) / 2) * 2 + 1
            place = self.shape.places(i, 1, False)[0]
            for where, own in given.nseg.items():
                if self.shape.on_list(where, section.name, place):
                    n = own
            if not 1 <= n <= MOST_SEGMENTS or n != int(n):
                raise SpecError(
                    f"discretisation: {section.name} would have {n:g} segments; a section has a "
                    f"whole number of them, from 1 to {MOST_SEGMENTS}"
                )
            taper = section.diameters or ()
            found.append(len(taper) if len(taper) > 1 else int(n))
        if sum(found) > _MOST_OF_A_CELL:
            raise SpecError(
                f"discretisation: the cell would have {sum(found)} segments; {_MOST_OF_A_CELL} are "
                "allowed. Lengths and L are in um"
            )
        return found

    def _section(self, i: int, nseg: int) -> SectionMembrane:
        section = self.shape.sections[i]
        values = self._values(i, nseg)
        inserted = self._inserted(i)
        by_rows = {_suffix(name, self.known) for name in values} - {""}
        mechanisms = sorted(inserted | by_rows)
        for suffix in mechanisms:
            for parameter in self.known.get(suffix).parameters:
                name = f"{parameter.name}_{suffix}"
                if parameter.name in self.known.get(suffix).maximal and name not in values:
                    level = parameter.default if suffix in inserted else 0.0
                    values[name] = [level] * nseg
        ions = {ion for s in mechanisms for ion in self._ions(s)}
        for row in self.rows:
            if row.ion and row.ion not in ions:
                values.pop(row.fields.name, None)
        Ra = values.pop("Ra")
        if len(set(Ra)) > 1:
            raise SpecError(
                f"Ra of {section.name} is {min(Ra)} to {max(Ra)}; NEURON has one number a section"
            )
        myelin = self.fields.axon.myelin
        if "myelinated" in section.lists and myelin is not None and myelin.cm_uF_cm2 is not None:
            values["cm"] = [myelin.cm_uF_cm2] * nseg
        return SectionMembrane(
            region=section.region,
            nseg=nseg,
            Ra=Ra[0],
            mechanisms=tuple(mechanisms),
            values={
                name: tuple(row[:1] if len(set(row)) == 1 else row) for name, row in values.items()
            },
        )

    def _inserted(self, i: int) -> set[str]:
        place = self.shape.places(i, 1, False)[0]
        name = self.shape.sections[i].name
        there = set(self.given[i].mechanisms) if self.given else set()
        return there | {
            suffix
            for where, suffixes in self.fields.insert.items()
            if self.shape.on_list(where, name, place)
            for suffix in suffixes
        }

    def _values(
        self, i: int, nseg: int, only: tuple[str, ...] | None = None
    ) -> dict[str, list[float]]:
        """Return the values of every row in a section, one a segment, later rows over earlier."""
        last_at_end = self.fields.discretisation.value_at == "centre, last at end"
        section, places = self.shape.sections[i], self.shape.places(i, nseg, last_at_end)
        values: dict[str, list[float | None]] = {}
        if self.given:
            for name, before in {**self.given[i].values, "Ra": (self.given[i].Ra,)}.items():
                values[name] = [*before] if len(before) == nseg else [before[0]] * nseg
        for row in self.rows:
            fields = row.fields
            if only is not None and fields.name not in only:
                continue
            on = [self.shape.on_list(fields.list, section.name, place) for place in places]
            if not any(on):
                continue
            self.reached.add(row.number)
            held = values.setdefault(fields.name, [None] * nseg)
            for k, place in enumerate(places):
                if on[k]:
                    held[k] = self._value(row, section.name, place, held[k])
        for needed in ("cm", "Ra"):
            if None in values.get(needed, [None]):
                raise SpecError(f"no row of parameters gives {needed} everywhere in {section.name}")
        found = {}
        for name, held in values.items():
            if all(v is None for v in held):
                continue
            elsewhere = self._elsewhere(name, i) if None in held else 0.0
            found[name] = [elsewhere if v is None else v for v in held]
        return found

    def _value(
        self, row: _Row, section: str, place: dict[str, float], before: float | None
    ) -> float | None:
        fields = row.fields
        if fields.value is None:
            return None if before is None else before * fields.factor + fields.shift
        if fields.dist == "uniform":
            return fields.value * fields.factor + fields.shift
        names = place | {"value": fields.value}
        if "longest" in fields.expression.names:
            names["longest"] = self._longest(fields.list)
        try:
            found = evaluator_of(fields.expression.text)(names) * fields.factor + fields.shift
        except SpecError as error:
            raise SpecError(f"{row.where}, {section}({place['x']:g}): {error}") from None
        return found

    def _longest(self, where: str) -> float:
        """Return the longest path distance of an end of the list's sections (um)."""
        if where not in self._ends:
            self._ends[where] = max(
                self.shape.places(i, 1, True)[0]["distance"]
                for i, section in enumerate(self.shape.sections)
                if self.shape.on_list(where, section.name, self.shape.places(i, 1, True)[0])
            )
        return self._ends[where]

    def _elsewhere(self, name: str, i: int) -> float:
        """Return the value of the segments of a section that no row reaches."""
        suffix = _suffix(name, self.known)
        if not suffix:
            raise SpecError(
                f"{name} is given in a part of {self.shape.sections[i].name} alone; give it in the "
                "whole section"
            )
        mechanism = self.known.get(suffix)
        parameter = name.removesuffix(f"_{suffix}")
        if parameter in mechanism.maximal and suffix not in self._inserted(i):
            return 0.0
        return next(p.default for p in mechanism.parameters if p.name == parameter)

    def _check(self, sections: tuple[SectionMembrane, ...], suffixes: list[str]) -> None:
        ranges: dict[str, dict[str, _LOW_HIGH]] = {suffix: {} for suffix in suffixes}
        for section in sections:
            for name, row in section.values.items():
                suffix = _suffix(name, self.known)
                if suffix:
                    parameter = name.removesuffix(f"_{suffix}")
                    low, high = ranges[suffix].get(parameter, (row[0], row[0]))
                    ranges[suffix][parameter] = (min(low, *row), max(high, *row))
        for suffix, found in ranges.items():
            for end in (0, 1):
                self.known.check_parameters(suffix, {p: levels[end] for p, levels in found.items()})
        self._check_names(sections)
        self._check_reversals(sections)
        self._check_globals(suffixes)
        check_receptors(self.fields.receptors, self.known)

    def _check_names(self, sections: tuple[SectionMembrane, ...]) -> None:
        """Check that what a file of sections sets is there, as its .mod files now are."""
        for section, shape in zip(
            sections if self.given else (), self.shape.sections, strict=False
        ):
            ions = {ion for suffix in section.mechanisms for ion in self._ions(suffix)}
            own = {f"{a}{ion}{b}" for ion in ions for a, b in (("e", ""), ("", "i"), ("", "o"))}
            for mechanism in map(self.known.get, section.mechanisms):
                own |= {f"{name}_{mechanism.suffix}" for name in given_variables(mechanism)}
            for name in section.values:
                if name not in own and name != "cm" and not _suffix(name, self.known):
                    raise SpecError(f"{shape.name}: {_unknown_name(name, self.known, ions)}")

    def _check_reversals(self, sections: tuple[SectionMembrane, ...]) -> None:
        for row in self.rows:
            if not row.ion:
                continue
            there = [s for s in sections if row.fields.name in s.values]
            pools = [
                {m for m in s.mechanisms if row.ion in self.known.get(m).pool_of} for s in there
            ]
            if there and all(pools):
                raise SpecError(
                    f"{row.where}: {', '.join(sorted(pools[0]))} keeps the concentration of "
                    f"{row.ion} there, and NEURON computes {row.fields.name} from it; leave it out"
                )
            lacking = [
                name
                for name, s in zip(self.shape.numbers, sections, strict=True)
                if row.fields.name not in s.values
                and any(row.ion in self._ions(m) for m in s.mechanisms)
            ]
            if there and lacking:
                raise SpecError(
                    f"{row.fields.name} is given elsewhere, but no row gives it in {lacking[0]}, "
                    f"which uses the ion {row.ion}"
                )
            if not there:
                raise SpecError(
                    f"{row.where}: no mechanism there uses the ion {row.ion}; leave it out"
                )

    def _ions(self, suffix: str) -> set[str]:
        return {ion.name for ion in self.known.get(suffix).ions}

    def _check_globals(self, suffixes: list[str]) -> None:
        used = [self.known.get(s) for s in suffixes]
        used += [m for m in self.known.mechanisms.values() if m.kind != "density"]
        allowed = {f"{g.name}_{m.suffix}" for m in used for g in m.globals}
        ions = {ion.name for m in used for ion in m.ions}
        allowed |= {f"{ion}{side}0_{ion}_ion" for ion in ions for side in "io"}
        for name in self.fields.conditions.globals:
            if name not in allowed:
                raise SpecError(
                    f"conditions.globals: no mechanism of the cell has a GLOBAL {name!r}."
                    + did_you_mean(name, allowed)
                )


def _mechanism_of(name: str, known: MechanismSet) -> Mechanism | None:
    """Return the membrane mechanism whose parameter NEURON calls so; that of the longest suffix."""
    fits = [
        m
        for m in known.mechanisms.values()
        if m.kind == "density"
        and name.endswith(f"_{m.suffix}")
        and name.removesuffix(f"_{m.suffix}") in m.parameter_names
    ]
    return max(fits, key=lambda m: len(m.suffix), default=None)


def _suffix(name: str, known: MechanismSet) -> str:
    if name in ("cm", "Ra"):
        return ""
    found = _mechanism_of(name, known)
    return "" if found is None else found.suffix


def _unknown_name(name: str, known: MechanismSet, ions: set[str]) -> str:
    density = [m for m in known.mechanisms.values() if m.kind == "density"]
    own = [m for m in density if name.endswith(f"_{m.suffix}")]
    if own:
        mechanism = max(own, key=lambda m: len(m.suffix))
        short = name.removesuffix(f"_{mechanism.suffix}")
        if short in {g.name for g in mechanism.globals}:
            return (
                f"{short} of {mechanism.suffix} is GLOBAL, one value for the whole process; set it "
                f"in conditions.globals: {name} = ..."
            )
        if not mechanism.parameters:
            return f"{mechanism.suffix} has no parameter"
        full = [f"{p}_{mechanism.suffix}" for p in mechanism.parameter_names]
        return f"{mechanism.suffix} has no parameter {short!r}." + did_you_mean(name, full)
    allowed = [f"{p}_{m.suffix}" for m in density for p in m.parameter_names]
    return f"there is no parameter {name!r} (NEURON's name: parameter_suffix)." + did_you_mean(
        name, [*allowed, "cm", "Ra", *(f"e{ion}" for ion in ions)]
    )
