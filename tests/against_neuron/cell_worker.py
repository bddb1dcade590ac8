"""Run in a process of its own: small cells for comparison with closed forms, and the session."""

import json
import sys

import numpy as np

from dendmod.engines.neuron import Session, Simulator
from dendmod.engines.neuron.session import h
from dendmod.errors import EngineError
from dendmod.morphology import Morphology, Section
from dendmod.morphology.write import write_swc
from dendmod.spec import (
    Biophysics,
    Cell,
    CurrentClamp,
    Location,
    MechanismSpec,
    RegionSpec,
    Run,
    Setup,
)  # fmt: skip

G, RA, CM, E = 1e-4, 150.0, 1.0, -70.0
LENGTH, DIAM = 1000.0, 2.0


def cable(path: str) -> Cell:
    soma = Section("soma", np.array([[0, -1.0, 0], [0, 1.0, 0]]), np.array([2.0, 2.0]), -1)
    x = np.linspace(0, LENGTH, 11)
    points = np.column_stack([x, np.zeros(11), np.zeros(11)])
    dendrite = Section("basal", points, np.full(11, DIAM), 0)
    write_swc(Morphology("cable", (soma, dendrite)), path)
    leak = MechanismSpec(suffix="pas", params={"g": G, "e": E})
    region = RegionSpec(cm=CM, Ra=RA, mechanisms=(leak,))
    biophysics = Biophysics(
        name="cable", regions={"soma": region, "basal": region}, ena=50, ek=-85, celsius=34,
        v_init=E,
    )  # fmt: skip
    return Cell(morphology=path, biophysics=biophysics, axon_stub=None, segment_length=5.0)


def main(path: str) -> None:
    cell = cable(path)
    places = {f"{x:g}": Location(section=1, x=x) for x in (0.25, 0.5, 0.75, 1.0)}
    places["soma"] = Location(section=0, x=0.5)
    clamp = CurrentClamp(location=places["soma"], delay=0, dur=1e9, amp=0.05)
    setup = Setup(cell=cell, current_clamps=(clamp,), record=places)
    out = {}
    huge = clamp.model_copy(update={"amp": 1e9, "delay": 1.0})
    with Simulator(setup.model_copy(update={"current_clamps": (huge,)}), Run(tstop=5)) as simulator:
        try:
            simulator.run()
        except EngineError as error:
            out["beyond"] = str(error)
    coarse = cell.model_copy(update={"segment_length": 200.0})
    before = (h.dt, h.celsius, h.CVode().active())
    for core in (False, True):
        with Simulator(setup, Run(tstop=400, dt=0.1), coreneuron=core) as simulator:
            first = simulator.run()
            again = simulator.run()
        out["coreneuron" if core else "neuron"] = {k: v[-1] for k, v in first.v.items()}
        out[f"repeat_{core}"] = all((first.v[k] == again.v[k]).all() for k in first.v)
        # the clock of NEURON, summed over 40000 steps, is a little off
        long = Run(tstop=300, dt=0.025, settle=1000)
        with Simulator(setup.model_copy(update={"cell": coarse}), long, coreneuron=core) as s:
            out[f"samples_{core}"] = s.run().t.size
    out["restored"] = (h.dt, h.celsius, h.CVode().active()) == before
    out["leftover"] = len(list(h.allsec()))
    section = h.Section(name="left")
    try:
        with Session(dt=0.1, celsius=34):
            out["refusal"] = ""
    except EngineError as error:
        out["refusal"] = str(error)
    del section
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
