"""What the figures of learning have in common: the sweep of a folder, the cells of all settings."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import numpy as np

from dendmod.figure import FigureOptions
from dendmod.sweep import Task, run_tasks
from dendmod.switching.settings import Settings

WORKER = "dendmod.switching.tasks"
Results = dict[str, dict[str, np.ndarray]]


DEPENDS = f"{WORKER}:hashes"


def run(tasks: list[Task], options: FigureOptions) -> Results:
    """Run tasks, or take what the figure's folder has of them."""
    return run_tasks(
        tasks,
        options.out / "store",
        **options.sweep(),
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
                Task(
                    _key(*kind),
                    f"{WORKER}:make_cells",
                    {"name": name, "biophysics": kind[1]},
                    depends=DEPENDS,
                )
                for kind in group
            ]
            self._found |= run(tasks, options)

    def of(self, settings: Settings) -> dict[str, str]:
        """Return both cells of these settings as JSON texts."""
        found = self._found[_key(settings.cell, settings.biophysics)]
        return {name: str(text) for name, text in found.items()}


def _key(name: str, biophysics: int) -> str:
    return f"cells {Path(name).stem.replace(',', '')} {biophysics}"
