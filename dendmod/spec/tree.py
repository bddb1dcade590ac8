"""Compartments in an order in which each comes after its parent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class InTree(Protocol):
    """What a compartment says of its place in a tree."""

    @property
    def name(self) -> str:
        """How it is called."""

    @property
    def parent(self) -> int:
        """Number of the compartment before it that it hangs on; -1 for the first."""

    @property
    def g_couple(self) -> float:
        """Conductance to the parent (nS); 0 for the first."""


def check_tree(compartments: Sequence[InTree]) -> None:
    """Check parents and couplings.

    Raises
    ------
    ValueError
        Naming the first compartment that is out of place.
    """
    for i, c in enumerate(compartments):
        if (i == 0) != (c.parent == -1) or c.parent >= i:
            raise ValueError(
                f"compartment {i} ({c.name}) has parent {c.parent}; the first one has -1 and "
                "all others a compartment before them"
            )
        if (i == 0) != (c.g_couple == 0):
            raise ValueError(
                f"g_couple of compartment {i} ({c.name}) is {c.g_couple} nS; the first compartment "
                "has 0, all others more"
            )
