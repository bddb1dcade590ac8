"""C code as loaded libraries: from the wheel, or compiled when it is first used.

What is compiled here goes into a cache that is keyed by all that it depends on.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from dendmod.engines import prebuilt
from dendmod.errors import EngineError
from dendmod.paths import cache_dir, cache_lock

NATIVE = "-march=native"
COMPILER = "compiler.txt"  # beside the libraries of a wheel
DEFAULT_FLAGS = (NATIVE, *prebuilt.EXACT)
_SHARED = ("-shared", "-fPIC")
_LOADED: dict[str, ctypes.CDLL] = {}


def load(source: Path, flags: Sequence[str] = DEFAULT_FLAGS) -> ctypes.CDLL:
    """Return a C file as a loaded library; compile it unless the wheel or the cache has it.

    Parameters
    ----------
    source
        One C file without dependencies of its own.
    flags
        Flags of the compiler. One that it does not know, ``-march=native``, is left out.

    Raises
    ------
    EngineError
        If there is no C compiler or the file does not compile.
    CacheError
        If the cache cannot be written.
    """
    source = Path(source)
    carried = prebuilt.find(source, flags)
    library = None if carried is None else _open(carried)
    if library is not None:
        return library
    key = cache_key(source, flags)
    if key in _LOADED:
        return _LOADED[key]
    place = cache_dir() / "compiled" / f"{source.stem}-{key}.so"
    library = _open(place)
    if library is None:
        with cache_lock(place):
            library = _open(place)  # another process may have built it meanwhile
            if library is None:
                build(source, flags, place)
                library = _open(place)
    if library is None:
        raise EngineError(f"the library just built in {place} cannot be loaded; is the disk full?")
    _LOADED[key] = library
    return library


def made_by(library: ctypes.CDLL) -> dict[str, str]:
    """Return which library computes and what compiled it, for the provenance of a result."""
    place = Path(library._name)
    if place.parent != prebuilt.FOLDER:
        return {"kernel": place.stem, "compiler": os.path.basename(compiler())}
    said = place.with_name(COMPILER)
    by = said.read_text(encoding="utf-8").strip() if said.is_file() else "unknown"
    return {"kernel": place.stem, "compiler": f"{by}, in the wheel"}


def cache_key(source: Path, flags: Sequence[str] = DEFAULT_FLAGS) -> str:
    """Return the key: source, flags, compiler, system and CPU."""
    parts = [source.read_bytes(), *(flag.encode() for flag in flags), compiler_version().encode()]
    parts += [platform.system().encode(), platform.machine().encode(), _cpu().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def compiler() -> str:
    """Return the C compiler: $CC (a program, without options), cc, gcc or clang.

    Raises
    ------
    EngineError
        If there is none.
    """
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise EngineError(
        "no C compiler was found (looked for $CC, cc, gcc, clang). Install one: "
        "apt-get install gcc, dnf install gcc, or xcode-select --install"
    )


@cache
def _version_of(path: str) -> str:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return done.stdout


def compiler_version() -> str:
    """Return what the compiler says of itself."""
    return _version_of(compiler())


@cache
def _cpu() -> str:
    """Return what ``-march=native`` depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    wanted = ("model name", "flags", "Features", "CPU part")
    found = {line.split(":")[0].strip(): line for line in lines if line.startswith(wanted)}
    return "\n".join(sorted(found.values()))


def _open(place: Path) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(place)) if place.is_file() else None
    except OSError:  # cut short, or of another machine
        return None


def build(source: Path, flags: Sequence[str], place: Path) -> None:
    """Compile a C file into a shared library, whole or not at all.

    Raises
    ------
    EngineError
        If there is no C compiler or the file does not compile.
    """
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".building-", suffix=".so")
    os.close(handle)
    try:
        log = _compile([*flags, *_SHARED], source, name)
        if log and NATIVE in flags:
            log = _compile([f for f in flags if f != NATIVE] + [*_SHARED], source, name)
        if log:
            raise EngineError(f"{source.name} does not compile with {compiler()}: {log}")
        os.replace(name, place)
    finally:
        Path(name).unlink(missing_ok=True)


def _compile(flags: Sequence[str], source: Path, target: str) -> str:
    """Compile, and return what went wrong, or nothing."""
    done = subprocess.run(
        [compiler(), *flags, "-o", target, str(source), "-lm"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    wrong = [line for line in done.stdout.splitlines() if "error:" in line.lower()]
    return (wrong or done.stdout.splitlines() or ["no message"])[0]
