"""Populations of nodes: which nodes share their mechanisms, and the C of each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from dendmod.engines.kernel.batch.staging import (
    ZERO,
    Known,
    Numbers,
    Value,
    number,
    running,
)
from dendmod.engines.kernel.batch.stepping import assign
from dendmod.engines.kernel.batch.sweeps import Accuracy, Sweeps
from dendmod.engines.kernel.batch.tables import Floats, Range
from dendmod.engines.kernel.batch.writing import Code
from dendmod.errors import UnsupportedByEngine
from dendmod.mechanisms import Mechanism
from dendmod.mechanisms.equations import Equations
from dendmod.spec.nodes import CellNodes, Ints
from dendmod.units import FARADAY, GAS, MA_PER_CM2_IN_NA_PER_UM2, UF_IN_NF, UM2_IN_CM2

_KELVIN = 273.15
_V_IN_MV = 1e3


@dataclass(frozen=True, eq=False)
class Membranes:
    """What populations of nodes are made of.

    Parameters
    ----------
    cells
        The cell, one for all lanes or one a lane; they differ in numbers alone.
    known, equations
        Facts and equations of its mechanisms by name.
    dt
        Step (ms).
    reach, accuracy
        Of the tables.
    """

    cells: tuple[CellNodes, ...]
    known: Mapping[str, Mechanism]
    equations: Mapping[str, Equations]
    dt: float
    reach: Range
    accuracy: Accuracy

    def across(self, of: Callable[[CellNodes], Floats]) -> Floats:
        """Return what `of` says of each cell, shape [..., lanes]."""
        return np.stack([of(cell) for cell in self.cells], axis=-1)

    def kinds(self, nodes: Ints, kept: frozenset[str]) -> dict[tuple[str, ...], Ints]:
        """Return nodes by the mechanisms that they have, the largest population first.

        A channel whose maximal conductance is 0 at a node does nothing there and is left out,
        unless a recording needs it.
        """
        has: list[list[str]] = [[] for _ in range(self.cells[0].n)]
        for suffix, inserted in self.cells[0].mechanisms.items():
            there = np.ones(inserted.nodes.size, bool)
            mechanism = self.known[suffix]
            if mechanism.maximal and not mechanism.pool_of and suffix not in kept:
                there[:] = False
                for cell in self.cells:
                    for name in mechanism.maximal:
                        there |= cell.mechanisms[suffix].parameters[name] != 0
            for node in inserted.nodes[there]:
                has[node].append(suffix)
        found: dict[tuple[str, ...], list[int]] = {}
        for node in nodes:
            found.setdefault(tuple(has[node]), []).append(int(node))
        return {k: np.array(v) for k, v in sorted(found.items(), key=lambda item: -len(item[1]))}

    def parts(self, suffixes: Sequence[str], nodes: Ints) -> Iterator[Part]:
        """Yield the mechanisms of a population; those that write concentrations first."""
        first = self.cells[0]
        for suffix in sorted(suffixes, key=lambda s: (not self.known[s].pool_of, s)):
            inserted = first.mechanisms[suffix]
            at = np.searchsorted(inserted.nodes, nodes)
            lanes = [cell.mechanisms[suffix] for cell in self.cells]
            given: dict[str, Floats] = {
                name: np.stack([lane.parameters[name][at] for lane in lanes], -1)
                for name in inserted.parameters
            }
            for full, value in first.globals.items():
                if full.endswith(f"_{suffix}"):
                    given[full.removesuffix(f"_{suffix}")] = np.full((1, 1), value)
            given["celsius"] = np.full((1, 1), first.celsius)
            given["diam"] = self.across(lambda c: c.diam[nodes])
            given["area"] = self.across(lambda c: c.area[nodes])
            states = {
                name: np.stack([lane.states[name][at] for lane in lanes], -1)
                for name in inserted.states
            }
            writes = frozenset(w for ion in self.known[suffix].ions for w in ion.writes)
            yield Part(self.equations[suffix], given, states, writes)

    def code(
        self, suffixes: Sequence[str], nodes: Ints, coupled: Floats, kept: Sequence[str]
    ) -> Code:
        """Return the C of a population, from one step's potential to the next one's currents.

        Parameters
        ----------
        coupled
            Sum of the conductances to neighbours (uS), shape [members, lanes].
        kept
            Variables that are recorded there, by NEURON's names.
        """
        numbers = Numbers(nodes.size, len(self.cells))
        code = Code(self.dt, numbers, Sweeps(self.reach, self.accuracy), splits=True)
        parts = list(self.parts(suffixes, nodes))
        values: dict[str, dict[str, Value]] = {}
        for part in parts:
            with of_file(part.equations):
                values[part.suffix] = start(part)
        pools = [part for part in parts if self.known[part.suffix].pool_of]
        ions = Ions(self, parts, nodes, code)
        with code.updating():
            for part in pools:
                own = values[part.suffix]
                own |= ions.around() | self._states(part, code)
                with of_file(part.equations):
                    step_states(part, own, code)
                    if not self.known[part.suffix].currents:
                        assign(part.equations.breakpoint, own, numbers, namer(part, code))
                ions.write(part, own)
        around = ions.now()
        with code.updating():
            for part in parts:
                own = values[part.suffix]
                own |= around | self._states(part, code)
                if part not in pools:
                    with of_file(part.equations):
                        step_states(part, own, code)
        code.next_loop()
        code.splits = False
        self._currents(parts, values, nodes, coupled, kept, ions, code)
        return code

    def _states(self, part: Part, code: Code) -> dict[str, Value]:
        """Return the states of a mechanism as they stand in memory."""
        return {
            name: running(f"STATE({code.slot(part.slot(name), x)})")
            for name, x in part.states.items()
        }

    def _currents(
        self, parts: list[Part], values: dict[str, dict[str, Value]], nodes: Ints,
        coupled: Floats, kept: Sequence[str], ions: Ions, code: Code,
    ) -> None:  # fmt: skip
        """Write the currents of all mechanisms, their sums, and what is recorded of them."""
        numbers = code.numbers
        shown: dict[str, Value] = {}
        others: list[Value] = []
        states = {part.slot(n) for part in parts for n in part.states}
        for part in parts:
            own = values[part.suffix]
            for name, state in self._states(part, code).items():
                own[name] = shown[part.slot(name)] = code.variable(part.slot(name), state)
            code.write(f"/* {part.suffix}: BREAKPOINT of {_file(part.equations)} */")
            with of_file(part.equations):
                remember(part, own, code)
                assign(part.equations.breakpoint, own, numbers, namer(part, code))
            for slot in [part.slot(n) for n in part.states if own[n] is not shown[part.slot(n)]]:
                states.discard(slot)  # BREAKPOINT assigns it
                if slot in kept:
                    code.store(slot, own[slot.removesuffix(f"_{part.suffix}")])
            for current in part.equations.currents:
                if not ions.carry(current.name, own[current.name]):
                    others.append(own[current.name])
            shown |= {f"{n}_{part.suffix}": x for n, x in own.items() if n not in part.writes}
        carried, slopes = ions.sums()
        shown |= carried
        plain, more = add_up(others, code, "nonspecific")
        slopes += more
        every = [numbers.c(x) for n, x in carried.items() if n[0] == "i" and x is not ZERO]
        every += [] if plain is ZERO else [numbers.c(plain)]
        area = numbers.c(Known(self.across(lambda c: c.area[nodes]) * MA_PER_CM2_IN_NA_PER_UM2))
        ca = self.across(lambda c: c.cm[nodes] * c.area[nodes]) * UF_IN_NF * UM2_IN_CM2
        rest = numbers.c(Known(ca / self.dt + coupled))
        left = f"fma_v({area}, {' + '.join(slopes)}, {rest})" if slopes else rest
        code.write(f"*(V *)(d + W * q) = {left};")
        right = f"-{area} * ({' + '.join(every)})" if every else "all(0)"
        code.write(f"*(V *)(r + W * q) = {right};")
        code.late = set(kept) - states - ions.concentrations
        for name in kept:
            if name in code.slots:
                continue
            if name not in shown:
                raise UnsupportedByEngine(
                    f"the kernel does not keep {name} at this place. It has "
                    + ", ".join(sorted(shown))
                )
            code.store(name, shown[name])
        for k, function in enumerate(numbers.functions):
            code.sweeps.value(function, k)


class Ions:
    """Concentrations, reversal potentials and currents of ions in a population.

    What no mechanism of the population writes is a number of its members, as NEURON has it.
    """

    def __init__(self, of: Membranes, parts: list[Part], nodes: Ints, code: Code) -> None:
        self._of, self._code, self._nodes = of, code, nodes
        known = [of.known[part.suffix] for part in parts]
        self._ions = sorted({ion.name for m in known for ion in m.ions})
        written = [w for m in known for ion in m.ions for w in ion.writes]
        self._kept = [f"{ion}{side}" for ion in self._ions for side in "io"
                      if f"{ion}{side}" in written]  # fmt: skip
        twice = [name for name in self._kept if written.count(name) > 1]
        if twice:
            raise UnsupportedByEngine(
                f"{twice[0]} is written by several mechanisms at one place; NEURON's order of them "
                "is not the kernel's. Use engine='neuron'"
            )
        read = {r for m in known for ion in m.ions for r in ion.reads}
        self._carried = [f"i{ion}" for ion in self._ions if f"i{ion}" in read]
        self._currents: dict[str, list[Value]] = {}
        for name in self._kept:
            code.slot(name, self._start(name))
        for name in self._carried:
            code.slot(name)

    @property
    def concentrations(self) -> set[str]:
        """Names of the concentrations."""
        return {f"{ion}{side}" for ion in self._ions for side in "io"}

    def _start(self, name: str) -> Floats:
        ion = next(i for i in self._ions if name in (f"e{i}", f"{i}i", f"{i}o"))
        return self._of.across(lambda c: c.ions[ion][name][self._nodes])

    def around(self) -> dict[str, Value]:
        """Return all variables of ions as they stand in memory, reversals as at the start."""
        found: dict[str, Value] = {}
        for ion in self._ions:
            for name in (f"e{ion}", f"{ion}i", f"{ion}o"):
                found[name] = Known(self._start(name))
        for name in (*self._kept, *self._carried):
            found[name] = running(f"STATE({self._code.slot(name)})")
        return found

    def write(self, part: Part, values: Mapping[str, Value]) -> None:
        """Write concentrations that a mechanism assigns and that are none of its states."""
        for name in self._kept:
            if name in part.writes and name not in part.states:
                self._code.store(name, values[name])

    def now(self) -> dict[str, Value]:
        """Write concentrations and the reversal potentials that follow them, and return all."""
        found = self.around()
        for name in self._kept:
            found[name] = self._code.variable(name, found[name])
        do, cell = self._code.numbers.apply, self._of.cells[0]
        for ion in self._ions:
            follows = cell.nernst[ion][self._nodes]
            moves = {f"{ion}i", f"{ion}o"} & set(self._kept)
            if moves and follows.all():  # e = RT/zF ln(outside/inside)
                scale = _V_IN_MV * GAS * (cell.celsius + _KELVIN) / (FARADAY * cell.charges[ion])
                ratio = do("/", found[f"{ion}o"], found[f"{ion}i"])
                value = do("*", number(scale), do("log", ratio))
                found[f"e{ion}"] = self._code.variable(f"e{ion}", value)
            elif moves and follows.any():
                raise UnsupportedByEngine(f"e{ion} follows concentrations at some places only")
        self._shown = found
        return found

    def carry(self, name: str, value: Value) -> bool:
        """Note a current; return whether it is an ion's."""
        if name not in {f"i{ion}" for ion in self._ions}:
            return False
        self._currents.setdefault(name, []).append(value)
        return True

    def sums(self) -> tuple[dict[str, Value], list[str]]:
        """Write the current of each ion, keep those that a pool reads.

        Returns all variables of ions, and the terms of the slope of their currents.
        """
        shown, slopes = dict(self._shown), []
        for ion in self._ions:
            name = f"i{ion}"
            shown[name], more = add_up(self._currents.get(name, []), self._code, name)
            slopes += more
            if name in self._carried:
                self._code.store(name, shown[name])
        return shown, slopes


def _file(equations: Equations) -> str:
    return equations.suffix if equations.file is None else equations.file.name
