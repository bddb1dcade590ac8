"""Small expressions of a place on a cell, parsed by a whitelist and never executed as Python."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dendmod.errors import SpecError, did_you_mean

_LONGEST = 1000  # characters

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
# Hay's cell was written with numpy's exponential, which differs from the C library's in the last
# digit here and there; ``math.exp`` is the latter, as in BluePyOpt's files.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": lambda x: float(np.exp(x)),
    "math.exp": math.exp,
    "log": math.log,
    "math.log": math.log,
    "sqrt": math.sqrt,
    "math.sqrt": math.sqrt,
    "tanh": math.tanh,
    "math.tanh": math.tanh,
    "abs": abs,
    "min": min,
    "max": max,
    "int": lambda x: float(int(x)),
}


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Numbers, names, ``+ - * / **``, comparisons, ``and or not``, ``a if condition else b`` and the
    functions ``exp log sqrt tanh abs min max int`` are allowed. As BluePyOpt writes them, names may
    stand in braces and functions be called ``math.exp``.

    Parameters
    ----------
    text
        As it is written.
    """

    text: str

    def __post_init__(self) -> None:
        _check(self.text, self._tree)

    @property
    def _tree(self) -> ast.expr:
        if len(self.text) > _LONGEST:
            raise SpecError(
                f"an expression of {len(self.text)} characters; give {_LONGEST} or less"
            )
        try:
            return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError) as error:
            raise SpecError(f"{self.text!r} is no expression: {error}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """Names that it uses, apart from functions."""
        nodes = list(ast.walk(self._tree))
        calls = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
        found = [
            n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in calls and n.id != "math"
        ]
        return tuple(dict.fromkeys(found))

    def check_names(self, allowed: Iterable[str]) -> None:
        """Raise a SpecError for a name that has no meaning here."""
        known = list(allowed)
        for name in self.names:
            if name not in known:
                raise SpecError(f"{self.text!r}: there is no {name!r}." + did_you_mean(name, known))

    def evaluator(self) -> Callable[[Mapping[str, float]], float]:
        """Return the function that takes the value of each name and gives that of the expression.

        It raises a SpecError where the result is not a finite number.
        """
        tree = self._tree

        def value(names: Mapping[str, float]) -> float:
            try:
                with np.errstate(over="ignore"):
                    found = _value(tree, names)
            except (ArithmeticError, ValueError) as error:
                raise SpecError(f"{self.text!r} cannot be computed: {error}") from None
            if isinstance(found, complex) or not math.isfinite(found):
                raise SpecError(f"{self.text!r} gives {found}, which is no finite number")
            return float(found)

        return value


@lru_cache(maxsize=512)
def evaluator_of(text: str) -> Callable[[Mapping[str, float]], float]:
    """Return `Expression.evaluator` of a text, parsed once."""
    return Expression(text).evaluator()


def _check(text: str, node: ast.expr) -> None:
    """Refuse whatever is not on the whitelist."""
    children: list[ast.expr] = []
    match node:
        case ast.Constant(value=bool() | int() | float()) | ast.Name():
            pass
        case ast.Set(elts=[ast.Name() as name]):
            children = [name]
        case ast.BinOp() if type(node.op) in _BINARY:
            children = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
            children = [node.operand]
        case ast.BoolOp():
            children = node.values
        case ast.Compare() if all(type(op) in _COMPARISONS for op in node.ops):
            children = [node.left, *node.comparators]
        case ast.IfExp():
            children = [node.test, node.body, node.orelse]
        case ast.Call(keywords=[]) if _function(node) in FUNCTIONS:
            children = node.args
        case ast.Call():
            raise SpecError(
                f"{text!r}: there is no function {_function(node)!r}."
                + did_you_mean(_function(node), FUNCTIONS)
            )
        case _:
            raise SpecError(
                f"{text!r}: {ast.unparse(node)!r} is not allowed in an expression; give numbers, "
                "names, + - * / **, comparisons, and, or, not, and functions"
            )
    for child in children:
        _check(text, child)


def _function(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name):
            return name
    return ast.unparse(node.func)


def _value(node: ast.expr, names: Mapping[str, float]) -> Any:
    match node:
        case ast.Constant():
            return float(node.value)  # type: ignore[arg-type]  # `_check` let numbers through alone
        case ast.Name():
            return names[node.id]
        case ast.Set():
            return _value(node.elts[0], names)
        case ast.BinOp():
            return _BINARY[type(node.op)](_value(node.left, names), _value(node.right, names))
        case ast.UnaryOp():
            operand = _value(node.operand, names)
            if isinstance(node.op, ast.Not):
                return not operand
            return -operand if isinstance(node.op, ast.USub) else operand
        case ast.BoolOp():
            whether = all if isinstance(node.op, ast.And) else any
            return whether(_value(v, names) for v in node.values)
        case ast.Compare():
            values = [_value(v, names) for v in (node.left, *node.comparators)]
            return all(
                _COMPARISONS[type(op)](a, b)
                for op, a, b in zip(node.ops, values[:-1], values[1:], strict=True)
            )
        case ast.IfExp():
            return _value(node.body if _value(node.test, names) else node.orelse, names)
        case ast.Call():
            return FUNCTIONS[_function(node)](*(_value(a, names) for a in node.args))
    raise AssertionError(node)
