"""Is the network that of Table 1, and is it the same whenever it is drawn?"""

import numpy as np
import pytest

from dendmod.clustered import ClusteredNetwork, build_network
from dendmod.errors import SpecError


@pytest.fixture(scope="module")
def network():
    return build_network(ClusteredNetwork(), 1)


def test_factors_of_18_clusters():
    spec = ClusteredNetwork()
    assert spec.n_clusters == 18
    assert spec.I_cluster_size == 20
    assert spec.factors("E", "E")[1] == pytest.approx(0.381, abs=5e-4)
    assert spec.factors("I", "I")[1] == pytest.approx(0.810, abs=5e-4)
    assert spec.factors("E", "I")[0] == pytest.approx(6.667, abs=5e-4)
    assert spec.factors("I", "E")[0] == pytest.approx(5.760, abs=5e-4)
    assert spec.external("E") == pytest.approx(92.953, abs=1e-3)
    assert spec.external("I") == pytest.approx(82.816, abs=2e-3)


@pytest.mark.parametrize("post", ["E", "I"])
@pytest.mark.parametrize("pre", ["E", "I"])
def test_weights_keep_the_stated_means(network, post, pre):
    spec = network.spec
    own = {"E": network.excitatory, "I": ~network.excitatory}
    block = network.weights[np.flatnonzero(own[post])][:, np.flatnonzero(own[pre])].toarray()
    a = network.cluster[own[post]][:, None]
    b = network.cluster[own[pre]][None, :]
    plus, minus = spec.factors(post, pre)
    assert (np.sign(block[block != 0]) == (1 if pre == "E" else -1)).all()
    background = (a < 0) | (b < 0)
    for where, factor in (((a != b) & ~background, minus), (background, 1.0)):
        some = block[where]
        some = some[some != 0]
        # the SD is 20 %: the mean of m weights is within 5 x 0.2 / sqrt(m)
        assert some.mean() == pytest.approx(
            factor * spec.weight(post, pre), rel=1.0 / np.sqrt(some.size)
        )
    within = block[(a == b) & ~background]
    others = 1 - (20 if post == "I" else 80) ** -1 if post == pre else 1.0  # not itself
    assert (within != 0).mean() == pytest.approx(others * spec.probability(post, pre), abs=0.02)
    if (post, pre) == ("E", "E"):
        for k, size in enumerate(network.sizes):
            some = block[(a == k) & (b == k)]
            some = some[some != 0]
            expected = plus * network.sizes.mean() / size * spec.weight("E", "E")
            assert some.mean() == pytest.approx(expected, rel=1.0 / np.sqrt(some.size))
    else:
        assert within[within != 0].mean() == pytest.approx(plus * spec.weight(post, pre), rel=0.02)


@pytest.mark.parametrize(("depressed", "same"), [(False, 1.0), (True, None)])
def test_the_background_is_coupled_as_asked(depressed, same):
    spec = ClusteredNetwork().with_(background_depressed=depressed, weight_cv=0.0)
    net = build_network(spec, 2)
    to, out = np.flatnonzero(net.excitatory & (net.cluster == -1)), net.members(3)
    for post, pre in ((to, out), (out, to), (to, to)):
        block = net.weights[post][:, pre].toarray()
        factor = same or spec.factors("E", "E")[1]
        assert block[block != 0] == pytest.approx(factor * spec.weight("E", "E"))


def test_sizes_sum_and_nobody_connects_to_itself(network):
    assert network.sizes.sum() == 1440
    assert not network.weights.diagonal().any()
    assert np.bincount(network.cluster[~network.excitatory] + 1).tolist() == [40] + [20] * 18


def test_the_seed_decides(network):
    again = build_network(ClusteredNetwork(), 1)
    other = build_network(ClusteredNetwork(), 2)
    assert (again.weights != network.weights).nnz == 0
    assert not np.array_equal(other.sizes, network.sizes)


def test_the_baseline_drive_is_even_unless_it_is_asked_to_jitter(network):
    spec = network.spec.with_(baseline_jitter_E=0.05, baseline_jitter_I=0.025)
    drawn, again = (build_network(spec, 1) for _ in range(2))
    assert np.array_equal(drawn.mu, again.mu)
    assert (drawn.weights != network.weights).nnz == 0  # all else is as it was
    assert len(set(network.mu)) == 2
    for own, width in ((network.excitatory, 0.05), (~network.excitatory, 0.025)):
        part = drawn.mu[own] / network.mu[own] - 1
        assert 0.95 * width < np.abs(part).max() <= width
        assert part.std() == pytest.approx(width / np.sqrt(3), rel=0.1)  # evenly
        assert abs(part.mean()) < 4 * width / np.sqrt(3 * part.size)


def test_the_homogeneous_network_has_no_clusters_to_see():
    spec = ClusteredNetwork().homogeneous()
    assert all(spec.factors(a, b) == (1.0, 1.0) for a in "EI" for b in "EI")
    assert len(set(build_network(spec, 1).sizes)) == 1


@pytest.mark.parametrize(
    "change", [{"p_EE": 1.5}, {"j_EE": -1.0}, {"v_reset": 1.0}, {"mean_cluster_size": 5000},
               {"n_neuron": 100}, {"r_ext": float("nan")}]
)  # fmt: skip
def test_what_cannot_be_a_network_is_refused(change):
    with pytest.raises(SpecError):
        ClusteredNetwork(**change)
