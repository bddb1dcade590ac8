"""Run in a process of its own: each channel in voltage clamp as the reference was measured."""

import csv
import json
import sys

from dendmod.engines.neuron.session import Session, h

ION = {
    **dict.fromkeys(("NaTa_t", "NaTs2_t", "Nap_Et2"), "na"),
    **dict.fromkeys(("K_Tst", "K_Pst", "SKv3_1", "Im"), "k"),
    **dict.fromkeys(("Ca_HVA", "Ca_LVAst"), "ca"),
}


def main(reference: str) -> None:
    with open(reference) as f:
        rows = list(csv.DictReader(f))
    out = []
    with Session(dt=0.005, celsius=34.0, coreneuron=False) as session:
        for suffix in sorted({r["mechanism"] for r in rows}):
            section = h.Section(name="clamped")
            section.L = section.diam = 10
            section.insert(suffix)
            setattr(section, f"g{suffix}bar_{suffix}", 1.0)
            clamp = h.SEClamp(section(0.5))
            clamp.rs = 1e-7
            conductance = getattr(section(0.5), f"_ref_g{suffix}_{suffix}")
            trace = h.Vector().record(conductance)
            ion = {"na": "ina", "k": "ik", "ca": "ica"}.get(ION.get(suffix, ""), "ihcn_Ih")
            current = h.Vector().record(getattr(section(0.5), f"_ref_{ion}"))
            reversal = {"ina": "ena", "ik": "ek", "ica": "eca", "ihcn_Ih": "ehcn_Ih"}[ion]
            for row in (r for r in rows if r["mechanism"] == suffix):
                hold, step = float(row["hold_mV"]), float(row["step_mV"])
                clamp.dur1, clamp.amp1 = 1.0, hold
                clamp.dur2, clamp.amp2 = 1e3, step
                h.finitialize(hold)
                session.advance(1.0 + 200.0 + 0.1)
                times = [float(k[len("g_at_") : -2]) for k in row if k.startswith("g_at_")]
                g = [trace[round((1.0 + t) / 0.005)] for t in times]
                out.append(
                    {
                        "mechanism": suffix,
                        "hold": hold,
                        "step": step,
                        "g_hold": trace[round(0.9 / 0.005)],
                        "i": current[round(150 / 0.005)],
                        "e": getattr(section(0.5), reversal),
                        "g_then": trace[round(150 / 0.005)],
                        "times": times,
                        "g": g,
                    }
                )
            del clamp, trace, current, conductance, section
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
