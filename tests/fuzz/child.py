"""One process that reads changed files, case after case, and says what became of each.

Another watches it (`tests.fuzz.run`): a case that ends the process or does not end is a fault.
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import numpy as np

from dendmod.errors import DendmodError
from dendmod.exchange.load_io import IOFileError
from tests.fuzz.readers import READERS, Reader

MEMORY = 6 << 30  # bytes of address space
_FOREIGN = ("object has no attribute", "NoneType", "subscriptable", "unhashable", "not iterable",
            "unexpected keyword", "positional argument", "please report", "Traceback",
            "not supported between", "has no len()", "indices must be")  # fmt: skip
_OF_OURS = "a part is not there or not as"  # leads what another library stumbled over
_LONGEST = 8000  # characters of a message, which may repeat a name of 5000


def reader_of(name: str) -> Reader:
    """Return a reader by its name, or one of a module by ``module:name``."""
    module, colon, inner = name.partition(":")
    found: Reader = getattr(import_module(module), inner) if colon else READERS[name]
    return found


def cases(name: str, start: int, stop: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield what became of each case: accepted, refused or a fault, and why."""
    reader = reader_of(name)
    with tempfile.TemporaryDirectory(prefix="dendmod-fuzz-") as folder:
        good = reader.make(Path(folder))
        raws = [path.read_bytes() for path in good]
        for path in good:
            reader.read(path)  # or nothing would be tested
        for case in range(start, stop):
            yield {"case": case, "state": "begun"}
            rng = Random(f"{seed} {name} {case}")
            k = rng.randrange(len(good))
            raw = rng.choice(reader.changes)(raws[k], rng)
            yield {"case": case, **_one(reader, good[k].with_name(f"c{case}-{good[k].name}"), raw)}


def changed_file(name: str, case: int, seed: int, folder: Path) -> Path:
    """Write the file of one case beside the valid ones, to look at, and return it."""
    reader = reader_of(name)
    good = reader.make(folder)
    rng = Random(f"{seed} {name} {case}")
    k = rng.randrange(len(good))
    path = good[k].with_name(f"c{case}-{good[k].name}")
    path.write_bytes(rng.choice(reader.changes)(good[k].read_bytes(), rng))
    return path


def _one(reader: Reader, path: Path, raw: bytes) -> dict[str, Any]:
    path.write_bytes(raw)
    before = sorted(os.listdir(path.parent))
    begun = perf_counter()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = _read(reader, path)
    found["seconds"] = round(perf_counter() - begun, 3)
    numpy_said = [w for w in warned if issubclass(w.category, RuntimeWarning)]
    if found["state"] == "accepted" and numpy_said:
        found = {"state": "fault", "what": f"numpy warns: {numpy_said[0].message}"}
    if sorted(os.listdir(path.parent)) != before or (
        path.suffix != ".json" and path.read_bytes() != raw
    ):
        found = {"state": "fault", "what": "files were changed"}
    path.unlink()
    return found


def _read(reader: Reader, path: Path) -> dict[str, Any]:
    try:
        value = reader.read(path)
    except (DendmodError, IOFileError) as error:
        return _refused(str(error), path, reader)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        ours = [f for f in traceback.extract_tb(error.__traceback__) if "/dendmod/" in f.filename]
        at = ours[-1] if ours else last
        where = f"{Path(at.filename).name}:{at.lineno}"
        return {"state": "fault", "what": f"{type(error).__name__} at {where}: {str(error)[:200]}"}
    lost = next(not_finite(value), None)
    return {"state": "accepted"} if lost is None else {"state": "fault", "what": f"NaN in {lost}"}


def _refused(said: str, path: Path, reader: Reader) -> dict[str, Any]:
    foreign = next((word for word in _FOREIGN if word in said), None)
    if foreign and _OF_OURS not in said:
        return {"state": "fault", "what": f"words of Python: {said[:300]}"}
    if reader.names_file and path.stem not in said:
        return {"state": "fault", "what": f"the file is not named: {said[:300]}"}
    if len(said) > _LONGEST:
        return {"state": "fault", "what": f"{len(said)} characters: {said[:100]}"}
    return {"state": "refused", "what": said.replace(str(path), "FILE")[:200]}


def not_finite(value: Any, name: str = "value", depth: int = 0) -> Iterator[str]:
    """Yield the place of each number that is not finite."""
    if depth > 12 or value is None or isinstance(value, str | bytes | bool | int | Path):
        return
    if isinstance(value, float | complex | np.number | np.ndarray):
        array = np.asarray(value)
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            yield name
        if array.dtype.kind != "O":
            return
        value = array.tolist()
    if hasattr(value, "to_numpy"):
        yield from not_finite(value.to_numpy(), name, depth + 1)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from not_finite(getattr(value, field.name), f"{name}.{field.name}", depth + 1)
    elif hasattr(type(value), "model_fields"):
        for field in type(value).model_fields:
            yield from not_finite(getattr(value, field), f"{name}.{field}", depth + 1)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from not_finite(inner, f"{name}[{key}]", depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for i, inner in enumerate(value):
            yield from not_finite(inner, f"{name}[{i}]", depth + 1)


def main(name: str, start: str, stop: str, seed: str, handle: str) -> None:
    """Write a line of JSON at the beginning and the end of each case."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with os.fdopen(int(handle), "w", buffering=1, encoding="utf-8") as answer:
        for found in cases(name, int(start), int(stop), int(seed)):
            answer.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
