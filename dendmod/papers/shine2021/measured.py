"""Measured curves: taken from the file that comes with dendmod, or measured through the sweep."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dendmod.errors import DownloadError, MorphologyError
from dendmod.neuromodulation.effects import Effect
from dendmod.papers.shine2021.stored import (
    Arrays,
    MeasuredFile,
    mechanism_hashes,
    read_curves,
    write_curves,
)
from dendmod.params.neuromodulators import BIOPHYSICS, OTHER_BIOPHYSICS, SEED
from dendmod.protocol import Protocol
from dendmod.protocol.provenance import versions
from dendmod.spec import Cell, Spec
from dendmod.sweep import Task, run_tasks


def cached_file(morphology: str) -> Path:
    """Return the file of measured curves of a morphology; it need not be there."""
    return Path(__file__).parent / "data" / f"{Path(morphology).stem}.json"


_SYNAPSES = ("AmpaNmdaSyn", "DoubleExpSyn", "DoubleExpCurrent")
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
    text = json.dumps([task.function.partition(":")[2], asked], sort_keys=True, allow_nan=False)
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
        Take what the file of measured curves holds. What it cannot hold (another seed, a
        morphology without such a file) is measured, and said; without `cached` everything is
        measured, or found in the store.

    Raises
    ------
    StaleCurvesError
        If the file was made with other settings, mechanisms or another cell of that name.
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
        self.file: MeasuredFile | None = None
        self.used: list[str] = []
        self.measured: list[str] = []
        if cached:
            path = cached_file(morphology)
            if path.exists():
                self.file = read_curves(path)
            else:
                print(f"{path} does not exist; the curves of {self.name} are measured")

    def get(self, tasks: Sequence[Task], seed: int = SEED) -> dict[str, Arrays]:
        """Return results by key, in the order of the tasks; `seed` is that of the IO curves."""
        held: Mapping[str, Arrays] = {}
        if self.file is not None:
            self.file.check({t.key: question(t) for t in tasks}, seed, self._known_sha256())
            held = self.file.results
        known = {t.key: held.get(question(t)) for t in tasks}
        missing = [t for t in tasks if known[t.key] is None]
        self.used += [key for key, found in known.items() if found is not None]
        self.measured += [t.key for t in missing]
        fresh: dict[str, Arrays] = {}
        if missing:
            if self.file is not None:
                print(f"{len(missing)} curves with seed {seed} are not in the file; measuring them")
            fresh = run_tasks(missing, self.store, **self.sweep)
        return {t.key: fresh[t.key] if t.key in fresh else known[t.key] or {} for t in tasks}

    @property
    def name(self) -> str:
        """Name of the morphology, without its folder."""
        return Path(self.morphology).stem

    def _sha256(self) -> str:
        from dendmod.morphology import resolve

        return resolve(self.morphology).without_axon().sha256

    def _known_sha256(self) -> str | None:
        """None where a morphology that has to be fetched is not here: the file does without."""
        try:
            return self._sha256()
        except (MorphologyError, DownloadError):
            return None

    def write(self, tasks: Sequence[Task], path: Path, command: str, seed: int) -> None:
        """Write the results of tasks as a file that `read_curves` reads."""
        done = self.get(tasks, seed)
        write_curves(path, {t.key: question(t) for t in tasks}, done, {
            "command": command,
            "seed": seed,
            "morphology": {"name": self.name, "sha256": self._sha256()},
            "mechanisms": mechanism_hashes(mechanisms_of(self.morphology)),
            "versions": versions(),
        })  # fmt: skip


def mechanisms_of(morphology: str) -> list[str]:
    """Return the mechanisms that the measurements simulate, of those that dendmod compiles."""
    from dendmod.cells.l5 import L5PyramidalCell

    suffixes = set(_SYNAPSES)
    for biophysics in (BIOPHYSICS, OTHER_BIOPHYSICS):
        for region in L5PyramidalCell(morphology, biophysics).biophysics.regions.values():
            suffixes |= {m.suffix for m in region.mechanisms}
    return sorted(s for s in suffixes if mechanism_hashes([s])[s])
