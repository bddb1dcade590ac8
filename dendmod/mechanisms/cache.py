"""Compile the mechanisms once, into a cache keyed by all that the result depends on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dendmod.errors import MechanismError
from dendmod.mechanisms import toolchain
from dendmod.mechanisms.included import source
from dendmod.paths import cache_dir, cache_lock, data_dir

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class CompiledLibrary:
    """A compiled library.

    Parameters
    ----------
    path
        The library that NEURON loads.
    coreneuron
        The library that CoreNEURON loads, or None.
    coreneuron_reason
        Why there is none.
    hash
        Hash of the .mod files, NEURON's version, the architecture and the compiler.
    """

    path: Path
    coreneuron: Path | None
    coreneuron_reason: str
    hash: str


def mod_files(mechanisms: Path | Sequence[Path] | None) -> tuple[Path, ...]:
    """Return the .mod files of a folder, dendmod's own if None, or the files that are given.

    Raises
    ------
    MechanismError
        If there is none.
    """
    if mechanisms is None or isinstance(mechanisms, str | Path):
        folder = data_dir("mechanisms") if mechanisms is None else Path(mechanisms)
        files = tuple(sorted(folder.glob("*.mod")))
        if not files:
            raise MechanismError(f"{folder} holds no .mod file; name the folder of your mechanisms")
        return files
    return tuple(sorted(map(Path, mechanisms), key=lambda path: (path.name, path.read_bytes())))


def content_hash(mechanisms: Path | Sequence[Path] | None = None) -> str:
    """Return the hash of .mod files (names and bytes)."""
    digest = hashlib.sha256()
    for path in mod_files(mechanisms):
        digest.update(path.name.encode() + b"\0" + source(path) + b"\0")
    return digest.hexdigest()


def cache_key(mechanisms: Path | Sequence[Path] | None = None) -> str:
    """Return the key under which the library of .mod files is kept."""
    parts = [
        content_hash(mechanisms),
        toolchain.neuron_version(),
        platform.system(),
        platform.machine(),
        toolchain.compiler_version(),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def library(mechanisms: Path | Sequence[Path] | None = None) -> CompiledLibrary:
    """Return the compiled library of .mod files; compile it if it is not cached.

    Parameters
    ----------
    mechanisms
        A folder, or files of which no two are for one mechanism; None takes dendmod's own.

    Raises
    ------
    MechanismError
        If the folder has no .mod file, a tool is missing or a file does not compile.
    CacheError
        If the cache cannot be written.
    """
    files = mod_files(mechanisms)
    key = cache_key(files)
    place = cache_dir() / "mechanisms" / key
    found = _intact(place, key)
    if found is not None:
        return found
    with cache_lock(place):
        found = _intact(place, key)  # another process may have built it meanwhile
        if found is None:
            _build(files, place)
            found = _intact(place, key)
    if found is None:
        raise MechanismError(
            f"the library just built in {place} does not match its manifest; is the disk full?"
        )
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _intact(place: Path, key: str) -> CompiledLibrary | None:
    """Return the library if every file still is what was built."""
    try:
        manifest = json.loads((place / _MANIFEST).read_text())
        for name, digest in manifest["files"].items():
            if _sha256(place / name) != digest:
                return None
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    core = manifest["coreneuron"]
    return CompiledLibrary(
        path=place / manifest["neuron"],
        coreneuron=place / core if core else None,
        coreneuron_reason=manifest["coreneuron_reason"],
        hash=key,
    )


def _build(files: Sequence[Path], place: Path) -> None:
    toolchain.check_tools()
    for stale in place.parent.glob(f"{place.name}.building-*"):
        shutil.rmtree(stale, ignore_errors=True)  # left by a process that was killed
    work = Path(tempfile.mkdtemp(prefix=f"{place.name}.building-", dir=place.parent))
    try:
        for path in files:
            to = work / path.name
            while to.exists():  # files of one name in several folders, for other mechanisms
                to = to.with_name(f"{to.stem}_{path.parent.name or 'more'}.mod")
            to.write_bytes(source(path))
        reason = _compile_for_both(work) and _compile_for_both(work)  # a killed compiler: again
        if reason:
            _compile(work, [])
        _write_manifest(work, reason)
        if place.exists():
            shutil.rmtree(place)
        os.replace(work, place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _compile_for_both(work: Path) -> str:
    """Compile for NEURON and CoreNEURON; return why not, and leave nothing then."""
    try:
        _compile(work, ["-coreneuron"])
    except MechanismError as error:
        _clean(work)
        return str(error)
    return ""


def _clean(work: Path) -> None:
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def _compile(work: Path, options: list[str]) -> None:
    done = subprocess.run(
        [str(toolchain.nrnivmodl()), *options, "."],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode != 0 or _find(work, "libnrnmech") is None:
        raise MechanismError(f"a mechanism does not compile: {first_error(done.stdout)}")


_ERROR = re.compile(r"\berror\b", re.IGNORECASE)


def first_error(log: str) -> str:
    """Return the first line of a compile log that says what is wrong.

    Files are compiled side by side, so only a line that names its file can be trusted to belong
    to it; the compiler names NAME.cpp, which was made from NAME.mod.
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    wrong = [s for s in lines if _ERROR.search(s) and not s.startswith(("make", "NOTE"))]
    named = [s for s in wrong if re.search(r"\w\.(cpp|mod)\b", s)]
    for line in (*named, *wrong, *lines[-1:]):
        return re.sub(r"\S*?([\w-]+)\.cpp\b", r"\1.mod (as C++)", line)
    return "nrnivmodl failed without a message"


def _find(work: Path, stem: str) -> Path | None:
    return next((p for ext in (".so", ".dylib") for p in work.glob(f"*/{stem}{ext}")), None)


def _write_manifest(work: Path, reason: str) -> None:
    neuron = _find(work, "libnrnmech")
    core = _find(work, "libcorenrnmech")
    if neuron is None:
        raise MechanismError(f"nrnivmodl left no library in {work}")
    kept = [p for p in (neuron, core) if p is not None]
    manifest = {
        "neuron": str(neuron.relative_to(work)),
        "coreneuron": str(core.relative_to(work)) if core else None,
        "coreneuron_reason": "" if core else reason or "nrnivmodl -coreneuron left no library",
        "files": {str(p.relative_to(work)): _sha256(p) for p in kept},
    }
    for path in neuron.parent.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()
    (work / _MANIFEST).write_text(json.dumps(manifest, indent=1))
