"""The compiled kernel, one library for each precision and block width."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Literal

from dendmod.engines import compiled
from dendmod.engines.kernel.structures import Job, Membrane, Population
from dendmod.errors import EngineError, UnsupportedByEngine

Precision = Literal["float64", "float32"]
SOURCE = Path(__file__).with_name("kernel.c")
BLOCKS = (4, 8, 16)
_BITS = {"float64": 64, "float32": 32}
_FLAGS = (
    "-O3", "-march=native", "-std=gnu11", "-ffp-contract=fast", "-fno-math-errno",
    "-fno-trapping-math", "-Wno-psabi", "-pthread",
)  # fmt: skip


def library(precision: Precision, block: int | None = None) -> ctypes.CDLL:
    """Return the kernel for a precision and a number of neurons in a block.

    Raises
    ------
    UnsupportedByEngine
        If there is no such precision or width.
    EngineError
        If it cannot be compiled.
    """
    if precision not in _BITS:
        raise UnsupportedByEngine(f"the kernel computes in {' or '.join(_BITS)}, not {precision!r}")
    width = widest(precision) if block is None else block
    if width not in BLOCKS:
        raise UnsupportedByEngine(f"blocks of {block} neurons are asked for; use one of {BLOCKS}")
    return _loaded(precision, width)


@cache
def _loaded(precision: Precision, width: int) -> ctypes.CDLL:
    flags = (*_FLAGS, *tuning(), f"-DREAL_BITS={_BITS[precision]}", f"-DW={width}")
    library = compiled.load(SOURCE, flags)
    library.network_run.argtypes = [ctypes.POINTER(Job)]
    library.network_free.argtypes = [ctypes.POINTER(Job)]
    library.network_free.restype = None
    sizes = (ctypes.c_int64 * 4)()
    bits = library.network_sizes(sizes)
    mine = [ctypes.sizeof(kind) for kind in (Job, Population, Membrane)]
    if list(sizes) != [*mine, width] or bits != _BITS[precision]:
        raise EngineError(
            f"kernel and Python disagree on structures: {list(sizes)} and {[*mine, width]}"
        )
    return library


def widest(precision: Precision) -> int:
    """Return the block width that fills one of the CPU's vector registers.

    Wider ones are right as well, but compilers take them apart badly.
    """
    bits = 512 if "avx512vl" in _flags() else 256 if "avx2" in _flags() else 128
    return max(4, bits // _BITS[precision])


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
