"""What the figures of learning have in common: the sweep of a folder, the cells of all settings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import numpy as np

from dendmod.codehash import code_hash
from dendmod.experiment import versions
from dendmod.figure import FigureOptions
from dendmod.learning.provenance import file_hash
from dendmod.sweep import Task, run_tasks
from dendmod.switching.settings import Settings
from dendmod.switching.training import CODE

WORKER = "dendmod.switching.worker"
Results = dict[str, dict[str, np.ndarray]]


_MAKES = ("reduction", "engines/neuron", "learning")  # cells, recordings in them, matrices


def fingerprint(file: str = "") -> str:
    """Return versions, the hash of the code, and that of a file or folder if there is one."""
    known = {**versions(), "code": code_hash(*CODE, *_MAKES), **file_hash(file)}
    return json.dumps(known, sort_keys=True)


def run(tasks: list[Task], options: FigureOptions, *, file: str = "") -> Results:
    """Run tasks, or take what the figure's folder has of them.

    Parameters
    ----------
    file
        File or folder that results depend on, named in payloads; anything else is left out.
    """
    return run_tasks(
        tasks,
        options.out / "store",
        **options.sweep(),
        fingerprint=fingerprint(file),
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
        self._found: Results = {}
        for name, group in groupby(kinds, key=lambda kind: kind[0]):
            tasks = [
                Task(_key(*kind), f"{WORKER}:make_cells", {"name": name, "biophysics": kind[1]})
                for kind in group
            ]
            self._found |= run(tasks, options, file=name)

    def of(self, settings: Settings) -> dict[str, str]:
        """Return both cells of these settings as JSON texts."""
        found = self._found[_key(settings.cell, settings.biophysics)]
        return {name: str(text) for name, text in found.items()}


def _key(name: str, biophysics: int) -> str:
    return f"cells {Path(name).stem.replace(',', '')} {biophysics}"
