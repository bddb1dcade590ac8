"""A full cell in Jaxley: each trial alone, float64 or float32, compiled by XLA for the CPU.

Unbranched chains of NEURON's segments are branches, their areas and resistances NEURON's. Where
several are joined to the middle of a segment (the soma), a resistance of 1e-6 MOhm is between.
Gates are those of ``channels.py``, by Jaxley's own exponential Euler. It takes spike trains through
cells of their own alone, so that trials here are steps of current. Timed is a trial after
compilation, from the settled state.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from benchmarks.rivals.cell_common import arguments, report, serve_times, steps_of
from benchmarks.rivals.channels import (
    CALCIUM_CHANNELS,
    CALCIUM_GATED,
    GATES,
    POOL,
    conductance,
    gate_names,
)
from benchmarks.rivals.common import one_core, read

JOINT = 1e-6  # MOhm
RHO = 100.0  # Ohm cm: with it a load of 1/um is a MOhm
FARADAY = 96485.33212331001
IONS = {"ena": ("NaTa_t", "NaTs2_t", "Nap_Et2"), "ek": ("K_Tst", "K_Pst", "SKv3_1", "Im", "SK_E2")}


def channel_classes(work: dict[str, Any]) -> dict[str, Any]:
    """Return a Jaxley channel for each of the file's, made from the expressions of gates."""
    import jax.numpy as jnp
    from jaxley.channels import Channel
    from jaxley.solver_gate import exponential_euler

    nernst, cao = float(work["nernst"]), float(work["cao"])

    def exprel(x: Any) -> Any:
        small = jnp.abs(x) < 1e-6
        return jnp.where(small, 1 + x / 2, jnp.expm1(x) / jnp.where(small, 1.0, x))

    names = {"exp": jnp.exp, "exprel": exprel, "int": lambda x: x.astype(float)}

    def rates(suffix: str, v: Any, states: dict[str, Any]) -> list[tuple[Any, Any]]:
        if suffix in CALCIUM_GATED:
            half, hill, tau = CALCIUM_GATED[suffix]
            return [(1 / (1 + (half / states["CaCon_i"]) ** hill), tau)]
        found = []
        for lines, steady, tau, _ in GATES[suffix]:
            scope = {**names, "v": v}
            for line in lines:
                exec(line, scope)
            found.append((eval(steady, scope), eval(tau, scope)))
        return found

    def made(suffix: str) -> Any:
        calcium, gated = suffix in CALCIUM_CHANNELS, suffix in CALCIUM_GATED
        e = {"ena": float(work["ena"]), "ek": float(work["ek"])}
        reversal = next((e[ion] for ion, of in IONS.items() if suffix in of), None)

        class Own(Channel):  # type: ignore[misc]
            def __init__(self) -> None:
                self.current_is_in_mA_per_cm2 = True
                super().__init__(suffix)
                self.channel_params = {f"{suffix}_g": 0.0, f"{suffix}_e": -45.0}
                self.channel_states = dict.fromkeys(gate_names(suffix), 0.0)
                if calcium or gated:
                    self.channel_states["CaCon_i"] = 1e-4
                self.current_name = "i_Ca" if calcium else f"i_{suffix}"

            def update_states(self, states: Any, dt: Any, v: Any, params: Any) -> Any:
                return {
                    gate: exponential_euler(states[gate], dt, steady, tau)
                    for gate, (steady, tau) in zip(
                        gate_names(suffix), rates(suffix, v, states), strict=True
                    )
                }

            def compute_current(self, states: Any, v: Any, params: Any) -> Any:
                scope = {gate: states[gate] for gate in gate_names(suffix)}
                g = params[f"{suffix}_g"] * eval(conductance(suffix), scope)
                if calcium:
                    return g * (v - nernst * jnp.log(cao / states["CaCon_i"]))
                return g * (v - (params[f"{suffix}_e"] if reversal is None else reversal))

            def init_state(self, states: Any, v: Any, params: Any, delta_t: Any) -> Any:
                every = rates(suffix, v, states)
                return dict(zip(gate_names(suffix), (r[0] for r in every), strict=True))

        return Own()

    class Pool(Channel):  # type: ignore[misc]
        def __init__(self) -> None:
            self.current_is_in_mA_per_cm2 = True
            super().__init__(POOL)
            self.channel_params = {f"{POOL}_{x}": 1.0 for x in ("gamma", "decay", "depth", "min")}
            self.channel_states = {"CaCon_i": 1e-4}
            self.current_name = "i_Ca"

        def update_states(self, states: Any, dt: Any, v: Any, params: Any) -> Any:
            gamma, decay, depth, least = (
                params[f"{POOL}_{x}"] for x in ("gamma", "decay", "depth", "min")
            )
            drive = -1e4 * states["i_Ca"] * gamma / (2 * FARADAY * depth)
            steady = least + decay * drive
            return {"CaCon_i": exponential_euler(states["CaCon_i"], dt, steady, decay)}

        def compute_current(self, states: Any, v: Any, params: Any) -> Any:
            return 0.0 * v

        def init_state(self, states: Any, v: Any, params: Any, delta_t: Any) -> Any:
            return {"CaCon_i": params[f"{POOL}_min"]}

    # NEURON's order: what calcium opens sees the calcium of the same step
    first = {POOL: Pool()} if work["has_pool"] else {}
    return first | {str(s): made(str(s)) for s in work["channels"]}


def chains(work: dict[str, Any]) -> tuple[list[list[int]], list[int]]:
    """Return the nodes of every unbranched chain and the number of the chain that it joins."""
    parent, area = work["parent"], work["area"]
    children = np.bincount(parent[1:], minlength=parent.size)
    found: list[list[int]] = []
    above: list[int] = []
    of: dict[int, int] = {}
    for i in range(parent.size):
        p = int(parent[i])
        if area[i] <= 0:  # a joint belongs to the chain that ends there
            of[i] = of[p]
        elif i and area[p] > 0 and children[p] == 1:
            of[i] = of[p]
            found[of[i]].append(i)
        else:
            of[i] = len(found)
            found.append([i])
            above.append(of[p] if i else -1)
    return found, above


def build(work: dict[str, Any]) -> tuple[Any, np.ndarray]:
    """Return the cell and the node of the file that each of its compartments is."""
    import jaxley as jx

    of_branch, above = chains(work)
    branches = [jx.Branch(jx.Compartment(), ncomp=len(own)) for own in of_branch]
    cell = jx.Cell(branches, parents=above)
    nodes = np.concatenate([np.array(own) for own in of_branch])
    parent, ohms, area = work["parent"], work["resistance"], work["area"]
    n_children = np.bincount(parent[1:], minlength=parent.size)
    inward, outward = np.zeros(parent.size), np.full(parent.size, JOINT)
    for i in range(1, parent.size):
        p = int(parent[i])
        if area[i] <= 0:
            outward[p] = ohms[i]
        elif area[p] > 0 and n_children[p] == 1:
            inward[i] = outward[p] = ohms[i] / 2
        else:
            inward[i] = ohms[i]
    inward[0] = JOINT
    table = cell.base.nodes
    values = {"area": area, "resistive_load_in": inward, "resistive_load_out": outward,
              "capacitance": work["cm"]}  # fmt: skip
    for name, column in values.items():
        table[name] = column[nodes]
    table["axial_resistivity"], table["v"] = RHO, float(work["v_init"])
    return cell, nodes


def insert(cell: Any, nodes: np.ndarray, work: dict[str, Any]) -> None:
    """Insert channels, pool and leak where they are, with their values."""
    from jaxley.channels import Leak

    order = np.empty(work["parent"].size, int)
    order[nodes] = np.arange(nodes.size)
    channels = channel_classes(work)
    given = {"pas": {"Leak_gLeak": "pas_g", "Leak_eLeak": "pas_e"}}
    for suffix in channels:
        given[suffix] = {f"{suffix}_g": f"{suffix}_g{suffix}bar"}
        if suffix == "Ih":
            given[suffix]["Ih_e"] = "Ih_ehcn"
    if POOL in channels:
        given[POOL] = {f"{POOL}_{x}": f"{POOL}_{x}" for x in ("gamma", "decay", "depth")}
        given[POOL][f"{POOL}_min"] = f"{POOL}_minCai"
    for suffix, names in given.items():
        at = order[work[f"{suffix}_nodes"]]
        cell.select(nodes=at).insert(Leak() if suffix == "pas" else channels[suffix])
        for column, name in names.items():
            values = np.full(nodes.size, np.nan)
            values[at] = work[name]
            cell.base.nodes.loc[at, column] = values[at]


def main() -> None:
    """Compile, run every trial once with its trace, then trial after trial for each round."""
    options = arguments(precision={"default": "float64", "choices": ("float64", "float32")})
    one_core()
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax

    jax.config.update("jax_enable_x64", options.precision == "float64")
    import jax.numpy as jnp
    import jaxley as jx

    work = read(options.workload)
    settle, tstop = float(work["settle"]), float(work["tstop"])
    if work["event_step"].size:
        raise SystemExit("Jaxley takes no spike trains at synapses; give trials of current alone")
    began = time.process_time()
    cell, nodes = build(work)
    insert(cell, nodes, work)
    soma = cell.select(nodes=[int(np.flatnonzero(nodes == 0)[0])])
    soma.record("v", verbose=False)
    delay, dur = work["clamp"]

    def runner(dt: float) -> Any:
        cell.init_states(delta_t=dt)
        none = soma.data_stimulate(jnp.zeros(round(settle / dt)))
        settled = jx.integrate(cell, delta_t=dt, data_stimuli=none, return_states=True)[1]
        middles = dt * (np.arange(round(tstop / dt)) + 0.5)
        shape = jnp.asarray((middles >= delay) & (middles < delay + dur), float)

        @jax.jit
        def run(amp: Any) -> Any:
            stimuli = soma.data_stimulate(amp * shape)
            return jx.integrate(cell, delta_t=dt, data_stimuli=stimuli, all_states=settled)[0]

        return run

    runs = {dt: runner(dt) for dt in steps_of(options, work)}
    traces = {
        dt: np.array([np.asarray(run(amp))[: round(tstop / dt) + 1] for amp in work["amps"]])
        for dt, run in runs.items()
    }
    built = time.process_time() - began

    def seconds(dt: float, k: int) -> float:
        began = time.process_time()
        runs[dt](work["amps"][k]).block_until_ready()
        return time.process_time() - began

    about = {"tool": f"Jaxley {jx.__version__}", "precision": options.precision,
             "build_and_compile_s": built}  # fmt: skip
    report(options, about, traces)
    serve_times(options, traces, work["amps"].size, seconds)


if __name__ == "__main__":
    main()
