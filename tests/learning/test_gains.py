"""Do networks on fixed weights learn, and is the search a search?"""

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("deap")

from dendmod.errors import SpecError  # noqa: E402
from dendmod.learning import gain_pass, gains  # noqa: E402
from dendmod.learning.data import digits  # noqa: E402
from dendmod.learning.evolution import evolve  # noqa: E402
from dendmod.learning.gains import drives, train_gains  # noqa: E402
from dendmod.learning.hebbian import response, terms  # noqa: E402
from dendmod.learning.matrices import weight_matrix  # noqa: E402
from dendmod.learning.multitask_spec import MultitaskSpec  # noqa: E402
from dendmod.learning.networks import MultitaskNetwork  # noqa: E402
from dendmod.rng import stream  # noqa: E402

GOOD = [-0.6, 1.6, -1.5, -0.4, 0.5]  # x-shift, bias, log10 of the rate, mean and SD of gains


def numbers(name, *shape):
    return torch.from_numpy(stream(11, name).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("k", [1, 7, 16, 37])
def test_the_compiled_pass_is_that_of_the_equations(k):
    drive, hidden, output = numbers("drive", 50, k), numbers("g", 3, 4, k), numbers("go", 3, 4)
    x_shift, bias = numbers("x", 3), numbers("b", 3)
    drawn = torch.from_numpy(stream(11, "drawn").integers(0, 50, (4, 20)))
    target = torch.tensor([1.0, -1.0]).repeat_interleave(10)
    found = gain_pass.gradients(drive, drawn, hidden, output, x_shift, bias, target)
    x_shift, bias = x_shift[:, None], bias[:, None]
    by_hand = terms(drive[drawn], hidden, output, x_shift, bias, bias, target)
    expected = (by_hand.output, by_hand.hidden_gradient(), by_hand.output_gradient())
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    all_samples = gain_pass.outputs(drive, hidden, output, x_shift[:, 0], bias[:, 0])
    expected = response(drive, hidden, output, x_shift, bias, bias)[0]
    torch.testing.assert_close(all_samples, expected, rtol=1e-4, atol=1e-5)


def test_it_is_the_network_of_figure_3_with_these_weights():
    w = torch.from_numpy(weight_matrix("dPMD", digits().x["train"], 9, 1).astype(np.float32))
    net = MultitaskNetwork(MultitaskSpec(n_in=64, hidden=(9,), n_tasks=4), seeds=[1, 2])
    x_shift, bias = numbers("x", 2), numbers("b", 2)
    with torch.no_grad():
        net.values["weight0"].copy_(w)
        net.values["weight1"].fill_(9**-0.5)
        net.values["x_shift1"].zero_()
        for name, value in (("x_shift0", x_shift), ("bias0", bias), ("bias1", bias)):
            net.values[name].copy_(value[:, None])
        x = torch.from_numpy(digits().flat().x["val"][:30])
        expected = net.output_preactivation(x)
        hidden, output = net.values["gain0"], net.values["gain1"][..., 0]
        found = gain_pass.outputs(x @ w.T, hidden, output, x_shift, bias)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_gains_alone_learn_digits_on_a_matrix_that_saw_no_labels():
    sets = drives(digits(), weight_matrix("dPMD", digits().x["train"], 25, 1))
    bad = [*GOOD[:2], -6.0, *GOOD[3:]]  # so slow that it stays where it began
    found = train_gains(sets["train"], sets["val"], np.array([GOOD, bad]), 1)
    test = found.test(sets["test"]).mean(axis=1)
    assert test[0] > 0.9
    assert test[1] < 0.75
    assert found.loss[-1, 0] < found.loss[0, 0] / 2
    # a setting's outcome does not depend on what else is trained beside it
    alone = train_gains(sets["train"], sets["val"], np.array([GOOD]), 1)
    torch.testing.assert_close(alone.hidden[0], found.hidden[0])


def test_each_run_ends_with_the_gains_of_its_best_epoch(monkeypatch):
    """Validation accuracies by script: the second run falls twice, and would rise again later."""
    scripted = {
        2: iter([[0.5, 0.5], [0.6, 0.7], [0.7, 0.6], [0.8, 0.6]]),
        1: iter([[0.7], [0.9], [0.6], [0.6]]),
    }
    seen = []

    def evaluate(_, hidden, *__):
        seen.append(hidden.detach().clone())
        return np.array(next(scripted[len(hidden)]))[:, None]

    monkeypatch.setattr(gains, "_evaluate", evaluate)
    sets = drives(digits(), weight_matrix("RP", digits().x["train"], 5, 1))
    how = {"patience": 2, "max_epochs": 50, "steps": 1}
    found = train_gains(sets["train"], sets["val"], np.array([GOOD, GOOD]), 1, **how)
    assert found.accuracy[:, 0].tolist() == [0.9, 0.7]
    assert np.isfinite(found.loss).sum(axis=0).tolist() == [7, 3]
    assert torch.equal(found.hidden[1], seen[1][1])
    assert torch.equal(found.hidden[0], seen[5][0])


def test_drives_take_the_training_mean_off_all_parts():
    images = digits()
    w = np.eye(64)
    sets = drives(images, w)
    flat = images.flat()
    mean = flat.x["train"].mean(axis=0)
    sd = (flat.x["train"] - mean).std()
    for part in ("train", "val", "test"):
        expected = (flat.x[part] - mean) / sd
        np.testing.assert_allclose(sets[part].x.numpy(), expected, atol=1e-4)


def test_settings_need_their_columns():
    sets = drives(digits(), weight_matrix("RP", digits().x["train"], 5, 1))
    with pytest.raises(SpecError, match="gain_mean"):
        train_gains(sets["train"], sets["val"], np.zeros((2, 4)), 1)


def _score(rows):
    return -((rows - np.array([0.3, -4.0])) ** 2 * np.array([1.0, 0.01])).sum(axis=1)


RANGES = {"a": (-1.0, 1.0), "b": (-10.0, 10.0)}


def test_evolution_comes_nearer_than_chance_and_stays_in_range():
    found = [evolve(_score, RANGES, s, population=10, generations=12) for s in range(10)]
    drawn = stream(1, "chance").uniform([-1, -10], [1, 10], (10, 120, 2))
    chance = np.array([_score(rows).max() for rows in drawn])
    assert np.median([f.score.max() for f in found]) > np.median(chance)
    for f in found:
        assert f.settings.shape == (120, 2)
        assert (np.abs(f.settings) <= [1, 10]).all()
        np.testing.assert_allclose(f.score, _score(f.settings))
        assert f.score[:10].max() <= f.score.max()
        np.testing.assert_allclose(_score(f.best(3))[0], f.score.max())


def test_evolution_depends_on_its_seed_alone():
    state = random.getstate()
    a = evolve(_score, RANGES, 5)
    assert random.getstate() == state
    random.seed(99)
    b = evolve(_score, RANGES, 5)
    np.testing.assert_array_equal(a.settings, b.settings)
    assert not np.array_equal(a.settings, evolve(_score, RANGES, 6).settings)
    with pytest.raises(SpecError, match="low below"):
        evolve(_score, {"a": (1.0, 1.0)}, 1)
