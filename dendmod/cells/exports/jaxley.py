"""A cell for Jaxley: a class a mechanism, and a script that joins the nodes and runs a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dendmod.cells.exports.lowered import Lowered
from dendmod.cells.exports.neuroml_rates import CannotBeWritten
from dendmod.cells.exports.nodes import JOINT, NodesExport
from dendmod.errors import ExchangeError
from dendmod.mechanisms.equations import CHOICE, Assign, Expression
from dendmod.units import FARADAY, GAS

NEEDS = "jaxley"
COMMAND = "python run.py"
_FUNCTIONS = {
    "log": "jnp.log", "log10": "jnp.log10", "sqrt": "jnp.sqrt", "sin": "jnp.sin", "cos": "jnp.cos",
    "tan": "jnp.tan", "asin": "jnp.arcsin", "acos": "jnp.arccos", "atan": "jnp.arctan",
    "atan2": "jnp.arctan2", "sinh": "jnp.sinh", "cosh": "jnp.cosh", "tanh": "jnp.tanh",
    "fabs": "jnp.abs", "floor": "jnp.floor", "ceil": "jnp.ceil", "fmod": "jnp.fmod",
    "exp": "_exp", "!": "jnp.logical_not",
}  # fmt: skip
_LOGICAL = {"&&": "jnp.logical_and", "||": "jnp.logical_or"}

_CHANNELS = '''"""Mechanisms of {name}, a class each, from the equations of their .mod files."""

import jax.numpy as jnp
from jaxley.channels import Channel


def _exp(x):
    """exp, cut off where NEURON cuts it off."""
    return jnp.where(x < -700.0, 0.0, jnp.exp(jnp.minimum(x, 700.0)))

'''

_RUN = '''"""A step of current into the root of {name}: prints the spikes, writes potentials.txt.

    pip install jaxley
    python run.py
"""

import json
import math
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402
import jaxley as jx  # noqa: E402

import channels  # noqa: E402

FOLDER = Path(__file__).resolve().parent
NEAR = 1e-6  # of the resistance to a child: where children are joined at the centre


def build(table):
    """Return the cell: a branch of one compartment a node, joined by given resistances."""
    n = len(table["parent"])
    cell = jx.Cell([jx.Branch(jx.Compartment(), ncomp=1)] * n, parents=table["parent"])
    area = np.array(table["area_um2"])
    side = np.sqrt(area / np.pi)
    nodes = cell.nodes
    nodes["length"], nodes["radius"], nodes["area"] = side, side / 2, area
    nodes["capacitance"], nodes["axial_resistivity"] = table["cm_uF_per_cm2"], 1.0
    load = [100 / g if g else 1.0 for g in table["g_axial_uS"]]  # 1/um at 1 ohm cm
    out = [100 / g if g else None for g in table["g_end_uS"]]
    for i, parent in enumerate(table["parent"]):
        if parent >= 0 and table["g_end_uS"][parent] is None:
            out[parent] = min(out[parent] or math.inf, NEAR * load[i])
    nodes["resistive_load_in"] = load
    nodes["resistive_load_out"] = [x or 1.0 for x in out]
    nodes["v"] = table["v_init_mV"]
    for suffix, own in table["mechanisms"].items():
        for made in channels.MECHANISMS[suffix]:
            cell.branch(own["nodes"]).insert(made())
    for rows in table["ions"].values():
        for key, row in rows.items():
            if key in cell.nodes:
                cell.nodes[key] = [0.0 if x is None else float(x) for x in row]
    for suffix, own in table["mechanisms"].items():
        values = {{f"{{suffix}}_{{k}}": row for k, row in own["parameters"].items()}}
        for key, row in own["states"].items():
            values[key if key in channels.SHARED else f"{{suffix}}_{{key}}"] = row
        for key, row in values.items():
            if key in cell.nodes:
                cell.nodes.loc[own["nodes"], key] = row
    return cell


def run(table):
    """Return potentials (mV), shape [place, sample]."""
    cell, step = build(table), table["step"]
    dt = step["dt_ms"]
    t = (np.arange(round(step["tstop_ms"] / dt)) + 0.5) * dt
    on = (t >= step["delay_ms"]) & (t < step["delay_ms"] + step["duration_ms"])
    cell.branch(0).comp(0).stimulate(jnp.asarray(np.where(on, step["amp_nA"], 0.0)))
    for place in table["places"]:
        cell.branch(place["node"]).comp(0).record("v")
    v = jx.integrate(cell, delta_t=dt, solver="bwd_euler")
    return np.asarray(v)[:, : t.size + 1]


if __name__ == "__main__":
    table = json.loads((FOLDER / "cell.json").read_text())
    v = run(table)
    np.savetxt(FOLDER / "potentials.txt", v.T)
    up = (v[0, :-1] < table["step"]["spike_threshold_mV"]) & (
        v[0, 1:] >= table["step"]["spike_threshold_mV"]
    )
    print(f"{{up.sum()}} spikes at {{table['places'][0]['name']}}")
'''


def render(export: NodesExport) -> dict[str, str]:
    """Return the files besides ``cell.json``."""
    shared = sorted({s for m in export.mechanisms for s in _pool_states(m)})
    nernst = {ion for ion, rows in export.table["ions"].items() if any(rows["nernst"])}
    lines = [_CHANNELS.format(name=export.name)]
    for made in export.mechanisms:
        lines += [*_class(made, export, nernst), "", ""]
    lines.append(f"SHARED = {shared!r}  # states of ions, by which mechanisms meet")
    lines.append("MECHANISMS = {")
    lines += [f"    {m.mechanism.suffix!r}: [{_name(m)}]," for m in export.mechanisms]
    lines.append("}")
    return {
        "channels.py": "\n".join(lines) + "\n",
        "run.py": _RUN.format(name=export.name),
    }


def table(export: NodesExport) -> dict[str, Any]:
    """Return the nodes as the script takes them.

    Jaxley joins branches at points without membrane: the end of a node that has all of its children
    is such a point, and a resistance beyond the node's centre (``g_end_uS``).
    """
    given = export.table
    parent, g, area = given["parent"], given["g_axial_uS"], given["area_um2"]
    children: list[list[int]] = [[] for _ in parent]
    for i, p in enumerate(parent):
        if p >= 0:
            children[p].append(i)
    end: list[float | None] = [None] * len(parent)
    above, dropped = list(parent), set()
    for i, own in enumerate(children):
        if len(own) == 1 and area[i] > JOINT >= area[own[0]]:
            (joint,) = own
            end[i] = g[joint]
            dropped.add(joint)
            for c in children[joint]:
                above[c] = i
    keep = [i for i in range(len(parent)) if i not in dropped]
    new = {-1: -1} | {old: i for i, old in enumerate(keep)}

    def kept(row: list[Any]) -> list[Any]:
        return [row[i] for i in keep]

    return {
        **given,
        **{name: kept(given[name]) for name in ("names", "section", "x", "g_axial_uS", "area_um2",
                                                "cm_uF_per_cm2")},
        "parent": [new[above[i]] for i in keep],
        "g_end_uS": kept(end),
        "of_places": {n: kept(row) for n, row in given["of_places"].items()},
        "mechanisms": {
            suffix: {**own, "nodes": [new[i] for i in own["nodes"]]}
            for suffix, own in given["mechanisms"].items()
        },
        "ions": {
            ion: {n: kept(row) if isinstance(row, list) else row for n, row in rows.items()}
            for ion, rows in given["ions"].items()
        },
        "places": [{**p, "node": new[p["node"]]} for p in given["places"]],
    }  # fmt: skip


def notes(export: NodesExport) -> list[str]:
    """Return sentences on what is otherwise in Jaxley."""
    return []


def _name(made: Lowered) -> str:
    return f"Mechanism_{made.mechanism.suffix}"


def _pool_states(made: Lowered) -> set[str]:
    return {f"{ion}i" for ion in made.mechanism.pool_of}


def _class(made: Lowered, export: NodesExport, nernst: set[str]) -> Iterator[str]:
    m, suffix = made.mechanism, made.mechanism.suffix
    own = export.table["mechanisms"][suffix]["parameters"]
    reads = made.reads()
    pooled = {i for i in nernst if any(i in other.mechanism.pool_of for other in export.mechanisms)}
    erev = sorted(f"e{i.name}" for i in m.ions if f"e{i.name}" in reads)
    follows = [e for e in erev if e[1:] in nernst]
    read_inside = {f"{i.name}i" for i in m.ions if f"{i.name}i" in reads} | _pool_states(made)
    inner = sorted(read_inside | {f"{e[1:]}i" for e in follows})
    outer = sorted(
        {f"{i.name}o" for i in m.ions if f"{i.name}o" in reads} | {f"{e[1:]}o" for e in follows}
    )
    _check_currents(made, export)
    params = {f"{suffix}_{n}": f"{row[0]!r}" for n, row in own.items()}
    params |= dict.fromkeys((*(e for e in erev if e not in follows), *outer), "0.0")
    params |= {c: "0.0" for c in inner if c[:-1] not in pooled}
    states = {c: "1e-4" for c in inner if c[:-1] in pooled}
    states |= {n if n in _pool_states(made) else f"{suffix}_{n}": "0.0" for n in made.states}
    current = m.currents[0] if len(m.currents) == 1 else f"i_{suffix}"
    current = f"i_{suffix}" if current == "i" else current
    yield f"class {_name(made)}(Channel):"
    yield f'    """{m.title or suffix}"""'
    yield ""
    yield "    def __init__(self, name=None):"
    yield "        self.current_is_in_mA_per_cm2 = True"
    yield "        super().__init__(name)"
    yield f"        self.channel_params = {{{_dict(params)}}}"
    yield f"        self.channel_states = {{{_dict(states)}}}"
    yield f"        self.current_name = {current!r}"
    yield ""
    yield "    @staticmethod"
    yield "    def _around(states, params):"
    yield "        around = dict("
    for name, value in made.values.items():
        if name not in own and name in reads:
            yield f"            {name}={value!r},"
    for name in own:
        yield f'            {name}=params["{suffix}_{name}"],'
    for name in (*(e for e in erev if e not in follows), *outer):
        yield f'            {name}=params["{name}"],'
    for name in inner:
        where = "states" if name[:-1] in pooled else "params"
        yield f'            {name}={where}["{name}"],'
    for name in made.states:
        if name not in _pool_states(made):
            yield f'            {name}=states["{suffix}_{name}"],'
    yield "        )"
    for e in follows:
        ion = e[1:]
        scale = 1e3 * GAS * (export.table["celsius"] + 273.15) / FARADAY
        scale /= export.table["ions"][ion]["charge"]
        yield f'        around["{e}"] = {scale!r} * jnp.log(around["{ion}o"] / around["{ion}i"])'
    yield "        return around"
    yield ""
    yield from _update(made)
    yield ""
    yield from _current(made)
    yield ""
    yield "    def init_state(self, states, v, params, delta_t):"
    yield "        return {}"


def _dict(values: dict[str, str]) -> str:
    return ", ".join(f'"{k}": {v}' for k, v in values.items())


def _update(made: Lowered) -> Iterator[str]:
    suffix, pools = made.mechanism.suffix, _pool_states(made)
    yield "    def update_states(self, states, delta_t, v, params):"
    yield "        at = self._around(states, params)"
    yield '        at["v"] = v'
    for ion in sorted(made.mechanism.pool_of):
        yield f'        at["i{ion}"] = states["i{ion}"]'
    yield "        new = {}"
    for r in made.relaxations:
        yield from _assigned(r.before)
        yield f"        rate, rest = {_text(r.rate)}, {_text(r.rest)}"
        x = f'at["{r.state}"]'
        if r.rate == 0.0:
            yield f"        {x} = {x} + delta_t * rest"
        elif r.exact:
            yield f"        {x} = {x} - (1 - jnp.exp(delta_t * rate)) * (rest / rate + {x})"
        else:
            yield f"        {x} = ({x} + delta_t * rest) / (1 - delta_t * rate)"
        key = r.state if r.state in pools else f"{suffix}_{r.state}"
        yield f'        new["{key}"] = {x}'
    yield "        return new"


def _current(made: Lowered) -> Iterator[str]:
    yield "    def compute_current(self, states, v, params):"
    yield "        at = self._around(states, params)"
    yield '        at["v"] = v'
    if not made.mechanism.currents:
        yield "        return jnp.zeros_like(v)"
        return
    yield from _assigned(made.breakpoint)
    yield "        return " + " + ".join(f'at["{c}"]' for c in made.mechanism.currents)


def _assigned(statements: Iterable[Assign]) -> Iterator[str]:
    for s in statements:
        yield f'        at["{s.name}"] = {_text(s.value)}'


def _text(e: Expression) -> str:
    if isinstance(e, float):
        return repr(e) if e >= 0 else f"({e!r})"
    if isinstance(e, str):
        return f'at["{e}"]'
    args = [_text(a) for a in e.args]
    if e.op == CHOICE:
        return f"jnp.where({', '.join(args)})"
    if e.op == "neg":
        return f"(-{args[0]})"
    if e.op == "^":
        return f"({args[0]} ** {args[1]})"
    if e.op in _FUNCTIONS:
        return f"{_FUNCTIONS[e.op]}({', '.join(args)})"
    if e.op in _LOGICAL:
        return f"{_LOGICAL[e.op]}({', '.join(args)})"
    if e.op[0].isalpha():
        raise CannotBeWritten(f"Jaxley has no {e.op}")
    return f"({args[0]} {e.op} {args[1]})"


def _check_currents(made: Lowered, export: NodesExport) -> None:
    """Refuse several currents of one mechanism where a pool reads one of them."""
    pools = {f"i{i}" for other in export.mechanisms for i in other.mechanism.pool_of}
    if len(made.mechanism.currents) > 1 and pools & set(made.mechanism.currents):
        raise ExchangeError(
            f"{made.mechanism.suffix} has several currents, one of which a pool reads; a channel "
            "of Jaxley has one current. Write it as two mechanisms"
        )
