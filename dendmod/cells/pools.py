"""Where the calcium of a cell's pools starts: part of a protocol, as ``v_init`` is."""

from __future__ import annotations

from dendmod.cells.channels import AnyCell
from dendmod.errors import SpecError
from dendmod.mechanisms import mechanism_set
from dendmod.spec import MechanismSpec, ReducedCell, SectionTables

START = "start"


def with_pool_start(cell: AnyCell, start: float) -> AnyCell:
    """Return a copy whose pools start at a concentration; those that have a parameter ``start``.

    Parameters
    ----------
    start
        Concentration (mM).

    Raises
    ------
    SpecError
        If no pool of the cell has one.
    """
    known = mechanism_set(cell.mechanisms)
    if isinstance(cell, ReducedCell):
        suffixes = {s for c in cell.compartments for s in c.pools}
    else:
        suffixes = set(cell.suffixes)
    pools = {s for s in suffixes if known.get(s).pool_of}
    able = {s for s in pools if START in known.get(s).parameter_names}
    if not able:
        raise SpecError(
            f"calcium cannot start at {start:g} mM: "
            + (
                f"{', '.join(sorted(pools))} has no parameter {START!r}; add one to its file"
                if pools
                else "the cell has no pool"
            )
        )
    if isinstance(cell, ReducedCell):
        compartments = tuple(
            c.model_copy(
                update={
                    "pools": {
                        s: {**params, START: start} if s in able else params
                        for s, params in c.pools.items()
                    }
                }
            )
            for c in cell.compartments
        )
        return cell.model_copy(update={"compartments": compartments})
    membrane = cell.biophysics
    if isinstance(membrane, SectionTables):
        sections = tuple(
            section.model_copy(
                update={
                    "values": section.values
                    | {f"{START}_{s}": (start,) for s in section.mechanisms if s in able}
                }
            )
            for section in membrane.sections
        )
        return cell.model_copy(
            update={"biophysics": membrane.model_copy(update={"sections": sections})}
        )
    regions = {
        name: region.model_copy(
            update={
                "mechanisms": tuple(
                    MechanismSpec(suffix=m.suffix, params={**m.params, START: start})
                    if m.suffix in able
                    else m
                    for m in region.mechanisms
                )
            }
        )
        for name, region in membrane.regions.items()
    }
    return cell.model_copy(update={"biophysics": membrane.model_copy(update={"regions": regions})})
