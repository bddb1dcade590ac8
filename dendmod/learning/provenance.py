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
    """Return the versions, the hash of the data file if there is one, and that of the code.

    Parameters
    ----------
    data
        Name of built-in data, or a path.
    """
    parts = {**versions(), "code": code_hash("learning")}
    if Path(data).is_file():
        parts["data"] = hashlib.sha256(Path(data).read_bytes()).hexdigest()
    return json.dumps(parts, sort_keys=True)
