"""Does a protocol run on the engine that it names, and only where that is NEURON's equal?"""

from contextlib import contextmanager

import numpy as np
import pytest

from dendmod.engines import trials as of_engine
from dendmod.errors import EngineError, SpecError
from dendmod.protocol import load_protocol, tasks
from dendmod.protocol.experiment import Experiment
from dendmod.spec import Location
from dendmod.spec.result import Result
from tests.doubles import SweepDouble, times_of

SITES = tuple(Location(section=i, x=0.8) for i in (4, 7, 9))
CHANGES = {"sites.n": 3, "arms.nmda.levels": [0, 3], "arms.nmda.quick_levels": []}


def protocol(engine: str):
    return load_protocol("fig1", {**CHANGES, "run.engine": engine})


def held(kernel, neuron, rms=0.01):
    def answer(name, payload):
        if name == "hold_kernel":
            return {"counts": [kernel, neuron], "rms": [rms] * len(neuron)}
        return {"counts": np.zeros((1, len(payload["trials"])), int), "engine": "x"}

    return SweepDouble(answer)


def test_the_kernel_is_held_against_neuron_once_and_before_any_run():
    sweep = held([1, 2, 0, 2], [1, 2, 0, 2])
    experiment = Experiment(protocol("kernel"), sweep, sites=SITES)
    experiment.spikes()
    experiment.io_tasks()
    names = [task.function.partition(":")[2] for task in sweep.asked]
    assert names[0] == "hold_kernel"
    assert names.count("hold_kernel") == 1
    assert {task.payload["protocol"]["run"]["engine"] for task in sweep.asked} == {"kernel"}


@pytest.mark.parametrize(("kernel", "rms"), [([1, 2, 0, 3], 0.01), ([1, 2, 0, 2], 0.11)])
def test_a_kernel_that_differs_is_not_used(kernel, rms):
    sweep = held(kernel, [1, 2, 0, 2], rms)
    with pytest.raises(EngineError, match=r"is not NEURON on this cell.*run.engine"):
        Experiment(protocol("kernel"), sweep, sites=SITES).spikes()
    assert len(sweep.asked) == 1


def test_neuron_is_held_against_nothing():
    sweep = held([], [])
    Experiment(protocol("neuron"), sweep, sites=SITES).spikes()
    assert "hold_kernel" not in [task.function.partition(":")[2] for task in sweep.asked]
    with pytest.raises(SpecError, match="run.engine.*'neuron' or 'kernel'"):
        protocol("arbor")


def test_what_is_held_is_the_highest_level_of_each_arm_on_both_engines(monkeypatch):
    """The soma of the kernel's double is .3 mV higher, and spikes once more."""
    asked = []

    @contextmanager
    def open_trials(setup, run, engine="neuron", *, coreneuron=None):
        class Opened:
            def run_many(self, given):
                asked.append((engine, given))
                t = times_of(run)
                v = np.full(t.size, -70.0 + (0.3 if engine == "kernel" else 0.0))
                v[100 if engine == "kernel" else 0] = 20.0
                return [Result(t=t, v={"soma": v}) for _ in given]

        yield Opened()

    monkeypatch.setattr(tasks, "open_trials", open_trials)
    p = protocol("kernel")
    found = tasks.hold_kernel(
        p.model_dump(mode="json", by_alias=True), [[4, 0.8], [7, 0.3], [9, 0.8]], 5, None
    )
    assert [name for name, _ in asked] == ["kernel", "neuron"]
    assert found["counts"].tolist() == [[1] * 4, [0] * 4]
    assert found["rms"].shape == (4,)
    assert (found["rms"] > 0.3).all()
    for _, given in asked:
        weights = [{t.synapse: t.weight for t in trains} for trains in given]
        highest = p.arms["nmda"].high_weight_nS * 1e-3
        of_nmda = [w for w in weights if "site00/context" in w]
        assert len(given) == 4
        assert len(of_nmda) == 2
        assert all(w["site02/context"] == pytest.approx(highest) for w in of_nmda)


def test_trials_of_a_protocol_are_open_on_neuron_unless_the_kernel_is_asked_for():
    assert of_engine.open_trials.__wrapped__.__defaults__ == ("neuron",)
