"""Populations of synapses: point processes that spikes reach, with the C of each mechanism."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dendmod.engines.kernel.batch.population import (
    Part,
    add_up,
    namer,
    of_file,
    remember,
    start,
    step_states,
)
from dendmod.engines.kernel.batch.staging import ONE, ZERO, Known, Numbers, Value, number, running
from dendmod.engines.kernel.batch.stepping import assign, jumps
from dendmod.engines.kernel.batch.sweeps import Accuracy, Sweeps
from dendmod.engines.kernel.batch.tables import Floats, Range
from dendmod.engines.kernel.batch.writing import Code
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms import MechanismSet
from dendmod.mechanisms.equations import Derivative, Equations, Table, names_in
from dendmod.spec.nodes import Ints
from dendmod.spec.stimulus import Synapse


@dataclass(frozen=True, eq=False)
class Synapses:
    """All synapses of one mechanism.

    Parameters
    ----------
    mechanism, names
        Of the synapses.
    member
        Which member of the population each of them is, shape [synapses]: those that add up at one
        node share one.
    nodes
        Nodes of the members.
    raised
        By state, how much an event of weight 1 raises it, shape [synapses, lanes].
    code
        Its C.
    """

    mechanism: str
    names: tuple[str, ...]
    member: Ints
    nodes: Ints
    raised: dict[str, Floats]
    code: Code


def populations(
    variants: Sequence[Sequence[Synapse]], nodes: Sequence[int], known: MechanismSet,
    equations: Mapping[str, Equations], surroundings: Mapping[str, Mapping[str, float]],
    dt: float, kept: Mapping[str, Sequence[str]],
) -> Iterator[Synapses]:  # fmt: skip
    """Yield the synapses of a set-up, mechanism by mechanism.

    Parameters
    ----------
    variants
        The synapses of each lane, or of all; they differ in parameters alone.
    nodes
        Node of each synapse.
    surroundings
        By mechanism ``celsius`` and GLOBAL parameters.
    kept
        Variables that are recorded, by name of the synapse; such a synapse stays by itself.
    """
    by_mechanism: dict[str, list[int]] = {}
    for i, synapse in enumerate(variants[0]):
        by_mechanism.setdefault(synapse.mechanism, []).append(i)
    for suffix, members in sorted(by_mechanism.items()):
        mechanism = known.get(suffix)
        given = {
            p.name: np.array(
                [[lane[i].params.get(p.name, p.default) for lane in variants] for i in members]
            )
            for p in mechanism.parameters
        } | {name: np.full((1, 1), x) for name, x in surroundings[suffix].items()}
        if mechanism.ions:
            raise UnsupportedByEngine(
                f"{mechanism.file or suffix}: the synapse uses ions, which the kernel does not "
                "carry; use engine='neuron'"
            )
        names = tuple(variants[0][i].name for i in members)
        at = np.array([nodes[i] for i in members])
        with of_file(equations[suffix]):
            made = _population(names, at, equations[suffix], given, dt, kept)
        yield made


def _population(
    names: tuple[str, ...], nodes: Ints, equations: Equations,
    given: Mapping[str, Floats], dt: float, kept: Mapping[str, Sequence[str]],
) -> Synapses:  # fmt: skip
    where = f"{equations.file or equations.suffix}"
    if equations.receive is None:
        raise UnsupportedByEngine(f"{where} has no NET_RECEIVE; the kernel sends it no spikes")
    part = Part(equations, given, {})
    values = start(part)
    raised = jumps(
        equations.receive.statements, equations.receive.arguments[0], equations.states, values,
        Numbers(len(names), _lanes(given)),
    )  # fmt: skip
    used = _used(equations)
    alone = [bool(kept.get(name)) for name in names]
    keys: dict[tuple[object, ...], int] = {}
    member = np.zeros(len(names), int)
    adds = _adds_up(equations, values)
    for i, node in enumerate(nodes):
        numbers = tuple(
            np.broadcast_to(v.value, (len(names), v.value.shape[1]))[i].tobytes()
            for n, v in values.items()
            if n in used and isinstance(v, Known)
        )
        key = (node, numbers) if adds and not alone[i] else (i,)
        member[i] = keys.setdefault(key, len(keys))
    first = np.array([int(np.flatnonzero(member == k)[0]) for k in range(len(keys))])
    of_members = {
        n: x[first] if x.shape[0] == len(names) and len(names) > 1 else x for n, x in given.items()
    }
    code = _code(Part(equations, of_members, {}), first, names, dt, kept, _lanes(given))
    return Synapses(equations.suffix, names, member, nodes[first], raised, code)


def _lanes(given: Mapping[str, Floats]) -> int:
    return max((x.shape[1] for x in given.values()), default=1)


def _used(equations: Equations) -> set[str]:
    """Return all names that steps and currents read."""
    found: set[str] = set()
    todo = [s for step in equations.steps for s in step.statements] + list(equations.breakpoint)
    while todo:
        s = todo.pop()
        if isinstance(s, Table):
            todo += s.body
        else:
            found |= set(names_in(s.value))
    return found


def _adds_up(equations: Equations, values: Mapping[str, Value]) -> bool:
    """Whether two synapses at one place are one with the sum of their states."""
    steps = [s for step in equations.steps for s in step.statements]
    if not all(isinstance(s, Derivative) and s.rest == 0.0 for s in steps):
        return False
    numbers, rng = Numbers(1), np.random.default_rng(0)
    one, two = rng.random((2, len(equations.states)))

    def current(states: Floats) -> list[Floats]:
        known = dict(values) | {"v": Known(np.linspace(-90, 20, 12)[None, :])}
        known = {n: Known(k.value[:1, :1]) if isinstance(k, Known) and n != "v" else k
                 for n, k in known.items()}  # fmt: skip
        known |= {n: number(x) for n, x in zip(equations.states, states, strict=True)}
        assign(equations.breakpoint, known, numbers, lambda _, value: value)
        found = (known[c.name] for c in equations.currents)
        return [value.value for value in found if isinstance(value, Known)]

    both = zip(current(one), current(two), current(one + two), strict=True)
    return all(np.allclose(a + b, c, rtol=1e-9, atol=1e-12) for a, b, c in both)


def _code(
    part: Part, first: Ints, names: tuple[str, ...], dt: float,
    kept: Mapping[str, Sequence[str]], lanes: int,
) -> Code:  # fmt: skip
    """Return the C of a population: its currents, then what its states become after the step."""
    equations = part.equations
    numbers = Numbers(first.size, lanes)
    code = Code(dt, numbers, Sweeps(Range(), Accuracy(1.0, 1.0)))
    values = start(part) | {"v": running("u", lambda: ONE)}  # few places: no tables, C alone
    own = {n: running(f"STATE({code.slot(part.slot(n))})") for n in equations.states}
    values |= {n: code.variable(n, x) for n, x in own.items()}
    before = dict(values)
    remember(part, values, code)
    assign(equations.breakpoint, values, numbers, namer(part, code))
    current, slopes = add_up([values[c.name] for c in equations.currents], code, "current")
    if slopes:
        code.write(f"ADD_TO_NODES(j->d, {' + '.join(slopes)});")
    if current is not ZERO:
        code.write(f"ADD_TO_NODES(j->r, -{numbers.c(current)});")
    for i in first:
        for name in kept.get(names[i], ()):
            if name in equations.states:
                continue
            if name not in values:
                raise UnsupportedByEngine(f"the kernel does not keep {name} of {names[i]}")
            if f"kept_{name}" not in code.slots:
                code.store(f"kept_{name}", values[name])
    before.pop("v")  # the step's new potential is not there yet
    step_states(part, before, code)
    return code
