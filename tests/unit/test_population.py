"""Do population functions, kernels and masses obey their closed forms?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr
from scipy.stats import exponnorm

from dendmod.errors import SpecError
from dendmod.params.shine2021 import KERNEL_TAUS, MEMBRANE_TAU
from dendmod.population import (
    Activation,
    Kernel,
    Logistic,
    Mass,
    Measured,
    Normal,
    Saturating,
    SkewNormal,
    Step,
    alpha,
    bistability_threshold,
    column,
    column_at,
    compare,
    double_exponential,
    exponential,
    fit_sigmoid,
    fold_points,
    hopf_points,
    mixture,
    normalised,
)

QMAX, SIGMA = 100.0, 3.0
ERF = Activation(Step(QMAX), Normal(0.0, SIGMA))
V = np.linspace(0.0, 20.0, 401)

widths = st.floats(0.05, 20.0)
centres = st.floats(-50.0, 50.0)


@given(mean=centres, sd=widths)
def test_a_step_over_normal_thresholds_is_symmetric_about_half_its_maximum(mean, sd):
    q = Activation(Step(QMAX), Normal(mean, sd))
    x = np.linspace(0, 6, 41) * sd
    assert np.abs(q(mean + x) + q(mean - x) - QMAX).max() < 1e-12 * QMAX
    peak, gain = q.peak
    assert gain == pytest.approx(QMAX / (sd * np.sqrt(2 * np.pi)), rel=1e-9)
    assert peak == pytest.approx(mean, abs=1e-5 * (sd + abs(mean)))
    assert q.peak_at == pytest.approx(0.5, abs=1e-4)


def test_a_logistic_stays_near_the_erf_as_far_as_is_known():
    logistic = Activation(Step(QMAX), Logistic.matching(Normal(0.0, SIGMA)))
    assert np.abs(logistic(V) - ERF(V)).max() / QMAX == pytest.approx(0.0227, abs=5e-5)
    x = np.linspace(-6, 6, 20001)
    assert np.abs(expit(1.702 * x) - ndtr(x)).max() < 0.0095


@pytest.mark.parametrize("scale", [0.3, 3.0, 6.0, 40.0])
def test_a_saturating_neuron_gives_an_exponentially_modified_normal(scale):
    q = Activation(Saturating(QMAX, scale), Normal(1.0, SIGMA))
    v = np.linspace(-15, 60, 151)
    law = exponnorm(scale / SIGMA, 1.0, SIGMA)
    assert np.abs(q(v) / QMAX - law.cdf(v)).max() < 1e-12
    assert np.abs(q.gain(v) / QMAX - law.pdf(v)).max() < 1e-12


def test_the_figures_for_skewed_functions():
    skewed = {k: Activation(Saturating(QMAX, k), Normal(0.0, SIGMA)) for k in (3.0, 6.0)}
    assert skewed[6.0].skewness == pytest.approx(1.43, abs=0.005)
    assert skewed[3.0].peak_at == pytest.approx(0.44, abs=0.005)
    assert skewed[6.0].peak_at == pytest.approx(0.37, abs=0.005)


SPREADS = [Normal(1.0, 0.7), Logistic(1.0, 0.5), SkewNormal(0.5, 1.2, 5.0)]
CURVE = Measured((0.2, 0.5, 0.6, 1.1, 2.0), (0.0, 8.0, 9.0, 20.0, 31.0), threshold=0.2)


@pytest.mark.parametrize("single", [Step(5.0), Saturating(5.0, 2.0), CURVE])
@pytest.mark.parametrize(
    "spread", [Normal(1.0, 0.7), Logistic(1.0, 0.5), SkewNormal(0.5, 1.2, 5.0)]
)
def test_cumulants_of_the_gain_are_those_of_neuron_and_thresholds_added(single, spread):
    q = Activation(single, spread)
    v = np.linspace(-40, 120, 4001)
    density = q.gain(v) / q.qmax
    total, mean = np.trapezoid(density, v), np.trapezoid(density * v, v)
    centred = v - mean
    assert total == pytest.approx(1.0, abs=1e-9)
    numeric = (mean, *(np.trapezoid(density * centred**k, v) for k in (2, 3)))
    assert numeric == pytest.approx(q.cumulants(), abs=1e-6)


@pytest.mark.parametrize("single", [Step(5.0), Saturating(5.0, 2.0), CURVE])
@pytest.mark.parametrize(
    "spread", [Normal(1.0, 0.7), Logistic(1.0, 0.5), SkewNormal(0.5, 1.2, 5.0)]
)
def test_the_gain_is_the_derivative_of_the_rate(single, spread):
    q = Activation(single, spread)
    v, h = np.linspace(-3, 8, 67), 1e-4
    assert np.abs((q(v + h) - q(v - h)) / (2 * h) - q.gain(v)).max() < 1e-5 * q.qmax


def test_a_measured_curve_is_averaged_over_thresholds_as_monte_carlo_says():
    q = Activation(CURVE, Normal(0.6, 0.25))
    theta = np.random.default_rng(1).normal(0.6, 0.25, 200_000)
    for v in (0.3, 0.8, 1.5):
        single = CURVE(v - theta)
        assert q(v) == pytest.approx(single.mean(), abs=5 * single.std() / np.sqrt(theta.size))


@given(rate=st.floats(0.5, 99.5), scale=widths, sd=widths)
@settings(max_examples=25, deadline=None)
def test_inverse_undoes_the_function(rate, scale, sd):
    q = Activation(Saturating(QMAX, scale), Normal(0.0, sd))
    assert q(q.inverse(rate)) == pytest.approx(rate, abs=1e-7)


def test_a_sigmoid_is_found_again_and_a_skewed_function_is_not_one():
    v = np.linspace(-12, 12, 60)
    fit = fit_sigmoid(v, ERF(v))
    assert fit.worst < 1e-6
    assert fit.activation.thresholds.cumulants()[1] == pytest.approx(SIGMA**2, rel=1e-4)
    assert fit_sigmoid(v, ERF(v), kind="logistic").worst == pytest.approx(0.01, abs=0.006)
    skewed = Activation(Saturating(QMAX, 6.0), Normal(0.0, SIGMA))
    v = np.linspace(-10, 40, 100)
    assert fit_sigmoid(v, skewed(v)).worst > 0.02


@given(output=st.floats(0.5, 2.0), gain=st.floats(0.5, 2.0), shift=st.floats(-4.0, 4.0))
@settings(max_examples=25, deadline=None)
def test_scales_and_shift_of_a_modulation_are_found_again(output, gain, shift):
    v = np.linspace(-25, 25, 101)
    change = compare(ERF, lambda x: output * ERF(gain * (np.asarray(x) - shift)), v)
    found = (change.output, change.input, change.shift)
    assert found == pytest.approx((output, gain, shift), abs=1e-3)
    assert change.residual["all"] < 1e-4


# kernels


@given(taus=st.lists(st.floats(0.2, 60.0), min_size=1, max_size=3), area=st.floats(0.1, 10.0))
@settings(max_examples=40, deadline=None)
def test_kernels_have_the_area_of_their_weights(taus, area):
    kernel = Kernel((area,), (tuple(taus),))
    t = np.linspace(0, 40 * max(taus) + 1, 400_001)
    assert np.trapezoid(kernel(t), t) == pytest.approx(area, rel=2e-3)
    assert abs(kernel.response(0.0)) == pytest.approx(area)


@pytest.mark.parametrize(
    "kernel", [alpha(5.0), double_exponential(1.0, 10.0), exponential(3.0).filtered(10.0)]
)
def test_the_transfer_function_is_the_fourier_transform(kernel):
    t = np.linspace(0, 400, 400_001)
    for f in (1.0, 10.0, 40.0):
        numeric = np.trapezoid(kernel(t) * np.exp(-2j * np.pi * f * t / 1000), t)
        assert abs(numeric - kernel.response(f)) < 1e-5


def test_times_to_peak_and_cutoffs_in_closed_form():
    assert alpha(5.0).time_to_peak == pytest.approx(5.0, abs=1e-3)
    rise, decay = 1.0, 10.0
    peak = rise * decay / (decay - rise) * np.log(decay / rise)
    assert double_exponential(rise, decay).time_to_peak == pytest.approx(peak, abs=1e-3)
    assert exponential(10.0).cutoff == pytest.approx(1000 / (2 * np.pi * 10.0), rel=1e-9)


@pytest.mark.parametrize(("w", "cutoff"), [(1.0, 14.73), (0.5, 4.83), (0.0, 3.52)])
def test_the_ampa_nmda_ratio_sets_the_temporal_aperture_and_not_the_area(w, cutoff):
    kernel = mixture(w, exponential(KERNEL_TAUS["ampa"]), exponential(KERNEL_TAUS["nmda"]))
    seen = kernel.filtered(MEMBRANE_TAU)
    assert seen.area == pytest.approx(1.0)
    assert seen.cutoff == pytest.approx(cutoff, abs=0.01)
    if w in (0.0, 1.0):  # (1 + (w t1)^2)(1 + (w t2)^2) = 2
        a, b = (KERNEL_TAUS["ampa" if w else "nmda"] ** 2, MEMBRANE_TAU**2)
        square = (-(a + b) + np.sqrt((a + b) ** 2 + 4 * a * b)) / (2 * a * b)
        assert seen.cutoff == pytest.approx(1000 * np.sqrt(square) / (2 * np.pi), rel=1e-6)


# masses


def one(coupling: float, drive: float, kernel: Kernel) -> Mass:
    return Mass((ERF,), (kernel,), ((coupling,),), (drive,))


@pytest.mark.parametrize("kernel", [exponential(10.0), double_exponential(1.0, 20.0)])
@pytest.mark.parametrize(("factor", "states"), [(0.99, 1), (1.01, 3)])
def test_two_stable_states_need_the_critical_coupling(kernel, factor, states):
    critical = SIGMA * np.sqrt(2 * np.pi) / QMAX
    assert bistability_threshold(ERF.peak[1]) == pytest.approx(critical, rel=1e-8)
    j = factor * critical
    points = one(j, -j * QMAX / 2, kernel).fixed_points(-20, 20, 400)
    assert len(points) == states
    assert [p.stable for p in points] == ([True, False, True] if states == 3 else [True])


def test_eigenvalues_are_those_of_the_simulated_mass():
    mass = Mass(
        (ERF, ERF), (double_exponential(2.0, 10.0), exponential(20.0)),
        ((0.1, -0.2), (0.15, -0.05)), (-2.0, 1.0),
    )  # fmt: skip
    (point,) = mass.fixed_points(-30, 30)
    states = mass.jacobian(point.v).shape[0]
    rest = np.array([point.rate[0], point.rate[0], point.rate[1]])
    assert np.abs(mass.derivative(rest)).max() < 1e-8
    numeric = np.empty((states, states))
    for k in range(states):
        h = np.eye(states)[k] * 1e-5
        numeric[:, k] = (mass.derivative(rest + h) - mass.derivative(rest - h)) / 2e-5
    assert np.abs(numeric - mass.jacobian(point.v)).max() < 1e-4
    t, v = mass.integrate(1.0)
    assert point.stable
    assert v[:, -1] == pytest.approx(point.v, abs=1e-5)
    assert t[-1] == 1.0


def test_the_column_of_jansen_and_rit_bifurcates_where_it_is_known_to():
    # Grimbert & Faugeras 2006, Neural Comput 18:3052: Hopf -12.15, 89.83, 315.70, fold 113.58
    hopf = [
        column_at(v)[0] for v in hopf_points(lambda v: column_at(v)[1], np.linspace(2, 12, 201))
    ]
    assert hopf == pytest.approx([-12.15, 89.83, 315.70], abs=0.01)
    folds = [p for _, p in fold_points(lambda v: column_at(v)[0], -5, 10)]
    assert folds[0] == pytest.approx(113.58, abs=0.02)
    (state,) = column(120.0).fixed_points(5, 10, 21)
    assert not state.stable
    assert state.frequency == pytest.approx(10.7, abs=0.1)
    _, v = column(120.0).integrate(3.0)
    assert np.ptp(v[0, -500:]) > 2.0  # it cycles


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Normal(0.0, 0.0),
        lambda: Logistic(0.0, float("nan")),
        lambda: Saturating(1.0, -1.0),
        lambda: Measured((0.0, 0.0), (1.0, 2.0)),
        lambda: Measured((0.0, 1.0), (0.0, 0.0)),
        lambda: Measured((0.0, 1.0, 2.0), (0.0, 5.0, 0.0)),
        lambda: Measured((0.0, float("inf")), (0.0, 5.0)),
        lambda: Kernel((1.0,), ((0.0,),)),
        lambda: mixture(1.2, alpha(1.0), alpha(2.0)),
        lambda: Kernel((float("nan"),), ((1.0,),)),
        lambda: Kernel((1.0, -1.0), ((1.0,), (2.0,))).cutoff,
        lambda: bistability_threshold(0.0),
        lambda: bistability_threshold(1.0, area=-1.0),
        lambda: normalised([1.0], [1.0], 0.0),
        lambda: ERF.inverse(QMAX),
        lambda: Mass((ERF,), (alpha(1.0),), ((1.0, 2.0),), (0.0,)),
        lambda: fit_sigmoid([0, 1, 2, 3], [0, 0, 0, 0]),
    ],
)
def test_what_is_impossible_is_refused(wrong):
    with pytest.raises(SpecError):
        wrong()


def test_a_curve_that_begins_above_zero_jumps_at_its_first_point():
    q = Activation(Measured((1.0, 3.0), (4.0, 10.0)), Normal(0.0, 0.01))
    assert q([0.5, 1.5, 9.0]) == pytest.approx([0.0, 5.5, 10.0], abs=1e-9)
    assert q(1.0) == pytest.approx(2.0, abs=0.02)  # half of the jump


def test_a_response_is_divided_by_its_pool():
    assert normalised([10.0, 6.0], [3.0, 1.0], 2.0) == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize("area", [0.5, 2.0])
def test_the_critical_coupling_counts_the_area_of_the_kernel(area):
    j = bistability_threshold(ERF.peak[1], area)
    for factor, states in ((0.99, 1), (1.01, 3)):
        mass = one(factor * j, -factor * j * area * QMAX / 2, exponential(10.0, area))
        assert len(mass.fixed_points(-20, 20, 400)) == states


@given(factor=st.floats(0.1, 5.0))
@settings(max_examples=20, deadline=None)
def test_more_receptors_scale_the_kernel_and_keep_its_shape(factor):
    kernel = mixture(0.3, alpha(3.0), double_exponential(2.0, 43.0))
    more, t = kernel.scaled(factor), np.linspace(0, 200, 201)
    assert more(t) == pytest.approx(factor * kernel(t), rel=1e-9)
    assert more.area == pytest.approx(factor * kernel.area)
    assert (more.cutoff, more.time_to_peak) == pytest.approx((kernel.cutoff, kernel.time_to_peak))
