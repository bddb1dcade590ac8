"""The code that a stored result depends on, as a hash: changed code makes results anew."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parent


@cache
def code_hash(*parts: str) -> str:
    """Return the SHA-256 of source files of this package.

    Parameters
    ----------
    parts
        Modules or folders, such as ``"rng.py"`` or ``"engines/kernel"``; of a folder its own
        Python and C files count, not those of folders in it.

    Raises
    ------
    FileNotFoundError
        If there is no such part.
    """
    found = hashlib.sha256()
    for part in parts:
        place = _ROOT / part
        files = [place] if place.is_file() else sorted([*place.glob("*.py"), *place.glob("*.c")])
        if not files:
            raise FileNotFoundError(f"dendmod has no source files {part!r}")
        for path in files:
            found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()
