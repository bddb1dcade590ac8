"""Many networks under many conditions, over cores, resumable; averages and spreads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.clustered.perturbation import NONE, Perturbation
from dendmod.params import wyrick2021
from dendmod.sweep import Task, run_tasks

_QUICK_LEVELS = {
    "dmean_E": (-0.1, 0.1),
    "dmean_I": (-0.1, 0.1),
    "dvar_E": (0.1,),
    "dvar_I": (0.3,),
    "dAMPA": (-0.1, 0.1),
    "dGABA": (-0.1, 0.1),
}
Condition = tuple[str, float]
Results = dict[Condition, list[dict[str, np.ndarray]]]


@dataclass(frozen=True)
class Scale:
    """How much is run.

    Parameters
    ----------
    networks
        Number of networks a condition.
    ongoing, evoked
        Trials of ongoing activity; trials a stimulus.
    levels
        Perturbation -> sizes.
    shuffles
        Shuffles of a decoder.
    inhibition
        Sizes of the drive onto I neurons in Fig 2.
    """

    networks: int = wyrick2021.NETWORKS
    ongoing: int = wyrick2021.ONGOING_TRIALS
    evoked: int = wyrick2021.EVOKED_TRIALS
    levels: Mapping[str, Sequence[float]] = field(default_factory=lambda: wyrick2021.LEVELS)
    shuffles: int = wyrick2021.SHUFFLES
    inhibition: Sequence[float] = wyrick2021.INHIBITION_STEPS


FULL = Scale()
QUICK = Scale(
    networks=3, ongoing=8, evoked=8, levels=_QUICK_LEVELS, shuffles=50,
    inhibition=(0.0, 0.2, 0.4, 0.6, 0.9, 1.2),
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """Where results are kept, and how much is run.

    Parameters
    ----------
    store
        Folder of the ledger; a task that is in it is not run again.
    scale
        How much.
    seed
        Seed of the whole; network k has the seed 1000 seed + k.
    workers
        Processes; None takes every core.
    """

    store: Path
    scale: Scale = FULL
    seed: int = 0
    workers: int | None = None
    progress: bool = True

    def network_seeds(self) -> list[int]:
        """Return the seeds of the networks."""
        return [1000 * self.seed + k for k in range(self.scale.networks)]

    def conditions(self) -> list[Condition]:
        """Return no perturbation, then all perturbations and sizes."""
        return [(NONE, 0.0)] + [(k, z) for k, zs in self.scale.levels.items() for z in zs]

    def run(self, function: str, conditions: Sequence[Condition], **options: Any) -> Results:
        """Run a task for all networks under all conditions.

        Parameters
        ----------
        function
            Its name in `dendmod.papers.wyrick2021.tasks`; ``evoked`` is in `tasks_evoked`.
        conditions
            (kind, size) of each.
        options
            Its other arguments.

        Returns
        -------
        dict
            Condition -> what each network gave.
        """
        module = "tasks_evoked" if function == "evoked" else "tasks"
        keys, tasks = {}, []
        for condition in conditions:
            for k, network in enumerate(self.network_seeds()):
                key = f"{function} {Perturbation(*condition).label} network {k}"
                keys[condition, k] = key
                payload = {"network": network, "kind": condition[0], "size": condition[1]}
                tasks.append(
                    Task(key, f"dendmod.papers.wyrick2021.{module}:{function}", payload | options)
                )
        done = self.run_tasks(tasks)
        networks = range(self.scale.networks)
        return {c: [done[keys[c, k]] for k in networks] for c in conditions}

    def run_tasks(self, tasks: Sequence[Task]) -> dict[str, dict[str, np.ndarray]]:
        """Run tasks, or take their results from the store."""
        return run_tasks(tasks, self.store, workers=self.workers, progress=self.progress)

    def ongoing(self, conditions: Sequence[Condition] | None = None, **options: Any) -> Results:
        """Run ongoing activity under all conditions."""
        cluster = [[wyrick2021.CLUSTER_SMOOTHING_MS, wyrick2021.CLUSTER_THRESHOLD]]
        options = {"trials": self.scale.ongoing, "cluster": cluster} | options
        return self.run("ongoing", conditions or self.conditions(), **options)

    def evoked(
        self, conditions: Sequence[Condition] | None = None, stimulus: str = "ramp"
    ) -> Results:
        """Run and decode evoked activity under all conditions."""
        return self.run(
            "evoked", conditions or self.conditions(), stimulus=stimulus,
            trials=self.scale.evoked, shuffles=self.scale.shuffles,
        )  # fmt: skip


def spread(values: Any) -> dict[str, Any]:
    """Return mean, SD over networks (n - 1) and all values; what is NaN does not count."""
    values = np.asarray(values, float)
    good = values[np.isfinite(values)]
    return {
        "mean": float(good.mean()) if good.size else None,
        "sd": float(good.std(ddof=1)) if good.size > 1 else None,
        "networks": [float(v) if np.isfinite(v) else None for v in values],
    }


def r_squared(x: Any, y: Any) -> float | None:
    """Return R^2 of a linear regression over the pairs that are finite, None below 3 pairs."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    good = np.isfinite(x) & np.isfinite(y)
    if good.sum() < 3 or np.ptp(x[good]) == 0 or np.ptp(y[good]) == 0:
        return None
    return float(np.corrcoef(x[good], y[good])[0, 1] ** 2)
