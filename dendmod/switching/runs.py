"""What the figures of learning have in common: the sweep of a folder, the cells of all settings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from dendmod.codehash import code_hash
from dendmod.experiment import versions
from dendmod.figure import FigureOptions
from dendmod.sweep import Task, run_tasks
from dendmod.switching.settings import Settings
from dendmod.switching.training import CODE

WORKER = "dendmod.switching.worker"
Results = dict[str, dict[str, np.ndarray]]


def run(tasks: list[Task], options: FigureOptions) -> Results:
    """Run tasks, or take what the figure's folder has of them."""
    known = {**versions(), "code": code_hash(*CODE, "reduction")}
    return run_tasks(
        tasks,
        options.out / "store",
        **options.sweep(),
        fingerprint=json.dumps(known, sort_keys=True),
        progress=len(tasks) > 1 or sys.stderr.isatty(),
    )


class Cells:
    """The hidden and the output cell of each kind that some settings ask for.

    Raises
    ------
    SpecError
        If there is no such cell.
    """

    def __init__(self, wanted: Iterable[Settings], options: FigureOptions) -> None:
        kinds = sorted({(s.cell, s.biophysics) for s in wanted})
        tasks = [
            Task(_key(*kind), f"{WORKER}:make_cells", {"name": kind[0], "biophysics": kind[1]})
            for kind in kinds
        ]
        self._found = run(tasks, options)

    def of(self, settings: Settings) -> dict[str, str]:
        """Return both cells of these settings as JSON texts."""
        found = self._found[_key(settings.cell, settings.biophysics)]
        return {name: str(text) for name, text in found.items()}


def _key(name: str, biophysics: int) -> str:
    return f"cells {Path(name).stem.replace(',', '')} {biophysics}"
