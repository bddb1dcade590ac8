"""Which nodes of the full cell are kept, and how the compartments hang together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dendmod.errors import SpecError
from dendmod.reduction.loads import meetings
from dendmod.spec import Location, Role
from dendmod.spec.place import SOMA
from dendmod.spec.segments import SegmentTree


@dataclass(frozen=True)
class Skeleton:
    """The kept places, the soma first, parents before their children.

    Parameters
    ----------
    names
        "soma", the names of the sites, "bifurcation0" ...
    roles
        "soma", "site", "axon", or "support" for bifurcations and further places without inputs.
    nodes
        Their nodes in the segment tree.
    parents
        Number of the compartment that each is joined to; -1 for the soma.
    places
        Where they lie on the full cell.
    """

    names: tuple[str, ...]
    roles: tuple[Role, ...]
    nodes: tuple[int, ...]
    parents: tuple[int, ...]
    places: tuple[Location, ...]

    @property
    def n(self) -> int:
        """Number of compartments."""
        return len(self.names)


def skeleton(
    tree: SegmentTree,
    sites: dict[str, Location],
    support: dict[str, Location] | None = None,
    axon: dict[str, Location] | None = None,
    *,
    bifurcations: bool = False,
) -> Skeleton:
    """Return the compartments for the soma and these sites.

    Parameters
    ----------
    sites
        Places by name.
    support
        Further places that are kept, for the load that they are; those that lie where another
        kept place lies already are left out.
    axon
        Likewise places of the axon.
    bifurcations
        Keep too every node at which the paths from the sites to the soma meet. With them the
        kept places form a tree whose impedances a compartment model can match exactly (Wybo et
        al. 2021, Fig 2C); without them sister sites are joined to their next kept ancestor.

    Raises
    ------
    SpecError
        If two sites lie in one segment, or one in the soma.
    """
    root = tree.node(SOMA)
    kept: dict[int, tuple[str, Location, Role]] = {root: ("soma", SOMA, "soma")}
    for name, place in sites.items():
        node = tree.node(place)
        if node in kept:
            raise SpecError(
                f"{name} and {kept[node][0]} lie in one segment (section {place.section}, x = "
                f"{place.x}); give sites in different segments, or a smaller segment_length"
            )
        kept[node] = (name, place, "site")
    for name, place in (support or {}).items():
        kept.setdefault(tree.node(place), (name, place, "support"))
    for name, place in (axon or {}).items():
        kept.setdefault(tree.node(place), (name, place, "axon"))
    if bifurcations:
        for number, node in enumerate(meetings(tree, kept)):
            place = Location(section=int(tree.section[node]), x=float(tree.x[node]))
            kept[node] = (f"bifurcation{number}", place, "support")
    order = _parents_first(tree, kept)
    number_of = {node: i for i, node in enumerate(order)}
    parents = [number_of[above] if (above := _above(tree, n, kept)) >= 0 else -1 for n in order]
    return Skeleton(
        names=tuple(kept[n][0] for n in order),
        roles=tuple(kept[n][2] for n in order),
        nodes=tuple(order),
        parents=tuple(parents),
        places=tuple(kept[n][1] for n in order),
    )


def _above(tree: SegmentTree, node: int, kept: Collection[int]) -> int:
    """Return the next kept node on the way to the soma, -1 above the soma."""
    for above in tree.path_to_root(node)[1:]:
        if above in kept:
            return above
    return -1


def _parents_first(tree: SegmentTree, kept: Collection[int]) -> list[int]:
    """Return the kept nodes in the given order, moved back as little as parents require."""
    order: list[int] = []

    def add(node: int) -> None:
        above = _above(tree, node, kept)
        if above >= 0 and above not in order:
            add(above)
        if node not in order:
            order.append(node)

    for node in kept:
        add(node)
    return order
