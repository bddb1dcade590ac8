"""What a cell file takes over from its file of sections: conditions and lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dendmod.spec.cell_file import BUILT_IN_LISTS, PLACE_NAMES
from dendmod.spec.frozen import FrozenCell

_BY_REGION = ("all", "somatic", "basal", "apical", "axonal", "myelinated")


def with_frozen(table: Mapping[str, Any], cell: FrozenCell) -> dict[str, Any]:
    """Return the table of a cell file with the conditions and lists of its file of sections.

    What the cell file says counts. A list whose name has another meaning in cell files gets
    ``_of_original`` behind it.
    """
    own = {name: table.get(name, {}) for name in ("conditions", "lists")}
    if not all(isinstance(given, Mapping) for given in own.values()):
        return dict(table)  # which the fields refuse
    given, lists = own["conditions"], own["lists"]
    conditions: dict[str, Any] = {"celsius": cell.celsius, "v_init_mV": cell.v_init} | dict(given)
    if isinstance(given.get("globals", {}), Mapping):
        conditions["globals"] = cell.globals | dict(given.get("globals", {}))
    taken = {
        own_name(name): list(members)
        for name, members in cell.lists.items()
        if name not in _BY_REGION
    }
    return {**table, "conditions": conditions, "lists": taken | dict(lists)}


def own_name(name: str) -> str:
    """Return how cell files call a list of the original."""
    taken = (*BUILT_IN_LISTS, *PLACE_NAMES, "value")
    return f"{name}_of_original" if name in taken else name


def myelin_of(cell: FrozenCell) -> tuple[str, ...]:
    """Return the names of the myelinated sections: those of that list, or called so."""
    listed = cell.lists.get("myelinated")
    if listed is not None:
        return listed
    return tuple(s.name for s in cell.sections if s.name.startswith("myelin"))
