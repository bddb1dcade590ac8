"""Places kept so that no compartment stands for much membrane: the load of what is not kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.spec import Location
from dendmod.spec.result import Array
from dendmod.spec.segments import SegmentTree
from dendmod.units import NF_IN_PF

Owners = npt.NDArray[np.int64]


def nearest_kept(tree: SegmentTree, nodes: Sequence[int]) -> Owners:
    """Return for every node the kept one that is nearest in axial resistance, shape [nodes]."""
    resistance = np.zeros(tree.n)
    resistance[1:] = 1.0 / tree.g_axial[1:]
    distance = np.full(tree.n, np.inf)
    owner = np.full(tree.n, -1)
    distance[list(nodes)] = 0.0
    owner[list(nodes)] = list(nodes)
    inwards = [(int(tree.parent[i]), i) for i in range(tree.n - 1, 0, -1)]
    outwards = [(i, int(tree.parent[i])) for i in range(1, tree.n)]
    for to, source in inwards + outwards:
        way = distance[source] + resistance[max(to, source)]
        if way < distance[to]:
            distance[to], owner[to] = way, owner[source]
    return owner


def loads(tree: SegmentTree, nodes: Sequence[int]) -> Array:
    """Return the capacitance (nF) that is nearest to each kept node, shape [len(nodes)]."""
    owner = nearest_kept(tree, nodes)
    return np.array([tree.ca[owner == n].sum() for n in nodes])


def load_places(tree: SegmentTree, nodes: Sequence[int], most: float) -> dict[str, Location]:
    """Return further places, so that no kept one is the nearest of more than `most` of membrane.

    Again and again the kept place with the largest load gets help: a place in the heaviest of the
    branches that leave it, where half of that branch's share lies further out. Bifurcations where
    the paths from there meet others are counted as kept. An axon of less membrane than that gets no
    places, as its stub is little more than a load of the soma.

    Parameters
    ----------
    nodes
        Nodes that are kept already.
    most
        Capacitance (nF).

    Raises
    ------
    SpecError
        If `most` is not positive, or smaller than what single segments have.
    """
    if not most > 0:
        raise SpecError(
            f"a compartment cannot stand for {most * NF_IN_PF:g} pF at most; give a positive "
            "capacitance"
        )
    of_axon = np.isin(tree.section, tree.axon)
    free = ~of_axon if tree.ca[of_axon].sum() <= most else np.ones(tree.n, dtype=bool)
    neighbours = [[n for n in around if free[n]] for around in _neighbours(tree)]
    kept, found = list(nodes), []
    while True:
        owner = nearest_kept(tree, kept)
        load = [float(tree.ca[owner == n].sum()) for n in kept]
        worst = int(np.argmax(load))
        if load[worst] <= most:
            break
        node = _middle(tree, neighbours, owner, kept[worst])
        if node is None:
            raise SpecError(
                f"one segment alone has {load[worst] * NF_IN_PF:.4g} pF, more than the "
                f"{most * NF_IN_PF:g} pF asked for; give {_a_little_more(load[worst])} or more "
                "(--split), or the cell more segments ([discretisation] of its file)"
            )
        found.append(node)
        kept.append(node)
        kept += meetings(tree, kept)
    return {
        f"load{i}": Location(section=int(tree.section[n]), x=float(tree.x[n]))
        for i, n in enumerate(found)
    }


def meetings(tree: SegmentTree, kept: Iterable[int]) -> list[int]:
    """Return the nodes, in their order in the tree, that two or more paths reach separately."""
    kept = set(kept)
    arrivals: dict[int, set[int]] = {}
    for node in kept:
        path = tree.path_to_root(node)
        for child, parent in zip(path, path[1:], strict=False):
            arrivals.setdefault(parent, set()).add(child)
    return sorted(n for n, children in arrivals.items() if len(children) > 1 and n not in kept)


def _neighbours(tree: SegmentTree) -> list[list[int]]:
    out: list[list[int]] = [[] for _ in range(tree.n)]
    for child in range(1, tree.n):
        out[child].append(int(tree.parent[child]))
        out[int(tree.parent[child])].append(child)
    return out


def _middle(
    tree: SegmentTree, neighbours: list[list[int]], owner: Owners, start: int
) -> int | None:
    """Return where half of the heaviest branch at `start` lies further out, within its share."""

    def weight(node: int, source: int) -> float:
        total, ahead = 0.0, [(node, source)]
        while ahead:
            at, before = ahead.pop()
            total += float(tree.ca[at])
            ahead += [(n, at) for n in neighbours[at] if n != before and owner[n] == start]
        return total

    def heaviest(node: int, source: int) -> tuple[float, int]:
        ways = [n for n in neighbours[node] if n != source and owner[n] == start]
        return max(((weight(n, node), n) for n in ways), default=(0.0, -1))

    whole, node = heaviest(start, -1)
    if node < 0:
        return None
    before = start
    while True:
        share, beyond = heaviest(node, before)
        if share <= 0 or share < whole / 2:
            break
        before, node = node, beyond
    # an end of a section has no membrane; the segment before it has, where that is still free
    inner = tree.membrane_node(node)
    return node if owner[inner] == inner else inner


def _a_little_more(load: float) -> int:
    """Return the next whole number of pF above a load (nF)."""
    return math.floor(load * NF_IN_PF) + 1
