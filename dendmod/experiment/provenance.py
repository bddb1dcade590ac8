"""With what a result was made."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version


@cache
def versions() -> dict[str, str]:
    """Return versions of dendmod, Python and what computes, and the hash of the .mod files."""
    from dendmod import __version__
    from dendmod.mechanisms.cache import content_hash
    from dendmod.paths import data_dir

    return {
        "dendmod": __version__,
        "python": platform.python_version(),
        "neuron": version("neuron"),
        "numpy": version("numpy"),
        "mechanisms": content_hash(data_dir("mechanisms")),
    }
