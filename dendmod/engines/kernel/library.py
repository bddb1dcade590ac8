"""The compiled kernel, one library for each precision and block width."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

from dendmod.engines import compiled, prebuilt
from dendmod.engines.kernel.structures import Job, Membrane, Population
from dendmod.engines.kernel.vectors import BITS, Precision, tuning, widest
from dendmod.errors import EngineError, UnsupportedByEngine

SOURCE = Path(__file__).with_name("kernel.c")
BLOCKS = (4, 8, 16)


def library(precision: Precision, block: int | None = None) -> ctypes.CDLL:
    """Return the kernel for a precision and a number of neurons in a block.

    Raises
    ------
    UnsupportedByEngine
        If there is no such precision or width.
    EngineError
        If it cannot be compiled.
    """
    if precision not in BITS:
        raise UnsupportedByEngine(f"the kernel computes in {' or '.join(BITS)}, not {precision!r}")
    width = widest(precision) if block is None else block
    if width not in BLOCKS:
        raise UnsupportedByEngine(f"blocks of {block} neurons are asked for; use one of {BLOCKS}")
    return _loaded(precision, width)


@cache
def _loaded(precision: Precision, width: int) -> ctypes.CDLL:
    flags = prebuilt.network_flags(BITS[precision], width)
    library = compiled.load(SOURCE, (compiled.NATIVE, *tuning(), *flags))
    library.network_run.argtypes = [ctypes.POINTER(Job)]
    library.network_free.argtypes = [ctypes.POINTER(Job)]
    library.network_free.restype = None
    sizes = (ctypes.c_int64 * 4)()
    bits = library.network_sizes(sizes)
    mine = [ctypes.sizeof(kind) for kind in (Job, Population, Membrane)]
    if list(sizes) != [*mine, width] or bits != BITS[precision]:
        raise EngineError(
            f"kernel and Python disagree on structures: {list(sizes)} and {[*mine, width]}"
        )
    return library
