"""Measured curves: taken from the file that comes with dendmod, or measured through the sweep."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.errors import SpecError
from dendmod.experiment import versions
from dendmod.neuromodulation.effects import Effect
from dendmod.protocol import Protocol
from dendmod.spec import Cell, Spec
from dendmod.sweep import Task, run_tasks

SCHEMA = "dendmod/neuromodulation/1"
_DIGITS = 6
Arrays = dict[str, np.ndarray]


def cached_file(morphology: str) -> Path:
    """Return the file of measured curves of a morphology; it need not be there."""
    return Path(__file__).parent / "data" / f"{Path(morphology).stem}.json"


_BESIDE = ("name", "title", "source", "paper", "clamp", "schema")  # of a protocol


def question(task: Task) -> str:
    """Return the hash of what a task asks.

    Fields that have their default say nothing here, nor do parts of a protocol that the
    measurement does not use: a new field of a specification makes no measured curve stale, a new
    value of an old one does.
    """
    asked = dict(task.payload)
    if "cell" in asked:
        asked["cell"] = _said(Cell.model_validate(asked["cell"]))
    if "effects" in asked:
        asked["effects"] = [_said(Effect.model_validate(e)) for e in asked["effects"]]
    if "protocol" in asked:
        fields = _said(Protocol.model_validate(asked["protocol"]))
        arms = {asked["arm"]: fields["arms"][asked["arm"]]}
        kept = {k: v for k, v in fields.items() if k not in _BESIDE}
        asked["protocol"] = {**kept, "arms": arms}
    text = json.dumps([task.function, asked], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _said(spec: Spec) -> dict[str, Any]:
    return spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class Curves:
    """Results of tasks, by what the tasks ask.

    Parameters
    ----------
    store
        Folder of the sweep's ledger and results.
    morphology
        Name of the cell's morphology.
    sweep
        How runs are made: ``workers``, ``scheduler``, ``timeout`` of `run_tasks`.
    cached
        Take what the file of measured curves holds; measure the rest. Without it everything is
        measured, or found in the store.
    """

    def __init__(
        self,
        store: Path,
        morphology: str,
        *,
        sweep: Mapping[str, Any] | None = None,
        cached: bool = False,
    ) -> None:
        self.store, self.morphology, self.sweep = store, morphology, dict(sweep or {})
        self.from_file: dict[str, Arrays] = {}
        self.used: list[str] = []
        self.measured: list[str] = []
        if cached and cached_file(morphology).exists():
            self.from_file = read_curves(cached_file(morphology))

    def get(self, tasks: Sequence[Task]) -> dict[str, Arrays]:
        """Return results by key, in the order of the tasks."""
        known = {t.key: self.from_file.get(question(t)) for t in tasks}
        missing = [t for t in tasks if known[t.key] is None]
        self.used += [key for key, found in known.items() if found is not None]
        self.measured += [t.key for t in missing]
        fresh: dict[str, Arrays] = {}
        if missing:
            fresh = run_tasks(missing, self.store, fingerprint=self._fingerprint, **self.sweep)
        return {t.key: fresh[t.key] if t.key in fresh else known[t.key] or {} for t in tasks}

    @property
    def name(self) -> str:
        """Name of the morphology, without its folder."""
        return Path(self.morphology).stem

    @property
    def _fingerprint(self) -> str:
        return json.dumps({**versions(), "morphology": self._sha256}, sort_keys=True)

    @property
    def _sha256(self) -> str:
        from dendmod.morphology import resolve

        return resolve(self.morphology).without_axon().sha256

    def write(self, tasks: Sequence[Task], path: Path, command: str) -> None:
        """Write the results of tasks as a file that `read_curves` reads."""
        done = self.get(tasks)
        write_curves(path, tasks, done, {
            "command": command,
            "morphology": {"name": self.name, "sha256": self._sha256},
            "versions": versions(),
        })  # fmt: skip


def write_curves(
    path: Path, tasks: Sequence[Task], done: dict[str, Arrays], about: dict[str, Any]
) -> None:
    """Write measured curves: one line a result, numbers with six digits, null for NaN."""
    rows = []
    for task in tasks:
        entry = {
            "question": question(task),
            **{name: _plain(array) for name, array in done[task.key].items()},
        }
        rows.append(f"  {json.dumps(task.key)}: {json.dumps(entry, allow_nan=False)}")
    head = json.dumps({"schema": SCHEMA, **about}, indent=1)[:-2]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{head},\n "results": {{\n' + ",\n".join(rows) + "\n }\n}\n")


def _plain(array: np.ndarray) -> Any:
    if array.dtype.kind in "iu":
        return array.tolist()

    def number(x: float) -> float | None:
        return float(f"{x:.{_DIGITS}g}") if np.isfinite(x) else None

    values = np.asarray(array, dtype=float)
    if values.ndim == 0:
        return number(float(values))
    return [_plain(row) for row in values]


def read_curves(path: Path) -> dict[str, Arrays]:
    """Read measured curves, by the hash of what was asked.

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
        raise SpecError(f"{path} has schema {schema!r}; this dendmod reads {SCHEMA!r}")
    out = {}
    for entry in document["results"].values():
        asked = entry.pop("question")
        out[asked] = {name: np.array(value, dtype=float) for name, value in entry.items()}
    return out
