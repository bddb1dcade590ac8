"""An Allen cell as AllenSDK builds it, but with the digits of the file.

AllenSDK's perisomatic code passes each value through ``%g``, which keeps six digits; bmtk does not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dendmod.cells.imports.plain import shapes
from dendmod.engines.neuron.session import h


def build(file: str, morphology: str, axon: str) -> Any:
    """Build the cell of a fit file at NEURON's top level and return its soma."""
    fit = json.loads(Path(file).read_text(encoding="utf-8"))
    shapes.read(h, morphology)
    shapes.set_nseg(h)
    if axon == "stub":
        shapes.two_cylinders(h, (1.0, 1.0), 0.5)
    else:
        shapes.replace_axon(h, 0.0)
    passive, conditions = _one(fit["passive"]), _one(fit["conditions"])
    for sec in h.allsec():
        sec.Ra = float(passive["ra"])
        sec.insert("pas")
        if "e_pas" in passive:
            sec.e_pas = float(passive["e_pas"])
    for entry in passive.get("cm", ()):
        for sec in shapes.sections(h, entry["section"]):
            sec.cm = float(entry["cm"])
    for entry in fit["genome"]:
        if entry["section"] == "glob":
            setattr(h, entry["name"], float(entry["value"]))
            continue
        for sec in shapes.sections(h, entry["section"]):
            if entry.get("mechanism"):
                sec.insert(entry["mechanism"])
            setattr(sec, entry["name"], float(entry["value"]))
    for entry in conditions["erev"]:
        for sec in shapes.sections(h, entry["section"]):
            if h.ismembrane("k_ion", sec=sec):
                sec.ek = float(entry["ek"])
            if h.ismembrane("na_ion", sec=sec):
                sec.ena = float(entry["ena"])
    h.celsius, h.v_init = float(conditions["celsius"]), float(conditions["v_init"])
    return h.soma[0]


def _one(table: Any) -> Any:
    return table[0] if isinstance(table, list) else table
