"""Cells of BluePyOpt: a list of parameters, mechanisms by list of sections, optimised values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dendmod.cells.imports import axons, emodelrunner
from dendmod.cells.imports.converted import Converted
from dendmod.cells.imports.membrane import (
    Membrane,
    Row,
    check_all_taken,
    frozen_or_optimised,
    present_parts,
)
from dendmod.cells.imports.sources import (
    known_keys,
    mod_files,
    needed,
    needed_text,
    read_values,
    texts,
)
from dendmod.errors import SpecError, did_you_mean, of_file
from dendmod.morphology import resolve
from dendmod.spec.cell_file import CellFile, ConditionFields, DiscretisationFields
from dendmod.texts import read_json

_KEYS = (
    "param_name", "sectionlist", "type", "dist_type", "dist", "value", "bounds", "mech",
    "mech_param", "comment",
)  # fmt: skip
_TYPES = ("global", "section", "range")
_RULE = "1 + 2*int(L/40)"
_V_INIT, _CELSIUS = -65.0, 6.3  # NEURON's, where a file says nothing


def convert(
    parameters: Path,
    values: Path | None = None,
    *,
    morphology: Path,
    mod: Path,
    mechanisms: Path | None = None,
    key: str | None = None,
    axon: str | None = None,
    name: str | None = None,
) -> Converted:
    """Return the cell of BluePyOpt's or EModelRunner's JSON.

    Parameters
    ----------
    parameters
        BluePyOpt's list of parameters, or EModelRunner's table of mechanisms, distributions and
        parameters.
    values
        Optimised values by "parameter.list" (`dendmod.cells.imports.sources.read_values`).
    morphology, mod
        SWC or ASC file, and folder of .mod files.
    mechanisms
        Mechanisms by list; mechanisms.json beside the parameters, if None.
    key
        Name of a set of values.
    axon
        "replace" (BluePyOpt's), "tapered" (EModelRunner's, with myelin) or "keep"; None takes
        "replace" for BluePyOpt's form and "tapered" for EModelRunner's.
    name
        Of the cell; that of the set of values or of the morphology, if None.

    Raises
    ------
    SpecError, MorphologyError, MechanismError
        Naming file, key and remedy.
    """
    given = read_json(parameters)
    optimised = {} if values is None else read_values(values, key)
    if values is None and key is not None:
        raise SpecError(f"--key {key} names a set of optimised values; give their file too")
    if isinstance(given, dict):
        if mechanisms is not None:
            raise SpecError(f"{parameters} says itself which mechanisms there are; leave out "
                            f"{mechanisms}")  # fmt: skip
        beside, membrane = None, emodelrunner.membrane(given, optimised, parameters)
    else:
        beside = mechanisms or parameters.with_name("mechanisms.json")
        membrane = list_membrane(given, read_json(beside), optimised, parameters, beside)
    treatment = axon or ("tapered" if beside is None else "replace")
    files = [parameters, *([] if beside is None else [beside]), *([values] if values else [])]
    arguments = {
        "parameters": str(parameters.resolve()),
        "mechanisms": None if beside is None else str(beside.resolve()),
        "values": optimised,
    }
    source = f"{'EModelRunner' if beside is None else 'BluePyOpt'}: {parameters.name}"
    if values is not None:
        source += f", {values.name}" + (f" ({key})" if key else "")
    return made(
        membrane, morphology=morphology, mod=mod, axon=treatment,
        name=name or key or morphology.stem, source=source, files=tuple(files), arguments=arguments,
    )  # fmt: skip


def made(
    membrane: Membrane, *, morphology: Path, mod: Path, axon: str, name: str, source: str,
    files: tuple[Path, ...], arguments: dict[str, Any],
) -> Converted:  # fmt: skip
    """Return the cell of a membrane in BluePyOpt's words on a morphology.

    Parameters
    ----------
    files
        Where the membrane comes from.
    arguments
        Of `dendmod.cells.imports.plain.ephys.build`, besides morphology and axon.
    """
    if axon not in axons.AXONS:
        raise SpecError(f"there is no axon {axon!r}." + did_you_mean(axon, axons.AXONS))
    shape = resolve(str(morphology))
    replaced = axons.AXONS[axon](shape)
    with of_file(files[0]):
        mods = mod_files(mod, membrane.mechanisms)
    rows, notes = membrane.checked(present_parts(shape, replaced.fields), mods)
    fields = CellFile(
        schema="dendmod/cell/1",
        name=re.sub(r"[^A-Za-z0-9_./+-]", "_", name),
        source=source,
        morphology="cell" + morphology.suffix.lower(),
        mechanisms=("mod",) if mods else (),
        conditions=ConditionFields(
            celsius=membrane.celsius, v_init_mV=membrane.v_init, globals=dict(membrane.globals)
        ),
        discretisation=DiscretisationFields(rule=_RULE, nseg=replaced.nseg),
        axon=replaced.fields,
        lists=membrane.used_lists(),
        insert=dict(membrane.inserted),
        parameters=rows,
    )
    build = "dendmod.cells.imports.plain.ephys:build"
    arguments = arguments | {"morphology": str(morphology.resolve()), "axon": axon}
    return Converted(fields, morphology, mods, notes, (*files, morphology), build, arguments)


def list_membrane(
    given: Any, inserted: Any, optimised: Mapping[str, float], path: Path, beside: Path,
    where: str = "",
) -> Membrane:  # fmt: skip
    """Return the membrane of a list of parameters and a table of mechanisms by list.

    Parameters
    ----------
    given, inserted
        What parameters.json and mechanisms.json hold.
    optimised
        Values of the parameters that have bounds, by "parameter.list".
    path, beside
        The two files, for messages.
    where
        Place of the list in its file, for messages.
    """
    if not isinstance(given, list) or not given:
        raise SpecError(f"{path}{where}: a list of parameters is needed")
    rows: list[Row] = []
    whole: dict[str, float] = {}
    left = dict(optimised)
    seen: set[str] = set()
    for i, entry in enumerate(given):
        origin = f"{path}{where}, entry {i + 1}"
        table = known_keys(entry, _KEYS, origin)
        name = needed_text(table, "param_name", origin)
        origin = f"{origin} ({name:.60})"
        kind = needed_text(table, "type", origin)
        if kind not in _TYPES:
            raise SpecError(f"{origin}: type is {kind!r}." + did_you_mean(str(kind), _TYPES))
        given_lists = "" if kind == "global" else needed(table, "sectionlist", origin)
        for part in texts(given_lists if isinstance(given_lists, list) else [given_lists], origin):
            label = name if kind == "global" else f"{name}.{part}"
            if label in seen:
                raise SpecError(
                    f"{origin}: {label} is given twice, of which BluePyOpt takes the later value "
                    "in the earlier place; leave one out"
                )
            seen.add(label)
            if "value" not in table:
                needed(table, "bounds", origin)
            value = frozen_or_optimised(
                table.get("value"), table.get("bounds"), label, left, origin
            )
            if kind == "global":
                whole[name] = value
            else:
                dist = _dist(table, kind, origin)
                rows.append(Row(name, part, value, origin, dist))
    check_all_taken(left, seen, path)
    by_list = {}
    for part, suffixes in known_keys(inserted, inserted, str(beside)).items():
        if part == "modpath":
            continue
        by_list[part] = texts(suffixes, f"{beside}: {part}")
    return Membrane(
        rows=tuple(rows),
        inserted=by_list,
        celsius=whole.pop("celsius", _CELSIUS),
        v_init=whole.pop("v_init", _V_INIT),
        globals=whole,
        origin=str(beside),
    )


def _dist(table: dict[str, Any], kind: str, origin: str) -> str:
    """Return the distribution of a row as it is written."""
    kinds = ("uniform", "exp", "distance")
    dist_type = str(table.get("dist_type", "uniform"))
    if dist_type not in kinds:
        raise SpecError(f"{origin}: dist_type is {dist_type!r}." + did_you_mean(dist_type, kinds))
    if dist_type == "uniform":
        if "dist" in table:
            raise SpecError(f"{origin}: dist_type is uniform and dist is given; leave one out")
        return "uniform"
    dist = needed(table, "dist", origin)
    if kind == "section":
        raise SpecError(
            f"{origin}: type is 'section', which has one value a section, with a distribution over "
            "segments; give type 'range'"
        )
    return str(dist)
