"""The nodes of a cell in the order in which the kernel goes through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.spec.nodes import Array, CellNodes, Ints

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Tree:
    """The nodes that count, those with the longest way to a tip first, so that parents come first.

    Nodes with ways of one length do not wait for each other; of these the ones with as many
    children follow each other, so that a CPU guesses right how many there are.

    Parameters
    ----------
    old
        Numbers of the nodes among those of the cell, shape [nodes].
    parent
        Place of each node's parent in this order, -1 for the root.
    g_axial
        Conductance to the parent (uS), 0 for the root.
    """

    old: Ints
    parent: Ints
    g_axial: Array

    @property
    def n(self) -> int:
        """Number of nodes."""
        return int(self.old.size)

    def children(self) -> tuple[Ints, Ints]:
        """Return the children of all nodes, and where those of each begin, shape [nodes + 1]."""
        by_parent = np.argsort(self.parent, kind="stable")
        first = np.searchsorted(self.parent[by_parent], np.arange(self.n + 1))
        return by_parent, first

    def coupled(self) -> Array:
        """Return the sum of the conductances that join each node to others (uS)."""
        total = self.g_axial.copy()
        np.add.at(total, self.parent[1:], self.g_axial[1:])  # the root is the first
        return total


def tree_of(cell: CellNodes, used: Ints) -> Tree:
    """Return the nodes of a cell in the kernel's order.

    An end without membrane, children and anything at it is left out; one with a single child
    becomes a conductance in series.

    Parameters
    ----------
    used
        Nodes at which something is attached or recorded, which are kept.
    """
    parent, g = cell.parent.copy(), cell.g_axial.copy()
    bare = cell.area <= 0
    bare[used] = False
    children = np.bincount(parent[1:], minlength=cell.n)
    keep = ~(bare & (children == 0))
    # an end whose only child was such an end is gone as well
    for i in range(cell.n - 1, 0, -1):
        if not keep[i]:
            children[parent[i]] -= 1
            keep[parent[i]] &= not (bare[parent[i]] and children[parent[i]] == 0)
    for i in range(1, cell.n):
        while keep[i] and bare[above := parent[i]] and children[above] == 1 and above > 0:
            g[i] = 1 / (1 / g[i] + 1 / g[above])
            keep[above] = False
            parent[i] = parent[above]
    order = _by_height(parent, keep)
    place = np.full(cell.n, -1)
    place[order] = np.arange(order.size)
    above = np.where(order > 0, place[parent[order]], -1)
    return Tree(order, above, np.where(above < 0, 0.0, g[order]))


def _by_height(parent: Ints, keep: Bools) -> Ints:
    height, children = np.zeros(parent.size, int), np.zeros(parent.size, int)
    for i in range(parent.size - 1, 0, -1):
        if keep[i]:
            height[parent[i]] = max(height[parent[i]], height[i] + 1)
            children[parent[i]] += 1
    nodes = np.flatnonzero(keep)
    return nodes[np.lexsort((children[nodes], -height[nodes]))]
