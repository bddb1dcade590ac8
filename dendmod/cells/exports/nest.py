"""A reduced cell for NEST: its compartments and receptors as ``cm_default`` has them.

``cm_default`` has passive compartments, one sodium and one potassium channel with rates of its own,
and AMPA, GABA and NMDA receptors. A channel of a .mod file has other rates, so that cells with
channels or pools are refused, by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.cells.exports import export as step
from dendmod.cells.exports.nodes import NodesExport
from dendmod.errors import ExchangeError
from dendmod.mechanisms import mechanism_set
from dendmod.params import wybo2022
from dendmod.spec import (
    Cell,
    CurrentClamp,
    Location,
    ReducedCell,
    Run,
    Setup,
    SpikeTrain,
    Synapse,
)
from dendmod.units import NS_IN_US

NEEDS = "nest"
COMMAND = "python run.py"
AMP = 0.1  # nA
ARRIVALS = (15.0, 18.0, 21.0, 24.0)  # ms, of spikes at the receptors of the last place
WEIGHT = 1.0  # nS

_RUN = '''"""A step of current and some spikes into {name}: writes potentials.txt.

    pip install nest-simulator
    python run.py
"""

import json
from pathlib import Path

import nest
import numpy as np

FOLDER = Path(__file__).resolve().parent


def build(table):
    """Return the neuron: compartments with receptors, those of compartment i from 3 i on."""
    neuron = nest.Create("cm_default")
    neuron.compartments = table["compartments"]
    neuron.receptors = table["receptors"]
    neuron.V_th = 1e3  # mV; potentials are recorded, spikes of a passive cell are not wanted
    return neuron


def run(table):
    """Return potentials (mV), shape [place, sample]."""
    step, dt = table["step"], table["step"]["dt_ms"]
    nest.ResetKernel()
    nest.SetKernelStatus({{"resolution": dt, "print_time": False}})
    neuron = build(table)
    clamp = nest.Create("step_current_generator")
    on, off = step["delay_ms"], step["delay_ms"] + step["duration_ms"]
    clamp.set(
        amplitude_times=[on, off], amplitude_values=[step["amp_nA"] * 1e3, 0.0],
        allow_offgrid_times=True,
    )
    nest.Connect(clamp, neuron, syn_spec={{"delay": dt, "receptor_type": 0}})
    for train in table["trains"]:
        source = nest.Create("spike_generator")
        source.set(spike_times=train["times_ms"], allow_offgrid_times=True)
        how = {{"weight": train["weight_nS"], "delay": dt, "receptor_type": train["receptor"]}}
        nest.Connect(source, neuron, syn_spec={{"synapse_model": "static_synapse", **how}})
    names = [f"v_comp{{p['node']}}" for p in table["places"]]
    meter = nest.Create("multimeter", 1, {{"record_from": names, "interval": dt}})
    nest.Connect(meter, neuron)
    n = round(step["tstop_ms"] / dt)
    nest.Simulate((n + 2) * dt)
    events = meter.events
    v0 = table["v_init_mV"]
    return np.array([[v0, *events[name][:n]] for name in names])


if __name__ == "__main__":
    nest.set_verbosity("M_WARNING")
    table = json.loads((FOLDER / "cell.json").read_text())
    np.savetxt(FOLDER / "potentials.txt", run(table).T)
'''


def prepare(cell: Cell | ReducedCell, name: str, amp: float | None) -> NodesExport:
    """Return what is written, and run it in dendmod.

    Raises
    ------
    ExchangeError
        If ``cm_default`` cannot hold the cell; all that does not fit is named.
    """
    reduced = _fitting(cell, name)
    amp = AMP if amp is None else amp
    compartments, receptors = [], []
    for i, c in enumerate(reduced.compartments):
        params = {"C_m": c.ca, "g_L": c.g_leak, "e_L": c.e_leak, "g_C": c.g_couple}
        params["v_comp"] = reduced.v_init
        passive = {"gbar_Na": 0.0, "gbar_K": 0.0}
        compartments.append({"parent_idx": c.parent, "params": {**params, **passive}})
        receptors += [
            {"comp_idx": i, "receptor_type": kind, "params": params}
            for kind, params in RECEPTORS.items()
        ]
    places = list(dict.fromkeys((0, len(reduced.compartments) - 1)))
    names = [c.name or f"compartment{i}" for i, c in enumerate(reduced.compartments)]
    at = {kind: k for k, kind in enumerate(RECEPTORS)}
    trains = [
        {
            "receptor": places[-1] * len(RECEPTORS) + at["AMPA_NMDA"],
            "times_ms": list(ARRIVALS), "weight_nS": WEIGHT,
        },
        {
            "receptor": at["GABA"], "times_ms": [t + 10 for t in ARRIVALS], "weight_nS": WEIGHT,
        },
    ]  # fmt: skip
    table: dict[str, Any] = {
        "schema": "dendmod/nest-cm/1",
        "celsius": reduced.celsius,
        "v_init_mV": reduced.v_init,
        "parent": [c.parent for c in reduced.compartments],
        "names": names,
        "compartments": compartments,
        "receptors": receptors,
        "trains": trains,
        "places": [{"name": f"{names[i]}(0.5)", "node": i} for i in places],
        "step": {
            "amp_nA": amp, "delay_ms": step.DELAY, "duration_ms": step.DURATION,
            "tstop_ms": step.TSTOP, "dt_ms": step.DT, "spike_threshold_mV": step.THRESHOLD,
        },
    }  # fmt: skip
    return NodesExport(name, table, (), _potentials(reduced, places, amp))


def table(export: NodesExport) -> dict[str, Any]:
    """Return what the script takes."""
    return export.table


def render(export: NodesExport) -> dict[str, str]:
    """Return the files besides ``cell.json``."""
    return {"run.py": _RUN.format(name=export.name)}


def notes(export: NodesExport) -> list[str]:
    """Return sentences on what is otherwise in NEST."""
    return [
        "Each compartment has the receptors AMPA_NMDA, GABA and AMPA, in this order, with "
        "dendmod's time constants; NEST's magnesium block has dendmod's numbers.",
        f"The last place gets spikes at its AMPA_NMDA receptor at {', '.join(map(str, ARRIVALS))} "
        f"ms, the root at its GABA receptor 10 ms later, {WEIGHT:g} nS each.",
    ]


RECEPTORS: dict[str, dict[str, float]] = {
    "AMPA_NMDA": {
        "tau_r_AMPA": wybo2022.AMPA["tau_rise"], "tau_d_AMPA": wybo2022.AMPA["tau_decay"],
        "tau_r_NMDA": wybo2022.NMDA_TAU["tau_rise_nmda"],
        "tau_d_NMDA": wybo2022.NMDA_TAU["tau_decay_nmda"],
        "e_AMPA_NMDA": wybo2022.AMPA["e"], "NMDA_ratio": wybo2022.NMDA_RATIO,
    },
    "GABA": {
        "tau_r_GABA": wybo2022.GABA["tau_rise"], "tau_d_GABA": wybo2022.GABA["tau_decay"],
        "e_GABA": wybo2022.GABA["e"],
    },
    "AMPA": {
        "tau_r_AMPA": wybo2022.AMPA["tau_rise"], "tau_d_AMPA": wybo2022.AMPA["tau_decay"],
        "e_AMPA": wybo2022.AMPA["e"],
    },
}  # fmt: skip


def _fitting(cell: Cell | ReducedCell, name: str) -> ReducedCell:
    """Return a cell that ``cm_default`` holds, or say all that it does not."""
    if not isinstance(cell, ReducedCell):
        raise ExchangeError(
            f"{name} cannot be written for NEST, whose model has compartments and no sections: "
            "reduce it first with `dendmod reduce`"
        )
    known = mechanism_set(cell.mechanisms)
    found: dict[str, list[str]] = {}
    for i, c in enumerate(cell.compartments):
        for suffix in (*c.channels, *c.pools):
            found.setdefault(suffix, []).append(c.name or f"compartment{i}")
    if found:
        said = "; ".join(
            f"{suffix} ({known.get(suffix).kind_in_words}) in {', '.join(where)}"
            for suffix, where in found.items()
        )
        raise ExchangeError(
            f"{name} cannot be written for NEST's cm_default, whose sodium and potassium channels "
            f"have rates of their own: {said}. Take --to jaxley or arbor, or a cell of passive "
            "compartments"
        )
    return cell


def _potentials(cell: ReducedCell, places: list[int], amp: float) -> np.ndarray:
    """Return dendmod's own potentials (mV) of the step and the spikes, shape [place, sample]."""
    from dendmod.engines.neuron.run import Simulator

    root, last = (Location(section=i, x=0.5) for i in (0, places[-1]))
    ampa_nmda, gaba = wybo2022.ampa_nmda(), wybo2022.GABA
    setup = Setup(
        cell=cell,
        synapses=(
            Synapse(name="in", mechanism="AmpaNmdaSyn", location=last, params=ampa_nmda),
            Synapse(name="out", mechanism="DoubleExpSyn", location=root, params=gaba),
        ),
        current_clamps=(CurrentClamp(location=root, delay=step.DELAY, dur=step.DURATION, amp=amp),),
        record={str(k): Location(section=i, x=0.5) for k, i in enumerate(places)},
    )
    arrivals = np.array(ARRIVALS)
    trains = (
        SpikeTrain("in", arrivals, WEIGHT * NS_IN_US),
        SpikeTrain("out", arrivals + 10, WEIGHT * NS_IN_US),
    )
    with Simulator(setup, Run(tstop=step.TSTOP, dt=step.DT), coreneuron=False) as simulator:
        v = simulator.run(trains).v
    return np.array([v[str(k)] for k in range(len(places))])
