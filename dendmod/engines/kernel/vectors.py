"""How many numbers a vector register of this CPU holds, and how code for it is ordered."""

from __future__ import annotations

from typing import Literal

from dendmod.engines.prebuilt import level

Precision = Literal["float64", "float32"]
BITS = {"float64": 64, "float32": 32}


def widest(precision: Precision) -> int:
    """Return the block width that fills one of the CPU's vector registers.

    Wider ones are right as well, but compilers take them apart badly.
    """
    return level().width(BITS[precision])


def tuning() -> tuple[str, ...]:
    """Return flags that order instructions for this CPU's registers; results stay the same."""
    return level().tuning
