"""Compile one C file once, into a cache keyed by all that the result depends on, and load it."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from dendmod.errors import EngineError
from dendmod.paths import cache_dir


def load(source: Path, flags: Sequence[str]) -> ctypes.CDLL:
    """Return the shared library of a C file; compile it if the cache does not hold it.

    Parameters
    ----------
    source
        The C file.
    flags
        Options of the compiler besides ``-shared -fPIC``.

    Raises
    ------
    EngineError
        If there is no C compiler, or it refuses the file.
    """
    compiler = _compiler()
    digest = hashlib.sha256(Path(source).read_bytes())
    for part in (_version(compiler), " ".join(flags), _cpu()):
        digest.update(b"\0" + part.encode())
    folder = cache_dir() / "compiled"
    target = folder / f"{Path(source).stem}-{digest.hexdigest()[:24]}.so"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with open(target.with_suffix(".lock"), "w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)  # released when the process ends, however it ends
            if not target.is_file():  # another process may have built it meanwhile
                _build(compiler, Path(source), flags, target)
    try:
        return ctypes.CDLL(str(target))
    except OSError as error:
        target.unlink(missing_ok=True)
        raise EngineError(
            f"the library built from {source} does not load: {error}. It was removed from the "
            "cache; run the same command again"
        ) from None


def _compiler() -> tuple[str, ...]:
    command = tuple(shlex.split(os.environ.get("CC") or "cc"))
    if not command or shutil.which(command[0]) is None:
        raise EngineError(
            f"the C compiler {' '.join(command)!r} was not found; install one "
            "(apt-get install gcc) or name yours in the variable CC"
        )
    return command


@cache
def _version(compiler: tuple[str, ...]) -> str:
    done = subprocess.run(
        [*compiler, "--version"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return " ".join(compiler) + done.stdout


@cache
def _cpu() -> str:
    """Return what ``-march=native`` depends on."""
    about = [platform.system(), platform.machine(), platform.processor()]
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return " ".join(about)
    for name in ("model name", "flags", "Features"):
        about += [line for line in lines if line.startswith(name)][:1]
    return "\n".join(about)


def _build(compiler: tuple[str, ...], source: Path, flags: Sequence[str], target: Path) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".building-", suffix=".so")
    os.close(handle)
    try:
        done = subprocess.run(
            [*compiler, *flags, "-shared", "-fPIC", "-o", name, str(source), "-lm"],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            lines = [s for s in done.stderr.splitlines() if "error" in s] or [done.stderr.strip()]
            raise EngineError(f"{source.name} does not compile with {compiler[0]}: {lines[0]}")
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
