"""Are tasks balanced, inputs encoded and weights scaled as the paper says?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dendmod.errors import SpecError
from dendmod.rng import stream
from dendmod.study.figure import make_figure
from dendmod.switching.assembly import scaled_weights
from dendmod.switching.boolean import FUNCTIONS, INPUTS, input_vectors
from dendmod.switching.classification import (
    BooleanTasks,
    ImageTasks,
    balanced_accuracy,
    spike_counts,
)
from dendmod.switching.images import feedforward, load_images
from dendmod.switching.settings import Settings


def test_the_functions_are_all_that_are_not_constant():
    assert len(FUNCTIONS) == len(set(FUNCTIONS.values())) == 14
    assert (0, 0, 0, 0) not in FUNCTIONS.values()
    assert (1, 1, 1, 1) not in FUNCTIONS.values()
    for name, table in FUNCTIONS.items():
        operators = {"xor": "x != y", "xnor": "x == y", "nand": "not (x and y)",
                     "nor": "not (x or y)", "and": "x and y", "or": "x or y"}  # fmt: skip
        expression = operators.get(name, name)
        truth = tuple(int(bool(eval(expression, {}, {"x": x, "y": y}))) for x, y in INPUTS)
        assert truth == table, name


@given(st.sampled_from(sorted(FUNCTIONS)), st.integers(2, 200), st.integers(0, 5))
def test_cases_are_balanced_and_right(name, n, seed):
    drawn = BooleanTasks((name,)).draw(0, n, stream(seed, "test"), "train")
    assert abs(2 * drawn.expected.sum() - n) <= 1
    inputs = [tuple(int(c) for c in row) for row in drawn.counts // 20]
    assert set(np.unique(drawn.counts)) <= {0, 20}
    assert [FUNCTIONS[name][INPUTS.index(i)] for i in inputs] == drawn.expected.tolist()


@pytest.mark.parametrize("k", [4, 10])
def test_weight_vectors_lie_one_in_each_part_of_the_circle(k):
    w = input_vectors(k, seed=3)
    np.testing.assert_allclose(np.linalg.norm(w, axis=0), 1)
    part = np.floor(np.arctan2(w[1], w[0]) % (2 * np.pi) / (2 * np.pi / k))
    assert part.tolist() == list(range(k))
    if k == 4:
        np.testing.assert_allclose(np.abs(w), np.sqrt(0.5))


def test_shuffled_labels_know_nothing_of_the_inputs_but_tests_do():
    tasks = BooleanTasks(("and",), shuffled=True)
    train = tasks.draw(0, 2000, stream(0, "a"), "train")
    both = (train.counts > 0).all(axis=1)
    assert 0.4 < train.expected[both].mean() < 0.6
    test = tasks.draw(0, 2000, stream(0, "a"), "test")
    assert (test.expected == (test.counts > 0).all(axis=1)).all()


def test_spikes_grow_with_the_intensity():
    assert spike_counts(np.array([[0, 128, 255]], np.uint8)).tolist() == [[0, 5, 10]]
    assert spike_counts(np.array([[0.0, 0.31, 1.0]])).tolist() == [[0, 3, 10]]
    assert spike_counts(np.array([[0.24, 0.26, 0.97]])).tolist() == [[2, 3, 10]]  # to the nearest
    for wrong in ([[0.0, 1.2]], [[-1.0]], [[np.nan]], np.array([[300]])):
        with pytest.raises(SpecError, match="intensities"):
            spike_counts(np.array(wrong))


def test_image_tasks_are_one_against_all():
    images = {"train": np.arange(60, dtype=np.uint8).reshape(60, 1, 1)}
    labels = {"train": np.arange(60) % 6}
    tasks = ImageTasks(images, labels, (0, 3))
    drawn = tasks.draw(1, 400, stream(0, "x"), "train")
    assert drawn.expected.sum() == 200
    # the class itself expects silence: 3, 9, 15 ... are its images
    mine = {int(c) for c in spike_counts(images["train"][labels["train"] == 3])[:, 0]}
    assert set(drawn.counts[drawn.expected == 0][:, 0].tolist()) <= mine
    with pytest.raises(SpecError, match=r"no image of classes \[9\]"):
        ImageTasks(images, labels, (9,))
    with pytest.raises(SpecError, match="all images are of class 3"):
        ImageTasks(images, {"train": np.full(60, 3)}, (3,))


@pytest.mark.parametrize("shuffled", [False, True])
def test_an_image_of_the_class_asks_for_silence_and_any_other_for_a_spike(shuffled):
    """The spikes of each image name its class and whether it is of the training part."""
    y = np.repeat(np.arange(5), 6)
    images = {"train": 0.1 * y[:, None], "test": 0.5 + 0.1 * y[:, None]}
    tasks = ImageTasks(images, {"train": y, "test": y}, (3,), shuffled=shuffled)
    test = tasks.draw(0, 400, stream(1, "test"), "test")
    assert test.expected.tolist() == (test.counts[:, 0] != 5 + 3).astype(int).tolist()
    assert sorted(set(test.counts[:, 0].tolist())) == [5, 6, 7, 8, 9]
    each = np.bincount(test.counts[:, 0])[[5, 6, 7, 9]]
    assert each.sum() == 200
    assert each.min() > 25  # evenly over the others, 50 each
    train = tasks.draw(0, 400, stream(1, "train"), "train")
    assert train.counts.max() < 5
    right = (train.expected == (train.counts[:, 0] != 3)).mean()
    assert 0.4 < right < 0.6 if shuffled else right == 1.0


def test_other_classes_are_drawn_evenly_however_many_images_they_have():
    """Three other classes of 1, 10 and 100 images: a third of the others each."""
    y = np.repeat(np.arange(4), (20, 1, 10, 100))
    images = {"train": 0.1 * y[:, None]}
    drawn = ImageTasks(images, {"train": y}, (0,)).draw(0, 1200, stream(2, "uneven"), "train")
    spikes = drawn.counts[:, 0]
    assert np.count_nonzero(spikes == 0) == 600
    others = np.bincount(spikes[drawn.expected == 1], minlength=4)
    # of 600, each 200 with a standard deviation of 12; by their frequency 5, 54 and 541
    assert others[0] == 0
    assert np.abs(others[1:] - 200).max() < 50


def test_an_input_of_zeros_opens_its_window_where_the_first_spike_of_a_burst_would_be():
    """Two SD of 6 ms before the centre of the burst; the window lasts 50 ms."""
    fields = {"hidden_v_range": 1.0, "output_v_range": 1.0}
    assert Settings(**fields).window() == (28.0, 78.0)
    assert Settings(**fields, feedforward_center=60.0).window() == (48.0, 98.0)
    assert Settings(**fields, feedforward_center=5.0).window() == (0.0, 50.0)


def test_initial_weights_rise():
    fields = {"hidden_v_range": 1.0, "output_v_range": 1.0}
    with pytest.raises(ValueError, match="must rise"):
        Settings(**fields, initial_weight=(2e-4, 1e-5))


def test_weights_follow_eq_24():
    w = np.array([[3.0, 1.0], [-1.0, 1.0]])
    literal = scaled_weights(w, v_range=60, z_in=50, scale="literal")
    # 60 mV / (4 x 50 MOhm x 2) x 3
    assert literal[0, 0] == pytest.approx(60 / (4 * 50 * 2) * 3)
    np.testing.assert_allclose(scaled_weights(w, 60, 50, "without n_in"), 2 * literal)
    # a neuron driven by a steady current of each input at its weight, all of one sign, moves
    # by v_range / n_in
    assert np.abs(literal).sum(axis=0) * 50 == pytest.approx(60 / 2)
    with pytest.raises(SpecError, match="not all zero"):
        scaled_weights(np.zeros((2, 1)), 60, 50, "literal")


def test_weights_by_the_drive_give_every_neuron_the_same_strong_input():
    rng = np.random.default_rng(3)
    w, counts = rng.normal(size=(30, 7)) * rng.uniform(1, 50, 7), rng.integers(0, 11, (400, 30))
    scaled = scaled_weights(w, 80.0, 40.0, "drive", counts)
    drive = np.abs(counts @ scaled) * 40.0  # mV
    for column in drive.T:
        assert np.mean(column <= 80.0 + 1e-9) == pytest.approx(0.95, abs=0.005)
    np.testing.assert_allclose(np.abs(scaled).max(0) / np.abs(scaled).sum(0),
                               np.abs(w).max(0) / np.abs(w).sum(0))  # fmt: skip
    # how long a vector was does not matter
    np.testing.assert_allclose(scaled_weights(3 * w, 80.0, 40.0, "drive", counts), scaled)
    with pytest.raises(SpecError, match="needs training inputs"):
        scaled_weights(w, 80.0, 40.0, "drive")
    with pytest.raises(SpecError, match="do not reach 7 neurons"):
        scaled_weights(w, 80.0, 40.0, "drive", np.zeros_like(counts))


def test_components_without_variance_make_no_hidden_cells():
    data = load_images("digits")
    w = feedforward("PCA", data, 100, 1)
    x = data.x["train"].reshape(len(data.x["train"]), -1)
    explained = np.var(x @ w, axis=0).sum() / x.var(axis=0).sum()
    assert 30 < w.shape[1] < 50
    assert 0.99 <= explained < 0.992
    assert feedforward("dPCA", data, 100, 1).shape == w.shape
    assert feedforward("PCA", data, 20, 1).shape == (64, 20)
    # no image, of the test either, drives a cell far beyond strong inputs of training
    drive = {
        part: np.abs(spike_counts(data.x[part].reshape(len(data.x[part]), -1).astype(float)) @ w)
        for part in ("train", "test")
    }
    assert (drive["test"].max(0) / np.percentile(drive["train"], 95, axis=0)).max() < 3


def test_balanced_accuracy_counts_both_classes_alike():
    expected = np.array([1, 1, 1, 0])
    assert balanced_accuracy(np.array([True, True, True, False]), expected) == 0.5
    assert balanced_accuracy(np.array([True, True, False, True]), expected) == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks": ["x"]}, "tasks = x; allowed are classes, 0 to 9"),
        ({"tasks": ["4", "77", "-1"]}, "tasks = 77, -1"),
        ({"matrices": ["dPMD", "foo"]}, "'RP'; given: 'foo'"),
        ({"data": "nothing"}, "there are no images 'nothing'"),
    ],
)
def test_figure_5_refuses_what_is_not_there_before_it_computes(tmp_path, changes, said):
    if "tasks" in changes:
        pytest.importorskip("sklearn", reason="the built-in digits need the extra ml")
    with pytest.raises(SpecError, match=said):
        make_figure("wybo2022/fig5", tmp_path, quick=True, changes=changes)
    assert not list(tmp_path.iterdir())
