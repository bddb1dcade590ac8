"""Run in a process of its own: the cells of two sections by dendmod, or by hand in plain NEURON.

What is written by hand knows nothing of dendmod but the library that it compiled.
"""

import sys
from pathlib import Path

import numpy as np

from tests.mechanisms import two_sections as two


def by_dendmod(folder: Path, coreneuron: bool) -> dict[str, np.ndarray]:
    from dendmod.engines.neuron import Simulator
    from dendmod.spec import Run

    out = {}
    for name in two.MINIATURES:
        for amp in two.STEPS:
            setup = two.step(two.cell(name, folder), amp)
            run = Run(tstop=two.TSTOP, dt=two.DT, settle=0)
            with Simulator(setup, run, coreneuron=coreneuron) as simulator:
                v = simulator.run().v
            out[f"{name}/{amp}"] = np.array([v["soma"], v["dendrite"]])
    return out


def by_hand(library: str) -> dict[str, np.ndarray]:
    from neuron import h

    h.nrn_load_dll(library)
    h.load_file("stdrun.hoc")
    h.CVode().cache_efficient(1)
    out = {}
    for name, miniature in two.MINIATURES.items():
        before = {key: getattr(h, key) for key in miniature.globals}
        for key, value in miniature.globals.items():
            setattr(h, key, value)
        soma, dendrite = h.Section(name="soma"), h.Section(name="dendrite")
        soma.pt3dadd(0, -10, 0, 20)
        soma.pt3dadd(0, 10, 0, 20)
        for x, diam in ((0, 3), (100, 2), (200, 1)):
            dendrite.pt3dadd(x, 0, 0, diam)
        dendrite.connect(soma(0.5), 0)
        dendrite.nseg = 11
        for sec, own in (
            (soma, {"hh": {}, **miniature.soma}),
            (dendrite, {"pas": two.LEAK, **miniature.dendrite}),
        ):
            sec.cm, sec.Ra = two.CM, two.RA
            for suffix, params in own.items():
                sec.insert(suffix)
                for key, value in params.items():
                    setattr(sec, f"{key}_{suffix}", value)
            if h.ismembrane("na_ion", sec=sec):
                sec.ena = two.ENA
            if h.ismembrane("k_ion", sec=sec):
                sec.ek = two.EK
        clamp = h.IClamp(soma(0.5))
        clamp.delay, clamp.dur = two.DELAY, two.DURATION
        traces = [h.Vector().record(place._ref_v) for place in (soma(0.5), dendrite(1))]
        h.celsius, h.dt, h.steps_per_ms = two.CELSIUS, two.DT, 1 / two.DT
        for amp in two.STEPS:
            clamp.amp = amp
            h.finitialize(two.V_INIT)
            h.continuerun(two.TSTOP)
            out[f"{name}/{amp}"] = np.array([np.array(trace) for trace in traces])
        for key, value in before.items():
            setattr(h, key, value)
        del clamp, traces, sec, soma, dendrite
    return out


if __name__ == "__main__":
    how, argument, to = sys.argv[1:]
    made = by_hand(argument) if how == "hand" else by_dendmod(Path(argument), how == "coreneuron")
    np.savez(to, **made)
