"""A cell as BluePyOpt's ephys models build it: mechanisms first, then parameters in their order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dendmod.cells.imports.plain import shapes
from dendmod.engines.neuron.session import h
from dendmod.spec.expression import evaluator_of

Rows = list[tuple[str, str | None, float, str | None]]  # name, list, value, distribution
_STEMS = {
    "somatic": ("soma",), "basal": ("dend",), "apical": ("apic",), "axonal": ("axon",),
    "myelinated": ("myelin",), "all": ("soma", "dend", "apic", "axon", "myelin"),
    "alldend": ("apic", "dend"), "somadend": ("apic", "dend", "soma"),
    "somaxon": ("axon", "soma"), "allact": ("apic", "dend", "soma", "axon"),
}  # fmt: skip


def build(
    parameters: str,
    mechanisms: str | None,
    values: dict[str, float],
    morphology: str,
    axon: str,
    parameter_key: str | None = None,
) -> Any:
    """Build the cell of JSON files at NEURON's top level and return its soma.

    Parameters
    ----------
    parameters, mechanisms
        Files of BluePyOpt's form, or the one file of EModelRunner's.
    values
        Optimised values by "parameter.list".
    morphology
        SWC or ASC file.
    axon
        "replace", "tapered" or "keep".
    parameter_key
        Of a set of parameters among several.
    """
    if mechanisms is None:
        inserted, rows = _table(_json(parameters), values)
    else:
        given = _json(parameters)
        given = given if parameter_key is None else given[parameter_key]
        inserted, rows = _list(given, _json(mechanisms), values)
    shapes.read(h, morphology)
    shapes.set_nseg(h)
    if axon == "replace":
        shapes.replace_axon(h, 0.5)
    elif axon == "tapered":
        shapes.taper_axon(h)
    for part, suffixes in inserted.items():
        for suffix in suffixes:
            for sec in _on(part):
                sec.insert(suffix)
    for name, where, value, dist in rows:
        if where is None:
            setattr(h, name, value)
            continue
        for sec in _on(where):
            if dist is None:
                setattr(sec, name, value)
                continue
            h.distance(0, 0.5, sec=h.soma[0])
            for seg in sec:
                place = h.distance(1, seg.x, sec=sec)
                digits = {"value": f"{value:.17g}", "distance": f"{place:.17g}"}
                setattr(seg, name, evaluator_of(dist.format(**digits))({}))
    return h.soma[0]


def _on(where: str) -> list[Any]:
    return [sec for stem in _STEMS[where] for sec in shapes.sections(h, stem)]


def _list(given: Any, mechanisms: Any, values: dict[str, float]) -> tuple[dict[str, Any], Rows]:
    """Return mechanisms by list, and rows of BluePyOpt's list of parameters."""
    inserted = {k: v for k, v in mechanisms.items() if k != "modpath"}
    rows: Rows = []
    for entry in given:
        lists = entry.get("sectionlist")
        for where in lists if isinstance(lists, list) else [lists]:
            label = f"{entry['param_name']}.{where}"
            value = entry["value"] if "value" in entry else values[label]
            uniform = entry.get("dist_type", "uniform") == "uniform"
            rows.append((entry["param_name"], where, value, None if uniform else entry["dist"]))
    return inserted, rows


def _table(given: Any, values: dict[str, float]) -> tuple[dict[str, Any], Rows]:
    """Return mechanisms by list, and rows of EModelRunner's table."""
    texts: dict[str, str | None] = {"uniform": None}
    for name, definition in given.get("distributions", {}).items():
        if name.startswith("_"):
            continue
        text = definition["fun"]
        for entry in given["parameters"].get(f"distribution_{name}", ()):
            level = values.get(f"{entry['name']}.distribution_{name}", entry["val"])
            text = text.replace("{" + entry["name"] + "}", str(level))
        texts[name] = text
    rows: Rows = []
    for where, entries in given["parameters"].items():
        if where.startswith(("_", "distribution_")):
            continue
        for entry in entries:
            value = values.get(f"{entry['name']}.{where}", entry["val"])
            dist = texts[entry.get("dist", "uniform")]
            rows.append((entry["name"], None if where == "global" else where, value, dist))
    mechanisms = given["mechanisms"].items()
    return {k: v["mech"] for k, v in mechanisms if not k.startswith("_")}, rows


def _json(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))
