"""Does layer-wise contrastive learning compute Eqs 25-27, and teach one layer at a time?"""

import numpy as np
import pytest
import torch

from dendmod.errors import SpecError
from dendmod.learning import tmcl
from dendmod.learning.augment import view
from dendmod.learning.classification import TaskSet
from dendmod.learning.contrast_spec import ContrastSpec, StackSpec, ViewSpec
from dendmod.learning.stack import GainStack
from dendmod.learning.tmcl import (
    Images,
    contrastive_loss,
    train_end_to_end,
    train_filters,
    train_gains,
)

NOTHING = {"scale": (1.0, 1.0), "flip": 0.0, "jitter_p": 0.0, "grayscale_p": 0.0}
PIXELS = torch.rand(24, 3, 8, 8, generator=torch.Generator().manual_seed(1))
QUICK = ContrastSpec(
    filter_epochs=2, filter_batch=8, gain_epochs=2, gain_batch=12, filter_rate=0.01, gain_rate=0.01
)


def seen(**changes):
    return view(PIXELS, ViewSpec(**{**NOTHING, **changes}), np.random.default_rng(3))


def test_a_view_without_changes_is_the_image():
    torch.testing.assert_close(seen(), PIXELS, atol=1e-5, rtol=0)


def test_a_mirrored_view_is_the_mirrored_image():
    torch.testing.assert_close(seen(flip=1.0), PIXELS.flip(-1), atol=1e-5, rtol=0)


def test_a_grey_view_has_the_luma_in_all_channels():
    grey = seen(grayscale_p=1.0)
    luma = (PIXELS * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1)
    for channel in range(3):
        torch.testing.assert_close(grey[:, channel], luma, atol=1e-5, rtol=0)


def test_a_crop_shows_a_part_of_the_image():
    """On a ramp from left to right, a crop of a quarter of the area spans half of the range."""
    ramp = torch.linspace(0, 1, 16).expand(50, 1, 16, 16)
    spec = ViewSpec(**{**NOTHING, "scale": (0.25, 0.25)})
    found = view(ramp, spec, np.random.default_rng(1))
    span = found[..., -1] - found[..., 0]
    torch.testing.assert_close(span, torch.full_like(span, 0.5), atol=0.02, rtol=0)
    left = found[:, 0, 0, 0]
    assert left.min() < 0.1
    assert left.max() > 0.4


def test_colours_keep_grey_grey_and_hue_turns_them():
    grey = PIXELS[:, :1].expand_as(PIXELS)
    spec = ViewSpec(**{**NOTHING, "jitter_p": 1.0, "brightness": 0, "contrast": 0})
    found = view(grey, spec, np.random.default_rng(1))
    torch.testing.assert_close(found, grey, atol=2e-3, rtol=0)  # no brightness from hue
    turned = view(PIXELS, spec, np.random.default_rng(1))
    assert (turned - PIXELS).abs().mean() > 0.02
    assert turned.min() >= 0
    assert turned.max() <= 1


def test_hues_turn_by_up_to_so_many_turns():
    """The angle in the plane of chroma, of faint colours that no edge clips; the luma stays."""
    faint = 0.5 + 0.05 * (PIXELS[:1] - 0.5).expand(400, -1, -1, -1)
    spec = ViewSpec(
        **{**NOTHING, "jitter_p": 1.0, "brightness": 0, "contrast": 0, "saturation": 0, "hue": 0.3}
    )
    found = view(faint, spec, np.random.default_rng(1))
    plane = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    before, after = (torch.einsum("ij,njhw->inhw", plane, x) for x in (faint, found))
    torch.testing.assert_close(before[0], after[0], atol=1e-3, rtol=0)
    turned = torch.complex(after[1], after[2]) / torch.complex(before[1], before[2])
    turns = turned.mean((1, 2)).angle() / (2 * np.pi)
    assert turns.abs().max() == pytest.approx(0.3, abs=0.01)
    assert turns.mean().abs() < 0.03
    assert turns.std() == pytest.approx(0.6 / 12**0.5, rel=0.1)  # uniform


def test_the_loss_is_equation_27():
    z = torch.randn(6, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    n, tau = 3, 0.5

    def s(i, j):
        return (z[i] @ z[j] / (z[i].norm() * z[j].norm())).item()

    def part(k, partner):
        others = sum(np.exp(s(k, j) / tau) for j in range(2 * n) if j != k)
        return -np.log(np.exp(s(k, partner) / tau) / others)

    expected = sum(part(k, n + k) + part(n + k, k) for k in range(n)) / (2 * n)
    assert contrastive_loss(z, tau).item() == pytest.approx(expected, rel=1e-12)


def stack(layers=3, **more):
    fields = {"channels_in": 3, "layers": layers, "width": 5, "n_tasks": 3, "gain_start": "normal"}
    return GainStack(StackSpec(**{**fields, **more}), seed=4)


def test_a_layer_is_equation_25():
    net = stack(2)
    with torch.no_grad():
        net.mean0.copy_(torch.arange(5) * 0.1)
        net.var0.copy_(torch.arange(5) + 0.5)
        net.values["offset0"].copy_(torch.arange(5) * 0.2)
    task = torch.tensor([2, 0])
    found = net.layer(0, PIXELS[:2], task)
    value = {k: v.detach().double().numpy() for k, v in net.values.items()}
    padded = np.pad(PIXELS[:2].double().numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    for i, c, row, column in ((0, 1, 0, 0), (1, 4, 3, 7), (0, 3, 5, 2)):
        patch = padded[i, :, row : row + 3, column : column + 3]
        a = value["gain0"][task[i], c] * (
            (value["weight0"][c] * patch).sum() - value["x_shift0"][c]
        )
        a = (a - 0.1 * c) / np.sqrt(c + 0.5 + 1e-5) * value["scale0"][c] + value["offset0"][c]
        assert found[i, c, row, column].item() == pytest.approx(max(0, a), abs=1e-5)
    assert net.layer(1, found, task).shape == (2, 5, 4, 4)  # every second layer is pooled


@pytest.mark.parametrize("kind", ["constant", "rademacher", "rademacher_kaiming", "kaiming"])
def test_gains_start_as_table_4_says(kind):
    net = stack(width=400, gain_start=kind)
    gain, edge = net.values["gain1"].detach(), 2 * (3 / 3600) ** 0.5
    if kind == "constant":
        assert (gain == 1).all()
    elif kind == "rademacher":
        assert set(gain.unique().tolist()) == {-1.0, 1.0}
    else:
        centre = gain.sign() if kind == "rademacher_kaiming" else torch.zeros_like(gain)
        assert (gain - centre).abs().max() <= edge
        assert (gain - centre).std() == pytest.approx(edge / 3**0.5, rel=0.1)


def changed(net, train):
    before = {k: v.clone() for k, v in net.state_dict().items()}
    train()
    return {k for k, v in net.state_dict().items() if not torch.equal(v, before[k])}


def tasks():
    y = torch.arange(24) % 3
    return TaskSet(Images(PIXELS).seen(PIXELS), torch.arange(3)[:, None] == y, y)


def of(layer, *names):
    return {f"values.{name}{layer}" for name in names}


@pytest.mark.parametrize("modulated", [True, False])
def test_the_contrastive_phase_teaches_one_layer_its_filters(modulated):
    net = stack()
    drawn = [0, 1, 2] if modulated else None
    moved = changed(net, lambda: train_filters(net, 1, Images(PIXELS), QUICK, tasks=drawn))
    assert moved == of(1, "weight", "x_shift", "scale", "offset")
    assert all(net.values[f"{name}0"].grad is None for name in ("weight", "gain", "scale"))


def test_the_supervised_phase_teaches_one_layer_its_gains():
    net = stack()
    moved = changed(net, lambda: train_gains(net, 1, tasks(), tasks(), QUICK))
    assert moved == of(1, "gain", "x_shift", "scale", "offset", "out") | {"mean1", "var1"}


def test_backpropagation_teaches_all_layers():
    net = stack(2)
    moved = changed(net, lambda: train_end_to_end(net, tasks(), tasks(), QUICK))
    for layer in (0, 1):
        assert of(layer, "weight", "gain", "x_shift", "scale", "offset") <= moved
    assert of(1, "out") <= moved
    assert not of(0, "out") & moved


def test_views_are_modulated_by_the_tasks_that_are_given():
    """With one task's gains alone in the layer below, another task's gains do not matter."""

    def learned(spoiled):
        net = stack()
        with torch.no_grad():
            net.values["gain0"][spoiled] = 7.0
        train_filters(net, 1, Images(PIXELS), QUICK, tasks=[1])
        return net.values["weight1"].detach()

    torch.testing.assert_close(learned(0), learned(2))
    assert not torch.allclose(learned(1), learned(2))


def test_a_pair_can_have_one_task():
    """Views without changes: partners of one task are alike, and told apart from all others."""
    same = ViewSpec(**NOTHING)
    spec = QUICK.model_copy(update={"views": same, "filter_epochs": 1})
    losses = {}
    for partners in ("own", "same task"):
        net = stack()
        with torch.no_grad():
            net.values["gain0"][1] = -net.values["gain0"][0]
        changed = spec.model_copy(update={"partners": partners})
        losses[partners] = train_filters(net, 1, Images(PIXELS), changed, tasks=[0, 1])[0]
    assert losses["same task"] < losses["own"] - 0.1


def test_a_layer_ends_with_the_gains_of_the_lowest_validation_loss():
    """Where validation wants the opposite of training, that is not the last epoch."""
    net, learned = stack(), tasks()
    y = (torch.arange(24) + 1) % 3
    opposite = TaskSet(learned.x, torch.arange(3)[:, None] == y, y)
    spec = QUICK.model_copy(update={"gain_epochs": 4, "gain_rate": 0.1})
    losses = train_gains(net, 1, learned, opposite, spec)
    assert losses[-1] > min(losses) + 0.01
    kept = tmcl._balanced_loss(net, 1, opposite, None)
    assert kept == pytest.approx(min(losses), rel=1e-5)


def test_a_layer_keeps_the_filters_of_the_lowest_loss():
    """They are those of a training that ends with that epoch."""

    def learned(epochs):
        net = stack()
        spec = QUICK.model_copy(update={"filter_epochs": epochs, "filter_rate": 1.0})
        return train_filters(net, 1, Images(PIXELS), spec, tasks=[0, 1]), net.values["weight1"]

    losses, kept = learned(6)
    best = int(np.argmin(losses))
    assert best < 5
    assert torch.equal(kept, learned(best + 1)[1])


def test_the_validation_loss_weighs_positives_and_negatives_alike(monkeypatch):
    positive = torch.tensor([[True, False, False, False]])
    few = TaskSet(PIXELS[:4], positive, torch.arange(4))
    net = stack()
    for says, expected in ((1.0, 2.0), (-1.0, 2.0), (0.0, 1.0)):
        monkeypatch.setattr(GainStack, "says", lambda *_, s=says: torch.full((1, 4), s))
        assert tmcl._balanced_loss(net, 0, few, None) == pytest.approx(expected)
    monkeypatch.setattr(GainStack, "says", lambda *_: torch.tensor([[-1.0, -1.0, -1.0, 1.0]]))
    assert tmcl._balanced_loss(net, 0, few, None) == pytest.approx((4 + 4 / 3) / 2)


def test_what_is_fixed_is_computed_once_and_the_same(monkeypatch):
    def learned(kept):
        monkeypatch.setattr(tmcl, "_KEPT", kept)
        net = stack()
        spec = QUICK.model_copy(update={"gain_epochs": 6})
        losses = train_gains(net, 1, tasks(), tasks(), spec)
        return losses, net.values["gain1"].detach()

    (losses, gains), (again, same) = learned(10**9), learned(0)
    np.testing.assert_allclose(losses, again, rtol=1e-4)
    torch.testing.assert_close(gains, same, rtol=1e-3, atol=1e-4)


def test_a_layer_grows_on_what_it_can_tell():
    """Filters that learn tell samples apart better than at first."""
    net = stack(1, width=16)
    spec = QUICK.model_copy(
        update={"filter_epochs": 25, "filter_batch": 24, "views": ViewSpec(scale=(0.7, 1.0))}
    )
    losses = train_filters(net, 0, Images(PIXELS), spec, tasks=[0])
    assert min(losses[-5:]) < losses[0] - 0.3


def test_a_phase_without_tasks_is_refused():
    with pytest.raises(SpecError, match="at least one task, or None"):
        train_filters(stack(), 1, Images(PIXELS), QUICK, tasks=[])
