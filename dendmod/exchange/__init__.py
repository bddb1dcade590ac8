"""Fitted IO curves as files that other programs can read.

`load_io.py` stands alone, to be copied; `document` writes, `check` fits again, and `exporters`
write for other programs.
"""

from __future__ import annotations

from pathlib import Path

from dendmod.errors import ExchangeError
from dendmod.exchange.load_io import IOFile, IOFileError
from dendmod.exchange.load_io import load_io as _load_io

__all__ = ["ExchangeError", "IOFile", "IOFileError", "read_io", "schema_file"]


def read_io(path: str | Path, *, verify: bool = True) -> IOFile:
    """Read a file like `load_io.load_io`, with errors that dendmod's commands print.

    Raises
    ------
    ExchangeError
        If the file is missing, cut off, of another version, or holds what it may not.
    """
    try:
        return _load_io(path, verify=verify)
    except IOFileError as error:
        raise ExchangeError(str(error)) from None


def schema_file() -> Path:
    """Return the JSON Schema of the files."""
    return Path(__file__).with_name("io.schema.json")
