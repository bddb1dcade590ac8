"""A step of the states of a mechanism: its values in three parts, and what becomes of each state.

The schemes are NEURON's: cnexp solves each state exactly at held coefficients, sparse and
derivimplicit all states of a block together by implicit Euler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from dendmod.engines.kernel.batch.staging import (
    ONE,
    ZERO,
    Known,
    Numbers,
    OfV,
    Value,
    number,
    rows_of,
    running,
)
from dendmod.engines.kernel.batch.tables import Floats, Function, Grid
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms.equations import Assign, Derivative, Plain, Step, Table

Linear = dict[str, Value]  # coefficient by state, the rest under ""
Held = Callable[[Mapping[str, float], Floats], Floats]


@dataclass(frozen=True)
class Relaxing:
    """A state by itself: ``x += rate*(steady - x)``, both alike in all members at a potential."""

    state: str
    rate: OfV | Known
    steady: OfV | Known


@dataclass(frozen=True)
class Mixing:
    """States together: ``x += change(v) x + gain(v)``.

    Parameters
    ----------
    change
        Functions of the potential, [state][state]; None where it is 0 at every potential.
    gain
        Functions, [state]; likewise.
    rows
        Of a TABLE from which they come.
    """

    states: tuple[str, ...]
    change: tuple[tuple[Function | None, ...], ...]
    gain: tuple[Function | None, ...]
    rows: Grid | None = None


@dataclass(frozen=True)
class Direct:
    """A state whose next value is computed in C."""

    state: str
    value: Value


Update = Relaxing | Mixing | Direct


@contextmanager
def naming(line: int) -> Iterator[None]:
    """Name the line of a file in what is said of it."""
    try:
        yield
    except UnsupportedByEngine as error:
        raise UnsupportedByEngine(f"line {line}: {error}") from None


def assign(
    statements: Sequence[Plain], values: dict[str, Value], numbers: Numbers,
    emit: Callable[[str, Value], Value],
) -> None:  # fmt: skip
    """Evaluate assignments into `values`.

    Parameters
    ----------
    emit
        Gets name and value of what is computed in a run and returns the variable that holds it.
    """
    for statement in statements:
        if isinstance(statement, Table):
            _read_table(statement, values, numbers)
        else:
            with naming(statement.line):
                value = numbers.evaluate(statement.value, values)
            values[statement.name] = emit(statement.name, value)


def _read_table(table: Table, values: dict[str, Value], numbers: Numbers) -> None:
    """Evaluate a TABLE as NEURON does: lines between its rows."""
    low, high = (numbers.evaluate(e, values) for e in (table.low, table.high))
    at = values[table.argument]
    if not (isinstance(low, Known) and isinstance(high, Known) and isinstance(at, OfV)):
        raise UnsupportedByEngine(f"line {table.line}: TABLE of what is no function of v")
    rows = np.linspace(low.value.flat[0], high.value.flat[0], table.intervals + 1)
    known = {**values, table.argument: Known(rows[:, None])}
    assign(table.body, known, numbers, lambda _, value: value)
    argument = at.function
    width = float(rows[1] - rows[0])
    grid = Grid(float(rows[0]), width, table.intervals) if at.text is not None else None
    for name in table.names:
        found = known[name]
        if not isinstance(found, Known):
            raise UnsupportedByEngine(f"line {table.line}: TABLE of what is no function of v")
        column = np.broadcast_to(found.value, (rows.size, 1))[:, 0].copy()

        def between(v: Floats, column: Floats = column) -> Floats:
            return np.interp(argument(v), rows, column)

        values[name] = OfV(between, rows=grid)


def advance(
    step: Step, values: dict[str, Value], numbers: Numbers, dt: float, held: Held,
    emit: Callable[[str, Value], Value],
) -> list[Update]:  # fmt: skip
    """Return what a step does to each of its states.

    Parameters
    ----------
    held
        The states of the step (in the order of its derivatives) after dt from start values, at
        held potentials: shape [v, states].

    `values` is left as it stands after the step, apart from the states that a table advances.

    Raises
    ------
    UnsupportedByEngine
        If a step has no such form.
    """
    if step.method not in ("cnexp", "implicit", "euler"):
        return _procedure(step, values, numbers, emit)
    if step.method == "implicit" and len(step.derivatives) + len(step.conserve) > 1:
        return _together(step, values, numbers, dt, held, emit)
    updates: list[Update] = []
    for statement in step.statements:
        if not isinstance(statement, Derivative):
            assign([statement], values, numbers, emit)
            continue
        state = statement.state
        with naming(statement.line):
            a = numbers.evaluate(dict(statement.linear).get(state, 0.0), values)
            b = numbers.evaluate(statement.rest, values)
        update = _alone(step.method, state, a, b, values[state], numbers, dt)
        if isinstance(update, Direct):
            values[state] = emit(f"{state}_next", update.value)
            update = Direct(state, values[state])
        updates.append(update)
    return updates


def _alone(
    method: str, state: str, a: Value, b: Value, x: Value, numbers: Numbers, dt: float
) -> Update:
    """Return the update of ``x' = a x + b`` by itself."""
    do, step = numbers.apply, number(dt)
    if isinstance(a, Known) and (a.value == 0).all():
        return Direct(state, do("+", x, do("*", step, b)))
    if method == "cnexp":
        rate = do("-", ONE, do("exp", do("*", step, a)))
        if isinstance(a, Known):
            rate = Known(-np.expm1(dt * a.value))
    elif method == "implicit":
        rate = do("/", do("*", do("neg", step), a), do("-", ONE, do("*", step, a)))
    else:
        rate = do("neg", do("*", step, a))
    steady = do("neg", do("/", b, a))
    both_known = isinstance(rate, Known) and isinstance(steady, Known)
    if _of_v(rate) and _of_v(steady) and not both_known:
        return Relaxing(state, rate, steady)
    if isinstance(steady, Known) and (steady.value == 0).all():
        return Direct(state, do("*", do("-", ONE, rate), x))
    return Direct(state, do("+", x, do("*", rate, do("-", steady, x))))


def _of_v(value: Value) -> TypeGuard[OfV | Known]:
    return isinstance(value, OfV) or (isinstance(value, Known) and value.is_shared)


def _together(
    step: Step, values: dict[str, Value], numbers: Numbers, dt: float, held: Held,
    emit: Callable[[str, Value], Value],
) -> list[Update]:  # fmt: skip
    """Return the update of states that are solved together."""
    states = tuple(d.state for d in step.derivatives)
    rows: dict[str, Linear] = {}
    for statement in step.statements:
        if isinstance(statement, Derivative):
            row = dict(statement.linear) | {"": statement.rest}
            with naming(statement.line):
                rows[statement.state] = {n: numbers.evaluate(c, values) for n, c in row.items()}
        else:
            assign([statement], values, numbers, emit)
    of_v = [v for row in rows.values() for v in row.values()]
    if not all(_of_v(value) for value in of_v):
        return _eliminated(step, rows, values, numbers, dt, emit)
    return [_mixing(states, held, rows_of(of_v))]


def _eliminated(
    step: Step, rows: Mapping[str, Linear], values: dict[str, Value], numbers: Numbers, dt: float,
    emit: Callable[[str, Value], Value],
) -> list[Update]:  # fmt: skip
    """Return the update by ``(1 - dt A) x' = x + dt b``, solved in every step.

    States go one after the other, those that CONSERVE gives last: what is left keeps a large
    diagonal then, and no rows need to be exchanged.
    """
    do, h, conserve = numbers.apply, number(dt), dict(step.conserve)
    states = sorted(rows, key=lambda state: state in conserve)
    left: dict[tuple[str, str], Value] = {}
    right: dict[str, Value] = {}
    for i in states:
        if i in conserve:
            bare = {**values, **dict.fromkeys(states, ZERO)}
            right[i] = numbers.evaluate(conserve[i], bare)
            for j in states:
                one = numbers.evaluate(conserve[i], {**bare, j: ONE})
                left[i, j] = ONE if i == j else do("-", right[i], one)
            continue
        right[i] = do("+", values[i], do("*", h, rows[i][""]))
        for j in states:
            a = do("*", h, rows[i].get(j, ZERO))
            left[i, j] = do("-", ONE if i == j else ZERO, a)

    def in_c(name: str, value: Value) -> Value:
        return emit(name, running(numbers.c(value)) if isinstance(value, OfV) else value)

    left = {at: in_c("_".join([step.name, *at]), value) for at, value in left.items()}
    for k, pivot in enumerate(states):
        for i in states[k + 1 :]:
            share = in_c(f"{i}_of_{pivot}", do("/", left[i, pivot], left[pivot, pivot]))
            for j in states[k + 1 :]:
                less = do("*", share, left[pivot, j])
                left[i, j] = in_c(f"{step.name}_{i}_{j}", do("-", left[i, j], less))
            right[i] = in_c(f"{i}_rest", do("-", right[i], do("*", share, right[pivot])))
    for k, state in reversed(list(enumerate(states))):
        found = right[state]
        for j in states[k + 1 :]:
            found = do("-", found, do("*", left[state, j], values[j]))
        values[state] = in_c(f"{state}_next", do("/", found, left[state, state]))
    return [Direct(state, values[state]) for state in states]


def _mixing(states: tuple[str, ...], held: Held, rows: Grid | None) -> Mixing:
    """Return the update of states whose rates the potential alone gives, from held potentials."""
    n = len(states)

    def solved(v: Floats) -> tuple[Floats, Floats]:
        """Return change [v, n, n] and gain [v, n]: a step from nothing, and from one state each."""
        gain, *columns = (
            held(dict(zip(states, x, strict=True)), v) for x in (np.zeros(n), *np.eye(n))
        )
        return np.stack([c - gain for c in columns], -1) - np.eye(n), gain

    probe = np.linspace(-100.0, 50.0, 61)
    change, gain = solved(probe)

    def of(i: int, k: int) -> Function | None:
        column = gain[:, i] if k == n else change[:, i, k]
        if (column == 0).all():
            return None
        return lambda v: solved(v)[1][:, i] if k == n else solved(v)[0][:, i, k]

    return Mixing(
        states,
        tuple(tuple(of(i, k) for k in range(n)) for i in range(n)),
        tuple(of(i, n) for i in range(n)),
        rows,
    )


def _procedure(
    step: Step, values: dict[str, Value], numbers: Numbers, emit: Callable[[str, Value], Value]
) -> list[Update]:
    """Return the update by statements that assign the states after a step themselves."""
    done: dict[str, Value] = {}
    for statement in step.statements:
        assert not isinstance(statement, Derivative)
        assign([statement], values, numbers, emit)
        if isinstance(statement, Assign):
            done[statement.name] = values[statement.name]
    return [Direct(name, value) for name, value in done.items()]


def jumps(
    statements: Sequence[Plain], weight: str, states: Sequence[str],
    values: Mapping[str, Value], numbers: Numbers,
) -> dict[str, Floats]:  # fmt: skip
    """Return by how much an event of weight 1 raises each state, shape [members, 1].

    Raises
    ------
    UnsupportedByEngine
        If an event does anything else.
    """

    def after(x: float, w: float) -> dict[str, Value]:
        known = {**values, **dict.fromkeys(states, number(x)), weight: number(w)}
        assign(statements, known, numbers, lambda _, value: value)
        return known

    found = {}
    for state in states:
        points = [(0.0, 1.0), (0.0, 2.0), (3.0, 1.0)]
        reached = [after(x, w)[state] for x, w in points]
        values_there = [r.value for r in reached if isinstance(r, Known)]
        if len(values_there) < len(reached):
            raise UnsupportedByEngine(f"an event changes {state} by what changes in a run")
        one, two, high = (v - x for v, (x, _) in zip(values_there, points, strict=True))
        if not (np.allclose(two, 2 * one, rtol=1e-9) and np.allclose(high, one, rtol=1e-9)):
            raise UnsupportedByEngine(
                f"an event changes {state} otherwise than by a multiple of its weight"
            )
        found[state] = np.asarray(one, float)
    return found
