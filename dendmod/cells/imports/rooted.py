"""Make the soma the root of a cell that was read out with another."""

from __future__ import annotations

from dendmod.errors import SpecError
from dendmod.spec.frozen import FrozenCell, FrozenSection


def rooted_at(cell: FrozenCell, soma: str) -> FrozenCell:
    """Return the same tree with this section first: each joint on the way to it turned around.

    The equations are the same; NEURON solves them in another order, so that the last digits of a
    potential may differ.

    Raises
    ------
    SpecError
        If the cell has several sections of soma, or one of the joints is not at an end.
    """
    somas = [s.name for s in cell.sections if s.membrane.region == "soma"]
    if somas != [soma]:
        others = [name for name in somas if name != soma]
        if not others:
            raise SpecError(f"{soma} is the soma, but not of its region; give --region {soma}=soma")
        raise SpecError(
            f"the soma has several sections ({', '.join([soma, *others][:4])}), and dendmod's "
            f"cells have one. Count the others as dendrite: --region '{others[0]}=basal' and so on"
        )
    names = [s.name for s in cell.sections]
    joints: dict[int, tuple[int, float, int]] = {
        i: (s.parent, s.parent_x, s.end) for i, s in enumerate(cell.sections)
    }
    root = at = names.index(soma)
    turned: dict[int, tuple[int, float, int]] = {root: (-1, 1.0, 0)}
    while joints[at][0] >= 0:
        parent, x, end = joints[at]
        if x not in (0.0, 1.0):
            raise SpecError(
                f"the root of the original is {names[0]}, and {names[at]} is joined to "
                f"{names[parent]} at {x:g}, within it; dendmod's cells have the soma as root, "
                "which needs this joint at an end of it"
            )
        turned[parent] = (at, float(end), int(x))
        at = parent
    joints |= turned
    order = [root]
    for i in order:
        order += [k for k in joints if joints[k][0] == i]
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    return cell.model_copy(
        update={
            "sections": tuple(
                _joined(cell.sections[i], place[joints[i][0]], joints[i]) for i in order
            )
        }
    )


def _joined(section: FrozenSection, parent: int, joint: tuple[int, float, int]) -> FrozenSection:
    return section.model_copy(update={"parent": parent, "parent_x": joint[1], "end": joint[2]})
