"""Does training many networks at once do what training each would?"""

import numpy as np
import pytest
import torch

from dendmod.errors import SpecError
from dendmod.learning.classification import plane_tasks
from dendmod.learning.multitask_spec import MultitaskSpec, TrainSpec
from dendmod.learning.networks import MultitaskNetwork
from dendmod.learning.optim import BatchedAdam
from dendmod.learning.scan import scan_rates
from dendmod.learning.training import evaluate, train

SPEC = MultitaskSpec(n_in=2, hidden=(8, 6), n_tasks=48, modulation="gain_xshift")
QUICK = {"batch": 200, "steps": 5, "max_epochs": 4}
SETS = {part: plane_tasks(300, 1, part) for part in ("train", "val", "test")}


def trained(seeds, **changes):
    network = MultitaskNetwork(SPEC, seeds)
    spec = TrainSpec(**{**QUICK, **changes})
    return network, train(network, SETS["train"], SETS["val"], spec)


def assert_same(a, b, runs_a=slice(None), runs_b=slice(None), atol=0.0):
    for name, p in a.values.items():
        torch.testing.assert_close(p[runs_a], b.values[name][runs_b], rtol=0, atol=atol)


def test_together_is_as_each_alone():
    """Different seeds and different learning rates, one of them stopping before the other."""
    rates = {"lr_shared": (1e-1, 2e-2), "lr_task": (3e-1, 5e-2)}
    both, history = trained((5, 6), **rates, max_epochs=40, patience=1)
    assert history.best_epoch[0] != history.best_epoch[1]
    assert (history.best_epoch < history.epochs - 1).all()
    kept = evaluate(both, SETS["val"]).mean(axis=1)
    np.testing.assert_allclose(kept, history.best, atol=1e-6)  # not those of the last epoch
    for i in (0, 1):
        one = {name: pair[i] for name, pair in rates.items()}
        alone, own = trained((5 + i,), **one, max_epochs=40, patience=1)
        assert_same(alone, both, runs_b=slice(i, i + 1), atol=1e-4)
        assert own.best_epoch[0] == history.best_epoch[i]
        assert own.best[0] == pytest.approx(history.best[i], abs=1e-6)


def test_adam_is_that_of_pytorch():
    generator = torch.Generator().manual_seed(1)
    ours = {"a": torch.nn.Parameter(torch.randn(2, 3, generator=generator))}
    theirs = [torch.nn.Parameter(ours["a"][i].detach().clone()) for i in range(2)]
    rates = torch.tensor([1e-2, 3e-1])
    adam = BatchedAdam([(ours, rates)])
    others = [torch.optim.Adam([p], lr=r) for p, r in zip(theirs, rates.tolist(), strict=True)]
    for step in range(5):
        ((ours["a"] - step) ** 4).sum().backward()
        adam.step()
        for p, other in zip(theirs, others, strict=True):
            other.zero_grad()
            ((p - step) ** 4).sum().backward()
            other.step()
    torch.testing.assert_close(ours["a"], torch.stack(theirs), rtol=1e-5, atol=1e-6)


def test_training_learns_and_keeps_the_best_epoch():
    network, history = trained((1,), max_epochs=12, steps=30, lr_shared=1e-2, lr_task=2e-2)
    before = evaluate(MultitaskNetwork(SPEC, (1,)), SETS["val"]).mean()
    assert history.best[0] > before + 0.15
    assert history.loss[-1] < history.loss[0]
    # the parameters left are those of the best epoch, not of the last one
    assert evaluate(network, SETS["val"]).mean() == pytest.approx(history.best[0], abs=1e-6)
    assert history.best[0] == max(v[0] for v in history.val)
    assert history.val[history.best_epoch[0]][0] == history.best[0]


def test_training_stops_after_patience():
    _, history = trained((1,), lr_shared=0.0, lr_task=0.0, max_epochs=20, patience=3)
    assert history.epochs == 3
    assert history.best_epoch[0] == -1


def test_what_is_frozen_does_not_move():
    network, _ = trained((1,), frozen=("shared",), steps=20)
    first = MultitaskNetwork(SPEC, (1,))
    for name, p in first.named("shared").items():
        assert torch.equal(p, network.values[name]), name
    for name, p in first.named("task").items():
        assert not torch.equal(p, network.values[name]), name


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lr_task": (0.1, 0.1, 0.1)}, "lr_task has 3 values for 2 runs"),
        ({"frozen": ("gain",)}, "allowed are 'shared' and 'task'"),
    ],
)
def test_wrong_settings_are_refused(changes, said):
    with pytest.raises(SpecError, match=said):
        trained((1, 2), **changes)


def test_sets_of_another_size_are_refused():
    network = MultitaskNetwork(SPEC.model_copy(update={"n_tasks": 2}), (1,))
    with pytest.raises(SpecError, match="48 tasks, the network 2 and 2"):
        train(network, SETS["train"], SETS["val"], TrainSpec(**QUICK))


def test_the_scan_walks_to_the_best_rates():
    target = np.log10([1e-1, 3e-4])
    asked = []

    def score(pairs):
        asked.extend(pairs)
        return -np.square(np.log10(pairs) - target).sum(axis=1)

    scan = scan_rates(score, rounds=10)
    assert np.log10(scan.best) == pytest.approx(target, abs=0.26)  # half of a grid step
    assert len(asked) == len({tuple(np.round(np.log10(p), 6)) for p in asked})  # none twice
    assert scan_rates(score, rounds=1).rates.shape == (9, 2)
    fixed = scan_rates(score, rounds=1, shared=False)
    assert len(set(fixed.rates[:, 0])) == 1


def test_the_scan_avoids_rates_at_which_some_networks_fail():
    """High rates are a little better with the first network and at chance with another."""
    asked = []

    def again(pairs):
        asked.append(list(pairs))
        return np.array([0.5 if task > 5e-3 else 0.9 for _, task in pairs])

    def score(pairs):
        return np.array([0.9 + task for _, task in pairs])

    options = {"rounds": 1, "shared": False, "finalists": 2}
    careful = scan_rates(score, again=again, **options)
    assert scan_rates(score, **options).best[1] == pytest.approx(9.5e-3, rel=0.01)
    assert careful.best[1] == pytest.approx(3e-3)
    assert [len(pairs) for pairs in asked] == [2]
    assert np.nanmax(careful.worst) == 0.9


@pytest.mark.parametrize("modulation", ["gain_bias", "task_specific", "readout"])
def test_an_output_is_scaled_without_its_bias(modulation):
    spec = SPEC.model_copy(update={"modulation": modulation})
    network, x = MultitaskNetwork(spec, (1, 2)), SETS["val"].x
    last = network.layers - 1
    with torch.no_grad():
        network.values[f"bias{last}"].add_(3.0)
    bias = network.values[f"bias{last}"].detach().clone()
    network.scale_output(x)
    assert torch.equal(network.values[f"bias{last}"], bias)
    a = network.output_preactivation(x).detach()
    own = bias if f"bias{last}" in network.named("task") else bias[:, None]
    size = (a - own).square().mean(-1).sqrt()
    torch.testing.assert_close(size, torch.ones_like(size), rtol=1e-4, atol=0)


def test_a_run_that_has_stopped_stays_stopped(monkeypatch):
    """Validation accuracies by script: the first run falls, and would rise again later."""
    from dendmod.learning import training

    scripted = iter([[0.5, 0.5], [0.6, 0.6], [0.55, 0.7], [0.9, 0.8], [0.95, 0.75]])
    monkeypatch.setattr(
        training,
        "evaluate",
        lambda net, _: np.array(next(scripted))[[s - 1 for s in net.seeds], None],
    )
    kept = []
    network = MultitaskNetwork(SPEC, (1, 2))
    history = train(
        network, SETS["train"], SETS["val"], TrainSpec(**{**QUICK, "patience": 1}),
        after_epoch=lambda net, _: kept.append(net.values["gain0"].detach().clone()),
    )  # fmt: skip
    assert history.best.tolist() == [0.6, 0.8]
    assert history.best_epoch.tolist() == [0, 2]
    assert np.isfinite(history.val).sum(axis=0).tolist() == [2, 4]  # and is not computed
    assert torch.equal(network.values["gain0"][0], kept[1][0])  # kept[0] is before training
    assert torch.equal(network.values["gain0"][1], kept[3][1])
