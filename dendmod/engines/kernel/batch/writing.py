"""The C of a population while it is written: variables, states, and the loops they stand in.

A chain of operations that wait for each other keeps a CPU idle, so that members go through long
computations in several short loops; what one loop computes and a later one reads goes through a
buffer of a chunk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from dendmod.engines.kernel.batch.staging import ONE, Numbers, Running, Value
from dendmod.engines.kernel.batch.sweeps import Sweeps
from dendmod.engines.kernel.batch.tables import Floats

_DECLARED = re.compile(r"const ([VM]) (\w+) =")


class Line(NamedTuple):
    """A line of C, whether only an advancing step runs it, and the number of its loop."""

    text: str
    is_update: bool
    loop: int


@dataclass
class Code:
    """The C of a population, with the numbers, tables and states that it needs.

    Parameters
    ----------
    dt
        Step (ms).
    slots
        States by name, where they start: each of shape [members, lanes].
    late
        What is recorded as it was when the step's currents were computed.
    splits
        Whether each exponential gets a loop of its own.
    """

    dt: float
    numbers: Numbers
    sweeps: Sweeps
    splits: bool = False
    slots: dict[str, Floats] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)
    _taken: dict[str, int] = field(default_factory=dict)
    _calls: dict[str, str] = field(default_factory=dict)
    _is_update: bool = False
    _loop: int = 0

    def __post_init__(self) -> None:
        self.numbers.name_call = self._call

    def write(self, text: str) -> None:
        """Write a line."""
        self.lines.append(Line(text, self._is_update, self._loop))

    @contextmanager
    def updating(self) -> Iterator[None]:
        """Write what only an advancing step runs, not the one that computes currents alone."""
        calls = dict(self._calls)
        self._is_update = True
        yield
        self._is_update, self._calls = False, calls

    def next_loop(self) -> None:
        """Go on in a new loop."""
        self._loop += 1

    def slot(self, name: str, start: Floats | float = 0.0) -> int:
        """Return the number of a state, which is made if it is not there."""
        if name not in self.slots:
            shape = (self.numbers.members, self.numbers.lanes)
            self.slots[name] = np.array(np.broadcast_to(start, shape), float)
        return list(self.slots).index(name)

    def variable(self, name: str, value: Value) -> Value:
        """Write a variable that holds what is computed in a run; other values stay as they are."""
        if not isinstance(value, Running) or _is_name(value):
            return value
        slope = value.slope and cache(
            lambda: self.variable(f"{name}_slope", self.numbers.slope(value))
        )
        text = self.numbers.c(value)
        made = self._new(name)
        self.write(f"const {'M' if value.is_mask else 'V'} {made} = {text};")
        return Running((made,), ONE, slope, value.is_mask)

    def store(self, name: str, value: Value) -> None:
        """Write a value into a state."""
        self.write(f"STATE({self.slot(name)}) = {self.numbers.c(value)};")

    def _new(self, name: str) -> str:
        self._taken[name] = count = self._taken.get(name, 0) + 1
        return name if count == 1 else f"{name}_again{count}"

    def _call(self, text: str) -> str:
        """Return the variable of a call of an elementary function, which is written once."""
        if text not in self._calls:
            made = self._new("of_" + text.partition("_")[0])
            splits = self.splits and text.startswith("exp_v")
            self._loop += splits
            self.write(f"const V {made} = {text};")
            self._loop += splits
            self._calls[text] = made
        return self._calls[text]

    def loops(self) -> tuple[list[str], list[list[str]]]:
        """Return the lines that declare buffers, and the lines of each loop."""
        declared: dict[str, Line] = {}
        kinds: dict[str, str] = {}
        needed: dict[str, set[int]] = {}
        for line in self.lines:
            for word in re.findall(r"\w+", line.text):
                if word in declared and declared[word].loop < line.loop:
                    needed.setdefault(word, set()).add(line.loop)
            found = _DECLARED.match(line.text)
            if found:
                declared[found[2]], kinds[found[2]] = line, found[1]
        loops: list[list[str]] = []
        for number in sorted({line.loop for line in self.lines}):
            out = [
                f"const {kinds[name]} {name} = *(const {kinds[name]} *)(kept_{name} + W * q);"
                for name, where in needed.items()
                if number in where
            ]
            inside = False
            for line in (line for line in self.lines if line.loop == number):
                if line.is_update != inside:
                    out.append("if (update) {" if line.is_update else "}")
                    inside = line.is_update
                out.append(line.text)
                found = _DECLARED.match(line.text)
                if found and found[2] in needed:
                    out.append(f"*({found[1]} *)(kept_{found[2]} + W * q) = {found[2]};")
            loops.append([*out, "}"] if inside else out)
        buffers = [f"ALIGNED real kept_{name}[CHUNK * L];" for name in needed]
        return buffers, [loop for loop in loops if not all(t.startswith("/*") for t in loop)]


def _is_name(value: Running) -> bool:
    plain = len(value.factors) == 1 and value.known is ONE and not value.under
    return plain and value.factors[0].replace("_", "a").isalnum()
