"""How many numbers a vector register of this CPU holds, and how code for it is ordered."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

Precision = Literal["float64", "float32"]
BITS = {"float64": 64, "float32": 32}


def widest(precision: Precision) -> int:
    """Return the block width that fills one of the CPU's vector registers.

    Wider ones are right as well, but compilers take them apart badly.
    """
    bits = 512 if "avx512vl" in _flags() else 256 if "avx2" in _flags() else 128
    return max(4, bits // BITS[precision])


def tuning() -> tuple[str, ...]:
    """Return flags that order instructions for 512-bit registers; results stay the same.

    Compilers that are older than a CPU order for its predecessor, with half of the registers.
    """
    return ("-mtune=skylake-avx512",) if "avx512vl" in _flags() else ()


@cache
def _flags() -> frozenset[str]:
    """Return what the CPU can do, as Linux says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())
