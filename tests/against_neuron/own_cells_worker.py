"""Run in a process of its own: cells with their own mechanisms and their reductions in NEURON."""

import json
import sys
from pathlib import Path

from dendmod.cells.channels import blocked, channels
from dendmod.engines.neuron import Simulator, input_and_transfer_impedance
from dendmod.reduction import reduce
from dendmod.spec import (
    AxonStub,
    Biophysics,
    Cell,
    CurrentClamp,
    Location,
    MechanismSpec,
    RegionSpec,
    Run,
    SectionTables,
    Setup,
)
from dendmod.spec.place import SOMA
from dendmod.spec.section_tables import SectionMembrane
from tests.mechanisms import two_sections as two

SITES = {"middle": Location(section=1, x=0.5), "tip": Location(section=1, x=0.95)}


def counts(cell, amps=two.STEPS) -> list[int]:
    out = []
    for amp in amps:
        clamp = CurrentClamp(location=SOMA, delay=two.DELAY, dur=two.DURATION, amp=amp)
        setup = Setup(cell=cell, current_clamps=(clamp,))
        with Simulator(setup, Run(tstop=two.TSTOP, dt=two.DT, settle=300)) as simulator:
            out.append(int(simulator.run().spike_times().size))
    return out


def axonal(folder: Path) -> Cell:
    """A cell whose sodium channels are in its axon alone."""
    path = folder / "axonal.swc"
    path.write_text(two.SHAPE)

    def region(**densities: float) -> RegionSpec:
        own = [MechanismSpec(suffix=s, params={f"g{s}bar": g}) for s, g in densities.items()]
        leak = MechanismSpec(suffix="pas", params={"g": 5e-5, "e": -70.0})
        return RegionSpec(cm=1.0, Ra=150.0, mechanisms=(leak, *own))

    regions = {
        "soma": region(SKv3_1=0.02), "basal": region(), "axon": region(NaTa_t=10.0, SKv3_1=1.0)
    }  # fmt: skip
    membrane = Biophysics(
        name="axonal", regions=regions, ena=50, ek=-85, celsius=34, v_init=-70
    )  # fmt: skip
    return Cell(
        morphology=str(path), biophysics=membrane, axon_stub=AxonStub(),
        mechanisms=(str(two.FOLDER),),
    )  # fmt: skip


def of_two_reversals(folder: Path) -> Cell:
    """A cell of sections whose dendrite has other reversal potentials; eca is one, too."""
    like = two.cell("CaHva", folder)
    own = (("soma", 50.0, -77.0, 0.12), ("basal", 30.0, -90.0, 0.03))
    sections = tuple(
        SectionMembrane(
            region=region, nseg=nseg, Ra=two.RA, mechanisms=("CaHva", "hh"),
            values={"cm": (two.CM,), "ena": (ena,), "ek": (ek,), "eca": (110.0,),
                    "gbar_CaHva": (1e-4,), "gnabar_hh": (sodium,)},
        )
        for (region, ena, ek, sodium), nseg in zip(own, (1, 11), strict=True)
    )  # fmt: skip
    tables = SectionTables(
        name="two", sections=sections, celsius=two.CELSIUS, v_init=two.V_INIT
    )  # fmt: skip
    return like.model_copy(update={"biophysics": tables})


def main(folder: Path, names: list[str]) -> None:
    out: dict = {"counts": {}, "cells": {}}
    for name in names:
        cell = two.cell(name, folder)
        small = reduce(cell, SITES)
        out["cells"][name] = small.model_dump(mode="json", by_alias=True)
        # as docs/reduction.md says of spikes that have to be right
        fine = reduce(cell, SITES, largest_load=15.0)
        out["counts"][name] = [counts(cell), counts(fine)]
        if name == "CaShell":
            out["made up"] = counts(with_diam(small, None))
            with Simulator(Setup(cell=small), Run(tstop=1)) as simulator:
                out["built"] = [[s(0.5).diam, s(0.5).area()] for s in simulator.cell.sections]
            passive = blocked(small)
            assert set(channels(small)) == {"CaHva", "KCa", "hh"}
            at = tuple(Location(section=i, x=0.5) for i in range(3))
            out["impedances"] = [
                input_and_transfer_impedance(with_diam(passive, diam), at, settle=0).tolist()
                for diam in (3.7, None)
            ]
    cell = of_two_reversals(folder)
    small = reduce(cell, SITES)
    out["two reversals"] = {
        "cell": small.model_dump(mode="json", by_alias=True),
        "counts": [counts(c) for c in (cell, reduce(cell, SITES, largest_load=15.0))],
        "off its rest": [off_its_rest(c) for c in (small, without_reversals(small))],
    }
    cell = axonal(folder)
    amps = (0.4, 0.5, 0.6)
    out["axonal"] = {
        "full": counts(cell, amps),
        "kept": counts(small := reduce(cell, SITES), amps),
        "not kept": counts(without := reduce(cell, SITES, axon=False), amps),
        "roles": [c.role for c in small.compartments],
        "places": [c.site.section for c in small.compartments if c.role == "axon"],
        "left out": without.provenance["channels_left_out"],
    }
    print(json.dumps(out))


def off_its_rest(cell) -> float:
    """How far a reduced cell rests from where its places do in the full one (mV)."""
    at = {c.name: cell.location(c.name) for c in cell.compartments}
    with Simulator(Setup(cell=cell, record=at), Run(tstop=1, settle=1000)) as simulator:
        v = simulator.run().v
    return max(abs(float(v[c.name][-1]) - c.v_rest) for c in cell.compartments)


def without_reversals(cell):
    made = tuple(c.model_copy(update={"reversals": {}}) for c in cell.compartments)
    return cell.model_copy(update={"compartments": made})


def with_diam(cell, diam):
    made = tuple(c.model_copy(update={"diam": diam}) for c in cell.compartments)
    return cell.model_copy(update={"compartments": made})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
