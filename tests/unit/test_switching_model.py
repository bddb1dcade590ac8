"""Do `dendmod train` and `dendmod evaluate` do what a user was told they do?"""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import dendmod.switching.learn as learn
from dendmod.cli import app
from dendmod.errors import SpecError
from dendmod.rng import stream
from dendmod.switching.assembly import build_network
from dendmod.switching.cells import cells
from dendmod.switching.images import find_data, load_images
from dendmod.switching.model import TrainedModel, read_images, read_model
from dendmod.switching.settings import IMAGES_LITERAL
from dendmod.switching.tasks import ClassLearning
from dendmod.switching.training import Training

SETTINGS = """
[schedule]
samples = 8
block = 3
test_samples = 6
curve_samples = 4
[settings]
cell = "star"
biophysics = 3
hidden_scale = "without n_in"
output_scale = "without n_in"
hidden_v_range = 120.0
output_v_range = 900.0
error_scale = 300.0
"""


@pytest.fixture
def small(tmp_path):
    rng = stream(0, "small images")
    arrays = {}
    for part, n in (("train", 30), ("val", 9), ("test", 12)):
        labels = np.arange(n) % 3
        images = rng.integers(0, 60, (n, 4, 4))
        images[np.arange(n), labels] += 180  # a bright row names the class
        arrays |= {f"{part}_images": images.astype(np.uint8), f"{part}_labels": labels}
    np.savez(tmp_path / "small.npz", **arrays)
    np.savez(tmp_path / "check.npz", images=arrays["test_images"], labels=arrays["test_labels"])
    (tmp_path / "small.toml").write_text(SETTINGS)
    return tmp_path


def train(small, name, *more):
    arguments = [
        "train", "--out", str(small / name), "--data", str(small / "small.npz"), "--matrix", "RP",
        "--tasks", "0,2", "--hidden", "4", "--protocol", str(small / "small.toml"), "--quiet",
        *more,
    ]  # fmt: skip
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def weights(path):
    return read_model(path).network.context.weights


def test_a_stopped_command_goes_on_and_its_model_is_evaluated(small, monkeypatch):
    assert train(small, "whole.npz").exit_code == 0
    assert train(small, "spread.npz", "--workers", "2").exit_code == 0
    assert weights(small / "spread.npz").tobytes() == weights(small / "whole.npz").tobytes()
    original = Training.run

    def stopped(self, checkpoint=None, progress=None):
        def once(done, blocks):
            if self.seed == 2:  # the second class
                raise KeyboardInterrupt

        return original(self, checkpoint, once)

    monkeypatch.setattr(Training, "run", stopped)
    assert train(small, "again.npz").exit_code != 0
    assert not (small / "again.npz").exists()
    monkeypatch.setattr(Training, "run", original)
    done = train(small, "again.npz")
    assert done.exit_code == 0
    assert "class 2: balanced accuracy" in done.stdout
    assert weights(small / "again.npz").tobytes() == weights(small / "whole.npz").tobytes()
    assert weights(small / "whole.npz").shape == (2, 4, 20)
    assert not (small / "again.npz.checkpoints").exists()

    run = CliRunner().invoke(
        app,
        ["evaluate", str(small / "whole.npz"), "--data", str(small / "check.npz"), "--samples",
         "10", "--json"],
    )  # fmt: skip
    found = json.loads(run.stdout)
    assert found["tasks"] == [0, 2]
    assert all(0 <= score <= 1 for score in found["balanced_accuracy"])
    assert found["mean"] == pytest.approx(np.mean(found["balanced_accuracy"]))


def test_the_bar_of_one_process_counts_samples_of_all_classes(small, monkeypatch):
    counted = []

    class Bar(learn.tqdm):
        def update(self, n):
            counted.append(n)

        n = property(lambda self: sum(counted), lambda self, _: None)

    monkeypatch.setattr(learn, "tqdm", Bar)
    assert train(small, "m.npz").exit_code == 0
    assert np.cumsum(counted).tolist() == [3, 6, 8, 11, 14, 16]


def test_wrong_files_are_refused_by_name(small):
    with pytest.raises(SpecError, match="is not a trained model"):
        read_model(small / "check.npz")
    for matrix, target, said in (
        ("RP", 9, r"classes \[9\] are not in"),
        ("foo", 0, "matrix = 'foo'"),
    ):
        with pytest.raises(SpecError, match=said):
            learn.train_images(
                small / "x.npz", data=str(small / "small.npz"), matrix=matrix, classes=(target,),
                k=4, settings=learn.Settings(hidden_v_range=1, output_v_range=1),
                schedule=learn.Schedule(samples=1), seed=0,
            )  # fmt: skip
        assert not (small / "x.npz.checkpoints").exists()
    with pytest.raises(SpecError, match="there are no images 'moon'"):
        find_data("moon")
    assert load_images(str(small / "small.npz")).shape == (4, 4)


def test_a_model_is_asked_for_the_classes_that_its_contexts_learned(monkeypatch):
    network = build_network(*cells("star", 3), np.ones((4, 2)), 2, IMAGES_LITERAL, seed=1)
    asked = []

    def measure(self, weights, n):
        asked.append((self.tasks.classes, n))
        return np.array([0.7, 0.9])

    monkeypatch.setattr(Training, "measure", measure)
    model = TrainedModel(network, IMAGES_LITERAL, (2, 0), {})
    images, labels = np.zeros((6, 2, 2), np.uint8), np.arange(6) % 3
    assert model.evaluate(images, labels, samples=30) == [0.7, 0.9]
    assert asked == [((2, 0), 30)]
    with pytest.raises(SpecError, match="images of 9 pixels"):
        model.evaluate(np.zeros((6, 3, 3), np.uint8), labels, samples=30)


def test_each_context_of_a_model_has_the_weights_of_its_class():
    network = build_network(*cells("star", 3), np.ones((4, 2)), 1, IMAGES_LITERAL, seed=1)
    shape = network.context.weights.shape
    learned = [
        {"network": network.model_dump_json(), "weights": np.full(shape, w),
         "samples": np.array([0, 5]), "accuracy": np.array([0.5, a])}
        for w, a in ((1e-4, 0.7), (2e-4, 0.8))
    ]  # fmt: skip
    learnings = [
        ClassLearning(
            hidden="", output="", k=2, settings=IMAGES_LITERAL, schedule=learn.Schedule(samples=5),
            seed=3, matrix="RP", data="digits", target=c,
        )
        for c in (5, 1)
    ]  # fmt: skip
    model = learn._assemble(learned, learnings)
    assert model.classes == (5, 1)
    assert model.network.context.weights[:, 0, 0].tolist() == [1e-4, 2e-4]
    assert model.about["curves"]["1"]["accuracy"] == [0.5, 0.8]
    about = {"data", "matrix", "k", "schedule", "seed", "shuffled", "curves"}
    assert set(model.about) == about
    assert (model.about["seed"], model.about["schedule"]["samples"]) == (3, 5)


def test_labels_that_are_no_numbers_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 2, 2), np.uint8), labels=np.array(["a", "b"]))
    with pytest.raises(SpecError, match="labels are of type"):
        read_images(tmp_path / "a.npz")
