"""With what a result was made."""

from __future__ import annotations

import json
import platform
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dendmod.errors import SweepError

if TYPE_CHECKING:
    from dendmod.morphology import Morphology


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


def fingerprint_of(morphology: Morphology) -> str:
    """Return what a result depends on besides its protocol: versions and the bytes of the shape."""
    return json.dumps({**versions(), "morphology": morphology.sha256}, sort_keys=True)


def check_same(fingerprint: str, payload: dict[str, Any]) -> None:
    """Refuse to run a task on a machine that would compute something else (called there).

    Parameters
    ----------
    fingerprint
        That of the driver.
    payload
        That of the task; its protocol names the morphology.

    Raises
    ------
    SweepError
        Naming each version or hash that differs.
    """
    from dendmod.morphology import resolve

    shape = resolve(payload["protocol"]["cell"]["morphology"]).without_axon()
    there, here = json.loads(fingerprint), json.loads(fingerprint_of(shape))
    differ = [
        f"{name} {here.get(name)} instead of {there.get(name)}"
        for name in sorted({*there, *here})
        if here.get(name) != there.get(name)
    ]
    if differ:
        raise SweepError(
            f"the worker on {platform.node()} has {', '.join(differ)}. Give it the environment "
            "and the files of the machine that started the sweep"
        )
