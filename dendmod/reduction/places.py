"""Places without inputs of their own: of a dendrite, for its load, and of the axon's channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dendmod.errors import SpecError
from dendmod.morphology import Morphology
from dendmod.spec import Location
from dendmod.spec.segments import SegmentTree

_AXON_REACH = 100.0  # um of the axon in which spikes start; ours
# um of it that a place stands for, or a segment where that is longer. Ours, chosen of 20 and 10
# after both were tried on one cell (l4upc of `dendmod cell get`): with 20 its reduction fires 9,
# 11, 13 and 7 spikes where the full cell fires 9, 12, 14 and 7; with 10 it fires as the full cell
_AXON_APART = 10.0
_MORE = 1 + 1e-6  # times the soma's density, that rounding alone does not keep a place


def axon_places(tree: SegmentTree) -> dict[str, Location]:
    """Return places of the axon that have channels which the soma has not, or more of them.

    Spikes of such a cell start there. There is one in each 10 um, or in each segment where these
    are longer, as far as 100 um from the soma: what few places leave of the axon's channels is
    fitted to the soma, where they start no spike.
    """
    if tree.diam is None:
        return {}
    length = np.divide(tree.area, np.pi * tree.diam, out=np.zeros(tree.n), where=tree.diam > 0)
    within = set(tree.axon)
    reached = np.zeros(tree.n)  # path of the axon from its start to the middle of each segment
    for node in range(1, tree.n):
        if int(tree.section[node]) in within:
            above = int(tree.parent[node])
            inner = length[above] if int(tree.section[above]) in within else 0.0
            reached[node] = reached[above] + (length[node] + inner) / 2
    found: dict[str, Location] = {}
    taken: set[int] = set()
    for section in tree.axon:
        nodes = np.flatnonzero((tree.section == section) & (tree.area > 0))
        pieces = min(nodes.size, max(1, round(float(length[nodes].sum()) / _AXON_APART)))
        for k in range(pieces):
            place = Location(section=section, x=(k + 0.5) / pieces)
            node = tree.node(place)
            if node not in taken and reached[node] <= _AXON_REACH and _has_more(tree, node):
                taken.add(node)
                found[f"axon{len(found)}"] = place
    return found


def _has_more(tree: SegmentTree, node: int) -> bool:
    """Return whether the density of a channel is larger than at the soma."""
    return any(g[node] / tree.area[node] > _MORE * g[0] / tree.area[0] for g in tree.gbar.values())


def apical_places(morphology: Morphology, distances: Sequence[float]) -> dict[str, Location]:
    """Return where trunk and tuft cross these path distances from the soma (um), by name.

    Raises
    ------
    SpecError
        If the apical dendrite does not reach that far.
    """
    obliques = set(morphology.oblique_sections)
    main = [
        i for i, s in enumerate(morphology.sections) if s.kind == "apical" and i not in obliques
    ]
    found = {}
    for distance in distances:
        crossings = 0
        for i in main:
            start, stop = morphology.path_distance(i, 0.0), morphology.path_distance(i, 1.0)
            if min(start, stop) <= distance < max(start, stop):
                x = (distance - start) / (stop - start)
                found[f"apical{distance:g}_{crossings}".replace(".", "p")] = Location(
                    section=i, x=x
                )
                crossings += 1
        if not crossings:
            far = max(
                (morphology.path_distance(i, x) for i in main for x in (0.0, 1.0)), default=0.0
            )
            raise SpecError(
                f"the apical dendrite of {morphology.name} reaches {far:.0f} um; a place at "
                f"{distance:g} um was asked for"
            )
    return found
