"""Are rest and running told apart by the authors' rule, and never where nothing was measured?"""

import numpy as np
import pytest

from dendmod.clustered.behaviour import decode_by_state, gain_by_state
from dendmod.clustered.observed import hold, of_samples, stretches, without
from dendmod.clustered.recording import Recording
from dendmod.clustered.states import running_blocks, state_trials, trial_states
from dendmod.errors import SpecError


def made(t, speed, spikes=((),), stimuli=(), **changes):
    """A recording with this speed; stimuli are starts of presentations of 0.5 s."""
    start = np.array(stimuli, float)
    given = {"stimulus_stop": start + 0.5, "stimulus_label": np.zeros(start.size, int)} | changes
    return Recording(list(spikes), ["V1"] * len(spikes), t, speed, start, **given)


def wheel(seconds=1200.0, rate=60.0):
    """Speed of a wheel: a minute of rest and a minute of running by turns, noisy as wheels are."""
    rng = np.random.default_rng(3)
    t = np.arange(0, seconds, 1 / rate)
    running = (t // 60) % 2 == 1
    noise = np.zeros(t.size)
    for k in range(1, t.size):
        noise[k] = 0.98 * noise[k - 1] + np.sqrt(1 - 0.98**2) * rng.standard_normal()
    speed = np.where(running, 15 + 6 * noise, rng.standard_normal(t.size))
    speed[np.arange(0, t.size, round(20 * rate))] = 4.0  # one sample in 20 s is fast at rest
    return t, speed, running


def test_a_sample_across_the_threshold_does_not_end_a_state():
    t, speed, running = wheel()
    session = made(t, speed)
    rest, run = (running_blocks(session, state) for state in (False, True))
    assert rest.size >= 590  # of 600 s in either state
    assert run.size >= 540
    assert not running[np.searchsorted(t, rest)].any()
    assert running[np.searchsorted(t, run)].all()
    by_guard = [running_blocks(session, state, rule="guard").size for state in (False, True)]
    assert by_guard[0] < 200  # that rule starts anew at every sample across 3 cm/s
    assert by_guard[1] < 200


@pytest.mark.parametrize(
    ("share", "state"), [(0.0, -1), (0.3, -1), (0.35, 0), (0.65, 0), (0.7, 1), (1.0, 1)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_second_is_what_seven_tenths_of_it_are(share, state, sign):
    """Backwards counts as running, too: it is the size of the speed that does."""
    t = np.arange(0, 20, 0.0125) + 0.00625
    speed = np.where(t % 1 < share, 9.0 * sign, 0.0)
    found = {s: running_blocks(made(t, speed), s).size for s in (False, True)}
    assert (found[True], found[False]) == {1: (20, 0), -1: (0, 20), 0: (0, 0)}[state]


def test_stretches_of_more_than_ten_seconds_are_kept_whole():
    t = np.arange(0, 60, 0.05)
    speed = np.where((t >= 10) & (t < 30) | (t >= 40) & (t < 51), 9.0, 0.0)  # 20 s, then 11 s
    session = made(t, speed, stimuli=[15.2])
    run = running_blocks(session, True)
    # no guard; a second in which a stimulus is on does not count
    assert run == pytest.approx([k for k in [*range(10, 30), *range(40, 51)] if k != 15])
    assert running_blocks(session, False).size == 0  # stretches of 10, 10 and 9 s: not more


def gaps(**changes):
    """Speed from 0 to 100 s and from 300 to 400 s; it runs from 60 s to 340 s where measured."""
    t = np.concatenate([np.arange(0, 100, 0.1), np.arange(300, 400, 0.1)])
    rng = np.random.default_rng(0)
    spikes = np.concatenate([rng.uniform(0, 100, 2000), rng.uniform(300, 400, 2000)])
    given = {"duration": 400.0, "spikes": [np.sort(spikes)]} | changes
    return made(t, np.where((t >= 60) & (t < 340), 8.0, 0.0), **given)


@pytest.mark.parametrize("rule", ["shares", "guard"])
def test_no_state_is_carried_over_time_that_was_not_measured(rule):
    session = gaps()
    assert session.running_observed == pytest.approx(np.array([[0, 100], [300, 400]]))
    run, rest = (running_blocks(session, state, rule=rule) for state in (True, False))
    assert run.size == {"shares": 80, "guard": 60}[rule]
    assert not ((run > 99.1) & (run < 299.9)).any()
    assert ((run >= 60) & (run < 340)).all()
    assert ((rest < 60) | (rest >= 340)).all()
    found = gain_by_state(session, rule=rule)
    assert found.rest_rate == pytest.approx(20, rel=0.1)
    assert found.run_rate == pytest.approx(20, rel=0.1)
    short = made(session.running_t[:1000], session.running_speed[:1000], duration=400.0)
    assert running_blocks(short, True, rule=rule).max() <= 99


@pytest.mark.parametrize("rule", ["shares", "guard"])
def test_a_trial_is_a_state_only_if_its_speed_was_measured_throughout(rule):
    session = gaps(stimuli=[20.0, 70.0, 99.85, 150.0, 299.9, 310.0])
    assert trial_states(session, rule=rule).tolist() == [-1, 1, 0, 0, 0, 1]


def test_a_trial_is_running_or_rest_by_the_shares_of_its_first_half_second():
    t = np.arange(0, 40, 0.0125) + 0.00625
    fast = np.zeros(t.size, bool)
    stimuli = 2.0 + 3 * np.arange(6)
    for start, share in zip(stimuli, (0.0, 0.3, 0.5, 0.7, 1.0, 0.0), strict=True):
        fast |= (t >= start) & (t < start + 0.5 * share)
    later = (t >= stimuli[5] + 0.5) & (t < stimuli[5] + 2)  # starts to run while it is shown
    session = made(
        t, np.where(fast, 9.0, 0.0) + np.where(later, 30.0, 0.0), stimuli=stimuli,
        stimulus_stop=stimuli + 2,
    )  # fmt: skip
    assert trial_states(session).tolist() == [-1, -1, 0, 1, 1, 0]
    assert trial_states(session, rule="guard").tolist() == [-1, 0, 0, 0, 1, -1]


def test_gaps_are_found_from_the_samples_and_can_be_said():
    t = np.concatenate([np.arange(0, 10, 0.1), np.arange(10.3, 20, 0.1), np.arange(25, 30, 0.1)])
    assert of_samples(t) == pytest.approx(np.array([[0, 20], [25, 30]]))  # 0.4 s is no gap
    assert of_samples(np.array([1.0])).size == 0
    session = made(t, np.zeros(t.size), running_observed=[[0, 10], [10.3, 20], [25, 30]])
    assert session.speed_seen(1, 9.9)
    assert not session.speed_seen(9, 11)
    with pytest.raises(SpecError, match="not measured in all of 19 to 26 s"):
        session.speed(19, 26)
    with pytest.raises(SpecError, match="in which there is no sample"):
        made(t, np.zeros(t.size), running_observed=[[21, 22]])


def test_the_speed_is_interpolated_within_a_measured_stretch_alone():
    t = np.concatenate([np.arange(0, 10, 0.1), np.arange(20, 30, 0.1)])
    session = made(t, np.where(t < 10, -t, 50.0))
    assert session.speed(4, 5) == pytest.approx(4 + 0.025 * (np.arange(40) + 0.5))
    assert session.speed(9.5, 10).max() == pytest.approx(9.9)  # nothing of the 50 cm/s after


def test_stretches_of_time():
    assert stretches("x", []).shape == (0, 2)
    assert stretches("x", [[0, 1], [1, 2], [3, 4]]).tolist() == [[0, 2], [3, 4]]
    for wrong in ([[1, 0]], [[0, 2], [1, 3]], [[2, 3], [0, 1]], [0, 1, 2], [[0, np.nan]],
                  [["a", "b"]], [[0, 1], [2]]):  # fmt: skip
        with pytest.raises(SpecError, match="x must"):
            stretches("x", wrong)
    whole = np.array([[0.0, 10.0], [20.0, 30.0]])
    assert without(whole, np.array([[8.0, 21.0], [25.0, 26.0]])).tolist() == [
        [0, 8], [21, 25], [26, 30]]  # fmt: skip
    assert without(whole, np.array([[-1.0, 40.0]])).size == 0
    assert hold(whole, np.array([0, 9.5, 20, 12, -1]), np.array([1, 10.5, 30, 13, 1])).tolist() == [
        True, False, True, False, False]  # fmt: skip
    assert not hold(np.zeros((0, 2)), np.array([1.0]), np.array([2.0])).any()


def observed_for_a_part(**changes):
    """Three units that fire at 20 spikes/s while observed; one of them for a third of the time."""
    rng = np.random.default_rng(2)
    t = np.arange(0, 120, 0.1)
    speed = np.where((t >= 30) & (t < 60) | (t >= 90), 9.0, 0.0)
    regular = np.sort(rng.uniform(0, 120, 2400))
    part = np.sort(rng.uniform(20, 60, 800))
    given = {
        "spikes": [regular, part, []],
        "observed": [[[0, 120]], [[20, 60]], []],
        "duration": 120.0,
    }
    return made(t, speed, **(given | changes))


def test_a_unit_has_rates_and_gains_of_the_time_in_which_it_was_observed():
    found = gain_by_state(observed_for_a_part())
    assert found.blocks.tolist() == [60, 10, 0]  # of the second unit 20 to 30 s and 30 to 60 s
    assert found.rest_rate[:2] == pytest.approx([20, 20], rel=0.2)  # and not a third of that
    assert found.run_rate[:2] == pytest.approx([20, 20], rel=0.2)
    assert np.isfinite(found.rest[:2]).all()
    assert np.isnan([found.rest[2], found.run[2], found.rest_rate[2]]).all()
    alone = gain_by_state(observed_for_a_part().of_units([0]))
    assert alone.rest[0] == found.rest[0]  # what others were observed for does not matter


def test_counts_are_known_where_a_unit_was_observed():
    counts = observed_for_a_part().counts(np.array([15.0, 119.0]), 5.0, 2)
    assert np.isnan(counts[:, 1]).tolist() == [[True, False], [True, True]]
    assert np.isnan(counts[:, 2]).all()
    assert np.isnan(counts[:, 0]).tolist() == [[False, False], [True, True]]  # it ends at 120 s


def test_trials_are_decoded_in_which_all_units_were_observed():
    rng = np.random.default_rng(0)
    stimuli = np.arange(2, 118, 0.8)
    labels = rng.integers(0, 2, stimuli.size)
    session = observed_for_a_part(stimuli=stimuli, stimulus_label=labels)
    with pytest.raises(SpecError, match=r"2 of 3 were not in every trial \(units 1, 2\); leave"):
        decode_by_state(session, shuffles=2)
    two = session.of_units([0, 1])
    both = decode_by_state(two, shuffles=2)
    rest, run = state_trials(two, among=two.seen(stimuli - 0.35, 0.85).all(axis=1))
    assert both.trials == rest.size == run.size
    assert ((stimuli[rest] > 20.3) & (stimuli[rest] < 30)).all()
    assert ((stimuli[run] >= 30) & (stimuli[run] < 59.6)).all()
    assert decode_by_state(session.of_units([0]), shuffles=2).trials > 2 * both.trials


def test_what_was_observed_must_make_sense():
    with pytest.raises(SpecError, match="2 units of 3"):
        observed_for_a_part(observed=[[[0, 120]], [[20, 60]]])
    with pytest.raises(SpecError, match="unit 1 must be in ascending"):
        observed_for_a_part(observed=[[[0, 120]], [[60, 20]], []])
    same = observed_for_a_part(observed=[[0, 50], [60, 120]])
    assert [o.tolist() for o in same.observed] == [[[0, 50], [60, 120]]] * 3
    with pytest.raises(SpecError, match="units: 7 is not there; give numbers from 0 to 2"):
        same.of_units([7])
    with pytest.raises(SpecError, match="no rule 'guards' of states"):
        running_blocks(same, True, rule="guards")
