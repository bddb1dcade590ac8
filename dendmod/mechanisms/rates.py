"""The equations of the channels, read from their .mod files: one source for every engine.

A channel's gates follow ``x' = (xinf - x)/xtau``; its conductance is a product of powers of them
times the maximal one; its current is ohmic. The files keep to that form (`tests/mechanisms` holds
them to it), so that a few patterns read them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import MechanismError
from dendmod.mechanisms.catalogue import get

_NUMBER_WITH_UNIT = re.compile(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\(([^()]*)\)")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gate:
    """One gating variable and the power with which it enters the conductance."""

    name: str
    power: int
    inf: str
    tau: str


@dataclass(frozen=True)
class Channel:
    """The equations of one channel.

    Parameters
    ----------
    suffix, gbar
        Its name and that of its maximal conductance.
    gates
        Its gating variables.
    depends_on
        "v" or "cai": what its rates depend on.
    ion
        "na", "k", "ca", or "" for a current without an ion.
    reversal
        Name of its reversal potential.
    constants
        Values of its parameters.
    """

    suffix: str
    gbar: str
    gates: tuple[Gate, ...]
    depends_on: str
    ion: str
    reversal: str
    constants: dict[str, float]
    _evaluate: Callable[..., dict[str, float]]

    def rates(self, x: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return steady states and time constants (ms) at `x`, shape (points, gates) each.

        Parameters
        ----------
        x
            Potentials (mV) or calcium concentrations (mM), shape (points,).
        """
        rows = [self._evaluate(float(value)) for value in np.asarray(x, dtype=float)]
        inf = np.array([[row[g.inf] for g in self.gates] for row in rows])
        tau = np.array([[{**self.constants, **row}[g.tau] for g in self.gates] for row in rows])
        return inf, tau


@cache
def channel(suffix: str) -> Channel:
    """Return the equations of a channel.

    Raises
    ------
    MechanismError
        If its file does not keep to the form.
    """
    path = get(suffix).file
    if path is None:
        raise MechanismError(
            f"{suffix} is built into NEURON; it has no file to read equations from"
        )
    return read_channel(path)


def read_channel(path: Path) -> Channel:
    """Read the equations of a channel from its .mod file."""
    text = re.sub(r":.*", "", path.read_text(encoding="utf-8"))
    neuron, breakpoint_, derivative = (
        _block(text, k, path) for k in ("NEURON", r"BREAKPOINT", r"DERIVATIVE\s+\w+")
    )
    suffix = _find(r"SUFFIX\s+(\w+)", neuron, path)
    conductance = re.search(r"(\w+)\s*=\s*(\w+bar)((?:\*\w+)+)", breakpoint_)
    if conductance is None:
        raise MechanismError(f"{path}: no line g = gbar*gate*... in BREAKPOINT")
    factors = conductance.group(3).strip("*").split("*")
    reversal = _find(rf"\w+\s*=\s*{conductance.group(1)}\*\(v - (\w+)\)", breakpoint_, path)
    current = _find(rf"(\w+)\s*=\s*{conductance.group(1)}\*\(v - \w+\)", breakpoint_, path)
    gates = tuple(
        Gate(name, factors.count(name), inf, tau)
        for name, inf, tau in re.findall(r"(\w+)'\s*=\s*\((\w+) - \1\)/(\w+)", derivative)
    )
    if not gates or sum(g.power for g in gates) != len(factors):
        raise MechanismError(f"{path}: gates {factors} and their equations do not agree")
    constants = {
        name: as_compiled(float(value))
        for name, value in re.findall(
            r"^\s*(\w+)\s*=\s*([-+.\deE]+)", _block(text, "PARAMETER", path), flags=re.M
        )
    }
    argument, evaluate = _rates(text, constants, path)
    return Channel(
        suffix=suffix,
        gbar=conductance.group(2),
        gates=gates,
        depends_on=argument,
        ion=current[1:] if current[1:] in ("na", "k", "ca") else "",
        reversal=reversal,
        constants=constants,
        _evaluate=evaluate,
    )


def as_compiled(value: float) -> float:
    """Return a parameter's default as NEURON computes with it: its translator keeps six digits."""
    return float(f"{value:g}")


def _find(pattern: str, text: str, path: Path) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise MechanismError(f"{path}: nothing matches {pattern}")
    return found.group(1)


def _block(text: str, keyword: str, path: Path) -> str:
    """Return what stands between the braces of a block."""
    found = re.search(rf"\b{keyword}[^{{]*\{{", text)
    if found is None:
        raise MechanismError(f"{path}: no block {keyword}")
    depth, start = 1, found.end()
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[start:end]
    raise MechanismError(f"{path}: the block {keyword} does not end")


def _rates(text: str, constants: dict[str, float], path: Path) -> tuple[str, Any]:
    argument = _find(r"PROCEDURE\s+rates\((\w+)", text, path)
    names: dict[str, Any] = {"exp": math.exp, "fabs": abs, "log": math.log, **constants}
    for name, given in re.findall(r"FUNCTION\s+(\w+)\((\w+)", text):
        source = _python(_block(text, rf"FUNCTION\s+{name}\(", path))
        exec(
            f"def {name}({given}):\n{source}\n    return {name}_\n".replace(
                f"    {name} =", f"    {name}_ ="
            ),
            names,
        )
    body = _python(_block(text, r"PROCEDURE\s+rates", path))
    exec(f"def rates({argument}):\n{body}\n    return locals()\n", names)
    return argument, names["rates"]


def _python(code: str) -> str:
    """Translate assignments and if/else of NMODL into Python, indented once."""
    code = _NUMBER_WITH_UNIT.sub(r"\1", code).replace("^", "**")
    out, depth = [], 1
    for line in (raw.strip() for raw in code.splitlines()):
        if line.startswith("LOCAL") or not line:
            continue
        if line.startswith("}"):
            depth -= 1
            line = line[1:].strip()
        if line.endswith("{"):
            out.append("    " * depth + line[:-1].strip() + ":")
            depth += 1
        elif line:
            out.append("    " * depth + line)
    return "\n".join(out)
