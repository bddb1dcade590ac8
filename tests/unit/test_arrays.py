"""Do numbers and arrays mean the same however they come, and is what means nothing refused?"""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dendmod.arrays import check_fields, indices, reals, whole, whole_numbers
from dendmod.errors import SpecError
from dendmod.iocurve import ThresholdSearch
from dendmod.network.arrays import ArraySpec, Integers
from dendmod.population import Activation, MassNetwork, Normal, Saturating, Step
from dendmod.rng import stream

NUMBERS = (int, float, np.int64, np.uint8, np.float32, np.array)


@pytest.mark.parametrize("of", NUMBERS)
def test_equal_keys_give_equal_draws(of):
    assert stream(of(3), of(7), "site").random() == stream(3, 7, "site").random()
    assert stream(3, True).random() == stream(3, 1).random()
    assert stream(3, np.str_("a")).random() == stream(3, "a").random()


@pytest.mark.parametrize(("seed", "key"), [(1.9, 0), (-1, 0), (1, 0.5), (np.nan, 0), (1, None)])
def test_keys_that_are_no_numbers_are_refused(seed, key):
    with pytest.raises(SpecError, match="give a whole number"):
        stream(seed, key)


@given(st.lists(st.integers(-(2**62), 2**62), max_size=20))
def test_whole_numbers_come_back_in_a_new_array(values):
    given_ = np.array(values, dtype=np.int64)
    given_.flags.writeable = False
    found = whole_numbers(given_, "x")
    assert found.tolist() == values
    found[...] = 0  # a copy, that may be written
    assert given_.tolist() == values


@pytest.mark.parametrize("values", [[0.5], [True, False], ["a"], [np.nan], [1e30], [2**70]])
def test_what_is_no_whole_number_is_named(values):
    with pytest.raises(SpecError, match=r"^counts: .*give whole numbers"):
        whole_numbers(values, "counts")


def test_places_are_numbers_or_a_mask():
    assert indices([4, 1], 6, "record").tolist() == [4, 1]
    assert indices(np.array([0, 0, 0, 0, 1, 1], bool), 6, "record").tolist() == [4, 5]
    for wrong in ([6], [-1], [4.9], np.ones(5, bool)):
        with pytest.raises(SpecError, match="record"):
            indices(wrong, 6, "record")


def test_reals_say_how_many_are_lost_and_take_any_memory():
    fortran = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert reals(fortran, "w", (2, 3)).tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(SpecError, match="w: 2 of 3 values are not finite"):
        reals([1, np.nan, np.inf], "w")
    with pytest.raises(SpecError, match=r"w: shape \(3,\); give \(2,\)"):
        reals([1, 2, 3], "w", (2,))
    assert whole(np.array(3.0), "n") == 3


@dataclass
class Record:
    tau: float
    w: tuple[tuple[float, ...], ...] = ((1.0,),)
    name: str = "x"


@pytest.mark.parametrize(
    "wrong", [{"tau": np.nan}, {"tau": -1.0}, {"tau": 1.0, "w": ((1.0, np.inf),)}]
)
def test_the_fields_of_a_record_are_finite_and_named(wrong):
    with pytest.raises(SpecError, match=r"(tau|w) of Record"):
        check_fields(Record(**wrong), positive=("tau",))
    check_fields(Record(1.0), positive=("tau",))


def test_a_specification_takes_numbers_and_no_mask():
    class Some(ArraySpec):
        which: Integers

    assert Some(which=np.array([1, 2], np.uint8)).which.tolist() == [1, 2]
    for wrong in ([True, False], [1.5]):
        with pytest.raises(SpecError, match="give whole numbers"):
            Some(which=wrong)


@pytest.mark.parametrize("wrong", [{"tau": np.nan}, {"tau": 0.0}, {"drive": np.full(2, np.nan)}])
def test_what_goes_into_a_solver_is_finite(wrong):
    q = Activation(Step(100.0), Normal(0.0, 3.0))
    fields = {"tau": 10.0, "drive": np.zeros(2)} | wrong
    with pytest.raises(SpecError, match=next(iter(wrong))):
        MassNetwork([q, q], np.eye(2), 0.01, **fields)


@pytest.mark.parametrize("rate", [5e-324, 1e-9, 30.0, np.nextafter(100.0, 0)])
def test_an_inverse_ends_however_near_the_ends_a_rate_is(rate):
    for q in (Activation(s, Normal(0.0, 3.0)) for s in (Saturating(100.0, 3.0), Step(100.0))):
        try:
            found = q.inverse(rate)
        except SpecError as error:
            assert "too near" in str(error)
        else:
            assert float(q(found)) == pytest.approx(rate, rel=1e-3, abs=1e-6)


@given(
    resolution=st.integers(1, 9),
    first=st.integers(-60, 460),
    gap=st.integers(0, 60),
    trials=st.integers(1, 7),
    step=st.integers(1, 80),
)
def test_every_search_ends_and_asks_nothing_twice(resolution, first, gap, trials, step):
    search = ThresholdSearch(start=40, step=step, limits=(-50, 450), resolution=resolution)
    for _ in range(501):  # no more questions than there are numbers
        n = search.ask()
        if n is None:
            return
        assert n not in search.points
        search.tell(n, [int(n > first) + int(n > first + gap)] * trials)
    raise AssertionError("the search does not end")
