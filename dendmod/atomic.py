"""Write files and folders whole or not at all, whatever stops the program or writes beside it."""

from __future__ import annotations

import os
import secrets
import shutil
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


@contextmanager
def replacing_folder(path: Path | str) -> Iterator[Path]:
    """Yield a new, empty folder beside `path` that takes its place once the block is over.

    If the block raises, the new folder is removed and `path` stays as it was. What a killed
    program leaves is hidden and ends in ``.part`` or ``.old``: it may be removed.
    """
    path = Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(4)
    partial = path.with_name(f".{path.name}.{token}.part")
    old = path.with_name(f".{path.name}.{token}.old")
    try:
        partial.mkdir()
        yield partial
        for file in partial.rglob("*"):
            if file.is_file():
                _settle(file)
        if path.exists():
            os.rename(path, old)
        try:
            os.rename(partial, path)
        except BaseException:
            if old.exists():
                os.rename(old, path)
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
