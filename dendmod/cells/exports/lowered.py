"""What a mechanism computes, in the form that other programs' channels have.

INITIAL, the relaxation of each state and BREAKPOINT, all of them straight lines. What has another
form is refused, by name and with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dendmod.cells.exports.neuroml_channels import equations
from dendmod.cells.exports.neuroml_rates import CannotBeWritten
from dendmod.mechanisms import Mechanism
from dendmod.mechanisms.equations import (
    Assign,
    Derivative,
    Equations,
    Expression,
    SteadyState,
    Table,
    names_in,
)

OF_PLACES = ("celsius", "diam", "area")


@dataclass(frozen=True)
class Relaxation:
    """``state' = rate * state + rest``; `before` is assigned first, after what came earlier."""

    state: str
    before: tuple[Assign, ...]
    rate: Expression
    rest: Expression
    exact: bool  # cnexp, or else implicit Euler


@dataclass(frozen=True)
class Lowered:
    """A mechanism of the membrane.

    Parameters
    ----------
    mechanism
        Its names, ions and currents.
    values
        Defaults of all that is a number: parameters, constants, GLOBALs.
    initial
        What INITIAL assigns.
    relaxations
        Its states, in the order in which they are solved.
    currents
        What BREAKPOINT assigns; the currents are among it.
    """

    mechanism: Mechanism
    values: dict[str, float]
    initial: tuple[Assign, ...]
    relaxations: tuple[Relaxation, ...]
    breakpoint: tuple[Assign, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """The states that it solves."""
        return tuple(r.state for r in self.relaxations)

    def reads(self) -> set[str]:
        """Return every name that is read before it is assigned, in whatever block."""
        steps: list[Assign | tuple[str, Expression]] = []
        for r in self.relaxations:
            steps += [*r.before, ("", r.rate), ("", r.rest)]
        return _read(steps) | _read(self.breakpoint) | _read(self.initial)


def lower(mechanism: Mechanism) -> Lowered:
    """Return the form of a mechanism.

    Raises
    ------
    CannotBeWritten
        If it has another form.
    """
    said = equations(mechanism)
    if said.carried:
        raise CannotBeWritten(
            f"it keeps {', '.join(said.carried)} from one block to another, which no state holds"
        )
    relaxations = tuple(_relaxations(said))
    missing = sorted(set(said.states) - {r.state for r in relaxations})
    if missing:
        raise CannotBeWritten(f"{', '.join(missing)} follows no differential equation")
    return Lowered(
        mechanism,
        dict(said.values),
        tuple(_plain(said.initial)),
        relaxations,
        tuple(_plain(said.breakpoint)),
    )


def _relaxations(said: Equations) -> Iterator[Relaxation]:
    for step in said.steps:
        if step.conserve:
            raise CannotBeWritten(f"{step.name} solves its states together")
        if step.method not in ("cnexp", "implicit"):
            raise CannotBeWritten(f"{step.name} is solved by {step.method}")
        before: list[Assign] = []
        for s in step.statements:
            if isinstance(s, Derivative):
                if [n for n, _ in s.linear] not in ([s.state], []):
                    raise CannotBeWritten(f"{step.name} solves its states together")
                rate = s.linear[0][1] if s.linear else 0.0
                yield Relaxation(s.state, tuple(before), rate, s.rest, step.method == "cnexp")
                before = []
            else:
                before += _plain([s])


def _plain(statements: Iterable[object]) -> Iterator[Assign]:
    """Yield assignments; what a TABLE holds is computed, not looked up."""
    for s in statements:
        if isinstance(s, Table):
            yield from _plain(s.body)
        elif isinstance(s, SteadyState):
            raise CannotBeWritten("INITIAL looks for a steady state")
        elif isinstance(s, Assign):
            yield s


def _read(statements: Iterable[Assign | tuple[str, Expression]]) -> set[str]:
    """Return what is read before it is assigned."""
    found: set[str] = set()
    done: set[str] = set()
    for s in statements:
        name, value = (s.name, s.value) if isinstance(s, Assign) else s
        found |= set(names_in(value)) - done
        done.add(name)
    return found
