"""Expressions of mechanisms as LEMS: numbers put in, and each line a derived variable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.etree import ElementTree as ET

from dendmod.mechanisms.equations import CHOICE, Expression, Operation, Statement, Table, names_in
from dendmod.mechanisms.evaluate import value_of

_TESTS = {
    "<": ".lt.", "<=": ".leq.", ">": ".gt.", ">=": ".geq.", "==": ".eq.", "!=": ".neq.",
    "&&": ".and.", "||": ".or.",
}  # fmt: skip
_CASES = 32  # of one rate
_FUNCTIONS = {
    "exp": "exp", "log": "ln", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "ceil": "ceil",
    "floor": "floor",
}  # fmt: skip
# what LEMS has in place of NEURON's variables: name without a dimension, its scale, its own name
SURROUNDINGS = {
    "v": ("V", "VOLT_SCALE", "v", "voltage", "1 mV"),
    "cai": ("CA", "CONC_SCALE", "caConc", "concentration", "1 mM"),
}


class CannotBeWritten(Exception):
    """What a mechanism does cannot be written in NeuroML."""


class Lines:
    """Straight lines of assignments, with numbers put in where there are any.

    Parameters
    ----------
    known
        Numbers by name: parameters, GLOBALs, temperature.
    """

    def __init__(self, known: Mapping[str, float]) -> None:
        self._now: dict[str, Expression] = dict(known)
        self._lines: dict[str, Expression] = {}

    def run(self, statements: Iterable[Statement]) -> None:
        """Follow assignments; a TABLE is what its rows are computed by."""
        for s in statements:
            if isinstance(s, Table):
                self.run(s.body)
            elif hasattr(s, "name") and hasattr(s, "value"):
                self._now[s.name] = self._kept(s.name, self.put_in(s.value))

    def _kept(self, name: str, value: Expression) -> Expression:
        """Return what stands for a value from now on: a line of its own, if it is a computation."""
        if not isinstance(value, Operation) or value.op in _TESTS or value.op == "!":
            return value
        line, n = name, 1
        while line in self._lines or line in ("x", "t", "V", "CA"):
            n += 1
            line = f"{name}_{n}"
        self._lines[line] = value
        return line

    def put_in(self, expression: Expression) -> Expression:
        """Return an expression with what is known put in, and computed where all of it is."""
        if isinstance(expression, float):
            return expression
        if isinstance(expression, str):
            return self._now.get(expression, expression)
        args = tuple(self.put_in(a) for a in expression.args)
        if expression.op == CHOICE and isinstance(args[0], float):
            return args[1] if args[0] else args[2]
        if all(isinstance(a, float) for a in args):
            return float(value_of(Operation(expression.op, args), {}))
        if expression.op == "*" and 0.0 in args:
            return 0.0
        return Operation(expression.op, args)

    def needed(self, expression: Expression) -> dict[str, Expression]:
        """Return the lines that an expression needs, in their order."""
        wanted: set[str] = set()
        todo = set(names_in(expression))
        while todo:
            name = todo.pop()
            if name in self._lines and name not in wanted:
                wanted.add(name)
                todo |= set(names_in(self._lines[name]))
        return {name: value for name, value in self._lines.items() if name in wanted}

    def reads(self, expression: Expression) -> set[str]:
        """Return what an expression depends on besides numbers."""
        lines = self.needed(expression)
        found = {n for e in (expression, *lines.values()) for n in names_in(e)}
        return found - set(lines)


def component_type(
    name: str, extends: str, exposure: str, expression: Expression, lines: Lines
) -> ET.Element:
    """Return a LEMS component type that computes an expression.

    Parameters
    ----------
    exposure
        "x" for a number, "t" for a time (ms).

    Raises
    ------
    CannotBeWritten
        If it depends on what a NeuroML channel does not know, or uses a function LEMS has not.
    """
    reads = lines.reads(expression)
    unknown = sorted(reads - set(SURROUNDINGS))
    if unknown:
        raise CannotBeWritten(f"its rates depend on {', '.join(unknown)}")
    made = ET.Element("ComponentType", name=name, extends=extends)
    scales = [SURROUNDINGS[r] for r in sorted(reads)]
    for _, scale, _, dimension, unit in scales:
        ET.SubElement(made, "Constant", name=scale, dimension=dimension, value=unit)
    if exposure == "t":
        ET.SubElement(made, "Constant", name="TIME_SCALE", dimension="time", value="1 ms")
    dynamics = ET.SubElement(made, "Dynamics")
    for short, scale, own, _, _ in scales:
        ET.SubElement(
            dynamics, "DerivedVariable", name=short, dimension="none", value=f"{own} / {scale}"
        )
    whole = _Whole(lines.needed(expression))
    for line, value in whole.plain.items():
        ET.SubElement(dynamics, "DerivedVariable", name=line, dimension="none", value=_text(value))
    cases = list(_cases(whole.written_out(expression), {}))
    if len(cases) > _CASES:
        raise CannotBeWritten(f"its rates have {len(cases)} cases")
    dimension, scale = ("time", " * TIME_SCALE") if exposure == "t" else ("none", "")
    what = {"name": exposure, "exposure": exposure, "dimension": dimension}
    if len(cases) == 1:
        ET.SubElement(dynamics, "DerivedVariable", what, value=_text(cases[0][1]) + scale)
        return made
    last = ET.SubElement(dynamics, "ConditionalDerivedVariable", what)
    for tests, value in cases:
        condition = " .and. ".join(_text(t) for t, holds in tests.items() if holds)
        more = {"condition": condition} if condition else {}
        ET.SubElement(last, "Case", more, value=_text(value) + scale)
    return made


class _Whole:
    """Lines without choices, and the others, which are written out where they are used.

    Programs that make NMODL of LEMS compute choices after all else: none but the last may be one.
    """

    def __init__(self, lines: Mapping[str, Expression]) -> None:
        self.plain: dict[str, Expression] = {}
        self._chosen: dict[str, Expression] = {}
        for name, value in lines.items():
            whole = self.written_out(value)
            (self._chosen if _has_choice(whole) else self.plain)[name] = whole

    def written_out(self, value: Expression) -> Expression:
        """Return an expression with all choices in it, and none by name."""
        if isinstance(value, Operation):
            return Operation(value.op, tuple(self.written_out(a) for a in value.args))
        return self._chosen.get(value, value) if isinstance(value, str) else value


def _has_choice(value: Expression) -> bool:
    return isinstance(value, Operation) and (
        value.op == CHOICE or any(_has_choice(a) for a in value.args)
    )


def _cases(
    value: Expression, decided: dict[Expression, bool]
) -> Iterator[tuple[dict[Expression, bool], Expression]]:
    """Yield tests with their outcome, and what the value is then; of the first that holds.

    The cases in which a test holds come before those in which it does not, so that the tests that
    hold are enough to tell one case from those after it.
    """
    if not isinstance(value, Operation):
        yield decided, value
    elif value.op == CHOICE:
        for now, test in _cases(value.args[0], decided):
            for holds in (True, False) if test not in now else (now[test],):
                yield from _cases(value.args[1 if holds else 2], {**now, test: holds})
    else:
        yield from _of_arguments(value.op, value.args, (), decided)


def _of_arguments(
    op: str, left: tuple[Expression, ...], done: tuple[Expression, ...],
    decided: dict[Expression, bool],
) -> Iterator[tuple[dict[Expression, bool], Expression]]:  # fmt: skip
    if not left:
        yield decided, Operation(op, done)
        return
    for now, value in _cases(left[0], decided):
        yield from _of_arguments(op, left[1:], (*done, value), now)


def _text(value: Expression) -> str:
    """Return an expression in the words of LEMS."""
    if isinstance(value, float):
        return repr(value) if value >= 0 else f"({value!r})"
    if isinstance(value, str):
        return SURROUNDINGS[value][0] if value in SURROUNDINGS else value
    args = [_text(a) for a in value.args]
    if value.op == "neg":
        return f"(-1 * {args[0]})"
    if value.op in _TESTS:
        return f"({args[0]} {_TESTS[value.op]} {args[1]})"
    if value.op in _FUNCTIONS:
        return f"{_FUNCTIONS[value.op]}({args[0]})"
    if value.op == "fabs":  # programs that make NMODL of it have no abs there
        return f"sqrt({args[0]} * {args[0]})"
    if value.op == "log10":
        return f"(ln({args[0]}) / {2.302585092994046!r})"
    if value.op in ("+", "-", "*", "/", "^"):
        return f"({args[0]} {value.op} {args[1]})"
    raise CannotBeWritten(f"LEMS has no {value.op}")


def indented(root: ET.Element) -> str:
    """Return an element as the text of a file."""
    ET.indent(root, "  ")
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def attributes(**given: object) -> dict[str, str]:
    """Return attributes as XML has them; what is None is left out."""
    return {k: v if isinstance(v, str) else repr(v) for k, v in given.items() if v is not None}


def add(parent: ET.Element, tag: str, /, **given: object) -> ET.Element:
    """Add a child with attributes."""
    return ET.SubElement(parent, tag, attributes(**given))
