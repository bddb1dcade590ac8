"""With what a result was made."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dendmod.morphology import Morphology
    from dendmod.spec import ReducedCell


DEPENDS = "dendmod.cells.provenance:hashes"
DEPENDS_OF_STIMULI = "dendmod.cells.provenance:hashes_of_stimuli"
DEPENDS_OF_MANY_STIMULI = "dendmod.cells.provenance:hashes_of_many_stimuli"


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
    if cell.get("file") is not None:
        from dendmod.cells.file import load_cell

        return load_cell(cell["file"]).shape.morphology, None
    from dendmod.cells.reduced import read_reduced
    from dendmod.engines.checks import shape_of
    from dendmod.morphology import resolve
    from dendmod.spec import Cell

    reduced = None if cell.get("reduced") is None else read_reduced(cell["reduced"])
    name = cell["morphology"]
    if reduced is not None:  # that of the full cell
        if "cell" in reduced.provenance:
            return shape_of(Cell.model_validate(reduced.provenance["cell"])), reduced
        name = str(reduced.provenance.get("morphology", name))
    return resolve(name).without_axon(), reduced


@cache
def _morphology_hash(name: str) -> str:
    from dendmod.morphology import resolve

    return resolve(name).without_axon().sha256


def _cell_hashes(file: str) -> dict[str, str]:
    """Return the hashes of what a cell file says, of its morphology and of its mechanisms."""
    from dendmod.cells.file import load_cell
    from dendmod.mechanisms.catalogue import MechanismSet
    from dendmod.mechanisms.loading import identity

    loaded = load_cell(file)
    # what is run, without where its files lie
    cell = loaded.cell.model_copy(update={"morphology": "", "mechanisms": ()})
    return {
        "morphology": loaded.shape.morphology.sha256,
        "mechanisms": identity(MechanismSet(loaded.cell.mechanisms)),
        "cell": hashlib.sha256(cell.model_dump_json().encode()).hexdigest(),
    }


def hashes(
    protocol: dict[str, Any] | None = None, cell: dict[str, Any] | None = None, **_: Any
) -> dict[str, str]:
    """Return the hashes of the files of a task's cell, of which its protocol or itself says which.

    For tasks whose payload has a ``protocol`` or a ``cell``; see `dendmod.sweep.Task`. A cell with
    folders of .mod files adds the hash of its set of mechanisms.
    """
    named = protocol["cell"] if protocol is not None else cell or {}
    if "compartments" in named:  # a reduced cell, which is all there is
        return mechanism_hash(named.get("mechanisms", ()))
    if named.get("file") is not None:
        return _cell_hashes(named["file"])
    if named.get("reduced") is None:
        known = {"morphology": _morphology_hash(named["morphology"])}
        return known | mechanism_hash(named.get("mechanisms", ()))
    morphology, reduced = files_of(named)
    text = reduced.model_dump_json() if reduced is not None else ""
    known = {
        "morphology": morphology.sha256,
        "reduced": hashlib.sha256(text.encode()).hexdigest(),
    }
    return known | mechanism_hash(reduced.mechanisms if reduced is not None else ())


def mechanism_hash(folders: Sequence[str]) -> dict[str, str]:
    """Return the hash of a cell's mechanisms, by name; nothing for a cell without own folders.

    The folders are read anew each time, as the processes of a sweep read them.
    """
    from dendmod.mechanisms.catalogue import MechanismSet
    from dendmod.mechanisms.loading import identity

    if not folders:
        return {}
    return {"cell mechanisms": identity(MechanismSet(tuple(folders)))}


def hashes_of_stimuli(protocol: dict[str, Any], **_: Any) -> dict[str, str]:
    """Return the hashes of the files of the cell and the waveforms of a file of stimuli."""
    files = {name: s["file"] for name, s in protocol["stimuli"].items() if "file" in s}
    found = {f"waveform {n}": hashlib.sha256(Path(f).read_bytes()).hexdigest()
             for n, f in files.items()}  # fmt: skip
    return hashes(protocol=protocol) | found


def hashes_of_many_stimuli(protocols: Sequence[dict[str, Any]], **_: Any) -> dict[str, str]:
    """Return the hashes that `hashes_of_stimuli` gives of each, by their numbers."""
    return {
        f"{number} {name}": digest
        for number, protocol in enumerate(protocols)
        for name, digest in hashes_of_stimuli(protocol).items()
    }
