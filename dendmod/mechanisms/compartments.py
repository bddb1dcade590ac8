"""Channels and calcium pools of compartments, held against what the .mod files offer."""

from __future__ import annotations

from collections.abc import Mapping

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
        Naming the compartment whose mechanism or parameter is not known or not possible, or in
        which channels work on calcium and no pool keeps it.
    """
    known = mechanism_set(cell.mechanisms)
    for number, compartment in enumerate(cell.compartments):
        try:
            _check(compartment, known, cell.globals)
        except DendmodError as error:
            raise SpecError(f"compartment {compartment.name or number}: {error}") from None


def _check(compartment: Compartment, known: MechanismSet, values: Mapping[str, float]) -> None:
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
    kept = {ion for suffix in compartment.pools for ion in known.get(suffix).pool_of}
    for suffix in compartment.channels:
        needed = (ion for ion in known.get(suffix).needs_pool if ion not in kept)
        lonely = [ion for ion in needed if inner_concentration(ion) not in values]
        if lonely:
            raise SpecError(
                f"{suffix} works on {' and '.join(lonely)}; give the compartment a pool that keeps "
                "its concentration, in pools, or the cell the concentration that stays, "
                f"{inner_concentration(lonely[0])} in globals"
            )
