"""Run in a process of its own: one cell from its file, or the same by hand in plain NEURON.

``file CELL OUT`` runs the cell file with dendmod; ``hand CELL OUT LIBRARY`` builds the cell of
`test_cell_file.CELL` with NEURON's own import and loops, without dendmod.
"""

import sys
from pathlib import Path

import numpy as np

DT, TSTOP, AMP, DELAY = 0.025, 120.0, 0.4, 20.0
PLACES = (("soma", 0.5), ("apic[1]", 0.7), ("dend[4]", 0.3), ("axon[0]", 0.9), ("axon[2]", 0.5))


def from_file(cell: str) -> list[np.ndarray]:
    from dendmod.cells.file import load_cell
    from dendmod.engines.neuron import Simulator
    from dendmod.spec import CurrentClamp, Location, Run, Setup

    clamp = CurrentClamp(location=Location("soma(0.5)"), delay=DELAY, dur=1e3, amp=AMP)
    record = {f"{name}({x})": Location(f"{name}({x})") for name, x in PLACES}
    setup = Setup(cell=load_cell(cell).cell, current_clamps=(clamp,), record=record)
    with Simulator(setup, Run(tstop=TSTOP, dt=DT), coreneuron=False) as simulator:
        return list(simulator.run().v.values())


def by_hand(cell: str, library: str) -> list[np.ndarray]:
    from neuron import h

    h.nrn_load_dll(library)
    h.load_file("stdrun.hoc")
    h.load_file("import3d.hoc")
    reader = h.Import3d_SWC_read()
    reader.input(str(Path(cell).parent / "cell.swc"))
    h.Import3d_GUI(reader, 0).instantiate(None)
    sections = {sec.name().replace("soma[0]", "soma"): sec for sec in h.allsec()}
    soma = sections["soma"]

    def section(name: str, parent: object, L: float, diam: float) -> None:
        sections[name] = h.Section(name=name)
        sections[name].L, sections[name].diam = L, diam
        sections[name].connect(parent, 0)

    section("axon[0]", soma(1), 30, 2)
    section("axon[1]", sections["axon[0]"](1), 30, 1)
    section("axon[2]", sections["axon[1]"](1), 400, 1)
    for sec in sections.values():
        sec.nseg = 1 + 2 * int(sec.L / 40)
    sections["axon[0]"].nseg = 5
    for seg, diam in zip(sections["axon[0]"], (2.0, 1.6, 1.3, 1.0, 1.0), strict=True):
        seg.diam = diam
    basal = [sec for name, sec in sections.items() if name.startswith("dend")]
    apical = [sec for name, sec in sections.items() if name.startswith("apic")]
    axonal = [sections["axon[0]"], sections["axon[1]"]]
    h.distance(0, soma(0.5))
    for sec in sections.values():
        sec.Ra, sec.cm = 120, 1
        sec.insert("pas")
        sec.g_pas, sec.e_pas = 4e-5, -77
    sections["axon[2]"].cm = 0.04
    for sec in (soma, *axonal, *basal, *apical):
        for name in ("NaF", "KDR"):
            sec.insert(name)
        sec.ena, sec.ek = 50, -90
    soma.gmax_NaF, soma.gmax_KDR = 0.08, 0.06
    for sec in axonal:
        sec.ena, sec.gmax_NaF, sec.gmax_KDR, sec.shift_NaF = 60, 0.4, 0.3, -3
    for sec in (*basal, *apical):
        for seg in sec:
            d = h.distance(seg)
            if d > 40:
                seg.cm, seg.g_pas = 1.8 * seg.cm, 1.8 * seg.g_pas
            seg.gmax_NaF = 0.02 * float(np.exp(-d / 100))
            seg.gmax_KDR = 0.006 * (1.0 - 0.002 * d)
    for sec in apical:
        sec.e_pas = -70
        for name in ("Ca_HVA", "SK_E2", "Shell"):
            sec.insert(name)
        sec.gSK_E2bar_SK_E2, sec.tau_Shell = 1e-3, 80
        for seg in sec:
            growth = float(np.exp((h.distance(seg) - 150) / -20))
            seg.gCa_HVAbar_Ca_HVA = 2e-4 * (0.0 + 1.0 / (1 + growth))
    h.slow_KDR = 1.5
    h.celsius, h.dt, h.steps_per_ms = 34, DT, 1 / DT
    clamp = h.IClamp(soma(0.5))
    clamp.delay, clamp.dur, clamp.amp = DELAY, 1e3, AMP
    vectors = [h.Vector().record(sections[name](x)._ref_v) for name, x in PLACES]
    h.finitialize(-75)
    h.ParallelContext().set_maxstep(10)
    h.ParallelContext().psolve(TSTOP + DT / 2)
    return [np.array(v) for v in vectors]


if __name__ == "__main__":
    how, cell, out, *more = sys.argv[1:]
    np.save(out, np.array(from_file(cell) if how == "file" else by_hand(cell, *more)))
