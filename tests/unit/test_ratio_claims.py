"""Do the rules for ratios, shares and dose-responses judge as they say?"""

import numpy as np
import pytest

from dendmod.study.claims import (
    NOT_REPRODUCED,
    NOT_RESOLVED,
    REPRODUCED,
    all_of,
    falls,
    holds,
    inverted_u,
    rises,
    same,
    share,
)

R, U, N = REPRODUCED, NOT_RESOLVED, NOT_REPRODUCED


@pytest.mark.parametrize(
    ("rule", "ratio", "said"),
    [(same, 1.09, R), (same, 1.2, N), (rises, 1.11, R), (rises, 1.05, N), (falls, 0.89, R),
     (falls, 0.95, N), (falls, 1.2, N)],
)  # fmt: skip
def test_a_single_ratio_is_judged_by_its_value(rule, ratio, said):
    assert rule(ratio).verdict == said


@pytest.mark.parametrize(
    ("rule", "ratios", "said"),
    [(rises, [1.3, 1.31, 1.29], R), (rises, [1.4, 0.99, 1.2], U), (rises, [1.05, 1.06, 1.055], N),
     (falls, [0.7, 0.72, 0.71], R), (falls, [0.5, 1.01, 0.7], U), (falls, [1.0, 1.01, 0.99], N),
     (same, [0.98, 1.02, 1.01], R), (same, [0.8, 1.2, 1.0], U), (same, [1.2, 1.21, 1.22], N),
     (falls, [np.nan, 0.5], U)],
)  # fmt: skip
def test_ratios_by_seed_are_judged_by_their_interval(rule, ratios, said):
    assert rule(ratios).verdict == said


def test_nine_tenths_of_the_draws_have_to_agree():
    assert share([True] * 9 + [False]).verdict == R
    assert share([True] * 8 + [False] * 2).verdict == U
    assert share(np.array([np.nan] * 2 + [-1.0] * 8) < 0).verdict == U
    assert share([False] * 10).verdict == N


@pytest.mark.parametrize(
    ("rows", "said"),
    [([[1.0, 2.0, 1.0]], R), ([[1.0, 2.0, 1.9]], N), ([[1.0, 1.5, 2.0]], N), ([[2.0, 1.5, 1.0]], N),
     ([[1.0, 2.0, 1.0], [1.0, 1.5, 1.2]], R), ([[1.0, 3.0, 1.0], [1.0, 1.5, 1.6]], N)],
)  # fmt: skip
def test_an_inverted_u_peaks_inside_in_every_row_and_falls_on_both_sides_in_the_mean(rows, said):
    assert inverted_u(rows).verdict == said


def test_a_claim_of_several_parts_fails_with_one_of_them():
    yes, no, open_ = holds(True), holds(False), share([True, False])
    assert all_of(yes, yes).verdict == R
    assert all_of(yes, open_).verdict == U
    assert all_of(open_, no, yes).verdict == N
    assert [part["verdict"] for part in all_of(open_, no).figures["parts"]] == [U, N]
