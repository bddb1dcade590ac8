"""Blocks of a .mod file as statements in straight lines; runs in the parser's process.

Functions and procedures are written out where they are called, with new names for what is local to
them; an if becomes choices between what its branches made of each name.
"""

from __future__ import annotations

from typing import Any

from dendmod.mechanisms.algebra import assignments, make
from dendmod.mechanisms.equations import (
    CHOICE,
    MATH,
    Assign,
    Derivative,
    Expression,
    Operation,
    Table,
    names_in,
)
from dendmod.mechanisms.syntax import Reader

_DEPTH = 20  # calls within calls, beyond which a file calls itself
WHAT = {
    "VERBATIM": "VERBATIM is C, which is not read", "WHILE_STATEMENT": "WHILE repeats",
    "FROM_STATEMENT": "FROM repeats", "LAG_STATEMENT": "LAG reads the past",
    "INDEXED_NAME": "arrays are not read", "SOLVE_BLOCK": "SOLVE within other statements",
    "LON_DIFFUSE": "LONGITUDINAL_DIFFUSION couples places",
}  # fmt: skip
_IGNORED = (
    "is_unit_state", "is_line_comment", "is_block_comment", "is_conductance_hint",
    "is_mutex_lock", "is_mutex_unlock", "is_table_statement", "is_compartment",
)  # fmt: skip
_SILENT = ("printf", "fprintf")  # they compute nothing
_WITH_NAMES = ("FUNCTION_BLOCK", "PROCEDURE_BLOCK", "DERIVATIVE_BLOCK", "LINEAR_BLOCK")


class Refused(Exception):
    """A construct that the form does not hold."""


class Writer:
    """Writes the blocks of one file out.

    Parameters
    ----------
    reader
        Its syntax tree.
    states
        Its states.
    """

    def __init__(self, reader: Reader, states: tuple[str, ...]) -> None:
        self.read, self.states = reader, states
        self.refusals: dict[tuple[int, str], None] = {}
        self.blocks = {
            kind: {reader.text(b.name): b for b in reader.all(kind)} for kind in _WITH_NAMES
        }
        self.within: set[str] = set()  # assigned within functions, for their results
        self._place = 0  # where the block that is read starts, in the file
        self._used = {reader.text(n) for n in reader.all("NAME")}
        self._out: list[Any] = []
        self._scope: dict[str, str] = {}  # names local to what is being written out
        self._version: dict[str, str] = {}  # within a branch: what a name stands for now
        self._local: set[str] = set()
        self._written: set[str] = set()
        self._in_branch = self._calls = 0

    def _refuse(self, reason: str, node: Any) -> None:
        self.refusals[self._line(node), reason] = None

    def _line(self, node: Any) -> int:
        text = self.read.text(node)
        for part in (text, text.partition("\n")[0], text.partition("=")[0] + "="):
            for after in (self._place, 0):
                found = self.read.place(part, after)
                if found >= 0:
                    return self.read.line(found)
        return self.read.line(self._place)

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
            read |= {n for _, names in assignments([s]) for n in names}
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

    def _statements(self, block: Any) -> None:
        for node in block.statements:
            try:
                self._statement(node)
            except Refused as why:
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
                raise Refused(WHAT["VERBATIM"])
        elif node.is_conserve():
            name = self.read.text(node.react)
            self._out.append((name, self.expression(node.expr)))
        elif not any(getattr(node, test)() for test in _IGNORED):
            kind = node.get_node_type_name()
            raise Refused(_reason(kind))

    def _expression_statement(self, node: Any, statement: Any) -> None:
        line = self._line(statement)
        while node.is_wrapped_expression() or node.is_diff_eq_expression():
            node = node.expression
        if node.is_initial_block():  # of NET_RECEIVE, which is read by itself
            return
        if node.is_lin_equation():  # of a LINEAR block: one for each state, in order
            n = sum(isinstance(s, Derivative) for s in self._out)
            left, right = self.expression(node.lhs), self.expression(node.rhs)
            self._out.append(Derivative(self.states[n], make("-", left, right), line))
        elif node.is_solve_block():
            self._solve(node, line)
        elif node.is_function_call():
            self._call_statement(node, line)
        elif node.is_binary_expression() and str(node.op) == "=":
            value = self.expression(node.rhs)
            name = self._name(node.lhs)
            if name.endswith("'"):
                if self._in_branch:
                    raise Refused("a derivative within an if")
                self._out.append(Derivative(name[:-1], value, line))
            else:
                self._assign(name, value, line)
        else:
            self.expression(node)  # a value that nobody takes

    def _name(self, node: Any) -> str:
        name = node.name if node.is_var_name() else node
        if name.is_indexed_name():
            raise Refused(WHAT["INDEXED_NAME"])
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
                name = self._fresh("test")
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

    def _solve(self, node: Any, line: int) -> None:
        raise Refused(WHAT["SOLVE_BLOCK"])

    def _call_statement(self, node: Any, line: int) -> None:
        name = self.read.text(node.name)
        if name in self.blocks["PROCEDURE_BLOCK"] or name in self.blocks["FUNCTION_BLOCK"]:
            self._write_out(name, node, line)
        elif name == "state_discontinuity":
            state, value = node.arguments
            self._assign(self._name(state), self.expression(value), line)
        elif name not in _SILENT:
            raise Refused(f"{name}() is called, which this file does not define")

    def expression(self, node: Any) -> Expression:
        """Return an expression; what it calls is written out before it.

        Raises
        ------
        Refused
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
        raise Refused(_reason(node.get_node_type_name()))

    def _call(self, node: Any) -> Expression:
        name = self.read.text(node.name)
        if name in self.blocks["FUNCTION_BLOCK"]:
            return self._write_out(name, node, self._line(node))
        if name in MATH or name in ("pow", "abs"):
            args = tuple(self.expression(a) for a in node.arguments)
            return Operation({"pow": "^", "abs": "fabs"}.get(name, name), args)
        raise Refused(f"{name}() is called, which this file does not define")

    def _write_out(self, name: str, call: Any, line: int) -> Expression:
        """Write out what a function or procedure does, and return the name of its result."""
        block = self.blocks["FUNCTION_BLOCK"].get(name) or self.blocks["PROCEDURE_BLOCK"][name]
        if self._calls > _DEPTH:
            raise Refused(f"{name}() calls itself")
        given = [self.expression(a) for a in call.arguments]
        parameters = [self.read.text(p.name) for p in block.parameters]
        if len(given) != len(parameters):
            raise Refused(f"{name}() is called with {len(given)} arguments")
        tables = [s for s in block.statement_block.statements if s.is_table_statement()]
        changed = {
            self.read.text(n.lhs)
            for n in self.read.all("BINARY_EXPRESSION", block)
            if str(n.op) == "="
        }
        outer, out = (self._scope, self._place), self._out
        start = len(out)
        inner: dict[str, str] = {}
        for parameter, value in zip(parameters, given, strict=True):
            if value == parameter and not tables and parameter not in changed:
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
            self.within |= {n for n, _ in assignments(out[start:])}
        result = inner.get(name, name)
        result = self._version.get(result, result)
        self._forget(set(self._scope.values()))
        (self._scope, self._place), self._out = outer, out
        return result

    def _table(self, node: Any, name: str, parameters: list[str], body: tuple[Any, ...]) -> Table:
        names = [self.read.text(n) for n in node.table_vars] or [name]
        if len(parameters) != 1:
            raise Refused("TABLE of a function of several arguments")
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


def _reason(kind: str) -> str:
    for known, reason in WHAT.items():
        if known.replace("_", "") == kind.upper():
            return reason
    return f"{kind} is not read"
