"""What the equations of a mechanism come to: steady states, steps, currents, over arrays.

Every function takes `Equations` and the values around them by name: ``v``, ``celsius``, ``diam``,
ions such as ``cai`` and ``ek``, parameters that differ from their defaults. A value is a number or
an array; arrays broadcast. Names that are needed and not given are an error.

Elementary functions are those of the C library, so that results do not depend on which vector
instructions numpy finds; exp is cut off where NEURON cuts it off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import MechanismError, UnsupportedByEngine
from dendmod.mechanisms.equations import (
    CHOICE,
    Assign,
    Derivative,
    Equations,
    Expression,
    Statement,
    SteadyState,
    Step,
    Table,
)

Values = Mapping[str, Any]
Array = npt.NDArray[np.float64]
_LARGEST_EXPONENT = 700.0  # NEURON's exp
_DV = 0.001  # mV, over which NEURON takes the slope of a current


def check(equations: Equations, what: str = "dendmod's evaluation of equations") -> None:
    """Check that the form holds all of a file.

    Raises
    ------
    UnsupportedByEngine
        If not; the file, the line and the reason are named.
    """
    if equations.refusals:
        first = equations.refusals[0]
        raise UnsupportedByEngine(
            f"{equations.file or equations.suffix}, line {first.line}: {what} does not take it: "
            f"{first.reason}. Use engine='neuron'"
        )


def initial(equations: Equations, **given: Any) -> dict[str, Any]:
    """Return the states that INITIAL leaves."""
    around = _started(equations, given, with_initial=True)
    return {name: around[name] for name in equations.states}


def steady_state(equations: Equations, **given: Any) -> dict[str, Any]:
    """Return the states at which every step rests, with all around held."""
    around = _started(equations, given)
    for step in equations.steps:
        _rest(step, around)
    return {name: around[name] for name in equations.states}


def advance(equations: Equations, states: Values, dt: float, **given: Any) -> dict[str, Any]:
    """Return the states after one step of `dt` ms, with all around held; as NEURON's solver."""
    around = {**_started(equations, {"dt": dt, **given}), **states}
    if {*equations.carried, *equations.states} & assigned(equations.breakpoint):
        _run(equations.breakpoint, around)
        _again(around, given)
    for step in equations.steps:
        _advance(step, around, dt)
    return {name: around[name] for name in equations.states}


def currents(equations: Equations, states: Values, **given: Any) -> dict[str, Any]:
    """Return the currents (mA/cm2; of a point process nA) by their names."""
    around = after_breakpoint(equations, states, **given)
    return {c.name: around[c.name] for c in equations.currents}


def slope(equations: Equations, states: Values, v: Any, **given: Any) -> Any:
    """Return dI/dV of all currents (S/cm2; of a point process uS) as NEURON takes it."""
    low, high = (
        sum(currents(equations, states, v=at, **given).values())
        for at in (np.asarray(v), np.asarray(v) + _DV)
    )
    return (high - low) / _DV


def received(
    equations: Equations, states: Values, arguments: Values, **given: Any
) -> dict[str, Any]:
    """Return the states after an event with these arguments (weight and what follows it)."""
    around = {**_started(equations, given), **states, "flag": 0.0, **arguments}
    _run(equations.receive.statements if equations.receive else (), around)
    return {name: around[name] for name in equations.states}


def after_breakpoint(equations: Equations, states: Values, **given: Any) -> dict[str, Any]:
    """Return every variable after BREAKPOINT has computed the currents."""
    around = {**_started(equations, given), **states}
    if set(equations.carried) - assigned(equations.initial):
        for step in equations.steps:
            _run((s for s in step.statements if not isinstance(s, Derivative)), around)
        _again(around, given)
    _run(equations.breakpoint, around)
    return around


def relaxations(equations: Equations, **given: Any) -> dict[str, tuple[Any, Any]]:
    """Return steady state and time constant (ms) of each state that follows ``x' = (inf - x)/tau``.

    Where a file writes just that its own inf and tau are returned, not what rounding makes of
    ``inf/tau`` divided by ``1/tau``. Other states count as held.
    """
    around = _started(equations, given)
    found = {}
    for step in equations.steps:
        for s in _run(step.statements, around, yield_derivatives=True):
            written = _as_relaxation(s)
            if written is not None:
                found[s.state] = tuple(value_of(e, around) for e in written)
                continue
            rate = sum(value_of(c, around) for n, c in s.linear if n == s.state)
            rest = value_of(s.rest, around) + sum(
                value_of(c, around) * value_of(n, around) for n, c in s.linear if n != s.state
            )
            found[s.state] = (-rest / rate, -1 / rate)
    return found


def _as_relaxation(s: Derivative) -> tuple[Expression, Expression] | None:
    if isinstance(s.value, float | str) or s.value.op != "/":
        return None
    top, tau = s.value.args
    if isinstance(top, float | str) or top.op != "-" or top.args[1] != s.state:
        return None
    return top.args[0], tau


def value_of(expression: Expression, around: Values) -> Any:
    """Return the value of an expression.

    Raises
    ------
    MechanismError
        If a name in it has no value.
    """
    if isinstance(expression, float):
        return expression
    if isinstance(expression, str):
        if expression not in around:
            raise MechanismError(f"{expression} is needed and was not given")
        return around[expression]
    args = [value_of(a, around) for a in expression.args]
    with np.errstate(all="ignore"):  # of a choice both sides are computed
        return _OPERATIONS[expression.op](*args)


def _started(equations: Equations, given: Values, with_initial: bool = False) -> dict[str, Any]:
    """Return the values that there are when a run starts: defaults, what is given, INITIAL's.

    INITIAL is run where it is asked for, or leaves what other blocks read.
    """
    check(equations)
    around = {**dict.fromkeys(equations.carried, 0.0), **dict(equations.values), **given}
    around |= {name: around.get(f"{name}0", 0.0) for name in equations.states if name not in given}
    for s in equations.initial if with_initial or equations.carried else ():
        if isinstance(s, SteadyState):
            _rest(s.step, around)
        else:
            _run([s], around)
    return _again(around, given)


def _again(around: dict[str, Any], given: Values) -> dict[str, Any]:
    """Put back v, which every block of NEURON's starts with, whatever the last has done to it."""
    if "v" in given:
        around["v"] = given["v"]
    return around


def assigned(statements: Iterable[Statement]) -> set[str]:
    """Return the names that statements assign."""
    return {n for s in statements for n in (getattr(s, "names", ()) or [getattr(s, "name", "")])}


def _run(
    statements: Iterable[Statement], around: dict[str, Any], yield_derivatives: bool = False
) -> list[Derivative]:
    found = []
    for s in statements:
        if isinstance(s, Assign):
            around[s.name] = value_of(s.value, around)
        elif isinstance(s, Table):
            _look_up(s, around)
        elif isinstance(s, Derivative):
            found.append(s)
    return found if yield_derivatives else []


def _look_up(table: Table, around: dict[str, Any]) -> None:
    """Take the names of a table off its rows, as NEURON does while ``usetable`` is 1."""
    at = np.asarray(around[table.argument])
    _run(table.body, around)
    if not around.get("usetable", 1):
        return
    low, high = (float(value_of(e, around)) for e in (table.low, table.high))
    rows = low + (high - low) / table.intervals * np.arange(table.intervals + 1)
    made = {name: _shared(value) for name, value in around.items()} | {table.argument: rows}
    _run(table.body, made)
    place = np.clip((at - low) * (table.intervals / (high - low)), 0, table.intervals)
    row = np.minimum(place.astype(int), table.intervals - 1)
    for name in table.names:
        column = np.broadcast_to(made[name], rows.shape)
        around[name] = column[row] + (place - row) * (column[row + 1] - column[row])


def _shared(value: Any) -> Any:
    """Return the number that an array holds everywhere, where it does; a table has one."""
    own = np.asarray(value, float)
    return own.flat[0] if own.ndim and own.size and np.all(own == own.flat[0]) else value


def _advance(step: Step, around: dict[str, Any], dt: float) -> None:
    if step.method == "cnexp":
        for s in step.statements:
            for d in _run([s], around, yield_derivatives=True):
                rate, rest = _own(d, around)
                with np.errstate(all="ignore"):
                    x = around[d.state]
                    moved = x + (1.0 - _OPERATIONS["exp"](dt * rate)) * (-rest / rate - x)
                    around[d.state] = np.where(rate == 0, x + dt * rest, moved)
        return
    derivatives = _run(step.statements, around, yield_derivatives=True)
    if not derivatives:  # a procedure assigned the states
        return
    a, b, names = _system(step, derivatives, around)
    x = np.stack(np.broadcast_arrays(*(np.asarray(around[n], float) for n in names)), -1)
    if step.method == "euler":
        moved = x + dt * (np.einsum("...ij,...j->...i", a, x) + b)
    else:
        whole = np.eye(len(names)) - dt * a
        moved = _solve(*_conserved(step, whole, x + dt * b, names, around))
    around |= {n: moved[..., i] for i, n in enumerate(names)}


def _own(d: Derivative, around: Values) -> tuple[Any, Any]:
    own = dict(d.linear).get(d.state, 0.0)
    return np.asarray(value_of(own, around), float), value_of(d.rest, around)


def _rest(step: Step, around: dict[str, Any]) -> None:
    """Set the states of a step to where it rests."""
    if step.method == "procedure":
        raise MechanismError(
            f"{step.name} assigns its states itself; it has no equation to rest at"
        )
    derivatives = _run(step.statements, around, yield_derivatives=True)
    if step.method == "cnexp":
        for d in derivatives:
            rate, rest = _own(d, around)
            around[d.state] = -rest / rate
        return
    a, b, names = _system(step, derivatives, around)
    x = _solve(*_conserved(step, a, -b, names, around))
    around |= {n: x[..., i] for i, n in enumerate(names)}


def _conserved(
    step: Step, a: Array, b: Array, names: list[str], around: Values
) -> tuple[Array, Array]:
    """Return ``a x = b`` with what CONSERVE says in the place of a state's equation."""
    a, b = a.copy(), b.copy()
    for name, value in step.conserve:
        i, zero = names.index(name), {**around, **dict.fromkeys(names, 0.0)}
        b[..., i] = value_of(value, zero)
        for j, other in enumerate(names):
            a[..., i, j] = b[..., i] - value_of(value, {**zero, other: 1.0})
        a[..., i, i] = 1.0
    return a, b


def _system(
    step: Step, derivatives: list[Derivative], around: Values
) -> tuple[Array, Array, list[str]]:
    """Return A and b of ``x' = A x + b`` and the names of x."""
    names = [d.state for d in derivatives]
    rows = [[value_of(dict(d.linear).get(n, 0.0), around) for n in names] for d in derivatives]
    rest = [value_of(d.rest, around) for d in derivatives]
    every = np.broadcast_arrays(*(np.asarray(e, float) for row in (*rows, rest) for e in row))
    n = len(names)
    a = np.stack(every[: n * n], -1).reshape(*every[0].shape, n, n)
    return a, np.stack(every[n * n :], -1), names


def _solve(a: Array, b: Array) -> Array:
    return np.asarray(np.linalg.solve(a, b[..., None])[..., 0])


def _each(function: Callable[..., float]) -> Callable[..., Any]:
    """Return a function of numbers for arrays; nan where C returns that, inf where it overflows."""

    def one(*args: float) -> float:
        try:
            return function(*args)
        except OverflowError:
            return math.inf
        except ValueError:
            return -math.inf if function in (math.log, math.log10) and args[0] == 0 else math.nan

    over = np.frompyfunc(one, 2 if function in (math.pow, math.atan2, math.fmod) else 1, 1)
    return lambda *args: np.asarray(over(*args), dtype=float)[()]


def _exp(x: Any) -> Any:
    at = np.asarray(x, dtype=float)
    cut = np.clip(at, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    found = np.fromiter(map(math.exp, cut.ravel().tolist()), float, at.size).reshape(at.shape)
    return np.where(at < -_LARGEST_EXPONENT, 0.0, found)[()]


def _as_number(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: function(*args) * 1.0


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": _each(math.pow),
    "neg": np.negative, CHOICE: np.where, "exp": _exp, "fabs": np.abs, "floor": np.floor,
    "ceil": np.ceil, "sqrt": np.sqrt,
    "<": _as_number(np.less), "<=": _as_number(np.less_equal), ">": _as_number(np.greater),
    ">=": _as_number(np.greater_equal), "==": _as_number(np.equal),
    "!=": _as_number(np.not_equal), "&&": _as_number(np.logical_and),
    "||": _as_number(np.logical_or), "!": _as_number(np.logical_not),
    **{name: _each(getattr(math, name)) for name in (
        "log", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh",
        "tanh", "fmod",
    )},
}  # fmt: skip
