"""A cell for Arbor: a catalogue of its mechanisms in Arbor's dialect, and a recipe for a step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dendmod.cells.exports.lowered import Lowered
from dendmod.cells.exports.neuroml_rates import CannotBeWritten
from dendmod.cells.exports.nodes import NodesExport
from dendmod.mechanisms.equations import CHOICE, Assign, Expression, Operation

NEEDS = "arbor"
COMMAND = "arbor-build-catalogue catalogue mod && python run.py"
_FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tanh")
_TESTS = ("<", "<=", ">", ">=", "==", "!=", "&&", "||", "!")
# words of Arbor's dialect, and names that its generated code uses
_RESERVED = {
    "min", "max", "abs", "exprelr", "step", "step_left", "step_right", "signum", "safeinv", "sinh",
    "cosh", "tan", "diam", "area", "celsius", "t", "dt", "i", "g", "peer", "weight", "index",
}  # fmt: skip

_RUN = '''"""A step of current into the root of {name}: prints the spikes, writes potentials.txt.

    pip install arbor
    arbor-build-catalogue catalogue mod
    python run.py
"""

import json
import math
from pathlib import Path

import arbor as A
import numpy as np
from arbor import units as U

FOLDER = Path(__file__).resolve().parent
NEAR = 1e-7  # of the resistance to a child: children are joined at the centre


def build(table):
    """Return the cell: a node is two halves of a cylinder, the second without resistance."""
    tree, decor, ends = A.segment_tree(), A.decor(), []
    beyond = [1.0] * len(table["parent"])  # MOhm, from a centre to the children
    for parent, g in zip(table["parent"], table["g_axial_uS"]):
        if parent >= 0:
            beyond[parent] = min(beyond[parent], NEAR / g)
    decor.set_property(Vm=table["v_init_mV"] * U.mV, tempK=(table["celsius"] + 273.15) * U.Kelvin)
    columns = ("parent", "g_axial_uS", "area_um2", "cm_uF_per_cm2")
    rows = zip(*(table[name] for name in columns))
    for i, (parent, to_parent, area, cm) in enumerate(rows):
        side = math.sqrt(area / math.pi)
        start = ends[parent][1] if parent >= 0 else 0.0
        above = ends[parent][0] if parent >= 0 else A.mnpos
        for half in (0, 1):
            a, b = start + half * side / 2, start + (half + 1) * side / 2
            near, far = A.mpoint(a, 0, 0, side / 2), A.mpoint(b, 0, 0, side / 2)
            above = tree.append(above, near, far, tag=2 * i + 1 + half)
            apart = (1 / to_parent if to_parent else 1.0, beyond[i])[half]  # MOhm
            resistivity = apart * math.pi * (side / 2) ** 2 / (side / 2) * 100  # ohm cm
            decor.paint(f"(tag {{2 * i + 1 + half}})", rL=resistivity * U.Ohm * U.cm)
        ends.append((above, start + side))
        decor.paint(region(i), cm=cm * U.uF / U.cm2)
    for ion, values in table["ions"].items():
        paint_ion(decor, ion, values)
    for suffix, own in table["mechanisms"].items():
        for k, i in enumerate(own["nodes"]):
            given = {{RENAMED.get(n, n): row[k] for n, row in own["parameters"].items()}}
            decor.paint(region(i), A.density("own_" + suffix, given))
    clamp = table["step"]
    begin = clamp["delay_ms"] - clamp["dt_ms"] / 2  # on from the step that starts at the delay
    decor.place(
        centre(0),
        A.i_clamp(begin * U.ms, clamp["duration_ms"] * U.ms, clamp["amp_nA"] * U.nA),
    )
    borders = " ".join(f"(proximal (tag {{2 * i + 1}}))" for i in range(len(ends)))
    return A.cable_cell(tree, decor, A.label_dict(), A.cv_policy(f"(explicit {{joined(borders)}})"))


def joined(locsets):
    """Return the sum of locsets, of which `sum` takes two or more."""
    parts = ["(" + p for p in locsets.split(" (") if p.strip("( ")]
    parts = [p.replace("((", "(") for p in parts]
    return parts[0] if len(parts) == 1 else f"(sum {{' '.join(parts)}})"


def region(i):
    return f"(join (tag {{2 * i + 1}}) (tag {{2 * i + 2}}))"


def centre(i):
    return f"(distal (tag {{2 * i + 1}}))"


def paint_ion(decor, ion, values):
    """Set reversal potential and concentrations of an ion, node by node."""
    for i, e in enumerate(values[f"e{{ion}}"]):
        if e is None:
            continue
        decor.paint(
            region(i), ion=ion, rev_pot=e * U.mV,
            int_con=values[f"{{ion}}i"][i] * U.mM, ext_con=values[f"{{ion}}o"][i] * U.mM,
        )


class Recipe(A.recipe):
    """One cell, and what is recorded of it."""

    def __init__(self, table):
        A.recipe.__init__(self)
        self.table, self.cell = table, build(table)
        self.properties = A.neuron_cable_properties()
        for ion, values in table["ions"].items():
            method = "nernst/" + ion if any(values["nernst"]) else None
            if ion not in ("na", "k", "ca"):
                self.properties.set_ion(
                    ion, valence=int(values["charge"]), int_con=1 * U.mM, ext_con=1 * U.mM,
                    rev_pot=0 * U.mV,
                )
            if method:
                self.properties.set_ion(ion, method=method)
        self.properties.catalogue = A.default_catalogue()
        own = A.load_catalogue(FOLDER / "catalogue-catalogue.so")
        self.properties.catalogue.extend(own, "own_")

    def num_cells(self):
        return 1

    def cell_kind(self, gid):
        return A.cell_kind.cable

    def cell_description(self, gid):
        return self.cell

    def probes(self, gid):
        places = self.table["places"]
        return [A.cable_probe_membrane_voltage(centre(p["node"]), str(p["node"])) for p in places]

    def global_properties(self, kind):
        return self.properties


RENAMED = {renamed!r}


def run(table):
    """Return potentials (mV), shape [place, sample]."""
    step = table["step"]
    simulation = A.simulation(Recipe(table))
    when = A.regular_schedule(step["dt_ms"] * U.ms)
    handles = [simulation.sample((0, str(p["node"])), when) for p in table["places"]]
    simulation.run((step["tstop_ms"] + step["dt_ms"]) * U.ms, step["dt_ms"] * U.ms)
    n = round(step["tstop_ms"] / step["dt_ms"]) + 1
    return np.array([simulation.samples(h)[0][0][:n, 1] for h in handles])


if __name__ == "__main__":
    table = json.loads((FOLDER / "cell.json").read_text())
    v = run(table)
    np.savetxt(FOLDER / "potentials.txt", v.T)
    level = table["step"]["spike_threshold_mV"]
    up = (v[0, :-1] < level) & (v[0, 1:] >= level)
    print(f"{{up.sum()}} spikes at {{table['places'][0]['name']}}")
'''


def render(export: NodesExport) -> dict[str, str]:
    """Return the files besides ``cell.json``."""
    files = {f"mod/{m.mechanism.suffix}.mod": _mod(m, export) for m in export.mechanisms}
    names = {n for m in export.table["mechanisms"].values() for n in m["parameters"]}
    renamed = {n: _name(n) for n in sorted(names) if _name(n) != n}
    return files | {"run.py": _RUN.format(name=export.name, renamed=renamed)}


def table(export: NodesExport) -> dict[str, Any]:
    """Return the nodes as the script takes them."""
    return export.table


def notes(export: NodesExport) -> list[str]:
    """Return sentences on what is otherwise in Arbor."""
    return [
        "Arbor steps gates by a rational function in place of the exponential (its cnexp), so that "
        "spikes differ by the step's error."
    ]


def _name(name: str) -> str:
    return f"{name}_own" if name in _RESERVED else name


def _mod(made: Lowered, export: NodesExport) -> str:
    m = made.mechanism
    own = export.table["mechanisms"][m.suffix]["parameters"]
    currents = {c: c for c in m.currents}
    lines = [f": {m.suffix}, from the equations of its .mod file", "", "NEURON {",
             f"    SUFFIX {m.suffix}"]  # fmt: skip
    for ion in m.ions:
        writes = ion.writes
        read = [n for n in ion.reads if n in made.reads() and n not in writes]
        uses = (f" READ {', '.join(read)}" if read else "") + (
            f" WRITE {', '.join(writes)}" if writes else ""
        )
        if uses:
            lines.append(f"    USEION {ion.name}{uses}")
    plain = [c for c in m.currents if c not in {f"i{ion.name}" for ion in m.ions}]
    if plain:
        lines.append(f"    NONSPECIFIC_CURRENT {', '.join(map(_name, plain))}")
    if own:
        lines.append(f"    RANGE {', '.join(map(_name, own))}")
    lines += ["}", "", "PARAMETER {"]
    read_names = made.reads()
    for name, value in made.values.items():
        if name in read_names:
            given = own[name][0] if name in own else value
            lines.append(f"    {_name(name)} = {given!r}")
    for name in own:
        if name not in made.values:
            lines.append(f"    {_name(name)} = {own[name][0]!r}")
    lines += ["}", ""]
    if made.states:
        lines += [f"STATE {{ {' '.join(map(_name, made.states))} }}", ""]
    lines += ["INITIAL {", *_block(made.initial, set(made.states), currents), "}", ""]
    lines.append("BREAKPOINT {")
    if made.states:
        exact = all(r.exact for r in made.relaxations)
        lines.append(f"    SOLVE states METHOD {'cnexp' if exact else 'sparse'}")
    lines += [*_block(made.breakpoint, set(currents), currents), "}", ""]
    if made.states:
        lines += ["DERIVATIVE states {", *_derivative(made), "}", ""]
    return "\n".join(lines)


def _block(statements: Iterable[Assign], known: set[str], currents: dict[str, str]) -> list[str]:
    writer = _Writer(known)
    for s in statements:
        writer.assign(s.name, s.value)
    return writer.text()


def _derivative(made: Lowered) -> list[str]:
    writer = _Writer(set())
    for k, r in enumerate(made.relaxations):
        for s in r.before:
            writer.assign(s.name, s.value)
        writer.assign(f"rate_{k}", r.rate)
        writer.assign(f"rest_{k}", r.rest)
    derivatives = [
        f"    {_name(r.state)}' = rate_{k}*{_name(r.state)} + rest_{k}"
        for k, r in enumerate(made.relaxations)
    ]
    return [*writer.text(), *derivatives]


class _Writer:
    """Writes assignments of one block; choices become ifs, other names locals."""

    def __init__(self, known: set[str]) -> None:
        self._known = known
        self._locals: dict[str, None] = {}
        self._lines: list[str] = []
        self._n = 0

    def text(self) -> list[str]:
        local = [f"    LOCAL {', '.join(self._locals)}"] if self._locals else []
        return [*local, *self._lines]

    def assign(self, name: str, value: Expression, indent: str = "    ") -> None:
        own = _name(name)
        if name not in self._known:
            self._locals[own] = None
        if isinstance(value, Operation) and value.op in _TESTS:
            value = Operation(CHOICE, (value, 1.0, 0.0))
        if isinstance(value, Operation) and value.op == CHOICE:
            self._choice(own, value, indent)
        else:
            self._lines.append(f"{indent}{own} = {self.expression(value, indent)}")

    def _choice(self, own: str, value: Operation, indent: str) -> None:
        test = self._test(value.args[0], indent)
        self._lines.append(f"{indent}if ({test}) {{")
        for k, branch in enumerate(value.args[1:]):
            if k:
                self._lines.append(f"{indent}}} else {{")
            if isinstance(branch, Operation) and branch.op == CHOICE:
                self._choice(own, branch, indent + "    ")
            else:
                self._lines.append(
                    f"{indent}    {own} = {self.expression(branch, indent + '    ')}"
                )
        self._lines.append(f"{indent}}}")

    def _test(self, e: Expression, indent: str) -> str:
        """Return a condition; what is a number holds where it is not 0."""
        if isinstance(e, Operation) and e.op == "!":
            inner = self._test(e.args[0], indent)
            return f"!({inner})"
        if isinstance(e, Operation) and e.op in ("&&", "||"):
            a, b = (self._test(x, indent) for x in e.args)
            return f"(({a}) {e.op} ({b}))"
        if isinstance(e, Operation) and e.op in _TESTS:
            a, b = (self.expression(x, indent) for x in e.args)
            return f"{a} {e.op} {b}"
        return f"{self.expression(e, indent)} != 0"

    def expression(self, e: Expression, indent: str) -> str:
        """Return an expression; a choice in it is computed before, into a local of its own."""
        if isinstance(e, float):
            return repr(e) if e >= 0 else f"({e!r})"
        if isinstance(e, str):
            return _name(e)
        if e.op == CHOICE or e.op in _TESTS:
            self._n += 1
            own = f"choice_{self._n}"
            self.assign(own, e, indent)
            return own
        args = [self.expression(a, indent) for a in e.args]
        if e.op == "neg":
            return f"(-{args[0]})"
        if e.op == "fabs":
            return f"max({args[0]}, (-{args[0]}))"
        if e.op == "log10":
            return f"(log({args[0]})/{2.302585092994046!r})"
        if e.op in _FUNCTIONS:
            return f"{e.op}({args[0]})"
        if e.op[0].isalpha():
            raise CannotBeWritten(f"Arbor has no {e.op}")
        return f"({args[0]} {e.op} {args[1]})"
