"""Tasks of a sweep: the cells of all settings, reduced once, and a network that learns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from dendmod.sweep import Sweep, Task
from dendmod.switching.settings import Settings
from dendmod.switching.tasks import BooleanLearning, ClassLearning

TASKS = "dendmod.switching.tasks"
DEPENDS = f"{TASKS}:hashes"
CHECKPOINTS = "checkpoints"  # folder of trainings that are not over, in that of the sweep


class Cells:
    """The hidden and the output cell of each kind that some settings ask for.

    Raises
    ------
    SweepError
        If there is no such cell.
    """

    def __init__(self, wanted: Iterable[Settings], sweep: Sweep) -> None:
        kinds = sorted({(s.cell, s.biophysics) for s in wanted})
        tasks = [
            Task(
                _key(name, biophysics),
                f"{TASKS}:make_cells",
                {"name": name, "biophysics": biophysics},
                depends=DEPENDS,
            )
            for name, biophysics in kinds
        ]
        self._found: dict[str, dict[str, np.ndarray]] = sweep.run(tasks)

    def of(self, settings: Settings) -> dict[str, str]:
        """Return both cells of these settings as JSON texts."""
        found = self._found[_key(settings.cell, settings.biophysics)]
        return {name: str(text) for name, text in found.items()}


def _key(name: str, biophysics: int) -> str:
    return f"cells {Path(name).stem.replace(',', '')} {biophysics}"


def learning_task(key: str, learning: BooleanLearning | ClassLearning, sweep: Sweep) -> Task:
    """Return the task that lets a network learn, with checkpoints beside the sweep's results."""
    if isinstance(learning, ClassLearning):
        function, n_tasks = "learn_class", 1
    else:
        function, n_tasks = "learn_boolean", len(learning.functions)
    payload = {
        "spec": learning.model_dump(mode="json"),
        "checkpoints": str((sweep.store / CHECKPOINTS).resolve()),
    }
    cost = float(learning.schedule.samples * n_tasks)
    return Task(key, f"{TASKS}:{function}", payload, cost=cost, depends=DEPENDS)
