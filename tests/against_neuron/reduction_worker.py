"""Run in a process of its own: a branched passive cell, its reduction, both in NEURON."""

import json
import sys

import numpy as np

from dendmod.engines.neuron import Simulator, input_and_transfer_impedance
from dendmod.morphology import Morphology, Section
from dendmod.morphology.write import write_swc
from dendmod.reduction import read_reduced, reduce, write_reduced
from dendmod.reduction.probe import probe
from dendmod.spec import (
    Biophysics,
    Cell,
    CurrentClamp,
    Location,
    MechanismSpec,
    RegionSpec,
    Run,
    Setup,
)
from dendmod.spec.place import SOMA

SITES = (Location(section=2, x=1.0), Location(section=3, x=0.7), Location(section=1, x=0.5))


def line(start, stop, diameter: float, parent: int, kind: str = "basal") -> Section:
    points = np.linspace(start, stop, 5)
    return Section(kind, points, np.full(5, diameter), parent)


def branched(path: str, ih: float) -> Cell:
    soma = Section("soma", np.array([[0, -10.0, 0], [0, 10.0, 0]]), np.array([20.0, 20.0]), -1)
    sections = (
        soma,
        line([0, 0, 0], [200, 0, 0], 2.0, 0),
        line([200, 0, 0], [400, 100, 0], 1.0, 1),
        line([200, 0, 0], [350, -100, 0], 0.8, 1),
    )
    write_swc(Morphology("branched", sections), path)
    leak = MechanismSpec(suffix="pas", params={"g": 5e-5, "e": -80.0})
    channel = MechanismSpec(suffix="Ih", params={"gIhbar": ih})
    region = RegionSpec(cm=1.0, Ra=100.0, mechanisms=(leak, channel) if ih else (leak,))
    biophysics = Biophysics(
        name="branched", regions={"soma": region, "basal": region}, ena=50, ek=-85, celsius=34,
        v_init=-75.0,
    )  # fmt: skip
    return Cell(morphology=path, biophysics=biophysics, axon_stub=None, segment_length=10.0)


def responses(cell, at) -> list[list[float]]:
    out = []
    for k in range(len(at)):
        clamp = CurrentClamp(location=at[k], delay=0, dur=1e9, amp=0.01)
        setup = Setup(
            cell=cell, current_clamps=(clamp,), record={str(i): p for i, p in enumerate(at)}
        )
        with Simulator(setup, Run(tstop=20, dt=0.05, settle=0), coreneuron=False) as simulator:
            out.append([v[-1] for v in simulator.run().v.values()])
    return out


def main(path: str) -> None:
    out = {}
    for name, ih in (("passive", 0.0), ("ih", 2e-4)):
        cell = branched(path, ih)
        for bifurcations in (False, True):
            written = path + ".json"
            write_reduced(reduce(cell, SITES, bifurcations=bifurcations), written)
            reduced = read_reduced(written)
            key = f"{name}_{bifurcations}"
            here, there = (SOMA, *SITES), (SOMA, *reduced.sites)
            pair = ((cell, here), (reduced, there))
            out[f"{key}_z"] = [
                input_and_transfer_impedance(c, at, settle=500).tolist() for c, at in pair
            ]
            if not ih:
                out[f"{key}_v"] = [
                    responses(c.model_copy(update={"v_init": -80.0}) if c is reduced else
                              c.model_copy(update={"biophysics": c.biophysics.model_copy(
                                  update={"v_init": -80.0})}), at)
                    for c, at in pair
                ]  # fmt: skip
            setup = Setup(cell=reduced, record={str(i): p for i, p in enumerate(there)})
            with Simulator(setup, Run(tstop=1, settle=500), coreneuron=False) as simulator:
                v = [x[-1] for x in simulator.run().v.values()]
            if key == "passive_True":
                passive = reduced
            out[f"{key}_rest"] = [v, [reduced.compartments[p.section].v_rest for p in there]]
    burst = {"n": 20, "sd": 10.0, "weight": 1e-4}

    def probed(cell):
        payload = json.loads(cell.model_dump_json(by_alias=True))
        return probe(payload, [[s.section, s.x] for s in cell.sites], burst, 1)

    shapes, linear = probed(reduced), probed(passive)
    out["linear"] = {k: linear[k].tolist() for k in ("frozen", "steady", "epsp_soma", "epsp_local")}
    out["shapes"] = {k: list(v.shape) for k, v in shapes.items()}
    out["finite"] = all(bool(np.isfinite(v).all()) for v in shapes.values())
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
