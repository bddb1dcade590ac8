"""Do the equations on gains and on decision boundaries agree with automatic differentiation?"""

import pytest

torch = pytest.importorskip("torch")

from dendmod.errors import SpecError  # noqa: E402
from dendmod.learning.hebbian import signs_kept, terms  # noqa: E402
from dendmod.learning.multitask_spec import MultitaskSpec  # noqa: E402
from dendmod.learning.networks import MODULATIONS, MultitaskNetwork  # noqa: E402
from dendmod.learning.normals import (  # noqa: E402
    boundary_points,
    normal_coefficients,
    normal_vectors,
)
from dendmod.rng import stream  # noqa: E402


def numbers(name, *shape):
    return torch.from_numpy(stream(8, name).normal(size=shape))


def setting(runs=3, tasks=4, samples=30, k=15, positive=False):
    gain = numbers("gain", runs, tasks, k)
    bias = numbers("bias", runs, 1)
    if positive:
        gain, bias = gain.abs() + 0.05, -bias.abs() - 0.01
    return {
        "drive": numbers("drive", tasks, samples, k),
        "gain": gain,
        "output_gain": numbers("output gain", runs, tasks),
        "x_shift": numbers("x-shift", runs, 1),
        "bias": bias,
        "output_bias": numbers("output bias", runs, 1),
        "target": torch.sign(numbers("target", tasks, samples)),
    }


def by_autograd(s):
    """Gradient of L of Eq 18, written out unit by unit."""
    gain = s["gain"].clone().requires_grad_()
    output_gain = s["output_gain"].clone().requires_grad_()
    y = torch.relu(
        gain[..., None, :] * (s["drive"] - s["x_shift"][..., None, None])
        + s["bias"][..., None, None]
    )
    summed = y.sum(-1) / y.shape[-1] ** 0.5
    out = torch.tanh(output_gain[..., None] * summed + s["output_bias"][..., None])
    loss = -0.5 * (out - s["target"]) ** 2
    loss.mean(-1).sum().backward()
    return gain.grad, output_gain.grad


@pytest.mark.parametrize("positive", [False, True])
def test_eq_19_is_the_gradient(positive):
    s = setting(positive=positive)
    found = terms(**s)
    hidden, output = by_autograd(s)
    assert hidden.abs().max() > 1e-3
    torch.testing.assert_close(found.hidden_gradient(), hidden, rtol=0, atol=1e-10)
    torch.testing.assert_close(found.output_gradient(), output, rtol=0, atol=1e-10)


def test_with_positive_gains_and_negative_bias_the_error_gives_the_sign():
    found = terms(**setting(positive=True))
    assert signs_kept(found.post).all()
    each = found.error[..., None] * found.post  # gradient of each sample
    active = found.post > 0
    assert active.any()
    assert (torch.sign(each) == torch.sign(found.error)[..., None])[active].all()


def test_other_signs_can_turn_the_gradient():
    s = setting(positive=True)
    assert not signs_kept(terms(**s | {"bias": -s["bias"]}).post).all()
    assert not signs_kept(terms(**s | {"gain": -s["gain"]}).post).all()


def network(modulation, hidden=(12, 9, 7)):
    spec = MultitaskSpec(n_in=5, hidden=hidden, n_tasks=3, modulation=modulation)
    return MultitaskNetwork(spec, seeds=[1, 2]).double()


@pytest.mark.parametrize("modulation", sorted(MODULATIONS))
@pytest.mark.parametrize("hidden", [(12,), (12, 9, 7)])
def test_a_normal_vector_is_the_gradient_and_a_sum_of_input_weights(modulation, hidden):
    net = network(modulation, hidden)
    x = numbers("x", 2, 3, 20, 5).requires_grad_()
    net.output_preactivation(x).sum().backward()
    assert x.grad.abs().max() > 1e-3
    torch.testing.assert_close(normal_vectors(net, x), x.grad, rtol=0, atol=1e-12)
    c, w = normal_coefficients(net, x), net.values["weight0"].detach()
    assert c.shape == (2, 3, 20, hidden[0])
    each = c[..., None] * (w[:, :, None] if w.ndim == 4 else w[:, None, None])
    torch.testing.assert_close(each.sum(-2), x.grad, rtol=0, atol=1e-12)


def test_along_the_boundary_the_output_stays_zero():
    """Eqs 11 and 12: a(x) = w (x - x_D) near a point of the boundary."""
    net = network("gain_xshift")
    x = numbers("candidates", 4000, 5) * 3
    out = net.output_preactivation(x)
    # pairs that every run and task tells apart need a choice of their own for each
    yes = torch.stack([torch.stack([x[o.argmax()] for o in run]) for run in out])[:, :, None]
    no = torch.stack([torch.stack([x[o.argmin()] for o in run]) for run in out])[:, :, None]
    at = boundary_points(net, yes, no)
    assert net.output_preactivation(at).abs().max() < 1e-12
    normal = normal_vectors(net, at)
    step = numbers("step", *at.shape) * 1e-6
    along = step - (step * normal).sum(-1, keepdim=True) * normal / (normal**2).sum(
        -1, keepdim=True
    )
    assert net.output_preactivation(at + along).abs().max() < 1e-12
    torch.testing.assert_close(
        net.output_preactivation(at + step), (step * normal).sum(-1), rtol=1e-5, atol=1e-12
    )


def test_points_on_one_side_have_no_boundary_between_them():
    net = network("gain_xshift")
    x = numbers("x", 1, 5)
    with pytest.raises(SpecError, match="positive"):
        boundary_points(net, x, x)
