"""The text of a .mod file with what it INCLUDEs in its place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from dendmod.errors import MechanismError

_INCLUDE = re.compile(rb'\s*INCLUDE\s*"([^"]*)"')
_FOLDERS = "MODL_INCLUDE"  # more of them, as NEURON's translator knows them
_DEPTH = 10  # files within files, beyond which one includes itself


def source(path: Path) -> bytes:
    """Return the whole text of a .mod file: all that the mechanism depends on.

    Raises
    ------
    MechanismError
        If a file that it includes is not there.
    """
    return b"".join(line for _, line in source_lines(path))


def source_lines(path: Path, depth: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of the whole text, each with its number in the file itself.

    Lines of an included file have the number of the line that includes it.

    Raises
    ------
    MechanismError
        If a file that it includes is not there.
    """
    is_comment = False
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        word = line.split()[:1]
        is_comment = (is_comment or word == [b"COMMENT"]) and word != [b"ENDCOMMENT"]
        found = None if is_comment else _INCLUDE.match(line)
        if found is None:
            yield number, line
            continue
        for _, inner in source_lines(
            _beside(path, os.fsdecode(found[1]), number, depth), depth + 1
        ):
            yield number, inner
        yield number, b"\n"


def _beside(path: Path, name: str, line: int, depth: int) -> Path:
    """Return an included file: in the folder of the file, or in one of ``MODL_INCLUDE``."""
    folders = [path.parent, *map(Path, filter(None, os.environ.get(_FOLDERS, "").split(":")))]
    for folder in folders:
        if (folder / name).is_file() and depth < _DEPTH:
            return folder / name
    wrong = "files include each other" if depth >= _DEPTH else "there is no such file"
    raise MechanismError(
        f'{path}, line {line}: INCLUDE "{name}", but {wrong}; put it beside the .mod file, or name '
        f"its folder in {_FOLDERS}"
    )
