"""What a stored result of these networks depends on besides its payload."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dendmod import __version__
from dendmod.codehash import code_hash

_BELOW = ("params/wybo2022_networks.py", "rng.py", "npz.py")  # that networks stand on
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


def fingerprint(data: str) -> str:
    """Return the versions, the hash of the data if they are files, and that of the code.

    Parameters
    ----------
    data
        Name of built-in data, or the path of a file or of a folder of idx files.
    """
    parts = {**versions(), "code": code_hash("learning", *_BELOW), **file_hash(data)}
    return json.dumps(parts, sort_keys=True)


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
