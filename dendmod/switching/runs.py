"""Tasks of a sweep: the cells of all settings, reduced once, and a network that learns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.spec.reduced import ReducedCell
from dendmod.sweep import Sweep, Task
from dendmod.switching.settings import Settings
from dendmod.switching.tasks import BooleanLearning, ClassLearning
from dendmod.switching.thresholds import REFERENCE, Thresholds, scaled

TASKS = "dendmod.switching.tasks"
DEPENDS = f"{TASKS}:hashes"
CHECKPOINTS = "checkpoints"  # folder of trainings that are not over, in that of the sweep
_OF_CELLS = {
    "cell", "biophysics", "sites", "morphology", "channels", "bifurcations",
    "spike_threshold_mV", "engine", "scales",
}  # fmt: skip


class Cells:
    """The hidden and the output cell of each kind that some settings ask for.

    Raises
    ------
    SweepError
        If there is no such cell, or an engine cannot run it.
    """

    def __init__(self, wanted: Iterable[Settings], sweep: Sweep) -> None:
        kinds = {_key(settings): settings.model_dump(include=_OF_CELLS) for settings in wanted}
        tasks = [
            Task(key, f"{TASKS}:make_cells", payload, depends=DEPENDS)
            for key, payload in sorted(kinds.items())
        ]
        self._found: dict[str, dict[str, np.ndarray]] = sweep.run(tasks)

    def of(self, settings: Settings) -> dict[str, Any]:
        """Return both cells of these settings as JSON texts, and the settings as they suit them."""
        found = self._found[_key(settings)]
        thresholds = self.thresholds(settings)
        if thresholds is not None:
            settings = scaled(settings, thresholds)
        threshold = float(found["spike_threshold_mV"])
        return {
            "hidden": str(found["hidden"]),
            "output": str(found["output"]),
            "settings": settings.model_copy(update={"spike_threshold_mV": threshold}),
        }

    def thresholds(self, settings: Settings) -> Thresholds | None:
        """Return what the cells of these settings need for a spike, where weights go by that."""
        text = str(self._found[_key(settings)]["thresholds"])
        return Thresholds.model_validate_json(text) if text else None

    def summary(self, settings: Settings) -> dict[str, Any]:
        """Return what these cells are, for summary.json."""
        kept = self.of(settings)
        found: dict[str, Any] = {"cell": settings.cell, "engine": settings.engine}
        for name in ("hidden", "output"):
            cell = ReducedCell.model_validate_json(kept[name])
            found[name] = {
                "name": cell.name,
                "compartments": len(cell.compartments),
                "sites": len(cell.sites),
                "mechanisms": sorted({s for c in cell.compartments for s in c.channels}),
            }
        thresholds = self.thresholds(settings)
        if thresholds is not None:
            found["thresholds"] = thresholds
            found["thresholds_of_reference"] = REFERENCE
        fields = ("hidden_v_range", "output_v_range", "context_scale", "spike_threshold_mV")
        return found | {"as_run": kept["settings"].model_dump(include=set(fields))}


def _key(settings: Settings) -> str:
    kind = json.dumps(settings.model_dump(mode="json", include=_OF_CELLS), sort_keys=True)
    name = Path(settings.cell).stem.replace(",", "")
    return f"cells {name} {settings.biophysics} {hashlib.sha256(kind.encode()).hexdigest()[:8]}"


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
