"""Channels and pools of compartments, held against what the .mod files offer."""

from __future__ import annotations

from collections.abc import Callable

from dendmod.errors import DendmodError, SpecError
from dendmod.mechanisms.catalogue import MechanismSet, mechanism_set
from dendmod.spec.reduced import Compartment, ReducedCell


def inner_concentration(ion: str) -> str:
    """Return NEURON's name of the concentration inside (mM) that stays where no pool keeps it."""
    return f"{ion}i0_{ion}_ion"


def check_mechanisms(cell: ReducedCell) -> None:
    """Check that every channel and pool of a cell is known and can be what it is given as.

    Raises
    ------
    SpecError
        Naming the compartment whose mechanism or parameter is not known or not possible.
    """
    known = mechanism_set(cell.mechanisms)
    _each(cell, lambda compartment: _check(compartment, known))


def check_pools(cell: ReducedCell) -> None:
    """Check that a pool keeps each concentration that channels work on, as networks need.

    Raises
    ------
    SpecError
        Naming the compartment that has such channels, no pool, and no concentration that stays.
    """
    known = mechanism_set(cell.mechanisms)
    ions = {ion.name for m in known.mechanisms.values() for ion in m.ions}
    stays = {ion for ion in ions if inner_concentration(ion) in cell.globals}
    _each(cell, lambda compartment: _check_pool(compartment, known, stays))


def _each(cell: ReducedCell, check: Callable[[Compartment], None]) -> None:
    for number, compartment in enumerate(cell.compartments):
        try:
            check(compartment)
        except DendmodError as error:
            raise SpecError(f"compartment {compartment.name or number}: {error}") from None


def _check(compartment: Compartment, known: MechanismSet) -> None:
    for suffix, params in {**compartment.channels, **compartment.pools}.items():
        known.check_parameters(suffix, params)
        if known.get(suffix).kind != "density":
            raise SpecError(f"{suffix} is a point process; name a channel or a pool")
    for suffix in compartment.pools:
        if not known.get(suffix).pool_of:
            pools = [name for name, m in known.mechanisms.items() if m.pool_of]
            raise SpecError(
                f"{suffix} writes no concentration and is no pool; pools are {', '.join(pools)}"
            )


def _check_pool(compartment: Compartment, known: MechanismSet, stays: set[str]) -> None:
    kept = {ion for suffix in compartment.pools for ion in known.get(suffix).pool_of} | stays
    for suffix in compartment.channels:
        lonely = [ion for ion in known.get(suffix).needs_pool if ion not in kept]
        if lonely:
            raise SpecError(
                f"{suffix} works on {' and '.join(lonely)}; give the compartment a pool that keeps "
                "its concentration, in pools, or the cell the concentration that stays, "
                f"{inner_concentration(lonely[0])} in globals"
            )
