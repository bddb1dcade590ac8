"""Are the random inputs what they claim, whoever draws them and whenever?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dendmod.errors import SpecError
from dendmod.rng import Streams, gaussian_burst, poisson, stream


def test_streams_do_not_depend_on_order_and_differ_by_key():
    first = stream(1, 0, "soma", "shunt").normal(size=5)
    stream(1, 1, "soma", "shunt").normal(size=1000)
    assert (stream(1, 0, "soma", "shunt").normal(size=5) == first).all()
    others = [(2, 0, "soma", "shunt"), (1, 1, "soma", "shunt"), (1, 0, "site00", "shunt")]
    for seed, *key in others:
        assert (stream(seed, *key).normal(size=5) != first).all()


def test_streams_one_after_the_other_are_those_drawn_alone():
    """Whatever was drawn before, and however much: half a number of 64 bits is left over, too."""
    streams = Streams(4)
    for key in ((0, "soma", "shunt"), (1, "site00", "context"), (0, "soma", "shunt")):
        rng, alone = streams.at(*key), stream(4, *key)
        assert rng.poisson(30.0) == alone.poisson(30.0)
        assert (rng.normal(size=7) == alone.normal(size=7)).all()
        assert (rng.uniform(size=5) == alone.uniform(size=5)).all()
        rng.integers(9, size=3, dtype=np.uint32)
    with pytest.raises(SpecError, match="seed"):
        Streams(-1).at("a")


def test_streams_are_the_same_on_every_machine():
    # golden of 2026-11: stream(1, "a").integers(1000, size=4)
    assert stream(1, "a").integers(1000, size=4).tolist() == GOLDEN


GOLDEN = [104, 709, 950, 505]


@given(n=st.integers(0, 300), more=st.integers(0, 100))
def test_a_larger_burst_begins_with_the_smaller_one(n, more):
    small = gaussian_burst(stream(3, "x"), n, 150, 6)
    large = gaussian_burst(stream(3, "x"), n + more, 150, 6)
    assert (large[:n] == small).all()


def test_a_burst_has_its_centre_and_width():
    times = gaussian_burst(stream(0, "b"), 20_000, 150.0, 6.0)
    assert times.mean() == pytest.approx(150, abs=0.2)
    assert times.std() == pytest.approx(6, rel=0.03)


def test_a_poisson_train_has_its_rate_and_variance():
    counts = [poisson(stream(0, k), 100.0, 300.0).size for k in range(2000)]
    assert np.mean(counts) == pytest.approx(30, rel=0.02)
    assert np.var(counts) == pytest.approx(30, rel=0.12)


@pytest.mark.parametrize("bad", [(-1, 150.0, 6.0), (5, np.nan, 6.0), (5, 150.0, 0.0)])
def test_impossible_bursts_are_refused(bad):
    with pytest.raises(SpecError):
        gaussian_burst(stream(0), *bad)


@pytest.mark.parametrize("bad", [(-1.0, 10.0), (np.inf, 10.0), (1.0, -1.0)])
def test_impossible_rates_are_refused(bad):
    with pytest.raises(SpecError):
        poisson(stream(0), *bad)
