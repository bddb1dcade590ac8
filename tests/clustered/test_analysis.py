"""Do the analyses find what was put into synthetic data, and nothing where nothing is?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from dendmod.clustered import ClusteredNetwork, build_network
from dendmod.clustered.activation import (
    activation_latencies,
    activations,
    cluster_rates,
    complete_intervals,
)
from dendmod.clustered.decoding import (
    DecodingCurve,
    crossing_times,
    decode,
    latency_difference,
    sliding_counts,
    stratified_folds,
)
from dendmod.clustered.gain import (
    fit_transfer,
    gain_difference,
    gain_ratio,
    gaussian_quantiles,
)
from dendmod.clustered.responses import (
    match_counts,
    peak_response,
    peak_selectivity,
    selectivity,
    significant_responses,
)
from dendmod.clustered.trials import TrialSpikes
from dendmod.errors import SpecError


@pytest.fixture(scope="module")
def network():
    return build_network(ClusteredNetwork(cluster_size_cv=0.0), 1)


def cluster_spikes(network, windows, stop=2.0, rate=100.0):
    """Spikes of clusters that fire regularly in the windows {cluster: [(start, stop)]} (s)."""
    times, ids = [], []
    for cluster, spans in windows.items():
        for k, neuron in enumerate(network.members(cluster)):
            for start, end in spans:
                t = np.arange(start + (k % 10) * 1e-3, end, 1 / rate)
                times.append(t)
                ids.append(np.full(t.size, neuron))
    times, ids = np.concatenate(times), np.concatenate(ids)
    order = np.argsort(times, kind="stable")
    return TrialSpikes(times[order], ids[order], -0.5, stop, 0.0)


def test_complete_activations_are_found_with_their_length(network):
    spikes = cluster_spikes(
        network, {2: [(0.3, 0.5), (1.0, 1.4)], 5: [(-0.2, 0.4)], 7: [(1.8, 2.0)]}
    )
    durations, pauses, together = activations(spikes, network)
    # a kernel of 10 ms and a threshold of 10 of 100 spikes/s add 2 x 10 ms x 1.28
    assert sorted(durations) == pytest.approx([0.2 + 0.0256, 0.4 + 0.0256], abs=0.004)
    assert pauses == pytest.approx([0.5 - 0.0256], abs=0.004)
    assert together.sum() == 2000
    assert together[2] == pytest.approx(100 + 25, abs=8)  # 2 and 5 overlap from 0.3 to 0.4 s


def test_latencies_leave_out_what_was_active_and_count_what_never_is(network):
    spikes = cluster_spikes(network, {1: [(0.25, 0.6)], 2: [(-0.3, 0.5)]}, stop=1.0)
    spikes = TrialSpikes(spikes.times, spikes.ids, -0.5, 1.0, -0.3)
    found, never = activation_latencies(spikes, network, np.array([1, 2, 3]))
    assert found == pytest.approx([0.25 - 0.0128], abs=0.004)
    assert never == 1


def test_intervals_that_touch_an_edge_do_not_count():
    lengths, rows = complete_intervals(
        np.array([[1, 1, 0, 1, 0, 1, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]], bool)
    )
    assert lengths.tolist() == [1, 3]
    assert rows.tolist() == [0, 0]


@pytest.mark.parametrize(("beta", "h0", "maximum"), [(1.0, 0.5, 30.0), (3.0, 1.5, 80.0),
                                                    (0.6, -0.5, 12.0)])  # fmt: skip
def test_a_synthetic_transfer_function_is_recovered(beta, h0, maximum):
    x = gaussian_quantiles(2000)
    rates = maximum / (1 + np.exp(-beta * (x - h0)))
    shuffled = np.random.default_rng(0).permutation(rates)
    fit = fit_transfer(shuffled)
    assert fit.gain[0] == pytest.approx(maximum * beta / 4, rel=2e-3)
    assert (fit.beta[0], fit.h0[0]) == pytest.approx((beta, h0), rel=5e-3)
    assert fit.rate(x, 0) == pytest.approx(rates, abs=0.01 * maximum)


def test_random_inputs_give_the_gain_too():
    x = np.random.default_rng(3).standard_normal((20, 4000))
    fit = fit_transfer(40 / (1 + np.exp(-1.5 * (x - 0.8))))
    assert fit.gain.mean() == pytest.approx(15.0, rel=0.03)


@pytest.mark.parametrize(("bin_s", "lowest_maximum"), [(0.1, None), (0.5, 1.0)])
def test_the_fit_is_as_good_as_scipys_on_counts(bin_s, lowest_maximum):
    rng = np.random.default_rng(1)
    counts = rng.poisson(rng.choice([0.3, 3.0], (12, 400), p=[0.7, 0.3])) / bin_s
    fit = fit_transfer(counts, lowest_maximum)
    x = gaussian_quantiles(400)
    for k, rates in enumerate(counts):
        y = np.sort(rates) / rates.max()

        def residual(p, y=y):
            return p[2] / (1 + np.exp(-p[0] * (x - p[1]))) - y

        low = 1.0 if lowest_maximum is None else lowest_maximum / rates.max()
        best = min(
            (
                least_squares(residual, start, bounds=([0, -2, low], [5, 3, 1.5]))
                for start in ([1, 0.5, 1.1], [3, 1.5, 1.1], [0.5, 2, 1.4])
            ),
            key=lambda o: o.cost,
        )
        own = (fit.beta[k], fit.h0[k], fit.maximum[k] / rates.max())
        assert np.sum(residual(own) ** 2) / 2 <= best.cost * (1 + 1e-5)
        assert fit.r2[k] == pytest.approx(1 - np.sum(residual(own) ** 2) / y.var() / y.size)


def test_a_maximum_below_the_largest_rate_is_found_where_it_may_be():
    x = gaussian_quantiles(400)
    rates = 20 / (1 + np.exp(-2 * (x - 0.5)))
    rates[-1] = 60.0  # one bin with a burst
    free, bound = fit_transfer(rates), fit_transfer(rates, None)
    assert 20 <= free.maximum[0] < 30
    assert bound.maximum[0] >= 60
    assert free.r2[0] > bound.r2[0]


def test_gain_of_neurons_that_do_not_count():
    fit = fit_transfer(np.zeros((2, 10)))
    assert np.isnan(fit.gain).all()
    assert gain_ratio(np.array([2.0, np.nan, 4]), np.array([1.0, 5, np.nan])) == (0.5, 1)
    assert gain_ratio(np.array([np.nan]), np.array([1.0]))[1] == 0
    assert gain_difference(np.array([2.0, np.nan, 4]), np.array([1.0, 5, np.nan])) == (-1.0, 1)
    assert np.isnan(gain_difference(np.array([np.nan]), np.array([1.0]))[0])
    assert np.isnan(fit_transfer(np.full((1, 10), 3.0)).r2).all()  # no variance to explain
    with pytest.raises(SpecError, match="4 bins"):
        fit_transfer(np.ones((3, 2)))


def poisson_trials(onset, labels, rng, separation=3.0, neurons=40, bins=60):
    """Counts [trials, neurons, bins]; from `onset` on, each label raises its own neurons."""
    rate = np.ones((labels.size, neurons, bins))
    for k, label in enumerate(labels):
        rate[k, label * 10 : label * 10 + 10, onset:] += separation
    return rng.poisson(rate)


def test_decoding_rises_where_the_signal_begins():
    rng = np.random.default_rng(2)
    labels = np.tile(np.arange(4), 20)
    windows = sliding_counts(poisson_trials(35, labels, rng), 5)
    t = np.round(
        (np.arange(windows.shape[2]) - 15) * 0.02, 9
    )  # 0 s: the window that ends in bin 19
    curve = decode(windows, labels, t, shuffles=60, seed=1)
    # the first window that ends in bin 35 ends at 16 * 0.02 s
    assert curve.latency() == pytest.approx(0.32, abs=0.041)
    assert curve.accuracy[-10:].mean() > 0.97
    assert curve.accuracy[t < 0.3].mean() == pytest.approx(0.25, abs=0.05)


def test_shuffled_labels_are_decoded_at_chance():
    rng = np.random.default_rng(4)
    labels = np.tile(np.arange(4), 20)
    windows = sliding_counts(poisson_trials(0, labels, rng, bins=20), 5)
    t = np.arange(windows.shape[2]) * 0.02 + 0.02
    curve = decode(windows, labels, t, shuffles=100, seed=0)
    assert curve.shuffled.mean() == pytest.approx(0.25, abs=0.01)
    assert curve.accuracy.mean() > 0.9
    wrong = decode(windows, rng.permutation(labels), t, shuffles=100, seed=0)
    assert wrong.accuracy.mean() == pytest.approx(0.25, abs=0.1)
    assert np.isnan(wrong.latency())


def test_the_decoder_is_the_nearest_class_mean():
    """Against the rule written out, trial by trial."""
    rng = np.random.default_rng(5)
    labels = np.tile([3, 5, 9], 8)
    x = rng.poisson(4.0, (24, 15, 1)) + (labels == 5)[:, None, None]
    curve = decode(x, labels, np.array([0.1]), folds=4, shuffles=1, seed=3)
    fold = stratified_folds(labels, 4, 3)
    right = 0
    for k in range(24):
        rest = fold != fold[k]
        means = {v: x[rest & (labels == v), :, 0].mean(axis=0) for v in (3, 5, 9)}
        right += min(means, key=lambda v: np.sum((x[k, :, 0] - means[v]) ** 2)) == labels[k]
    assert curve.accuracy[0] == pytest.approx(right / 24)


def test_folds_are_stratified():
    labels = np.repeat([0, 1, 2, 3], 20)
    fold = stratified_folds(labels, 5, 0)
    for label in range(4):
        assert np.bincount(fold[labels == label]).tolist() == [4] * 5
    with pytest.raises(SpecError, match="folds"):
        stratified_folds(labels, 21, 0)


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.15, 0.15))
def test_a_shifted_curve_has_its_shift_as_latency_difference(shift):
    t = np.arange(-0.5, 1.01, 0.02)

    def curve(t):
        return 0.25 + 0.75 / (1 + np.exp(-(t - 0.4) / 0.05))

    assert latency_difference(t, curve(t), curve(t - shift)) == pytest.approx(shift, abs=0.003)


def test_a_curve_that_never_rises_has_no_latency_difference():
    t = np.arange(0, 1, 0.02)
    assert np.isnan(latency_difference(t, np.linspace(0.25, 1, 50), np.full(50, 0.25)))


def test_responses_of_either_sign_and_of_none():
    rng = np.random.default_rng(0)
    before = rng.poisson(5, (300, 40))
    during = rng.poisson(np.repeat([5, 9, 2], 100)[:, None], (300, 40))
    excited, inhibited = significant_responses(before, during)
    assert excited[100:200].all()
    assert inhibited[200:].all()
    assert (excited | inhibited)[:100].mean() < 0.12
    none = significant_responses(np.zeros((2, 5)), np.zeros((2, 5)))
    assert not np.any(none)


def test_selectivity_is_d_prime():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 4000)
    rates = rng.normal(np.where(labels == 1, 3.0, 1.0)[:, None], 2.0, (8000, 2))
    assert selectivity(rates, labels) == pytest.approx(1.0, abs=0.08)
    assert selectivity(np.ones((8000, 1)), labels)[0] == 0


def test_the_largest_selectivity_of_short_windows_does_not_contain_when_it_began():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 2000)
    tell = {}
    for onset in (2, 6):  # of ten windows: from the third, or from the seventh on
        mean = 5.0 + 3.0 * (labels[:, None] * (np.arange(10) >= onset))
        windows = rng.normal(mean[:, None, :], 1.5)
        tell[onset] = (
            peak_selectivity(windows, labels)[0], selectivity(windows.sum(axis=2), labels)[0]
        )  # fmt: skip
    assert tell[2][0] == pytest.approx(tell[6][0], abs=0.2) == pytest.approx(2.0, abs=0.2)
    assert tell[2][1] > 1.7 * tell[6][1]


def test_the_peak_response_is_over_the_baseline():
    t = np.arange(-5, 6) * 0.1
    assert peak_response(np.where(t > 0.25, 7.0, 2.0), t) == pytest.approx(5.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.2, 5), st.floats(0.2, 5))
def test_matching_only_takes_away_what_is_too_much(seed, trials, mean_a, mean_b):
    rng = np.random.default_rng(seed)
    rest, run = rng.poisson(mean_a, (trials, 7)), rng.poisson(mean_b, (trials, 7))
    matched = match_counts(rest, run, rng)
    assert (matched <= run).all()
    assert (matched >= 0).all()
    ranked = np.sort(matched.sum(axis=1)), np.sort(np.minimum(
        np.sort(rest.sum(axis=1)), np.sort(run.sum(axis=1))))  # fmt: skip
    assert ranked[0].tolist() == ranked[1].tolist()


def test_rates_of_clusters_are_those_of_a_neuron_whatever_their_size():
    network = build_network(ClusteredNetwork(), 1)
    small, large = int(network.sizes.argmin()), int(network.sizes.argmax())
    assert network.sizes[small] < 70 < 90 < network.sizes[large]
    rates = cluster_rates(
        cluster_spikes(network, {small: [(0.2, 1.2)], large: [(0.2, 1.2)]}), network
    )
    assert rates[[small, large], 400:1000].mean(axis=1) == pytest.approx([100, 100], rel=0.02)


def test_sliding_counts_begin_with_the_first_whole_window():
    assert sliding_counts(np.array([[1, 2, 3, 4]]), 2).tolist() == [[3, 5, 7]]
    assert sliding_counts(np.array([1, 2, 3]), 3).tolist() == [6]
    for width in (0, 4):
        with pytest.raises(SpecError, match="do not fit"):
            sliding_counts(np.array([1, 2, 3]), width)


def test_latency_is_the_end_of_the_first_of_five_windows_in_a_row_after_the_onset():
    t = np.round(np.arange(-10, 20) * 0.02, 9)
    never = np.zeros((10, t.size))
    # a window that ends at 0 s has seen nothing of the stimulus
    assert DecodingCurve(t, np.ones(t.size), never, 0.25).latency() == pytest.approx(0.02)
    accuracy = np.zeros(t.size)
    accuracy[12:16] = 1.0  # four in a row do not count
    accuracy[18:23] = 1.0
    assert DecodingCurve(t, accuracy, never, 0.25).latency() == pytest.approx(t[18])
    assert DecodingCurve(t, accuracy, never, 0.25).latency(windows=4) == pytest.approx(t[12])
    with pytest.raises(SpecError, match="without shuffles"):
        DecodingCurve(t, accuracy, never[:0], 0.25).latency()


def test_the_interval_of_the_mean_of_shuffles_is_a_weaker_criterion():
    """Mean and standard error over shuffles, in each fold and class; counted again here."""
    rng = np.random.default_rng(2)
    labels = np.tile(np.arange(4), 20)
    windows = sliding_counts(poisson_trials(35, labels, rng), 5)
    t = np.round((np.arange(windows.shape[2]) - 15) * 0.02, 9)
    curve = decode(windows, labels, t, folds=10, shuffles=100, seed=1)
    weak, strong = curve.bound("mean of shuffles"), curve.bound()
    assert (weak < strong).all()
    # 2 trials of a class in each fold, right by chance with 1/4: an SD of sqrt(3/16/2)
    expected = 0.25 + 2.576 * np.sqrt(3 / 32) / np.sqrt(100)
    assert weak[t < 0.3].mean() == pytest.approx(expected, abs=0.01)
    assert curve.latency(criterion="mean of shuffles") <= curve.latency()
    # four signals in a row by chance before the onset, and one later
    accuracy = np.where((t >= -0.2) & (t < -0.05) | (t > 0.5), weak + 0.001, 0.25)
    early = DecodingCurve(t, accuracy, curve.shuffled, 0.25, curve.shuffled_error)
    assert early.latency(criterion="mean of shuffles") == pytest.approx(0.52)
    assert early.latency(criterion="mean of shuffles", since=-np.inf) == pytest.approx(-0.2)
    assert np.isnan(early.latency())
    with pytest.raises(SpecError, match="no criterion 'mean'"):
        curve.latency(criterion="mean")
    with pytest.raises(SpecError, match="shuffled_error"):
        DecodingCurve(t, accuracy, curve.shuffled, 0.25).bound("mean of shuffles")


def test_crossings_lie_on_the_line_between_two_samples():
    found = crossing_times(
        np.array([-1.0, 0.0, 1.0, 2.0]), np.array([9.0, 0.0, 0.5, 1.0]),
        np.array([0.0, 0.25, 0.5, 0.75, 1.1]),
    )  # fmt: skip
    np.testing.assert_allclose(found, [0.0, 0.5, 1.0, 1.5, np.nan])


def test_quantiles_are_the_middles_of_equal_parts():
    # half of each half: a standard normal has its quartiles at 0.6745
    assert gaussian_quantiles(2) == pytest.approx([-0.67449, 0.67449], abs=1e-5)
    assert gaussian_quantiles(3)[1] == pytest.approx(0.0, abs=1e-12)


def test_the_gain_ratio_is_that_of_the_means():
    assert gain_ratio(np.array([1.0, 3.0]), np.array([2.0, 3.0])) == (1.25, 2)


def test_d_prime_is_averaged_over_pairs_without_its_sign():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 5000)
    mean = np.array([4.0, 2.0, 8.0])[labels]  # differences of 2, 4 and 6
    rates = rng.normal(mean[:, None], 2.0, (15000, 1))
    assert selectivity(rates, labels) == pytest.approx((1 + 2 + 3) / 3, abs=0.08)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folds": 1}, "2 or more"),
        ({"labels": np.zeros(8, int)}, "same label"),
        ({"t": np.zeros(2)}, "give"),
        ({"windows": np.full((8, 3, 1), np.nan)}, "not finite"),
    ],
)
def test_what_cannot_be_decoded_is_refused(change, message):
    given_ = {"windows": np.ones((8, 3, 1)), "labels": np.arange(8) % 2, "t": np.zeros(1),
              "folds": 2, "shuffles": 1, **change}  # fmt: skip
    windows, labels, t = (given_.pop(k) for k in ("windows", "labels", "t"))
    with pytest.raises(SpecError, match=message):
        decode(windows, labels, t, **given_)
