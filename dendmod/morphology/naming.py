"""From a name or a path to a morphology."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from dendmod.errors import MorphologyError, did_you_mean
from dendmod.morphology.model import Morphology
from dendmod.morphology.reading import read
from dendmod.paths import cache_dir, data_dir

DOWNLOADED = ("hay2011",)


def built_in() -> dict[str, Path]:
    """Return the morphologies that dendmod carries: name -> file."""
    return {p.stem: p for p in sorted(data_dir("morphologies").glob("*/*.swc"))}


def check_name(name: str) -> None:
    """Check that a morphology is known, whether or not it has been downloaded.

    Raises
    ------
    MorphologyError
        If there is no such name or file.
    """
    if Path(name).suffix:
        if not os.path.isfile(name):
            raise MorphologyError(f"there is no morphology file {name}")
    elif name not in (known := (*built_in(), *DOWNLOADED)):
        raise MorphologyError(
            f"there is no morphology {name!r}; give a file (.swc, .asc) or a name."
            + did_you_mean(name, known)
        )


def resolve_path(name: str) -> Path:
    """Return the file of a morphology given by name or path.

    Raises
    ------
    MorphologyError
        If there is no such name or file, or it has not been downloaded.
    """
    check_name(name)
    if Path(name).suffix:
        return Path(name)
    if name in built_in():
        return built_in()[name]
    path = cache_dir() / "morphologies" / f"{name}.asc"
    if not os.path.isfile(path):
        raise MorphologyError(
            f"{name} has not been downloaded; run `dendmod morphology get {name}`"
        )
    return path


def resolve(name: str) -> Morphology:
    """Return a morphology given by name ("l5pc", "hay2011") or path (.swc, .asc).

    Raises
    ------
    MorphologyError
        As `resolve_path` and `read` say.
    """
    path = resolve_path(name)
    return _read_once(str(path), path.stem, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _read_once(path: str, name: str, mtime_ns: int) -> Morphology:
    return read(path, name)
