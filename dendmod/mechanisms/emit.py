"""Expressions and statements of equations as C.

Operations keep the order of the file, numbers are written so that they are read back to the last
bit, and nothing asks a compiler for inexact arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dendmod.mechanisms.equations import CHOICE, Assign, Expression, Table

HELPERS = """\
static inline double nrn_exp(double x) {
    return x < -700.0 ? 0.0 : exp(x > 700.0 ? 700.0 : x);
}
"""
"""What the C of `c_expression` needs besides <math.h>: exp as NEURON cuts it off."""


def c_expression(expression: Expression, name: Callable[[str], str] = str) -> str:
    """Return an expression as C, of type double.

    Parameters
    ----------
    name
        What a name is called in C.
    """
    if isinstance(expression, float):
        return f"({expression!r})" if expression < 0 else repr(expression)
    if isinstance(expression, str):
        return name(expression)
    op, args = expression.op, [c_expression(a, name) for a in expression.args]
    if op == CHOICE:
        return f"({args[0]} ? {args[1]} : {args[2]})"
    if op in ("neg", "!"):
        return f"({'-' if op == 'neg' else '!'}{args[0]})"
    if op == "^":
        return f"pow({args[0]}, {args[1]})"
    if op == "exp":
        return f"nrn_exp({args[0]})"
    if op[0].isalpha():
        return f"{op}({', '.join(args)})"
    return f"({args[0]} {op} {args[1]})"


def c_statements(
    statements: Iterable[Assign | Table],
    name: Callable[[str], str] = str,
    declared: Iterable[str] = (),
) -> list[str]:
    """Return assignments as lines of C.

    Parameters
    ----------
    name
        What a name is called in C.
    declared
        Names that there are; others are declared where they are first assigned. What a TABLE holds
        is computed, not looked up.
    """
    known, lines = set(declared), []
    for s in statements:
        if isinstance(s, Table):
            lines += c_statements(s.body, name, known)
            known |= {inner.name for inner in s.body if isinstance(inner, Assign)}
            continue
        kind = "" if s.name in known else "double "
        known.add(s.name)
        lines.append(f"{kind}{name(s.name)} = {c_expression(s.value, name)};")
    return lines
