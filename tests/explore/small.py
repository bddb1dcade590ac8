"""A small cell for the page: three channels, six sections."""

from __future__ import annotations

from pathlib import Path

from dendmod.explore import Exploration, begin

REPOSITORY = Path(__file__).resolve().parents[2]
CELL = REPOSITORY / "docs" / "examples" / "own_cell"
PROTOCOL = CELL / "protocol.toml"


def chosen(**changes: object) -> Exploration:
    """Return what the page begins with on the small cell, with fields changed and a short run."""
    return begin(str(CELL), str(PROTOCOL)).with_(**{"settle_ms": 200.0, **changes})
