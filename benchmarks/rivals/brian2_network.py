"""The pinned network in Brian2's C++ standalone mode, float64: all of it, error loop included.

Brian2 has no implicit step for cells of several compartments that stand in one group, so the step
is written with `run_regularly`: elimination of the dendrites, sums over them at the somata, new
potentials, new states, as NEURON's fixed step does it. Rates are computed, not looked up. Spikes
come from generators through synapses; a second spike in a step comes from a copy of its source.
Timed is Brian2's own run of all samples, one after the other; code and spike lists are made before.
"""

from __future__ import annotations

import tempfile
from typing import Any

import brian2 as b
import numpy as np

from benchmarks.rivals.channels import (
    CALCIUM_CHANNELS,
    CALCIUM_GATED,
    GATES,
    conductance,
    gate_names,
)
from benchmarks.rivals.common import arguments, difference, read, serve

SYNAPSES = ("ampa", "nmda", "gaba")


def decays(names: tuple[str, ...]) -> str:
    """Return the lines that let profiles of synapses decay over a step."""
    return "\n".join(f"a_{n} *= rise_{n}\nb_{n} *= decay_{n}" for n in names)


def constants(work: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers that equations name."""
    dt = float(work["dt"])
    out = {
        name: float(work[name])
        for name in ("e_excitatory", "e_gaba", "mg_factor", "mg_slope", "threshold", "nernst",
                     "ca_out", "w_min", "w_max", "error_scale", "v_init")
    }  # fmt: skip
    for name in (*SYNAPSES, "feedforward"):
        rise, decay = work[f"{name}_tau"]
        out[f"rise_{name}"], out[f"decay_{name}"] = np.exp(-dt / rise), np.exp(-dt / decay)
        out[f"factor_{name}"] = float(work[f"{name}_peak"])
    out["factor_nmda"] *= float(work["nmda_ratio"])
    for name, tau in (("in", "pre"), ("own", "post"), ("eps", "eps")):
        out[f"keep_{name}"] = np.exp(-dt / float(work[f"tau_{tau}"]))
    out["c_in"], out["c_own"] = float(work["c_pre"]), float(work["c_post"])
    rate = sum(1 / float(work[f"tau_{name}"]) for name in ("pre", "post", "eps"))
    out["span"] = -np.expm1(-rate * dt) / rate
    out["to_dend"] = -np.expm1(-dt / float(work["tau_dend"]))
    out["ampa_jump"] = float(work["ampa_weight"]) * out["factor_ampa"]
    out["gaba_jump"] = float(work["gaba_weight"]) * out["factor_gaba"]
    out["eta0"], out["eta1"], out["eta2"] = map(float, work["eta"])
    out["theta0"], out["theta1"] = map(float, work["theta"])
    out["step"], out["n_steps"], out["late"] = dt, int(work["n_steps"]), int(work["delay"])
    return out


def somata(work: dict[str, Any], space: dict[str, Any]) -> b.NeuronGroup:
    """Return the somata of all cells, the output cell's last, with what happens to them."""
    suffixes = [str(s) for s in work["channels"]]
    gates = [name for s in suffixes for name in gate_names(s)]
    fixed = ["c_dt", "g_leak", "i_leak", "pool_rate", "pool_gain", "pool_rest"]
    fixed += [f"{kind}_{s}" for s in suffixes for kind in ("g", "e") if s not in CALCIUM_CHANNELS
              or kind == "g"]  # fmt: skip
    profiles = ("feedforward", "ampa", "gaba")
    changing = ["v", "d_sum", "n_sum", "u_own", "cai", "eca", *gates]
    changing += [f"{x}_{n}" for n in profiles for x in "ab"]
    equations = "above : boolean\n" + "\n".join(
        [f"{name} : 1" for name in changing] + [f"{name} : 1 (constant)" for name in fixed]
    )
    group = b.NeuronGroup(
        work["soma_c"].size,
        equations,
        threshold="v > threshold and not above",
        reset="",
        namespace=space,
    )
    dt = space["step"]
    group.c_dt, group.g_leak = work["soma_c"] / dt, work["soma_g"]
    group.i_leak = work["soma_g"] * work["soma_e"]
    group.pool_rate = -np.expm1(-dt / work["pool_tau"])
    group.pool_gain, group.pool_rest = work["pool_gain"], work["pool_rest"]
    for row, suffix in enumerate(suffixes):
        setattr(group, f"g_{suffix}", work["channel_g"][row])
        if suffix not in CALCIUM_CHANNELS:
            setattr(group, f"e_{suffix}", work["channel_e"][row])
    code = ["above = v > threshold", "d = g_leak + d_sum + b_ampa - a_ampa + b_gaba - a_gaba"]
    code += ["n = i_leak + n_sum + (b_ampa - a_ampa)*e_excitatory + (b_gaba - a_gaba)*e_gaba"]
    code += ["n = n + b_feedforward - a_feedforward", "ica = 0.0*v"]
    for suffix in suffixes:
        e = "eca" if suffix in CALCIUM_CHANNELS else f"e_{suffix}"
        code += [f"gx = g_{suffix}*{conductance(suffix)}", "d = d + gx", f"n = n + gx*{e}"]
        code += ["ica = ica + gx*(v - eca)"] if suffix in CALCIUM_CHANNELS else []
    code += ["v = v + (n - d*v)/(d + c_dt)", decays(profiles), "u_own *= keep_own"]
    code += ["cai += pool_rate*(pool_rest + pool_gain*ica - cai)", "eca = nernst*log(ca_out/cai)"]
    start = ["v = v_init", "above = False", "u_own = 0", "cai = pool_rest"]
    start += ["eca = nernst*log(ca_out/cai)", *(f"{x}_{n} = 0" for n in profiles for x in "ab")]
    for suffix in suffixes:
        for name, (lines, inf, tau) in zip(gate_names(suffix), rates(suffix), strict=True):
            code += [*lines, f"{name} += (1 - exp(-step/({tau})))*({inf} - {name})"]
            start += [*lines, f"{name} = {inf}"]
    group.run_regularly("\n".join(code), when="after_groups", order=0)
    group.run_regularly("\n".join(start), when="start", dt=space["n_steps"] * space["step"] * b.ms)
    return group


def rates(suffix: str) -> list[tuple[tuple[str, ...], str, str]]:
    """Return lines, steady state and time constant of each gate of a channel."""
    if suffix not in CALCIUM_GATED:
        return [gate[:3] for gate in GATES[suffix]]
    half, hill, tau = CALCIUM_GATED[suffix]
    return [((), f"1/(1 + ({half}/cai)**{hill})", str(tau))]


def dendrites(work: dict[str, Any], space: dict[str, Any], cells: Any, error: Any) -> b.NeuronGroup:
    """Return the dendrites of all hidden cells, one cell after the other."""
    fixed = ["c_dt", "g_leak", "i_leak", "couple", "w_start"]
    changing = ["v", "x", "y", "w", "u_dend", "u_in"]
    changing += [f"{x}_{n}" for n in SYNAPSES for x in "ab"]
    equations = "\n".join(
        [f"{name} : 1" for name in changing] + [f"{name} : 1 (constant)" for name in fixed]
    )
    equations += "\nv_soma : 1 (linked)\nu_own : 1 (linked)\neps : 1 (linked)"
    n_hidden, n_dendrites = work["dendrite_c"].shape
    group = b.NeuronGroup(n_hidden * n_dendrites, equations, namespace=space)
    soma = np.repeat(np.arange(n_hidden), n_dendrites)
    group.v_soma = b.linked_var(cells, "v", index=soma)
    group.u_own = b.linked_var(cells, "u_own", index=soma)
    group.eps = b.linked_var(error, "eps", index=np.zeros(soma.size, int))
    group.c_dt = work["dendrite_c"].ravel() / space["step"]
    group.g_leak, group.couple = work["dendrite_g"].ravel(), work["dendrite_couple"].ravel()
    group.i_leak = (work["dendrite_g"] * work["dendrite_e"]).ravel()
    group.w_start = work["context_weights"].ravel()
    group.run_regularly(
        """
        eta = eta1 + (eta0 - eta1)*int(u_dend < theta0) + (eta2 - eta1)*int(u_dend > theta1)
        w = clip(w + eta*u_in*u_own*eps*span, w_min, w_max)
        blocked = mg_factor*exp(-mg_slope*v)
        opened = 1/(1 + blocked)
        bent = mg_slope*blocked*opened*opened*(v - e_excitatory)
        G = b_nmda - a_nmda
        ampa = b_ampa - a_ampa
        gaba = b_gaba - a_gaba
        d = c_dt + g_leak + couple + ampa + gaba + G*(opened + bent)
        n = c_dt*v + i_leak + (ampa + G*opened)*e_excitatory + gaba*e_gaba + G*bent*v
        x = n/d
        y = couple/d
        """,
        when="before_groups",
    )
    group.run_regularly(
        "v = x + y*v_soma\nu_dend += to_dend*(v - u_dend)\nu_in *= keep_in\n" + decays(SYNAPSES),
        when="after_groups",
        order=1,
    )
    group.run_regularly(
        "v = v_init\nu_dend = v_init\nu_in = 0\nw = w_start\n"
        + "\n".join(f"{x}_{n} = 0" for n in SYNAPSES for x in "ab"),
        when="start",
        dt=space["n_steps"] * space["step"] * b.ms,
    )
    return group


def generator(work: dict[str, Any], kind: str, source: Any, n: int) -> tuple[Any, int]:
    """Return a generator of the spikes of a kind and its number of copies of each of n sources."""
    at = work[f"{kind}_sample"].astype(np.int64) * int(work["n_steps"]) + work[f"{kind}_step"]
    order = np.lexsort((source, at))
    at, source = at[order], np.asarray(source, np.int64)[order]
    new = np.r_[True, (np.diff(at) != 0) | (np.diff(source) != 0)]
    first = np.maximum.accumulate(np.where(new, np.arange(at.size), 0))
    copy = np.arange(at.size) - first
    copies = int(copy.max()) + 1
    times = at * float(work["dt"]) * b.ms
    return b.SpikeGeneratorGroup(n * copies, copy * n + source, times, sorted=False), copies


def inputs(work: dict[str, Any], cells: Any, branches: Any, space: dict[str, Any]) -> list[Any]:
    """Return generators and synapses of all spikes that come from outside."""
    parts: list[Any] = []
    n_inputs, n_hidden = work["feedforward_weights"].shape
    n_dendrites = work["dendrite_c"].shape[1]
    source, copies = generator(work, "feedforward", work["feedforward_input"], n_inputs)
    jump = "a_feedforward_post += jump\nb_feedforward_post += jump"
    feedforward = b.Synapses(source, cells, "jump : 1 (constant)", on_pre=jump)
    i, j = np.meshgrid(np.arange(n_inputs * copies), np.arange(n_hidden), indexing="ij")
    feedforward.connect(i=i.ravel(), j=j.ravel())
    weights = np.tile(work["feedforward_weights"], (copies, 1)).ravel()
    feedforward.jump = weights * space["factor_feedforward"]
    parts += [source, feedforward]
    context = (
        "a_ampa_post += w_post*factor_ampa\nb_ampa_post += w_post*factor_ampa\n"
        "a_nmda_post += w_post*factor_nmda\nb_nmda_post += w_post*factor_nmda\nu_in_post += c_in"
    )
    for kind in ("context", "ampa", "gaba"):
        code = context if kind == "context" else (
            f"a_{kind}_post += {kind}_jump\nb_{kind}_post += {kind}_jump"
        )  # fmt: skip
        neuron, compartment = work[f"{kind}_neuron"], work[f"{kind}_compartment"]
        for group, mine in ((cells, compartment == 0), (branches, compartment > 0)):
            if not mine.any():
                continue
            where = neuron if group is cells else neuron * n_dendrites + compartment - 1
            chosen = {f"{kind}_{f}": work[f"{kind}_{f}"][mine] for f in ("sample", "step")}
            n = len(group)
            source, copies = generator({**work, **chosen}, kind, where[mine], n)
            synapses = b.Synapses(source, group, on_pre=code, namespace=space)
            synapses.connect(i=np.arange(n * copies), j=np.tile(np.arange(n), copies))
            parts += [source, synapses]
    return parts


def loop(work: dict[str, Any], cells: Any, error: Any, space: dict[str, Any]) -> list[Any]:
    """Return what closes the error loop: hidden to output cell, its spikes counted, own spikes."""
    n_hidden = work["dendrite_c"].shape[0]
    output = b.Synapses(
        cells, cells, "jump : 1 (constant)",
        # what a sample sends on at its end does not reach the next one
        on_pre="""arrives = int(timestep(t, dt) % n_steps >= late)
                  a_feedforward_post += jump*arrives
                  b_feedforward_post += jump*arrives""",
        delay=space["late"] * space["step"] * b.ms, namespace=space,
    )  # fmt: skip
    output.connect(i=np.arange(n_hidden), j=np.full(n_hidden, n_hidden))
    output.jump = work["output_weights"] * space["factor_feedforward"]
    own = b.Synapses(cells, cells, on_pre="u_own_post += c_own", namespace=space)
    own.connect(j="i")
    starts = np.arange(work["opened"].size) * space["n_steps"]
    at = np.concatenate([starts + work["opened"], starts + work["closed"]])
    # source 0 opens windows, source 1 + n closes those in which n spikes are expected
    which = np.concatenate([0 * work["expected"], 1 + work["expected"]])
    kinds = np.arange(work["expected"].max() + 1)
    clock = b.SpikeGeneratorGroup(1 + kinds.size, which, at * space["step"] * b.ms)
    opens = b.Synapses(clock, error, on_pre="n_out_post = 0", order=-1)
    opens.connect(i=[0], j=[0])
    pulse = "eps_post += error_scale*(n_out_post - expected)"
    model = "expected : 1 (constant)"
    closes = b.Synapses(clock, error, model, on_pre=pulse, order=-1, namespace=space)
    closes.connect(i=1 + kinds, j=np.zeros(kinds.size, int))
    closes.expected = kinds
    counted = b.Synapses(cells, error, on_pre="n_out_post += 1")
    counted.connect(i=[n_hidden], j=[0])
    error.run_regularly("eps *= keep_eps", when="after_groups", order=2)
    rest = space["n_steps"] * space["step"] * b.ms
    error.run_regularly("eps = 0\nn_out = 0", when="start", dt=rest)
    return [output, own, clock, opens, closes, counted]


def main() -> None:
    """Build once, run for each round."""
    options = arguments()
    work = read(options.workload)
    folder = tempfile.mkdtemp(prefix="brian2-")
    b.set_device("cpp_standalone", build_on_run=False, directory=folder)
    space = constants(work)
    n_samples, n_steps = work["opened"].size, space["n_steps"]
    b.defaultclock.dt = space["step"] * b.ms
    error = b.NeuronGroup(1, "eps : 1\nn_out : 1", namespace=space)
    cells = somata(work, space)
    branches = dendrites(work, space, cells, error)
    sums = b.Synapses(
        branches, cells,
        "d_sum_post = couple_pre*(1 - y_pre) : 1 (summed)\n"
        "n_sum_post = couple_pre*x_pre : 1 (summed)",
    )  # fmt: skip
    sums.connect(
        i=np.arange(len(branches)), j=np.arange(len(branches)) // work["dendrite_c"].shape[1]
    )
    spikes = b.SpikeMonitor(cells)
    # potentials once a ms, weights as each sample ends (one step before the next starts)
    v = b.StateMonitor(cells, "v", record=True, dt=1 * b.ms, when="start", order=1)
    w = b.StateMonitor(
        branches, "w", record=True, dt=n_steps * space["step"] * b.ms, when="start", order=-1
    )
    parts = [error, cells, branches, sums, spikes, v, w]
    network = b.Network(
        *parts, *inputs(work, cells, branches, space), *loop(work, cells, error, space)
    )
    network.schedule = ["start", "thresholds", "synapses", "groups", "resets", "end"]
    b.device.insert_code("before_network_run", "const std::clock_t began = std::clock();")
    b.device.insert_code(
        "after_network_run",
        'std::ofstream("cpu_seconds") << double(std::clock() - began) / CLOCKS_PER_SEC;',
    )
    network.run(n_samples * n_steps * space["step"] * b.ms)
    b.device.build(directory=folder, compile=True, run=False)

    def seconds() -> float:
        b.device.run(folder, with_output=False, run_args=[])
        with open(f"{folder}/cpu_seconds") as handle:
            return float(handle.read())

    seconds()
    at = np.rint(np.asarray(spikes.t / b.ms) / space["step"]).astype(int)
    counts = np.zeros((n_samples, len(cells)), int)
    np.add.at(counts, (at // n_steps, np.asarray(spikes.i)), 1)
    traces = np.asarray(v.v).reshape(len(cells), n_samples, -1).swapaxes(0, 1)
    weights = np.concatenate([np.asarray(w.w)[:, 1:], np.asarray(branches.w)[:, None]], 1)
    weights = weights.T.reshape(n_samples, *work["dendrite_c"].shape)
    about = {"tool": f"Brian2 {b.__version__}", "precision": "float64", "samples": n_samples}
    serve(options, {**about, **difference(work, counts, traces, weights)}, seconds)


if __name__ == "__main__":
    main()
