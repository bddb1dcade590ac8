"""From a cell of few compartments to NEURON sections: one section of one segment each."""

from __future__ import annotations

import math
from typing import Any

from dendmod.engines.neuron.session import h
from dendmod.network import CellModel, Compartment

_UF_PER_CM2 = 100.0  # pF/um2 in uF/cm2
_S_PER_CM2 = 0.1  # nS/um2 in S/cm2
_OHM_CM = 100.0  # MOhm um in ohm cm


def build_cell(cell: CellModel) -> list[Any]:
    """Return the sections of a cell, in the order of its compartments."""
    sections = [h.Section(name=f"compartment{i}") for i in range(len(cell.compartments))]
    for compartment, sec in zip(cell.compartments, sections, strict=True):
        _shape(compartment, sec)
        if compartment.parent >= 0:
            # joined at the parent's centre, a child is apart by its own half alone
            sec.connect(sections[compartment.parent](0.5), 0)
        sec.insert("pas")
        sec.g_pas = compartment.g_leak / compartment.area * _S_PER_CM2
        sec.e_pas = compartment.e_leak
        for suffix, params in {**compartment.channels, **compartment.pools}.items():
            sec.insert(suffix)
            for name, value in params.items():
                setattr(sec, f"{name}_{suffix}", value)
        if hasattr(sec(0.5), "ena"):
            sec.ena = cell.ena
        if hasattr(sec(0.5), "ek"):
            sec.ek = cell.ek
    return sections


def _shape(compartment: Compartment, sec: Any) -> None:
    side = math.sqrt(compartment.area / math.pi)
    sec.nseg, sec.L, sec.diam = 1, side, side
    sec.cm = compartment.ca / compartment.area * _UF_PER_CM2
    if compartment.g_couple > 0:
        resistance = 1e3 / compartment.g_couple  # MOhm along half of the section
        sec.Ra = resistance * (math.pi * side**2 / 4) / (side / 2) * _OHM_CM
