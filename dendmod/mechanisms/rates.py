"""Channels that are gates of one variable and a maximal conductance, as the kernel tabulates them.

What their .mod files compute is in `dendmod.mechanisms.equations`; this is the part of it that has
the form ``gbar * product of powers of gates * (v - e)``, each gate of first order in the potential
or in calcium.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import MechanismError
from dendmod.mechanisms.algebra import factors
from dendmod.mechanisms.catalogue import mechanism_set, parse
from dendmod.mechanisms.equations import Assign, Equations
from dendmod.mechanisms.evaluate import after_breakpoint, check, relaxations, value_of
from dendmod.mechanisms.mechanism import Mechanism
from dendmod.mechanisms.nmodl import equations_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gate:
    """One gating variable and the power with which it enters the conductance."""

    name: str
    power: int


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
    equations
        All that its file computes.
    """

    suffix: str
    gbar: str
    gates: tuple[Gate, ...]
    depends_on: str
    ion: str
    reversal: str
    equations: Equations

    @property
    def constants(self) -> dict[str, float]:
        """Values of its parameters."""
        return dict(self.equations.values)

    def rates(self, x: npt.ArrayLike, **given: Any) -> tuple[Floats, Floats]:
        """Return steady states and time constants (ms) at `x`, shape (points, gates) each.

        Parameters
        ----------
        x
            Potentials (mV) or calcium concentrations (mM), shape (points,).
        given
            Other values, such as ``celsius`` where the rates depend on it.
        """
        at = np.asarray(x, dtype=float)
        found = relaxations(self.equations, **{self.depends_on: at}, **given)
        inf, tau = (
            np.stack([np.broadcast_to(found[g.name][i], at.shape) for g in self.gates], axis=-1)
            for i in (0, 1)
        )
        return inf, tau


@cache
def channel(suffix: str, folders: tuple[str, ...] = ()) -> Channel:
    """Return the equations of a channel, of dendmod's own or of those of a user's folders.

    Raises
    ------
    MechanismError
        If its file does not keep to the form.
    UnsupportedByEngine
        If its file has constructs that are not read; the line is named.
    """
    return _channel(mechanism_set(folders).get(suffix))


def read_channel(path: Path) -> Channel:
    """Read the equations of a channel from its .mod file; see `channel`."""
    return _channel(parse(path))


def _channel(mechanism: Mechanism) -> Channel:
    where = mechanism.file
    if where is None:
        raise MechanismError(
            f"{mechanism.suffix} is built into NEURON; it has no file to read equations from"
        )
    equations = equations_of(where)
    check(equations, "the kernel")
    if len(equations.currents) != 1 or equations.currents[0].conductance is None:
        raise MechanismError(f"{where}: its current is not g*(v - e)")
    if len(mechanism.maximal) != 1:
        raise MechanismError(f"{where}: its current is not proportional to one parameter")
    gbar = mechanism.maximal[0]
    gates = _gates(equations, gbar, where)
    reads = {n for name, names in equations.depends if name in equations.states for n in names}
    reads &= {"v", *(n for ion in mechanism.ions for n in ion.reads)}
    if reads not in ({"v"}, {"cai"}):
        raise MechanismError(
            f"{where}: its gates depend on {', '.join(sorted(reads)) or 'nothing'}"
        )
    carried = [ion for ion in mechanism.carries if ion in ("na", "k", "ca")]
    return Channel(
        suffix=mechanism.suffix,
        gbar=gbar,
        gates=gates,
        depends_on=reads.pop(),
        ion=carried[0] if carried else "",
        reversal=mechanism.reversal,
        equations=equations,
    )


def _gates(equations: Equations, gbar: str, where: Path) -> tuple[Gate, ...]:
    """Return the gates with their powers; the conductance is their product and gbar alone."""
    conductance = equations.currents[0].conductance
    assert conductance is not None
    assigned = {s.name: s.value for s in equations.breakpoint if isinstance(s, Assign)}
    names, others = factors(conductance, assigned)
    parts = [n for n in names if n not in assigned and n != gbar]
    if others or not parts or set(parts) != set(equations.states):
        raise MechanismError(f"{where}: its conductance is not {gbar} times powers of its gates")
    ones = dict.fromkeys(equations.states, 1.0)
    around = dict.fromkeys({gbar, "v", "celsius", *_around(equations)}, 1.0)
    at_one = after_breakpoint(equations, ones, **around)
    if value_of(conductance, at_one) != 1.0:
        raise MechanismError(f"{where}: its conductance is not {gbar} where all gates are open")
    return tuple(Gate(name, parts.count(name)) for name in equations.states)


def _around(equations: Equations) -> set[str]:
    every = {n for _, names in equations.depends for n in names}
    return every - set(equations.states)
