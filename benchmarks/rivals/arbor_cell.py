"""A full cell in Arbor, float64 with vectorised mechanisms, one thread.

Every segment of NEURON's is a control volume of the same area, two halves of a cylinder whose
resistivities are such that neighbours are joined by NEURON's resistances; ends of sections at which
several are joined are control volumes without area, as in Arbor's own policies. Mechanisms are
ours, translated (``arbor_mechanisms.py``). Arbor decays by the Padé approximant
``(2 - x)/(2 + x)`` of ``exp(-x)``: for synapses and calcium the time constants are given such that
it is exact; those of gates cannot be. Timed is Arbor's own run after settling.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import arbor
import numpy as np
from arbor import units as u

from benchmarks.rivals.arbor_mechanisms import POOL, SYNAPSES, TWICE_FARADAY, translate
from benchmarks.rivals.cell_common import arguments, report, serve_times, steps_of
from benchmarks.rivals.common import one_core, read

KINDS = tuple(SYNAPSES)  # in the order of the file
UF = 1e-2  # F/m2 a uF/cm2


def catalogue(channels: list[str]) -> Any:
    """Return Arbor's own mechanisms and ours, compiled."""
    folder = Path(tempfile.mkdtemp(prefix="arbor-"))
    translate(folder, channels)
    build = Path(sys.executable).parent / "arbor-build-catalogue"
    path = {**os.environ, "PATH": f"{build.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([build, "--quiet", "rival", folder], cwd=folder, env=path, check=True,
                   stdout=sys.stderr)  # fmt: skip
    found = arbor.default_catalogue()
    found.extend(arbor.load_catalogue(str(folder / "rival-catalogue.so")), "")
    return found


def halves(node: int) -> tuple[int, int]:
    """Return the tags of both halves of a node's cylinder."""
    return 2 * node + 1, 2 * node + 2


def tags(nodes: Any) -> str:
    """Return the region of all halves of nodes."""
    every = [f"(tag {tag})" for node in nodes for tag in halves(int(node))]
    return f"(join {' '.join(every)})"


class Cell(arbor.recipe):
    """One trial of the cell."""

    def __init__(self, work: dict[str, Any], mechanisms: Any, trial: int, dt: float) -> None:
        super().__init__()
        self.work, self.trial, self.dt = work, trial, dt
        self.properties = arbor.neuron_cable_properties()
        self.properties.catalogue = mechanisms
        # the temperature at which Arbor's Nernst potential has the factor of the file
        kelvin = float(work["nernst"]) * 1e-3 * float(TWICE_FARADAY) / 8.31446261815324
        self.properties.set_property(Vm=float(work["v_init"]) * u.mV, tempK=kelvin * u.Kelvin)
        for ion in ("na", "k"):
            self.properties.set_ion(ion, int_con=1 * u.mM, ext_con=1 * u.mM,
                                    rev_pot=float(work[f"e{ion}"]) * u.mV)  # fmt: skip
        inside = float(work[f"{POOL}_minCai"][0]) if work["has_pool"] else 5e-5
        self.properties.set_ion("ca", valence=2, int_con=inside * u.mM,
                                ext_con=float(work["cao"]) * u.mM, rev_pot=0 * u.mV,
                                method="nernst/x=ca")  # fmt: skip
        self.description = self._cell()

    def num_cells(self) -> int:
        return 1

    def cell_kind(self, gid: int) -> Any:
        return arbor.cell_kind.cable

    def global_properties(self, kind: Any) -> Any:
        return self.properties

    def probes(self, gid: int) -> list[Any]:
        return [arbor.cable_probe_membrane_voltage("(root)", "v")]

    def cell_description(self, gid: int) -> Any:
        return self.description

    def event_generators(self, gid: int) -> list[Any]:
        w = self.work
        trains: dict[tuple[int, float], list[float]] = defaultdict(list)
        mine = np.flatnonzero(w["event_trial"] == self.trial)
        for i in mine:
            at = float(w["settle"]) + float(w["event_step"][i]) * float(w["dt"])
            trains[int(w["event_synapse"][i]), float(w["event_weight"][i])].append(at)
        return [
            arbor.event_generator(f"synapse_{s}", weight,
                                  arbor.explicit_schedule([t * u.ms for t in sorted(times)]))
            for (s, weight), times in trains.items()
        ]  # fmt: skip

    def _cell(self) -> Any:
        w, decor, tree = self.work, arbor.decor(), arbor.segment_tree()
        self._grow(tree, decor)
        self._paint(decor)
        delay, dur = (float(x) for x in w["clamp"])
        if dur and w["amps"][self.trial]:
            begin = float(w["settle"]) + delay
            amp = float(w["amps"][self.trial])
            decor.place("(root)", arbor.i_clamp(begin * u.ms, dur * u.ms, amp * u.nA))
        for s, node in enumerate(w["synapse_node"]):
            place = f"(on-components 0.5 (tag {halves(int(node))[0]}))" if node else "(root)"
            decor.place(place, self._synapse(s), f"synapse_{s}")
        policy = arbor.cv_policy_explicit(self._boundaries(arbor.morphology(tree)))
        return arbor.cable_cell(tree, decor, None, policy)

    def _grow(self, tree: Any, decor: Any) -> None:
        """Append the cylinders of all nodes with their resistivities."""
        w = self.work
        parent, ohms, area = w["parent"], w["resistance"], w["area"]
        children = np.bincount(parent[1:], minlength=parent.size)
        ends: dict[int, int] = {}
        tips: dict[int, float] = {}
        for i in range(parent.size):
            p = int(parent[i])
            above = ends[p] if i else arbor.mnpos
            start = tips[p] if i else 0.0
            if area[i] <= 0:  # all of its resistance lies in its parent's outer half
                ends[i], tips[i] = above, start
                continue
            side = float(np.sqrt(area[i] / np.pi))
            middle, end = start + side / 2, start + side
            radius = side / 2
            inner, outer = halves(i)
            first = tree.append(above, arbor.mpoint(start, 0, 0, radius),
                                arbor.mpoint(middle, 0, 0, radius), tag=inner)  # fmt: skip
            ends[i] = tree.append(first, arbor.mpoint(end, 0, 0, radius), tag=outer)
            tips[i] = end
            joint = i and area[p] <= 0
            alone = i and not joint and children[p] == 1
            inward = float(ohms[i]) / (2 if alone else 1) if i else 1e-6
            outward = 1e-6
            if children[i] == 1:
                child = int(np.flatnonzero(parent == i)[0])
                outward = float(ohms[child]) / (1 if area[child] <= 0 else 2)
            elif children[i] > 1:  # they meet at the end, where the volume is read out
                inward, outward = inward / 2, inward / 2
            for tag, resistance in ((inner, inward), (outer, outward)):
                # MOhm along half of the cylinder, as a resistivity
                rl = resistance * (np.pi * side**2 / 4) / (side / 2) * 100
                decor.paint(f"(tag {tag})", rL=float(rl) * u.Ohm * u.cm)

    def _boundaries(self, morphology: Any) -> str:
        """Return where control volumes begin; joints without membrane are cut out at all sides."""
        w, out = self.work, []
        joints = set(w["parent"][np.flatnonzero(w["area"] <= 0)].tolist())
        for branch in range(morphology.num_branches):
            segments = morphology.branch_segments(branch)
            lengths = [abs(s.dist.x - s.prox.x) for s in segments]
            at = np.concatenate([[0.0], np.cumsum(lengths)]) / sum(lengths)
            for segment, x in zip(segments, at[:-1], strict=True):
                if segment.tag % 2 and segment.tag != halves(0)[0]:
                    out.append(f"(location {branch} {float(x)!r})")
            last = segments[-1].tag
            if last % 2 == 0 and (last - 2) // 2 in joints:
                out.append(f"(location {branch} 1)")
        return f"(sum {' '.join(out)})"

    def _paint(self, decor: Any) -> None:
        w = self.work
        for node in range(w["area"].size):
            if w["area"][node] > 0:
                decor.paint(tags([node]), cm=float(w["cm"][node]) * UF * u.F / u.m2)
        for suffix in ("pas", POOL, *map(str, w["channels"])):
            if f"{suffix}_nodes" not in w:
                continue
            names = {"pas": ("e", "g"), POOL: ("gamma", "decay", "depth", "minCai")}.get(
                suffix, (f"g{suffix}bar", *(["ehcn"] if suffix == "Ih" else []))
            )
            columns = np.array([w[f"{suffix}_{name}"] for name in names])
            values, which = np.unique(columns, axis=1, return_inverse=True)
            for group in range(values.shape[1]):
                given = dict(zip(names, map(float, values[:, group]), strict=True))
                kind = suffix
                if suffix == "pas":
                    kind = f"pas/e={given.pop('e')!r}"
                elif suffix == POOL:  # decays exactly, with the same influx
                    tau = self.pade(given["decay"])
                    given["decay"] = tau
                region = tags(w[f"{suffix}_nodes"][which.ravel() == group])
                decor.paint(region, arbor.density(kind, given))

    def _synapse(self, s: int) -> Any:
        w = self.work
        kind = int(w["synapse_kind"][s])
        name = KINDS[kind]
        values = {"e": float(w["synapse_e"][s])}
        for i in range(SYNAPSES[name][1]):
            rise, decay, jump = (float(x) for x in w["synapse_profiles"][s][i])
            values |= {f"rise{i}": self.pade(rise), f"fall{i}": self.pade(decay),
                       f"peak{i}": jump}  # fmt: skip
        if "mg_factor" in SYNAPSES[name][0]:
            values |= {"mg_factor": float(w["mg"][s][0]), "mg_slope": float(w["mg"][s][1])}
        return arbor.synapse(name, values)

    def pade(self, tau: float) -> float:
        """Return the time constant with which Arbor's approximant decays by exp(-dt/tau)."""
        return float(self.dt / (2 * np.tanh(self.dt / (2 * tau))))


def main() -> None:
    """Run every trial once with its trace at each step, then trial after trial for each round."""
    options = arguments()
    one_core()
    work = read(options.workload)
    settle, tstop = float(work["settle"]), float(work["tstop"])
    mechanisms = catalogue([str(s) for s in work["channels"]])
    n = work["amps"].size
    context = arbor.context(threads=1)
    built, traces = {}, {}
    for dt in steps_of(options, work):
        built[dt] = [arbor.simulation(Cell(work, mechanisms, k, dt), context) for k in range(n)]
        times = arbor.regular_schedule(settle * u.ms, dt * u.ms, (settle + tstop + dt) * u.ms)
        rows = []
        for simulation in built[dt]:
            handle = simulation.sample((0, "v"), times)
            simulation.run((settle + tstop + dt) * u.ms, dt * u.ms)
            rows.append(simulation.samples(handle)[0][0][: round(tstop / dt) + 1, 1])
            simulation.remove_sampler(handle)
        traces[dt] = np.array(rows)

    def seconds(dt: float, k: int) -> float:
        built[dt][k].reset()
        built[dt][k].run(settle * u.ms, dt * u.ms)
        began = time.process_time()
        built[dt][k].run((settle + tstop) * u.ms, dt * u.ms)
        return time.process_time() - began

    about = {"tool": f"Arbor {arbor.__version__}", "precision": "float64", "threads": 1,
             "volumes": int(work["area"].size), "arch": arbor.config()["arch"]}  # fmt: skip
    report(options, about, traces)
    serve_times(options, traces, n, seconds)


if __name__ == "__main__":
    main()
