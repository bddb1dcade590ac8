"""Run in a process of its own: synapses in voltage clamp, the calcium pool, SK activation."""

import json
import sys

import numpy as np

from dendmod.engines.neuron.session import Session, h

DT = 0.025


def clamped(v: float):
    section = h.Section(name="clamped")
    section.L = section.diam = 10
    clamp = h.SEClamp(section(0.5))
    clamp.rs, clamp.amp1, clamp.dur1 = 1e-7, v, 1e9
    return section, clamp


def synapse(session, name: str, v: float, record: str, weights: dict, **params) -> list:
    section, _clamp = clamped(v)
    point = getattr(h, name)(section(0.5))
    for key, value in params.items():
        setattr(point, key, value)
    trace = h.Vector().record(getattr(point, f"_ref_{record}"))
    h.finitialize(v)
    netcons = []
    for time, weight in weights.items():
        netcon = h.NetCon(None, point)
        netcon.weight[0] = weight
        netcon.event(float(time))
        netcons.append(netcon)
    session.advance(150)
    return list(trace)


def pool(session) -> dict:
    """Decay of calcium from 1e-3 mM, and the steady state of a constant current."""
    section, _clamp = clamped(0.0)
    section.insert("CaDynamics_E2")
    section.insert("Ca_HVA")
    section.insert("SK_E2")
    section.gCa_HVAbar_Ca_HVA = 0.0
    section.decay_CaDynamics_E2, section.gamma_CaDynamics_E2 = 20.0, 0.01
    trace = h.Vector().record(section(0.5)._ref_cai)
    z = h.Vector().record(section(0.5).SK_E2._ref_z)
    h.finitialize(0.0)
    section(0.5).cai = 1e-3
    session.advance(60)
    decay, sk = list(trace), list(z)
    section.gCa_HVAbar_Ca_HVA = 1e-5
    h.finitialize(0.0)
    session.advance(400)
    steady, ica = section(0.5).cai, section(0.5).ica
    section.start_CaDynamics_E2 = 5e-5
    h.finitialize(0.0)
    start = {"cai": section(0.5).cai, "sk": section(0.5).SK_E2.z}
    return {"decay": decay, "sk": sk, "steady": steady, "ica": ica, "start": start}


def main() -> None:
    out = {}
    with Session(dt=DT, celsius=34.0, coreneuron=False) as session:
        one, two = {10: 1e-3}, {10: 1e-3, 25: 2e-3}
        gaba = {"tau_rise": 0.2, "tau_decay": 10.0, "e": -80.0}
        out["gaba"] = synapse(session, "DoubleExpSyn", -60, "g", one, **gaba)
        out["gaba_i"] = synapse(session, "DoubleExpSyn", -60, "i", one, **gaba)
        out["gaba_two"] = synapse(session, "DoubleExpSyn", -60, "g", two, **gaba)
        out["ampa"] = synapse(session, "AmpaNmdaSyn", -60, "g_ampa", one)
        out["nmda_-60"] = synapse(session, "AmpaNmdaSyn", -60, "g_nmda", one)
        out["nmda_0"] = synapse(session, "AmpaNmdaSyn", 0, "g_nmda", one)
        out["nmda_i"] = synapse(session, "AmpaNmdaSyn", -60, "i", one)
        out["current"] = synapse(session, "DoubleExpCurrent", -60, "i", {10: 0.06})
        out["pool"] = pool(session)
    json.dump({k: np.asarray(v).tolist() if k != "pool" else v for k, v in out.items()}, sys.stdout)


if __name__ == "__main__":
    main()
