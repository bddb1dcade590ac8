"""What set-ups that run side by side have in common, and what each has of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dendmod.errors import SpecError, UnsupportedByEngine, did_you_mean
from dendmod.mechanisms import mechanism_set
from dendmod.spec import Setup
from dendmod.spec.nodes import CellNodes
from dendmod.spec.stimulus import VoltageClamp


def check_alike(first: Setup, setup: Setup) -> None:
    """Check that a set-up differs from the first one in numbers alone."""
    of: dict[str, list[object]] = {
        "synapses": [
            [(s.name, s.mechanism, s.location) for s in x.synapses] for x in (first, setup)
        ],
        "current clamps": [[c.location for c in x.current_clamps] for x in (first, setup)],
        "currents": [[c.location for c in x.currents] for x in (first, setup)],
        "voltage clamp": [_clamp_form(x.voltage_clamp) for x in (first, setup)],
        "recordings": [x.record for x in (first, setup)],
        "folders of mechanisms": [x.cell.mechanisms for x in (first, setup)],
    }
    for what, (one, other) in of.items():
        if one != other:
            raise UnsupportedByEngine(
                f"the set-ups differ in their {what}; the kernel runs set-ups side by side that "
                "differ in numbers alone"
            )


def _clamp_form(clamp: VoltageClamp | None) -> object:
    """Return all of a clamp but its potentials."""
    return clamp and (clamp.location, clamp.rs, [level.dur for level in clamp.levels])


def scaled(cell: CellNodes, setup: Setup, scale: Mapping[str, float]) -> CellNodes:
    """Return a cell whose maximal conductances are multiplied.

    Raises
    ------
    SpecError
        If the cell has no such mechanism, or nothing of it can be multiplied.
    """
    if not scale:
        return cell
    known, mechanisms = mechanism_set(setup.cell.mechanisms), dict(cell.mechanisms)
    for suffix, factor in scale.items():
        if suffix not in mechanisms:
            hint = did_you_mean(suffix, mechanisms)
            raise SpecError(f"scale: the cell has no {suffix!r}.{hint}")
        own, names = mechanisms[suffix], known.get(suffix).maximal
        if not names:
            raise SpecError(f"scale: {suffix} has no maximal conductance")
        parameters = own.parameters | {n: factor * own.parameters[n] for n in names}
        mechanisms[suffix] = replace(own, parameters=parameters)
    return replace(cell, mechanisms=mechanisms)
