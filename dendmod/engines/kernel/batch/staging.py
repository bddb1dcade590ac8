"""Expressions in three parts: what is known before a run, what the potential alone says, the rest.

A value of a population (members that share their mechanisms) is `Known` (a number, one for all or
one a member), `OfV` (a function of the potential, alike in all members), or `Running` (C, computed
in every step). Operations keep the earliest part they can; what a running expression takes from an
earlier part becomes a number, or a table. Each value knows its slope by the potential.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dendmod.engines.kernel.batch.tables import Floats, Function, Grid
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms.equations import CHOICE, Expression, Operation
from dendmod.mechanisms.evaluate import value_of

_APART = 1e-3  # mV: NEURON takes slopes of currents over this distance
_LARGEST_POWER = 8  # whole powers up to it are products


@dataclass(frozen=True, eq=False)
class Known:
    """Numbers, of shape [members, lanes] or [1, 1]."""

    value: Floats

    @property
    def is_shared(self) -> bool:
        """Whether all members and lanes have the same number."""
        return bool((self.value == self.value.flat[0]).all())


@dataclass(frozen=True, eq=False)
class OfV:
    """A function of the potential; `text` is its C where that is cheaper than a table.

    `is_slope` says that it enters the left side alone, where rough is good enough; `rows` are those
    of a TABLE from which it comes.
    """

    function: Function
    text: Callable[[], str] | None = None
    slope: Slope = None  # where there is a text
    is_slope: bool = False
    rows: Grid | None = None


@dataclass(frozen=True, eq=False)
class Running:
    """A quotient of products: numbers and C expressions over C expressions.

    `slope` is None where it does not depend on v.
    """

    factors: tuple[str, ...]
    known: Known
    slope: Slope = None
    is_mask: bool = False
    under: tuple[str, ...] = ()


Value = Known | OfV | Running
Slope = Callable[[], Value] | None  # computed when it is asked for


def number(value: float) -> Known:
    """Return a number that all members share."""
    return Known(np.full((1, 1), float(value)))


ZERO, ONE = number(0.0), number(1.0)
POTENTIAL = OfV(lambda v: v, lambda: "u", lambda: ONE)


def running(text: str, slope: Slope = None) -> Running:
    """Return a value that a C expression gives."""
    return Running((text,), ONE, slope)


def numeric(op: str, *args: Floats) -> Floats:
    """Return an operation on numbers, by the evaluation that every engine's checks share."""
    names = tuple(f"argument{i}" for i in range(len(args)))
    return np.asarray(value_of(Operation(op, names), dict(zip(names, args, strict=True))), float)


_MASKS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "==", "!=": "!="}
_LOGIC = {"&&": "&", "||": "|"}
_IN_C = {"exp": "exp_v", "log": "log_v", "sqrt": "sqrt_v", "fabs": "fabs_v", "tanh": "tanh_v"}
_CHEAP = {"+", "-", "*", "neg"}  # with v: C is cheaper than a table


@dataclass
class Numbers:
    """What running code takes from earlier parts: numbers of members, shared ones, tables."""

    members: int
    lanes: int = 1
    own: dict[bytes, Floats] = field(default_factory=dict)
    shared: dict[float, int] = field(default_factory=dict)
    functions: list[OfV] = field(default_factory=list)
    name_call: Callable[[str], str] = str  # names a call of an elementary function

    def known(self, value: Known) -> str:
        """Return C for a number."""
        x = value.value
        if value.is_shared:
            at = self.shared.setdefault(float(x.flat[0]), len(self.shared))
            return f"SHARED({at})"
        full = np.ascontiguousarray(np.broadcast_to(x, (self.members, self.lanes)))
        self.own.setdefault(full.tobytes(), full)
        return f"NUMBER({list(self.own).index(full.tobytes())})"

    def table(self, value: OfV) -> str:
        """Return C for a function of the potential, which is read from a table."""
        if value not in self.functions:
            self.functions.append(value)
        return f"TABLE({self.functions.index(value)})"

    def c(self, value: Value) -> str:
        """Return C for a value."""
        if isinstance(value, Known):
            return self.known(value)
        if isinstance(value, OfV):
            return value.text() if value.text is not None else self.table(value)
        plain = value.known.is_shared and value.known.value.flat[0] == 1.0
        over = value.factors if plain else (self.known(value.known), *value.factors)
        if not value.under:
            return _product(over)
        return f"({_product(over or (self.known(ONE),))} / {_product(value.under)})"

    # -- operations -----------------------------------------------------------------------------

    def evaluate(self, expression: Expression, known: Mapping[str, Value]) -> Value:
        """Return the value of an expression of values.

        Raises
        ------
        UnsupportedByEngine
            If a name has no value, or an operation has no form in C.
        """
        if isinstance(expression, float | int):
            return number(expression)
        if isinstance(expression, str):
            if expression not in known:
                raise UnsupportedByEngine(f"it reads {expression}, which has no value there")
            return known[expression]
        return self.apply(expression.op, *(self.evaluate(a, known) for a in expression.args))

    def apply(self, op: str, *args: Value) -> Value:
        """Return an operation on values, in the earliest part that holds it."""
        known = [a.value for a in args if isinstance(a, Known)]
        if len(known) == len(args):
            return Known(numeric(op, *known))
        if op == "-" and _is(args[0], 0.0):
            op, args = "neg", args[1:]
        simple = _simplified(op, args)
        if simple is not None:
            return simple
        if all(isinstance(a, OfV) or (isinstance(a, Known) and a.is_shared) for a in args):
            return self._of_v(op, args)
        return self._running(op, args)

    def _of_v(self, op: str, args: tuple[Value, ...]) -> OfV:
        parts = [function_of(a) for a in args]

        def function(v: Floats) -> Floats:
            return numeric(op, *(part(v) for part in parts))

        own = [a for a in args if isinstance(a, OfV)]
        if op not in _CHEAP or any(a.text is None for a in own):
            return OfV(function, is_slope=any(a.is_slope for a in own), rows=rows_of(own))
        return OfV(function, lambda: self._arithmetic(op, args), self._slope(op, args, None))

    def _arithmetic(self, op: str, args: tuple[Value, ...]) -> str:
        texts = [self.c(a) for a in args]
        return f"(-{texts[0]})" if op == "neg" else f"({texts[0]} {op} {texts[1]})"

    def _running(self, op: str, args: tuple[Value, ...]) -> Running:
        if op == "neg":
            return self._running("*", (number(-1.0), args[0]))
        if op in ("*", "/"):
            known = ONE
            factors: tuple[str, ...] = ()
            under: tuple[str, ...] = ()
            for a, turned in zip(args, (False, op == "/"), strict=True):
                if isinstance(a, Running):
                    up, down = (a.under, a.factors) if turned else (a.factors, a.under)
                    known = _times(known, _inverse(a.known) if turned else a.known)
                    factors, under = (*factors, *up), (*under, *down)
                elif isinstance(a, Known):
                    known = _times(known, _inverse(a) if turned else a)
                elif turned:
                    under = (*under, self.c(a))
                else:
                    factors = (*factors, self.c(a))
            quotient = None if op == "*" else Running(factors, known, None, under=under)
            return Running(factors, known, self._slope(op, args, quotient), under=under)
        if op == "log" and isinstance(args[0], Running):  # of products: fewer divisions
            return self._log(args[0])
        if op == "^" and isinstance(args[1], Known) and _whole(args[1]) is None:
            power = self.apply("exp", self.apply("*", args[1], self.apply("log", args[0])))
            return power if isinstance(power, Running) else running(self.c(power))
        if op == "^" and (whole := _whole(args[1])) is not None:
            base = running(self.c(args[0]), self._lazy(args[0]))
            out: Value = base
            for _ in range(whole - 1):
                out = self.apply("*", out, base)
            return out if isinstance(out, Running) else base
        text = self._text(op, args)
        mask = op in _MASKS or op in _LOGIC or op == "!"
        slope = None if mask else self._slope(op, args, running(text))
        return Running((text,), ONE, slope, mask)

    def _log(self, x: Running) -> Running:
        """Return the logarithm of a product or quotient, as that of its single parts."""
        one = x.known is ONE and len(x.factors) + len(x.under) == 1
        if one and not x.under:
            text = self.name_call(f"log_v({x.factors[0]})")
            return Running((text,), ONE, self._slope("log", (x,), None))
        if not (x.known.value > 0).all():
            text = self.name_call(f"log_v({self.c(x)})")
            return Running((text,), ONE, self._slope("log", (x,), None))
        out: Value = Known(numeric("log", x.known.value))
        for op, parts in (("+", x.factors), ("-", x.under)):
            for part in parts:
                out = self.apply(op, out, running(self.name_call(f"log_v({part})")))
        return Running((self.c(out),), ONE, self._slope("log", (x,), None))

    def _text(self, op: str, args: tuple[Value, ...]) -> str:
        if op == CHOICE:
            return f"choose({self._mask(args[0])}, {self.c(args[1])}, {self.c(args[2])})"
        if op == "!":
            return f"(~{self._mask(args[0])})"
        if op in _LOGIC:
            return f"({self._mask(args[0])} {_LOGIC[op]} {self._mask(args[1])})"
        texts = [self.c(a) for a in args]
        if op in ("+", "-") or op in _MASKS:
            return f"({texts[0]} {op} {texts[1]})"
        if op == "^":
            return self.name_call(f"pow_v({texts[0]}, {texts[1]})")
        if op == "log10":
            return f"({self.name_call(f'log_v({texts[0]})')} * (real)0.4342944819032518)"
        if op in _IN_C:
            return self.name_call(f"{_IN_C[op]}({texts[0]})")
        raise UnsupportedByEngine(f"{op} of what changes in a run has no form in the kernel")

    def _mask(self, value: Value) -> str:
        if isinstance(value, Running) and value.is_mask:
            return self.c(value)
        return f"({self.c(value)} != 0)"

    # -- slopes ---------------------------------------------------------------------------------

    def slope(self, value: Value) -> Value:
        """Return the slope of a value by the potential."""
        if isinstance(value, Known):
            return ZERO
        if isinstance(value, OfV) and value.slope is None:
            f = value.function
            slope = lambda v: (f(v + _APART) - f(v)) / _APART  # noqa: E731
            return OfV(slope, is_slope=True, rows=value.rows)
        return value.slope() if value.slope is not None else ZERO

    def _lazy(self, value: Value) -> Slope:
        moves = isinstance(value, OfV) or (isinstance(value, Running) and value.slope is not None)
        return (lambda: self.slope(value)) if moves else None

    def _slope(self, op: str, args: tuple[Value, ...], result: Value | None) -> Slope:
        if all(self._lazy(a) is None for a in args):
            return None
        return lambda: self._sloping(op, args, result)

    def _sloping(self, op: str, args: tuple[Value, ...], result: Value | None) -> Value:
        slopes = [self.slope(a) for a in args]
        a, da = args[0], slopes[0]
        b, db = (args[1], slopes[1]) if len(args) > 1 else (ONE, ZERO)
        do = self.apply
        if op == "neg":
            return do("neg", da)
        if op in ("+", "-"):
            return do(op, da, db)
        if op == "*":
            return do("+", do("*", da, b), do("*", a, db))
        if op == "/" and result is not None:
            return do("/", do("-", da, do("*", result, db)), b)
        if op == "exp" and result is not None:
            return do("*", result, da)
        if op == "log":
            return do("/", da, a)
        if op == "sqrt" and result is not None:
            return do("/", do("*", number(0.5), da), result)
        if op == "^" and _is(db, 0.0):
            return do("*", do("*", b, do("^", a, do("-", b, ONE))), da)
        if op == "fabs":
            return do(CHOICE, do(">", a, ZERO), da, do("neg", da))
        if op == CHOICE:
            return do(CHOICE, a, db, slopes[2])
        raise UnsupportedByEngine(f"{op} of the potential and of what changes has no slope")


def _is(value: Value, of: float) -> bool:
    return isinstance(value, Known) and bool((value.value == of).all())


def _simplified(op: str, args: tuple[Value, ...]) -> Value | None:
    """Return what an operation comes to where one argument settles it."""
    if op == "*":
        if any(_is(a, 0.0) for a in args):
            return ZERO
        if _is(args[0], 1.0) or _is(args[1], 1.0):
            return args[1] if _is(args[0], 1.0) else args[0]
    if op in ("+", "-") and _is(args[1], 0.0):
        return args[0]
    if op == "+" and _is(args[0], 0.0):
        return args[1]
    if op == "/" and _is(args[0], 0.0):
        return ZERO
    if op in ("/", "^") and _is(args[1], 1.0):
        return args[0]
    if op == CHOICE and isinstance(args[0], Known) and args[0].is_shared:
        return args[1] if args[0].value.flat[0] else args[2]
    return None


def rows_of(values: Iterable[Value]) -> Grid | None:
    """Return the rows of the TABLE from which functions come, or None."""
    return next((v.rows for v in values if isinstance(v, OfV) and v.rows is not None), None)


def function_of(value: Value) -> Function:
    """Return what is no running expression as a function of the potential."""
    if isinstance(value, OfV):
        return value.function
    assert isinstance(value, Known)
    x = float(value.value.flat[0])
    return lambda v: np.full_like(v, x)


def _times(a: Known, b: Known) -> Known:
    return b if a is ONE else a if b is ONE else Known(a.value * b.value)


def _inverse(a: Known) -> Known:
    return a if a is ONE else Known(1.0 / a.value)


def _product(factors: tuple[str, ...]) -> str:
    return factors[0] if len(factors) == 1 else f"({' * '.join(factors)})"


def _whole(value: Value) -> int | None:
    if isinstance(value, Known) and value.is_shared:
        x = float(value.value.flat[0])
        if x == int(x) and 2 <= x <= _LARGEST_POWER:
            return int(x)
    return None
