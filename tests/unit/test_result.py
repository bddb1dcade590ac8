"""Can a result be shown, drawn, handed to other libraries, and kept?"""

import json
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dendmod import CurrentClamp, L5PyramidalCell, Location, Result, Setup, Synapse
from dendmod.errors import DendmodError, SpecError
from dendmod.spec import Compartment, ReducedCell
from dendmod.spec.stimulus import VoltageClamp

SOMA = Location(section=0, x=0.5)
T = np.arange(5) * 0.5
V = {"soma": np.linspace(-70, 10, 5), "site00/tip": np.linspace(-80, -40, 5)}
PLAIN = Result(T, V, provenance={"engine": "neuron", "neuron": "9.0.2"})
CLAMPED = Result(T, V, clamp_current=np.linspace(0, 1, 5), provenance={"engine": "neuron"})


def test_results_and_specifications_are_shown_in_a_line():
    assert repr(PLAIN) == "Result(2 ms, 5 samples of soma, site00/tip; neuron)"
    assert repr(CLAMPED) == "Result(2 ms, 5 samples of soma, site00/tip, clamp current; neuron)"
    cell = L5PyramidalCell("l5pc", 3)
    shown = "Cell(l5pc with hay2011/3: soma, axon, basal, apical; 12 mechanisms, axon stub)"
    assert repr(cell) == str(cell) == shown
    step = CurrentClamp(location=SOMA, delay=1, dur=1, amp=1)
    synapses = (Synapse(name="a", mechanism="AmpaNmdaSyn", location=SOMA),)
    hold = VoltageClamp(location=SOMA, v=-70)
    setup = Setup(cell=cell, synapses=synapses, current_clamps=(step, step), voltage_clamp=hold)
    assert repr(setup) == (
        f"Setup({shown}, 1 synapse, 2 current clamps, 1 voltage clamp; records soma)"
    )
    soma = Compartment(name="soma", parent=-1, ca=1, g_leak=1, e_leak=-70, area=1)
    small = ReducedCell(name="small", compartments=(soma,), ena=50, ek=-85, celsius=34, v_init=-70)
    assert repr(small) == "ReducedCell(small: 1 compartment, 0 sites, 0 channels)"


def test_a_table_has_times_recordings_and_units():
    table = CLAMPED.to_pandas()
    assert table.index.name == "t_ms"
    assert list(table) == ["soma", "site00/tip", "clamp_current_nA"]
    assert table.attrs["units"] == {"soma": "mV", "site00/tip": "mV", "clamp_current_nA": "nA"}
    assert table.loc[2.0, "soma"] == 10.0
    assert np.array_equal(table["site00/tip"], V["site00/tip"])
    assert list(PLAIN.to_pandas()) == list(V)


def test_a_data_set_has_coordinates_and_units():
    pytest.importorskip("xarray")
    data = CLAMPED.to_xarray()
    assert data["v"].dims == ("recording", "t")
    assert (data["v"].units, data["t"].units, data["clamp_current"].units) == ("mV", "ms", "nA")
    assert data["v"].sel(recording="soma", t=2.0) == 10.0
    assert np.array_equal(data["clamp_current"], CLAMPED.clamp_current)
    assert data.attrs == {"engine": "neuron"}
    assert "clamp_current" not in PLAIN.to_xarray()


def test_without_xarray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(DendmodError, match=r"pip install 'dendmod\[xarray\]'"):
        PLAIN.to_xarray()


@pytest.mark.parametrize("result", [PLAIN, CLAMPED, Result(T, {})])
def test_what_is_saved_comes_back(result, tmp_path):
    path = tmp_path / "kept" / "result.npz"
    result.save(path)
    back = Result.load(path)
    assert [p.name for p in path.parent.iterdir()] == ["result.npz"]
    assert np.array_equal(back.t, result.t)
    assert list(back.v) == list(result.v)
    assert all(np.array_equal(back.v[name], v) for name, v in result.v.items())
    assert (back.clamp_current is None) == (result.clamp_current is None)
    assert back.provenance == result.provenance


def test_a_result_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "result.npz"
    PLAIN.save(path)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        Result(T, V, provenance={"engine": object()}).save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def written(path, **changes):
    header = {"schema": "dendmod/result/1", "recordings": ["a"], "provenance": {}}
    arrays = {"header": header, "t": T, "v": np.zeros((1, 5)), **changes}
    arrays["header"] = np.array(json.dumps(arrays["header"]))
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"t": None}, "no file of a result .*'t'"),
        ({"v": np.zeros((2, 5))}, r"1 recordings of 5 samples have \(2, 5\)"),
        ({"v": np.zeros((1, 4))}, r"1 recordings of 5 samples have \(1, 4\)"),
        ({"t": np.zeros((1, 5))}, "1 recordings of 5 samples"),
        ({"t": np.array(list("abcde"))}, "no file of a result"),
        ({"clamp_current": np.zeros(3)}, "a clamp current of 3 samples for 5 times"),
        ({"header": {"schema": "dendmod/model/1"}}, "its schema is 'dendmod/model/1'"),
        ({"header": []}, "no file of a result"),
    ],
)
def test_another_file_is_refused_in_words(changes, message, tmp_path):
    written(tmp_path / "a.npz", **changes)
    with pytest.raises(SpecError, match=message):
        Result.load(tmp_path / "a.npz")


def test_a_damaged_or_missing_file_is_refused_in_words(tmp_path):
    path = tmp_path / "result.npz"
    PLAIN.save(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SpecError, match="damaged or cut short"):
        Result.load(path)
    with pytest.raises(SpecError, match="cannot be read"):
        Result.load(tmp_path / "none.npz")


def test_a_plot_draws_each_recording_with_units():
    ax = PLAIN.plot()
    assert [line.get_label() for line in ax.lines] == list(V)
    for line, v in zip(ax.lines, V.values(), strict=True):
        assert np.array_equal(line.get_xdata(), T)
        assert np.array_equal(line.get_ydata(), v)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (ms)", "membrane potential (mV)")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(V)
    _, own = plt.subplots()
    assert PLAIN.plot(own, ["soma"]) is own
    assert len(own.lines) == 1
    assert own.get_legend() is None
    with pytest.raises(SpecError, match="nothing was recorded as 'tip'"):
        PLAIN.plot(own, ["tip"])
    plt.close("all")


RECORDED = Result(
    T,
    V,
    recordings={"na": np.arange(5.0), "m": np.ones(5)},
    units={"na": "mA/cm2", "m": ""},
    spike_threshold=-65.0,
    provenance={"engine": "neuron"},
)


def test_other_recordings_have_columns_and_units_and_come_back(tmp_path):
    assert repr(RECORDED) == "Result(2 ms, 5 samples of soma, site00/tip, na, m; neuron)"
    table = RECORDED.to_pandas()
    assert list(table) == ["soma", "site00/tip", "na", "m"]
    assert table.attrs["units"] == {"soma": "mV", "site00/tip": "mV", "na": "mA/cm2", "m": ""}
    RECORDED.save(tmp_path / "a.npz")
    back = Result.load(tmp_path / "a.npz")
    assert list(back.v) == list(V)
    assert {n: x.tolist() for n, x in back.recordings.items()} == {
        "na": [0.0, 1.0, 2.0, 3.0, 4.0], "m": [1.0] * 5
    }  # fmt: skip
    assert (back.unit_of("na"), back.unit_of("m"), back.unit_of("soma")) == ("mA/cm2", "", "mV")
    assert back.spike_threshold == -65.0


def test_spikes_are_counted_at_the_threshold_of_the_result_unless_told():
    assert RECORDED.spike_times().tolist() == pytest.approx([0.125])
    assert RECORDED.spike_times(threshold=-30.0).tolist() == pytest.approx([1.0])
    assert RECORDED.spike_times("na", threshold=2.5).tolist() == pytest.approx([1.25])


def test_other_recordings_are_drawn_in_their_unit():
    ax = RECORDED.plot(recordings=["na"])
    assert ax.get_ylabel() == "na (mA/cm2)"
    assert np.array_equal(ax.lines[0].get_ydata(), np.arange(5.0))
    assert RECORDED.plot(recordings=["m"]).get_ylabel() == "m"
    assert [line.get_label() for line in RECORDED.plot().lines] == list(V)
    with pytest.raises(SpecError, match="recordings in mA/cm2, mV do not share an axis"):
        RECORDED.plot(recordings=["na", "soma"])
    plt.close("all")
