"""Are thresholds found where curves cross, and are gain, bias and x-shift recovered?"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dendmod.errors import SpecError
from dendmod.iocurve import (
    IOModel,
    ThresholdSearch,
    bootstrap_thresholds,
    feature_matrix,
    fit_io,
    interval,
    order_of_residuals,
    thresholds,
)

Y = np.array([0.5, 1.5])
gains = st.lists(st.floats(0.005, 0.1), min_size=2, max_size=9)
# thresholds of a trial run elsewhere on the original cell (rounded to inputs)
TRIAL_NMDA = [[48, 72], [43, 63], [40, 67], [31, 54], [30, 51], [24, 43], [14, 31], [9, 27]]


def spread(values: list[float]) -> bool:
    return max(values) > 1.05 * min(values)


def test_the_features_are_those_of_the_paper():
    n = [[1.0, 2.0], [3.0, 4.0]]
    assert_allclose(feature_matrix(n, "gain"), [[1, 0, 1], [2, 0, 1], [0, 3, 1], [0, 4, 1]])
    assert_allclose(feature_matrix(n, "bias"), [[1, 1, 0], [2, 1, 0], [3, 0, 1], [4, 0, 1]])
    shifted = feature_matrix(n, "gain_xshift", 10.0)
    assert_allclose(shifted, [[-9, 0, 1], [-8, 0, 1], [0, -7, 1], [0, -6, 1]])


@settings(max_examples=60, deadline=None)
@given(gains.filter(spread), st.floats(-2, 2), st.floats(-400, 400))
def test_gain_and_x_shift_are_recovered(gain, bias, x_shift):
    g = np.array(gain)
    fit = fit_io(x_shift + (Y - bias) / g[:, None], "gain_xshift")
    assert_allclose(fit.gain, g, rtol=1e-9)
    assert_allclose([fit.bias, fit.x_shift], [bias, x_shift], rtol=1e-9, atol=1e-9)
    assert fit.residual < 1e-18


@settings(max_examples=60, deadline=None)
@given(gains, st.floats(-2, 2))
def test_gain_is_recovered(gain, bias):
    g = np.array(gain)
    fit = fit_io((Y - bias) / g[:, None], "gain")
    assert_allclose(fit.gain, g, rtol=1e-9)
    assert_allclose(fit.bias, bias, rtol=1e-9, atol=1e-9)
    assert fit.x_shift == 0


@settings(max_examples=60, deadline=None)
@given(st.floats(0.005, 0.1), st.lists(st.floats(-3, 3), min_size=1, max_size=9))
def test_bias_is_recovered(gain, biases):
    b = np.array(biases)
    fit = fit_io((Y - b[:, None]) / gain, "bias")
    assert_allclose(fit.gain, gain, rtol=1e-9)
    assert_allclose(fit.bias, b, rtol=1e-9, atol=1e-9)


noisy = st.lists(
    st.tuples(st.floats(-50, 200), st.floats(5, 100)), min_size=2, max_size=8, unique=True
)


@settings(max_examples=60, deadline=None)
@given(noisy, st.floats(0.2, 5))
def test_no_other_parameters_fit_better(pairs, factor):
    n = np.array([(a, a + d) for a, d in pairs])
    y = np.tile(Y, len(n))
    fit = fit_io(n, "gain_xshift")
    for x in np.linspace(*fit.x_shift_range, 301):
        a = feature_matrix(n, "gain_xshift", x)
        u = np.linalg.lstsq(a, y, rcond=None)[0]
        assert np.sum((a @ u - y) ** 2) >= fit.residual * (1 - 1e-6) - 1e-12
    assert fit.residual <= fit_io(n, "gain").residual * (1 + 1e-9) + 1e-12
    assert [r for _, r in fit.minima] == sorted(r for _, r in fit.minima) or fit.residual < 1e-9
    for model in ("gain", "bias"):  # the unit of the inputs does not matter
        assert_allclose(
            fit_io(n * factor, model).residual, fit_io(n, model).residual, rtol=1e-6, atol=1e-12
        )


@settings(max_examples=40, deadline=None)
@given(noisy, st.randoms(use_true_random=False))
def test_the_order_of_levels_does_not_matter(pairs, rng):
    n = np.array([(a, a + d) for a, d in pairs])
    order = list(range(len(n)))
    rng.shuffle(order)
    straight, shuffled = fit_io(n, "bias"), fit_io(n[order], "bias", levels=order)
    assert_allclose(shuffled.bias, straight.bias[order], rtol=1e-9, atol=1e-9)


def test_a_level_without_a_crossing_is_left_out_and_named():
    n = np.array(TRIAL_NMDA, dtype=float)
    without = fit_io(np.delete(n, 3, axis=0), "gain_xshift")
    n[3, 1] = np.nan
    fit = fit_io(n, "gain_xshift", levels=[0, 3, 6, 9, 11, 14, 17, 20])
    assert fit.left_out == (9.0,)
    assert np.isnan(fit.gain[3])
    assert fit.residual == pytest.approx(without.residual)
    assert fit.x_shift == pytest.approx(without.x_shift)
    assert 9 not in fit.io_model().levels
    with pytest.raises(SpecError, match="no curve for level 9"):
        fit.io_model()(9)


def test_the_trial_s_thresholds_give_its_order():
    residual = {m: fit_io(TRIAL_NMDA, m).residual for m in ("gain", "bias", "gain_xshift")}
    # facts of that trial from unrounded thresholds: .353, .092, .031
    assert_allclose(list(residual.values()), [0.353, 0.092, 0.031], atol=0.012)
    assert fit_io(TRIAL_NMDA, "gain_xshift").x_shift == pytest.approx(-74, abs=3)


def test_all_gains_alike_leave_the_x_shift_open():
    n = np.array([[10.0, 30.0]] * 3)
    fit = fit_io(n, "gain_xshift")
    assert fit.x_shift == 0
    assert fit.residual == pytest.approx(0, abs=1e-20)
    assert np.isinf(fit.covariance).all()


def test_a_nearly_flat_end_of_the_range_is_still_an_end():
    fit = fit_io(np.array([[1.0, 6.0], [0.125, 5.125]]), "gain_xshift")
    assert fit.at_edge
    assert fit.x_shift == fit.x_shift_range[0]


def test_a_minimum_outside_the_range_is_reported_as_its_end():
    g = np.array([0.02, 0.04])
    n = 900 + (Y + 1) / g[:, None]
    fit = fit_io(n, "gain_xshift")
    assert fit.at_edge
    assert fit.x_shift == 600
    assert not fit_io(n, "gain_xshift", x_shift_range=(0, 2000)).at_edge


def test_the_covariance_is_the_scatter_of_fits_to_noisy_points():
    rng = np.random.default_rng(0)
    g, b, x_shift, sd = np.linspace(0.02, 0.05, 6), 0.3, -60.0, 0.02
    truth = x_shift + (Y - b) / g[:, None]
    # noise in y of sd spikes is noise in n of sd / g inputs
    fits = [fit_io(truth + rng.normal(0, sd, truth.shape) / g[:, None], "gain_xshift")
            for _ in range(300)]  # fmt: skip
    scatter = np.array([[*f.gain, f.bias, f.x_shift] for f in fits]).std(axis=0)
    predicted = np.sqrt(np.mean([np.diag(f.covariance) for f in fits], axis=0))
    assert_allclose(predicted, scatter, rtol=0.25)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "gains"}, "did you mean 'gain'|gain"),
        ({"thresholds": [[1.0, 2.0, 3.0]]}, r"shape \(1, 3\)"),
        ({"thresholds": [[2.0, 1.0]]}, "fall"),
        ({"thresholds": [[1.0, np.inf]]}, "finite"),
        ({"thresholds": [[1.0, np.nan], [1.0, 2.0]]}, "needs 2"),
        ({"levels": [1, 1]}, "different"),
        ({"x_shift_range": (5, 5)}, "low < high"),
    ],
)
def test_wrong_input_is_explained(given, message):
    arguments = {"thresholds": [[1.0, 2.0], [2.0, 4.0]], "model": "gain_xshift"} | given
    with pytest.raises(SpecError, match=message):
        fit_io(**arguments)


def test_the_model_is_a_rectified_line():
    model = IOModel(levels=(0, 20), gain=(0.04, 0.05), bias=(-1.0, -1.0), x_shift=-70)
    assert_allclose(model(20)([-100, -50, 0]), [0, 0, 2.5])
    assert model(0)(np.zeros((2, 3))).shape == (2, 3)
    with pytest.raises(SpecError, match="finite"):
        IOModel(levels=(0,), gain=(np.nan,), bias=(0.0,))


# thresholds


def test_thresholds_interpolate_linearly():
    n = [0, 10, 20, 30]
    assert_allclose(thresholds(n, [[0, 0.25, 1.25, 2]]), [[12.5, 20 + 10 / 3]])
    # scatter: 1.0 before 0.4 is pooled to 0.7
    assert_allclose(thresholds(n, [[0, 1.0, 0.4, 2]])[0, 0], 10 * 0.5 / 0.7)


def test_a_curve_that_does_not_cross_has_no_threshold():
    found = thresholds([0, 10, 20], [[0, 0, 0.4], [0.6, 1, 1.5], [np.nan, 0, 2]])
    assert np.isnan(found[0]).all()
    assert np.isnan(found[1, 0])
    assert found[1, 1] == 20
    assert_allclose(found[2], [12.5, 17.5])


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(6)), st.floats(-100, 100))
def test_order_and_origin_of_the_inputs_do_not_matter(order, shift):
    n, y = np.arange(6) * 7.0, np.array([0, 0.1, 0.7, 0.6, 1.4, 2.2])
    base = thresholds(n, y)
    picked = list(order)
    assert_allclose(thresholds(n[picked] + shift, [y[picked]]), base + shift, atol=1e-9)


def test_the_bootstrap_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    n = np.arange(0, 100, 4)
    hits = []
    for repeat in range(100):
        # each trial fires its first and second spike from a number of inputs of its own
        first, second = rng.normal([[30], [65]], 8, size=(2, 20))
        counts = (n[:, None] >= first).astype(int) + (n[:, None] >= second)
        drawn = bootstrap_thresholds(n, counts[None], samples=200, seed=repeat)
        low, high = interval(drawn)[0, 0]
        hits.append(low <= 30 <= high)
    assert 0.82 <= np.mean(hits) <= 0.98  # nine tenths say so, within 2.7 SE


def test_the_interval_leaves_a_twentieth_on_either_side():
    samples = np.arange(1001.0)[:, None]
    assert_allclose(interval(samples), [[50, 950]])
    assert_allclose(interval(samples, coverage=0.5), [[250, 750]])
    half = np.where(samples < 600, np.nan, samples)
    assert np.isnan(interval(half)).all()  # most samples did not cross


def test_bootstraps_draw_the_same_trials_for_all_levels():
    counts = np.array([[[0, 0, 0], [0, 2, 2], [2, 2, 2]]] * 2)
    drawn = bootstrap_thresholds([0, 10, 20], counts, samples=50, seed=3)
    assert_allclose(drawn[:, 0], drawn[:, 1])
    assert np.ptp(drawn[:, 0, 0]) > 0
    with pytest.raises(SpecError, match="two trials"):
        bootstrap_thresholds([0, 10], [[[0], [2]]], samples=5, seed=0)


def test_the_order_of_residuals_counts_bootstraps():
    n = np.array(TRIAL_NMDA, dtype=float)
    rng = np.random.default_rng(0)
    order = order_of_residuals(n + rng.normal(0, 0.3, (40, *n.shape)))
    assert order.fraction("gain_xshift", "bias", "gain") == 1
    assert order.fraction("gain", "bias") == 0
    same = replace(order, residuals={"gain": np.ones(4), "bias": np.array([1.0, 1.0, 2.0, 0.5])})
    assert same.fraction("gain", "bias") == 0.25  # what is equal is not below
    assert order.skipped == 0


# search


def step_curve(first: float, second: float, trials: int = 10):
    shift = np.linspace(-6, 6, trials)

    def counts(n: int) -> np.ndarray:
        return (n >= first + shift).astype(int) + (n >= second + shift)

    return counts


def run(search: ThresholdSearch, counts) -> None:
    for _ in range(60):
        n = search.ask()
        if n is None:
            return
        assert n not in search.points
        assert search.limits[0] <= n <= search.limits[1]
        search.tell(n, counts(n))
    raise AssertionError("the search does not end")


@settings(max_examples=80, deadline=None)
@given(st.floats(-250, 800), st.floats(1, 90), st.integers(-250, 800), st.integers(1, 6))
def test_the_search_finds_what_a_full_grid_finds(first, gap, start, resolution):
    counts = step_curve(first, first + gap)
    search = ThresholdSearch(start=start, step=40, limits=(-300, 900), resolution=resolution)
    run(search, counts)
    assert search.missing == ()
    n = sorted(search.points)
    found = thresholds(n, [[search.points[k].mean() for k in n]])[0]
    grid = np.arange(-300, 901, 1)
    full = thresholds(grid, [[counts(k).mean() for k in grid]])[0]
    assert_allclose(found, full, atol=resolution)
    assert len(search.points) < 60


def test_a_curve_that_never_crosses_ends_at_the_limit_and_is_named():
    search = ThresholdSearch(start=40, step=40, limits=(-300, 900), resolution=4)
    run(search, lambda n: np.array([int(n > 100)] * 10))
    assert 900 in search.points
    assert search.missing == (1.5,)
    always = ThresholdSearch(start=40, step=40, limits=(-300, 900), resolution=4)
    run(always, lambda n: np.array([3] * 10))
    assert -300 in always.points
    assert always.missing == (0.5, 1.5)


def test_wrong_searches_are_refused():
    with pytest.raises(SpecError, match="limits"):
        ThresholdSearch(start=10, step=40, limits=(20, 30), resolution=4)
    search = ThresholdSearch(start=0, step=40, limits=(-9, 9), resolution=4)
    with pytest.raises(SpecError, match="counts"):
        search.tell(0, [-1])
