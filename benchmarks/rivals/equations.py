"""The pinned network's equations over arrays, for NumPy or any library with its functions.

A step from t to t + dt, as NEURON's fixed step takes it: crossings of the threshold and spikes at
its start, currents there, implicit Euler on the star, then every state by the exact exponential of
a linear equation with the new potential. Arrays of dendrites have shape (dendrites, samples,
cells), those of somata (samples, cells); the output cell is the last one, and its dendrites are
not coupled to it. Rates are computed, not looked up.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.rivals.channels import CALCIUM_CHANNELS, CALCIUM_GATED, GATES

State = dict[str, Any]


def constants(work: dict[str, Any], dtype: type, pade: bool = False) -> SimpleNamespace:
    """Return the numbers of a workload file as the equations need them.

    Parameters
    ----------
    pade
        Gates relax by ``2x/(2 + x)`` of the way in place of ``1 - exp(-x)``, x = dt/tau.
    """
    dt = float(work["dt"])
    p = SimpleNamespace(dtype=dtype, dt=dt, pade=pade)
    for name in ("e_excitatory", "e_gaba", "mg_factor", "mg_slope", "threshold", "v_init"):
        setattr(p, name, float(work[name]))
    for name in ("nernst", "ca_out", "w_min", "w_max", "c_pre", "c_post", "error_scale"):
        setattr(p, name, float(work[name]))
    p.eta, p.theta = [float(x) for x in work["eta"]], [float(x) for x in work["theta"]]
    for name in ("ampa", "nmda", "gaba", "feedforward"):
        rise, decay = (float(x) for x in work[f"{name}_tau"])
        setattr(p, name, (np.exp(-dt / rise), np.exp(-dt / decay), float(work[f"{name}_peak"])))
    p.nmda_ratio = float(work["nmda_ratio"])
    p.ampa_jump = float(work["ampa_weight"]) * p.ampa[2]
    p.gaba_jump = float(work["gaba_weight"]) * p.gaba[2]
    taus = {name: float(work[f"tau_{name}"]) for name in ("pre", "post", "eps")}
    p.keep = {name: np.exp(-dt / tau) for name, tau in taus.items()}
    rate = sum(1 / tau for tau in taus.values())
    p.span, p.to_dend = -np.expm1(-rate * dt) / rate, -np.expm1(-dt / float(work["tau_dend"]))
    p.late = int(work["delay"])
    # somata
    p.c_dt, p.g = (work["soma_c"] / dt).astype(dtype), work["soma_g"].astype(dtype)
    p.i = (work["soma_g"] * work["soma_e"]).astype(dtype)
    p.suffixes = [str(s) for s in work["channels"]]
    p.gbar, p.e = work["channel_g"].astype(dtype), work["channel_e"].astype(dtype)
    p.pool_rate = (-np.expm1(-dt / work["pool_tau"])).astype(dtype)
    p.pool_gain, p.pool_rest = work["pool_gain"].astype(dtype), work["pool_rest"].astype(dtype)
    # dendrites: (dendrites, 1, cells)
    p.dc_dt = _dendrites(work["dendrite_c"] / dt, 1.0, dtype)
    p.couple = _dendrites(work["dendrite_couple"], 0.0, dtype)
    p.dg = _dendrites(work["dendrite_g"] + work["dendrite_couple"], 0.0, dtype)
    p.di = _dendrites(work["dendrite_g"] * work["dendrite_e"], 0.0, dtype)
    p.w = _dendrites(work["context_weights"], 0.0, dtype)
    p.w_out = (work["output_weights"] * p.feedforward[2]).astype(dtype)
    p.opened, p.closed = work["opened"], work["closed"]
    p.expected = work["expected"].astype(dtype)
    return p


def _dendrites(values: Any, of_output: float, dtype: type) -> Any:
    padded = np.concatenate([values, np.full((1, values.shape[1]), of_output)])
    return np.ascontiguousarray(padded.T[:, None].astype(dtype))


def dense(work: dict[str, Any], dtype: type) -> dict[str, Any]:
    """Return spikes as arrays over steps: numbers of spikes, and jumps of the somata's currents.

    Shapes (steps, samples, inputs of a kind); dendrites before cells.
    """
    n_steps, n_samples = int(work["n_steps"]), work["opened"].size
    n_hidden, n_dendrites = work["dendrite_c"].shape
    n = n_hidden + 1
    out = {}
    for kind in ("context", "ampa", "gaba"):
        step, sample = work[f"{kind}_step"], work[f"{kind}_sample"]
        neuron, compartment = work[f"{kind}_neuron"], work[f"{kind}_compartment"]
        branch = compartment > 0
        counts = np.zeros(n_steps * n_dendrites * n_samples * n, np.uint8)
        row = step[branch].astype(np.int64) * n_dendrites + compartment[branch] - 1
        np.add.at(counts, (row * n_samples + sample[branch]) * n + neuron[branch], np.uint8(1))
        out[kind] = counts.reshape(n_steps, n_dendrites, n_samples, n)
        if kind == "context":
            continue
        counts = np.zeros(n_steps * n_samples * n, np.uint8)
        row = step[~branch].astype(np.int64) * n_samples + sample[~branch]
        np.add.at(counts, row * n + neuron[~branch], np.uint8(1))
        out[f"soma_{kind}"] = counts.reshape(n_steps, n_samples, n)
    row = work["feedforward_step"].astype(np.int64) * n_samples + work["feedforward_sample"]
    order = np.argsort(row, kind="stable")
    rows, first = np.unique(row[order], return_index=True)
    weights = work["feedforward_weights"][work["feedforward_input"][order]]
    jumps = np.zeros((n_steps * n_samples, n), dtype)
    if rows.size:
        jumps[rows, :-1] = np.add.reduceat(weights, first) * constants(work, dtype).feedforward[2]
    out["jump"] = jumps.reshape(n_steps, n_samples, n)
    out["step"] = np.arange(n_steps, dtype=np.int32)
    return out


def start(p: SimpleNamespace, xp: Any) -> State:
    """Return the state at the start of a sample."""
    n_samples, n = p.expected.size, p.c_dt.size
    n_dendrites = p.w.shape[0]
    soma, branch = (n_samples, n), (n_dendrites, n_samples, n)
    s: State = {"v": xp.full(soma, p.v_init, p.dtype), "above": xp.zeros(soma, bool)}
    for name in ("a_ff", "b_ff", "a_ampa", "b_ampa", "a_gaba", "b_gaba", "post"):
        s[name] = xp.zeros(soma, p.dtype)
    s["cai"] = s["v"] * 0 + p.pool_rest
    s["eca"] = p.nernst * xp.log(p.ca_out / s["cai"])
    s["gates"] = [
        xp.asarray(inf + s["v"] * 0, p.dtype) for inf, _ in gates(p, s["v"], s["cai"], xp)
    ]
    s["dendrite"] = {
        name: xp.zeros(branch, p.dtype)
        for name in ("aA", "bA", "aN", "bN", "aG", "bG", "pre", "change")
    }
    for name in ("v", "filtered"):
        s["dendrite"][name] = xp.full(branch, p.v_init, p.dtype)
    s["eps"], s["n_out"] = xp.zeros(n_samples, p.dtype), xp.zeros(n_samples, p.dtype)
    s["under_way"] = xp.zeros((p.late, n_samples), p.dtype)
    return s


def gates(p: SimpleNamespace, v: Any, cai: Any, xp: Any) -> list[tuple[Any, Any]]:
    """Return steady state and time constant of all gates, channel by channel."""
    small = 1e-5 if p.dtype == np.float64 else 1e-3

    def exprel(x: Any) -> Any:
        near = xp.abs(x) < small
        return xp.where(near, 1 + x / 2 + x * x / 6, xp.expm1(x) / xp.where(near, 1, x))

    names = {"v": v, "exp": xp.exp, "exprel": exprel, "int": lambda x: x.astype(p.dtype)}
    out = []
    for suffix in p.suffixes:
        if suffix in CALCIUM_GATED:
            half, hill, tau = CALCIUM_GATED[suffix]
            out.append((1 / (1 + (half / cai) ** hill), tau))
            continue
        for lines, inf, tau, _ in GATES[suffix]:
            local = dict(names)
            for line in lines:
                exec(line, local)
            out.append((eval(inf, local), eval(tau, local)))
    return out


def _relaxed(p: SimpleNamespace, x: Any, xp: Any) -> Any:
    return 2 * x / (2 + x) if p.pade else -xp.expm1(-x)


def _profile(s: State, a: str, b: str, how: tuple[float, float, float], jump: Any) -> Any:
    s[a], s[b] = s[a] * how[0] + jump, s[b] * how[1] + jump
    return s[b] - s[a]


def step(s: State, x: dict[str, Any], p: SimpleNamespace, xp: Any) -> tuple[State, Any, Any]:
    """Return the state after a step, the somatic potential at its start, and who crossed then."""
    s, now = dict(s), x["step"]
    v = s["v"]
    above = v > p.threshold
    crossed = above & ~s["above"]
    s["above"] = above
    fired = crossed.astype(p.dtype)
    # the error: output spikes in the window, and the pulse that closes it
    pulse = xp.where(now == p.closed, p.error_scale * (s["n_out"] - p.expected), 0)
    s["eps"] = s["eps"] * p.keep["eps"] + pulse
    s["n_out"] = s["n_out"] + fired[:, -1] * ((now >= p.opened) & (now < p.closed))
    s["post"] = s["post"] * p.keep["post"] + p.c_post * fired
    # hidden spikes reach the output cell late
    at = xp.arange(p.late)[:, None] == now % p.late
    arriving = xp.sum(xp.where(at, s["under_way"], 0), axis=0)
    s["under_way"] = xp.where(at, fired[:, :-1] @ p.w_out, s["under_way"])
    last = xp.arange(v.shape[1]) == v.shape[1] - 1
    jump = x["jump"] + xp.where(last, arriving[:, None], 0)
    current = _profile(s, "a_ff", "b_ff", p.feedforward, jump)
    product = s["post"] * s["eps"][:, None] * p.span
    s["dendrite"], to_d, to_n, xs, ys = _dendritic(s["dendrite"], x, p, product, xp)
    # the soma
    ampa = _profile(s, "a_ampa", "b_ampa", p.ampa, x["soma_ampa"].astype(p.dtype) * p.ampa_jump)
    gaba = _profile(s, "a_gaba", "b_gaba", p.gaba, x["soma_gaba"].astype(p.dtype) * p.gaba_jump)
    d = p.g + to_d + ampa + gaba
    n = p.i + to_n + current + ampa * p.e_excitatory + gaba * p.e_gaba
    ica, left = 0 * v, list(s["gates"])
    for row, suffix in enumerate(p.suffixes):
        g = p.gbar[row]
        for power in [1] if suffix in CALCIUM_GATED else [gate[3] for gate in GATES[suffix]]:
            gate = left.pop(0)
            for _ in range(power):
                g = g * gate
        e = s["eca"] if suffix in CALCIUM_CHANNELS else p.e[row]
        d, n = d + g, n + g * e
        if suffix in CALCIUM_CHANNELS:
            ica = ica + g * (v - e)
    v_new = s["v"] = v + (n - d * v) / (d + p.c_dt)
    s["cai"] = s["cai"] + p.pool_rate * (p.pool_rest + p.pool_gain * ica - s["cai"])
    s["eca"] = p.nernst * xp.log(p.ca_out / s["cai"])
    s["gates"] = [
        old + _relaxed(p, p.dt / tau, xp) * (inf - old)
        for old, (inf, tau) in zip(s["gates"], gates(p, v_new, s["cai"], xp), strict=True)
    ]
    new = s["dendrite"]["v"] = xs + ys * v_new
    old = s["dendrite"]["filtered"]
    s["dendrite"]["filtered"] = old + p.to_dend * (new - old)
    return s, v, crossed


def _dendritic(
    s: State, x: dict[str, Any], p: SimpleNamespace, product: Any, xp: Any
) -> tuple[State, Any, Any, Any, Any]:
    """Return dendrites after events and learning, what their somata get, and x + y v_soma."""
    s = dict(s)
    v, spikes = s["v"], x["context"].astype(p.dtype)
    jump = spikes * (p.w + s["change"])
    ampa_jump = jump * p.ampa[2] + x["ampa"].astype(p.dtype) * p.ampa_jump
    ampa = _profile(s, "aA", "bA", p.ampa, ampa_jump)
    G = _profile(s, "aN", "bN", p.nmda, jump * (p.nmda[2] * p.nmda_ratio))
    gaba = _profile(s, "aG", "bG", p.gaba, x["gaba"].astype(p.dtype) * p.gaba_jump)
    s["pre"] = s["pre"] * p.keep["pre"] + p.c_pre * spikes
    filtered, (low, high), eta = s["filtered"], p.theta, p.eta
    rate = xp.where(filtered < low, eta[0], xp.where(filtered > high, eta[2], eta[1]))
    change = s["change"] + rate.astype(p.dtype) * s["pre"] * product
    s["change"] = xp.clip(change, p.w_min - p.w, p.w_max - p.w)
    blocked = p.mg_factor * xp.exp(-p.mg_slope * v)
    opened = 1 / (1 + blocked)
    bent = p.mg_slope * blocked * opened * opened * (v - p.e_excitatory)
    d = p.dc_dt + p.dg + ampa + gaba + G * (opened + bent)
    n = p.dc_dt * v + p.di + (ampa + G * opened) * p.e_excitatory + gaba * p.e_gaba + G * bent * v
    xs, ys = n / d, p.couple / d
    to_d = xp.sum(p.couple * (1 - ys), axis=0)
    return s, to_d, xp.sum(p.couple * xs, axis=0), xs, ys
