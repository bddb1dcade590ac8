"""Grids over fields: ``--set run.dt_ms=0.05,0.1 --set cell.biophysics=1,3``."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from dendmod.errors import SpecError

Grid = Mapping[str, tuple[Any, ...]]
MOST_TRIALS = 1_000_000  # of one point of a grid; ours
_MOST_POINTS = 1_000_000  # ours


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
    n = math.prod(map(len, grid.values()))
    if n > _MOST_POINTS:
        raise SpecError(f"a grid of {n} combinations; {_MOST_POINTS} are allowed at once")
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


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
    except (ValueError, RecursionError):
        return [_value(piece.strip()) for piece in text.split(",")]


def _value(text: str) -> Any:
    if not text:
        raise SpecError("--set: there is nothing between two commas; leave one comma out")
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except (ValueError, RecursionError):
        return text
