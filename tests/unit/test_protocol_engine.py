"""Does a protocol run on the engine that it names, and only where that is NEURON's equal?"""

import re
from contextlib import contextmanager

import numpy as np
import pytest

from dendmod.engines import held as of_held
from dendmod.engines import trials as of_engine
from dendmod.errors import EngineError, SpecError
from dendmod.protocol import load_protocol, tasks
from dendmod.protocol.experiment import Experiment
from dendmod.spec import Location
from dendmod.spec.result import Result
from dendmod.study.summary import engine_lines
from tests.doubles import SweepDouble, times_of

SITES = tuple(Location(section=i, x=0.8) for i in (4, 7, 9))
CHANGES = {"sites.n": 3, "arms.nmda.levels": [0, 3], "arms.nmda.quick_levels": []}


def protocol(engine: str):
    return load_protocol("fig1", {**CHANGES, "run.engine": engine})


def held(kernel, neuron, rms=0.01, refused="", precision="float32"):
    def answer(name, payload):
        if name == "hold_kernel":
            return {"kernel": kernel, "neuron": neuron, "rms": [rms] * len(neuron), "clamp": [],
                    "refused": refused, "precision": precision}  # fmt: skip
        one = {"counts": np.zeros((1, len(payload["trials"])), int), "engine": "x"}
        if name == "count_levels":
            return {f"{level}/{k}": v + level if k == "counts" else v
                    for level in payload["levels"] for k, v in one.items()}  # fmt: skip
        return one

    double = SweepDouble(answer)
    double.holding = True
    return double


def names_of(sweep):
    return [task.function.partition(":")[2] for task in sweep.asked]


def engines_of(sweep):
    """The engines that the runs were asked for, but not what was held."""
    asked = [t for t, name in zip(sweep.asked, names_of(sweep), strict=True)
             if name != "hold_kernel"]  # fmt: skip
    assert asked
    return {task.payload["protocol"]["run"]["engine"] for task in asked}


@pytest.mark.parametrize("engine", ["kernel", "auto"])
def test_the_kernel_is_held_against_neuron_once_before_any_run_and_runs_the_rest(engine):
    sweep = held([1, 2, 0, 2], [1, 2, 0, 2])
    experiment = Experiment(protocol(engine), sweep, sites=SITES)
    experiment.spikes()
    tasks_of_io = experiment.io_tasks()
    assert names_of(sweep)[0] == "hold_kernel"
    assert names_of(sweep).count("hold_kernel") == 1
    assert engines_of(sweep) == {"kernel"}
    assert {t.payload["protocol"]["run"]["engine"] for t in tasks_of_io} == {"kernel"}
    said = experiment.chosen.summary
    assert said["name"] == "kernel"
    assert said["precision"] == "float32"
    assert said["held_against_neuron"]
    assert said["spikes"]["neuron"].tolist() == [1, 2, 0, 2]
    assert "4 trials" in said["why"]
    assert "NEURON's 5 spikes" in said["why"]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_runs_have_the_precision_that_agreed(precision):
    sweep = held([1], [1], precision=precision)
    experiment = Experiment(protocol("auto"), sweep, sites=SITES)
    experiment.spikes()
    assert experiment.engine["precision"] == precision
    runs = [task.payload["protocol"]["run"] for task in sweep.asked]
    assert runs[0]["precision"] == "float32"  # what is held begins with what was asked
    assert {run["precision"] for run in runs[1:]} == {precision}


def test_on_the_kernel_all_levels_of_an_arm_are_one_run_and_each_finds_its_own():
    sweep = held([1, 2], [1, 2])
    experiment = Experiment(protocol("auto"), sweep, sites=SITES)
    tables = experiment.spikes()
    keys = [task.key for task in sweep.asked]
    assert keys[1:] == ["spikes/shunt", "spikes/nmda"]
    assert tables["nmda"].counts[:, 0, 0].tolist() == [0, 3]  # made up: a level's own number
    assert tables["shunt"].counts[:, 0, 0].tolist() == list(tables["shunt"].levels)
    # a single level is the task that it is on NEURON
    single = load_protocol("fig1", {**CHANGES, "arms.nmda.levels": [3]})
    (task,) = Experiment(single, held([1], [1]), sites=SITES).io_tasks(["nmda"])
    assert task.key == "io/nmda/3"
    assert task.payload["level"] == 3


def test_clamps_on_the_kernel_are_a_run_a_membrane_and_each_current_finds_its_place():
    current = {("shunt", 0): 1.0, ("nmda", 0): 2.0, ("nmda", 3): 5.0}  # nA a membrane and 100 mV
    levels = {"shunt": [0], "nmda": [0, 3]}

    def i_of(arm, of_arm, v, blocked, payload):
        size = [current[arm, x] * (2.0 if blocked else 1.0) * v / 100 for x in of_arm]
        return np.array(size)[:, None, None] + np.zeros((len(of_arm), len(payload["trials"]), 4))

    def answer(name, payload):
        if name.startswith("hold_"):
            clamp = [off] if name == "hold_clamps" else []
            return {"kernel": [1], "neuron": [1], "rms": [0.0], "clamp": clamp, "refused": ""}
        blocked = payload["block_channels"]
        if name == "clamp":
            return {"i": i_of(payload["arm"], payload["levels"], payload["potential"], blocked,
                              payload)}  # fmt: skip
        return {f"{arm}/{v:g}": i_of(arm, of_arm, v, blocked, payload)
                for arm, of_arm in payload["levels"].items()
                for v in payload["potentials"]}  # fmt: skip

    found, off = {}, 0.0
    for engine, n in (("auto", 2), ("neuron", 8)):
        sweep = SweepDouble(answer)
        sweep.holding = True
        found[engine] = Experiment(protocol(engine), sweep, sites=SITES).conductance(levels)
        assert sum(name.startswith("clamp") for name in names_of(sweep)) == n
    off = 0.0011  # of the current: NEURON runs the clamps, whatever runs the trials
    sweep = SweepDouble(answer)
    sweep.holding = True
    experiment = Experiment(protocol("auto"), sweep, sites=SITES)
    experiment.conductance(levels)
    assert names_of(sweep).count("clamp") == 8
    assert experiment.chosen.engine == "kernel"
    said = experiment.chosen_for_clamps
    assert said.engine == "neuron"
    assert "the clamp's current off by 0.0011" in said.why
    both = {"engine": experiment.engine, "clamp_engine": said.summary}
    assert engine_lines(both)[1] == f"Voltage clamps: {said.why}"
    assert set(found["auto"]) == set(found["neuron"])
    for which, g in found["neuron"].items():
        np.testing.assert_array_equal(found["auto"][which], g)
    assert found["auto"]["nmda", 3, True].mean() == pytest.approx(100.0)  # 2 x 5 nA over 100 mV


def test_what_is_asked_beside_the_engine_is_held_once():
    """Neither the engine's name nor the number of trials makes another check."""
    few, many = (
        Experiment(load_protocol("fig1", {**CHANGES, **more}), held([], []), sites=SITES)
        for more in ({"run.engine": "kernel", "run.trials": 2}, {})
    )
    assert [t.digest("") for t in few.hold_tasks()] == [t.digest("") for t in many.hold_tasks()]


DIFFERING = [
    (([1, 2, 0, 3], [1, 2, 0, 2]), r"\[1, 2, 0, 3\] spikes for NEURON's \[1, 2, 0, 2\]"),
    (([1, 2, 0, 2], [1, 2, 0, 2], 0.11), "0.11 mV rms"),
    (([1, 2, 0, 2], [1, 2, 0, 2], np.nan), "nan mV rms"),
    (([], [], 0.0, "x.mod, line 3: POINTER"), "x.mod, line 3: POINTER"),
]


@pytest.mark.parametrize(("found", "reason"), DIFFERING)
def test_a_kernel_that_differs_is_not_used(found, reason):
    sweep = held(*found)
    with pytest.raises(EngineError, match=rf"{reason}.*run.engine.*--engine neuron"):
        Experiment(protocol("kernel"), sweep, sites=SITES).spikes()
    assert len(sweep.asked) == 1


@pytest.mark.parametrize(("found", "reason"), DIFFERING)
def test_neuron_runs_what_the_kernel_does_not_and_the_reason_is_said(found, reason):
    sweep = held(*found)
    experiment = Experiment(protocol("auto"), sweep, sites=SITES)
    experiment.spikes()
    assert engines_of(sweep) == {"neuron"}
    said = experiment.chosen.summary
    assert (said["name"], said["precision"]) == ("neuron", "float64")
    assert not said["held_against_neuron"]
    assert re.search(rf"^NEURON ran it, as the kernel .*{reason}", said["why"])


def test_neuron_is_held_against_nothing():
    sweep = held([], [])
    experiment = Experiment(protocol("neuron"), sweep, sites=SITES)
    experiment.spikes()
    assert "hold_kernel" not in names_of(sweep)
    assert engines_of(sweep) == {"neuron"}
    assert "as was asked" in experiment.chosen.why
    with pytest.raises(SpecError, match="run.engine.*'auto', 'neuron' or 'kernel'"):
        protocol("arbor")


def test_a_command_says_the_engine_of_each_variant_that_neuron_ran():
    kernel = {"engine": {"name": "kernel", "why": "The kernel ran it."}}
    neuron = {"engine": {"name": "neuron", "why": "NEURON ran it, as ..."}}
    assert engine_lines(kernel) == ["The kernel ran it."]
    assert engine_lines({"variants": {"a": neuron}}) == ["NEURON ran it, as ..."]
    assert engine_lines({"variants": {"a": neuron, "b": neuron}}) == ["NEURON ran it, as ..."]
    lines = engine_lines({"variants": {"a": kernel, "b": neuron, "c": kernel}})
    assert lines[0].startswith("The kernel ran 2 of 3 variants")
    assert lines[1:] == ["b: NEURON ran it, as ..."]
    assert engine_lines({"runs": 3}) == []


def test_what_is_held_is_the_highest_level_of_each_arm_on_both_engines(monkeypatch):
    """The soma of the kernel's double is .3 mV higher, and spikes once more."""
    asked = []

    @contextmanager
    def open_trials(setup, run, engine="neuron", **_):
        class Opened:
            def run_many(self, given):
                asked.append((engine, [trial.trains for trial in given]))
                t = times_of(run)
                v = np.full(t.size, -70.0 + (0.3 if engine == "kernel" else 0.0))
                v[100 if engine == "kernel" else 0] = 20.0
                return [Result(t=t, v={"soma": v}) for _ in given]

        yield Opened()

    monkeypatch.setattr(of_held, "open_trials", open_trials)
    p = protocol("kernel")
    found = tasks.hold_kernel(
        p.model_dump(mode="json", by_alias=True), [[4, 0.8], [7, 0.3], [9, 0.8]], 5
    )
    assert [name for name, _ in asked] == ["kernel", "neuron", "kernel"]  # float64, as it differs
    assert found["precision"] == "float32"
    assert found["kernel"].tolist() == [1] * 4
    assert found["neuron"].tolist() == [0] * 4
    assert found["clamp"].size == 0
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
