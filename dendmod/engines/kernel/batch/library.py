"""The C of a cell, compiled when it is first used."""

from __future__ import annotations

import ctypes
import hashlib
from pathlib import Path

from dendmod.atomic import replacing
from dendmod.engines import compiled
from dendmod.engines.kernel.batch.layout import Job, Layout, Population
from dendmod.engines.kernel.vectors import tuning
from dendmod.errors import EngineError
from dendmod.paths import cache_dir

# no contraction: where a product and a sum are rounded once, the source says so
FLAGS = (
    "-O3", "-march=native", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno",
    "-fno-trapping-math", "-Wno-psabi",
)  # fmt: skip


def library(source: str, layout: Layout, flags: tuple[str, ...] = ()) -> tuple[ctypes.CDLL, str]:
    """Return the compiled C of a cell, and its key in the cache.

    Raises
    ------
    EngineError
        If it cannot be compiled.
    """
    defined = {
        "REAL_BITS": 8 * ctypes.sizeof(ctypes.c_float) * (2 if layout.is_double else 1),
        "W": layout.width,
        "LAYOUT": layout.number,
        "CHUNK": layout.chunk,
    }
    every = (*FLAGS, *tuning(), *(f"-D{name}={x}" for name, x in defined.items()), *flags)
    place = cache_dir() / "generated" / f"cell-{hashlib.sha256(source.encode()).hexdigest()[:24]}.c"
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as partial:
            Path(partial).write_text(source, encoding="utf-8")
    found = compiled.load(place, every)
    found.batch_run.argtypes = [ctypes.POINTER(Job)]
    sizes = (ctypes.c_int64 * 4)()
    found.batch_sizes(sizes)
    mine = [ctypes.sizeof(Job), ctypes.sizeof(Population), layout.width, layout.lanes]
    if list(sizes) != mine:
        raise EngineError(f"the kernel and Python disagree on structures: {list(sizes)} and {mine}")
    return found, compiled.cache_key(place, every)
