"""Are the numbers of a figure on the kernel those that NEURON gives?"""

from pathlib import Path

import numpy as np
import pytest

from dendmod.protocol import load_protocol
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.tasks import count_levels, search_levels
from dendmod.sweep import Sweep, Task

FAST = str(Path(__file__).parents[1] / "unit" / "fast_cell.toml")
SMALL = {
    "cell.file": FAST, "sites.n": 2, "run.tstop_ms": 200.0, "run.settle_ms": 100.0, "run.trials": 3,
    "arms.shunt.levels": [0, 20], "arms.shunt.quick_levels": [], "arms.nmda.levels": [0, 2],
    "arms.nmda.quick_levels": [], "feedforward.weight_nA": 0.05,
}  # fmt: skip
EQUAL = 0.995  # of all counts; ours, set before the first run


def counts_of_both(store, changes=None, quick=False):
    """Counts of all trials that Figure 2 asks for, [kernel, NEURON], by arm, level and inputs.

    What NEURON is asked for is what the search asked on the kernel: it asks the same on NEURON
    where counts are equal.
    """
    sweep = Sweep(store)
    experiment = Experiment(
        load_protocol("fig1", {"run.engine": "neuron", **(changes or {})}, quick=quick), sweep
    )
    protocol, common = experiment.protocol, experiment.common()
    trials = list(range(protocol.run.trials))
    on_kernel = {**common, "protocol": {**common["protocol"]}}
    on_kernel["protocol"]["run"] = common["protocol"]["run"] | {"engine": "kernel"}
    found, tasks = {}, []
    for arm, levels in protocol.levels.items():
        curves = search_levels(**on_kernel, arm=arm, levels=list(levels), trials=trials,
                               resolution=protocol.io.resolution)  # fmt: skip
        for level in levels:
            n = curves[f"{level}/n_feedforward"].tolist()
            found[f"{arm}/{level}"] = n, curves[f"{level}/counts"]
            payload = {**common, "arm": arm, "level": level, "n_feedforward": n, "trials": trials,
                       "traces": False}  # fmt: skip
            tasks.append(
                Task(f"{arm}/{level}", "dendmod.protocol.tasks:count_spikes", payload, len(n))
            )
    done = sweep.run(tasks)
    return {key: (n, np.array([counts, done[key]["counts"]]))
            for key, (n, counts) in found.items()}  # fmt: skip


def differing(found):
    """Where counts differ: condition, number of inputs, trial, the kernel's count and NEURON's."""
    return [
        (key, n[row], int(trial), *counts[:, row, trial].tolist())
        for key, (n, counts) in found.items()
        for row, trial in zip(*np.nonzero(counts[0] != counts[1]), strict=True)
    ]


def on(engine, task, **fields):
    """What a task returns of both arms of a small cell."""
    protocol = load_protocol("fig1", {**SMALL, "run.engine": engine})
    common = {"protocol": protocol.model_dump(mode="json", by_alias=True), "coreneuron": False,
              "sites": [[1, 0.8], [2, 0.5]], "trials": [0, 1, 2], "seed": 4}  # fmt: skip
    return {arm: task(**common, arm=arm, levels=list(levels), **fields)
            for arm, levels in protocol.levels.items()}  # fmt: skip


def test_curves_of_a_small_cell_are_those_of_neuron_also_where_trials_leave_the_tables():
    """Inhibition, -145 inputs of the shunted arm, takes the cell below the tables' -105 mV."""
    kernel, neuron = (on(engine, search_levels, resolution=20) for engine in ("kernel", "neuron"))
    for arm, curves in neuron.items():
        for name, array in curves.items():
            if not name.endswith("engine"):
                np.testing.assert_array_equal(kernel[arm][name], array)
    assert kernel["shunt"]["0/n_feedforward"].min() < -100
    assert str(kernel["shunt"]["0/engine"]) == "kernel float32, 3 trials in NEURON"
    assert str(kernel["nmda"]["0/engine"]) == "kernel float32"


def test_a_trial_beside_one_that_leaves_the_tables_is_what_it_is_alone():
    both = on("kernel", count_levels, n_feedforward=[40, -145, 60], traces=True)["shunt"]
    alone = on("kernel", count_levels, n_feedforward=[40], traces=True)["shunt"]
    np.testing.assert_array_equal(both["20/v_soma"], alone["20/v_soma"])
    assert "trials in NEURON" in str(both["20/engine"])
    assert both["20/counts"][1].tolist() == [0, 0, 0]


@pytest.mark.slow
def test_all_runs_of_figure_2_have_neurons_numbers_of_spikes(tmp_path):
    """Twelve minutes of CPU, nearly all of it NEURON's.

    2026-11-30: 1660 of 1660 counts equal; 690 s of CPU in (Core)NEURON, 15 s for the kernel's side.
    """
    found = counts_of_both(tmp_path)
    n = sum(counts[0].size for _, counts in found.values())
    off = differing(found)
    print(f"{n - len(off)} of {n} counts are equal; not equal: {off}")
    assert n > 1500
    assert len(off) <= (1 - EQUAL) * n, off
