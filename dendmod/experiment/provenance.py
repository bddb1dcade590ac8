"""With what a result was made."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dendmod.errors import SweepError

if TYPE_CHECKING:
    from dendmod.morphology import Morphology
    from dendmod.spec import ReducedCell


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


def files_of(cell: dict[str, Any]) -> tuple[Morphology, ReducedCell | None]:
    """Return the morphology and the reduced cell that the [cell] fields of a protocol name."""
    from dendmod.morphology import resolve
    from dendmod.reduction import read_reduced

    reduced = None if cell.get("reduced") is None else read_reduced(cell["reduced"])
    name = cell["morphology"]
    if reduced is not None:  # that of the full cell
        name = str(reduced.provenance.get("morphology", name))
    return resolve(name).without_axon(), reduced


def fingerprint_of(morphology: Morphology, reduced: ReducedCell | None = None) -> str:
    """Return what a result depends on besides its protocol: versions and the bytes of the cell."""
    facts = {**versions(), "morphology": morphology.sha256}
    if reduced is not None:
        facts["reduced"] = hashlib.sha256(reduced.model_dump_json().encode()).hexdigest()
    return json.dumps(facts, sort_keys=True)


def check_same(fingerprint: str, payload: dict[str, Any]) -> None:
    """Refuse to run a task on a machine that would compute something else (called there).

    Parameters
    ----------
    fingerprint
        That of the driver.
    payload
        That of the task; its protocol names the files of the cell.

    Raises
    ------
    SweepError
        Naming each version or hash that differs.
    """
    own = fingerprint_of(*files_of(payload["protocol"]["cell"]))
    there, here = json.loads(fingerprint), json.loads(own)
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
