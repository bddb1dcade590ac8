"""Do networks of oscillators and masses bifurcate, synchronise and fluctuate as they must?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_continuous_lyapunov

from dendmod.errors import SpecError
from dendmod.population import (
    Activation,
    MassNetwork,
    Normal,
    OscillatorNetwork,
    Step,
    hopf_drives,
    logistic_transfer,
    modular_connectivity,
    modularity,
    order_parameter,
    phase_locking,
    phases,
    population_transfer,
    receptor_map,
    within_between,
)
from dendmod.population.oscillators import eigenvalues, fixed_point
from dendmod.study.registry import find


def test_hopf_points_of_one_oscillator():
    low, high = hopf_drives()
    assert low == pytest.approx(1.740, abs=5e-4)
    assert high == pytest.approx(14.260, abs=5e-4)
    for drive in (low, high):
        pair = eigenvalues(drive)
        assert np.abs(pair.real).max() < 1e-9
        assert abs(pair[0].imag) / (2 * np.pi) == pytest.approx(9.55, abs=0.005)
    assert eigenvalues(low - 0.01).real.max() < 0 < eigenvalues(low + 0.01).real.max()
    assert eigenvalues(high + 0.01).real.max() < 0 < eigenvalues(high - 0.01).real.max()


@given(st.floats(-100, 100))
def test_a_fixed_point_stays(drive):
    v, w = fixed_point(drive)
    assert w + 3 * v**2 - v**3 + drive == pytest.approx(0, abs=1e-7 * (1 + abs(v) ** 3))
    assert -w - 10 * v == pytest.approx(0, abs=1e-9)


def alone(drive: float) -> np.ndarray:
    """A lone cycle: two nodes that see a constant half of each other."""
    net = OscillatorNetwork(np.array([[0.0, 1.0], [1.0, 0.0]]), 0.0)
    return net.integrate(
        [logistic_transfer(0.0)], 2 * drive, duration=2.0, discard=4.0, dt=0.5, seed=1
    )[0, 0]


@pytest.mark.parametrize(("drive", "cycles"), [(1.5, False), (5.0, True), (14.6, False)])
def test_it_cycles_between_the_hopf_points_alone(drive, cycles):
    assert bool(np.ptp(alone(drive)) > 0.1) == cycles


def test_coupling_synchronises_and_its_absence_does_not():
    a, _ = modular_connectivity(24, 4, 0.8, 0.1, seed=3)
    assert a.sum(axis=1) == pytest.approx(np.ones(24))
    assert not np.diag(a).any()
    net = OscillatorNetwork(a, 1.0)
    runs = net.integrate(
        [logistic_transfer(s) for s in (0.0, 0.5)], 10.0, duration=4.0, discard=1.0, dt=0.5, seed=2
    )
    null, coupled = (order_parameter(phases(v)) for v in runs)
    assert null < 0.4
    assert coupled > 0.9
    again = net.integrate([logistic_transfer(0.5)], 10.0, duration=4.0, discard=1.0, dt=0.5, seed=2)
    assert again[0] == pytest.approx(runs[1], abs=1e-6)  # a run does not depend on its neighbours


def test_a_population_function_stands_in_for_the_logistic():
    erf = Activation(Step(30.0), Normal(0.5, 0.1), "nA")
    transfer = population_transfer(erf, erf.qmax, centre=0.5, per_unit=0.02)
    assert transfer(np.array([1.5]))[0] == pytest.approx(0.5, abs=1e-6)
    slope = (transfer(np.array([1.6])) - transfer(np.array([1.4])))[0] / 0.2
    assert slope == pytest.approx(0.02 / (0.1 * np.sqrt(2 * np.pi)), rel=1e-2)


def test_transfers_of_all_kinds_run_side_by_side_as_they_run_alone():
    erf = Activation(Step(30.0), Normal(0.5, 0.1), "nA")
    kinds = [
        logistic_transfer(0.3),
        population_transfer(erf, erf.qmax, centre=0.5, per_unit=0.05),
        lambda v: 0.5 + 0.05 * np.tanh(v),
        population_transfer(erf, erf.qmax, centre=0.45, per_unit=0.2),
    ]
    a, _ = modular_connectivity(12, 2, 0.8, 0.2, seed=1)
    net = OscillatorNetwork(a, 1.0)
    settings = {"duration": 0.3, "discard": 0.0, "dt": 0.5, "seed": 4}
    together = net.integrate(kinds, 10.0, **settings)
    for transfer, run in zip(kinds, together, strict=True):
        alone = net.integrate([lambda v, s=transfer: s(v)], 10.0, **settings)[0]
        assert np.abs(alone - run).max() < 1e-9


def test_measures_of_synchrony_on_signals_that_are_known():
    t = np.arange(4000) / 400
    same = np.sin(2 * np.pi * 9 * t + np.zeros((6, 1)))
    assert order_parameter(phases(same)) == pytest.approx(1.0, abs=1e-6)
    spread = np.sin(2 * np.pi * 9 * t + 2 * np.pi * np.arange(6)[:, None] / 6)
    assert order_parameter(phases(spread)) < 1e-2
    assert phase_locking(phases(spread)).min() > 0.999  # locked, though not in phase
    two = np.sin(2 * np.pi * np.array([9, 9, 9, 11, 11, 11])[:, None] * t)
    locking = phase_locking(phases(two))
    within, between = within_between(locking, [0, 0, 0, 1, 1, 1])
    assert within > 0.99
    assert between < 0.1
    assert modularity(locking, [0, 0, 0, 1, 1, 1]) == pytest.approx(0.5, abs=0.05)
    assert modularity(np.ones((6, 6)), [0, 0, 0, 1, 1, 1]) < 0


def test_a_receptor_map_moves_the_nodes_that_carry_receptors():
    erf = Activation(Step(50.0), Normal(0.5, 0.1), "nA")
    density = np.array([0.0, 0.5, 1.0])
    nodes = receptor_map(erf, density, output=1.2, input=1.5, shift=-0.1)
    assert nodes[0](0.45) == pytest.approx(float(erf(0.45)))
    assert nodes[2](0.45) == pytest.approx(1.2 * float(erf(1.5 * 0.55)))
    h = 1e-6
    slope = (nodes[1](0.45 + h) - nodes[1](0.45 - h)) / (2 * h)
    assert nodes[1].gain(0.45) == pytest.approx(float(slope), rel=1e-6)
    net = MassNetwork(nodes, np.ones((3, 3)) / 3, 0.001, 10.0, np.full(3, 0.4))
    v = net.settle()
    assert np.abs(net.derivative(v)).max() < 1e-9
    assert np.all(np.diff(net.rates(v)) > 0)


def test_fluctuations_of_a_linear_network_have_the_covariance_of_a_simulation():
    erf = Activation(Step(50.0), Normal(0.5, 0.2), "nA")
    net = MassNetwork((erf,) * 2, np.array([[0.0, 1.0], [1.0, 0.0]]), 0.004, 10.0, np.full(2, 0.3))
    v = net.settle()
    noise, dt, steps = 1e-4, 0.5, 100_000
    kicks = np.random.default_rng(5).normal(0, noise * np.sqrt(dt), (steps, 2))
    x, total, a = np.zeros(2), np.zeros((2, 2)), net.jacobian(v)
    for kick in kicks:
        x = x + dt * (a @ x) + kick
        total += np.outer(x, x)
    assert total / steps == pytest.approx(net.covariance(v, noise), rel=0.15)


def test_what_is_impossible_is_refused():
    with pytest.raises(SpecError, match="two modules"):
        within_between(np.ones((3, 3)), [0, 0, 0])
    with pytest.raises(SpecError, match="probabilities"):
        modular_connectivity(10, 2, 1.5, 0.1, 1)
    with pytest.raises(SpecError, match="densities"):
        receptor_map(Activation(Step(), Normal(0, 1)), [1.2])


def test_the_linearised_network_is_the_derivative_and_input_comes_from_the_presynaptic_node():
    erf = Activation(Step(50.0), Normal(0.5, 0.1), "nA")
    nodes = receptor_map(erf, [0.0, 0.4, 1.0], output=1.5, input=1.3, shift=-0.2)
    a = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0], [0.5, 0.0, 0.0]])
    net = MassNetwork(nodes, a, 0.01, 10.0, np.array([0.3, 0.2, 0.1]))
    v = np.array([0.45, 0.5, 0.35])
    rate = [float(q(x)) for q, x in zip(nodes, v, strict=True)]
    heard = [0.01 * rate[1], 0.02 * rate[2], 0.005 * rate[0]]  # rows of `a` are those who listen
    assert net.derivative(v) == pytest.approx((-v + heard + net.drive) / 10.0)
    numeric = np.empty((3, 3))
    for k in range(3):
        h = 1e-6 * np.eye(3)[k]
        numeric[:, k] = (net.derivative(v + h) - net.derivative(v - h)) / 2e-6
    assert net.jacobian(v) == pytest.approx(numeric, abs=1e-7)


def test_an_oscillator_listens_along_its_row():
    # node 1 hears a constant half of node 0, and node 0 hears nobody: only node 1 cycles
    net = OscillatorNetwork(np.array([[0.0, 0.0], [1.0, 0.0]]), 0.0)
    (v,) = net.integrate([logistic_transfer(0.0)], 10.0, duration=1.0, discard=3.0, dt=0.5, seed=1)
    assert np.ptp(v, axis=1) == pytest.approx([0.0, np.ptp(v[1])], abs=1e-3)
    assert np.ptp(v[1]) > 1.0


def test_noise_at_rest_has_the_variance_of_the_linear_network():
    """dV = 20 W + noise, dW = 20 (-W - 10 V) near rest; Euler would add a tenth at this step."""
    noise, nodes = 0.05, 400
    jacobian = 20.0 * np.array([[0.0, 1.0], [-10.0, -1.0]])
    kicks = np.diag([noise**2, 0.0])
    expected = solve_continuous_lyapunov(jacobian, -kicks)[0, 0]
    net = OscillatorNetwork(np.zeros((nodes, nodes)), noise)
    (v,) = net.integrate([logistic_transfer(0.0)], 1.0, duration=3.0, discard=0.7, dt=0.5, seed=3)
    assert v.var() == pytest.approx(expected, rel=0.04)


def test_phases_do_not_depend_on_the_mean_and_leave_out_both_ends():
    t = np.arange(2000) / 400
    x = np.sin(2 * np.pi * 9 * t + np.array([[0.0], [1.0]]))
    assert phases(x + 5.0) == pytest.approx(phases(x), abs=1e-9)
    assert phases(x, trim=0.1).shape == (2, 1600)
    step = np.angle(np.exp(1j * np.diff(phases(x), axis=1)))
    assert step == pytest.approx(2 * np.pi * 9 / 400, rel=0.01)


def test_gain_takes_the_network_from_segregation_to_integration_and_back():
    """Shine 2018's transition: 80 nodes in 4 modules; one seed, 3 s."""
    n = find("shine2021/fig5").settings()["network"]
    a, _ = modular_connectivity(n["nodes"], n["modules"], n["within"], n["between"], 7)
    net = OscillatorNetwork(a, n["noise"])

    def order(gamma, sigmas):
        runs = net.integrate(
            [logistic_transfer(s) for s in sigmas], gamma,
            duration=3.0, discard=2.0, dt=n["dt_ms"], seed=7,
        )  # fmt: skip
        return [order_parameter(phases(v)) for v in runs]

    null, some, much = order(10.0, (0.0, 0.05, 0.5))
    assert null < 0.2  # the trial had .135
    assert null + 0.1 < some < much
    assert much > 0.97  # .99
    null, best, most = order(4.0, (0.0, 0.6, 1.5))
    assert best > 0.7  # .77
    assert max(null, most) < 0.35  # .135 and .22
