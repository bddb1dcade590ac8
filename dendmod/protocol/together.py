"""Several protocols in one sweep, so that no processor waits for the end of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from dendmod.protocol.experiment import Experiment
from dendmod.sweep import Task

_NOT_IN_KEYS = re.compile(r"[^\w =+-]+")


def run_together(
    experiments: Mapping[str, Experiment], tasks_of: Callable[[str, Experiment], list[Task]]
) -> None:
    """Make the runs of several experiments on one store at once.

    Afterwards each finds its own in the store. Sites are chosen first, as the rest depends on them.

    Parameters
    ----------
    experiments
        By name; the runs are named after them in the ledger.
    tasks_of
        Called with a name and its experiment once its sites are known.
    """
    _run(experiments, lambda _, experiment: [experiment.sites_task])
    _run(experiments, tasks_of)


def _run(
    experiments: Mapping[str, Experiment], tasks_of: Callable[[str, Experiment], list[Task]]
) -> None:
    tasks = [
        replace(task, key=f"{k} {_NOT_IN_KEYS.sub('.', name)}/{task.key}")
        for k, (name, experiment) in enumerate(experiments.items(), start=1)
        for task in tasks_of(name, experiment)
    ]
    next(iter(experiments.values())).run(tasks)
