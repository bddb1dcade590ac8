"""Conductance from two clamps, and the choice of sites from impedances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dendmod.cells.sites import independence, select
from dendmod.errors import SpecError
from dendmod.protocol.conductance import effective_conductance, subtract_baseline, summarise


@given(g=st.floats(1e-4, 1), e=st.floats(-100, 50))
def test_the_conductance_of_an_ohmic_membrane_is_recovered(g, e):
    v1, v2 = -80.0, 0.0  # mV; g in uS gives nA
    i = [np.full(4, g * (v - e)) for v in (v1, v2)]
    assert effective_conductance(*i, v1, v2) == pytest.approx(1e3 * g, rel=1e-9)


def test_baseline_and_envelope():
    t = np.arange(100.0)
    g = np.array([5 + (t > 50), 7 + 3.0 * (t > 50)])
    s = summarise(subtract_baseline(g, t, (0, 50)))
    assert s.mean_peak == pytest.approx(2)
    assert s.envelope_peak == pytest.approx(3)
    assert (s.low <= s.mean).all()


def test_equal_potentials_are_refused():
    with pytest.raises(SpecError):
        effective_conductance(np.zeros(3), np.zeros(3), -80, -80)


def test_independence_of_two_isolated_branches_follows_its_formula():
    z = np.array([[100.0, 10.0], [10.0, 300.0]])
    assert independence(z)[0, 1] == pytest.approx((100 + 300) / 20 - 1)


def test_selection_takes_the_most_independent_set_and_no_sisters():
    # 0 and 1 are sisters; 2 is strongly coupled to 3; the answer is seen by hand
    z = np.array([[900.0, 20, 5, 5], [20, 800, 5, 5], [5, 5, 700, 300], [5, 5, 300, 600]])
    taken, bound = select(z, parents=[7, 7, 8, 9], n=2)
    assert taken == [0, 2]
    assert bound == pytest.approx((900 + 700) / 10 - 1)
    with pytest.raises(SpecError, match="3 of 4 places"):
        select(z, parents=[7, 7, 8, 9], n=4)
