"""Do Figures S3 and 5 run, and do their summaries hold together?"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.papers.wybo2022.fig5 import figure as fig5
from dendmod.papers.wybo2022.figS3 import figure as figS3
from dendmod.switching.boolean import FUNCTIONS
from dendmod.switching.protocol import load_learning


def results_of(protocol, keys, ends):
    """Made-up results: accuracies of a half, then `ends(key)`."""
    return {
        key: {
            "accuracy": np.array([np.full_like(ends(key), 0.5), ends(key)]),
            "samples": np.array([0, protocol.schedule.samples]),
        }
        for key in keys
    }


def test_the_summary_of_figure_5_has_means_and_spread_over_seeds():
    protocol = load_learning("fig5", changes={"study": None, "matrices": ["dPMD", "RP"]})
    classes, seeds = (3, 4), protocol.seeds
    score = {"dPMD": 0.8, "RP": 0.6, "shuffled": 0.52, "frozen": 0.49}

    def end(key):
        what, matrix, seed, target = key.split()
        base = score[matrix if what == "learned" else what]
        return np.float64(base + 0.01 * seeds.index(int(seed)) + 0.1 * (target == "4"))

    keys = [f"learned {m} {s} {c}" for m in ("dPMD", "RP") for s in seeds for c in classes]
    keys += [f"{what} dPMD {seeds[0]} {c}" for what in ("shuffled", "frozen") for c in classes]
    summary = fig5._summary(protocol, classes, results_of(protocol, keys, end), "digits")
    one = summary["matrix"]["dPMD"]
    assert one["balanced_accuracy"] == pytest.approx([0.81, 0.91])
    assert one["mean"] == pytest.approx(0.86)
    assert one["sd_of_seeds"] == pytest.approx(0.01)  # of .85, .86 and .87
    assert one["before"] == 0.5
    assert one["curve"] == pytest.approx([0.5, 0.86])
    assert summary["matrix"]["RP"]["mean"] == pytest.approx(0.66)
    assert summary["controls"]["shuffled"] == [pytest.approx([0.52, 0.62])]
    assert summary["controls"]["plasticity_off"] == [pytest.approx([0.49, 0.59])]


def test_the_summary_of_figure_s3_has_the_best_seed_of_each_function():
    protocol = load_learning("figS3", changes={"study": None})
    functions, seeds = ("and", "xor"), protocol.seeds

    def end(key):
        what, k, seed = key.split()
        low = 0.5 if what == "shuffled" else 0.7 + 0.01 * int(k)
        return low + np.array([0.0, 0.1]) + 0.01 * seeds.index(int(seed))

    keys = [f"learned {k} {s}" for k in protocol.hidden for s in seeds]
    keys += [f"shuffled {max(protocol.hidden)} {seeds[0]}"]
    summary = figS3._summary(protocol, functions, results_of(protocol, keys, end))
    assert summary["hidden"]["10"]["xor"] == pytest.approx([0.9, 0.91, 0.92, 0.93, 0.94])
    over = summary["over_functions"]["10"]
    assert over["mean"] == pytest.approx(0.87)
    assert over["best_of_seeds"] == {"and": pytest.approx(0.84), "xor": pytest.approx(0.94)}
    assert over["sd_of_seeds"] == pytest.approx(0.01 * 2.5**0.5)
    assert summary["shuffled_mean"] == pytest.approx(0.55)
    assert summary["before"]["4"]["and"] == [0.5] * 5


class NoCells:
    """Stands for cells that need not be reduced."""

    def of(self, settings):
        return {"hidden": f"{settings.cell} {settings.biophysics}", "output": "soma"}


def test_figure_5_runs_each_seed_and_class_and_its_controls(tmp_path):
    protocol = load_learning("fig5", changes={"matrices": ["dPMD", "RP"]})
    tasks = fig5._tasks(protocol, (3, 4), NoCells(), "digits", tmp_path)
    specs = {task.key: task.payload["spec"] for task in tasks}
    learned = [key for key in specs if key.startswith("learned ")]
    assert len(learned) == 2 * len(protocol.seeds) * 2
    for key, spec in specs.items():
        what, _, place = key.rpartition(" ")
        assert spec["target"] == int(place)
        assert what.endswith(f"{spec['matrix']} {spec['seed']}")
        assert spec["shuffled"] == key.startswith("shuffled")
        assert spec["plastic"] != key.startswith("frozen")
        of_study = key.startswith("variant")
        assert (spec["seed"] in protocol.study.seeds) == of_study
        variant = what.removeprefix("variant ").rsplit(" ", 2)[0]
        settings = protocol.variants()[variant] if of_study else protocol.settings
        assert spec["settings"] == settings.model_dump(mode="json")
    assert sum(key.startswith(("shuffled", "frozen")) for key in specs) == 2 * 2


def test_the_picture_of_figure_5_is_of_the_weights_that_its_network_learned():
    protocol = load_learning("fig5", changes={"matrices": ["dPMD", "RP"]})
    results = {
        f"learned {m} {s} {c}": {"weights": np.full((1, 2, 3), i)}
        for i, (m, s, c) in enumerate(
            (m, s, c) for m in ("dPMD", "RP") for s in protocol.seeds for c in (3, 4)
        )
    }
    task = fig5._look_task(protocol, (3, 4), NoCells(), "digits", results)
    assert np.array(task.payload["weights"])[:, 0, 0, 0].tolist() == [0, 1]
    assert task.payload["seed"] == protocol.seeds[0]
    assert task.payload["matrix"] == "dPMD"


def test_figure_s3_runs_each_size_and_seed_and_its_controls(tmp_path):
    protocol = load_learning("figS3")
    tasks = figS3._tasks(protocol, tuple(FUNCTIONS), NoCells(), tmp_path)
    payloads = {task.key: task.payload for task in tasks}
    learned = [key for key in payloads if key.startswith("learned ")]
    assert sorted(learned) == sorted(f"learned {k} {s}" for k in (4, 10) for s in protocol.seeds)
    for key, payload in payloads.items():
        assert payload["shuffled"] == key.startswith("shuffled")
        of_study = key.startswith("variant")
        assert (payload["seed"] in protocol.study.seeds) == of_study
        assert payload["functions"] == list(protocol.study.tasks if of_study else FUNCTIONS)
    assert payloads["variant literal 1"]["settings"] == protocol.literal.model_dump(mode="json")


def figure(name: str, out: Path, *options: str) -> dict:
    command = [sys.executable, "-m", f"dendmod.{name}", "--out", str(out), "--workers", "2"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (out / f"{name}.png").stat().st_size > 50_000
    assert (out / f"{name}.pdf").stat().st_size > 10_000
    return json.loads((out / "summary.json").read_text())


@pytest.mark.slow
def test_boolean_functions_are_learned_and_shuffled_labels_are_not(tmp_path):
    summary = figure("figS3", tmp_path, "--quick")
    assert summary["schema"] == "dendmod/figS3/1"
    scores = summary["hidden"]["10"]
    assert list(scores) == ["and", "or", "xor"]
    assert {len(v) for v in scores.values()} == {3}
    assert set(scores) <= set(FUNCTIONS)
    # measured on the seeds of the quick figure: see docs/switching.md
    assert np.mean(list(scores.values())) > 0.8
    assert np.mean(scores["xor"]) > summary["or_like_firing"]["xor"]
    assert np.mean(list(summary["shuffled"].values())) < np.mean(list(scores.values())) - 0.1
    assert figure("figS3", tmp_path, "--quick") == summary


@pytest.mark.slow
def test_images_are_learned_and_a_rule_that_is_off_learns_nothing(tmp_path):
    summary = figure("fig5", tmp_path, "--quick")
    assert summary["schema"] == "dendmod/fig5/1"
    assert summary["chance"] == 0.5
    for one in summary["matrix"].values():
        assert len(one["balanced_accuracy"]) == len(summary["tasks"])
        assert one["mean"] == pytest.approx(np.mean(one["balanced_accuracy"]))
    off = np.mean(summary["controls"]["plasticity_off"])
    assert abs(off - 0.5) < 0.1
    assert summary["matrix"]["dPMD"]["mean"] > off + 0.05
