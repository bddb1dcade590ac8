"""Readers with a fault each: does the fuzzer see it?"""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError
from tests.fuzz.mutate import changed_bytes
from tests.fuzz.readers import Reader


def _make(folder: Path) -> list[Path]:
    (folder / "good.txt").write_text("good")
    return [folder / "good.txt"]


def _reader(fault: Any) -> Reader:
    def read(path: Path) -> Any:
        return 1.0 if path.name == "good.txt" else fault(path)

    return Reader(_make, read, (changed_bytes,))


def _raises(error: Exception) -> Reader:
    def fault(path: Path) -> Any:
        raise error

    return _reader(fault)


def _warns(path: Path) -> float:
    warnings.warn("overflow", RuntimeWarning, stacklevel=1)
    return 1.0


raises = _raises(KeyError("x"))
unnamed = _raises(SpecError("something is wrong"))
foreign = _raises(SpecError("cX-good.txt: 'NoneType' object has no attribute 'x'"))
gives_nan = _reader(lambda path: {"a": [1.0, float("nan")]})
warns = _reader(_warns)
writes = _reader(lambda path: path.write_text("other"))
leaves = _reader(lambda path: path.with_name("left.txt").write_text("x"))
ends = _reader(lambda path: os._exit(0))
hangs = _reader(lambda path: time.sleep(60))
eats = _reader(lambda path: bytearray(1 << 40))
