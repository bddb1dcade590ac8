"""Read what a format keeps in files: JSON, dict literals of Python, .mod files by their name."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dendmod.errors import MechanismError, SpecError, did_you_mean
from dendmod.mechanisms.catalogue import mechanism_set
from dendmod.texts import read_json, read_text

_NAMED = re.compile(r"\b(?:SUFFIX|POINT_PROCESS|ARTIFICIAL_CELL)\s+(\w+)")
_COMMENTS = re.compile(r"COMMENT.*?ENDCOMMENT|[:?][^\n]*", re.DOTALL)


def read_values(path: Path, key: str | None) -> dict[str, float]:
    """Return optimised values by "parameter.list", from JSON or from a literal in a Python file.

    Parameters
    ----------
    path
        A JSON file with the values, with ``{"params": values}``, or with such things by their
        name; or a .py file that assigns a dict literal to a name. Nothing of it is executed.
    key
        The name among several; of a .py file the name of the variable.

    Raises
    ------
    SpecError
        If there is no such name, one is needed, or a value is no number.
    """
    found = _literals(path) if path.suffix == ".py" else read_json(path)
    if not isinstance(found, dict):
        raise SpecError(f"{path}: a table of values by parameter.list is needed")
    if "params" not in found and not _plain(found):
        if key is None:
            raise SpecError(f"{path} holds several sets; name one with --key: {', '.join(found)}")
        if key not in found:
            raise SpecError(f"{path}: there is no set {key!r}." + did_you_mean(key, found))
        found = found[key]
    elif key is not None:
        raise SpecError(f"{path} holds one set of values; leave out --key {key}")
    found = found.get("params", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not _plain(found):
        raise SpecError(f"{path}: a table of numbers by parameter.list is needed")
    return {name: number(value, f"{path}: {name}") for name, value in found.items()}


def _plain(found: dict[str, Any]) -> bool:
    return bool(found) and all(isinstance(v, int | float) for v in found.values())


def _literals(path: Path) -> dict[str, Any]:
    """Return the dict literals that a Python file assigns to names."""
    try:
        tree = ast.parse(read_text(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"{path} is no Python file: {error}") from None
    found: dict[str, Any] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value):
                try:
                    found[name] = ast.literal_eval(value)
                except ValueError:
                    continue
    if not found:
        raise SpecError(f"{path} assigns no dict of numbers to a name")
    return found


def known_keys(table: Any, allowed: Iterable[str], where: str) -> dict[str, Any]:
    """Return a table whose keys are all known; a key that means nothing here is refused."""
    if not isinstance(table, dict):
        raise SpecError(f"{where}: a table is needed; {table!r:.40} was given")
    names = list(allowed)
    for key in table:
        if key not in names and not key.startswith("_"):
            raise SpecError(f"{where}: {key!r} is not known here." + did_you_mean(key, names))
    return table


def needed(table: dict[str, Any], key: str, where: str) -> Any:
    """Return what a table has to say."""
    if key not in table:
        raise SpecError(f"{where}: {key!r} is missing; give it")
    return table[key]


def needed_text(table: dict[str, Any], key: str, where: str) -> str:
    """Return a text that a table has to hold."""
    value = needed(table, key, where)
    if not isinstance(value, str):
        raise SpecError(f"{where}: {key!r} is {value!r:.60}; give a text")
    return value


def needed_list(table: dict[str, Any], key: str, where: str) -> list[Any]:
    """Return a list that a table has to hold."""
    value = needed(table, key, where)
    if not isinstance(value, list):
        raise SpecError(f"{where}: {key!r} is {value!r:.60}; give a list")
    return value


def texts(value: Any, where: str) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise SpecError(f"{where}: {value!r:.60} is no list of texts")
    return tuple(value)


def number(value: Any, where: str) -> float:
    """Return a finite number, which the format may write as text."""
    try:
        if isinstance(value, bool):
            raise TypeError
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise SpecError(f"{where}: {value!r:.60} is no number") from None
    if not math.isfinite(found):
        raise SpecError(f"{where}: {found} is not finite; give a number")
    return found


def mod_files(folder: Path, suffixes: Iterable[str]) -> tuple[Path, ...]:
    """Return the .mod file of each mechanism that is not built into NEURON, from one folder.

    A mechanism is what its file calls it (SUFFIX), not what the file is called. One of dendmod's
    own of the same name does not stand in for it.

    Raises
    ------
    MechanismError
        If the folder has none for a mechanism, or two.
    """
    if not folder.is_dir():
        raise MechanismError(f"there is no folder {folder}; give the folder of the .mod files")
    by_name: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.mod")):
        text = _COMMENTS.sub(" ", path.read_text(encoding="utf-8", errors="replace"))
        for name in _NAMED.findall(text)[:1]:
            by_name.setdefault(name, []).append(path)
    found = []
    for suffix in sorted(set(suffixes)):
        there = by_name.get(suffix, [])
        if not there and is_built_in(suffix):
            continue
        if not there:
            raise MechanismError(
                f"no .mod file in {folder} is for {suffix!r}." + did_you_mean(suffix, by_name)
            )
        if len(there) > 1:
            raise MechanismError(
                f"{' and '.join(p.name for p in there)} in {folder} are both for {suffix}; "
                "leave one of them"
            )
        found.append(there[0])
    return tuple(found)


def is_built_in(suffix: str) -> bool:
    """Whether a mechanism comes with NEURON."""
    own = mechanism_set().mechanisms
    return suffix in own and own[suffix].file is None
