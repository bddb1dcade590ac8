"""Do verdicts follow from means and standard errors alone?"""

import numpy as np
import pytest

from dendmod.study import claims

LOW = np.array([0.90, 0.91, 0.92])


def test_higher_needs_a_confidence_interval():
    assert claims.higher(LOW + 0.05, LOW).verdict == claims.REPRODUCED
    assert claims.higher(LOW, LOW + 0.05).verdict == claims.NOT_REPRODUCED
    # the standard error of this difference is .01 sqrt(2 / 3), Student's factor 2.776 (4 degrees)
    edge = 2.776 * 0.01 * np.sqrt(2 / 3)
    assert claims.higher(LOW + edge * 0.98, LOW).verdict == claims.NOT_RESOLVED
    assert claims.higher(LOW + edge * 1.02, LOW).verdict == claims.REPRODUCED


@pytest.mark.parametrize(("n", "factor"), [(2, 12.706), (3, 4.303), (5, 2.776), (30, 2.045)])
def test_few_paired_runs_need_more(n, factor):
    runs = np.resize([1.0, -1.0], n) - np.resize([1.0, -1.0], n).mean()
    edge = factor * runs.std(ddof=1) / np.sqrt(n)
    assert claims.higher(runs + 1.001 * edge).verdict == claims.REPRODUCED
    assert claims.higher(runs + 0.999 * edge).verdict == claims.NOT_RESOLVED
    # the same against any constant
    over = claims.higher(runs + 3 + 0.999 * edge, np.full(2, 3.0))
    assert over.verdict == claims.NOT_RESOLVED


def test_runs_that_are_all_alike_are_told_from_others():
    assert claims.higher([0.9, 0.9], [0.8, 0.8]).verdict == claims.REPRODUCED
    assert claims.higher([0.8, 0.8], [0.8, 0.8]).verdict == claims.NOT_RESOLVED


def test_higher_by_an_amount():
    assert claims.higher(LOW + 0.05, LOW, by=0.02).verdict == claims.REPRODUCED
    assert claims.higher(LOW + 0.05, LOW, by=0.08).verdict == claims.NOT_REPRODUCED


def test_alike_needs_a_margin_too():
    assert claims.alike(LOW * 0 + 0.9, LOW * 0 + 0.905).verdict == claims.REPRODUCED
    assert claims.alike(LOW, LOW).verdict == claims.NOT_RESOLVED  # noise of .016 around 0
    assert claims.alike(LOW, LOW + 0.05).verdict == claims.NOT_REPRODUCED


def test_one_run_resolves_nothing():
    entry = claims.higher([0.9], [0.5])
    assert entry.verdict == claims.NOT_RESOLVED
    assert entry.figures["standard_error"] is None


@pytest.mark.parametrize("bad", [claims.NOT_RESOLVED, claims.NOT_REPRODUCED])
def test_all_of_is_as_good_as_the_worst(bad):
    good = claims.Judged(claims.REPRODUCED)
    assert claims.all_of(good, claims.Judged(bad)).verdict == bad
    assert claims.all_of(good, good).verdict == claims.REPRODUCED
    failed, open_ = claims.Judged(claims.NOT_REPRODUCED), claims.Judged(claims.NOT_RESOLVED)
    both = claims.all_of(open_, failed)
    assert both.verdict == claims.NOT_REPRODUCED
    assert [part["verdict"] for part in both.figures["parts"]] == [open_.verdict, failed.verdict]


def test_what_was_not_run_is_not_resolved():
    texts = {"a": "A is so", "b": "B is so"}
    said = claims.summarise(texts, {"a": claims.higher(LOW + 1, LOW)})
    assert said["a"]["claim"] == "A is so"
    assert said["a"]["verdict"] == claims.REPRODUCED
    assert said["b"]["verdict"] == claims.NOT_RESOLVED
    assert "not run" in said["b"]["why"]
    with pytest.raises(KeyError, match="c"):
        claims.summarise(texts, {"c": claims.holds(True)})
