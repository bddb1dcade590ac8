"""Are ensembles, currents, spectra, matched rates and hidden states what they say they are?"""

import sys

import numpy as np
import pytest

from dendmod.clustered import (
    ClusteredNetwork,
    Perturbation,
    TrialRunner,
    build_network,
    choose_states,
    draw_ensemble,
    draw_stimuli,
    fit_soft_relu,
    fit_states,
    match_by_stimulus,
    weight_spectrum,
)
from dendmod.clustered.gain import gaussian_quantiles
from dendmod.errors import SpecError


@pytest.fixture(scope="module")
def network():
    return build_network(ClusteredNetwork(), 1)


def test_an_ensemble_is_drawn_from_clustered_e_neurons_that_fire(network):
    rates = np.random.default_rng(0).uniform(0, 8, 2000)
    rates[network.members(4)] = 0.5  # a silent cluster
    for per_cluster, size, number in ((False, 50, 50), (True, 3, 51)):
        chosen = draw_ensemble(network, rates, size, per_cluster=per_cluster, seed=2)
        assert chosen.size == np.unique(chosen).size == number
        assert (rates[chosen] > 2).all()
        assert network.excitatory[chosen].all()
        assert (network.cluster[chosen] >= 0).all()
    each = np.bincount(network.cluster[chosen], minlength=18)
    assert each.tolist() == [3] * 4 + [0] + [3] * 13
    again = draw_ensemble(network, rates, 3, per_cluster=True, seed=2)
    assert np.array_equal(again, chosen)
    assert not np.array_equal(draw_ensemble(network, rates, 3, per_cluster=True, seed=3), chosen)
    with pytest.raises(SpecError, match="fewer than the 5000"):
        draw_ensemble(network, rates, 5000)
    with pytest.raises(SpecError, match="no cluster has 300"):
        draw_ensemble(network, rates, 300, per_cluster=True)


def test_currents_of_a_trial_are_those_that_its_spikes_give(network):
    """Recorded in the trial that `run` runs; E and I nearly cancel, as they do in such networks."""
    runner = TrialRunner(network, draw_stimuli(network))
    how = {"perturbation": Perturbation("dmean_E", 0.1), "onset": 0.1, "stimulus": 0}
    found = runner.currents([5, 1700], 2, 0.0, 0.3, **how)
    spikes = runner.run(2, 0.0, 0.3, **how)
    assert found.t[[0, -1]] == pytest.approx([0.0, 0.2999])
    steps = np.arange(found.t.size)
    for population, part in (("E", found.E), ("I", found.I)):
        own = network.excitatory[spikes.ids] == (population == "E")
        at = np.rint((spikes.times[own] - found.t[0]) / 1e-4).astype(int)
        for k, neuron in enumerate((5, 1700)):
            weights = network.weights[[neuron]].toarray()[0, spikes.ids[own]]
            now = steps[2000]
            seen = at <= now
            expected = np.sum(weights[seen] / 0.005 * np.exp(-(now - at[seen]) / 50))
            assert part[k, now] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert (found.E >= 0).all()
    assert (found.I <= 0).all()
    before, after = found.external[0, :900].mean(), found.external[0, 1001]
    assert before == pytest.approx(network.mu[5], rel=0.05)  # and the stimulus, a slow ramp
    assert after > before + 0.09 * network.mu[5]
    assert np.array_equal(found.total, found.E + found.I + found.external)
    assert np.abs(found.total.mean()) < 0.5 * np.abs(found.I.mean())


def test_clusters_stand_out_in_the_spectrum_of_the_weights():
    spec = ClusteredNetwork(n_neurons=400, mean_cluster_size=48, cluster_size_cv=0.1, r_ext=11.2)
    leading = weight_spectrum(build_network(spec, 4).weights, 8)
    assert (np.diff(leading.real) <= 1e-9).all()
    # six clusters: five ways in which some are more active than others, and then a gap
    assert leading[:5].real.min() > 1.5 * leading[5].real
    plain = weight_spectrum(build_network(spec.homogeneous(), 4).weights, 3)
    assert leading[:5].real.min() > 3 * plain.real.max()


def test_the_spectrum_of_a_matrix_that_is_known():
    blocks = np.array([[2.0, 1.0], [1.0, 2.0]])  # 3 and 1
    assert weight_spectrum(blocks) == pytest.approx([3, 1])
    turning = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0.5, 0], [0, 0, 0, -2]])
    assert weight_spectrum(turning) == pytest.approx([0.5, 1j, -1j, -2])
    with pytest.raises(SpecError, match="square"):
        weight_spectrum(np.zeros((2, 3)))
    with pytest.raises(SpecError, match="leading = 3"):
        weight_spectrum(turning, 3)


def test_rates_are_matched_within_each_stimulus():
    rng = np.random.default_rng(0)
    label = np.tile([0, 1], 30)
    rest = rng.poisson(np.where(label == 0, 2.0, 5.0)[:, None], (60, 20))
    run = rng.poisson(np.where(label == 0, 6.0, 5.0)[:, None], (60, 20))
    order = rng.permutation(60)
    matched = match_by_stimulus(rest, label, run[order], label[order], rng)
    assert (matched <= run[order]).all()
    for k in (0, 1):
        ours, theirs = matched[label[order] == k].sum(axis=1), rest[label == k].sum(axis=1)
        most = run[order][label[order] == k].sum(axis=1)
        assert np.sort(ours).tolist() == np.minimum(np.sort(theirs), np.sort(most)).tolist()
    with pytest.raises(SpecError, match="30 and 29 trials"):
        match_by_stimulus(rest, label, run[:-1], label[:-1], rng)
    with pytest.raises(SpecError, match="one a trial"):
        match_by_stimulus(rest, label[:-1], run, label, rng)


def test_a_soft_rectifier_is_recovered():
    x = gaussian_quantiles(500)
    rates = np.array([8 * np.logaddexp(0, x / 0.5), 3 * np.logaddexp(0, x / 1.5), 0 * x])
    fit = fit_soft_relu(np.random.default_rng(0).permuted(rates, axis=1))
    assert fit.gain[:2] == pytest.approx([16, 2], rel=1e-3)
    assert fit.r2[:2] == pytest.approx([1, 1])
    assert np.isnan([fit.gain[2], fit.r2[2]]).all()
    assert fit.rate(x, 0) == pytest.approx(rates[0], abs=1e-3)
    assert fit.mean_rate == pytest.approx(rates.mean(axis=1))
    with pytest.raises(SpecError, match="4 bins"):
        fit_soft_relu(np.ones((1, 3)))


def hops(seed=0, trials=8, bins=400, stay=0.97):
    """Counts of nine neurons in three states, each of which has three of them active."""
    rng = np.random.default_rng(seed)
    path = np.zeros((trials, bins), int)
    for row in path:
        row[0] = rng.integers(3)
        for k in range(1, bins):
            row[k] = row[k - 1] if rng.random() < stay else rng.integers(3)
    rate = np.where(path[:, None, :] == np.arange(9)[None, :, None] // 3, 1.0, 0.05)
    return rng.poisson(rate), path


def test_hidden_states_are_found_with_their_rates_and_durations():
    pytest.importorskip("hmmlearn")
    counts, path = hops()
    found = fit_states(counts, 3, bin_s=0.02, restarts=2)
    order = found.rates[:, ::3].argmax(axis=1)  # which of the three it is
    assert sorted(order) == [0, 1, 2]
    assert np.sort(found.rates, axis=1)[:, -3:] == pytest.approx(50, rel=0.1)  # spikes/s
    state = found.state()
    sure = state >= 0
    assert sure.mean() > 0.85
    assert (order[state[sure]] == path[sure]).mean() > 0.98
    assert np.diag(found.transitions) == pytest.approx(0.98, abs=0.01)
    assert found.durations().mean() == pytest.approx(0.02 / 0.02, rel=0.4)  # 50 bins of 20 ms


@pytest.mark.parametrize("criterion", ["cross-validation", "BIC"])
def test_the_number_of_states_is_chosen(criterion):
    pytest.importorskip("hmmlearn")
    counts, _ = hops(trials=6, bins=250)
    best, values = choose_states(counts, [1, 2, 3, 4], bin_s=0.02, criterion=criterion, folds=2,
                                 restarts=2)  # fmt: skip
    assert best == 3 or (criterion == "cross-validation" and best == 4)
    assert values[1] > values[2] > values[3]
    assert abs(values[4] - values[3]) < 0.05 * (values[2] - values[3])  # a fourth adds nothing


def test_what_has_no_states_says_so(monkeypatch):
    counts, _ = hops(trials=4, bins=100)
    with pytest.raises(SpecError, match="no criterion"):
        choose_states(counts, [2], bin_s=0.02, criterion="evidence")
    with pytest.raises(SpecError, match="neuron 1 never spikes"):
        fit_states(counts * (np.arange(9) != 1)[:, None], 2, bin_s=0.02)
    with pytest.raises(SpecError, match="trials, neurons, bins"):
        fit_states(counts[0], 2, bin_s=0.02)
    monkeypatch.setitem(sys.modules, "hmmlearn", None)
    monkeypatch.setitem(sys.modules, "hmmlearn.hmm", None)
    with pytest.raises(SpecError, match=r"dendmod\[hmm\]"):
        fit_states(counts, 2, bin_s=0.02)
