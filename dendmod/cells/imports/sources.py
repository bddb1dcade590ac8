"""Read what a format keeps in files: JSON, dict literals of Python, .mod files by their name."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dendmod.errors import MechanismError, SpecError, did_you_mean
from dendmod.mechanisms.catalogue import mechanism_set

_NAMED = re.compile(r"\b(?:SUFFIX|POINT_PROCESS|ARTIFICIAL_CELL)\s+(\w+)")
_COMMENTS = re.compile(r"COMMENT.*?ENDCOMMENT|[:?][^\n]*", re.DOTALL)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    SpecError
        If it cannot be read, is no JSON, or gives one key twice.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = {key for key in keys if keys.count(key) > 1} - {"__comment"}
        if twice:
            raise SpecError(f"{path}: {min(twice)!r} is given twice; leave one out")
        return dict(pairs)

    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"{path} is no JSON file: {error}") from None


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
    return {name: float(value) for name, value in found.items()}


def _plain(found: dict[str, Any]) -> bool:
    return bool(found) and all(isinstance(v, int | float) for v in found.values())


def _literals(path: Path) -> dict[str, Any]:
    """Return the dict literals that a Python file assigns to names."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}") from None
    except (SyntaxError, ValueError) as error:
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
        raise SpecError(f"{where}: a table is needed, {type(table).__name__} was given")
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


def number(value: Any, where: str) -> float:
    """Return a number, which the format may write as text."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise SpecError(f"{where}: {value!r} is no number") from None


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
