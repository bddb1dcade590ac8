"""Do the benchmarks of full cells compare what they say, and keep what they have measured?"""

import json
import os
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import accuracy, causes, crosscheck, full_cell
from benchmarks.approximant import arbors_decay
from benchmarks.causes import Measured
from benchmarks.cell_file import write
from benchmarks.cell_workload import DURATION, Workload
from benchmarks.rival_cell import ABSENT, SCRIPTS, running
from benchmarks.rivals import cell_common
from dendmod.engines.kernel.batch import BatchSimulator
from dendmod.engines.kernel.vectors import BITS, widest
from dendmod.engines.neuron.nodes import cell_nodes
from dendmod.errors import DendmodError, EngineError, UnsupportedByEngine
from dendmod.spec import (
    Biophysics,
    Cell,
    CurrentClamp,
    Location,
    MechanismSpec,
    RegionSpec,
    Run,
    Setup,
    SpikeTrain,
    Synapse,
)
from dendmod.spec.result import Result, upward_crossings
from dendmod.spec.trial import Trial

SOMA = Location("soma(0.5)")


def result(spikes, v=-70.0):
    """Return a result of 20 ms that is over 0 mV for a ms from each of the given times on."""
    t = np.arange(0.0, 20.0, 0.5)
    trace = np.full(t.size, v)
    for at in spikes:
        trace[(t >= at) & (t < at + 1)] = 20.0
    return Result(t=t, v={"soma": trace})


# -- accuracy -------------------------------------------------------------------------------------


def test_a_row_has_counts_times_and_rms_of_every_kernel():
    same, late, fewer = result([5.0]), result([5.5]), result([])
    row = accuracy.row_of(same, {"f32": late, "f32_fine": fewer, "f64": same})
    assert row["spikes"] == 1
    assert row["f32"]["late_ms"] == pytest.approx([0.5])
    assert row["f32_fine"]["spikes"] == 0
    assert row["f32_fine"]["late_ms"] == []
    assert row["f64"]["rms_mV"] == 0
    line = accuracy.summary([row, row])
    assert [line[k]["counts_equal"] for k in accuracy.KERNELS] == [2, 0, 2]
    assert line["f32"]["late_ms"] == pytest.approx([0.5, 0.5, 0.5])


def test_trials_are_spread_over_arms_levels_and_inputs_and_do_not_depend_on_the_cell():
    arms = {"nmda": SimpleNamespace(levels=(0, 20)), "shunt": SimpleNamespace(levels=(0, 120))}
    drawn = [accuracy.draw(arms, k) for k in range(60)]
    assert drawn == [accuracy.draw(arms, k) for k in range(60)]
    assert {one["arm"] for one in drawn} == {"nmda", "shunt"}
    for arm, (low, high) in accuracy.N_FEEDFORWARD.items():
        levels = [one["level"] for one in drawn if one["arm"] == arm]
        inputs = [one["n_feedforward"] for one in drawn if one["arm"] == arm]
        assert min(levels) < 0.2 * arms[arm].levels[-1]
        assert max(levels) > 0.8 * arms[arm].levels[-1]
        assert low <= min(inputs) < max(inputs) <= high


def test_accuracy_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    file, begun = tmp_path / "accuracy.json", []

    def kernel(*_, **how):
        return SimpleNamespace(provenance={"kernel": "key"}, run_many=lambda trials: [])

    def rows_of(setup, run, trials, simulator, kernels):
        begun.append(len(trials))
        if len(begun) == 2:
            raise KeyboardInterrupt
        row = accuracy.row_of(result([5.0]), dict.fromkeys(accuracy.KERNELS, result([5.0])))
        return [row for _ in trials]

    monkeypatch.setattr(accuracy, "TRIALS", {0.1: 20})
    monkeypatch.setattr(accuracy, "BatchSimulator", kernel)
    monkeypatch.setattr(accuracy, "Simulator", lambda *_, **how: nullcontext())
    monkeypatch.setattr(accuracy, "rows_of", rows_of)
    monkeypatch.setattr(accuracy, "choose_sites", lambda *_: SimpleNamespace(locations=[SOMA] * 20))
    given = ["--json", str(file), "--cell", "l5pc", "--set", "1"]
    with pytest.raises(KeyboardInterrupt):
        accuracy.main(given)
    assert len(json.loads(file.read_text())["rows"]["l5pc/1/0.1"]["rows"]) == 16
    accuracy.main(given)
    assert begun == [16, 4, 4]
    line = json.loads(file.read_text())["table"]["l5pc/1/0.1"]
    assert line["trials"] == line["f64"]["counts_equal"] == 20
    # rows of another kernel are not mixed with those of this one
    monkeypatch.setattr(accuracy, "TRIALS", {0.1: 30})
    monkeypatch.setattr(
        accuracy, "BatchSimulator", lambda *_, **how: SimpleNamespace(provenance={"kernel": "new"})
    )
    with pytest.raises(DendmodError, match="another kernel"):
        accuracy.main(given)


def test_a_file_that_is_not_of_the_benchmark_is_named(tmp_path):
    file = tmp_path / "other.json"
    file.write_text("[]")
    with pytest.raises(DendmodError, match="no rows"):
        accuracy.main(["--json", str(file)])


# -- the file of a cell, and other simulators ------------------------------------------------------


SHAPE = """\
1 1 0 -10 0 10 -1
2 1 0 10 0 10 1
3 3 0 0 0 1.5 2
4 3 100 0 0 1 3
5 3 200 0 0 0.5 4
6 3 150 80 0 0.4 4
"""  # a soma and a dendrite that splits: an end of a section with two children


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Steps into a small cell that spikes, with a synapse at the tip of a branch."""
    shape = tmp_path_factory.mktemp("cell") / "cell.swc"
    shape.write_text(SHAPE)
    leak = MechanismSpec(suffix="pas", params={"g": 1e-4, "e": -75.0})
    sodium = MechanismSpec(suffix="NaTa_t", params={"gNaTa_tbar": 1.0})
    potassium = MechanismSpec(suffix="SKv3_1", params={"gSKv3_1bar": 0.3})
    regions = {
        "soma": RegionSpec(cm=1.0, Ra=100.0, mechanisms=(leak, sodium, potassium)),
        "basal": RegionSpec(cm=2.0, Ra=150.0, mechanisms=(leak,)),
    }
    biophysics = Biophysics(name="small", regions=regions, ena=50, ek=-85, celsius=34, v_init=-75)
    setup = Setup(
        cell=Cell(morphology=str(shape), biophysics=biophysics, axon_stub=None),
        synapses=(
            Synapse(name="tip", mechanism="DoubleExpSyn", location=Location("dend[1](0.9)"),
                    params={"tau_rise": 0.2, "tau_decay": 3.0}),
        ),
        current_clamps=(CurrentClamp(location=SOMA, delay=2.0, dur=DURATION, amp=0.0),),
    )  # fmt: skip
    train = SpikeTrain("tip", np.array([1.0]), 1e-3)
    trials = (Trial(amps=(0.5,)), Trial((train,), amps=(-0.1,)))
    return Workload(setup, Run(tstop=10.0, dt=0.025, settle=10.0), trials)


@pytest.fixture(scope="module")
def file(work, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "cell.npz"
    write(path, work.setup, work.run, work.trials)
    with np.load(path) as data:
        return dict(data)


def resistance(parent, g_axial, g):
    """Return the input resistance at the root of a tree of conductances (uS)."""
    matrix = np.diag(np.asarray(g, float))
    for i in range(1, parent.size):
        p = parent[i]
        for a, b, sign in ((i, i, 1), (p, p, 1), (i, p, -1), (p, i, -1)):
            matrix[a, b] += sign * g_axial[i]
    return np.linalg.inv(matrix)[0, 0]


def test_the_tree_of_the_file_is_neurons_with_what_joins_its_nodes(work, file):
    nodes = cell_nodes(work.setup.cell)
    leak = np.zeros(nodes.n)
    leak[nodes.mechanisms["pas"].nodes] = 1e-4 * nodes.area[nodes.mechanisms["pas"].nodes] * 1e-2
    whole = resistance(nodes.parent, nodes.g_axial, leak)
    g = np.zeros(file["area"].size)
    g[file["pas_nodes"]] = file["pas_g"] * file["area"][file["pas_nodes"]] * 1e-2
    with np.errstate(divide="ignore"):
        own = resistance(file["parent"], 1 / file["resistance"], g)
    assert own == pytest.approx(whole, rel=1e-9)
    assert file["area"].sum() == pytest.approx(nodes.area.sum())
    assert 0 < (file["area"] == 0).sum() < (nodes.area == 0).sum()  # one fork is kept


def test_the_file_has_the_trials_and_the_synapse_where_it_is(work, file):
    assert file["amps"].tolist() == [0.5, -0.1]
    assert file["event_step"].tolist() == [40]
    assert file["event_trial"].tolist() == [1]
    assert file["cm"][file["synapse_node"][0]] == 2.0
    assert file["synapse_profiles"][0, 0, :2].tolist() == [0.2, 3.0]
    assert (file["ena"], file["ek"]) == (50, -85)


def test_what_the_file_cannot_hold_is_refused(work, tmp_path):
    plastic = Synapse(name="s", mechanism="ExpSyn", location=SOMA)
    setup = work.setup.model_copy(update={"synapses": (plastic,)})
    with pytest.raises(UnsupportedByEngine, match="ExpSyn"):
        write(tmp_path / "cell.npz", setup, work.run, work.trials[:1])
    assert not list(tmp_path.iterdir())


def test_a_script_writes_its_traces_and_times_a_trial_a_step(tmp_path, capsys):
    options = SimpleNamespace(traces=tmp_path / "v.npz", rounds=2, wait=False, dt=None)
    steps = cell_common.steps_of(options, {"dt": 0.1})
    traces = {dt: np.zeros((2, 4)) for dt in [*steps, 0.05]}
    cell_common.report(options, {"tool": "a tool"}, traces)
    asked = []
    cell_common.serve_times(options, traces, 2, lambda dt, k: asked.append((dt, k)) or 0.002)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == {"tool": "a tool"}
    assert lines[1:] == [{"dt": dt, "ms": 2.0} for dt in (0.1, 0.05)] * 2
    assert asked == [(0.1, 0), (0.05, 0), (0.1, 1), (0.05, 1)]
    with np.load(options.traces) as data:
        assert sorted(data.files) == ["0.05", "0.1"]


@pytest.mark.slow
@pytest.mark.parametrize("tool", sorted(SCRIPTS))
def test_another_simulator_runs_the_same_cell(work, tool):
    """Rest within 1e-5 mV, spikes within 0.02 ms of the kernel's; needs DENDMOD_ARBOR=PYTHON."""
    python = os.environ.get(f"DENDMOD_{tool.upper()}")
    if python is None:
        pytest.skip(f"DENDMOD_{tool.upper()} names no interpreter of an environment with {tool}")
    plain = Workload(work.setup, work.run, (work.trials[0], Trial(amps=(-0.1,))))
    kernel = BatchSimulator(work.setup, work.run, precision="float64").run_many(plain.trials)
    with running(tool, "f64", python, plain, [work.run.dt], 0) as (_, traces):
        for own, v in zip(kernel, traces[work.run.dt], strict=True):
            assert v[0] == pytest.approx(own.v["soma"][0], abs=1e-5)
            late = upward_crossings(own.t, v, 0.0) - own.spike_times()
            assert np.abs(late).max(initial=0.0) < 0.02
    assert kernel[0].spike_times().size > 0


def test_an_interpreter_that_is_not_there_is_named(work, tmp_path):
    with (
        pytest.raises(EngineError, match="cannot be run"),
        running("arbor", "f64", str(tmp_path / "python"), work, [0.1], 0),
    ):
        pass


def test_arbors_decay_is_its_approximant_of_the_exponential(work):
    """A coarse step, at which exp(-x) and (2 - x)/(2 + x) differ, moves the spike; rest stays."""
    coarse = work.run.model_copy(update={"dt": 0.1})
    plain = BatchSimulator(work.setup, coarse, precision="float64").run(work.trials[0])
    with arbors_decay():
        kernel = BatchSimulator(work.setup, coarse, precision="float64")
    other = kernel.run(work.trials[0])
    again = BatchSimulator(work.setup, coarse, precision="float64").run(work.trials[0])
    assert np.array_equal(again.v["soma"], plain.v["soma"])
    assert other.v["soma"][0] == pytest.approx(plain.v["soma"][0], abs=1e-3)
    assert 1e-4 < np.abs(other.spike_times() - plain.spike_times()).max() < 0.1


# -- speed ----------------------------------------------------------------------------------------


def test_speed_of_a_cell_has_a_row_for_every_build(work, monkeypatch):
    monkeypatch.setattr(full_cell, "PRECISIONS", {"f32": "float32"})
    trials = (work.trials[0], work.trials[0])
    many, single = full_cell.measure(Workload(work.setup, work.run, trials), rounds=1)
    assert many["counts_equal"] == many["trials"] == 2
    assert many["spikes"] > 0
    assert many["neuron_ms"] > 0
    assert many["f32_over_neuron"] > 0
    assert single["kernel_f32_ms"] > 0
    assert ("kernel_f32_avx2_ms" in many) == (widest("float32") * BITS["float32"] > 256)
    assert "counts equal in 2 of 2" in full_cell.said("small", many, single)


def test_c_without_avx512_is_other_code_with_the_same_bits(work):
    wide = BatchSimulator(work.setup, work.run).run(work.trials[0])
    with full_cell.without_avx512():
        narrow = BatchSimulator(work.setup, work.run, width=8).run(work.trials[0])
    assert narrow.provenance["kernel"] != wide.provenance["kernel"]
    assert np.array_equal(narrow.v["soma"], wide.v["soma"])


def test_tools_that_are_not_there_are_rows_that_say_so():
    rows = full_cell.rivals({}, [0.1])
    assert rows == {tool: {"skipped": ABSENT.format(tool=tool)} for tool in SCRIPTS}


# -- causes ----------------------------------------------------------------------------------------


def engine(*late):
    return {
        dt: Measured(-75.0, 40.0, np.array([60.0 + x])) for dt, x in zip(DTS, late, strict=True)
    }


DTS = (0.1, 0.05, 0.025)
NEURON = {"neuron": engine(0, 0, 0), "nudged": engine(1e-9, 2e-9, 1e-9)}


def test_a_cause_is_named_where_what_it_predicts_is_seen():
    found = {
        **NEURON,
        "coreneuron": engine(3e-9, 1e-9, 2e-9),
        "cvode": engine(0.4, 0.2, 0.1),
        "arbor": engine(0.016, 0.004, 0.001),
        causes.ARBORS_DECAY: engine(0.0161, 0.0041, 0.001),
        "jaxley": engine(0.3, 0.3, 0.3),
        "kernel_f64": engine(1e-5, 1e-5, 1e-5),
        "kernel_f64_fast": engine(1e-3, 1e-3, 1e-3),
        "kernel_f32": engine(1e-3, 1e-3, 1.1e-3),
        "kernel_f32_fine": engine(1e-4, 1e-4, 1e-4),
    }
    rows = crosscheck.table(found, DTS)
    begins = {
        "neuron": "The reference",
        "coreneuron": "Rounding",
        "cvode": "NEURON's implicit Euler is of the first order",
        "arbor": "Arbor takes (2 - x)/(2 + x)",
        "jaxley": "Open",
        "kernel_f64": "Tables of rates",
        "kernel_f32": "Tables of rates",
    }
    for name, text in begins.items():
        assert rows[name]["cause"].startswith(text), name
    assert rows["cvode"]["order"] == pytest.approx([1, 1])
    page = "\n".join(crosscheck.lines(rows, DTS))
    assert all(f"| {name} |" in page and f"- `{name}`: " in page for name in found)


@pytest.mark.parametrize("name", ["cvode", "arbor"])
def test_a_cause_whose_prediction_fails_is_left_open(name):
    found = {**NEURON, name: engine(0.2, 0.2, 0.2), causes.ARBORS_DECAY: engine(0.0, 0.0, 0.0)}
    assert crosscheck.table(found, DTS)[name]["cause"].startswith("Open")


def test_other_counts_have_no_difference_of_times():
    more = Measured(-75.0, 40.0, np.array([60.0, 70.0]))
    assert np.isnan(causes.late(more, engine(0, 0, 0)[0.1]))
    found = {**NEURON, "jaxley": {**engine(0, 0, 0), 0.025: more}}
    said = crosscheck.table(found, DTS)["jaxley"]["cause"]
    assert said.startswith("Open")
    assert "0, 0, other counts ms" in said
