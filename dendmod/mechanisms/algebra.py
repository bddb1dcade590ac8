"""What expressions are made of: sums and products, linear parts, factors, ohmic parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dendmod.mechanisms.equations import (
    CHOICE,
    Assign,
    Derivative,
    Expression,
    Operation,
    Statement,
    Table,
    names_in,
)

Linear = dict[str, Expression]  # coefficient by state, the rest under ""
REST = ""


class NotLinear(Exception):
    """An expression is not linear in a state."""


def make(op: str, *args: Expression) -> Expression:
    """Return an operation, without what adds nothing."""
    a, b = (*args, None)[:2]
    if op == "neg" and isinstance(a, float):
        return -a
    if op == "neg" and isinstance(a, Operation) and a.op == "neg":
        return a.args[0]
    if op == "*" and -1.0 in args and a is not None and b is not None:
        return make("neg", b if a == -1.0 else a)
    if op == "*" and 0.0 in args:
        return 0.0
    if op in "*/" and b == 1.0 and a is not None:
        return a
    if op == "*" and a == 1.0 and b is not None:
        return b
    if op in "+-" and b == 0.0 and a is not None:
        return a
    if op == "+" and a == 0.0 and b is not None:
        return b
    if op == "-" and a == 0.0 and b is not None:
        return make("neg", b)
    if op == "/" and a == 0.0:
        return 0.0
    if op == CHOICE and args[1] == args[2]:
        return args[1]
    return Operation(op, args)


def linear(
    expression: Expression, states: Sequence[str], known: Mapping[str, Linear | None]
) -> Linear:
    """Return the coefficients of states in an expression, and the rest.

    Parameters
    ----------
    known
        Linear parts of variables that depend on the states; None where they are not linear.

    Raises
    ------
    NotLinear
        If it is not linear in them.
    """
    if isinstance(expression, str):
        if expression in states:
            return {expression: 1.0}
        found = known.get(expression, {REST: expression})
        if found is None:
            raise NotLinear(expression)
        return found
    if isinstance(expression, float):
        return {REST: expression}
    op = expression.op
    parts = [linear(a, states, known) for a in expression.args]
    fixed = [set(p) <= {REST} for p in parts]
    if all(fixed):
        return {REST: expression}
    if op == "neg":
        return {name: make("neg", c) for name, c in parts[0].items()}
    if op in ("+", "-"):
        return _joined(op, *parts)
    if op == "*" and any(fixed):
        i = fixed.index(True)
        return {n: make(op, *((expression.args[0], c) if i == 0 else (c, expression.args[1])))
                for n, c in parts[1 - i].items()}  # fmt: skip
    if op == "/" and fixed[1]:
        return {n: make(op, c, expression.args[1]) for n, c in parts[0].items()}
    if op == CHOICE and fixed[0]:
        return {
            n: make(op, expression.args[0], parts[1].get(n, 0.0), parts[2].get(n, 0.0))
            for n in dict.fromkeys((*parts[1], *parts[2]))
        }
    raise NotLinear(op)


def _joined(op: str, left: Linear, right: Linear) -> Linear:
    names = dict.fromkeys((*left, *right))
    joined = {n: make(op, left.get(n, 0.0), right.get(n, 0.0)) for n in names}
    return {n: c for n, c in joined.items() if c != 0.0}


def factors(expression: Expression, assigned: Mapping[str, Expression]) -> tuple[list[str], int]:
    """Return the names that an expression is a product of, and how many other factors it has.

    Parameters
    ----------
    assigned
        Values of variables, whose factors are factors too.
    """
    if isinstance(expression, float):
        return [], 0
    if isinstance(expression, str):
        if expression not in assigned:
            return [expression], 0
        rest = {n: e for n, e in assigned.items() if n != expression}
        inner, others = factors(assigned[expression], rest)
        return [expression, *inner], others
    op, args = expression.op, expression.args
    if op == "neg":
        return factors(args[0], assigned)
    if op in ("*", "/"):
        names, others = factors(args[0], assigned)
        if op == "/":
            return names, others + (not isinstance(args[1], float))
        more, rest_of = factors(args[1], assigned)
        return names + more, others + rest_of
    if op == "^" and isinstance(args[1], float) and args[1] == int(args[1]) > 0:
        names, others = factors(args[0], assigned)
        return names * int(args[1]), others
    if op == CHOICE:
        branches = [factors(a, assigned)[0] for a in args[1:] if a != 0.0]
        common = [n for n in branches[0] if all(n in b for b in branches)] if branches else []
        return common, 1
    return [], 1


def ohmic(
    expression: Expression, assigned: Mapping[str, Expression]
) -> tuple[Expression, Expression] | None:
    """Return g and e of an expression that is ``g*(v - e)`` with e the same at every v, or None."""
    if isinstance(expression, float):
        return None
    if isinstance(expression, str):
        rest = {n: e for n, e in assigned.items() if n != expression}
        return ohmic(assigned[expression], rest) if expression in assigned else None
    op, args = expression.op, expression.args
    if op == "neg":
        found = ohmic(args[0], assigned)
        return (make("neg", found[0]), found[1]) if found else None
    if op in ("+", "-"):
        for a, b, sign in ((args[0], args[1], 1.0), (args[1], args[0], 1.0 if op == "+" else -1.0)):
            if a == "v" and not depends_on(b, "v", assigned):
                return sign, b if op == "-" else make("neg", b)
            found = ohmic(a, assigned)  # v - e - shift
            if found and found[0] == 1.0 and sign == 1.0 and not depends_on(b, "v", assigned):
                return sign, make("+" if op == "-" else "-", found[1], b)
        parts = [ohmic(a, assigned) for a in args]
        if parts[0] and parts[1] and parts[0][1] == parts[1][1]:
            return make(op, parts[0][0], parts[1][0]), parts[0][1]
    if op in ("*", "/"):
        found = ohmic(args[0], assigned)
        if found:
            return make(op, found[0], args[1]), found[1]
        found = ohmic(args[1], assigned) if op == "*" else None
        if found:
            return make(op, args[0], found[0]), found[1]
    if op == CHOICE:
        yes, no = (ohmic(a, assigned) for a in args[1:])
        if yes and no and yes[1] == no[1]:
            return make(op, args[0], yes[0], no[0]), yes[1]
    return None


def depends_on(expression: Expression, name: str, assigned: Mapping[str, Expression]) -> bool:
    """Return whether an expression depends on a name, by way of what is assigned too."""
    return name in reached(expression, assigned)


def reached(expression: Expression, assigned: Mapping[str, Expression]) -> set[str]:
    """Return all names that an expression depends on, by way of what is assigned too."""
    found: set[str] = set()
    todo = set(names_in(expression))
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= set(names_in(assigned[name])) - found if name in assigned else set()
    return found


def assignments(statements: Iterable[Statement]) -> Iterator[tuple[str, set[str]]]:
    """Yield each name that is assigned or derived, with the names in its value, in order."""
    for s in statements:
        if isinstance(s, Table):
            yield from assignments(s.body)
        elif isinstance(s, Assign):
            yield s.name, set(names_in(s.value))
        elif isinstance(s, Derivative):
            yield s.state, set(names_in(s.value))
