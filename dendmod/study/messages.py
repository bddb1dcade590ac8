"""What a command tells its user: errors as one message, places that cannot be written."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dendmod.errors import DendmodError, MorphologyWarning, SpecError

# what the place of a file or the disk is to blame for; any other OSError is a fault of ours
_OF_FILES = {
    errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOENT,
    errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS,
}  # fmt: skip


def guard(run: Callable[[], Any]) -> Any:
    """Run, and turn errors made on purpose and Ctrl-C into one message and an exit code.

    Warnings made on purpose become one message too.
    """
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, MorphologyWarning):
            print(f"warning: {message}", file=sys.stderr)
        else:
            usual(message, category, *where, **more)

    warnings.showwarning = show
    try:
        return run()
    except (DendmodError, OSError) as error:
        message = _message(error)
        if message is None or os.environ.get("DENDMOD_DEBUG"):
            raise
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
    finally:
        warnings.showwarning = usual


def _message(error: Exception) -> str | None:
    """Return what to tell the user, or None where the fault is in the program."""
    if isinstance(error, DendmodError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _OF_FILES:
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"{place}{error.strerror}. Give a place that can be read and written"
    return None


def check_folder(out: Path) -> None:
    """Check that a folder for results can be made or written, before anything is computed.

    Raises
    ------
    SpecError
        If a file is in the way, or the place cannot be written.
    """
    there = next((place for place in (out, *out.parents) if place.exists()), Path("."))
    if not there.is_dir():
        raise SpecError(f"--out {out}: {there} is a file; give a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise SpecError(f"--out {out}: {there} cannot be written; give another folder")


def check_file(out: Path) -> None:
    """Check that a file can be made or replaced, before anything is computed.

    Raises
    ------
    SpecError
        If a folder is in the way, or the place cannot be written.
    """
    if out.is_dir():
        raise SpecError(f"--out {out} is a folder; give a file")
    check_folder(out.parent)
