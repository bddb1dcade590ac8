"""From the syntax tree of a .mod file to its `Equations`; runs in the parser's process.

Functions and procedures are written out where they are called, with new names for what is local to
them; an if becomes choices; KINETIC is turned into derivatives by the parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dendmod.mechanisms import algebra
from dendmod.mechanisms.algebra import REST, NotLinear, assignments
from dendmod.mechanisms.equations import (
    CHOICE,
    Assign,
    Current,
    Derivative,
    Equations,
    Expression,
    Kind,
    Operation,
    Plain,
    Receive,
    Refusal,
    Statement,
    SteadyState,
    Step,
    Table,
    names_in,
)
from dendmod.mechanisms.syntax import OF_PLACES, Reader
from dendmod.mechanisms.unit_table import ratio
from dendmod.mechanisms.writing import WHAT, Refused, Writer

_METHODS = {
    "cnexp": "cnexp", "euler": "euler", "derivimplicit": "implicit", "sparse": "implicit",
    "": "procedure",
}  # fmt: skip
# at the top of a file: what the form does not hold, whatever calls it
_REFUSED = {
    "BEFORE_BLOCK": "BEFORE runs at times of its own",
    "AFTER_BLOCK": "AFTER runs at times of its own",
    "POINTER_VAR": "POINTER reads a variable of another place",
    "BBCORE_POINTER_VAR": "POINTER reads a variable of another place",
    "RANDOM_VAR": "RANDOM draws random numbers",
    "LON_DIFFUSE": WHAT["LON_DIFFUSE"],
    "FUNCTION_TABLE_BLOCK": "FUNCTION_TABLE takes its values from a running simulation",
    "EXTERN_VAR": "EXTERNAL reads a variable of another file",
    "ELECTRODE_CUR_VAR": "ELECTRODE_CURRENT is no current of the membrane",
    "WATCH": "WATCH fires on conditions",
    "FOR_NETCON": "FOR_NETCONS changes connections",
    "DISCRETE_BLOCK": "DISCRETE is no differential equation",
}


class Lowering(Writer):
    """What lowering one file needs."""

    def __init__(self, reader: Reader) -> None:
        kinetic = reader.all("KINETIC_BLOCK")
        problem = ""
        if kinetic and not reader.all("LON_DIFFUSE"):
            try:
                reader.write_out_kinetics()
            except Exception as error:  # what the parser says of a file is passed on
                problem = f"KINETIC: {str(error).strip()[:200]}"
        states = tuple(
            d.get_node_name()
            for block in reader.all("STATE_BLOCK")
            for d in reader.all("ASSIGNED_DEFINITION", block)
        )
        super().__init__(reader, states)
        if problem:
            self._refuse(problem, kinetic[0])
        for kind, reason in _REFUSED.items():
            for node in reader.all(kind):
                self._refuse(reason, node)
        for node in reader.tree.blocks:
            if node.is_verbatim():
                self._refuse(WHAT["VERBATIM"], node)

    def equations(
        self, suffix: str, kind: Kind, ions: set[str], currents: tuple[str, ...]
    ) -> Equations:
        """Return what the file computes.

        Parameters
        ----------
        suffix, kind, ions, currents
            Its name and kind, the variables of ions that it reads or writes, and its currents.
        """
        values = tuple(self._values(ions))
        initial = tuple(self._block("INITIAL_BLOCK"))
        breakpoint_: list[Any] = list(self._block("BREAKPOINT_BLOCK"))
        steps = tuple(s for s in breakpoint_ if isinstance(s, Step))
        plain = tuple(s for s in breakpoint_ if not isinstance(s, Step))
        receive = self._receive()
        kept = {*self.read.names("RANGE_VAR"), *currents, *ions, *self.states}
        kept |= {name for step in steps for _, x in step.conserve for name in names_in(x)}
        unread = _unread([initial, *(s.statements for s in steps), plain, receive]) - kept
        initial, plain = _without(initial, unread), _without(plain, unread)
        steps = tuple(replace(s, statements=_without(s.statements, unread)) for s in steps)
        started = [s for s in initial if getattr(s, "name", "") not in self.states]
        every = [started, *(s.statements for s in steps), plain]
        events = (*receive.statements, *receive.initial) if receive else ()
        assigned = _assigned([s for block in every for s in block])
        around = {*OF_PLACES, *ions, *self.states}
        targets = (*self.states, *currents, *(n for n in ions if n in assigned and n[0] != "i"))
        return Equations(
            suffix=suffix,
            kind=kind,
            values=values,
            states=self.states,
            initial=initial,
            steps=steps,
            breakpoint=plain,
            currents=tuple(self._current(c, plain, steps) for c in currents),
            receive=receive,
            depends=tuple(
                (name, tuple(sorted(_reached(name, assigned, around) - {name})))
                for name in dict.fromkeys(targets)
            ),
            carried=tuple(sorted(_carried([initial, *every], events) - around)),
            refusals=tuple(Refusal(line, reason) for line, reason in sorted(self.refusals)),
        )

    def _values(self, ions: set[str]) -> Iterator[tuple[str, float]]:
        read = self.read
        for node in read.all("PARAM_ASSIGN"):
            name = node.get_node_name()
            if name not in ions and name not in OF_PLACES:
                value = float(node.value.eval()) if node.value is not None else 0.0
                yield name, as_compiled(value)
        for node in read.all("CONSTANT_VAR"):
            yield read.text(node.name), float(node.value.eval())
        for node in read.all("FACTOR_DEF"):
            try:
                value = (
                    float(node.value.eval()) if node.value is not None
                    else ratio(node.unit1.get_node_name(), node.unit2.get_node_name())
                )  # fmt: skip
                yield read.text(node.name), value
            except ValueError as error:
                self._refuse(str(error), node)

    def _block(self, kind: str) -> Iterator[Any]:
        for node in self.read.all(kind):
            if kind == "INITIAL_BLOCK" and not node.parent.is_program():
                continue
            yield from self._body(node)

    def _receive(self) -> Receive | None:
        for node in self.read.all("NET_RECEIVE_BLOCK"):
            arguments = tuple(self.read.text(p.name) for p in node.parameters)
            initial = [
                s for inner in self.read.all("INITIAL_BLOCK", node) for s in self._body(inner)
            ]
            return Receive(arguments, tuple(initial), tuple(self._body(node)), self._line(node))
        return None

    def _solve(self, node: Any, line: int) -> None:
        name = self.read.text(node.block_name)
        if self._in_branch or self._calls:
            raise Refused(WHAT["SOLVE_BLOCK"])
        linear = self.blocks["LINEAR_BLOCK"].get(name)
        if linear is not None or node.steadystate is not None:
            block = linear or self.blocks["DERIVATIVE_BLOCK"].get(name)
            if block is None:
                raise Refused(f"SOLVE {name} STEADYSTATE, which is neither KINETIC nor LINEAR")
            self._out.append(SteadyState(self._step(name, block, "implicit"), line))
            return
        method = self.read.text(node.method) if node.method is not None else ""
        block = self.blocks["DERIVATIVE_BLOCK"].get(name)
        if block is None:
            block = self.blocks["PROCEDURE_BLOCK"].get(name)
            method = "" if method == "after_cvode" else method
            if block is None:
                raise Refused(f"SOLVE {name}, which is neither DERIVATIVE, KINETIC nor PROCEDURE")
        elif not method:
            method = "derivimplicit"
        if method not in _METHODS or (method == "") != block.is_procedure_block():
            raise Refused(f"METHOD {method or 'none'} for {name} is not read")
        self._out.append(self._step(name, block, _METHODS[method]))

    def _step(self, name: str, block: Any, method: str) -> Step:
        line, outer = self._line(block), self._place
        made = self._body(block)
        conserve = tuple(s for s in made if isinstance(s, tuple))
        statements = [s for s in made if not isinstance(s, tuple)]
        self._place = outer
        return Step(name, line, method, tuple(self._solved(statements, method)), conserve)

    def _solved(self, statements: list[Any], method: str) -> Iterator[Any]:
        """Yield the statements of a step, its derivatives with their linear parts."""
        together = [s.state for s in statements if isinstance(s, Derivative)]
        known: dict[str, algebra.Linear | None] = {}
        calls = {s.name: s.value for s in statements
                 if isinstance(s, Assign) and s.name in self.within}  # fmt: skip
        for s in statements:
            if isinstance(s, Table):
                known |= dict.fromkeys(s.names) if s.argument in known else {}
                yield s
                continue
            value = s.value
            own = isinstance(s, Derivative) and method == "cnexp"
            states = [s.state] if own else together if method != "procedure" else self.states
            try:
                parts = algebra.linear(value, states, {} if own else known)
                # through a function; other variables NEURON takes as held
                if own and any(s.state in algebra.reached(c, calls) for c in parts.values()):
                    raise NotLinear(s.state)
            except NotLinear:
                parts = None
            if isinstance(s, Derivative):
                if parts is None:
                    reason = f"{s.state}' is not linear in {', '.join(states)}"
                    self.refusals[s.line, reason] = None
                    parts = {}
                coefficients = tuple((n, c) for n, c in parts.items() if n != REST and c != 0.0)
                yield Derivative(s.state, value, s.line, coefficients, parts.get(REST, 0.0))
                continue
            if parts is None or set(parts) - {REST}:
                known[s.name] = parts
            if method == "procedure" and s.name in self.states and parts is None:
                self.refusals[s.line, f"{s.name} does not change linearly"] = None
            yield s

    def _current(self, name: str, plain: tuple[Plain, ...], steps: tuple[Step, ...]) -> Current:
        before = [s for step in steps for s in step.statements if isinstance(s, Assign)]
        assigned = _last([*before, *(s for s in plain if isinstance(s, Assign))])
        if name not in assigned:
            return Current(name, None, None, "", ())
        found = self._ohmic(name, assigned[name], plain)
        proportional, _ = algebra.factors(name, assigned)
        direct, others = algebra.factors(assigned[name], {})
        shown = found is not None and isinstance(found[1], str) and len(direct) == 1 == others
        shown = shown and getattr(found[0] if found else None, "op", "") != "neg"
        return Current(
            name,
            found[0] if found else None,
            found[1] if found else None,
            direct[0] if shown else "",
            tuple(proportional[1:]),
        )

    def _ohmic(
        self, name: str, value: Expression, plain: tuple[Plain, ...]
    ) -> tuple[Expression, Expression] | None:
        """Return conductance and reversal that hold after BREAKPOINT, or None."""
        order = [s.name for s in plain if isinstance(s, Assign)]
        after = set(order[len(order) - order[::-1].index(name) :]) if name in order else set()
        found = algebra.ohmic(value, {})
        if found is None:
            once = {n: e for n, e in _last(plain).items() if order.count(n) == 1 and n != name}
            found = algebra.ohmic(value, once)
            after |= {n for n in order if order.count(n) > 1}
        if found and after & {n for e in found for n in names_in(e)}:
            return None
        return found


def as_compiled(value: float) -> float:
    """Return a parameter's default as NEURON computes with it: its translator keeps six digits."""
    return float(f"{value:g}")


def _last(statements: Any) -> dict[str, Expression]:
    return {s.name: s.value for s in statements if isinstance(s, Assign)}


def _assigned(statements: list[Statement]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, used in assignments(statements):
        found.setdefault(name, set()).update(used)
    return found


def _reached(name: str, assigned: dict[str, set[str]], stop: set[str]) -> set[str]:
    """Return what of `stop` a name depends on, by way of what is assigned."""
    found: set[str] = set()
    todo = set(assigned.get(name, ()))
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo |= set() if one in stop else assigned.get(one, set())
    return found & stop


def _left(statement: Any) -> str:
    """Return the name that a choice leaves as it was on one side; "" of anything else."""
    value = getattr(statement, "value", None)
    if not isinstance(statement, Assign) or not isinstance(value, Operation):
        return ""
    return statement.name if value.op == CHOICE and statement.name in value.args[1:] else ""


def _unread(blocks: list[Any]) -> set[str]:
    """Return names that one side of an if alone assigns, and that nothing else reads.

    They are local to that side, though the file declares them for all of it.
    """
    found: set[str] = set()
    read = {""}
    for block in blocks:
        events = (*block.statements, *block.initial) if isinstance(block, Receive) else block or ()
        for s in events:
            if isinstance(s, SteadyState):
                read |= {name for _, used in assignments(s.step.statements) for name in used}
            left = _left(s)
            found.add(left)
            read |= {n for _, used in assignments([s]) for n in used if n != left}
    return found - read


def _without(statements: Any, names: set[str]) -> tuple[Any, ...]:
    return tuple(s for s in statements if _left(s) not in names)


def _carried(blocks: list[Any], events: Any) -> set[str]:
    """Return what a block reads before it assigns it, and some block assigns."""
    read: set[str] = set()
    for block in (*blocks, events):
        done: set[str] = set()
        for name, used in assignments(block):
            read |= used - done
            done.add(name)
    return read & {name for block in (*blocks, events) for name, _ in assignments(block)}
