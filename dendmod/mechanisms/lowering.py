"""From the syntax tree of a .mod file to its `Equations`; runs in the parser's process.

Functions and procedures are written out where they are called, with new names for what is local to
them; an if becomes choices; KINETIC is turned into derivatives by the parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dendmod.mechanisms import algebra
from dendmod.mechanisms.algebra import REST, NotLinear, make
from dendmod.mechanisms.equations import (
    CHOICE,
    MATH,
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
from dendmod.mechanisms.syntax import BY_NEURON, Reader
from dendmod.mechanisms.unit_table import ratio

_METHODS = {
    "cnexp": "cnexp", "euler": "euler", "derivimplicit": "implicit", "sparse": "implicit",
    "": "procedure",
}  # fmt: skip
_OF_PLACES = 6  # of BY_NEURON: the rest are numbers, which a file may give itself
_DEPTH = 20  # calls within calls, beyond which a file calls itself
# at the top of a file: what the form does not hold, whatever calls it
_REFUSED = {
    "BEFORE_BLOCK": "BEFORE runs at times of its own",
    "AFTER_BLOCK": "AFTER runs at times of its own",
    "POINTER_VAR": "POINTER reads a variable of another place",
    "BBCORE_POINTER_VAR": "POINTER reads a variable of another place",
    "RANDOM_VAR": "RANDOM draws random numbers",
    "LON_DIFFUSE": "LONGITUDINAL_DIFFUSION couples places",
    "FUNCTION_TABLE_BLOCK": "FUNCTION_TABLE takes its values from a running simulation",
    "EXTERN_VAR": "EXTERNAL reads a variable of another file",
    "ELECTRODE_CUR_VAR": "ELECTRODE_CURRENT is no current of the membrane",
    "WATCH": "WATCH fires on conditions",
    "FOR_NETCON": "FOR_NETCONS changes connections",
    "DISCRETE_BLOCK": "DISCRETE is no differential equation",
}
_WHAT = {
    "VERBATIM": "VERBATIM is C, which is not read", "WHILE_STATEMENT": "WHILE repeats",
    "FROM_STATEMENT": "FROM repeats", "LAG_STATEMENT": "LAG reads the past",
    "INDEXED_NAME": "arrays are not read", "LINEAR_BLOCK": "LINEAR is not read",
    "NON_LINEAR_BLOCK": "NONLINEAR is not read", "SOLVE_BLOCK": "SOLVE within other statements",
}  # fmt: skip
_IGNORED = (
    "is_unit_state", "is_line_comment", "is_block_comment", "is_conductance_hint",
    "is_mutex_lock", "is_mutex_unlock", "is_table_statement", "is_compartment",
)  # fmt: skip
_SILENT = ("printf", "fprintf")  # they compute nothing


class _Refused(Exception):
    """A construct that the form does not hold."""


class Lowering:
    """What lowering one file needs."""

    def __init__(self, reader: Reader) -> None:
        self.read = reader
        self._refusals: dict[tuple[int, str], None] = {}
        self._place = 0  # where the block that is read starts, in the file
        for kind, reason in _REFUSED.items():
            for node in reader.all(kind):
                self._refuse(reason, node)
        for node in reader.tree.blocks:
            if node.is_verbatim():
                self._refuse(_WHAT["VERBATIM"], node)
        try:
            if reader.all("KINETIC_BLOCK") and not reader.all("LON_DIFFUSE"):
                reader.write_out_kinetics()
        except Exception as error:  # what the parser says of a file is passed on
            self._refuse(f"KINETIC: {str(error).strip()[:200]}", reader.all("KINETIC_BLOCK")[0])
        self._blocks = {
            kind: {reader.text(b.name): b for b in reader.all(kind)}
            for kind in ("FUNCTION_BLOCK", "PROCEDURE_BLOCK", "DERIVATIVE_BLOCK")
        }
        self.states = tuple(
            d.get_node_name()
            for block in reader.all("STATE_BLOCK")
            for d in reader.all("ASSIGNED_DEFINITION", block)
        )
        self._used = {reader.text(n) for n in reader.all("NAME")}
        self._out: list[Any] = []
        self._scope: dict[str, str] = {}  # names local to what is being written out
        self._version: dict[str, str] = {}  # within a branch: what a name stands for now
        self._local: set[str] = set()
        self._written: set[str] = set()
        self._within: set[str] = set()  # assigned within functions, for their results
        self._in_branch = self._calls = 0

    # -- refusals -------------------------------------------------------------------------------

    def _refuse(self, reason: str, node: Any) -> None:
        self._refusals[self._line(node), reason] = None

    def _line(self, node: Any) -> int:
        text = self.read.text(node)
        for part in (text, text.partition("\n")[0], text.partition("=")[0] + "="):
            for after in (self._place, 0):
                found = self.read.place(part, after)
                if found >= 0:
                    return self.read.line(found)
        return self.read.line(self._place)

    # -- the file -------------------------------------------------------------------------------

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
        started = [s for s in initial if getattr(s, "name", "") not in self.states]
        every = [started, *(s.statements for s in steps), plain]
        events = (*receive.statements, *receive.initial) if receive else ()
        assigned = _assigned([s for block in every for s in block])
        around = {*BY_NEURON, *ions, *self.states}
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
            refusals=tuple(Refusal(line, reason) for line, reason in sorted(self._refusals)),
        )

    def _values(self, ions: set[str]) -> Iterator[tuple[str, float]]:
        read = self.read
        for node in read.all("PARAM_ASSIGN"):
            name = node.get_node_name()
            if name not in ions and name not in BY_NEURON[:_OF_PLACES]:
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

    def _body(self, node: Any) -> list[Any]:
        """Return the statements of a block, by themselves."""
        outer = self._out, self._scope, self._place
        self._out, self._scope = [], {}
        self._place = self._start(node)
        self._statements(node.statement_block)
        made, (self._out, self._scope, self._place) = self._out, outer
        return self._live(made)

    def _live(self, statements: list[Any]) -> list[Any]:
        """Return statements without assignments to local names that nothing reads."""
        read: set[str] = set()
        kept: list[Any] = []
        for s in reversed(statements):
            if isinstance(s, Assign) and s.name in self._local and s.name not in read:
                continue
            kept.append(s)
            read |= {n for _, names in _flat([s]) for n in names}
            if isinstance(s, Table):
                read |= {s.argument, *names_in(s.low), *names_in(s.high)}
            if isinstance(s, tuple):
                read |= set(names_in(s[1]))
        return kept[::-1]

    def _start(self, block: Any) -> int:
        """Return where a block starts in the file."""
        head = self.read.text(block).partition("\n")[0]
        kinetic = head.replace("DERIVATIVE", "KINETIC", 1)
        return max(self.read.place(head), self.read.place(kinetic), 0)

    def _receive(self) -> Receive | None:
        for node in self.read.all("NET_RECEIVE_BLOCK"):
            arguments = tuple(self.read.text(p.name) for p in node.parameters)
            initial = [
                s for inner in self.read.all("INITIAL_BLOCK", node) for s in self._body(inner)
            ]
            return Receive(arguments, tuple(initial), tuple(self._body(node)), self._line(node))
        return None

    # -- statements -----------------------------------------------------------------------------

    def _statements(self, block: Any) -> None:
        for node in block.statements:
            try:
                self._statement(node)
            except _Refused as why:
                self._refuse(str(why), node)

    def _statement(self, node: Any) -> None:
        if node.is_local_list_statement():
            for variable in node.variables:
                name = self.read.text(variable)
                self._scope[name] = self._fresh(name)
        elif node.is_if_statement():
            self._if(node)
        elif node.is_expression_statement() or node.is_protect_statement():
            self._expression_statement(node.expression, node)
        elif node.is_verbatim():
            if "".join(self.read.text(node.statement).split()) != "return0;":
                raise _Refused(_WHAT["VERBATIM"])
        elif node.is_conserve():
            name = self.read.text(node.react)
            self._out.append((name, self.expression(node.expr)))
        elif not any(getattr(node, test)() for test in _IGNORED):
            kind = node.get_node_type_name()
            raise _Refused(_reason(kind))

    def _expression_statement(self, node: Any, statement: Any) -> None:
        line = self._line(statement)
        while node.is_wrapped_expression() or node.is_diff_eq_expression():
            node = node.expression
        if node.is_initial_block():  # of NET_RECEIVE, which is read by itself
            return
        if node.is_solve_block():
            self._solve(node, line)
        elif node.is_function_call():
            self._call_statement(node, line)
        elif node.is_binary_expression() and str(node.op) == "=":
            value = self.expression(node.rhs)
            name = self._name(node.lhs)
            if name.endswith("'"):
                if self._in_branch:
                    raise _Refused("a derivative within an if")
                self._out.append(Derivative(name[:-1], value, line))
            else:
                self._assign(name, value, line)
        else:
            self.expression(node)  # a value that nobody takes

    def _name(self, node: Any) -> str:
        name = node.name if node.is_var_name() else node
        if name.is_indexed_name():
            raise _Refused(_WHAT["INDEXED_NAME"])
        return self.read.text(name)

    def _assign(self, name: str, value: Expression, line: int) -> None:
        """Add an assignment; within a branch to a new name, which holds there."""
        self._change(self._scope.get(name, name), value, line)

    def _change(self, name: str, value: Expression, line: int) -> None:
        made = name
        if self._in_branch:
            self._version[name] = made = self._fresh(name)
        self._add(made, value, line)

    def _add(self, name: str, value: Expression, line: int) -> None:
        self._written.add(name)
        self._out.append(Assign(name, value, line))

    def _if(self, node: Any) -> None:
        """Write out every branch, then choose what each name has become."""
        line, before, scope = self._line(node), dict(self._version), dict(self._scope)
        branches: list[tuple[Expression | None, dict[str, str]]] = []
        for branch in (node, *node.elseifs, *([node.elses] if node.elses else [])):
            test = None if branch.is_else_statement() else self.expression(branch.condition)
            if isinstance(test, Operation):
                name = self._fresh("case")
                self._add(name, test, line)
                test = name
            self._in_branch += 1
            self._statements(branch.statement_block)
            self._in_branch -= 1
            self._forget(set(self._scope.values()) - set(scope.values()))
            branches.append((test, self._version))
            self._version, self._scope = dict(before), dict(scope)
        changed = dict.fromkeys(
            n for _, versions in branches for n in versions if versions[n] != before.get(n)
        )
        for name in changed:
            undefined = name in self._local and name not in self._written
            unchanged = before.get(name, 0.0 if undefined else name)
            value: Expression = unchanged
            for test, versions in reversed(branches):
                own = versions.get(name, unchanged)
                value = own if test is None else make(CHOICE, test, own, value)
            self._change(name, value, line)

    def _forget(self, local: set[str]) -> None:
        """Forget what names stand for that end with their block."""
        self._version = {n: made for n, made in self._version.items() if n not in local}

    def _call_statement(self, node: Any, line: int) -> None:
        name = self.read.text(node.name)
        if name in self._blocks["PROCEDURE_BLOCK"] or name in self._blocks["FUNCTION_BLOCK"]:
            self._write_out(name, node, line)
        elif name == "state_discontinuity":
            state, value = node.arguments
            self._assign(self._name(state), self.expression(value), line)
        elif name not in _SILENT:
            raise _Refused(f"{name}() is called, which this file does not define")

    def _solve(self, node: Any, line: int) -> None:
        name = self.read.text(node.block_name)
        if self._in_branch or self._calls:
            raise _Refused(_WHAT["SOLVE_BLOCK"])
        if node.steadystate is not None:
            self._out.append(SteadyState(name, line))
            return
        method = self.read.text(node.method) if node.method is not None else ""
        block = self._blocks["DERIVATIVE_BLOCK"].get(name)
        if block is None:
            block = self._blocks["PROCEDURE_BLOCK"].get(name)
            method = "" if method == "after_cvode" else method
            if block is None:
                raise _Refused(f"SOLVE {name}, which is neither DERIVATIVE, KINETIC nor PROCEDURE")
        elif not method:
            method = "derivimplicit"
        if method not in _METHODS or (method == "") != block.is_procedure_block():
            raise _Refused(f"METHOD {method or 'none'} for {name} is not read")
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
                 if isinstance(s, Assign) and s.name in self._within}  # fmt: skip
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
                if own and s.state in algebra.reached(parts.get(REST, 0.0), calls):
                    raise NotLinear(
                        s.state
                    )  # through a function; NEURON takes other variables as held
            except NotLinear:
                parts = None
            if isinstance(s, Derivative):
                if parts is None:
                    self._refusals[s.line, f"{s.state}' is not linear in {', '.join(states)}"] = (
                        None
                    )
                    parts = {}
                coefficients = tuple((n, c) for n, c in parts.items() if n != REST and c != 0.0)
                yield Derivative(s.state, value, s.line, coefficients, parts.get(REST, 0.0))
                continue
            if parts is None or set(parts) - {REST}:
                known[s.name] = parts
            if method == "procedure" and s.name in self.states and parts is None:
                self._refusals[s.line, f"{s.name} does not change linearly"] = None
            yield s

    # -- expressions ----------------------------------------------------------------------------

    def expression(self, node: Any) -> Expression:
        """Return an expression; what it calls is written out before it.

        Raises
        ------
        _Refused
            If the form does not hold it.
        """
        while node.is_wrapped_expression() or node.is_paren_expression():
            node = node.expression
        if node.is_double_unit():
            node = node.value
        if node.is_double() or node.is_integer() or node.is_float():
            return float(node.eval())
        if node.is_name() or node.is_var_name() or node.is_identifier():
            name = self._name(node)
            name = self._scope.get(name, name)
            return self._version.get(name, name)
        if node.is_unary_expression():
            inner, sign = self.expression(node.expression), node.op.eval()
            return make("neg" if sign == "-" else sign, inner)
        if node.is_binary_expression():
            return Operation(
                str(node.op.eval()), (self.expression(node.lhs), self.expression(node.rhs))
            )
        if node.is_function_call():
            return self._call(node)
        raise _Refused(_reason(node.get_node_type_name()))

    def _call(self, node: Any) -> Expression:
        name = self.read.text(node.name)
        if name in self._blocks["FUNCTION_BLOCK"]:
            return self._write_out(name, node, self._line(node))
        if name in MATH or name in ("pow", "abs"):
            args = tuple(self.expression(a) for a in node.arguments)
            return Operation({"pow": "^", "abs": "fabs"}.get(name, name), args)
        raise _Refused(f"{name}() is called, which this file does not define")

    def _write_out(self, name: str, call: Any, line: int) -> Expression:
        """Write out what a function or procedure does, and return the name of its result."""
        block = self._blocks["FUNCTION_BLOCK"].get(name) or self._blocks["PROCEDURE_BLOCK"][name]
        if self._calls > _DEPTH:
            raise _Refused(f"{name}() calls itself")
        given = [self.expression(a) for a in call.arguments]
        parameters = [self.read.text(p.name) for p in block.parameters]
        if len(given) != len(parameters):
            raise _Refused(f"{name}() is called with {len(given)} arguments")
        tables = [s for s in block.statement_block.statements if s.is_table_statement()]
        outer, out = (self._scope, self._place), self._out
        start = len(out)
        inner: dict[str, str] = {}
        for parameter, value in zip(parameters, given, strict=True):
            if value == parameter and not tables:
                continue  # rates(v): v is v
            inner[parameter] = made = self._fresh(parameter)
            self._add(made, value, line)
        if block.is_function_block():
            inner[name] = self._fresh(name)
        self._scope, self._place = inner, self._start(block)
        self._out = [] if tables else out
        self._calls += 1
        self._statements(block.statement_block)
        self._calls -= 1
        if tables:
            out.append(self._table(tables[0], name, parameters, tuple(self._out)))
        if block.is_function_block():
            self._within |= {n for n, _ in _flat(out[start:])}
        result = inner.get(name, name)
        result = self._version.get(result, result)
        self._forget(set(self._scope.values()))
        (self._scope, self._place), self._out = outer, out
        return result

    def _table(self, node: Any, name: str, parameters: list[str], body: tuple[Any, ...]) -> Table:
        names = [self.read.text(n) for n in node.table_vars] or [name]
        if len(parameters) != 1:
            raise _Refused("TABLE of a function of several arguments")
        own = [self._scope.get(n, n) for n in names]
        low, high = self.expression(getattr(node, "from")), self.expression(node.to)
        return Table(
            argument=self._scope[parameters[0]],
            names=tuple(self._version.get(n, n) for n in own),
            low=low,
            high=high,
            intervals=int(float(getattr(node, "with").eval())),
            body=body,
            line=self._line(node),
        )

    def _fresh(self, name: str) -> str:
        """Return a name that the file does not have."""
        made, i = name, 1
        while made in self._used:
            i += 1
            made = f"{name}_{i}"
        self._used.add(made)
        self._local.add(made)
        return made

    # -- what the statements come to ------------------------------------------------------------

    def _current(self, name: str, plain: tuple[Plain, ...], steps: tuple[Step, ...]) -> Current:
        before = [s for step in steps for s in step.statements if isinstance(s, Assign)]
        assigned = _last([*before, *(s for s in plain if isinstance(s, Assign))])
        if name not in assigned:
            return Current(name, None, None, "", ())
        counts = [s.name for s in plain if isinstance(s, Assign)]
        once = {n: e for n, e in _last(plain).items() if counts.count(n) == 1}
        found = algebra.ohmic(assigned[name], {n: e for n, e in once.items() if n != name})
        if found and any(counts.count(n) > 1 for e in found for n in algebra.reached(e, once)):
            found = None
        proportional, _ = algebra.factors(name, assigned)
        direct, others = algebra.factors(assigned[name], {})
        shown = found is not None and isinstance(found[1], str) and len(direct) == 1 == others
        return Current(
            name,
            found[0] if found else None,
            found[1] if found else None,
            direct[0] if shown else "",
            tuple(proportional[1:]),
        )


def as_compiled(value: float) -> float:
    """Return a parameter's default as NEURON computes with it: its translator keeps six digits."""
    return float(f"{value:g}")


def _reason(kind: str) -> str:
    for known, reason in _WHAT.items():
        if known.replace("_", "") == kind.upper():
            return reason
    return f"{kind} is not read"


def _last(statements: Any) -> dict[str, Expression]:
    return {s.name: s.value for s in statements if isinstance(s, Assign)}


def _flat(statements: Any) -> Iterator[tuple[str, set[str]]]:
    """Yield for each assignment and derivative its name and the names in it, in order."""
    for s in statements:
        if isinstance(s, Table):
            yield from _flat(s.body)
        elif isinstance(s, Assign):
            yield s.name, set(names_in(s.value))
        elif isinstance(s, Derivative):
            yield s.state, set(names_in(s.value))


def _assigned(statements: list[Statement]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, used in _flat(statements):
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


def _carried(blocks: list[Any], events: Any) -> set[str]:
    """Return what a block reads before it assigns it, and some block assigns."""
    read: set[str] = set()
    for block in (*blocks, events):
        done: set[str] = set()
        for name, used in _flat(block):
            read |= used - done
            done.add(name)
    return read & {name for block in (*blocks, events) for name, _ in _flat(block)}
