"""Do perturbations, stimuli and trials do what they say to the network's drive and weights?"""

from dataclasses import replace

import numpy as np
import pytest

from dendmod.clustered import ClusteredNetwork, build_network, simulate_lif
from dendmod.clustered.perturbation import KINDS, Perturbation, double_exponential
from dendmod.clustered.readings import ADDED, READINGS, weight_change
from dendmod.clustered.stimulus import draw_stimuli
from dendmod.clustered.trials import TrialRunner, TrialSpikes
from dendmod.errors import SpecError

SMALL = ClusteredNetwork(n_neurons=400, mean_cluster_size=48, cluster_size_cv=0.1, r_ext=11.2)


@pytest.fixture(scope="module")
def network():
    return build_network(SMALL, 4)


def with_weights(network, change):
    """The network with something added to each of its weights (mV)."""
    weights = network.weights.copy()
    weights.data = weights.data + change
    return replace(network, weights=weights)


def matrix(network, change):
    """What is added, [post, pre] (mV)."""
    return with_weights(network, change).weights - network.weights


def test_the_mean_moves_one_population(network):
    e = network.excitatory
    added = Perturbation("dmean_E", 0.1).pattern(network)
    assert added[e] == pytest.approx(0.1 * network.mu[e])
    assert not added[~e].any()
    assert not Perturbation("dmean_I", 0.1).pattern(network)[e].any()


def test_the_variance_has_its_size_and_scales_the_same_numbers(network):
    i = ~network.excitatory
    small = Perturbation("dvar_I", 0.1).pattern(network)
    assert Perturbation("dvar_I", 0.5).pattern(network) == pytest.approx(5 * small)
    assert not small[~i].any()
    driven = build_network(SMALL.with_(r_ext=22.4), 4)
    assert Perturbation("dvar_I", 0.1).pattern(driven) == pytest.approx(2 * small)
    large = build_network(ClusteredNetwork(), 1)
    z = Perturbation("dvar_E", 0.2).pattern(large)[:1600] / large.mu[0]
    assert z.std() == pytest.approx(0.2, rel=0.1)
    assert abs(z.mean()) < 0.2 * 4 / np.sqrt(1600)


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_is_simulate_lif_with_the_drive_written_out(network, kind):
    runner = TrialRunner(network, draw_stimuli(network), settle=0.1)
    perturbation = Perturbation(kind, 0.15, pulse=(0.05, 0.2))
    spikes = runner.run(3, -0.1, 0.3, perturbation=perturbation, onset=-0.05, stimulus=1)
    t = -0.2 + np.arange(5000) * 1e-4
    profile = perturbation.profile(t, -0.05)[:, None]
    mu = network.mu + profile * perturbation.pattern(network)
    mu = mu + np.clip(t, 0, 1)[:, None] * runner.stimuli.pattern(network, 1)
    if kind in ("dAMPA", "dGABA"):  # in time: only the constant case is a scaled matrix
        constant = runner.run(3, -0.1, 0.3, perturbation=Perturbation(kind, 0.15), stimulus=1)
        scaled = with_weights(network, weight_change(network, kind, 0.15))
        again = TrialRunner(scaled, draw_stimuli(network), 0.1).run(3, -0.1, 0.3, stimulus=1)
        assert np.array_equal(constant.ids, again.ids)
        assert not np.array_equal(constant.ids, spikes.ids)
        return
    from dendmod.rng import stream

    v0 = stream(network.seed, "v0", 3, 1).random(400) * network.thresholds
    done = simulate_lif(network.weights, network.thresholds, 0.0, v0=v0, t_stop=500, mu_t=mu)
    assert done.spike_ids.size > 100
    assert np.array_equal(done.spike_ids, spikes.ids)
    assert spikes.times == pytest.approx(done.spike_times * 1e-3 - 0.2)


def test_every_spike_is_in_one_bin(network):
    spikes = TrialRunner(network).run(0, 0.0, 0.5)
    counts = spikes.counts(400, 0.02)
    assert counts.shape == (400, 25)
    assert counts.sum() == (spikes.times > -1e-9).sum()
    whole = spikes.counts(400, 0.02, begin=spikes.start)
    assert whole.sum() == spikes.times.size


def test_the_double_exponential_peaks_at_1_where_it_should():
    t = np.linspace(-1, 5, 60_001)
    y = double_exponential(t, 0.1, 1.0)
    assert y.max() == pytest.approx(1, abs=1e-6)
    assert t[y.argmax()] == pytest.approx(np.log(10) * 0.1 / 0.9, abs=2e-4)
    assert not y[t < 0].any()


def test_stimuli_reach_half_of_the_selective_clusters():
    net = build_network(ClusteredNetwork(), 2)
    ramp, pair = draw_stimuli(net, "ramp"), draw_stimuli(net, "pair")
    for s in range(4):
        inside = np.isin(net.cluster, np.flatnonzero(ramp.selective[s])) & net.excitatory
        assert ramp.targets[s].sum() == round(0.5 * inside.sum())
        assert not (ramp.targets[s] & ~inside).any()
        pairs = np.flatnonzero(pair.selective[s])
        assert pair.targets[s][net.excitatory].sum() == net.sizes[pairs].sum()
        assert pair.targets[s][~net.excitatory].sum() == 10 * pairs.size
    assert not np.array_equal(ramp.selective[0], ramp.selective[1])
    assert ramp.profile(np.array([-1, 0, 0.5, 1, 2])).tolist() == [0, 0, 0.5, 1, 1]


@pytest.mark.parametrize("kind", ["dAMPA", "dGABA"])
def test_readings_divide_the_weights(network, kind):
    """Readings onto E and onto I, within and between clusters, add up to all that is scaled."""
    change = {r: matrix(network, weight_change(network, kind, 0.1, r)) for r in READINGS}
    for parts in (("onto E", "onto I"), ("within clusters", "between clusters")):
        total = change[parts[0]] + change[parts[1]] - change["recurrent"]
        assert np.abs(total).max() < 1e-12
    own = network.excitatory if kind == "dAMPA" else ~network.excitatory
    assert np.abs(change["recurrent"][:, np.flatnonzero(~own)]).sum() == 0
    assert np.abs(change["recurrent"] - 0.1 * network.weights * own).max() < 1e-12
    for reading in ("with external", "added, with external"):
        if kind in READINGS[reading].kinds:
            drive = Perturbation(kind, 0.1, reading=reading).pattern(network)
            assert drive == pytest.approx(0.1 * network.mu)
    assert not Perturbation(kind, 0.1).pattern(network).any()


@pytest.mark.parametrize("kind", ["dAMPA", "dGABA"])
def test_adding_to_the_mean_gives_every_synapse_of_a_type_as_much(kind):
    """z j / sqrt(N) on each synapse that there is, in a cluster as outside, down to 0."""
    network = build_network(ClusteredNetwork(), 1)
    own = network.excitatory if kind == "dAMPA" else ~network.excitatory
    spec, pre = network.spec, kind[1] == "A"
    for size in (0.3, -0.3):
        added = weight_change(network, kind, size, ADDED)
        post, source = network.weights.tocoo().coords
        assert not added[~own[source]].any()
        for population, onto in (("E", network.excitatory), ("I", ~network.excitatory)):
            some = own[source] & onto[post]
            expected = size * spec.weight(population, "E" if pre else "I")
            weights = network.weights.data[some]
            kept = np.abs(weights) > abs(expected) if size < 0 else np.ones(weights.size, bool)
            assert added[some][kept] == pytest.approx(expected)
            assert (weights + added[some])[~kept] == pytest.approx(0)
    # so a cluster's own synapses change by less, relative to their size, than those around it
    change = weight_change(network, "dAMPA", 0.1, ADDED) / network.weights.data
    a, b = network.cluster[post], network.cluster[source]
    of_E = network.excitatory[post] & network.excitatory[source]
    assert change[of_E & (a == b) & (a >= 0)].mean() < 0.02 < 0.1 < change[of_E & (a != b)].mean()


def test_a_reading_begins_when_the_perturbation_does(network):
    """Until its onset a trial is the unperturbed one, and then that of the changed network."""
    runner = TrialRunner(network, settle=0.1)
    for reading in (ADDED, "recurrent", "added, with external"):
        one = Perturbation("dAMPA", 0.3, reading=reading)
        plain = runner.run(2, -0.2, 0.3)
        late = runner.run(2, -0.2, 0.3, perturbation=one, onset=0.0)
        never = runner.run(2, -0.2, 0.3, perturbation=one, onset=1.0)
        assert np.array_equal(never.ids, plain.ids)
        before = late.times < 0
        assert np.array_equal(late.ids[before], plain.ids[plain.times < 0])
        assert not np.array_equal(late.ids, plain.ids)
        spec = network.spec.with_(r_ext=network.spec.r_ext)
        changed = with_weights(network, one.weight_change(network))
        changed = replace(changed, mu=network.mu + one.pattern(network), spec=spec)
        always = runner.run(2, -0.2, 0.3, perturbation=one)
        again = TrialRunner(changed, settle=0.1).run(2, -0.2, 0.3)
        assert np.array_equal(always.ids, again.ids)


def test_two_perturbations_at_once_are_their_sum(network):
    runner = TrialRunner(network, settle=0.1)
    pair = [Perturbation("dAMPA", 0.2), Perturbation("dGABA", -0.1, reading=ADDED)]
    both = runner.run(1, -0.1, 0.4, perturbation=[*pair, Perturbation("dmean_I", 0.1)])
    change = sum(one.weight_change(network) for one in pair)
    again = TrialRunner(with_weights(network, change), settle=0.1).run(
        1, -0.1, 0.4, perturbation=Perturbation("dmean_I", 0.1)
    )
    assert np.array_equal(both.ids, again.ids)
    below = Perturbation("dAMPA", 0.2, course=lambda s: np.full(s.shape, -1.0))
    minus = runner.run(1, -0.1, 0.4, perturbation=below, onset=0.0)
    assert np.array_equal(
        minus.ids, runner.run(1, -0.1, 0.4, perturbation=Perturbation("dAMPA", -0.2)).ids
    )
    first, late = runner.run(1, -0.1, 0.4, perturbation=pair[0]), runner.run(
        1, -0.1, 0.4, perturbation=pair, onset=[-np.inf, 0.1])  # fmt: skip
    assert np.array_equal(first.ids[first.times < 0.1], late.ids[late.times < 0.1])
    assert not np.array_equal(first.ids, late.ids)


def test_a_perturbation_has_any_time_course_and_reaches_a_part(network):
    t = np.linspace(-0.5, 1.0, 16)
    one = Perturbation("dmean_E", 0.1, course=lambda s: np.sin(s) * (s > 0))
    assert one.profile(t, 0.25) == pytest.approx(np.sin(t - 0.25) * (t > 0.25))
    for kind, own in (("dvar_E", network.excitatory), ("dmean_I", ~network.excitatory)):
        half, third = (Perturbation(kind, 0.1, fraction=f).targets(network) for f in (0.5, 1 / 3))
        assert half.sum() == round(0.5 * own.sum())
        assert not (half & ~own).any()
        assert not (third & ~half).any()
        assert Perturbation(kind, 0.1).targets(network).tolist() == own.tolist()
        drive = Perturbation(kind, 0.1, fraction=0.5).pattern(network)
        assert np.array_equal(drive != 0, half)
    part = Perturbation("dAMPA", 0.1, fraction=0.25)
    source = network.weights.tocoo().coords[1]
    reached = np.unique(source[part.weight_change(network) != 0])
    assert np.array_equal(reached, np.flatnonzero(part.targets(network)))
    assert reached.size == round(0.25 * network.excitatory.sum())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Perturbation("dNMDA", 0.1), "no perturbation"),
        (lambda: Perturbation("dvar_E", -0.1), "it is an SD"),
        (lambda: Perturbation("dmean_E", float("nan")), "finite"),
        (lambda: Perturbation("dmean_E", 0.1, (0.1, 1.0)).profile(np.zeros(1), -np.inf), "onset"),
        (lambda: TrialRunner(build_network(SMALL, 0)).run(0, 0.0, 0.1, stimulus=0), "stimulus 0"),
        (lambda: double_exponential(np.zeros(1), 1.0, 0.5), "rise"),
        (lambda: draw_stimuli(build_network(SMALL, 0), "tone"), "no stimulus"),
        (lambda: Perturbation("dAMPA", 0.1, reading="half"), "no reading 'half'"),
        (lambda: Perturbation("dGABA", 0.1, reading="with external"), "one of dAMPA"),
        (lambda: Perturbation("dmean_E", 0.1, reading=ADDED), "one of dAMPA, dGABA"),
        (lambda: Perturbation("dmean_E", 0.1, fraction=1.5), "from 0 to 1"),
        (lambda: Perturbation("dmean_E", 0.1, (0.1, 1.0), lambda s: s), "one of them"),
        (
            lambda: Perturbation("dmean_E", 0.1, course=lambda s: 1.0).profile(np.zeros(2), 0.0),
            "for each time",
        ),
    ],
)
def test_what_is_not_allowed_is_refused(make, message):
    with pytest.raises(SpecError, match=message):
        make()


def test_a_constant_perturbation_begins_at_its_onset():
    t = np.array([-0.6, -0.5001, -0.5, 0.0, 1.0])
    assert Perturbation("dmean_E", 0.1).profile(t, -0.5).tolist() == [0, 0, 1, 1, 1]
    assert Perturbation("dmean_E", 0.1).profile(t, -np.inf).tolist() == [1] * 5


@pytest.mark.parametrize("begin", [-0.2, -0.7, 0.0])
def test_spikes_at_every_step_fill_all_bins_alike(begin):
    """Times are sums of steps: without a guard their rounding would move some to the next bin."""
    times = begin + np.arange(12_000) * 1e-4
    spikes = TrialSpikes(times, np.zeros(times.size, int), begin, begin + 1.2, begin)
    for bin_s in (0.02, 0.05, 0.001):
        assert set(spikes.counts(1, bin_s)[0]) == {round(bin_s / 1e-4)}


@pytest.mark.parametrize("kind", ["ramp", "pair"])
def test_selective_neurons_are_all_of_the_selective_clusters(kind):
    net = build_network(ClusteredNetwork(), 2)
    stimuli = draw_stimuli(net, kind)
    for s, selective in enumerate(stimuli.selective_neurons(net)):
        inside = np.isin(net.cluster, np.flatnonzero(stimuli.selective[s]))
        assert np.array_equal(selective, inside & net.excitatory if kind == "ramp" else inside)
        assert not (stimuli.targets[s] & ~selective).any()
