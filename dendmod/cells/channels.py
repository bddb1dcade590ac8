"""The channels of a cell: what conducts in its set of mechanisms, scaled or blocked.

A channel is what adds a current, is no leak and keeps no concentration; its maximal conductance
counts whether the cell sets it or leaves it at its default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dendmod.cells.parameters import AnyCell, Parameters, changed, times
from dendmod.errors import SpecError, did_you_mean
from dendmod.mechanisms import mechanism_set
from dendmod.mechanisms.conducting import gated_parameters, is_channel
from dendmod.spec import Cell, ReducedCell, SectionTables
from dendmod.spec.section_tables import SectionMembrane


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
    known = mechanism_set(cell.mechanisms)

    def change(suffix: str, given: Parameters, _: int | None) -> Parameters:
        factor = factors.get(suffix, 1.0)
        if factor == 1.0:
            return {}
        mechanism = known.get(suffix)  # what is at its default counts too
        every = {p.name: p.default for p in mechanism.parameters} | dict(given)
        return {name: times(every[name], factor) for name in gated_parameters(mechanism)}

    return changed(cell, change)


def keeping(cell: Cell, names: Sequence[str]) -> Cell:
    """Return a copy of a full cell with these mechanisms and its leaks alone.

    A pool that is not named goes too: its concentration stays as the cell starts with.

    Raises
    ------
    SpecError
        If the cell has no such mechanism.
    """
    membrane, known = cell.biophysics, mechanism_set(cell.mechanisms)
    for suffix in names:
        if suffix not in cell.suffixes:
            raise SpecError(
                f"{membrane.name} has no mechanism {suffix!r} to keep."
                + did_you_mean(suffix, cell.suffixes)
            )

    gone = {s for s in cell.suffixes if s not in names and not known.get(s).is_leak}
    parts: dict[str, object] = {}
    if isinstance(membrane, SectionTables):
        parts["sections"] = tuple(_without(section, gone) for section in membrane.sections)
    else:
        parts["regions"] = {
            name: region.model_copy(
                update={"mechanisms": tuple(m for m in region.mechanisms if m.suffix not in gone)}
            )
            for name, region in membrane.regions.items()
        }
    return cell.model_copy(update={"biophysics": membrane.model_copy(update=parts)})


def _without(section: SectionMembrane, gone: set[str]) -> SectionMembrane:
    of_gone = tuple(f"_{suffix}" for suffix in gone)
    return section.model_copy(
        update={
            "mechanisms": tuple(s for s in section.mechanisms if s not in gone),
            "values": {n: row for n, row in section.values.items() if not n.endswith(of_gone)},
        }
    )


def blocked(cell: AnyCell) -> AnyCell:
    """Return a copy without the current of any channel; leaks stay."""
    return scaled(cell, dict.fromkeys(channels(cell), 0.0))
