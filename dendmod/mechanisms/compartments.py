"""Channels and calcium pools of compartments, held against what the .mod files offer."""

from __future__ import annotations

from collections.abc import Callable

from dendmod.errors import DendmodError, SpecError
from dendmod.mechanisms.catalogue import check_parameters, get
from dendmod.spec.reduced import Compartment, ReducedCell

POOL = "CaDynamics_E2"
_NEEDS_POOL = ("Ca_HVA", "Ca_LVAst", "SK_E2")


def check_mechanisms(cell: ReducedCell) -> None:
    """Check that every channel and pool of a cell is known and can be what it is given as.

    Raises
    ------
    SpecError
        Naming the compartment whose mechanism or parameter is not known or not possible.
    """
    _each(cell, _check)


def check_pools(cell: ReducedCell) -> None:
    """Check that a pool keeps the calcium wherever channels work on it, as networks need.

    Raises
    ------
    SpecError
        Naming the compartment that has such channels and no pool.
    """
    _each(cell, _check_pool)


def _each(cell: ReducedCell, check: Callable[[Compartment], None]) -> None:
    for number, compartment in enumerate(cell.compartments):
        try:
            check(compartment)
        except DendmodError as error:
            raise SpecError(f"compartment {compartment.name or number}: {error}") from None


def _check(compartment: Compartment) -> None:
    for suffix, params in {**compartment.channels, **compartment.pools}.items():
        check_parameters(suffix, params)
        if get(suffix).kind != "density":
            raise SpecError(f"{suffix} is a point process; name a channel or a calcium pool")
    for suffix in compartment.pools:
        if suffix != POOL:
            raise SpecError(f"{suffix} is not a calcium pool; the pool is {POOL}")


def _check_pool(compartment: Compartment) -> None:
    lonely = [s for s in compartment.channels if s in _NEEDS_POOL]
    if lonely and not compartment.pools:
        raise SpecError(
            f"{', '.join(lonely)} works on calcium; give the compartment a pool: "
            f"pools={{{POOL!r}: {{...}}}}"
        )
