"""Are files of stimuli checked, run, tabulated and drawn?"""

import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from dendmod.cells.l5 import L5PyramidalCell
from dendmod.cells.reduced import write_reduced
from dendmod.engines.checks import shape_of
from dendmod.errors import MechanismError, MorphologyError, SpecError
from dendmod.network.drawn import hay_soma
from dendmod.protocol import load_protocol
from dendmod.protocol.places import PlaceFields, locate
from dendmod.protocol.run_file import run_file
from dendmod.protocol.stimuli_file import load_stimuli, run_stimuli_file, tasks_of
from dendmod.protocol.stimuli_tasks import setup_of, trains_of
from dendmod.protocol.stimulus_fields import StimulusFields
from dendmod.spec import Compartment, Location, ReducedCell
from dendmod.spec.stimulus import SOMA
from dendmod.study.citations import cite
from dendmod.sweep import Sweep
from tests.doubles import SweepDouble
from tests.pictures import axes_of, kept_pictures, points

HEAD = """
schema = "dendmod/stimuli/1"
name = "mine"
title = "Mine"
[run]
tstop_ms = 100.0
settle_ms = 10.0
"""
CELL = L5PyramidalCell("l5pc", 3)


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(HEAD + text)
    return path


def small_cell(folder: Path) -> Path:
    soma = Compartment(
        name="soma", role="soma", parent=-1, site=SOMA, ca=200.0, g_leak=10.0, e_leak=-70.0,
        g_couple=0, area=1000.0, v_rest=-70.0, **hay_soma(),
    )  # fmt: skip
    cell = ReducedCell(name="point", compartments=(soma,), ena=50, ek=-85, celsius=34, v_init=-70)
    write_reduced(cell, folder / "small.json")
    return folder / "small.json"


STIMULI = """
[locations]
tip = "apic[3](0.9)"
trunk = { trunk_um = 300.0 }
[stimuli.step]
kind = "step"
delay_ms = 10
dur_ms = 20
amp_nA = 0.5
[stimuli.ramp]
kind = "ramp"
location = "tip"
delay_ms = 10
dur_ms = 20
stop_nA = 0.5
[stimuli.sine]
kind = "sine"
location = { section = 2, x = 0.25 }
delay_ms = 10
dur_ms = 20
amp_nA = 0.1
frequency_Hz = 50
[stimuli.chirp]
kind = "chirp"
delay_ms = 10
dur_ms = 20
amp_nA = 0.1
start_Hz = 1
stop_Hz = 50
[stimuli.noise]
kind = "noise"
delay_ms = 10
dur_ms = 20
sd_nA = 0.1
tau_ms = 5
[stimuli.file]
kind = "waveform"
file = "wave.csv"
delay_ms = 5
scale = 0.5
[stimuli.given]
kind = "spikes"
mechanism = "AmpaNmdaSyn"
params = { nmda_ratio = 1.0, mg_factor = 0.28 }
weight = 1e-3
times_ms = [12, 14]
[stimuli.burst]
kind = "burst"
location = "trunk"
mechanism = "DoubleExpSyn"
weight = 1e-3
n = 20
center_ms = 50
sd_ms = 5
[stimuli.background]
kind = "poisson"
mechanism = "ExpSyn"
weight = 1e-4
rate_Hz = 1000
dur_ms = 100
[recordings.soma]
location = "soma"
[recordings.tip]
location = "tip"
variable = "ica"
[recordings.g]
synapse = "given"
variable = "g_nmda"
"""


def test_every_kind_of_stimulus_becomes_what_it_says(tmp_path):
    (tmp_path / "wave.csv").write_text("t_ms,i_nA\n0,0.0\n10,1.0\n\n20,0.5\n")
    protocol = load_stimuli(written(tmp_path, STIMULI))
    setup = setup_of(protocol, trial=2)
    (step,) = setup.current_clamps
    assert (step.location, step.delay, step.dur, step.amp) == (SOMA, 10, 20, 0.5)
    ramp, sine, chirp, noise, wave = setup.currents
    shape = shape_of(setup.cell)
    assert ramp.location == Location(section=shape.names.index("apical[3]"), x=0.9)
    assert (ramp.start, ramp.stop) == (0, 0.5)
    assert sine.location == Location(section=2, x=0.25)
    assert (sine.amp, sine.frequency) == (0.1, 50)
    assert (chirp.start, chirp.stop) == (1, 50)
    assert (noise.sd, noise.tau, noise.seed, noise.key) == (0.1, 5, 1, "noise/2")
    assert (wave.times, wave.amps) == ((5, 15, 25), (0, 0.5, 0.25))
    trunk = setup.synapses[1].location
    assert shape.path_distance(trunk.section, trunk.x) == pytest.approx(300.0)
    assert [s.mechanism for s in setup.synapses] == ["AmpaNmdaSyn", "DoubleExpSyn", "ExpSyn"]
    given, burst, background = trains_of(protocol, 2)
    assert given.times.tolist() == [12, 14]
    assert (burst.times.size, burst.weight) == (20, 1e-3)
    assert background.times.size == pytest.approx(100, abs=40)
    other = trains_of(protocol, 3)
    assert not np.array_equal(other[1].times, burst.times)
    assert np.array_equal(trains_of(protocol, 2)[2].times, background.times)
    assert setup.voltages == {"soma": SOMA}
    assert setup.recordings["g"].synapse == "given"
    assert setup.recordings["tip"].variable == "ica"


def test_places_have_dendmods_names_and_neurons():
    names = shape_of(CELL).names
    for text, section, x in (
        ("apical[7](0.25)", "apical[7]", 0.25),
        ("apic[7]", "apical[7]", 0.5),
        ("dend[2](1)", "basal[2]", 1.0),
        ("soma(0.1)", "soma", 0.1),
    ):
        assert locate(text, CELL) == Location(section=names.index(section), x=x)
    assert locate("a", CELL, {"a": "apic[7]"}) == locate("apic[7]", CELL)


def test_a_place_that_is_not_there_is_refused():
    with pytest.raises(SpecError, match=r"no place 'apic\[700\]'; write .*apical"):
        locate("apic[700]", CELL)
    with pytest.raises(SpecError, match="no place 'tip'.*Did you mean 'tips'"):
        locate("tip", CELL, {"tips": "soma"})
    with pytest.raises(MorphologyError, match="no place 5000.0 um up the apical trunk"):
        locate(PlaceFields(trunk_um=5000), CELL)
    with pytest.raises(SpecError, match="a section or a distance trunk_um"):
        PlaceFields(section=1, trunk_um=3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[stimuli.a]\nkind = "stp"', "stimuli.a: .*'step'"),
        ('[stimuli.a]\nkind = "step"\ndelay_ms = 1\ndur_ms = 1\namp_pA = 1', "amp_nA"),
        ('[stimuli.a]\nkind = "voltage_clamp"\nlevels_mV = [1, 2]\ndurations_ms = [5]',
         "2 levels_mV and 1 durations_ms"),
        ('[stimuli.a]\nkind = "voltage_clamp"\nlevels_mV = [1, 2, 3, 4]\n'
         "durations_ms = [5, 5, 5, 5]", "at most 3"),
        ('[recordings.a]\nvariable = "ina"', "at a location or of a synapse"),
        ('[measure]\nrecording = "tip"', "'tip' is no recording of v. Did you mean|Allowed: soma"),
        ("[measure]\nstart_ms = 200", "nothing is measured: from 200.0 to 100.0 ms"),
        ('[stimuli.a]\nkind = "waveform"\nfile = "none.csv"', "none.csv cannot be read"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(text, message, tmp_path):
    with pytest.raises(SpecError, match=message):
        load_stimuli(written(tmp_path, text))


@pytest.mark.parametrize("text", ["0,1\n1;2\n", "0,1\n1,x\n", "0,1\n1,nan\n", "0,1,2\n"])
def test_a_waveform_file_with_something_else_names_the_row(text, tmp_path):
    (tmp_path / "wave.csv").write_text(text)
    with pytest.raises(SpecError, match="wave.csv, row [12]: .*give a time"):
        load_stimuli(written(tmp_path, '[stimuli.a]\nkind = "waveform"\nfile = "wave.csv"'))


def test_a_waveform_may_be_an_npz_file(tmp_path):
    np.savez(tmp_path / "wave.npz", t=np.arange(3.0), i=np.array([0.0, 1.0, 0.0]))
    path = written(tmp_path, '[stimuli.a]\nkind = "waveform"\nfile = "wave.npz"')
    (wave,) = setup_of(load_stimuli(path)).currents
    assert (wave.times, wave.amps) == ((0, 1, 2), (0, 1, 0))
    np.savez(tmp_path / "wave.npz", t=np.arange(3.0))
    with pytest.raises(SpecError, match="no array 'i'"):
        load_stimuli(path)


def test_a_changed_waveform_file_is_another_task(tmp_path):
    (tmp_path / "wave.csv").write_text("0,0\n5,1\n")
    path = written(tmp_path, '[stimuli.a]\nkind = "waveform"\nfile = "wave.csv"')
    ((_, _, task),) = tasks_of(load_stimuli(path))
    before = task.digest()
    assert task.digest() == before
    (tmp_path / "wave.csv").write_text("0,0\n5,2\n")
    assert task.digest() != before


STEP = '[stimuli.step]\nkind = "step"\ndelay_ms = 10\ndur_ms = 50\namp_nA = 0.1\n'
RECORD = '[recordings.soma]\nlocation = "soma"\n[recordings.na]\nlocation = "soma"\n' \
         'variable = "ina"\n'  # fmt: skip
SWEEP = '[sweep]\n"stimuli.step.amp_nA" = [0.1, 0.2]\n"run.settle_ms" = [5.0, 10.0]\n'


def test_a_sweep_runs_every_combination_once_a_trial(tmp_path):
    protocol = load_stimuli(written(tmp_path, STEP + SWEEP), {"run.trials": 2})
    listed = tasks_of(protocol)
    assert len({task.key for _, _, task in listed}) == 8
    asked = [
        (t.payload["protocol"]["stimuli"]["step"]["amp_nA"],
         t.payload["protocol"]["run"]["settle_ms"], t.payload["trial"])
        for _, _, t in listed
    ]  # fmt: skip
    assert asked == [(a, s, k) for a in (0.1, 0.2) for s in (5.0, 10.0) for k in (0, 1)]


@pytest.mark.parametrize("field", ["stimuli.stp.amp_nA", "stimuli.step.amp", "run.dt"])
def test_a_sweep_over_a_field_that_is_not_there_is_refused(field, tmp_path):
    protocol = load_stimuli(written(tmp_path, STEP + f'[sweep]\n"{field}" = [1]\n'))
    with pytest.raises(SpecError, match=f"there is no field '{field}'"):
        tasks_of(protocol)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[recordings.a]\nlocation = "soma"\nvariable = "m_NaTa"', "no variable 'm_NaTa'"),
        ('[recordings.a]\nlocation = "apic[900]"', "no place"),
        ('[recordings.a]\nsynapse = "hit"\nvariable = "g"', "no synapse 'hit'"),
        ('[stimuli.a]\nkind = "spikes"\nmechanism = "NaTa_t"\nweight = 1\ntimes_ms = [1]',
         "NaTa_t is a mechanism of the membrane"),
    ],
)  # fmt: skip
def test_what_is_not_on_the_cell_is_refused_before_anything_runs(text, message, tmp_path):
    protocol = load_stimuli(written(tmp_path, STEP + text))
    with pytest.raises((SpecError, MechanismError), match=message):
        tasks_of(protocol)


def test_currents_that_are_played_need_fixed_steps(tmp_path):
    text = '[stimuli.a]\nkind = "ramp"\ndelay_ms = 1\ndur_ms = 1\nstop_nA = 1\n'
    with pytest.raises(SpecError, match="a: played step by step; take run.method = 'fixed'"):
        load_stimuli(written(tmp_path, text), {"run.method": "adaptive"})
    load_stimuli(written(tmp_path, STEP), {"run.method": "adaptive"})


def answer(function, payload):
    """Spikes at 5 (before the step), 20, 40 and 70 ms (after it); v and a current are straight."""
    assert function == "run_stimuli"
    amp = payload["protocol"]["stimuli"]["step"]["amp_nA"]
    t = np.arange(0.0, 100.5, 0.5)
    return {"t": t, "v": np.array([-70 + amp * t]), "recordings": np.array([amp + 0 * t]),
            "units": np.array(["mA/cm2"]), "spikes": np.array([5.0, 20.0, 40.0, 70.0])}  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    out = tmp_path_factory.mktemp("stimuli")
    path = written(out, STEP + RECORD + SWEEP)
    with kept_pictures() as pictures:
        rows = run_file(path, out / "here", sweep=SweepDouble(answer))
    return rows, out / "here", pictures["mine"]


def test_the_table_has_one_row_a_run(ran):
    rows, out, _ = ran
    assert rows["stimuli.step.amp_nA"].tolist() == [0.1, 0.1, 0.2, 0.2]
    assert rows["run.settle_ms"].tolist() == [5.0, 10.0, 5.0, 10.0]
    assert rows["spikes"].tolist() == [2] * 4  # within the 50 ms of the step
    assert rows["rate_Hz"].tolist() == [40.0] * 4
    assert rows["latency_ms"].tolist() == [10.0] * 4
    assert rows["soma_mean"].tolist() == pytest.approx([-66.475, -66.475, -62.95, -62.95])
    assert rows["soma_max"].tolist() == pytest.approx([-64.0, -64.0, -58.0, -58.0])
    assert rows["na_mean"].tolist() == pytest.approx([0.1, 0.1, 0.2, 0.2])
    pd.testing.assert_frame_equal(pd.read_parquet(out / "mine.parquet"), rows)


def test_traces_and_the_summary_are_written(ran):
    rows, out, _ = ran
    with np.load(out / "mine.npz") as kept:
        assert set(kept) == {f"{k}/{name}" for k in range(4) for name in ("t", "soma", "na")}
        assert kept["2/soma"][-1] == pytest.approx(-50.0)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["schema"] == "dendmod/stimuli_run/1"
    assert summary["units"] == {"soma": "mV", "na": "mA/cm2"}
    assert [row["spikes"] for row in summary["runs"]] == rows["spikes"].tolist()
    assert summary["protocol"]["stimuli"]["step"]["dur_ms"] == 50


def test_the_picture_has_a_column_a_run_and_the_current_that_went_in(ran):
    _, _, picture = ran
    third = axes_of(picture, "step.amp_nA=0.2")
    t, v = points(third.lines[0])
    assert v[-1] == pytest.approx(-70 + 0.2 * t[-1])
    injected = points(axes_of(picture, "Injected").lines[0])
    on = (injected[0] >= 10) & (injected[0] < 60)
    assert (injected[1] == np.where(on, 0.1, 0.0)).all()
    assert points(axes_of(picture, "na (mA/cm2)").lines[0])[1].tolist() == [0.1] * 201


def test_many_runs_share_a_column(tmp_path):
    path = written(tmp_path, STEP + RECORD + '[sweep]\n"stimuli.step.amp_nA" = '
                   + str([k / 10 for k in range(1, 9)]))  # fmt: skip
    with kept_pictures() as pictures:
        run_stimuli_file(path, tmp_path / "out", sweep=SweepDouble(answer))
    ax = axes_of(pictures["mine"], "Voltage")
    assert [line.get_label() for line in ax.lines] == [f"step.amp_nA={k / 10}" for k in range(1, 9)]


def test_a_file_is_run_by_neuron_from_the_soma_to_the_table(tmp_path):
    """Steps into a point with Hay's channels: none, then more and more spikes."""
    small_cell(tmp_path)
    path = written(
        tmp_path,
        '[cell]\nreduced = "small.json"\n'
        + STEP
        + RECORD
        + '[stimuli.hit]\nkind = "spikes"\nmechanism = "ExpSyn"\nweight = 1e-4\ntimes_ms = [90]\n'
        + '[recordings.g]\nsynapse = "hit"\nvariable = "g"\n'
        + '[sweep]\n"stimuli.step.amp_nA" = [0.0, 0.3, 3.0]\n',
    )
    rows = run_stimuli_file(
        path, tmp_path / "out", sweep=Sweep(tmp_path / "store", workers=1, progress=False)
    )
    spikes = rows["spikes"].tolist()
    assert spikes[0] == 0
    assert spikes[1] > 0
    assert np.isnan(rows["latency_ms"][0])
    assert rows["latency_ms"][1] > 0
    assert rows["na_min"][1] < rows["na_min"][0] <= 0
    assert rows["g_max"].tolist() == pytest.approx([1e-4] * 3, rel=0.3)
    units = json.loads((tmp_path / "out" / "summary.json").read_text())["units"]
    assert units == {"soma": "mV", "na": "mA/cm2", "g": "uS"}


SIX = '[sweep]\n"stimuli.step.amp_nA" = [0.0, 0.1, 0.2, 0.3, 1.0, 3.0]\n'
SAME = {"kernel": [1, 2], "neuron": [1, 2], "rms": [0.0, 0.0], "clamp": [], "refused": ""}


@pytest.mark.parametrize("off", [0.0, 0.2])
def test_many_runs_go_side_by_side_where_the_kernel_is_neuron(off, tmp_path):
    """Each run finds its own arrays; a potential .2 mV off leaves all to NEURON, which is said."""

    def together(function, payload):
        if function == "hold_stimuli":
            assert len(payload["protocols"]) == 6
            return SAME | {"rms": [0.0, off]}
        if function == "run_stimuli":
            return answer(function, payload)
        each = enumerate(payload["protocols"])
        return {"engine": "kernel"} | {
            f"{k}/{name}": array
            for k, one in each
            for name, array in answer("run_stimuli", {"protocol": one}).items()
        }

    sweep = SweepDouble(together)
    sweep.holding = True
    path = written(tmp_path, STEP + RECORD + SIX)
    rows = run_stimuli_file(path, tmp_path / "out", sweep=sweep)
    assert rows["soma_max"].tolist() == [
        pytest.approx(-70 + amp * 60) for amp in (0.0, 0.1, 0.2, 0.3, 1.0, 3.0)
    ]
    said = json.loads((tmp_path / "out" / "summary.json").read_text())["engine"]
    asked = [task.function.partition(":")[2] for task in sweep.asked]
    if off:
        assert asked == ["hold_stimuli"] + ["run_stimuli"] * 6
        assert (said["name"], said["ran"]) == ("neuron", ["neuron"])
        assert "potentials off by 0.2 mV rms" in said["why"]
    else:
        assert asked == ["hold_stimuli", "run_together"]
        assert (said["name"], said["ran"], said["precision"]) == ("kernel", ["kernel"], "float32")


def test_few_runs_are_not_worth_a_check(ran):
    said = json.loads((ran[1] / "summary.json").read_text())["engine"]
    assert said["name"] == "neuron"
    assert "4 runs are too few" in said["why"]


def test_both_engines_give_the_same_table(tmp_path):
    small_cell(tmp_path)
    text = '[cell]\nreduced = "small.json"\n' + STEP + RECORD + SIX
    path = written(tmp_path, text)
    found = {}
    for engine in ("auto", "neuron"):
        sweep = Sweep(tmp_path / engine, workers=1, progress=False)
        rows = run_stimuli_file(path, tmp_path / engine, sweep=sweep,
                                changes={"run.engine": engine})  # fmt: skip
        said = json.loads((tmp_path / engine / "summary.json").read_text())["engine"]
        found[engine] = rows, said["name"]
    assert (found["auto"][1], found["neuron"][1]) == ("kernel", "neuron")
    kernel, neuron = found["auto"][0], found["neuron"][0]
    assert neuron["spikes"].sum() > 2
    for name in neuron:
        np.testing.assert_allclose(kernel[name], neuron[name], rtol=1e-3, atol=0.05, err_msg=name)


@pytest.mark.parametrize("name", ["steps", "clamp_levels"])
@pytest.mark.parametrize("quick", [False, True])
def test_the_files_that_ship_are_whole(name, quick):
    protocol = load_stimuli(name, quick=quick)
    listed = tasks_of(protocol)
    assert len(listed) == 3
    setup_of(protocol)
    if quick and name == "steps":
        assert protocol.window == (200.0, 600.0)


def test_what_needs_arms_says_that_a_file_of_stimuli_has_none():
    with pytest.raises(SpecError, match="steps.toml is a file of stimuli, .*`dendmod run steps`"):
        load_protocol("steps")


def test_a_threshold_of_the_protocol_is_that_of_its_runs():
    assert load_stimuli("steps", {"run.spike_threshold_mV": -20.0}).run_spec.spike_threshold == -20


def test_the_file_on_the_page_is_whole(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "protocols.md").read_text(encoding="utf-8")
    page = page[page.index("## Stimuli and recordings") :]
    (block,) = re.findall(r"^```toml\n(.*?)^```", page, re.M | re.S)
    (tmp_path / "page.toml").write_text(block)
    protocol = load_stimuli(tmp_path / "page.toml")
    assert len(tasks_of(protocol)) == 4
    setup = setup_of(protocol)
    assert len(setup.currents) == len(setup.synapses) == 1
    kinds = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
    fields = get_args(get_args(StimulusFields)[0])
    assert {get_args(f.model_fields["kind"].annotation)[0] for f in fields} <= kinds


def test_what_stands_behind_a_run_is_cited(ran):
    _, out, _ = ran
    assert "Hay 2011" in cite(out / "summary.json")
