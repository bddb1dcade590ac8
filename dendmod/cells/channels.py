"""The channels of a cell: what conducts in its set of mechanisms, scaled or blocked.

A channel is what adds a current, is no leak and keeps no concentration; its maximal conductance
counts whether the cell sets it or leaves it at its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from dendmod.errors import SpecError, did_you_mean
from dendmod.mechanisms import MechanismSet, mechanism_set
from dendmod.mechanisms.conducting import gated_parameters, is_channel
from dendmod.spec import Cell, MechanismSpec, ReducedCell, SectionTables, scale_and_shift
from dendmod.spec.cell import Value

AnyCell = TypeVar("AnyCell", Cell, ReducedCell, Cell | ReducedCell)


def channels(cell: Cell | ReducedCell) -> tuple[str, ...]:
    """Return the names of all channels of a cell, sorted; leaks are none."""
    known = mechanism_set(cell.mechanisms)
    if isinstance(cell, ReducedCell):
        found = {suffix for c in cell.compartments for suffix in c.channels}
    else:
        found = set(cell.suffixes)
    return tuple(sorted(suffix for suffix in found if is_channel(known.get(suffix))))


def scaled(cell: AnyCell, factors: Mapping[str, float]) -> AnyCell:
    """Return a copy whose maximal conductances are multiplied, by channel (0 blocks).

    Raises
    ------
    SpecError
        If the cell has no such channel.
    MechanismError
        If the current of a channel is proportional to no parameter.
    """
    there = channels(cell)
    for suffix in factors:
        if suffix not in there:
            name = cell.name if isinstance(cell, ReducedCell) else cell.biophysics.name
            raise SpecError(f"{name} has no channel {suffix!r}." + did_you_mean(suffix, there))
    if isinstance(cell, ReducedCell):
        return _scaled_compartments(cell, factors)
    known, biophysics, regions = mechanism_set(cell.mechanisms), cell.biophysics, {}
    if isinstance(biophysics, SectionTables):
        of_names = {
            f"{name}_{suffix}": factor
            for suffix, factor in factors.items()
            for name in gated_parameters(known.get(suffix))
        }
        return cell.model_copy(update={"biophysics": biophysics.multiplied(of_names)})
    for region, spec in biophysics.regions.items():
        mechanisms = tuple(
            MechanismSpec(
                suffix=m.suffix, params=_scaled(known, m.suffix, m.params, factors[m.suffix])
            )
            if m.suffix in factors
            else m
            for m in spec.mechanisms
        )
        regions[region] = spec.model_copy(update={"mechanisms": mechanisms})
    return cell.model_copy(
        update={"biophysics": biophysics.model_copy(update={"regions": regions})}
    )


def blocked(cell: AnyCell) -> AnyCell:
    """Return a copy without the current of any channel; leaks stay."""
    return scaled(cell, dict.fromkeys(channels(cell), 0.0))


def _scaled_compartments(cell: ReducedCell, factors: Mapping[str, float]) -> ReducedCell:
    known = mechanism_set(cell.mechanisms)
    compartments = tuple(
        c.model_copy(
            update={
                "channels": {
                    suffix: _scaled(known, suffix, params, factors.get(suffix, 1.0))
                    for suffix, params in c.channels.items()
                }
            }
        )
        for c in cell.compartments
    )
    return cell.model_copy(update={"compartments": compartments})


_Value = TypeVar("_Value", float, Value)


def _scaled(
    known: MechanismSet, suffix: str, params: Mapping[str, _Value], factor: float
) -> dict[str, _Value]:
    """Return parameters with the maximal ones multiplied, those at their defaults too."""
    out = dict(params)
    if factor == 1.0:
        return out
    mechanism = known.get(suffix)
    defaults = {p.name: p.default for p in mechanism.parameters}
    for name in gated_parameters(mechanism):
        # a number stays a number, which the type of the function does not say
        out[name] = scale_and_shift(out.get(name, defaults[name]), factor)  # type: ignore[assignment]
    return out
