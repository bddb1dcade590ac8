"""Read text and JSON as editors and programs write them, or say in words what is wrong.

UTF-8 with or without the mark at its start, UTF-16 with its mark, and all line ends are taken.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_COMMENT = "__comment"  # the one key that files of the field give twice


def decoded(raw: bytes) -> str:
    """Return the text of a file, with one kind of line end.

    Raises
    ------
    UnicodeDecodeError
        If it is neither UTF-8 nor UTF-16 with its mark.
    """
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "utf-8")
    return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def read_text(path: Path | str) -> str:
    """Return the text of a file.

    Raises
    ------
    SpecError
        If it cannot be read, or is no text.
    """
    try:
        return decoded(Path(path).read_bytes())
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise SpecError(
            f"{path} cannot be read: byte {error.start + 1} is not {error.encoding.upper()}; save "
            "the file as UTF-8"
        ) from None
    except ValueError as error:  # of a name that no file can have
        raise SpecError(f"{str(path)!r:.100} cannot be read: {error}") from None


def read_json(path: Path | str) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    SpecError
        If it cannot be read, is no JSON, or gives one key twice.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, value in pairs:
            if key in table and key != _COMMENT:
                raise SpecError(f"{path}: {key!r} is given twice; leave one out")
            table[key] = value
        return table

    return parsed(path, "JSON", lambda text: json.loads(text, object_pairs_hook=once))


def read_json_table(path: Path | str) -> dict[str, Any]:
    """Return the table of fields that a JSON file holds.

    Raises
    ------
    SpecError
        As `read_json`, and if it holds something else.
    """
    table = read_json(path)
    if not isinstance(table, dict):
        raise SpecError(f"{path} holds no table of fields: a JSON object, in braces, is needed")
    return table


def parsed(path: Path | str, kind: str, parse: Callable[[str], Any]) -> Any:
    """Return what a parser of the standard library makes of the text of a file.

    Raises
    ------
    SpecError
        If it cannot be read, or the parser refuses it.
    """
    text = read_text(path)
    try:
        return parse(text)
    except SpecError:
        raise
    except RecursionError:
        raise SpecError(f"{path}: not a {kind} file: it is nested too deeply") from None
    except ValueError as error:
        raise SpecError(f"{path}: not a {kind} file: {error}") from None
