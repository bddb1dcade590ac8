"""Are samples split, balanced and scored as they should be?"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dendmod.errors import SpecError
from dendmod.learning import tasks2d
from dendmod.learning.classification import BalancedSampler, TaskSet, balanced_accuracy, one_vs_all
from dendmod.learning.data import digits, load_data, load_npz
from dendmod.learning.dataset import Dataset

PARTS = ("train", "val", "test")


@pytest.fixture(scope="module")
def images() -> Dataset:
    return digits(1)


def test_digits_are_split_by_class_without_overlap(images):
    assert sum(len(images.x[p]) for p in PARTS) == 1797
    rows = [set(map(bytes, images.x[p])) for p in PARTS]
    assert sum(map(len, rows)) == len(set.union(*rows))
    for part, share in zip(PARTS, (2 / 3, 1 / 6, 1 / 6), strict=True):
        counts = np.bincount(images.y[part], minlength=10)
        assert (np.abs(counts - share * 179.7) < 5).all()
    assert not np.array_equal(digits(2).x["test"], images.x["test"])
    assert digits(1).digest() == images.digest() != digits(2).digest()


def test_pooling_is_the_mean_of_squares(images):
    pooled = images.pooled(2)
    assert pooled.shape == (4, 4)
    expected = images.x["val"][3, 2:4, 4:6].mean()
    assert pooled.x["val"][3, 1, 2] == pytest.approx(expected)
    with pytest.raises(SpecError, match="divisor of the size 8 x 8"):
        images.pooled(3)


def test_standardising_takes_mean_and_sd_of_the_training_part(images):
    flat = images.flat().standardised()
    assert flat.shape == (64,)
    assert flat.x["train"].mean() == pytest.approx(0, abs=1e-5)
    assert flat.x["train"].std() == pytest.approx(1, abs=1e-5)
    raw, scaled = images.flat().x["test"], flat.x["test"]
    factor = (raw[0, 2] - raw[0, 5]) / (scaled[0, 2] - scaled[0, 5])  # one factor for all pixels
    assert (scaled[1] - scaled[0]) * factor == pytest.approx(raw[1] - raw[0], abs=1e-5)


def arrays(**changes):
    out = {}
    for part, n in (("train", 6), ("val", 4), ("test", 4)):
        out[f"{part}_images"] = np.full((n, 4, 4), 255, dtype=np.uint8)
        out[f"{part}_labels"] = np.arange(n) % 2
    return {k: v for k, v in {**out, **changes}.items() if v is not None}


def test_a_file_is_read_and_scaled(tmp_path):
    np.savez(tmp_path / "a.npz", **arrays())
    found = load_data(str(tmp_path / "a.npz"), pool=2)
    assert found.n_classes == 2
    assert found.shape == (2, 2)
    assert found.x["train"].max() == 1.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"val_labels": None}, "lacks val_labels"),
        ({"val_labels": np.zeros(3, dtype=int)}, "4 images and 3 labels"),
        ({"val_images": np.full((4, 4, 4), np.nan)}, "val_images must be finite"),
        ({"test_labels": np.zeros(4, dtype=int)}, "test must have every class"),
        ({"test_labels": np.arange(4) % 2 + 0.5}, "test_labels must be whole numbers"),
        ({"train_images": np.full((6, 4, 4), 255)}, "train_images must be finite numbers, uint8"),
        ({"train_images": np.full((6, 4, 4), 255.0)}, "range from 255.0 to 255.0"),
        ({"test_images": np.zeros((4, 16))}, r"shape \(4, 16\)"),
        ({"test_images": np.zeros((4, 4, 8))}, "images of one size"),
        ({"train_images": np.zeros((6, 8, 8, 3))}, r"8 channels of 8 x 3 pixels.*moveaxis"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, changes, said):
    np.savez(tmp_path / "a.npz", **arrays(**changes))
    with pytest.raises(SpecError, match=said):
        load_npz(tmp_path / "a.npz")


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.npz").write_text("no")
    for name in ("a.npz", "missing.npz"):
        with pytest.raises(SpecError, match="no npz file|cannot be read"):
            load_npz(tmp_path / name)


def test_plane_tasks_are_48_different_ones_of_sensible_size():
    x = tasks2d.points(20_000, 3, "test")
    labels = tasks2d.labels(x)
    assert labels.shape == (48, 20_000)
    share = labels.mean(axis=1)
    assert share.min() > 0.1
    assert share.max() < 0.9
    overlap = (labels[:, None] == labels[None]).mean(axis=-1)
    assert (overlap[~np.eye(48, dtype=bool)] < 0.99).all()


def test_plane_tasks_know_their_shapes():
    named = {name: i for i, name in enumerate(tasks2d.NAMES)}
    at = tasks2d.labels([[0.9, 0.0], [-0.9, 0.0], [0.0, 0.0], [0.6, 0.6], [0.6, -0.6]])
    assert at[named["half-plane 1"], :2].tolist() == [True, False]
    assert at[named["band 1"], :3].tolist() == [False, False, True]
    assert at[named["ring 1"], 2] == np.False_  # the hole
    assert at[named["XOR 1"], 3:].tolist() == [True, False]


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(1, 30), min_size=2, max_size=5),
    batch=st.integers(2, 60),
    seed=st.integers(0, 99),
)
def test_batches_hold_as_many_positives_as_negatives(counts, batch, seed):
    y = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    tasks = TaskSet(torch.zeros(len(y), 1), torch.arange(len(counts))[:, None] == y, y)
    sampler = BalancedSampler(tasks, batch, [seed, seed + 1])
    drawn = sampler.epoch(0, 3)
    assert drawn.shape == (3, 2, len(counts), 2 * sampler.pairs)
    for t in range(len(counts)):
        truth = tasks.positive[t][drawn[:, :, t]].float() * 2 - 1
        assert (truth == sampler.targets).all()


def test_negatives_are_drawn_over_classes_then_over_samples():
    """A class of 100 is not drawn more often than one of 10."""
    y = torch.repeat_interleave(torch.arange(3), torch.tensor([10, 10, 100]))
    tasks = TaskSet(torch.zeros(120, 1), (y == 0)[None], y)
    drawn = BalancedSampler(tasks, 200, [7]).epoch(0, 50)[..., 100:].flatten()
    share = (y[drawn] == 1).double().mean()
    assert share == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(5000))
    assert len(torch.unique(drawn)) == 110


def test_a_runs_batches_do_not_depend_on_other_runs(images):
    tasks = one_vs_all(images.flat(), "train")
    both = BalancedSampler(tasks, 100, [4, 9]).epoch(2, 3)
    alone = BalancedSampler(tasks, 100, [9]).epoch(2, 3)
    assert torch.equal(both[:, 1:], alone)
    assert not torch.equal(both[:, 0], both[:, 1])
    assert not torch.equal(BalancedSampler(tasks, 100, [9]).epoch(3, 3), alone)


def test_a_task_without_negatives_is_refused():
    tasks = TaskSet(torch.zeros(4, 1), torch.ones(1, 4, dtype=torch.bool), torch.zeros(4))
    with pytest.raises(SpecError, match="task 0 has no negative sample"):
        BalancedSampler(tasks, 10, [1])


def test_balanced_accuracy_is_that_of_scikit_learn(images):
    from sklearn.metrics import balanced_accuracy_score

    tasks = one_vs_all(images, "test", [2, 5])
    output = torch.randn(3, 2, len(tasks.x), generator=torch.Generator().manual_seed(1))
    found = balanced_accuracy(output, tasks.positive)
    for run in range(3):
        for t in range(2):
            expected = balanced_accuracy_score(tasks.positive[t], output[run, t] > 0)
            assert found[run, t].item() == pytest.approx(expected, abs=1e-6)


def test_always_no_is_chance(images):
    tasks = one_vs_all(images, "test")
    no = -torch.ones(10, len(tasks.x))
    assert balanced_accuracy(no, tasks.positive).tolist() == [0.5] * 10


def test_all_parts_are_scaled_as_the_training_part():
    x = {part: np.arange(8, dtype=np.float32).reshape(4, 2) + 10 * i
         for i, part in enumerate(("train", "val", "test"))}  # fmt: skip
    scaled = Dataset("x", x, {part: np.arange(4) for part in x}).standardised()
    for i, part in enumerate(x):
        expected = (x[part] - x["train"].mean()) / x["train"].std()
        np.testing.assert_allclose(scaled.x[part], expected, rtol=1e-5)
        assert scaled.x[part].mean() == pytest.approx(10 * i / x["train"].std(), abs=1e-5)
