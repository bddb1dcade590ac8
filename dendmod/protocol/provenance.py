"""With what a result was made."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dendmod.morphology import Morphology
    from dendmod.spec import ReducedCell


DEPENDS = "dendmod.protocol.provenance:hashes"
DEPENDS_OF_STIMULI = "dendmod.protocol.provenance:hashes_of_stimuli"


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
    from dendmod.cells.reduced import read_reduced
    from dendmod.morphology import resolve

    reduced = None if cell.get("reduced") is None else read_reduced(cell["reduced"])
    name = cell["morphology"]
    if reduced is not None:  # that of the full cell
        name = str(reduced.provenance.get("morphology", name))
    return resolve(name).without_axon(), reduced


@cache
def _morphology_hash(name: str) -> str:
    from dendmod.morphology import resolve

    return resolve(name).without_axon().sha256


def hashes(
    protocol: dict[str, Any] | None = None, cell: dict[str, Any] | None = None, **_: Any
) -> dict[str, str]:
    """Return the hashes of the files of a task's cell, of which its protocol or itself says which.

    For tasks whose payload has a ``protocol`` or a ``cell``; see `dendmod.sweep.Task`.
    """
    named = protocol["cell"] if protocol is not None else cell or {}
    if "compartments" in named:  # a reduced cell, which is all there is
        return {}
    if named.get("reduced") is None:
        return {"morphology": _morphology_hash(named["morphology"])}
    morphology, reduced = files_of(named)
    text = reduced.model_dump_json() if reduced is not None else ""
    return {
        "morphology": morphology.sha256,
        "reduced": hashlib.sha256(text.encode()).hexdigest(),
    }


def hashes_of_stimuli(protocol: dict[str, Any], **_: Any) -> dict[str, str]:
    """Return the hashes of the files of the cell and the waveforms of a file of stimuli."""
    files = {name: s["file"] for name, s in protocol["stimuli"].items() if "file" in s}
    found = {f"waveform {n}": hashlib.sha256(Path(f).read_bytes()).hexdigest()
             for n, f in files.items()}  # fmt: skip
    return hashes(protocol=protocol) | found
