"""One unit of work, described by names and plain values."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.errors import SpecError, SweepError

_KEY = re.compile(r"^[\w ./=+-]+$")


@dataclass(frozen=True)
class Task:
    """A function of plain values, run in a process of its own.

    Parameters
    ----------
    key
        Readable name, unique within a sweep.
    function
        ``"package.module:name"``; it returns a dict of arrays.
    payload
        Its keyword arguments: whatever JSON can hold, without NaN.
    cost
        Expected cost in any unit, for the estimate and for running long tasks first.
    """

    key: str
    function: str
    payload: dict[str, Any]
    cost: float = 1.0

    def __post_init__(self) -> None:
        if not _KEY.match(self.key) or ".." in self.key:
            raise SpecError(f"task key {self.key!r}: use letters, digits, blanks and ./=+-_ only")
        self.digest("")

    def digest(self, fingerprint: str) -> str:
        """Return the hash of all that the result depends on."""
        try:
            text = json.dumps(
                [self.function, self.payload, fingerprint], sort_keys=True, allow_nan=False
            )
        except (TypeError, ValueError) as error:
            raise SpecError(
                f"task {self.key!r}: the payload must be finite JSON values: {error}"
            ) from None
        return hashlib.sha256(text.encode()).hexdigest()


def resolve_function(name: str) -> Callable[..., dict[str, Any]]:
    """Return the function that ``"package.module:name"`` names."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SweepError(f"there is no function {name!r}: {error}") from None


def execute(function: str, payload: dict[str, Any], parent: int | None = None) -> dict[str, Any]:
    """Run a task's function in this process (called in the worker)."""
    if parent is not None:
        _die_with(parent)
    out = resolve_function(function)(**payload)
    if not isinstance(out, dict):
        raise SweepError(f"{function} returned {type(out).__name__}; a task returns a dict")
    return {name: np.asarray(value) for name, value in out.items()}


def _die_with(parent: int) -> None:
    """Make the kernel end this process when the driver dies, where the kernel can (Linux)."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)
