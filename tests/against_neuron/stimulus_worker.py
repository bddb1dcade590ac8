"""The L5 cell under a waveform, through dendmod and by NEURON's own Vector.play: prints JSON."""

import json

import numpy as np

from dendmod.cells.l5 import L5PyramidalCell
from dendmod.engines.neuron import Simulator, build
from dendmod.engines.neuron.session import Session, h
from dendmod.spec import Location, Recording, Run, Setup, Waveform

DT, TSTOP = 0.025, 60.0
SOMA = Location(section=0, x=0.5)
VARIABLES = {"ina": "ina", "m": "m_NaTa_t", "cai": "cai"}


def main() -> None:
    cell = L5PyramidalCell("l5pc", 3)
    t = np.arange(0.0, TSTOP + DT, DT)
    amps = 2.0 * np.sin(t / 7) ** 2
    wave = Waveform(location=SOMA, times=tuple(t), amps=tuple(amps), between="hold")
    record = {n: Recording(location=SOMA, variable=v) for n, v in VARIABLES.items()}
    setup = Setup(cell=cell, currents=(wave,), record={"soma": SOMA, **record})
    with Simulator(setup, Run(tstop=TSTOP, dt=DT), coreneuron=False) as simulator:
        result = simulator.run()
    ours = {"soma": result.v["soma"], **result.recordings}
    with Session(dt=DT, celsius=cell.celsius, coreneuron=False) as session:
        built = build(cell)
        segment = built.segment(SOMA)
        clamp = h.IClamp(segment)
        clamp.delay, clamp.dur = 0, 1e9
        vector = h.Vector(amps)
        vector.play(clamp._ref_amp, DT)  # steps: each value from its time to the next
        kept = {"soma": h.Vector().record(segment._ref_v)}
        for name, variable in VARIABLES.items():
            kept[name] = h.Vector().record(getattr(segment, f"_ref_{variable}"))
        h.finitialize(cell.v_init)
        session.advance(TSTOP)
        plain = {name: np.array(v) for name, v in kept.items()}
        del kept, vector, clamp, segment, built
    largest = {name: float(np.abs(ours[name] - plain[name]).max()) for name in plain}
    print(json.dumps({"largest": largest, "spikes": int(result.spike_times().size)}))


if __name__ == "__main__":
    main()
