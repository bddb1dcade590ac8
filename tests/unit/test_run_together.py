"""Do the runs of several protocols go out at once, and does each protocol find its own?"""

import numpy as np
import pytest

from dendmod.protocol import experiment as plan
from dendmod.protocol import load_grid, parse_grid
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.together import run_together

SITES = {
    "section": np.arange(20),
    "x": np.full(20, 0.8),
    "impedance": np.ones(20),
    "independence": np.array(1.0),
}


@pytest.fixture
def calls(monkeypatch):
    """Every call of the sweep; what it is asked for is kept by digest as a store would."""
    asked, stored = [], set()

    def run_tasks(tasks, store, **_):
        new = {task.digest() for task in tasks} - stored
        stored.update(new)
        asked.append(([task.key for task in tasks], len(new)))
        counts = {"counts": np.zeros((1, 2), dtype=int)}
        return {task.key: SITES if task.key.endswith("sites") else counts for task in tasks}

    monkeypatch.setattr(plan, "run_tasks", run_tasks)
    return asked


def test_a_grid_is_one_sweep_and_each_protocol_finds_its_runs(calls, tmp_path):
    loaded = load_grid("fig1", None, parse_grid(["run.dt_ms=0.05,0.1", "sites.order=random"]))
    experiments = {name: Experiment(p, tmp_path) for name, p in loaded.protocols.items()}
    levels = {"arms": {"shunt": [0, 60], "nmda": [3]}, "trials": 2, "seed": 1}
    run_together(experiments, lambda _, e: e.spike_tasks(**levels))
    ahead = list(calls)
    # both share their sites, which do not depend on the time step
    assert ahead[0][1] == 1
    keys, new = ahead[-1]
    assert new == len(set(keys)) == 6
    assert "2 run.dt_ms=0.1 sites.order=random/spikes/nmda/3" in keys
    for experiment in experiments.values():
        table = experiment.spikes(**levels)
        assert table["shunt"].counts.shape == (2, 1, 2)
    # nothing was left to be made
    assert sum(new for _, new in calls) == 1 + 6
