"""Grids over fields of a protocol: ``--set run.dt_ms=0.05,0.1 --set cell.biophysics=1,3``."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError
from dendmod.protocol.model import Protocol
from dendmod.protocol.read import load_variants

Grid = Mapping[str, tuple[Any, ...]]


def parse_grid(settings: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """Return the values of each field in texts such as ``"run.dt_ms=0.05,0.1"``.

    Values are written as in TOML, between commas; text needs no quotes.

    Raises
    ------
    SpecError
        If a text has no ``=``, no value, the same value twice, or a field comes twice.
    """
    grid: dict[str, tuple[Any, ...]] = {}
    for text in settings:
        field, equals, given = (piece.strip() for piece in text.partition("="))
        if not (field and equals and given):
            raise SpecError(
                f"--set {text!r}: write FIELD=V1,V2,.. such as run.dt_ms=0.05,0.1 or "
                "sites.order=random"
            )
        values = tuple(_values(given))
        if field in grid or any(v in values[:k] for k, v in enumerate(values)):
            raise SpecError(f"--set {text!r}: give each field once, and each of its values once")
        grid[field] = values
    return grid


def grid_points(grid: Grid) -> list[dict[str, Any]]:
    """Return every combination of values, the last field running fastest."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


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
    name: str | Path, changes: Mapping[str, Any] | None = None, grid: Grid | None = None
) -> ProtocolGrid:
    """Read a protocol file or a file of readings at each point of a grid.

    Parameters
    ----------
    name
        A file, or the name of one that dendmod carries.
    changes
        Fields (dotted names) that are changed everywhere; what a variant sets stays.
    grid
        Values of fields; see `parse_grid`.

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
        path, title, variants = load_variants(name, {**changes, **point}, fixed=set(point))
        for variant, protocol in variants.items():
            parts = [variant] if len(variants) > 1 or not point else []
            full = ": ".join([*parts, *([name_of(point)] if point else [])])
            protocols[full], points[full] = protocol, point
    return ProtocolGrid(path, title, protocols, points)


def grid_columns(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a combination as columns of a table; lists become text."""
    return {
        field: value if isinstance(value, str | int | float) else str(value)
        for field, value in point.items()
    }


def name_of(point: Mapping[str, Any]) -> str:
    """Return the name of a combination, such as ``"run.dt_ms=0.05 cell.biophysics=3"``."""
    return " ".join(f"{field}={value}" for field, value in point.items())


def _values(text: str) -> list[Any]:
    try:
        return tomllib.loads(f"x = [{text}]")["x"]
    except tomllib.TOMLDecodeError:
        return [_value(piece.strip()) for piece in text.split(",")]


def _value(text: str) -> Any:
    if not text:
        raise SpecError("--set: there is nothing between two commas; leave one comma out")
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text
