"""One unit of work, described by names and plain values."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from dendmod.errors import SpecError, SweepError
from dendmod.sweep.fingerprint import as_text, fingerprint, resolve_function

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
    depends
        ``"package.module:name"`` of a function that takes the payload and returns, by name, a hash
        of each file that the payload names: the result depends on what is in them.
    """

    key: str
    function: str
    payload: dict[str, Any]
    cost: float = 1.0
    depends: str | None = None

    def __post_init__(self) -> None:
        if not _KEY.match(self.key) or ".." in self.key:
            raise SpecError(f"task key {self.key!r}: use letters, digits, blanks and ./=+-_ only")
        self._asked("")

    def fingerprint(self) -> str:
        """Return what the result depends on besides the payload, as text; see `fingerprint`."""
        return as_text(fingerprint(self.function, self.payload, self.depends))

    def digest(self, fingerprint: str | None = None) -> str:
        """Return the hash of all that the result depends on; None takes its own fingerprint."""
        text = self._asked(self.fingerprint() if fingerprint is None else fingerprint)
        return hashlib.sha256(text.encode()).hexdigest()

    def _asked(self, fingerprint: str) -> str:
        try:
            return json.dumps(
                [self.function, self.payload, fingerprint], sort_keys=True, allow_nan=False
            )
        except (TypeError, ValueError) as error:
            raise SpecError(
                f"task {self.key!r}: the payload must be finite JSON values: {error}"
            ) from None


def execute(function: str, payload: dict[str, Any]) -> dict[str, np.ndarray]:
    """Call a task's function and return what it gives as arrays.

    Raises
    ------
    SweepError
        If that is no dict of names, or holds what a file of arrays cannot keep.
    """
    out = resolve_function(function)(**payload)
    if not isinstance(out, dict):
        raise SweepError(f"{function} returned {type(out).__name__}; a task returns a dict")
    arrays = {name: np.asarray(value) for name, value in out.items()}
    for name, array in arrays.items():
        if not (isinstance(name, str) and name.isprintable() and name):
            raise SweepError(
                f"{function} returned an array called {name!r}; give it a name that can be printed"
            )
        if array.dtype.hasobject:
            raise SweepError(
                f"{function} returned {name!r} as {type(out[name]).__name__}; a result is made of "
                "arrays of numbers or text"
            )
    return arrays
