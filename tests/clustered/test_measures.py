"""Do numbers over networks and conditions come out as they should?"""

import numpy as np
import pytest

from dendmod.papers.wyrick2021.conditions import UNPERTURBED, Scale
from dendmod.papers.wyrick2021.fig3.figure import metastable
from dendmod.papers.wyrick2021.measures import (
    Evoked,
    Relation,
    evoked_table,
    ongoing_table,
    r_squared,
    same_as,
    spread,
)
from dendmod.papers.wyrick2021.table3.figure import Response, Slope
from dendmod.study.claims import NOT_REPRODUCED, NOT_RESOLVED, REPRODUCED
from dendmod.study.registry import find
from dendmod.study.summary import clean


def test_spread_leaves_out_what_is_not_there():
    found = clean(spread([1.0, 3.0, np.nan]))
    assert (found["mean"], found["networks"]) == (2.0, [1.0, 3.0, None])
    assert found["sd"] == pytest.approx(np.sqrt(2))
    assert clean(spread([np.nan]))["mean"] is None


def test_r_squared_of_a_line_and_of_too_few_points():
    assert r_squared([1, 2, 3, np.nan], [2, 4, 6, 1]) == pytest.approx(1.0)
    assert r_squared([1, 2, 3], [1, 3, 2]) == pytest.approx(0.25)  # r is 0.5
    assert r_squared([1, 2], [1, 2]) is None
    assert r_squared([1, 2, 3], [5, 5, 5]) is None


def test_the_metastable_range_is_from_one_to_half_of_the_clusters():
    assert [metastable(a) for a in (0.9, 1.0, 9.0, 9.1)] == [False, True, True, False]


def test_networks_depend_on_the_seed_alone():
    settings = find("wyrick2021/fig3").settings(changes={"seed": 2, "networks": 2})
    assert Scale.model_validate(settings).seeds == [2000, 2001]


def entry(gain, onset):
    t = np.round(np.arange(0, 51) * 0.02, 9)
    curve = np.clip((t - onset) / 0.4, 0, 1)
    return {
        "gain": np.array(gain), "gain_fine": 2 * np.array(gain), "t": t, "accuracy": curve,
        "latency": onset, "latency_mean": onset - 0.1, "first": onset, "first_mean": -0.1,
        "activation": onset, "never_active": 0.0, "response_selective": 5.0,
        "response_other": 1.0, "selectivity": 3.0, "selectivity_peak": 4.0,
        "timescale": np.array([0.1, 0.2]), "pause": 0.5, "rate": np.repeat([6.0, 8.0], (1600, 400)),
        "occupancy": np.array([0.5, 0.25, 0.25]),
    }  # fmt: skip


def test_changes_are_those_of_the_perturbed_against_the_unperturbed():
    faster = ("dvar_E", 0.1)
    results = {
        UNPERTURBED: [entry([2.0, 4.0, np.nan], 0.3), entry([1.0, 1.0, 1.0], 0.5)],
        faster: [entry([1.0, 2.0, 9.0], 0.2), entry([2.0, 2.0, 2.0], 0.45)],
    }
    ongoing = ongoing_table(results)[faster]
    assert ongoing.gain_ratio == pytest.approx([0.5, 2.0])
    assert ongoing.fine_gain_ratio == pytest.approx([0.5, 2.0])
    assert ongoing.gain_change == pytest.approx([-1.5, 1.0])
    assert ongoing.fine_gain_change == pytest.approx([-3.0, 2.0])
    assert ongoing.active_clusters == pytest.approx([0.75, 0.75])
    assert ongoing.timescale_ms == pytest.approx([100.0, 100.0])  # of the first reading
    assert (ongoing.rate_E, ongoing.rate_I) == (pytest.approx([6, 6]), pytest.approx([8, 8]))
    evoked = evoked_table(results)[faster]
    assert evoked.latency_changes_s == pytest.approx([-0.1, -0.05], abs=1e-9)
    assert -0.1 < evoked.latency_change_s() < -0.05
    assert evoked.latency_change_s(np.array([0, 0])) == pytest.approx(-0.1, abs=1e-9)
    assert evoked.activation_change_s == pytest.approx([-0.1, -0.05])
    assert (evoked.latency_s - evoked.latency_mean_s) == pytest.approx([0.1, 0.1])
    assert (evoked.first_s - evoked.first_mean_s) == pytest.approx([0.3, 0.55])
    assert (evoked.selectivity_peak - evoked.selectivity) == pytest.approx([1, 1])
    assert evoked.response_difference_Hz == pytest.approx([4.0, 4.0])
    assert isinstance(evoked, Evoked)


def test_signs_of_table_3_need_an_interval_without_zero():
    levels = np.array([0.0, 0.1, 0.2])
    slopes = np.array([1.0, 2.0, 3.0])  # SD 1, SEM 0.58; of three networks 4.3 SEM count
    found = Slope(levels, 5.0 + levels[:, None] * slopes)
    assert found.describe()["slope"] == pytest.approx(2.0)
    assert found.describe()["sem"] == pytest.approx(1 / np.sqrt(3))
    assert found.sign == 0  # 2 is more than two SEM, but less than 2.48
    assert found.judge(1).verdict == NOT_RESOLVED
    closer = Slope(levels, levels[:, None] * np.array([1.5, 2.0, 2.5]))
    assert (closer.sign, closer.judge(1).verdict) == (1, REPRODUCED)
    assert closer.judge(-1).verdict == NOT_REPRODUCED
    assert Slope(levels, -closer.values).sign == -1
    assert Slope(levels, levels[:, None] * np.array([-3.0, 1.0, 3.0])).sign == 0
    lost = levels[:, None] * np.array([1.0, 1.1, 9.0])
    lost[1, 2] = np.nan  # a network without a value at one level does not count
    assert Slope(levels, lost).describe()["slope"] == pytest.approx(1.05)
    nothing = Slope(levels, np.full((3, 2), np.nan))
    assert nothing.describe() == {"slope": None, "sem": None, "sign": 0}
    assert nothing.judge(1).verdict == NOT_RESOLVED


def test_no_change_is_a_small_change_and_not_an_unclear_one():
    levels = np.array([0.0, 0.1, 0.2])
    noise = np.array([[0, 0, 0], [0.02, -0.02, 0.01], [-0.02, 0.01, 0.02]])
    assert Slope(levels, 8.0 + noise).judge(0).verdict == REPRODUCED
    assert Slope(levels, 8.0 + 100 * noise).judge(0).verdict == NOT_RESOLVED
    rises = 8.0 + noise + levels[:, None] * 10
    assert Slope(levels, rises).judge(0).verdict == NOT_REPRODUCED


@pytest.mark.parametrize(
    ("excited", "sign", "agrees"),
    [((0.8, 0.85, 0.9), 1, 1), ((0.1, 0.15, 0.1), -1, -1), ((0.5, 0.45, 0.5), None, None)],
)
def test_responses_are_mixed_where_the_rarer_ones_are_more_than_a_third(excited, sign, agrees):
    found = Response(0.3 * np.array(excited), 0.3 * (1 - np.array(excited)))
    assert found.sign == sign
    for paper in (1, -1, None):
        expected = REPRODUCED if paper == agrees else NOT_REPRODUCED
        assert found.judge(paper).verdict == expected
    unclear = Response(np.array([0.1, 0.3, 0.2]), np.array([0.2, 0.0, 0.1]))
    assert unclear.judge(1).verdict == NOT_RESOLVED
    assert Response(np.zeros(3), np.zeros(3)).judge(1).verdict == NOT_RESOLVED


def scale():
    return Scale.model_validate(find("wyrick2021/fig3").settings(quick=True))


def test_a_relation_holds_if_it_does_whichever_networks_are_drawn():
    x = np.arange(10.0)
    tight = Relation(lambda _: list(x), lambda _: list(2 * x), 3)
    assert tight.r2 == pytest.approx(1.0)
    assert tight.judge(scale()).verdict == REPRODUCED
    assert tight.judge(scale(), predicts=False).verdict == NOT_REPRODUCED
    rng = np.random.default_rng(1)
    loose = Relation(lambda _: list(x), lambda _: list(rng.permutation(x)), 3)
    assert loose.judge(scale(), predicts=False).verdict == REPRODUCED
    # one of three networks has the relation: it depends on which are drawn
    y = np.array([x, rng.permutation(x), rng.permutation(x)])
    one = Relation(lambda _: list(x), lambda drawn: list(y[drawn].mean(axis=0)), 3)
    assert one.judge(scale()).verdict == NOT_RESOLVED
    flat = Relation(lambda _: list(x), lambda _: [1.0] * 10, 3)
    assert flat.r2 is None
    for predicts in (True, False):
        assert flat.judge(scale(), predicts=predicts).verdict == NOT_RESOLVED


def test_one_network_is_too_few_to_be_as_the_paper_says():
    assert same_as(np.array([1.0, np.nan]), 1.0).verdict == NOT_RESOLVED
    assert same_as(np.array([1.0, 1.02, np.nan]), 1.0).verdict == NOT_RESOLVED  # two: 12.7 SEM
    assert same_as(np.array([1.0, 1.01, 1.0]), 1.0).verdict == REPRODUCED
