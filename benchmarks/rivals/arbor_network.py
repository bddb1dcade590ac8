"""The pinned network in Arbor, float64 with vectorised mechanisms: all but the learning.

Left out: plasticity and the error loop, as an Arbor synapse sees no error. Within a sample the
weights change too little to move a spike; what that saves is in Arbor's favour. Mechanisms are
ours, translated (``arbor_mechanisms.py``). Arbor's solver takes our step, but decays by the Padé
approximant ``(2 - x)/(2 + x)`` of ``exp(-x)``: time constants of synapses and calcium are given
such that it is exact; those of gates cannot be, so that a few spikes move at dt 0.1. Results are
therefore checked against our equations with that approximant for gates (in NumPy); how many counts
are the kernel's is reported beside it. Spikes come as events, feedforward ones through connections.
Timed is Arbor's own run of each sample.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import arbor
import numpy as np
from arbor import units as u

from benchmarks.rivals.arbor_mechanisms import POOL, TWICE_FARADAY, translate
from benchmarks.rivals.common import arguments, difference, one_core, read, samples, serve
from benchmarks.rivals.numpy_network import run

SIDE = float(np.sqrt(1000 / np.pi))  # um: compartments are cylinders of 1000 um2
US, UF = 0.1, 1.0  # S/cm2 a uS, F/m2 a nF: both over 1000 um2
SOMA, DENDRITE = "(segment 0)", "(segment {})"
KINDS = ("context", "ampa", "gaba")


def catalogue(work: dict[str, Any]) -> Any:
    """Return Arbor's own mechanisms and ours, compiled."""
    folder = Path(tempfile.mkdtemp(prefix="arbor-"))
    translate(folder, [str(s) for s in work["channels"]])
    build = Path(sys.executable).parent / "arbor-build-catalogue"
    path = {**os.environ, "PATH": f"{build.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([build, "--quiet", "rival", folder], cwd=folder, env=path, check=True,
                   stdout=sys.stderr)  # fmt: skip
    found = arbor.default_catalogue()
    found.extend(arbor.load_catalogue(str(folder / "rival-catalogue.so")), "")
    return found


def point(x: float, y: float) -> Any:
    """Return a point in the plane, of the radius that all compartments have."""
    return arbor.mpoint(x, y, 0, SIDE / 2)


class Network(arbor.recipe):
    """One sample: hidden cells, the output cell, then the sources of feedforward spikes."""

    def __init__(self, work: dict[str, Any], mechanisms: Any) -> None:
        super().__init__()
        self.work, self.dt = work, float(work["dt"])
        self.n_hidden, self.n_dendrites = work["dendrite_c"].shape
        self.n_inputs = work["feedforward_weights"].shape[0]
        names = [str(s) for s in work["channels"]]
        self.properties = arbor.neuron_cable_properties()
        self.properties.catalogue = mechanisms
        # the temperature at which Arbor's Nernst potential has the factor of the file
        kelvin = float(work["nernst"]) * 1e-3 * float(TWICE_FARADAY) / 8.31446261815324
        self.properties.set_property(Vm=float(work["v_init"]) * u.mV, tempK=kelvin * u.Kelvin)
        for ion, channel in (("na", "NaTa_t"), ("k", "K_Pst")):
            e = float(work["channel_e"][names.index(channel), 0])
            self.properties.set_ion(ion, int_con=1 * u.mM, ext_con=1 * u.mM, rev_pot=e * u.mV)
        rest, outside = float(work["pool_rest"][0]), float(work["ca_out"])
        self.properties.set_ion("ca", valence=2, int_con=rest * u.mM, ext_con=outside * u.mM,
                                rev_pot=0 * u.mV, method="nernst/x=ca")  # fmt: skip
        self.trains = [self._trains(kind) for kind in KINDS]

    def _trains(self, kind: str) -> dict[tuple[int, int], Any]:
        w = self.work
        order = np.lexsort((w[f"{kind}_step"], w[f"{kind}_compartment"], w[f"{kind}_neuron"]))
        at = np.stack([w[f"{kind}_neuron"], w[f"{kind}_compartment"]])[:, order]
        first = np.flatnonzero(np.r_[True, np.any(np.diff(at), axis=0)])
        steps = np.split(w[f"{kind}_step"][order], first[1:])
        return {(int(i), int(c)): s for (i, c), s in zip(at[:, first].T, steps, strict=True)}

    def num_cells(self) -> int:
        return self.n_hidden + 1 + self.n_inputs

    def cell_kind(self, gid: int) -> Any:
        kinds = arbor.cell_kind
        return kinds.cable if gid <= self.n_hidden else kinds.spike_source

    def global_properties(self, kind: Any) -> Any:
        return self.properties if kind == arbor.cell_kind.cable else None

    def probes(self, gid: int) -> list[Any]:
        if gid > self.n_hidden:
            return []
        return [arbor.cable_probe_membrane_voltage("(location 0 0.5)", "v")]

    def cell_description(self, gid: int) -> Any:
        if gid <= self.n_hidden:
            return self.cell(gid)
        mine = self.work["feedforward_input"] == gid - self.n_hidden - 1
        # a connection brings them a delay later
        steps = np.sort(self.work["feedforward_step"][mine]) - self.work["delay"]
        return arbor.spike_source_cell("source", self.schedule(steps))

    def schedule(self, steps: Any) -> Any:
        return arbor.explicit_schedule([float(s * self.dt) * u.ms for s in steps])

    def connections_on(self, gid: int) -> list[Any]:
        delay = float(self.work["delay"] * self.dt) * u.ms
        if gid > self.n_hidden:
            return []
        if gid == self.n_hidden:
            sources, weights = [(i, "spikes") for i in range(gid)], self.work["output_weights"]
        else:
            first = self.n_hidden + 1
            sources = [(first + i, "source") for i in range(self.n_inputs)]
            weights = self.work["feedforward_weights"][:, gid]
        out = [
            arbor.connection(source, "feedforward_0", float(w), delay)
            for source, w in zip(sources, weights, strict=True)
        ]
        if gid == self.n_hidden:  # Arbor keeps the spikes of cells that send them somewhere
            out.append(arbor.connection((gid, "spikes"), "feedforward_0", 0.0, delay))
        return out

    def event_generators(self, gid: int) -> list[Any]:
        out = []
        for kind, trains in zip(KINDS, self.trains, strict=True):
            for c in range(1 + self.n_dendrites):
                if (gid, c) not in trains:
                    continue
                w = self.work["context_weights"][gid, c - 1] if kind == "context" else (
                    self.work[f"{kind}_weight"]
                )  # fmt: skip
                train = self.schedule(trains[gid, c])
                out.append(arbor.event_generator(f"{kind}_{c}", float(w), train))
        return out

    def cell(self, i: int) -> Any:
        """Return the tree of a cell with its membranes and synapses."""
        w, tree, decor = self.work, arbor.segment_tree(), arbor.decor()
        n = self.n_dendrites if i < self.n_hidden else 0
        root = tree.append(arbor.mnpos, point(-SIDE, 0), point(0, 0), tag=1)
        # the soma's own half is no resistance: dendrites are apart by their halves alone
        self.membrane(decor, SOMA, [w[f"soma_{x}"][i] for x in "cge"], 1e-6)
        for name, g in zip(w["channels"], w["channel_g"][:, i], strict=True):
            decor.paint(SOMA, arbor.density(str(name), {f"g{name}bar": float(g) * US}))
        tau, gain = self.pade(float(w["pool_tau"][i])), float(w["pool_gain"][i])
        # what the file says in mM a nA, by the mechanism's own equation; its depth is 1 um
        gamma = -gain * 10 / tau * float(TWICE_FARADAY) / 1e4
        pool = {"gamma": gamma, "depth": 1.0, "decay": tau}
        pool["minCai"] = float(w["pool_rest"][i])
        decor.paint(SOMA, arbor.density(POOL, pool))
        place = "(location 0 0.5)"
        threshold = arbor.threshold_detector(float(w["threshold"]) * u.mV)
        decor.place(place, threshold, "spikes")
        self.synapse(decor, place, "feedforward_0", "rival_current", ["feedforward"])
        self.background(decor, place, 0)
        for c in range(1, n + 1):
            a = 2 * np.pi * c / n
            tree.append(root, point(0, 0), point(SIDE * np.cos(a), SIDE * np.sin(a)), tag=3)
            region = DENDRITE.format(c)
            resistance = 1 / w["dendrite_couple"][i, c - 1]  # MOhm, along a half
            rl = resistance * (np.pi * SIDE**2 / 4) / (SIDE / 2) * 100
            self.membrane(decor, region, [w[f"dendrite_{x}"][i, c - 1] for x in "cge"], rl)
            place = f"(on-components 0.5 {region})"
            self.synapse(decor, place, f"context_{c}", "rival_ampa_nmda", ["ampa", "nmda"])
            self.background(decor, place, c)
        cut = arbor.cv_policy_explicit("(on-components 0 (tag 3))")
        return arbor.cable_cell(tree, decor, None, cut if n else arbor.cv_policy_single())

    def membrane(self, decor: Any, region: str, values: list[float], rl: float) -> None:
        c, g, e = (float(x) for x in values)
        decor.paint(region, cm=c * UF * u.F / u.m2, rL=float(rl) * u.Ohm * u.cm)
        decor.paint(region, arbor.density(f"pas/e={e}", g=g * US))

    def background(self, decor: Any, place: str, c: int) -> None:
        for kind in ("ampa", "gaba"):
            self.synapse(decor, place, f"{kind}_{c}", "rival_conductance", [kind])

    def synapse(self, decor: Any, place: str, label: str, name: str, profiles: list[str]) -> None:
        w = self.work
        values = {"e": float(w["e_gaba" if "gaba" in profiles else "e_excitatory"])}
        for i, profile in enumerate(profiles):
            rise, fall = (self.pade(float(tau)) for tau in w[f"{profile}_tau"])
            ratio = float(w["nmda_ratio"]) if profile == "nmda" else 1.0
            peak = float(w[f"{profile}_peak"]) * ratio
            values |= {f"rise{i}": rise, f"fall{i}": fall, f"peak{i}": peak}
        if "nmda" in profiles:
            values |= {name: float(w[name]) for name in ("mg_factor", "mg_slope")}
        decor.place(place, arbor.synapse(name, values), label)

    def pade(self, tau: float) -> float:
        """Return the time constant with which Arbor's approximant decays by exp(-dt/tau)."""
        return float(self.dt / (2 * np.tanh(self.dt / (2 * tau))))


def main() -> None:
    """Build each sample once, check against the kernel, run for each round."""
    options = arguments()
    one_core()
    work = read(options.workload)
    n, duration = work["opened"].size, float(work["n_steps"] * work["dt"])
    mechanisms = catalogue(work)
    cells = range(work["soma_c"].size)
    built = []
    for i in range(n):
        own = samples(work, i, i + 1)
        simulation = arbor.simulation(Network(own, mechanisms), arbor.context(threads=1))
        built.append(simulation)

    def seconds() -> float:
        taken = 0.0
        for simulation in built:
            simulation.reset()
            began = time.process_time()
            simulation.run(duration * u.ms, float(work["dt"]) * u.ms)
            taken += time.process_time() - began
        return taken

    counts, v = np.zeros((n, len(cells)), int), []
    each_ms = arbor.regular_schedule(0 * u.ms, 1 * u.ms, duration * u.ms)
    for i, simulation in enumerate(built):
        simulation.record(arbor.spike_recording.all)
        handles = [simulation.sample((cell, "v"), each_ms) for cell in cells]
        simulation.run(duration * u.ms, float(work["dt"]) * u.ms)
        fired = np.array([spike["source"]["gid"] for spike in simulation.spikes()], int)
        counts[i] = np.bincount(fired[fired < len(cells)], minlength=len(cells))
        v.append([simulation.samples(handle)[0][0][:, 1] for handle in handles])
        simulation.record(arbor.spike_recording.off)
        for handle in handles:
            simulation.remove_sampler(handle)
    exact = difference(work, counts, np.array(v), None)
    expected = run({**work, "error_scale": 0.0}, pade=True)
    same = {**work, "result_counts": expected[0], "result_v": expected[1]}
    about = {"tool": f"Arbor {arbor.__version__}", "precision": "float64", "samples": n}
    about["counts_equal_kernel"] = exact["counts_equal"]
    serve(options, {**about, **difference(same, counts, np.array(v), None)}, seconds)


if __name__ == "__main__":
    main()
