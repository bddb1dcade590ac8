"""The protocols of a file at each point of a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError
from dendmod.protocol.model import Protocol
from dendmod.protocol.read import load_variants
from dendmod.spec.grid import Grid, grid_points, name_of


@dataclass(frozen=True)
class ProtocolGrid:
    """The protocols of a file at each point of a grid.

    Parameters
    ----------
    path, title
        The file and its title.
    protocols
        One protocol a variant and point, by name.
    points
        What the grid sets in each, by the same names; empty where no grid was given.
    """

    path: Path
    title: str
    protocols: dict[str, Protocol]
    points: dict[str, dict[str, Any]]


def load_grid(
    name: str | Path,
    changes: Mapping[str, Any] | None = None,
    grid: Grid | None = None,
    *,
    quick: bool = False,
) -> ProtocolGrid:
    """Read a protocol file or a file of readings at each point of a grid.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries.
    changes
        Fields (dotted names) that are changed everywhere; what a variant sets stays.
    grid
        Values of fields; see `dendmod.spec.grid.parse_grid`.
    quick
        Take the quick scale of each protocol; changes and grid come after it.

    Raises
    ------
    SpecError
        If a field is unknown, or a field of the grid is set by an option or a variant too.
    """
    changes, grid = changes or {}, grid or {}
    twice = sorted(set(grid) & set(changes))
    if twice:
        raise SpecError(f"{', '.join(twice)} is given by --set and by an option; give one of them")
    protocols: dict[str, Protocol] = {}
    points: dict[str, dict[str, Any]] = {}
    for point in grid_points(grid):
        path, title, variants = load_variants(
            name, {**changes, **point}, fixed=set(point), quick=quick
        )
        for variant, protocol in variants.items():
            parts = [variant] if len(variants) > 1 or not point else []
            full = ": ".join([*parts, *([name_of(point)] if point else [])])
            protocols[full], points[full] = protocol, point
    return ProtocolGrid(path, title, protocols, points)
