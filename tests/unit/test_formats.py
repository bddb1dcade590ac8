"""Are results read by the programs they are written for, with units, places and what made them?"""

import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from dendmod import CurrentClamp, Location, Recording, Result, Run, Setup, SpikeTrain, Synapse
from dendmod.cli import app
from dendmod.engines.lif.simulation import simulate_lif
from dendmod.engines.simulation import simulate, simulate_many
from dendmod.errors import SpecError, SweepError
from dendmod.network.drawn import draw_network
from dendmod.protocol.recorded import recorded_runs, write_runs
from dendmod.protocol.run_file import run_file
from dendmod.spec import Compartment, ReducedCell
from dendmod.spec.asked import Asked
from dendmod.spec.currents import Sine
from dendmod.spec.stimulus import VoltageClamp
from dendmod.spec.trial import Trial
from dendmod.sweep import Sweep, Task

CELL = ReducedCell(
    name="two",
    compartments=(
        Compartment(name="soma", parent=-1, ca=100, g_leak=5, e_leak=-70, area=1e4),
        Compartment(name="tip", parent=0, ca=20, g_leak=1, e_leak=-70, g_couple=4, area=2e3),
    ),
    ena=50, ek=-85, celsius=34, v_init=-70,
)  # fmt: skip
TIP, SOMA = Location("tip(0.5)"), Location(section=0, x=0.5)
SETUP = Setup(
    cell=CELL,
    synapses=(Synapse(name="in", mechanism="AmpaNmdaSyn", location=TIP),),
    current_clamps=(CurrentClamp(location=SOMA, delay=5, dur=10, amp=0.1),),
    record={
        "soma": SOMA,
        "site/tip": TIP,
        "leak": Recording(location=TIP, variable="i_pas"),
        "synaptic": Recording(synapse="in", variable="i"),
    },
)
RUN = Run(tstop=20, dt=0.1, spike_threshold=-60)
TRAINS = (SpikeTrain("in", np.array([1.0, 3.1]), 2e-3),)


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate(SETUP, RUN, TRAINS)


@pytest.fixture(scope="module")
def network():
    spec, run = draw_network(1, n_hidden=3)
    return simulate(spec, run.model_copy(update={"record_v": True}))


@pytest.fixture(scope="module")
def lif():
    rng = np.random.default_rng(1)
    weights = rng.normal(0.3, 0.1, (20, 20))
    return simulate_lif(weights, 15.0, 1000.0, t_stop=100.0, record_v=[3, 7])


def same_trial(a: Trial, b: Trial) -> None:
    assert (a.amps, a.currents, dict(a.scale)) == (b.amps, b.currents, dict(b.scale))
    for one, other in zip(a.trains, b.trains, strict=True):
        assert (one.synapse, one.weight) == (other.synapse, other.weight)
        assert np.array_equal(one.times, other.times)


def test_a_result_knows_what_was_asked_and_the_same_again_gives_it(result, tmp_path):
    result.save(tmp_path / "a.npz")
    asked = Result.load(tmp_path / "a.npz").asked
    assert (asked.setup, asked.run) == (SETUP, RUN)
    same_trial(asked.trial, Trial(TRAINS))
    again = simulate(asked.setup, asked.run, asked.trial.trains)
    assert np.array_equal(again.v["site/tip"], result.v["site/tip"])


def test_each_trial_of_many_knows_its_own(result):
    loud = Trial(TRAINS, amps=(0.2,))
    quiet, other = simulate_many(SETUP, RUN, [Trial(TRAINS), loud], engine="neuron")
    assert other.asked.trial.amps == (0.2,)
    assert np.array_equal(quiet.v["soma"], result.v["soma"])
    kept = Asked.from_json(other.asked.to_json())
    assert kept.setup == SETUP
    same_trial(kept.trial, loud)


def test_all_of_a_trial_comes_back_from_json():
    sine = Sine(location=SOMA, delay=1, dur=3, amp=0.1, frequency=20)
    full = Trial(TRAINS, amps=(0.3,), currents=(sine,), scale={"NaTa_t": 0.5})
    asked = Asked(SETUP.model_copy(update={"currents": (sine,)}), RUN, full)
    back = Asked.from_json(asked.to_json())
    assert (back.setup, back.run) == (asked.setup, RUN)
    same_trial(back.trial, full)
    for wrong in ("{}", "no", '{"schema": "dendmod/model/1"}'):
        with pytest.raises(SpecError, match="no specification of a run"):
            Asked.from_json(wrong)


def test_a_data_set_says_where_and_in_which_units(result):
    pytest.importorskip("xarray")
    data = result.to_xarray()
    assert data["v"].sel(recording="site/tip").sel(t=2.0) == result.v["site/tip"][20]
    assert data["place"].sel(recording="site/tip") == "tip(0.5)"
    assert data["place"].sel(recording="soma") == "soma(0.5)"
    assert (data["leak"].attrs["place"], data["synaptic"].attrs["place"]) == (
        "tip(0.5)", "synapse in"
    )  # fmt: skip
    assert (data["leak"].units, data["v"].units) == ("mA/cm2", "mV")
    assert Asked.from_json(data.attrs["specification"]).setup == SETUP


def test_a_data_set_comes_back_from_netcdf(result, tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("scipy")
    result.to_xarray().to_netcdf(tmp_path / "a.nc", engine="scipy")
    with xarray.open_dataset(tmp_path / "a.nc", engine="scipy") as back:
        assert np.array_equal(back["v"].sel(recording="soma"), result.v["soma"])


def test_pynwb_reads_a_result_and_its_specification_runs_again(result, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    from dendmod.formats.nwb import read_specification

    path = result.to_nwb(tmp_path / "a.nwb")
    assert [p.name for p in tmp_path.iterdir()] == ["a.nwb"]
    assert not pynwb.validate(path=str(path))
    with pynwb.NWBHDF5IO(str(path), "r") as handle:
        file = handle.read()
        tip = file.acquisition["site_tip"]
        assert tip.unit == "volts"
        assert np.array_equal(tip.data[:], result.v["site/tip"])
        assert tip.data[3] * tip.conversion == pytest.approx(result.v["site/tip"][3] * 1e-3)
        assert tip.electrode.location == "tip(0.5)"
        assert (tip.starting_time, tip.rate) == (0.0, pytest.approx(10_000.0))
        assert (file.acquisition["leak"].unit, file.acquisition["leak"].description) == (
            "mA/cm2", "tip(0.5)"
        )  # fmt: skip
        labels = list(file.units["label"][:])
        spikes = file.units["spike_times"][labels.index("soma")]
        assert spikes * 1e3 == pytest.approx(result.spike_times())
        assert spikes.size == 1
    asked = Asked.from_json(read_specification(path))
    again = simulate(asked.setup, asked.run, asked.trial.trains)
    assert np.array_equal(again.v["soma"], result.v["soma"])


def test_pynwb_reads_the_current_of_a_clamp(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    hold = VoltageClamp(location=TIP, v=-60)
    held = simulate(Setup(cell=CELL, voltage_clamp=hold), Run(tstop=5))
    with pynwb.NWBHDF5IO(str(held.to_nwb(tmp_path / "a.nwb")), "r") as handle:
        clamp = handle.read().acquisition["clamp_current"]
        assert (clamp.unit, clamp.conversion) == ("amperes", 1e-9)
        assert clamp.electrode.location == "tip(0.5)"
        assert np.array_equal(clamp.data[:], held.clamp_current)


def test_neo_reads_a_result(result):
    neo = pytest.importorskip("neo")
    block = result.to_neo()
    (segment,) = block.segments
    signals = {s.name: s for s in segment.analogsignals}
    assert list(signals) == ["soma", "site/tip", "leak", "synaptic"]
    tip = signals["site/tip"]
    assert tip.rescale("V").magnitude[:, 0] == pytest.approx(result.v["site/tip"] * 1e-3)
    assert float(tip.sampling_period.rescale("ms")) == pytest.approx(0.1)
    assert signals["leak"].units.rescale("A/m**2").magnitude == pytest.approx(10.0)
    assert tip.annotations["place"] == "tip(0.5)"
    (train,) = (t for t in segment.spiketrains if t.name == "soma")
    assert isinstance(train, neo.SpikeTrain)
    assert train.rescale("ms").magnitude == pytest.approx(result.spike_times())


def test_neo_keeps_a_result_in_a_file(result, tmp_path):
    neo = pytest.importorskip("neo")
    path = str(tmp_path / "a.pkl")
    neo.io.PickleIO(path).write_block(result.to_neo())
    back = neo.io.PickleIO(path).read_block().segments[0].analogsignals[0]
    assert np.array_equal(back.magnitude[:, 0], result.v["soma"])


def test_uneven_steps_keep_their_times(tmp_path):
    t = np.array([0.0, 0.5, 0.6, 3.0])
    uneven = Result(t, {"soma": np.array([-70.0, -69, -68, -60])})
    if pytest.importorskip("neo"):
        signal = uneven.to_neo().segments[0].irregularlysampledsignals[0]
        assert signal.times.rescale("ms").magnitude == pytest.approx(t)
    pynwb = pytest.importorskip("pynwb")
    with pynwb.NWBHDF5IO(str(uneven.to_nwb(tmp_path / "a.nwb")), "r") as handle:
        series = handle.read().acquisition["soma"]
        assert series.timestamps[:] * 1e3 == pytest.approx(t)
        assert series.rate is None


def test_a_network_is_a_table_and_a_data_set(network):
    pytest.importorskip("xarray")
    spikes = network.to_pandas()
    assert len(spikes) == network.hidden.times.size + network.output.times.size
    assert network.hidden.times.size > 0
    data = network.to_xarray()
    n = network.spec.n_hidden
    counts = network.hidden.counts(len(network.run.samples), n)
    assert np.array_equal(data["spikes"].values[:, :n], counts)
    assert data["spikes"].sel(neuron=n).values.sum() == network.output.times.size
    assert list(data["layer"].values) == ["hidden"] * n + ["output"]
    assert np.array_equal(data["context"], network.run.samples.context)
    assert (data["weights"].dims, data["weights"].units) == (
        ("context_row", "hidden", "compartment"), "uS"
    )  # fmt: skip
    names = [network.spec.hidden[0].compartments[i].name for i in network.spec.context.compartments]
    assert list(data["place"].values) == names
    assert np.array_equal(data["v"], network.v)
    late = data["spike_time"][data["spike_layer"] == "output"]
    assert np.array_equal(late, network.output.times)


def test_pynwb_reads_a_network_sample_after_sample(network, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    path = network.to_nwb(tmp_path / "n.nwb")
    with pynwb.NWBHDF5IO(str(path), "r") as handle:
        file = handle.read()
        duration = network.run.duration
        assert file.trials["start_time"][:] * 1e3 == pytest.approx(
            duration * np.arange(len(network.run.samples))
        )
        assert np.array_equal(file.trials["context"][:], network.run.samples.context)
        found = np.concatenate([file.units["spike_times"][i] for i in range(len(file.units))])
        given = [(s.times + duration * s.sample) for s in (network.hidden, network.output)]
        assert np.sort(found) * 1e3 == pytest.approx(np.sort(np.concatenate(given)))
        assert list(file.units["layer"][:]).count("output") == 1
        last = file.acquisition[f"output_{len(network.run.samples) - 1}"]
        assert np.array_equal(last.data[:], network.v[-1, -1])
        assert last.starting_time * 1e3 == pytest.approx(duration * (len(network.run.samples) - 1))


def test_neo_reads_a_network_a_segment_a_sample(network):
    pytest.importorskip("neo")
    block = network.to_neo()
    assert len(block.segments) == len(network.run.samples)
    for k, segment in enumerate(block.segments):
        assert segment.annotations["context"] == network.run.samples.context[k]
        n = sum(len(t) for t in segment.spiketrains)
        assert n == sum((s.sample == k).sum() for s in (network.hidden, network.output))


def test_a_network_without_its_specification_says_so(network):
    from dataclasses import replace

    with pytest.raises(SpecError, match="does not know its network and run"):
        replace(network, spec=None).to_neo()


def test_a_lif_network_is_read_by_all(lif, tmp_path):
    table = lif.to_pandas()
    assert len(table) == lif.spike_times.size > 0
    if pytest.importorskip("xarray"):
        data = lif.to_xarray()
        assert list(data["recorded"].values) == [3, 7]
        assert np.array_equal(data["v"].sel(recorded=7), lif.v[1])
        assert data["current"].units == "mV/s"
        assert data["v_end"].sel(neuron=7) == data["v"].sel(recorded=7).values[-1]
    pytest.importorskip("neo")
    (segment,) = lif.to_neo().segments
    train = segment.spiketrains[5]
    assert train.magnitude == pytest.approx(lif.spike_times[lif.spike_ids == 5])
    pynwb = pytest.importorskip("pynwb")
    with pynwb.NWBHDF5IO(str(lif.to_nwb(tmp_path / "l.nwb")), "r") as handle:
        file = handle.read()
        own = lif.spike_times[lif.spike_ids == 5]
        assert file.units["spike_times"][5] * 1e3 == pytest.approx(own)
        assert file.acquisition["v_7"].starting_time == pytest.approx(1e-4)


def add(a: float, n: int) -> dict[str, np.ndarray]:
    return {"sum": np.array(a + n), "row": a + np.arange(3.0), "ragged": np.zeros(n)}


def test_a_sweep_is_a_data_set(tmp_path):
    pytest.importorskip("xarray")
    sweep = Sweep(tmp_path, workers=1, progress=False)
    where = "tests.unit.test_formats:add"
    sweep.run([Task(f"a={a}", where, {"a": a, "n": n}) for a, n in ((1.5, 1), (2.5, 2))])
    assert list(sweep.to_pandas()["asked.a"]) == [1.5, 2.5]
    with pytest.raises(SweepError, match=r"'ragged' has shapes \(1,\), \(2,\)"):
        sweep.to_xarray()
    with pytest.raises(SweepError, match="Did you mean 'row'"):
        sweep.to_xarray(["rwo"])
    data = sweep.to_xarray(["sum", "row"])
    assert data["sum"].sel(run="a=2.5") == 4.5
    assert data["row"].dims == ("run", "row_0")
    assert list(data["asked.n"].values) == [1, 2]


STIMULI = """
schema = "dendmod/stimuli/1"
name = "small"
title = "A train at the soma"
[cell]
reduced = "{cell}"
[run]
tstop_ms = 10
settle_ms = 0
dt_ms = 0.1
[stimuli.step]
kind = "step"
location = "soma"
delay_ms = 1
dur_ms = 5
amp_nA = 0.1
[sweep]
"stimuli.step.amp_nA" = [0.2]
"""


def test_the_traces_of_a_folder_of_results_are_written_and_run_again(tmp_path):
    cell, file = tmp_path / "two.json", tmp_path / "small.toml"
    cell.write_text(CELL.model_dump_json())
    file.write_text(STIMULI.format(cell=cell))
    sweep = Sweep(tmp_path / "out" / "store", workers=1, progress=False)
    run_file(file, tmp_path / "out", sweep=sweep)
    command = ["sweep", "traces", str(tmp_path / "out"), "--to", "npz", "--out"]
    done = CliRunner().invoke(app, [*command, str(tmp_path / "npz")])
    assert done.exit_code == 0, done.output
    (file,) = (tmp_path / "npz").iterdir()
    result = Result.load(file)
    assert result.asked.setup.current_clamps[0].amp == 0.2
    again = simulate(result.asked.setup, result.asked.run, result.asked.trial.trains)
    assert np.array_equal(again.v["soma"], result.v["soma"])
    assert result.v["soma"].max() > -65
    (name,) = recorded_runs(tmp_path / "out")
    assert file.stem == name.replace("/", "_")
    with pytest.raises(SpecError, match="cannot be written as 'nbw'. Did you mean 'nwb'"):
        write_runs(tmp_path / "out", "nbw", tmp_path / "no")
    with pytest.raises(SweepError, match="holds no results"):
        recorded_runs(tmp_path)


@pytest.mark.parametrize(
    ("package", "extra", "call"),
    [("xarray", "xarray", "to_xarray"), ("neo", "neo", "to_neo"), ("pynwb", "nwb", "to_nwb")],
)
def test_what_is_not_installed_is_named(package, extra, call, monkeypatch, result, lif, tmp_path):
    monkeypatch.setitem(sys.modules, package, None)
    for one in (result, lif):
        with pytest.raises(SpecError, match=rf"pip install 'dendmod\[{extra}\]'"):
            getattr(one, call)(*([tmp_path / "a"] if call == "to_nwb" else []))
    assert not list(tmp_path.iterdir())
