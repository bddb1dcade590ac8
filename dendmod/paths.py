"""Where dendmod finds its data files and keeps its caches, and what tells one file from another."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dendmod.errors import CacheError, DendmodError

_PACKAGE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """Return the folder ``mechanisms``, ``morphologies``, ``protocols`` or ``cells``.

    A wheel carries them inside the package (``dendmod/_data``); in a checkout or an editable
    install they lie at the root of the repository.

    Raises
    ------
    DendmodError
        If neither place has the folder.
    """
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise DendmodError(
        f"dendmod's data folder {name!r} was found neither in {_PACKAGE / '_data'} nor in "
        f"{_PACKAGE.parent}. Reinstall dendmod (pip install --force-reinstall dendmod)."
    )


def cache_dir() -> Path:
    """Return the cache folder: $DENDMOD_CACHE, or dendmod/ in $XDG_CACHE_HOME or ~/.cache."""
    explicit = os.environ.get("DENDMOD_CACHE")
    if explicit:
        return Path(explicit)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dendmod"


@contextmanager
def cache_lock(place: Path) -> Iterator[None]:
    """Hold the lock of one file or folder of the cache; its folder is made if it is not there.

    The lock is released when the process ends, however it ends.

    Raises
    ------
    CacheError
        If the cache cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(place.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o666)
    except OSError as error:
        raise CacheError(
            f"the cache {place.parent} cannot be written: {error.strerror}. Name another folder "
            "with DENDMOD_CACHE"
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:  # some network drives have no locks
            raise CacheError(
                f"the cache {place.parent} cannot be locked: {error.strerror}. Name a folder of "
                "this machine with DENDMOD_CACHE"
            ) from None
        yield
    finally:
        os.close(handle)


def file_hash(path: Path | str) -> str:
    """Return the SHA-256 of a file, or of the files of a folder; "" where there is neither."""
    path = Path(path)
    if not path.exists():
        return ""
    found = hashlib.sha256()
    for file in sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]:
        if path.is_dir():
            found.update(file.name.encode() + b"\0" + str(file.stat().st_size).encode() + b"\0")
        with file.open("rb") as opened:
            while part := opened.read(1 << 20):
                found.update(part)
    return found.hexdigest()
