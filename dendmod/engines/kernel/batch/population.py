"""One mechanism of a population: the values around it, its steps, its currents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from dendmod.engines.kernel.batch.staging import (
    POTENTIAL,
    ZERO,
    Known,
    Numbers,
    Running,
    Value,
    number,
    running,
)
from dendmod.engines.kernel.batch.stepping import (
    Held,
    Mixing,
    Relaxing,
    Update,
    advance,
    assign,
)
from dendmod.engines.kernel.batch.tables import Floats
from dendmod.engines.kernel.batch.writing import Code
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms import evaluate
from dendmod.mechanisms.equations import Derivative, Equations, SteadyState, Step


@dataclass(frozen=True, eq=False)
class Part:
    """One mechanism of a population, with its surroundings.

    Parameters
    ----------
    equations
        What its file computes.
    given
        Numbers of the members by name: parameters that are not at their defaults, ``celsius``,
        ``diam``, variables of ions that stay; each of shape [members, lanes] or [1, 1].
    states
        Where its states start, each of shape [members, lanes].
    writes
        Variables of ions that it writes.
    """

    equations: Equations
    given: Mapping[str, Floats]
    states: Mapping[str, Floats]
    writes: frozenset[str] = frozenset()

    def slot(self, state: str) -> str:
        """Return what a state is called in a population: a concentration is the ion's."""
        return state if state in self.writes else f"{state}_{self.suffix}"

    @property
    def suffix(self) -> str:
        """Name of the mechanism."""
        return self.equations.suffix


@contextmanager
def of_file(equations: Equations) -> Iterator[None]:
    """Name a mechanism's file in what is said of it."""
    try:
        yield
    except UnsupportedByEngine as error:
        where = str(equations.file or equations.suffix)
        if where in str(error):
            raise
        raise UnsupportedByEngine(f"{where}, {error}. Use engine='neuron'") from None


def start(part: Part) -> dict[str, Value]:
    """Return the values around a mechanism: parameters, surroundings, constants of INITIAL.

    Raises
    ------
    UnsupportedByEngine
        If the form does not hold all of its file, or it remembers what is no state.
    """
    equations = part.equations
    evaluate.check(equations, "the kernel")
    values: dict[str, Value] = {name: number(x) for name, x in equations.values}
    values |= {name: Known(np.asarray(x, float)) for name, x in part.given.items()}
    values["v"], values["dt"] = POTENTIAL, values.get("dt", ZERO)
    again = evaluate.assigned(s for step in equations.steps for s in step.statements)
    wanted = set(equations.carried) - again - evaluate.assigned(equations.breakpoint)
    shapes = [x.value.shape for x in values.values() if isinstance(x, Known)]
    scratch = dict(values)
    numbers = Numbers(max(n for n, _ in shapes), max(lanes for _, lanes in shapes))
    for statement in equations.initial if wanted else ():
        try:
            if not isinstance(statement, SteadyState):
                assign([statement], scratch, numbers, lambda _, value: value)
        except UnsupportedByEngine:
            continue  # it starts a state
    for name in wanted:
        found = scratch.get(name)
        if not isinstance(found, Known):
            raise UnsupportedByEngine(_remembered(name))
        values[name] = found
    return values


def remember(part: Part, values: dict[str, Value], code: Code) -> None:
    """Evaluate what BREAKPOINT takes from the last step, which had the potential of now.

    Raises
    ------
    UnsupportedByEngine
        If that depended on states, which the step has changed since.
    """
    equations = part.equations
    again = evaluate.assigned(s for step in equations.steps for s in step.statements)
    taken = set(equations.carried) & again
    if not taken:
        return
    around = {n: x for n, x in values.items() if n not in equations.states}
    for step in equations.steps:
        for s in step.statements:
            if isinstance(s, Derivative):
                continue
            try:
                assign([s], around, code.numbers, namer(part, code))
            except UnsupportedByEngine:
                continue  # of states; what is taken of it is said below
    for name in taken:
        if name not in around:
            raise UnsupportedByEngine(_remembered(name))
        value = around[name]  # NEURON's slope takes it as it stands, whatever v does to it
        values[name] = value if isinstance(value, Known) else running(code.numbers.c(value))


def _remembered(name: str) -> str:
    return (
        f"{name} is remembered from INITIAL or from step to step and is neither a constant nor a "
        "state. Make it a state"
    )


def step_states(part: Part, values: dict[str, Value], code: Code) -> None:
    """Write what advances the states of a mechanism; `values` then holds the new states."""
    equations = part.equations
    shared = {n: float(k.value.flat[0]) for n, k in values.items()
              if isinstance(k, Known) and k.is_shared}  # fmt: skip

    def held(step: Step) -> Held:
        names = [d.state for d in step.derivatives]

        def after(states: Mapping[str, float], v: Floats) -> Floats:
            every = {**dict.fromkeys(equations.states, 0.0), **states}
            given = {n: x for n, x in shared.items() if n not in every and n != "dt"}
            moved = evaluate.advance(equations, every, code.dt, **{**given, "v": v})
            return np.stack([np.broadcast_to(moved[n], v.shape) for n in names], -1)

        return after

    for step in equations.steps:
        code.write(f"/* {part.suffix}: {step.name}, line {step.line} of its file */")
        updates = advance(step, values, code.numbers, code.dt, held(step), namer(part, code))
        for update in updates:
            _write(update, part, code)


def namer(part: Part, code: Code) -> Callable[[str, Value], Value]:
    """Return what writes the variables of a mechanism; currents are left to be added up."""
    currents = {current.name for current in part.equations.currents}
    return lambda name, value: (
        value if name in currents else code.variable(f"{part.suffix}_{name}", value)
    )


def _write(update: Update, part: Part, code: Code) -> None:
    if isinstance(update, Relaxing):
        at = code.slot(part.slot(update.state))
        code.sweeps.relax(f"{part.suffix}, {update.state}", at, update.rate, update.steady)
    elif isinstance(update, Mixing):
        slots = [code.slot(part.slot(state)) for state in update.states]
        code.sweeps.mix(part.suffix, slots, update)
    else:
        code.store(part.slot(update.state), update.value)


def add_up(currents: Iterable[Value], code: Code, name: str) -> tuple[Value, list[str]]:
    """Write the sum of currents, and return it with the terms of its slope by the potential.

    Ohmic currents with one driving force add their conductances first.
    """
    numbers = code.numbers
    driven: dict[str, list[str]] = {}
    plain: list[str] = []
    slopes: list[str] = []
    for value in currents:
        rest = None
        if isinstance(value, Running) and value.factors and not value.under:
            rest = Running(value.factors[:-1], value.known)
        slope = numbers.slope(value)
        if isinstance(value, Running) and isinstance(slope, Running | Known) and rest is not None:
            g = numbers.c(rest if rest.factors else rest.known)
            if numbers.c(slope) == g:
                driven.setdefault(value.factors[-1], []).append(g)
                continue
        plain.append(numbers.c(value))
        if slope is not ZERO:
            slopes.append(numbers.c(slope))
    text = " + ".join(plain)
    for k, (drive, terms) in enumerate(driven.items()):
        made = f"{name}_g{k}"
        code.write(f"const V {made} = {' + '.join(terms)};")
        text = f"fma_v({made}, {drive}, {text})" if text else f"{made} * {drive}"
        slopes.append(made)
    if not text:
        return ZERO, []
    code.write(f"const V {name} = {text};")
    return running(name), slopes
