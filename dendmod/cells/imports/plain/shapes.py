"""Morphologies as NEURON's own import reads them, and the axons that codes of the field make."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read(h: Any, path: str) -> None:
    """Read a morphology into NEURON's top level: soma, dend, apic and axon."""
    read_into(h, path, None)


def read_into(h: Any, path: str, cell: Any) -> None:
    """Read a morphology into a cell of a template; None is NEURON's top level."""
    h.load_file("stdrun.hoc")
    h.load_file("import3d.hoc")
    swc = Path(path).suffix.lower() == ".swc"
    reader = h.Import3d_SWC_read() if swc else h.Import3d_Neurolucida3()
    reader.quiet = 1
    reader.input(path)
    h.Import3d_GUI(reader, 0).instantiate(cell)


def sections(h: Any, stem: str) -> list[Any]:
    """Return the sections of one name, such as all of ``dend``, in their order."""
    return [sec for sec in h.allsec() if sec.name().partition("[")[0] == stem]


def set_nseg(h: Any) -> None:
    """Give every section a segment per 40 um and one more, an odd number."""
    for sec in h.allsec():
        sec.nseg = 1 + 2 * int(sec.L / 40)


def two_cylinders(h: Any, diameters: tuple[float, float], at: float) -> None:
    """Replace the axon by two cylinders of 30 um at a place of the soma."""
    for sec in sections(h, "axon"):
        h.delete_section(sec=sec)
    h("create axon[2]")
    for sec, diameter in zip(h.axon, diameters, strict=True):
        sec.L, sec.diam = 30, diameter
        sec.nseg = 1 + 2 * int(sec.L / 40)
    h.axon[0].connect(h.soma[0], at, 0)
    h.axon[1].connect(h.axon[0], 1, 0)


def replace_axon(h: Any, origin: float) -> None:
    """Replace the axon by two cylinders as wide as it is at its start and after 60 um.

    The 60 um are measured from `origin` of the soma to the middles of the axon's sections.
    """
    axon = sections(h, "axon")
    diameters = [axon[0].diam, axon[0].diam] if axon else [1.0, 1.0]
    h.distance(0, origin, sec=h.soma[0])
    for sec in axon:
        if h.distance(1, 0.5, sec=sec) > 60:
            diameters[1] = sec.diam
            break
    two_cylinders(h, (diameters[0], diameters[1]), 1)


def taper_axon(h: Any) -> None:
    """Replace the axon by ten tapering segments of 6 um and 1 mm of myelin."""
    diameters: list[float] = []
    for sec in sections(h, "axon"):
        sec.nseg = 1 + int(sec.L / 6.0 / 2.0) * 2
        diameters += [seg.diam for seg in sec]
    two_cylinders(h, (1.0, 1.0), 1)
    for k, sec in enumerate(h.axon):
        sec.nseg = 5
        for seg, diameter in zip(sec, diameters[5 * k : 5 * k + 5], strict=True):
            seg.diam = diameter
    h("create myelin[1]")
    myelin = h.myelin[0]
    myelin.nseg, myelin.L, myelin.diam = 5, 1000, diameters[9]
    myelin.connect(h.axon[1], 1, 0)
