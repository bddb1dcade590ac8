"""Do recordings keep what they hold, and do the paper's rules for rest and running apply?"""

import numpy as np
import pytest

from dendmod.clustered import ClusteredNetwork, build_network
from dendmod.clustered.behaviour import decode_by_state, gain_by_state
from dendmod.clustered.recorded_model import model_recording
from dendmod.clustered.recording import Recording
from dendmod.clustered.states import running_blocks, state_trials
from dendmod.errors import SpecError


def recording(**changes):
    given = {
        "spike_times": [[0.1, 0.2, 55.0], [40.05, 99.0]],
        "areas": ["V1", "LM"],
        "running_t": np.arange(0, 100, 0.1),
        "running_speed": np.where((np.arange(1000) >= 300) & (np.arange(1000) < 700), 8.0, 0.0),
        "stimulus_start": [15.5, 45.0, 80.0],
        "stimulus_stop": [16.0, 45.5, 80.5],
        "stimulus_label": [0, 0, 1],
        "duration": 100.0,
    } | changes
    return Recording(**given)


def test_blocks_lie_after_the_guard_and_away_from_stimuli():
    rest = running_blocks(recording(), False, rule="guard")
    # rest from 0 to 30 s and from 70 to 100 s: from 10 and from 80 s on, 20 blocks each; one with
    # a stimulus in the first stretch (15.5 s), one in the second (80 s)
    assert rest == pytest.approx(
        [k for k in range(10, 30) if k != 15] + list(range(81, 100)), abs=1e-6
    )
    run = running_blocks(recording(), True, rule="guard")
    assert run == pytest.approx([k for k in range(40, 70) if k != 45], abs=1e-6)


def test_counts_are_those_of_the_bins():
    counts = recording().counts(np.array([0.0, 54.95]), 0.1, 3)
    assert counts[:, 0].tolist() == [[0, 1, 1], [1, 0, 0]]
    assert counts[:, 1].sum() == 0


def test_trials_by_state_are_as_many_in_both():
    start = np.arange(10) * 10.0
    rest, run = state_trials(
        recording(stimulus_start=start, stimulus_stop=start + 0.5, stimulus_label=[0, 1] * 5)
    )
    fast = (start >= 30) & (start < 70)
    assert fast[run].all()
    assert not fast[rest].any()
    label = np.array([0, 1] * 5)
    assert sorted(label[rest]) == sorted(label[run]) == [0, 0, 1, 1]


def test_a_trial_in_which_the_animal_starts_or_stops_is_neither():
    start = np.array([5.0, 10, 15, 20, 29.8, 40, 50, 60, 69.8])  # it runs from 30 to 70 s
    rest, run = state_trials(
        recording(stimulus_start=start, stimulus_stop=start + 0.5, stimulus_label=np.zeros(9, int)),
        rule="guard",
    )
    assert run.tolist() == [5, 6, 7]
    assert rest.size == 3
    assert set(rest) <= {0, 1, 2, 3}


def session(spike_times, **changes):
    """120 s, at rest in the first half and running in the second; no stimuli."""
    t = np.arange(0, 120, 0.1)
    given = {"stimulus_start": [], "stimulus_stop": [], "stimulus_label": [], **changes}
    return Recording(
        spike_times, ["V1"] * len(spike_times), t, np.where(t >= 60, 9.0, 0.0), **given,
        duration=120.0,
    )  # fmt: skip


def test_units_that_are_slow_in_one_state_do_not_count():
    rng = np.random.default_rng(3)

    def unit(rest, run):
        halves = rng.uniform(0, 60, 60 * rest), rng.uniform(60, 120, 60 * run)
        return np.sort(np.concatenate(halves))

    found = gain_by_state(session([unit(20, 20), unit(20, 1), unit(1, 20)]))
    assert np.isfinite(found.rest).tolist() == [True, False, False]
    assert np.array_equal(np.isfinite(found.run), np.isfinite(found.rest))
    assert found.run_rate == pytest.approx([20, 1, 20], rel=0.3)


def test_windows_of_a_recording_are_stamped_at_their_end():
    """One spike 101 ms after the onset: in the windows of 100 ms that end from 102 to 200 ms."""
    start = np.concatenate([np.arange(5, 55, 2.0), np.arange(65, 115, 2.0)])
    label = np.arange(start.size) % 2
    units = [start[label == k] + 0.101 for k in (0, 1)]
    both = decode_by_state(
        session(units, stimulus_start=start, stimulus_stop=start + 0.5, stimulus_label=label),
        shuffles=2,
    )
    for curve in (both.rest, both.run):
        seen = (curve.t > 0.1015) & (curve.t < 0.2005)
        assert (curve.accuracy[seen] == 1).all()
        assert curve.accuracy[~seen].max() < 0.7
        assert curve.t[[0, -1]] == pytest.approx([-0.25, 0.5])


def test_units_of_an_area():
    assert recording().of_area("LM").spike_times[0].tolist() == [40.05, 99.0]
    with pytest.raises(SpecError, match="LM, V1"):
        recording().of_area("PM")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"areas": ["V1"]}, "2 units and 1 areas"),
        ({"spike_times": [[0.2, 0.1], []]}, "ascending"),
        ({"running_speed": [1.0]}, "as long as"),
        ({"stimulus_stop": [16.0, 44.0, 80.5]}, "stops before"),
        ({"stimulus_stop": [16.0, 45.5, np.nan]}, "stimulus_stop"),
        ({"duration": 50.0}, "up to 99"),
        ({"duration": np.nan}, "up to 99"),
        ({"stimulus_label": [0, 45.5, 1]}, "integers"),
        ({"stimulus_label": [0, np.nan, 1]}, "integers"),
        ({"stimulus_label": ["up", "down", "up"]}, "integers"),
        ({"stimulus_label": [0]}, "columns"),
    ],
)
def test_what_cannot_be_a_recording_is_refused(change, message):
    with pytest.raises(SpecError, match=message):
        recording(**change)


def test_a_session_without_running_says_so():
    with pytest.raises(SpecError, match="counts as running"):
        gain_by_state(recording(running_speed=np.zeros(1000)))


def poisson_recording(rng, gain_run):
    """Units whose rate is a sigmoid of a Gaussian input in each 0.1 s, steeper at rest."""
    bins, units = 1200, 30
    running = np.arange(bins) >= 600
    x = rng.standard_normal((units, bins))
    beta = np.where(running, 1.5 * gain_run, 1.5)
    rate = 80 / (1 + np.exp(-beta * (x - 0.3)))
    # regular spikes: counts follow the rate without Poisson noise
    phase = np.cumsum(rate * 0.1, axis=1)
    spikes = []
    for k in range(units):
        t = np.interp(np.arange(1, int(phase[k, -1])), phase[k], (np.arange(bins) + 1) * 0.1)
        spikes.append(t)
    return Recording(
        spikes, ["V1"] * units, np.arange(0, 120, 0.1), np.where(running, 9.0, 0.0),
        [], [], [], 120.0,
    )  # fmt: skip


def test_the_gain_of_a_recording_is_found():
    rng = np.random.default_rng(0)
    # only the spread of counts tells the gain: a smaller beta gives less spread
    fine = {"bin_s": 0.1, "lowest_maximum": None}  # the input is new in every 0.1 s
    same = gain_by_state(poisson_recording(rng, 1.0), **fine)
    half = gain_by_state(poisson_recording(rng, 0.5), **fine)
    assert (same.ratio, half.ratio) == pytest.approx((1.0, 0.5), abs=0.06)
    assert half.difference == pytest.approx(half.run.mean() - half.rest.mean())
    assert half.difference < -5
    with pytest.raises(SpecError, match="divides a second"):
        gain_by_state(poisson_recording(rng, 1.0), bin_s=0.3)


@pytest.fixture(scope="module")
def sessions():
    network = build_network(ClusteredNetwork(), 3)
    return {
        size: model_recording(network, size=size, ongoing_s=45, trials=5) for size in (0.0, 0.2)
    }


def test_running_in_the_model_lowers_the_gain_and_a_null_pair_does_not(sessions):
    run, null = (gain_by_state(sessions[size], min_rate=3.0) for size in (0.2, 0.0))
    assert (run.blocks == 45).all()
    assert run.ratio < 0.85
    assert 0.8 < null.ratio < 1.25
    assert run.run_rate.mean() > 1.2 * run.rest_rate.mean()
    assert null.run_rate.mean() == pytest.approx(null.rest_rate.mean(), rel=0.25)


def test_stimuli_of_a_model_recording_are_decoded_in_both_states(sessions):
    both = decode_by_state(sessions[0.0], shuffles=10)
    assert both.trials == 20
    for curve in (both.rest, both.run):
        assert curve.accuracy[curve.t > 0.35].max() > 0.7
        assert curve.accuracy[curve.t < 0].mean() < 0.5


def test_a_recording_is_the_same_after_nwb(sessions, tmp_path):
    pytest.importorskip("pynwb")
    for one in (recording(), sessions[0.2]):
        path = one.write_nwb(tmp_path / "session.nwb")
        again = Recording.read_nwb(path)
        assert again.areas == one.areas
        assert again.duration == one.duration
        assert np.array_equal(again.running_observed, one.running_observed)
        for a, b in zip(again.observed, one.observed, strict=True):
            assert np.array_equal(a, b)
        for a, b in zip(again.spike_times, one.spike_times, strict=True):
            assert np.array_equal(a, b)
        for name in ("running_t", "running_speed", "stimulus_start", "stimulus_stop",
                     "stimulus_label"):  # fmt: skip
            assert np.array_equal(getattr(again, name), getattr(one, name))
    assert (
        gain_by_state(again, min_rate=3.0).ratio == gain_by_state(sessions[0.2], min_rate=3.0).ratio
    )
    with pytest.raises(SpecError, match="no column 'region'"):
        Recording.read_nwb(path, area="region")
    with pytest.raises(SpecError, match="no time series"):
        Recording.read_nwb(path, speed="wheel")


def test_files_that_are_damaged_or_in_other_units_are_told(tmp_path):
    pytest.importorskip("pynwb")
    import h5py

    path = recording().write_nwb(tmp_path / "session.nwb")
    whole = path.read_bytes()
    for name, raw in (("cut", whole[: len(whole) // 2]), ("empty", b""), ("text", b"hello")):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(SpecError, match="cannot be read"):
            Recording.read_nwb(tmp_path / name)
    with pytest.raises(SpecError, match="cannot be read"):
        Recording.read_nwb(tmp_path / "none.nwb")
    for unit, conversion, fastest in (("m/s", 0.01, 8.0), ("cm/s", 2.0, 16.0)):
        with h5py.File(path, "r+") as file:
            data = file["processing/running/running_speed/data"]
            data.attrs["unit"], data.attrs["conversion"] = unit, conversion
        assert Recording.read_nwb(path).running_speed.max() == pytest.approx(fastest)
    with h5py.File(path, "r+") as file:
        file["processing/running/running_speed/data"].attrs["unit"] = "V"
    with pytest.raises(SpecError, match="is in 'V'"):
        Recording.read_nwb(path)


def test_what_a_file_says_was_not_observed_is_not_known(tmp_path):
    """Units that were observed for a part or never, and times that the file calls invalid."""
    pynwb = pytest.importorskip("pynwb")
    part = [[[0.0, 30.0]], [[5.0, 10.0], [20.0, 100.0]]]
    one = recording(spike_times=[[0.1, 0.2], []], observed=part)
    path = one.write_nwb(tmp_path / "part.nwb")
    again = Recording.read_nwb(path)
    assert [o.tolist() for o in again.observed] == part
    with pynwb.NWBHDF5IO(str(path), "a") as handle:
        file = handle.read()
        file.add_invalid_time_interval(start_time=25.0, stop_time=40.0)
        handle.write(file)
    again = Recording.read_nwb(path)
    assert [o.tolist() for o in again.observed] == [
        [[0, 25]], [[5, 10], [20, 25], [40, 100]]]  # fmt: skip
    assert again.running_observed == pytest.approx(np.array([[0, 25], [40, 100]]))
    never = recording(spike_times=[[0.1], []], observed=[[[0.0, 30.0]], []])
    again = Recording.read_nwb(never.write_nwb(tmp_path / "never.nwb"))
    assert again.observed[1].size == 0
    assert again.duration == pytest.approx(99.9)  # the last sample of the speed


def test_a_file_that_is_no_nwb_is_told(tmp_path):
    pytest.importorskip("pynwb")
    import h5py

    with h5py.File(tmp_path / "no.nwb", "w") as file:
        file["a"] = [1]
    with pytest.raises(SpecError, match="cannot be read as an NWB file"):
        Recording.read_nwb(tmp_path / "no.nwb")


def test_without_pynwb_the_message_names_it(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(SpecError, match=r"dendmod\[nwb\]"):
        recording().write_nwb(tmp_path / "a.nwb")
    with pytest.raises(SpecError, match=r"dendmod\[nwb\]"):
        Recording.read_nwb(tmp_path / "a.nwb")
