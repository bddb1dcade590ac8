"""A membrane in BluePyOpt's words: parameters on lists of sections, mechanisms inserted by list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dendmod.cells.imports.sources import number
from dendmod.errors import SpecError, did_you_mean
from dendmod.mechanisms.catalogue import mechanism_set, parse
from dendmod.mechanisms.mechanism import Mechanism
from dendmod.morphology import Morphology
from dendmod.spec.cell_file import AxonFields, ParameterFields

PARTS = ("somatic", "basal", "apical", "axonal", "myelinated")
_LIST_OF = {"soma": "somatic", "basal": "basal", "apical": "apical", "axon": "axonal"}
_POWER_OF_VALUE = re.compile(r"\{value\}\s*\*\*")
# what NEURON has in a section where nothing is said
_DEFAULTS = {"cm": 1.0, "Ra": 35.4, "ena": 50.0, "ek": -77.0}


@dataclass(frozen=True)
class Row:
    """A parameter on a list of sections.

    Parameters
    ----------
    name, where, value
        NEURON's name, the list, the number.
    dist
        An expression of BluePyOpt, or "uniform".
    origin
        File and key, for messages.
    """

    name: str
    where: str
    value: float
    origin: str
    dist: str = "uniform"

    @property
    def fields(self) -> ParameterFields:
        """The row of a cell file.

        BluePyOpt puts the digits of a value into the text, where -2**2 is -4; a power of a
        negative value is refused.
        """
        if self.value < 0 and _POWER_OF_VALUE.search(self.dist):
            raise SpecError(
                f"{self.origin}: {self.dist!r} raises the negative value {self.value} to a power, "
                "which BluePyOpt reads as minus the power; write ({value})"
            )
        try:
            return ParameterFields(
                name=self.name, list=self.where, value=self.value, dist=self.dist
            )
        except SpecError as error:
            raise SpecError(f"{self.origin}: {error}") from None


@dataclass(frozen=True)
class Membrane:
    """What a format says of a cell besides its shape.

    Parameters
    ----------
    rows
        In the order in which they are set; later ones count.
    inserted
        Mechanisms by list.
    celsius, v_init
        Temperature (degC) and start (mV).
    globals
        GLOBAL parameters by NEURON's name.
    lists
        Parts of the cell by the name of a list that is made of several.
    origin
        The file that inserts mechanisms, for messages.
    """

    rows: tuple[Row, ...]
    inserted: Mapping[str, tuple[str, ...]]
    celsius: float
    v_init: float
    origin: str
    globals: Mapping[str, float] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Suffixes of all mechanisms that are inserted."""
        return tuple(dict.fromkeys(m for of in self.inserted.values() for m in of))

    def parts(self, where: str, origin: str) -> frozenset[str]:
        """Return the parts of the cell that a list is made of.

        Raises
        ------
        SpecError
            If there is no such list.
        """
        if where == "all":
            return frozenset(PARTS)
        if where in PARTS:
            return frozenset((where,))
        if where in self.lists:
            return frozenset(self.lists[where])
        known = ("all", *PARTS, *self.lists)
        raise SpecError(f"{origin}: there is no list {where!r}." + did_you_mean(where, known))

    def used_lists(self) -> dict[str, str]:
        """Return the lists of a cell file for those that rows and mechanisms use."""
        used = {row.where for row in self.rows} | set(self.inserted)
        return {name: " or ".join(of) for name, of in self.lists.items() if name in used}

    def checked(
        self, present: frozenset[str], files: tuple[Path, ...]
    ) -> tuple[tuple[ParameterFields, ...], tuple[str, ...]]:
        """Return the rows of a cell file, and notes on what the format leaves to NEURON.

        Parameters
        ----------
        present
            Parts that the cell has.
        files
            The .mod files of its mechanisms.

        Raises
        ------
        SpecError
            If a row sets what no mechanism there has, or a list is not known.
        """
        known = {name: _record(name, files) for name in self.mechanisms}
        where: dict[str, frozenset[str]] = {name: frozenset() for name in known}
        for name, suffixes in self.inserted.items():
            for suffix in suffixes:
                where[suffix] |= self.parts(name, self.origin)
        ions = {ion.name for m in known.values() for ion in m.ions}
        given: dict[str, frozenset[str]] = {}
        for row in self.rows:
            parts = self.parts(row.where, row.origin)
            given[row.name] = given.get(row.name, frozenset()) | parts
            if row.name in ("cm", "Ra") or row.name.removeprefix("e") in ions:
                continue
            self._check_inserted(row, parts & present, where, known)
        defaults, notes = [], []
        for name, level in _DEFAULTS.items():
            wanted = present
            if name not in ("cm", "Ra"):
                ion = name.removeprefix("e")
                uses = [where[s] for s, m in known.items() if ion in {i.name for i in m.ions}]
                wanted = present & frozenset().union(*uses) if name in given else frozenset()
            for part in sorted(wanted - given.get(name, frozenset()), key=PARTS.index):
                defaults.append(ParameterFields(name=name, list=part, value=level))
                notes.append(
                    f"no row gives {name} in the list {part}: NEURON's {level:g} stands there"
                )
        return (*defaults, *(row.fields for row in self.rows)), tuple(notes)

    def _check_inserted(
        self, row: Row, parts: frozenset[str], where: Mapping[str, frozenset[str]],
        known: Mapping[str, Mechanism],
    ) -> None:  # fmt: skip
        owners = [s for s, m in known.items() if row.name in _names(m)]
        if not owners:
            names = [n for m in known.values() for n in _names(m)]
            raise SpecError(
                f"{row.origin}: no mechanism that {self.origin} inserts has {row.name!r}."
                + did_you_mean(row.name, names)
            )
        lacking = sorted(parts - where[owners[0]], key=PARTS.index)
        if lacking:
            raise SpecError(
                f"{row.origin}: {row.name} is set on the list {row.where}, but {self.origin} "
                f"inserts no {owners[0]} in {', '.join(lacking)}, where NEURON would stop. Insert "
                "it there, or set the parameter on fewer sections"
            )


def frozen_or_optimised(
    frozen: Any, bounds: Any, label: str, left: dict[str, float], origin: str
) -> float:
    """Return the value of a parameter, and take it from those that are left.

    Parameters
    ----------
    frozen, bounds
        What the format says of it; one of them is None.
    label
        Its name among the optimised values.
    left
        Optimised values that no parameter has taken yet.
    origin
        File and key, for messages.
    """
    if frozen is not None:
        if label in left:
            raise SpecError(
                f"{origin}: {label} is frozen to {frozen}, and the values give {left[label]} too; "
                "leave one out"
            )
        return number(frozen, origin)
    if label not in left:
        raise SpecError(
            f"{origin}: {label} is to be optimised within {bounds} and has no value; give the file "
            "of optimised values (FINAL.json --key NAME)"
        )
    return left.pop(label)


def check_all_taken(left: Mapping[str, float], known: Iterable[str], path: Path) -> None:
    """Refuse values that belong to no parameter."""
    for label in left:
        raise SpecError(
            f"the values give {label}, which is no parameter with bounds in {path}."
            + did_you_mean(label, known)
        )


def present_parts(morphology: Morphology, axon: AxonFields) -> frozenset[str]:
    """Return the parts that a cell has once its axon is as the fields say."""
    found = {_LIST_OF[s.kind] for s in morphology.sections}
    if axon.treatment != "keep":
        found.discard("axonal")
    if axon.treatment == "stub":
        found.add("axonal")
    if axon.myelin is not None:
        found.add("myelinated")
    return frozenset(found)


def _record(suffix: str, files: tuple[Path, ...]) -> Mechanism:
    for path in files:
        mechanism = parse(path)
        if mechanism.suffix == suffix:
            return mechanism
    return mechanism_set().get(suffix)


def _names(mechanism: Mechanism) -> tuple[str, ...]:
    return tuple(f"{p}_{mechanism.suffix}" for p in mechanism.parameter_names)
