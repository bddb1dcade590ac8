"""Write files whole or not at all, whatever stops the program and whoever writes beside it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a new, empty file beside `path` that takes its place once the block is over.

    If the block raises, the new file is removed and `path` stays as it was. Two programs that
    write one file at a time each have a file of their own; the last to finish is kept. The folder
    is made. What a killed program leaves is hidden and ends in ``.part``: it may be removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        partial.touch(exist_ok=False)
        yield partial
        _settle(partial)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _settle(path: Path) -> None:
    """Have the disk take what was written: a rename may else outlive it."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
