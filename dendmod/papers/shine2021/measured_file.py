"""The file of measured curves that comes with dendmod: written, read, and checked for age."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.atomic import replacing
from dendmod.errors import SpecError

SCHEMA = "dendmod/neuromodulation/2"
_DIGITS = 5
Arrays = dict[str, np.ndarray]


class StaleCurvesError(SpecError):
    """Measured curves that do not answer what is asked."""


@dataclass(frozen=True)
class MeasuredFile:
    """A file of measured curves.

    Parameters
    ----------
    path
        Where it lies.
    command
        What makes it.
    seed
        Of its IO curves.
    morphology
        ``name`` and ``sha256`` of the cell.
    mechanisms
        Hash of each .mod file that was simulated, by suffix.
    keys
        What was asked, as a hash, by the key of the measurement.
    results
        Results by that hash.
    versions
        Of what measured them.
    engines
        Which engine measured each kind, and how it was held against NEURON.
    """

    path: Path
    command: str
    seed: int
    morphology: Mapping[str, str]
    mechanisms: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, Arrays] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    engines: Mapping[str, Any] = field(default_factory=dict)

    def check(self, asked: Mapping[str, str], seed: int, sha256: str | None) -> None:
        """Refuse curves that were measured with other settings, mechanisms or another cell.

        Parameters
        ----------
        asked
            Hash of what is asked, by key.
        seed
            Of the IO curves that are asked for; those of another seed are not stale, only absent.
        sha256
            Of the morphology; None if it is not on this machine.

        Raises
        ------
        StaleCurvesError
            Saying what differs and how to measure again.
        """
        why = []
        if sha256 is not None and sha256 != self.morphology["sha256"]:
            why.append(f"another {self.morphology['name']} (morphology {sha256[:12]})")
        now = mechanism_hashes(self.mechanisms)
        moved = sorted(name for name, digest in self.mechanisms.items() if now[name] != digest)
        if moved:
            why.append("other mechanisms (" + ", ".join(f"{name}.mod" for name in moved) + ")")
        if seed == self.seed:
            absent = [key for key, digest in asked.items() if digest not in self.results]
            if absent:
                shown = ", ".join(absent[:3]) + (", ..." if len(absent) > 3 else "")
                why.append(f"other settings ({len(absent)} of {len(asked)} curves: {shown})")
        if why:
            raise StaleCurvesError(
                f"the measured curves in {self.path} are out of date: dendmod now asks for "
                f"{' and '.join(why)}. Measure again with '{self.command}' and put the file that "
                "it writes in its place, or leave --quick out."
            )


def mechanism_hashes(suffixes: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Return the hash of each mechanism's .mod file; "" where there is no such file."""
    from dendmod.paths import data_dir

    folder = data_dir("mechanisms")
    out = {}
    for suffix in sorted(suffixes):
        path = folder / f"{suffix}.mod"
        out[suffix] = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
    return out


def write_curves(
    path: Path, asked: Mapping[str, str], done: Mapping[str, Arrays], about: Mapping[str, Any]
) -> None:
    """Write measured curves: one line a result, numbers with five digits, null for NaN.

    Parameters
    ----------
    path
        The file; its folder is made.
    asked
        Hash of what was asked, by key.
    done
        Results by key.
    about
        Its head: ``command``, ``seed``, ``morphology``, ``mechanisms``, ``versions``,
        ``engines``.
    """
    rows = []
    for key, digest in asked.items():
        entry = {"question": digest, **{n: _numbers(array) for n, array in done[key].items()}}
        text = json.dumps(entry, allow_nan=False, separators=(",", ":"))
        rows.append(f"  {json.dumps(key)}: {text}")
    head = json.dumps({"schema": SCHEMA, **about}, indent=1)[:-2]
    with replacing(path) as partial:
        partial.write_text(f'{head},\n "results": {{\n' + ",\n".join(rows) + "\n }\n}\n")


def _numbers(array: np.ndarray) -> Any:
    if array.dtype.kind in "iu":
        return array.tolist()

    def number(x: float) -> float | None:
        return float(f"{x:.{_DIGITS}g}") if np.isfinite(x) else None

    values = np.asarray(array, dtype=float)
    if values.ndim == 0:
        return number(float(values))
    return [_numbers(row) for row in values]


def read_curves(path: Path) -> MeasuredFile:
    """Read measured curves.

    Raises
    ------
    SpecError
        If the file is not one of measured curves.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        schema = document["schema"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SpecError(f"{path} is not a file of measured curves: {error}") from None
    if schema != SCHEMA:
        raise SpecError(
            f"{path} has schema {schema!r}; this dendmod reads {SCHEMA!r}. Measure again with "
            "'python -m dendmod.neuromodulation measure'"
        )
    keys, results = {}, {}
    try:
        for key, entry in document["results"].items():
            keys[key] = entry["question"]
            results[entry["question"]] = {
                name: np.array(value, dtype=float)
                for name, value in entry.items()
                if name != "question"
            }
        return MeasuredFile(
            path, document["command"], int(document["seed"]), document["morphology"],
            document["mechanisms"], keys, results, document.get("versions", {}),
            document.get("engines", {}),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(f"{path} is not a file of measured curves: {error!r}") from None
