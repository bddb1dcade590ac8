"""Read npz files, and say in words what is wrong with one that cannot be read."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError

# what zipfile and numpy raise where bytes were changed: in the archive, an array's header or shape
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, SyntaxError, tokenize.TokenError, KeyError,
    struct.error, NotImplementedError, RuntimeError, MemoryError, OverflowError,
)  # fmt: skip


def read_npz(path: Path | str) -> dict[str, npt.NDArray[Any]]:
    """Return all arrays of an npz file by name.

    Raises
    ------
    SpecError
        If there is no such file, or it is no npz file, or it is cut short, damaged, or holds Python
        objects in place of numbers and strings.
    """
    try:
        with Path(path).open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise zipfile.BadZipFile
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror or error})") from None
    except _DAMAGED:
        raise SpecError(f"{path}: no npz file, or one that is damaged or cut short") from None
    except ValueError as error:
        why = "it holds Python objects; store plain arrays" if "pickle" in str(error) else error
        raise SpecError(f"{path}: cannot be read ({why})") from None
