"""What a stored result of these networks depends on besides its payload."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dendmod import __version__

_PACKAGES = ("torch", "numpy", "scikit-learn", "deap")


@cache
def versions() -> dict[str, str]:
    """Return versions of dendmod, of Python and of the packages that compute."""
    found = {"dendmod": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


DEPENDS = "dendmod.learning.provenance:hashes"


def hashes(
    data: str = "", jobs: dict[str, dict[str, Any]] | None = None, **_: Any
) -> dict[str, str]:
    """Return the hash of the file or folder of a task's images; for tasks that name ``data``."""
    named = {data, *(job["data"] for job in (jobs or {}).values())} - {""}
    return {key: value for name in sorted(named) for key, value in file_hash(name).items()}


def file_hash(path: Path | str) -> dict[str, str]:
    """Return "data" -> the hash of a file, or of the files of a folder; empty for anything else."""
    path = Path(path)
    if not path.exists():
        return {}
    found = hashlib.sha256()
    for file in sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]:
        if path.is_dir():
            found.update(file.name.encode() + b"\0" + str(file.stat().st_size).encode() + b"\0")
        with file.open("rb") as opened:
            while part := opened.read(1 << 20):
                found.update(part)
    return {"data": found.hexdigest()}
