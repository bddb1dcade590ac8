"""Cells of the Allen Institute: fit.json of perisomatic and all-active models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dendmod.cells.imports import axons
from dendmod.cells.imports.converted import Converted
from dendmod.cells.imports.membrane import Membrane, Row, present_parts
from dendmod.cells.imports.sources import (
    known_keys,
    mod_files,
    needed,
    needed_list,
    needed_text,
    number,
)
from dendmod.errors import SpecError, did_you_mean, of_file
from dendmod.morphology import resolve
from dendmod.spec.cell_file import CellFile, ConditionFields, DiscretisationFields
from dendmod.texts import read_json

LISTS = {"soma": "somatic", "dend": "basal", "apic": "apical", "axon": "axonal"}
_AXONS = {"stub": axons.allen_stub, "truncated": axons.allen_truncated}


def convert(
    fit: Path, *, swc: Path, mod: Path, axon: str | None = None, name: str | None = None
) -> Converted:
    """Return the cell of a fit file.

    A file whose table "passive" gives e_pas is one of the perisomatic form, in which cm comes from
    "passive" too; else it is of the all-active form, in which all of that is in the genome.

    Parameters
    ----------
    fit
        fit.json or fit_parameters.json.
    swc, mod
        Morphology, and folder of .mod files.
    axon
        "stub": two cylinders of 30 um by 1 um at soma(0.5), which perisomatic cells always have;
        "truncated": as wide as the axon, at soma(1), AllenSDK's default for all-active cells.
    name
        Of the cell; that of the file, if None.

    Raises
    ------
    SpecError, MorphologyError, MechanismError
        Naming file, key and remedy.
    """
    given = known_keys(
        read_json(fit), ("passive", "axon_morph", "fitting", "conditions", "genome"), str(fit)
    )
    passive = known_keys(_one(given, "passive", fit), ("ra", "cm", "e_pas"), f"{fit}: passive")
    perisomatic = "e_pas" in passive
    axon = axon or ("stub" if perisomatic else "truncated")
    if axon not in _AXONS:
        raise SpecError(f"there is no axon {axon!r}." + did_you_mean(axon, _AXONS))
    if perisomatic and axon != "stub":
        raise SpecError(f"{fit} is a perisomatic cell, whose axon is a stub; leave out --axon")
    membrane = _membrane(given, passive, perisomatic, fit)
    shape = resolve(str(swc))
    drawn = _AXONS[axon](shape)
    with of_file(fit):
        files = mod_files(mod, membrane.mechanisms)
    rows, notes = membrane.checked(present_parts(shape, drawn.fields), files)
    kind = "perisomatic" if perisomatic else "all-active"
    fields = CellFile(
        schema="dendmod/cell/1",
        name=re.sub(r"[^A-Za-z0-9_./+-]", "_", name or fit.stem),
        source=f"Allen Institute, {kind}: {fit.name}",
        morphology="cell" + swc.suffix.lower(),
        mechanisms=("mod",) if files else (),
        conditions=ConditionFields(
            celsius=membrane.celsius, v_init_mV=membrane.v_init, globals=dict(membrane.globals)
        ),
        discretisation=DiscretisationFields(rule="1 + 2*int(L/40)"),
        axon=drawn.fields,
        insert=dict(membrane.inserted),
        parameters=rows,
    )
    original = {"file": str(fit.resolve()), "morphology": str(swc.resolve()), "axon": axon}
    build = "dendmod.cells.imports.plain.allen:build"
    return Converted(fields, swc, files, notes, (fit, swc), build, original)


def _membrane(
    given: dict[str, Any], passive: dict[str, Any], perisomatic: bool, fit: Path
) -> Membrane:
    origin = f"{fit}: passive"
    rows = [Row("Ra", "all", number(needed(passive, "ra", origin), f"{origin}.ra"), origin)]
    if perisomatic:
        rows.append(Row("e_pas", "all", number(passive["e_pas"], f"{origin}.e_pas"), origin))
        for entry in needed_list(passive, "cm", origin):
            table = known_keys(entry, ("section", "cm"), f"{origin}.cm")
            level = number(needed(table, "cm", f"{origin}.cm"), f"{origin}.cm")
            rows.append(Row("cm", _list(table, f"{origin}.cm"), level, f"{origin}.cm"))
    elif "cm" in passive:
        raise SpecError(
            f"{origin}: cm without e_pas: AllenSDK reads both of perisomatic cells and neither of "
            "all-active ones; move cm into the genome, or give e_pas"
        )
    inserted: dict[str, list[str]] = {"all": ["pas"]}
    whole: dict[str, float] = {}
    for i, entry in enumerate(needed_list(given, "genome", str(fit))):
        origin = f"{fit}: genome, entry {i + 1}"
        table = known_keys(entry, ("section", "name", "value", "mechanism"), origin)
        name = needed_text(table, "name", origin)
        origin = f"{origin} ({name:.60})"
        value = number(needed(table, "value", origin), origin)
        if table.get("section") == "glob":
            whole[name] = value
            continue
        where = _list(table, origin)
        mechanism = needed_text(table, "mechanism", origin) if "mechanism" in table else ""
        if mechanism and mechanism not in inserted.setdefault(where, []):
            inserted[where].append(mechanism)
        rows.append(Row(name, where, value, origin))
    conditions = known_keys(
        _one(given, "conditions", fit), ("celsius", "erev", "v_init"), f"{fit}: conditions"
    )
    for entry in needed_list(conditions, "erev", f"{fit}: conditions"):
        origin = f"{fit}: conditions.erev"
        table = known_keys(entry, ("section", "ena", "ek"), origin)
        for name in ("ek", "ena"):
            rows.append(
                Row(name, _list(table, origin), number(needed(table, name, origin), origin), origin)
            )
    return Membrane(
        rows=tuple(rows),
        inserted={where: tuple(of) for where, of in inserted.items() if of},
        celsius=number(needed(conditions, "celsius", f"{fit}: conditions"), f"{fit}: celsius"),
        v_init=number(needed(conditions, "v_init", f"{fit}: conditions"), f"{fit}: v_init"),
        globals=whole,
        origin=f"the genome of {fit}",
    )


def _one(given: dict[str, Any], key: str, fit: Path) -> Any:
    """Return a table that the format writes as a list of one."""
    found = needed(given, key, str(fit))
    if isinstance(found, list) and len(found) == 1:
        return found[0]
    if isinstance(found, dict):
        return found
    raise SpecError(f"{fit}: {key}: a list of one table is needed")


def _list(table: dict[str, Any], origin: str) -> str:
    section = needed_text(table, "section", origin)
    if section not in LISTS:
        raise SpecError(
            f"{origin}: there is no section {section!r}." + did_you_mean(section, LISTS)
        )
    return LISTS[section]
