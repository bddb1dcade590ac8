"""Where the calcium of a cell's pools starts: part of a protocol, as ``v_init`` is."""

from __future__ import annotations

from dendmod.cells.parameters import AnyCell, changed
from dendmod.errors import SpecError
from dendmod.mechanisms import mechanism_set
from dendmod.spec import ReducedCell

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
    return changed(cell, lambda suffix, _, __: {START: start} if suffix in able else {})
