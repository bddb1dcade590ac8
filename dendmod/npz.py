"""Write and read npz files, whatever the arrays are called, and say in words what is wrong."""

from __future__ import annotations

import io
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError

# what zipfile and numpy raise where bytes were changed: in the archive, an array's header or shape
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, SyntaxError, tokenize.TokenError, KeyError,
    struct.error, NotImplementedError, RuntimeError, MemoryError, OverflowError,
)  # fmt: skip


def npz_of(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return an npz file of arrays under any names; `numpy.savez` refuses "file" and others."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def arrays_of(file: Path | str | IO[bytes]) -> dict[str, npt.NDArray[Any]]:
    """Return all arrays of an npz file by name; without words for what is wrong."""
    with zipfile.ZipFile(file) as archive:
        found = {}
        for name in archive.namelist():
            with archive.open(name) as member:
                found[name.removesuffix(".npy")] = np.lib.format.read_array(
                    member, allow_pickle=False
                )
        return found


def read_header(path: Path | str, schema: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the table of fields and the arrays of an npz file that dendmod writes.

    Parameters
    ----------
    path
        The file; its array "header" is JSON with a "schema".
    schema
        What that must be.

    Raises
    ------
    SpecError
        If it cannot be read, has no such header, or another schema.
    """
    arrays = read_npz(path)
    try:
        header = json.loads(str(arrays["header"]), parse_constant=_no_constant)
    except KeyError:
        raise SpecError("it has no header") from None
    except (ValueError, RecursionError) as error:
        raise SpecError(f"its header is no JSON: {error}") from None
    if not isinstance(header, dict) or "schema" not in header:
        raise SpecError("its header is no table with a schema")
    if header["schema"] != schema:
        raise SpecError(f"its schema is {header['schema']!r:.60} in place of {schema!r}")
    return header, arrays


def _no_constant(name: str) -> None:
    raise ValueError(f"it holds {name}; every number must be finite")


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
        return arrays_of(path)
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror or error})") from None
    except _DAMAGED:
        raise SpecError(f"{path}: no npz file, or one that is damaged or cut short") from None
    except ValueError as error:
        why = "it holds Python objects; store plain arrays" if "pickle" in str(error) else error
        raise SpecError(f"{path}: cannot be read ({why})") from None
