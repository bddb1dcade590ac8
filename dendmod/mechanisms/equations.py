"""The equations of a mechanism as data: what its .mod file computes, in straight lines.

Functions and procedures are written out where they were called; an if is a choice between two
values, so that every block is a list of assignments. A number is a float, a name a str.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["density", "point", "artificial"]
CHOICE = "?"  # Operation("?", (test, value if it holds, value if not))
MATH = (
    "exp", "log", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh",
    "cosh", "tanh", "fabs", "floor", "ceil", "fmod",
)  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """An operation on expressions.

    Parameters
    ----------
    op
        ``+ - * / ^``, ``neg`` (one argument), a comparison ``< <= > >= == !=`` or ``&& || !``
        (1 or 0), `CHOICE`, or a function of `MATH`.
    args
        What it is applied to.
    """

    op: str
    args: tuple[Expression, ...]


Expression = float | str | Operation


@dataclass(frozen=True)
class Assign:
    """``name = value``; `line` is where the file says so (1 is the first)."""

    name: str
    value: Expression
    line: int


@dataclass(frozen=True)
class Derivative:
    """``state' = value``, which is ``sum of coefficient*state + rest``.

    Parameters
    ----------
    state, value, line
        As written.
    linear
        (state, coefficient) of the states that it is linear in: all of its block where they are
        solved together; where each is solved by itself (cnexp) its own, and the others stand in
        `rest`, with the values that they have by then. They may use what was assigned before.
    rest
        What is left.
    """

    state: str
    value: Expression
    line: int
    linear: tuple[tuple[str, Expression], ...] = ()
    rest: Expression = 0.0


@dataclass(frozen=True)
class Table:
    """A TABLE: NEURON computes `body` at rows of `argument` and takes lines between them.

    Parameters
    ----------
    argument
        The name in `body` that has a value in each row.
    names
        What is read off the table.
    low, high, intervals
        ``intervals + 1`` rows from `low` to `high`; beyond them the first and the last row count.
    body
        What the rows are computed by; exact where ``usetable`` is 0.
    """

    argument: str
    names: tuple[str, ...]
    low: Expression
    high: Expression
    intervals: int
    body: tuple[Assign | Table, ...]
    line: int


Plain = Assign | Table


@dataclass(frozen=True)
class Step:
    """A block that BREAKPOINT solves.

    Parameters
    ----------
    name, line
        Of the block.
    method
        "cnexp" (each state by itself, exact at held coefficients, one after another), "implicit"
        (all together, ``(1 - dt*A) x = x + dt*b``; sparse and derivimplicit are that), "euler", or
        "procedure" (the statements themselves assign the states after dt).
    statements
        Assignments and derivatives, in order.
    conserve
        (state, value) by CONSERVE: the value that other states leave for it.
    """

    name: str
    line: int
    method: str
    statements: tuple[Assign | Table | Derivative, ...]
    conserve: tuple[tuple[str, Expression], ...] = ()

    @property
    def derivatives(self) -> tuple[Derivative, ...]:
        """Its derivatives."""
        return tuple(s for s in self.statements if isinstance(s, Derivative))


@dataclass(frozen=True)
class SteadyState:
    """``SOLVE step STEADYSTATE`` in INITIAL: the states are those at which `step` rests.

    A LINEAR block that INITIAL solves is one too: a state's derivative is what is left of an
    equation of the block, of which there are as many as states.
    """

    step: Step
    line: int


Statement = Assign | Table | Derivative | SteadyState


@dataclass(frozen=True)
class Current:
    """A current that the mechanism adds to the membrane.

    Parameters
    ----------
    name
        Such as "ik"; its value is what the statements of BREAKPOINT leave in it.
    conductance, reversal
        Where it is ohmic, ``conductance*(v - reversal)``: two expressions of states, parameters and
        what BREAKPOINT assigned (conductance may depend on v); else None.
    conductance_name
        The variable that holds the conductance, "" where none does.
    proportional
        Names that the current is a product of, with multiplicity: maximal conductance and gates.
    """

    name: str
    conductance: Expression | None
    reversal: Expression | None
    conductance_name: str
    proportional: tuple[str, ...]


@dataclass(frozen=True)
class Receive:
    """NET_RECEIVE: what an event does.

    Parameters
    ----------
    arguments
        The weight and what follows it.
    initial
        Assignments when a connection starts.
    statements
        Assignments at an event; those to states are its jumps.
    """

    arguments: tuple[str, ...]
    initial: tuple[Assign | Table, ...]
    statements: tuple[Assign | Table, ...]
    line: int


@dataclass(frozen=True)
class Refusal:
    """What the form does not hold: the line of the file, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Equations:
    """What a .mod file computes.

    Parameters
    ----------
    suffix, kind
        Its mechanism: its name, and whether it is of the membrane ("density"), a point process
        ("point") or a cell without membrane ("artificial").
    values
        (name, value) of parameters, constants and constants of UNITS, as NEURON compiles them: of
        a parameter's default its translator keeps six digits.
    states
        Names of the states.
    initial
        INITIAL. A state that it does not assign starts at 0.
    steps
        Blocks that BREAKPOINT solves, in order.
    breakpoint
        The other statements of BREAKPOINT, which compute the currents.
    currents
        The currents.
    receive
        NET_RECEIVE, or None.
    depends
        (name, what it depends on) of states, currents and concentrations that are written: "v",
        "celsius", "diam", "area", "dt", "t", variables of ions such as "cai", other states.
    carried
        Variables that a block reads before it assigns them: they keep what INITIAL or an earlier
        block left there.
    refusals
        What of the file is not held; where there is any, the rest is not to be computed with.
    file
        The .mod file.
    """

    suffix: str
    kind: Kind
    values: tuple[tuple[str, float], ...]
    states: tuple[str, ...]
    initial: tuple[Assign | Table | SteadyState, ...]
    steps: tuple[Step, ...]
    breakpoint: tuple[Assign | Table, ...]
    currents: tuple[Current, ...]
    receive: Receive | None
    depends: tuple[tuple[str, tuple[str, ...]], ...]
    carried: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    file: Path | None = None


def names_in(expression: Expression) -> Iterator[str]:
    """Yield the names in an expression, in order, each as often as it stands there."""
    if isinstance(expression, str):
        yield expression
    elif isinstance(expression, Operation):
        for argument in expression.args:
            yield from names_in(argument)
