"""Is a session in the published layout of the Allen Visual Coding data read as it is meant?"""

from datetime import UTC, datetime

import numpy as np
import pytest

from dendmod.clustered import gain_by_state, read_allen, running_blocks, trial_states
from dendmod.errors import SpecError

pynwb = pytest.importorskip("pynwb")


@pytest.fixture
def make(tmp_path):
    """Write a small session in that layout."""

    def write(spontaneous=True, ends=True, invalid=(), quality=("good", "noise", "good")):
        from pynwb import NWBHDF5IO, NWBFile, TimeSeries
        from pynwb.epoch import TimeIntervals

        file = NWBFile(
            session_description="a session", identifier="1",
            session_start_time=datetime(2019, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        device = file.create_device("probe")
        groups = {
            name: file.create_electrode_group(name, description=name, location="", device=device)
            for name in ("probeA", "probeB")
        }
        channels = ((850, "probeA", "VISp"), (861, "probeA", "VISl"), (900, "probeB", "LGd"))
        for channel, probe, area in channels:
            file.add_electrode(id=channel, location=area, group=groups[probe], group_name=probe)
        file.add_unit_column("peak_channel_id", "where it is largest")
        file.add_unit_column("quality", "good or noise")
        rng = np.random.default_rng(0)
        for k, channel in enumerate((900, 850, 861)):
            file.add_unit(
                id=7000 + k, spike_times=np.sort(rng.uniform(0, 200, 2000 + 400 * k)),
                peak_channel_id=channel, quality=quality[k],
            )  # fmt: skip
        # 25 samples a second, none from 80 to 100 s; it runs from 30 s to 60 s and from 120 s on
        start = np.concatenate([np.arange(0, 80, 0.04), np.arange(100, 200, 0.04)])
        speed = np.where((start >= 30) & (start < 60) | (start >= 120), -12.0, 0.2)
        module = file.create_processing_module("running", "running")
        module.add(TimeSeries(name="running_speed", data=speed, timestamps=start, unit="cm/s"))
        if ends:  # the ends are the time stamps of a series without values
            module.add(
                TimeSeries(
                    name="running_speed_end_times", data=np.full(start.size, np.nan),
                    timestamps=start + 0.04, unit="cm/s",
                )
            )  # fmt: skip

        def table(name, rows, **columns):
            made = TimeIntervals(name=f"{name}_presentations", description=name)
            made.add_column("stimulus_name", "which")
            for column in columns:
                made.add_column(column, column)
            for k, (begin, end) in enumerate(rows):
                made.add_row(
                    start_time=float(begin), stop_time=float(end), stimulus_name=name,
                    **{column: values[k] for column, values in columns.items()},
                )  # fmt: skip
            file.add_time_intervals(made)

        shown = [(131.0, 133.0), (101.0, 103.0), (104.0, 106.0), (134.0, 136.0), (137.0, 139.0)]
        table(
            "drifting_gratings", shown,
            orientation=[90.0, 0.0, 90.0, 0.0, np.nan], contrast=["0.8"] * 4 + ["null"],
        )  # fmt: skip
        table("natural_movie_one", [(140.0, 170.0)], frame=[0.0])
        if spontaneous:
            table("spontaneous", [(0.0, 75.0), (175.0, 199.0)])
        for begin, end, tags in invalid:
            file.add_invalid_time_interval(start_time=begin, stop_time=end, tags=tags)
        path = tmp_path / "session.nwb"
        with NWBHDF5IO(str(path), "w") as handle:
            handle.write(file)
        return path

    return write


def test_a_session_is_read_as_it_is_published(make):
    session = read_allen(make())
    one = session.recording
    assert session.unit_ids == (7000, 7002)  # the unit that is noise is left out
    assert one.areas == ("LGd", "VISl")  # through the channel on which it is largest
    assert session.probes == ("probeB", "probeA")
    assert [s.size for s in one.spike_times] == [2000, 2800]
    assert session.stimuli == ((0.0,), (90.0,))
    assert one.stimulus_start.tolist() == [101, 104, 131, 134]  # in order; the blank is left out
    assert one.stimulus_label.tolist() == [0, 1, 1, 0]
    assert one.running_observed == pytest.approx(np.array([[0, 80], [100, 200]]))
    assert one.running_t[0] == pytest.approx(0.02)  # a sample stands for the time to its end
    # it runs backwards, 12 cm/s; seconds are those of the spontaneous activity alone
    run = running_blocks(one, True)
    assert run == pytest.approx([*range(30, 60), *range(175, 199)])
    rest = running_blocks(one, False)
    assert rest == pytest.approx([*range(30), *range(60, 75)])
    assert trial_states(one).tolist() == [-1, -1, 1, 1]
    assert gain_by_state(one).blocks.tolist() == [45, 45]


def test_what_the_table_lacks_is_not_spontaneous(make):
    one = read_allen(make(spontaneous=False, ends=False)).recording
    every = np.concatenate([running_blocks(one, state) for state in (True, False)])
    assert not ((every > 136.1) & (every < 139)).any()  # the blank
    assert not ((every > 139.1) & (every < 170)).any()  # the movie
    assert ((every >= 170) & (every < 199)).sum() > 25
    assert not ((every > 79.1) & (every < 100)).any()


def test_units_and_stimuli_are_chosen(make):
    path = make()
    every = read_allen(path, quality=("good", "noise"), by=("orientation", "contrast"))
    assert every.recording.areas == ("LGd", "VISp", "VISl")
    assert every.stimuli == ((0.0, 0.8), (90.0, 0.8))
    with pytest.raises(SpecError, match="Did you mean 'drifting_gratings'"):
        read_allen(path, "drifting_grating")
    with pytest.raises(SpecError, match="no column 'phase'"):
        read_allen(path, by=("phase",))
    with pytest.raises(SpecError, match="the file has good, noise"):
        read_allen(path, quality=("best",))


def test_invalid_times_are_those_of_the_probes_that_they_name(make):
    session = read_allen(make(invalid=[(10.0, 20.0, ["ProbeA"]), (40.0, 50.0, ["all_probes"])]))
    on_B, on_A = session.recording.observed
    last = session.recording.duration
    assert on_B.tolist() == [[0, 40], [50, last]]
    assert on_A.tolist() == [[0, 10], [20, 40], [50, last]]
    assert session.recording.running_observed[:2] == pytest.approx(np.array([[0, 40], [50, 80]]))
