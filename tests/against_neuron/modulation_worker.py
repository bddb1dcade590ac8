"""Run in a process of its own: a small cell under effects, and the chain to a neural mass."""

import json
import sys
from pathlib import Path

import numpy as np

from dendmod.engines.neuron import Simulator, settled_state
from dendmod.errors import DendmodError
from dendmod.morphology import Morphology, Section
from dendmod.morphology.write import write_swc
from dendmod.neuromodulation import Effect, apply, channel, mechanism
from dendmod.papers.shine2021.tasks import bac_firing, fi_curve, potentials
from dendmod.params.hay2011 import biophysics
from dendmod.population import Activation, Mass, Measured, Normal, compare, exponential
from dendmod.spec import BySection, Cell, CurrentClamp, MechanismSpec, Run, Setup
from dendmod.spec.stimulus import SOMA

NOISE = {"rate": 500.0, "weight": 0.02, "tau_rise": 0.2, "tau_decay": 3.0}


def toy(path: str) -> Cell:
    """A soma, a basal and an apical dendrite, with the membrane of the L5 cell."""

    def branch(kind: str, length: float, diameter: float) -> Section:
        x = np.linspace(0, length, 9)
        points = np.column_stack([np.zeros(9), x, np.zeros(9)])
        return Section(kind, points, np.full(9, diameter), 0)

    soma = Section("soma", np.array([[0, -9.0, 0], [0, 9.0, 0]]), np.array([18.0, 18.0]), -1)
    write_swc(
        Morphology("toy", (soma, branch("basal", 120.0, 1.2), branch("apical", 900.0, 2.0))), path
    )
    return Cell(morphology=path, biophysics=biophysics(3), segment_length=60.0)


def flat(values: dict) -> np.ndarray:
    return np.concatenate([values[i] for i in sorted(values)])


def rests(cell: Cell) -> dict:
    out = {}
    before = flat(settled_state(cell, 6000.0).v)
    for name in ("hcn_closed", "hcn_closed_held"):
        after = apply(cell, mechanism(name))
        out[name] = float(np.abs(flat(settled_state(after, 6000.0).v) - before).max())
    held = (channel("SK_E2", 0.0, hold_rest=True), channel("Ca_HVA", 3.0, hold_rest=True))
    after = apply(cell, held)
    out["calcium_held"] = float(np.abs(flat(settled_state(after, 6000.0).v) - before).max())
    # what does not hold the rest acts after what does, in full
    both = apply(cell, (*mechanism("hcn_closed_held"), *mechanism("depolarised")))
    leaks = [
        next(m for m in c.biophysics.regions["apical"].mechanisms if m.suffix == "pas").params["e"]
        for c in (apply(cell, mechanism("hcn_closed_held")), both)
    ]
    out["shift"] = float((flat(leaks[1].values) - flat(leaks[0].values)).mean())
    out["same"] = apply(cell, ()) == cell
    return out


def by_section(cell: Cell) -> dict:
    """A leak given segment by segment arrives segment by segment."""
    with Simulator(Setup(cell=cell), Run(tstop=1.0)) as s:
        sizes = [sec.nseg for sec in (*s.cell.sections, *s.cell.axon)]
    table = {i: tuple(-70.0 - i - 0.01 * k for k in range(n)) for i, n in enumerate(sizes)}
    regions = {
        name: r.model_copy(
            update={
                "mechanisms": tuple(
                    MechanismSpec(suffix="pas", params={**m.params, "e": BySection(values=table)})
                    if m.suffix == "pas"
                    else m
                    for m in r.mechanisms
                )
            }
        )
        for name, r in cell.biophysics.regions.items()
    }
    changed = cell.model_copy(
        update={"biophysics": cell.biophysics.model_copy(update={"regions": regions})}
    )
    again = Cell.model_validate_json(changed.model_dump_json())
    with Simulator(Setup(cell=again), Run(tstop=1.0)) as s:
        found = {
            i: [seg.e_pas for seg in sec] for i, sec in enumerate((*s.cell.sections, *s.cell.axon))
        }
    longer = cell.model_copy(update={"segment_length": 30.0, "biophysics": again.biophysics})
    try:
        with Simulator(Setup(cell=longer), Run(tstop=1.0)):
            refusal = ""
    except DendmodError as error:
        refusal = str(error)
    equal = all(np.allclose(found[i], table[i], atol=1e-12) for i in table)
    return {"equal": equal and again == changed, "refusal": refusal}


def amplitudes(cell: Cell) -> dict:
    """A run with other amplitudes is that of a set-up with them, and leaves none behind."""
    clamp = CurrentClamp(location=SOMA, delay=5, dur=50, amp=0.1)
    setup = Setup(cell=cell, current_clamps=(clamp,))
    with Simulator(setup, Run(tstop=60, settle=50), coreneuron=False) as s:
        first, other, again = s.run(), s.run(amps=(0.3,)), s.run()
    strong = setup.model_copy(update={"current_clamps": (clamp.model_copy(update={"amp": 0.3}),)})
    with Simulator(strong, Run(tstop=60, settle=50), coreneuron=False) as s:
        wanted = s.run()
    return {
        "same": bool((other.v["soma"] == wanted.v["soma"]).all()),
        "back": bool((first.v["soma"] == again.v["soma"]).all()),
        "differs": float(np.abs(other.v["soma"] - first.v["soma"]).max()),
    }


NOISY = [0.0, 0.2, 0.6]  # nA


def chain(cell: Cell) -> dict:
    """Effects -> f-I curve -> population function -> mass."""
    base = cell.model_dump(mode="json")
    amps = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6]
    out: dict = {"amps": amps}
    functions = {}
    for name in ("control", "sk_down", "depolarised"):
        effects = [e.model_dump(mode="json") for e in mechanism(name)]
        measured = fi_curve(base, effects, amps, 200.0, 500.0, 500.0, 0.1, NOISE, NOISY, [1, 2])
        rate = np.maximum.accumulate(measured["rate"])
        q = Activation(Measured(tuple(amps), tuple(rate)), Normal(0.0, 0.03), "nA")
        functions[name] = q
        mass = Mass((q,), (exponential(10.0),), ((0.002,),), (0.1,))
        points = mass.fixed_points(-0.2, 1.0, 201)
        out[name] = {
            "rest": float(measured["rest"]),
            "rate": measured["rate"].tolist(),
            "noisy": measured["noisy"].tolist(),
            "shortest": float(np.nanmin(measured["shortest"])),
            "mass": [[float(p.v[0]), float(p.rate[0]), p.stable] for p in points],
            "q": q(np.array(amps)).tolist(),
        }
    change = compare(functions["control"], functions["sk_down"], np.linspace(0, 0.6, 40))
    out["change"] = [change.output, change.input, change.shift, change.residual["all"]]
    return out


def kernels(cell: Cell) -> dict:
    base = cell.model_dump(mode="json")
    out = {}
    for name in ("control", "ampa_up", "gaba_up", "nmda_off"):
        effects = [e.model_dump(mode="json") for e in mechanism(name)]
        found = potentials(
            base, effects, [-0.05, 0.0], 620.0, 2e-4, 2e-4, 400.0, 10.0, 200.0, 0.1, 1.0
        )  # fmt: skip
        psp = found["psp"]
        out[name] = {"hold": found["hold"].tolist(), "area": psp.sum(axis=2).tolist(),
                     "before": float(np.abs(psp[..., :10]).max())}  # fmt: skip
    return out


def main(path: str) -> None:
    cell = toy(str(Path(path) / "toy.swc"))
    base = cell.model_dump(mode="json")
    done = {
        "rest": rests(cell),
        "by_section": by_section(cell),
        "amps": amplitudes(cell),
        "chain": chain(cell),
        "kernels": kernels(cell),
        "bac": {
            k: np.asarray(v).tolist()
            for k, v in bac_firing(base, [], [0.5], 0.5, 1.0, [685.0, 885.0]).items()
        },
    }
    try:
        apply(cell, [Effect(mechanism="Ih", parameter="gIhbar", regions=("axon",), scale=0.5)])
    except DendmodError as error:
        done["refused"] = str(error)
    json.dump(done, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
