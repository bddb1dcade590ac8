"""Do the runs of several protocols go out at once, and does each protocol find its own?"""

import numpy as np
import pytest

from dendmod.protocol import load_grid
from dendmod.protocol.experiment import Experiment, run_together
from dendmod.spec.grid import parse_grid
from dendmod.sweep import Sweep, sweep
from tests.doubles import REFUSED

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
        answers = {"sites": SITES, "kernel held against NEURON": REFUSED}
        return {task.key: answers.get(task.key.rpartition("/")[2], counts) for task in tasks}

    monkeypatch.setattr(sweep, "run_tasks", run_tasks)
    return asked


def test_a_grid_is_one_sweep_and_each_protocol_finds_its_runs(calls, tmp_path):
    few = {"run.trials": 2, "arms.shunt.levels": [0, 60], "arms.shunt.quick_levels": [],
           "arms.nmda.levels": [3], "arms.nmda.quick_levels": []}  # fmt: skip
    loaded = load_grid("fig1", few, parse_grid(["run.dt_ms=0.05,0.1", "sites.order=random"]))
    experiments = {n: Experiment(p, Sweep(tmp_path)) for n, p in loaded.protocols.items()}
    run_together(experiments, Experiment.spike_tasks)
    ahead = list(calls)
    # both share their sites, which do not depend on the time step
    assert ahead[0][1] == 1
    # engines are chosen at once, too
    assert next(new for keys, new in ahead if keys[0].endswith("NEURON")) == 2
    keys, new = ahead[-1]
    assert new == len(set(keys)) == 6
    assert "2 run.dt_ms=0.1 sites.order=random/spikes/nmda/3" in keys
    for experiment in experiments.values():
        table = experiment.spikes()
        assert table["shunt"].counts.shape == (2, 1, 2)
    # nothing was left to be made
    assert sum(new for _, new in calls) == 1 + 2 + 6
