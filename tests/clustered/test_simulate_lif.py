"""Does simulate_lif do every step as stated, for anyone's network?"""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from dendmod.clustered import ClusteredNetwork, build_network, simulate_lif
from dendmod.errors import SpecError
from tests.clustered.reference import dense_lif


def random_network(rng, n, strength=0.6):
    weights = np.where(rng.random((n, n)) < 0.3, rng.normal(0, strength, (n, n)), 0.0)
    return weights, rng.uniform(0.8, 1.5, n), rng.uniform(40, 140, n), rng.uniform(-0.5, 1.6, n)


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 150),
    seed=st.integers(0, 10**6),
    t_ref=st.sampled_from([0.0, 0.1, 2.0, 5.0, 5.05]),
    longest=st.sampled_from([1, 10, 60]),
    early=st.booleans(),
    v_reset=st.sampled_from([-0.1, -0.1, 0.9]),
    dt=st.sampled_from([0.05, 0.1, 0.2]),
    tau_m=st.sampled_from([10.0, 20.0]),
    tau_s=st.sampled_from([2.0, 5.0]),
)
def test_follows_the_dense_reference_step_by_step(
    n, seed, t_ref, longest, early, v_reset, dt, tau_m, tau_s
):
    # 60 steps at the start are longer than a refractory period; some thresholds lie below 0.9
    rng = np.random.default_rng(seed)
    weights, thresholds, mu, v0 = random_network(rng, n)
    steps = 600
    mu_t = mu * (1 + 0.3 * np.sin(np.arange(steps)[:, None] / 50 + np.arange(n)))
    current0 = rng.normal(0, 30, n)
    left0 = rng.integers(0, longest, n)
    if not early:  # nobody spikes while refractory
        v0 = np.where(left0 > 0, np.minimum(v0, thresholds - 0.01), v0)
    expected, v, current = dense_lif(
        weights, thresholds, mu_t, v0, steps, dt, tau_m, tau_s, t_ref, v_reset, current0, left0
    )
    done = simulate_lif(
        weights, thresholds, mu, v0=v0, current0=current0, refractory0=left0 * dt,
        t_stop=steps * dt, dt=dt, tau_m=tau_m, tau_s=tau_s, t_refractory=t_ref, v_reset=v_reset,
        mu_t=mu_t, record_v=range(n),
    )  # fmt: skip
    # rounding can move a spike only where v comes within 1e-9 mV of threshold: none here
    assert np.array_equal(done.spike_ids, expected[:, 1])
    assert np.allclose(done.spike_times, expected[:, 0] * dt, rtol=0, atol=1e-9)
    assert np.allclose(done.v, v, rtol=0, atol=1e-9)
    assert np.allclose(done.current, current, rtol=0, atol=1e-6)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    data=st.data(), dt=st.sampled_from([0.1, 0.05]), n=st.integers(1, 3), steps=st.integers(1, 12)
)
def test_follows_the_reference_at_the_edges_of_time_and_state(data, dt, n, steps):
    """Refractory periods of part of a step, starts at the threshold, runs cut at any step."""
    part = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.3])
    t_ref, left0 = data.draw(part), np.array([data.draw(part) for _ in range(n)])
    v0 = np.array(
        [data.draw(st.sampled_from([0.0, 1.0, np.nextafter(1.0, 2), 1.5, -5.0])) for _ in range(n)]
    )
    weights = np.full((n, n), data.draw(st.sampled_from([0.0, 3.0, -3.0])))
    mu, cut = data.draw(st.sampled_from([0.0, 300.0, 5000.0])), data.draw(st.integers(0, steps))
    expected, v, _ = dense_lif(
        weights, np.ones(n), np.full((steps, n), mu), v0, steps, dt, t_ref=t_ref * dt,
        v_reset=0.0, left0=np.ceil(left0),
    )  # fmt: skip
    same = {"dt": dt, "t_refractory": t_ref * dt, "record_v": range(n)}
    state = {"v0": v0, "refractory0": left0 * dt}
    times, ids, vs = [], [], []
    for first, last in ((0, cut), (cut, steps)):
        done = simulate_lif(weights, 1.0, mu, t_stop=(last - first) * dt, **state, **same)
        state = {
            "v0": done.v_end, "current0": done.current_end, "refractory0": done.refractory_end
        }  # fmt: skip
        times += (done.spike_times / dt + first).tolist()
        ids += done.spike_ids.tolist()
        vs.append(done.v)
    assert ids == expected[:, 1].tolist()
    assert np.allclose(times, expected[:, 0], rtol=0, atol=1e-6)
    assert np.allclose(np.concatenate(vs, axis=1), v, rtol=0, atol=1e-9)


def test_follows_the_reference_on_a_clustered_network():
    network = build_network(ClusteredNetwork(), 3)
    v0 = np.random.default_rng(0).random(2000) * network.thresholds
    steps = 1500
    spikes, v, _ = dense_lif(
        network.weights.toarray(),
        network.thresholds,
        np.broadcast_to(network.mu, (steps, 2000)),
        v0,
        steps,
    )
    done = simulate_lif(
        network.weights, network.thresholds, network.mu, v0=v0, t_stop=150, record_v=[0, 1999]
    )
    assert spikes.shape[0] > 500
    assert np.array_equal(done.spike_ids, spikes[:, 1])
    assert np.allclose(done.v, v[[0, 1999]], rtol=0, atol=1e-8)


def test_one_neuron_fires_at_the_analytic_rate():
    # v reaches 1 mV after tau ln(mu tau / (mu tau - 1)); Euler at dt / tau = 1/200 adds < 0.1 ms
    mu, tau = 100.0, 20.0
    period = 5 + tau * np.log(mu * 0.02 / (mu * 0.02 - 1))
    done = simulate_lif(np.zeros((1, 1)), 1.0, mu, t_stop=2000)
    assert np.diff(done.spike_times) == pytest.approx(period, abs=0.15)


@pytest.mark.parametrize(
    ("t_refractory", "dt", "samples"),
    [(5.0, 0.1, 50), (5.0, 0.05, 100), (2.0, 0.1, 20), (0.1, 0.1, 1), (0.0, 0.1, 0),
     (0.15, 0.1, 2)],
)  # fmt: skip
@pytest.mark.parametrize("early", [False, True])
def test_v_is_at_reset_for_the_whole_refractory_period(t_refractory, dt, samples, early):
    # `early`: a second neuron spikes while refractory, for which the kernel keeps another list
    v0, left = ([2.0, 2.0], [0.0, 1.0]) if early else ([2.0, 0.0], [0.0, 0.0])
    done = simulate_lif(
        np.zeros((2, 2)), 1.0, 100.0, v0=v0, refractory0=left, t_stop=30, dt=dt,
        t_refractory=t_refractory, v_reset=-0.5, record_v=[0],
    )  # fmt: skip
    assert done.spike_times[0] == 0
    assert (done.v[0] == -0.5).cumprod().sum() == samples
    again = simulate_lif(  # what is left at the start is held as long
        np.zeros((2, 2)), 1.0, 100.0, v0=done.v_end, refractory0=t_refractory, t_stop=30, dt=dt,
        t_refractory=t_refractory, v_reset=-0.5, record_v=[0],
    )  # fmt: skip
    assert (again.v[0] == -0.5).cumprod().sum() == samples


def test_a_spike_adds_its_weight_once():
    # the area under the current is the weight: it adds J mV in all, over tau_s
    weights = np.array([[0.0, 0.0], [0.7, 0.0]])
    done = simulate_lif(weights, [1.0, 50.0], 0.0, v0=[2.0, 0.0], t_stop=100, record_v=[1])
    assert done.spike_ids.tolist() == [0]
    assert done.spike_times[0] == 0
    area = done.current[0].sum() * 1e-4
    assert area == pytest.approx(0.7, rel=0.02)  # Euler: dt / (1 - exp(-dt/tau_s)) / tau_s = 1.01


@pytest.mark.parametrize("tau_s", [5.0, 0.4])  # currents that decay fast are scaled anew
def test_currents_of_e_and_i_neurons_and_the_drive_are_recorded_apart(tau_s):
    rng = np.random.default_rng(7)
    weights, thresholds, mu, v0 = random_network(rng, 60)
    inhibitory = np.arange(60) % 4 == 0
    mu_t = mu * (1 + 0.3 * np.sin(np.arange(13000)[:, None] / 50 + np.arange(60)))
    shown = [3, 41]
    done = simulate_lif(
        weights,
        thresholds,
        mu,
        v0=v0,
        t_stop=1300,
        mu_t=mu_t,
        record_v=shown,
        inhibitory=inhibitory,
        tau_s=tau_s,
    )
    plain = simulate_lif(
        weights, thresholds, mu, v0=v0, t_stop=1300, mu_t=mu_t, record_v=shown, tau_s=tau_s
    )
    assert np.array_equal(done.spike_ids, plain.spike_ids)
    assert np.array_equal(done.current, plain.current)
    assert plain.current_I is None
    assert np.array_equal(done.external, mu_t[:, shown].T)
    assert done.spike_ids.size > 1000
    # from the spikes, one by one
    for part, own in ((done.current_E, ~inhibitory), (done.current_I, inhibitory)):
        expected = np.zeros((2, 13000))
        for time, pre in zip(np.rint(done.spike_times / 0.1).astype(int), done.spike_ids,
                             strict=True):  # fmt: skip
            if own[pre]:
                later = np.arange(13000 - time)
                expected[:, time:] += (
                    weights[shown, pre][:, None] / tau_s * 1e3 * np.exp(-later * 0.1 / tau_s)
                )
        assert np.allclose(part, expected, rtol=0, atol=1e-6)
    first = simulate_lif(
        weights, thresholds, mu, v0=v0, t_stop=400, mu_t=mu_t[:4000], record_v=shown,
        inhibitory=inhibitory, tau_s=tau_s,
    )  # fmt: skip
    second = simulate_lif(
        weights, thresholds, mu, v0=first.v_end, current0=first.current_end,
        refractory0=first.refractory_end, t_stop=900, mu_t=mu_t[4000:], record_v=shown,
        inhibitory=inhibitory, tau_s=tau_s,
    )  # fmt: skip
    assert np.allclose(
        np.hstack([first.current_I, second.current_I]), done.current_I, rtol=0, atol=1e-6
    )
    constant = simulate_lif(weights, thresholds, mu, t_stop=1, record_v=shown)
    assert np.array_equal(constant.external, np.repeat(mu[shown][:, None], 10, axis=1))
    with pytest.raises(SpecError, match="who is `inhibitory`"):
        _ = plain.current_E


def test_dense_sparse_and_runs_in_two_parts_agree():
    rng = np.random.default_rng(5)
    weights, thresholds, mu, v0 = random_network(rng, 90)
    whole = simulate_lif(weights, thresholds, mu, v0=v0, t_stop=700)
    again = simulate_lif(sparse.coo_array(weights), thresholds, mu, v0=v0, t_stop=700)
    first = simulate_lif(weights, thresholds, mu, v0=v0, t_stop=333.3)
    second = simulate_lif(
        weights, thresholds, mu, v0=first.v_end, current0=first.current_end,
        refractory0=first.refractory_end, t_stop=366.7,
    )  # fmt: skip
    assert np.array_equal(whole.spike_ids, again.spike_ids)
    assert np.array_equal(whole.spike_ids, np.concatenate([first.spike_ids, second.spike_ids]))
    assert np.allclose(
        whole.spike_times, np.concatenate([first.spike_times, second.spike_times + 333.3])
    )
    assert whole.spike_ids.size > 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.zeros((2, 3))}, "square"),
        ({"weights": np.full((2, 2), np.nan)}, "not finite"),
        ({"mu": [1.0, 2.0, 3.0]}, "mu of shape"),
        ({"v0": [np.inf, 0]}, "v0 holds"),
        ({"dt": 0.0}, "dt = 0"),
        ({"t_stop": 10.03}, "whole number of steps"),
        ({"mu_t": np.zeros((5, 2))}, "mu_t of shape"),
        ({"record_v": [2]}, "record_v"),
        ({"t_refractory": -1.0}, "t_refractory"),
        ({"inhibitory": [0, 1]}, "True or False"),
        ({"inhibitory": [True]}, "True or False"),
        ({"inhibitory": [True, False], "current0": [1.0, 2.0]}, "two rows|(2, 2)"),
    ],
)
def test_what_is_not_allowed_is_refused(change, message):
    given_ = {"weights": np.zeros((2, 2)), "thresholds": 1.0, "mu": 1.0, "t_stop": 10.0, **change}
    with pytest.raises(SpecError, match=message):
        simulate_lif(given_.pop("weights"), given_.pop("thresholds"), given_.pop("mu"), **given_)


def test_all_neurons_refractory_at_once():
    # no neuron is left to be reset late or spike early when all wait, from the start and later
    for refractory0 in (0.0, 5.0):
        done = simulate_lif(
            np.zeros((3, 3)), 1.0, 1e5, v0=0.0, refractory0=refractory0, t_stop=60, record_v=[0]
        )
        assert np.array_equal(done.spike_ids, np.tile(np.arange(3), done.spike_ids.size // 3))
        # held for 50 steps with that of the spike, above threshold one step later
        assert np.allclose(np.diff(done.spike_times[::3]), 5.1)
        assert (done.v[0] > 1).sum() * 3 - done.spike_ids.size in (0, 3)


def test_more_neurons_than_16_bits_number():
    n = 70000
    weights = sparse.csc_array(([0.7], ([n - 1], [0])), shape=(n, n))
    v0 = np.zeros(n)
    v0[0] = 2.0
    done = simulate_lif(weights, 1.0, 0.0, v0=v0, t_stop=1, record_v=[n - 1, n - 65537])
    assert done.spike_ids.tolist() == [0]
    assert done.current[0, 0] == pytest.approx(140)
    assert not done.current[1].any()


def test_results_are_those_of_before():
    # figures in the documents are of these spikes: whoever changes them measures again
    network = build_network(ClusteredNetwork(), 3)
    v0 = np.random.default_rng(0).random(2000) * network.thresholds
    done = simulate_lif(network.weights, network.thresholds, network.mu, v0=v0, t_stop=100)
    spikes = np.stack([np.rint(done.spike_times / 0.1), done.spike_ids]).astype("<i8")
    assert (done.spike_ids.size, zlib.crc32(spikes.tobytes())) == (1208, 4103584231)


def test_no_time_gives_no_spikes():
    done = simulate_lif(np.zeros((1, 1)), 1.0, 100.0, t_stop=0, record_v=[0])
    assert done.spike_times.size == 0
    assert done.v.shape == (1, 0)


def test_a_mask_says_who_is_recorded_and_fractions_do_not():
    mu = np.linspace(0, 900, 6)
    by_mask = simulate_lif(np.zeros((6, 6)), 20.0, mu, t_stop=50, record_v=np.arange(6) > 3)
    by_number = simulate_lif(np.zeros((6, 6)), 20.0, mu, t_stop=50, record_v=[4, 5])
    assert by_mask.v.shape[0] == 2
    assert np.array_equal(by_mask.v, by_number.v)
    for wrong in ([4.9], [6], np.ones(5, bool)):
        with pytest.raises(SpecError, match="record_v"):
            simulate_lif(np.zeros((6, 6)), 20.0, mu, t_stop=50, record_v=wrong)


def test_a_sparse_matrix_is_not_changed_and_may_be_read_only():
    def made():  # neuron 0 gets two synapses from neuron 1, which are summed
        parts = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 0, 0, 0]), np.array([0, 2, 4])
        return sparse.csc_array(parts, shape=(2, 2))

    plain, locked = made(), made()
    for array in (locked.data, locked.indices, locked.indptr):
        array.flags.writeable = False
    runs = [simulate_lif(w, 20.0, 1100.0, t_stop=50) for w in (plain, locked, made().toarray())]
    assert plain.data.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert plain.indices.tolist() == [1, 0, 0, 0]
    assert runs[0].spike_times.size > 0
    assert all(np.array_equal(r.spike_times, runs[0].spike_times) for r in runs)
