"""A small cell in each of the field's JSON formats, written for the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MINIATURES = Path(__file__).parent / "mechanisms" / "miniatures"

# a soma of one point; a basal branch; an apical one that forks; an axon of three sections
SHAPE = """
1 1 10 5 2 8 -1
2 3 10 -10 2 1.0 1
3 3 10 -130 2 0.6 2
4 4 10 20 2 1.5 1
5 4 10 110 2 1.1 4
6 4 60 190 2 0.7 5
7 4 -40 190 2 0.5 5
8 2 20 5 2 1.2 1
9 2 50 5 2 0.9 8
10 2 80 15 2 0.6 9
11 2 120 35 2 0.4 10
12 2 120 -30 2 0.35 10
"""

GROWING = "(-0.8696 + 2.087*math.exp(({distance})*0.0031))*{value}"
FALLING = "math.exp({distance}*{constant})*{value}"


def shape(folder: Path) -> Path:
    """Write the morphology and return its file."""
    path = folder / "tiny.swc"
    path.write_text(SHAPE)
    return path


def dump(path: Path, table: Any) -> Path:
    """Write a JSON file and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table, indent=1))
    return path


def mods(folder: Path) -> Path:
    """Return a folder without .mod files: NEURON's own hh and pas need none."""
    made = folder / "mechanisms"
    made.mkdir(exist_ok=True)
    return made


def row(name: str, where: str | list[str], value: float | None, **more: Any) -> dict[str, Any]:
    """Return a row of BluePyOpt's list; None for a value that is to be optimised."""
    given = {"value": value} if value is not None else {"bounds": [0, 1]}
    table = {"param_name": name, "sectionlist": where, "type": "range", "dist_type": "uniform"}
    return table | given | more


ROWS = [
    {"param_name": "celsius", "type": "global", "value": 20},
    {"param_name": "v_init", "type": "global", "value": -64},
    row("Ra", "all", 120, type="section"),
    row("cm", "all", 1, type="section"),
    row("cm", "apical", 2, type="section"),
    row("e_pas", "all", -66.5, type="section"),
    row("g_pas", "all", 3e-5, type="section"),
    row("ena", "somatic", 55, type="section"),
    row("ek", "somatic", -80, type="section"),
    row("ena", "apical", 52, type="section"),
    row("ek", "apical", -81, type="section"),
    row("gnabar_hh", "somatic", 0.15),
    row("gnabar_hh", "apical", None),
    row("gkbar_hh", "apical", 0.01, dist_type="exp", dist=GROWING),
]
INSERTED = {"all": ["pas"], "somatic": ["hh"], "apical": ["hh"]}
VALUES = {"gnabar_hh.apical": 0.04}


def bluepyopt(folder: Path, rows: Any = None, inserted: Any = None, values: Any = None) -> Path:
    """Write parameters.json, mechanisms.json and final.json, and return the first."""
    dump(folder / "mechanisms.json", inserted or INSERTED)
    dump(folder / "final.json", {"best": {"params": values or VALUES}})
    return dump(folder / "parameters.json", rows or ROWS)


EMODEL = {
    "mechanisms": {"all": {"mech": ["pas"]}, "somadend": {"mech": ["hh"]}},
    "distributions": {
        "exp": {"fun": GROWING, "__comment": "grows"},
        "decay": {"fun": FALLING, "parameters": ["constant"]},
    },
    "parameters": {
        "__comment": "single values and bounds",
        "global": [{"name": "v_init", "val": -65}, {"name": "celsius", "val": 18}],
        "distribution_decay": [{"name": "constant", "val": [-0.1, 0.0], "test": -0.02}],
        "myelinated": [{"name": "cm", "val": 0.02}],
        "all": [{"name": "Ra", "val": 100}, {"name": "g_pas", "val": [1e-5, 6e-5]}],
        "somadend": [{"name": "gkbar_hh", "val": 0.03, "dist": "exp"}],
        "axonal": [{"name": "cm", "val": 1}],
        "somatic": [{"name": "cm", "val": 1}, {"name": "gnabar_hh", "val": 0.12}],
        "apical": [{"name": "cm", "val": 2}, {"name": "gnabar_hh", "val": 0.06, "dist": "decay"}],
    },
}
EMODEL_VALUES = {"constant.distribution_decay": -0.0055, "g_pas.all": 2.5e-5}


def allen(folder: Path, **changes: Any) -> Path:
    """Write a perisomatic fit file and return it."""
    sections = {"soma": 1.0, "axon": 1.0, "apic": 2.1, "dend": 2.2}
    table: dict[str, Any] = {
        "passive": [
            {
                "ra": 138.28,
                "cm": [{"section": k, "cm": v} for k, v in sections.items()],
                "e_pas": -72.49911499023438,
            }
        ],
        "fitting": [{"junction_potential": -14.0, "sweeps": [38]}],
        "conditions": [
            {
                "celsius": 22.0,
                "erev": [{"ena": 53.0, "section": "soma", "ek": -80.0}],
                "v_init": -72.49911499023438,
            }
        ],
        "genome": [
            {"value": 0.1, "section": "soma", "name": "gnabar_hh", "mechanism": "hh"},
            {"value": "0.031", "section": "soma", "name": "gkbar_hh", "mechanism": "hh"},
            *(
                {"value": g, "section": s, "name": "g_pas", "mechanism": ""}
                for s, g in (("soma", 5.7e-5), ("axon", 4.6e-4), ("dend", 3.2e-6))
            ),
        ],
    }
    return dump(folder / "fit.json", table | changes)


def all_active(folder: Path) -> Path:
    """Write an all-active fit file, whose numbers are texts, and return it."""
    genome = [
        {"section": s, "name": n, "value": str(v), "mechanism": m}
        for s, n, v, m in (
            ("soma", "cm", 1.1, ""), ("axon", "cm", 1.2, ""), ("apic", "cm", 2.3, ""),
            ("soma", "gnabar_hh", 0.11, "hh"), ("axon", "gnabar_hh", 0.2, "hh"),
            ("axon", "g_pas", 1e-4, ""), ("apic", "e_pas", -77.0, ""),
        )
    ]  # fmt: skip
    erev = [{"section": s, "ena": 53.0, "ek": -85.0} for s in ("soma", "axon", "apic", "dend")]
    conditions = [{"celsius": 21, "erev": erev, "v_init": -70}]
    table = {"passive": [{"ra": 100}], "conditions": conditions, "genome": genome}
    return dump(folder / "fit_parameters.json", table)


def snudda(folder: Path) -> Path:
    """Write a folder of Snudda with two sets of parameters, and return it."""
    cell = folder / "str-tiny"
    rows = [r | {"value": VALUES["gnabar_hh.apical"]} if "bounds" in r else r for r in ROWS]
    rows = [{k: v for k, v in r.items() if k != "bounds"} for r in rows]
    other = [r | {"value": 150} if r["param_name"] == "Ra" else r for r in rows]
    dump(cell / "parameters.json", {"p1": rows, "p2": other})
    dump(cell / "mechanisms.json", INSERTED)
    dump(cell / "meta.json", {"p1": {"m1": {"morphology": "tiny.swc", "input": {}}}})
    (cell / "morphology").mkdir()
    shape(cell / "morphology")
    return cell
