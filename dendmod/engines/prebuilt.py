"""C libraries that a wheel carries, each for several levels of CPUs, and which of them is taken.

They are the engines whose C is one file that does not change: networks, integrate-and-fire
networks, gains. C that is made from .mod files is compiled when it is first used.
The build of a wheel (``hatch_build.py``) imports this module, so that it needs Python alone.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dendmod.errors import EngineError

PACKAGE = Path(__file__).resolve().parents[1]
FOLDER = PACKAGE / "_built"
CHOICE = "DENDMOD_CPU"  # the environment variable that chooses a level
NATIVE = "native"  # its value for code that is compiled here, for this very CPU

# No contraction to fused multiply-adds: the same source gives the same bits on every CPU.
EXACT = ("-O3", "-ffp-contract=off", "-std=c11")
GAINS = (*EXACT, "-fopenmp-simd")
_NETWORKS = (
    "-O3", "-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math",
    "-Wno-psabi", "-pthread",
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """A set of instructions that many CPUs share.

    Parameters
    ----------
    name
        As compilers call it.
    bits
        Of a vector register.
    needs
        What Linux calls the instructions of the level, without those of the levels below it.
    flags
        Of the compiler, for code that every CPU of the level runs.
    tuning
        Flags that order instructions for registers of that width; results stay the same.
        Compilers that are older than a CPU order for its predecessor, with half of the registers.
    """

    name: str
    bits: int
    needs: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    tuning: tuple[str, ...] = ()

    def width(self, real_bits: int) -> int:
        """Return how many numbers fill a register, and at least 4, as the engines need them."""
        return max(4, self.bits // real_bits)


_AVX2 = frozenset(
    ("abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "popcnt", "sse4_1", "sse4_2",
     "ssse3")
)  # fmt: skip
_AVX512 = frozenset(("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"))
_X86 = (
    Level("x86-64-v4", 512, _AVX512, ("-march=x86-64-v4",), ("-mtune=skylake-avx512",)),
    Level("x86-64-v3", 256, _AVX2, ("-march=x86-64-v3",)),
    Level("x86-64", 128, frozenset(), ("-march=x86-64",)),
)


def levels(machine: str) -> tuple[Level, ...]:
    """Return the levels of a kind of CPU (as `platform.machine` says it), the widest first."""
    return _X86 if machine.lower() in ("x86_64", "amd64") else (Level(machine.lower(), 128),)


def level() -> Level:
    """Return the widest level that this CPU has, or the one that $DENDMOD_CPU names.

    Raises
    ------
    EngineError
        If $DENDMOD_CPU names no level, or one that this CPU does not have.
    """
    here = _here()
    chosen = os.environ.get(CHOICE, "")
    if chosen in ("", NATIVE):
        return here[0]
    for one in here:
        if one.name == chosen:
            return one
    allowed = ", ".join([*(one.name for one in here), NATIVE])
    raise EngineError(f"{CHOICE}={chosen!r}: this CPU runs {allowed}; set one of these, or none")


def find(source: Path, flags: Sequence[str]) -> Path | None:
    """Return the library of the wheel for a C file, these flags and this CPU, or None."""
    if os.environ.get(CHOICE) == NATIVE or not FOLDER.is_dir():
        return None
    place = FOLDER / file_name(source, flags, level())
    return place if place.is_file() else None


def file_name(source: Path, flags: Sequence[str], of: Level) -> str:
    """Return the name of a library in the wheel; another source or other flags make another name.

    Flags that name a CPU (-m...) do not count: the level does.
    """
    parts = [source.read_bytes(), *(f.encode() for f in flags if not f.startswith("-m"))]
    key = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    return f"{source.stem}-{of.name}-{key}.so"


def network_flags(real_bits: int, width: int) -> tuple[str, ...]:
    """Return the flags of the kernel of networks, without those that name a CPU."""
    return (*_NETWORKS, f"-DREAL_BITS={real_bits}", f"-DW={width}")


def libraries(of: Level) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Return the source and flags of every library that a wheel carries for a level."""
    yield PACKAGE / "engines/lif/lif.c", (*of.flags, *EXACT)
    yield PACKAGE / "learning/gains.c", (*of.flags, *GAINS)
    for bits in (32, 64):
        flags = (*of.flags, *of.tuning, *network_flags(bits, of.width(bits)))
        yield PACKAGE / "engines/kernel/kernel.c", flags


@cache
def _here() -> tuple[Level, ...]:
    """Return the levels that this CPU has, the widest first."""
    found = levels(platform.machine())
    has = _words()
    needs = frozenset().union(*(one.needs for one in found))
    here = []
    for one in found:
        if needs <= has or not one.needs:
            here.append(one)
        needs -= one.needs
    return tuple(here)


def _words() -> frozenset[str]:
    """Return what the CPU can do, as Linux says it; elsewhere nothing is known."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())
