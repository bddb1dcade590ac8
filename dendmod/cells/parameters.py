"""Parameters of mechanisms, changed wherever a cell has them, whatever form its membrane takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dendmod.spec import Cell, MechanismSpec, ReducedCell, SectionTables, scale_and_shift
from dendmod.spec.reduced import Compartment
from dendmod.spec.section_tables import SectionMembrane

AnyCell = TypeVar("AnyCell", Cell, ReducedCell, Cell | ReducedCell)
Parameters = Mapping[str, Any]
Change = Callable[[str, Parameters, int | None], Parameters]


def changed(cell: AnyCell, change: Change) -> AnyCell:
    """Return a copy of a cell with other parameters of its mechanisms.

    Parameters
    ----------
    change
        Gets a mechanism's name and its parameters at one place, and returns those that are others
        there: numbers, or values of the same form, which is a number or a distribution for a
        region or a compartment, and a row for a section of tables, whose number is the third
        argument (else None).
    """
    if isinstance(cell, ReducedCell):
        compartments = tuple(_compartment(c, change) for c in cell.compartments)
        return cell.model_copy(update={"compartments": compartments})
    membrane = cell.biophysics
    parts: dict[str, object] = {}
    if isinstance(membrane, SectionTables):
        parts["sections"] = tuple(_section(s, i, change) for i, s in enumerate(membrane.sections))
    else:
        parts["regions"] = {
            name: region.model_copy(
                update={"mechanisms": tuple(_mechanism(m, change) for m in region.mechanisms)}
            )
            for name, region in membrane.regions.items()
        }
    return cell.model_copy(update={"biophysics": membrane.model_copy(update=parts)})


def times(value: Any, factor: float) -> Any:
    """Return a value of any form, multiplied."""
    if isinstance(value, tuple):
        return tuple(factor * x for x in value)
    return scale_and_shift(value, factor)


def _compartment(c: Compartment, change: Change) -> Compartment:
    new = {
        field: {s: {**own, **change(s, own, None)} for s, own in getattr(c, field).items()}
        for field in ("channels", "pools")
    }
    return c.model_copy(update=new)


def _section(section: SectionMembrane, i: int, change: Change) -> SectionMembrane:
    values = dict(section.values)
    for suffix in section.mechanisms:
        end = f"_{suffix}"
        own = {n.removesuffix(end): row for n, row in section.values.items() if n.endswith(end)}
        for name, value in change(suffix, own, i).items():
            values[name + end] = value if isinstance(value, tuple) else (value,)
    return section.model_copy(update={"values": values})


def _mechanism(m: MechanismSpec, change: Change) -> MechanismSpec:
    return MechanismSpec(suffix=m.suffix, params={**m.params, **change(m.suffix, m.params, None)})
