"""With what a result was made."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version


@cache
def versions() -> dict[str, str]:
    """Return versions of dendmod, Python and what computes, and the hash of the mechanisms."""
    from dendmod import __version__
    from dendmod.mechanisms import library

    built = library()
    return {
        "dendmod": __version__,
        "python": platform.python_version(),
        "neuron": version("neuron"),
        "numpy": version("numpy"),
        "mechanisms": built.hash,
    }
