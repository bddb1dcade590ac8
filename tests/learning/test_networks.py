"""Do networks compute Eq 2, task by task and run by run?"""

import numpy as np
import pytest
import torch

from dendmod.errors import SpecError
from dendmod.exchange import read_io
from dendmod.learning.activation import from_io
from dendmod.learning.multitask_spec import MultitaskSpec
from dendmod.learning.networks import MODULATIONS, MultitaskNetwork
from dendmod.paths import data_dir

IO = data_dir("protocols") / "io_nmda.json"
X = torch.randn(7, 4, generator=torch.Generator().manual_seed(3))


def made(modulation, seeds=(1, 2), **more):
    fields = {"n_in": 4, "hidden": (5, 3), "n_tasks": 3, "modulation": modulation, **more}
    return MultitaskNetwork(MultitaskSpec(**fields), seeds)


def by_hand(network, run, task, x):
    """The output of one network for one task and one sample, unit by unit."""
    values = {k: v.detach().double().numpy()[run] for k, v in network.values.items()}

    def own(name):
        if name not in values:
            return None
        return values[name][task] if network.where[name] == "task" else values[name]

    y = np.asarray(x, dtype=float)
    for layer in range(network.layers):
        weight = own(f"weight{layer}")
        gain, bias, shift = (own(f"{n}{layer}") for n in ("gain", "bias", "x_shift"))
        if shift is None and network.spec.x_shift is not None:
            shift = np.full(len(weight), network.spec.x_shift)
        if bias is None and network.spec.bias is not None:
            bias = np.full(len(weight), network.spec.bias)
        above = []
        for unit in range(len(weight)):
            a = sum(weight[unit][i] * y[i] for i in range(len(y)))
            a = a - (0 if shift is None else shift[unit])
            a = a * (1 if gain is None else gain[unit]) + (0 if bias is None else bias[unit])
            above.append(np.tanh(a) if layer == network.layers - 1 else max(0.0, a))
        y = np.array(above)
    return y[0]


@pytest.mark.parametrize("modulation", MODULATIONS)
def test_output_is_the_equation_unit_by_unit(modulation):
    network = made(modulation)
    found = network(X)
    assert found.shape == (2, 3, 7)
    for run, task, sample in ((0, 0, 0), (1, 2, 6), (0, 1, 3)):
        expected = by_hand(network, run, task, X[sample])
        assert found[run, task, sample].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("modulation", MODULATIONS)
def test_only_what_is_a_tasks_own_differs_between_tasks(modulation):
    sizes = {name: p.shape[1] for name, p in made(modulation).named("task").items()}
    own = {
        "readout": {"weight2", "bias2"},
        "gain": {"gain0", "gain1", "gain2"},
        "bias": {"bias0", "bias1", "bias2"},
        "gain_bias": {"gain0", "gain1", "gain2", "bias0", "bias1", "bias2"},
        "gain_xshift": {"gain0", "gain1", "gain2"},
        "task_specific": {"weight0", "weight1", "weight2", "bias0", "bias1", "bias2"},
    }
    assert set(sizes) == own[modulation]
    assert set(sizes.values()) == {3}


def test_a_run_depends_on_its_own_seed_alone():
    alone, both = made("gain_xshift", (2,)), made("gain_xshift", (1, 2))
    for name, p in alone.values.items():
        assert torch.equal(p[0], both.values[name][1])
        assert not torch.equal(both.values[name][0], both.values[name][1])


def test_samples_may_differ_by_task_and_by_run():
    network = made("gain_bias")
    x = torch.randn(2, 3, 6, 4, generator=torch.Generator().manual_seed(5))
    found = network(x)
    for run in range(2):
        for task in range(3):
            expected = network(x[run, task])[run, task]
            torch.testing.assert_close(found[run, task], expected)
    torch.testing.assert_close(network(x[0])[0], found[0])


@pytest.mark.parametrize("modulation", MODULATIONS)
def test_gradients_are_those_of_finite_differences(modulation):
    network = made(modulation, (1,)).double()
    x = X.double()

    def loss():
        return (network(x) ** 2).sum()

    loss().backward()
    step = 1e-6
    for name, p in network.values.items():
        at = tuple(0 for _ in p.shape)
        found = p.grad[at].item()
        with torch.no_grad():
            p[at] += step
            up = loss()
            p[at] -= 2 * step
            down = loss()
            p[at] += step
        expected = ((up - down) / (2 * step)).item()
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-8), name


def test_a_task_teaches_its_own_gains_and_the_shared_weights():
    network = made("gain_xshift")
    network(X)[0, 1].sum().backward()
    assert network.values["gain0"].grad[0, 1].abs().sum() > 0
    assert network.values["gain0"].grad[0, [0, 2]].abs().sum() == 0
    assert network.values["weight0"].grad[0].abs().sum() > 0
    assert network.values["weight0"].grad[1].abs().sum() == 0  # another run


def test_new_tasks_find_the_shared_parameters_and_nothing_else():
    old = made("gain_bias")
    new = old.with_new_tasks(5, (11, 12))
    for name, p in old.named("shared").items():
        assert torch.equal(new.values[name], p)
    assert new.values["gain0"].shape == (2, 5, 5)
    assert new(X).shape == (2, 5, 7)


@pytest.mark.parametrize("modulation", ["readout", "gain_bias", "gain_xshift"])
def test_scaled_outputs_leave_the_arms_of_tanh(modulation):
    network = made(modulation)
    with torch.no_grad():
        network.values["weight1"] *= 100  # as large as trained weights may get
    assert network.output_preactivation(X).abs().max() > 5
    before = network.output_preactivation(X)
    network.scale_output(X)
    bias = network.values["bias2"].detach()
    after = network.output_preactivation(X) - (bias if bias.ndim == 3 else bias[:, None])
    rms = after.square().mean(-1).sqrt()
    torch.testing.assert_close(rms, torch.ones_like(rms))
    # scaled around the bias, not shifted
    ratio = after / (before - (bias if bias.ndim == 3 else bias[:, None]))
    torch.testing.assert_close(ratio, ratio[..., :1].expand_as(ratio), rtol=1e-3, atol=0)


def test_hidden_units_of_an_io_file_are_its_curves():
    """In inputs and spikes, a unit with the gain of a level is the fitted curve of this level."""
    curves = read_io(IO).fit("gain_xshift").curves
    gains = np.array([c.gain for c in curves.values()])
    mean = gains.mean()
    fields = from_io(IO)
    assert (fields["gain_mean"], fields["gain_sd"]) == (1.0, pytest.approx((gains / mean).std()))
    network = made("gain_xshift", **fields)
    assert "x_shift0" not in network.values
    assert "bias0" not in network.values
    assert "bias2" in network.values  # the output unit learns its own
    inputs = torch.linspace(-50, 200, 40)
    for curve in curves.values():
        with torch.no_grad():
            network.values["weight0"].zero_()[:, 0, 0] = 1.0
            network.values["gain0"].fill_(curve.gain / mean)
        x = torch.zeros(40, 4)
        x[:, 0] = inputs * mean
        found = torch.relu(network.preactivation(0, x[None, None]))[0, 0, :, 0]
        expected = [curve(v) for v in inputs.tolist()]
        assert found.tolist() == pytest.approx(expected, abs=1e-4)


def test_a_wrong_specification_is_refused():
    with pytest.raises(SpecError, match="1 unit or more"):
        made("gain", hidden=(5, 0))
    with pytest.raises(SpecError, match="fixed x_shift or bias belongs"):
        made("gain_bias", x_shift=1.0)
