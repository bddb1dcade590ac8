"""Does Figure 4 search, judge and draw what it should?"""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("deap")

from dendmod.errors import SpecError  # noqa: E402
from dendmod.learning.data import digits  # noqa: E402
from dendmod.learning.dataset import Dataset  # noqa: E402
from dendmod.learning.gains import NAMES, drives, train_gains  # noqa: E402
from dendmod.learning.matrices import weight_matrix  # noqa: E402
from dendmod.papers.wybo2022.fig4 import tasks as fig4_tasks  # noqa: E402
from dendmod.papers.wybo2022.fig4.figure import (  # noqa: E402
    FIGURE,
    Measured,
    judge,
    judge_reconstruction,
    summarise,
)
from dendmod.papers.wybo2022.fig4.settings import Ranges  # noqa: E402
from dendmod.papers.wybo2022.fig4.tasks import searched  # noqa: E402
from dendmod.rng import stream  # noqa: E402
from dendmod.study import claims  # noqa: E402
from tests.figures.common import bars, images_file, run_command, settings_of  # noqa: E402

NAME = "wybo2022/fig4"


def how(**changes):
    """A search, with fields of the figure's settings changed."""
    return settings_of(NAME).search.model_dump() | changes


def test_a_search_returns_what_it_tried():
    few = how(population=12, generations=3, finalists=2, training={"max_epochs": 4})
    found = searched(data="digits", kind="RP", k=10, seed=1, **few)
    assert found["test"].shape == (10,)
    assert found["settings"].shape == (36, 5)
    assert found["val"].max() > 0.6
    assert any(np.array_equal(found["chosen"], row) for row in found["settings"])


def test_the_best_of_validation_is_measured_on_the_test_part(monkeypatch):
    """Test labels are turned, so that what is right elsewhere is wrong there."""
    real = digits()
    turned = Dataset("digits", real.x, {**real.y, "test": (real.y["test"] + 1) % 10})
    monkeypatch.setattr(fig4_tasks, "load_data", lambda *_: turned)
    few = how(population=8, generations=2, finalists=3, training={"max_epochs": 6})
    found = searched(data="digits", kind="dPMD", k=12, seed=1, **few)
    assert found["val"].max() > 0.75
    assert found["test"].mean() < 0.55
    sets = drives(turned, weight_matrix("dPMD", turned.x["train"], 12, 1))
    again = train_gains(sets["train"], sets["val"], found["chosen"], 2, max_epochs=6)
    assert again.accuracy.mean() == pytest.approx(found["val"].max(), abs=1e-5)


def test_settings_are_those_of_the_images_and_of_the_scale(tmp_path):
    full, quick = settings_of(NAME), settings_of(NAME, quick=True)
    assert set(full.matrices) == {"PCA", "dPCA", "SD", "dSD", "PMD", "dPMD", "RP"}
    assert quick.matrices == ("dPMD", "dSD", "dPCA", "RP")
    assert (full.runs, quick.runs, quick.widths) == (5, 2, (25, 100))
    assert full.pixels == 64
    assert full.possible("dPCA") == [25, 50]
    assert full.possible("dPMD") == [25, 50, 100, 200]
    assert (full.reconstruction.units, full.search.training.steps) == (25, None)
    assert full.reconstruction.training.max_epochs == 30
    small, large = (images_file(tmp_path / f"{n}.npz", 3, n) for n in (14, 15))
    assert settings_of(NAME, data=small).matrices == quick.matrices
    assert settings_of(NAME, data=small).reconstruction.units == 25  # 196 pixels
    of_large = settings_of(NAME, data=large)
    assert of_large.reconstruction.units == 100
    assert of_large.search.training.steps == of_large.reconstruction.training.steps == 50
    assert tuple(Ranges.model_fields) == NAMES


def test_matrices_and_trials_are_chosen():
    assert settings_of(NAME, matrices=["RP", "dPMD", "RP"]).matrices == ("RP", "dPMD")
    assert settings_of(NAME, quick=True, runs="3").runs == 3
    with pytest.raises(SpecError, match="matrices.*'PCA'.*given: 'ICA'"):
        settings_of(NAME, matrices=["ICA"])


def made_up(levels):
    """Made-up results: kind -> accuracy by width."""
    rng = stream(2, "made up")
    searches = {
        (kind, k): [
            {
                "test": np.full(10, value + 0.001 * rng.normal()), "val": np.array([0.5, value]),
                "chosen": np.arange(5.0), "settings": np.arange(15.0).reshape(3, 5),
                "score": np.array([0.5, 0.6, value]), "shown": np.eye(64)[:12],
            }
            for _ in range(5)
        ]
        for kind, by_width in levels.items()
        for k, value in by_width.items()
    }  # fmt: skip
    curves = {"loss": np.ones((4, 5)), "val": np.full((4, 5), 0.9), "test": np.full((5, 10), 0.9)}
    same = {
        "residual": np.linspace(0.8, 0.4, 5)[:, None] * np.ones(5), "dPMD": np.full(5, 0.3),
        "RP": np.full(5, 0.5), **curves,
    }  # fmt: skip
    other = {**same, "residual": np.linspace(0.8, 0.6, 5)[:, None] * np.ones(5)}
    return Measured(searches, {"gain_xshift": same, "task_specific": other})


def judged(levels, widths=(25, 100, 200)):
    """Verdicts on made-up accuracies."""
    made = settings_of(NAME, matrices=list(levels), widths=list(widths))
    return {name: entry.verdict for name, entry in judge(made, made_up(levels)).items()}


def test_claims_follow_the_numbers():
    like_the_paper = {
        "dPMD": {25: 0.90, 100: 0.95, 200: 0.96}, "dSD": {25: 0.89, 100: 0.93, 200: 0.95},
        "RP": {25: 0.80, 100: 0.9, 200: 0.92}, "PMD": {25: 0.88, 100: 0.93, 200: 0.94},
        "SD": {25: 0.87, 100: 0.91, 200: 0.93},
    }  # fmt: skip
    found = judged(like_the_paper)
    assert set(found) == {
        "dpmd_best", "rp_rises", "differences_help", "reconstruction_falls",
        "reconstruction_shared",
    }  # fmt: skip
    assert set(found.values()) == {claims.REPRODUCED}
    found = judged(dict(like_the_paper, RP={25: 0.95, 100: 0.94, 200: 0.93}))
    assert found["dpmd_best"] == claims.NOT_REPRODUCED
    assert found["rp_rises"] == claims.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("at_200", "verdict"),
    [(0.85, claims.REPRODUCED), (0.94, claims.NOT_REPRODUCED), (0.9003, claims.NOT_RESOLVED)],
)
def test_dpca_falls_if_its_last_width_is_below_the_best_before(at_200, verdict):
    levels = {kind: {25: 0.88, 100: 0.9, 200: at_200} for kind in ("dPMD", "dPCA", "RP")}
    assert judged(levels)["dpca_saturates"] == verdict


def test_the_width_before_is_chosen_on_validation_data():
    """Test accuracies that happen to be high do not choose what they are judged by."""
    found = made_up({"dPCA": {25: 0.88, 100: 0.90, 200: 0.89}})
    for result in found.searches["dPCA", 25]:
        result["val"] = np.array([0.4, 0.95])
    made = settings_of(NAME, matrices=["dPCA"], widths=[25, 100, 200])
    entry = judge(made, found)["dpca_saturates"]
    assert entry.verdict == claims.NOT_REPRODUCED
    assert entry.figures["difference"] == pytest.approx(-0.01, abs=2e-3)


@pytest.mark.parametrize(
    ("rise", "verdict"), [(0.03, claims.REPRODUCED), (0.01, claims.NOT_REPRODUCED)]
)
def test_random_projections_rise_strongly(rise, verdict):
    levels = {kind: {25: 0.8, 100: 0.81, 200: 0.8 + rise} for kind in ("dPMD", "dPCA", "RP")}
    assert judged(levels)["rp_rises"] == verdict


def test_differences_help_where_both_kinds_gain():
    base = {k: {25: v, 100: v} for k, v in (("dPMD", 0.9), ("PMD", 0.88), ("dSD", 0.9))}
    for sd, verdict in ((0.88, claims.REPRODUCED), (0.92, claims.NOT_REPRODUCED)):
        found = judged({**base, "SD": {25: sd, 100: sd}}, widths=(25, 100))
        assert found["differences_help"] == verdict


def test_reconstruction_falls_and_shared_weights_end_nearer():
    found = made_up({}).reconstruction
    entries = judge_reconstruction(found)
    assert entries["reconstruction_shared"].figures["difference"] == pytest.approx(0.2)
    assert [p["difference"] for p in entries["reconstruction_falls"].figures["parts"]] == [
        pytest.approx(0.4), pytest.approx(0.2),
    ]  # fmt: skip
    turned = {
        "gain_xshift": dict(found["task_specific"], dPMD=np.full(5, 0.1)),
        "task_specific": dict(found["gain_xshift"]),
    }
    for result in turned.values():
        result["residual"] = result["residual"][::-1]
    verdicts = {k: v.verdict for k, v in judge_reconstruction(turned).items()}
    assert verdicts == dict.fromkeys(verdicts, claims.NOT_REPRODUCED)


def test_pictures_show_the_numbers_of_the_summary():
    levels = {kind: {25: 0.8 + 0.01 * i, 50: 0.9} for i, kind in enumerate(("dPMD", "RP", "PMD"))}
    made, found = settings_of(NAME, matrices=list(levels), widths=[25, 50]), made_up(levels)
    summary = summarise(made, found)
    pictures = FIGURE.draw(made, found, {})
    by_width, pair, loss, val, residual = pictures["fig4"].axes
    assert set(bars(by_width)) == {"ΔPMD", "RP"}
    assert set(bars(pair)) == {"ΔPMD", "PMD"}
    means, sds = bars(by_width)["RP"]
    assert means == [summary["matrix"]["RP"][k].mean for k in (25, 50)]
    assert sds == pytest.approx([summary["matrix"]["RP"][k].sd for k in (25, 50)])
    shared, specific, *levels_shown = residual.lines
    assert shared.get_label() == "gain, shared x-shift"
    np.testing.assert_allclose(shared.get_ydata(), np.linspace(0.8, 0.4, 5))
    np.testing.assert_allclose(specific.get_ydata(), np.linspace(0.8, 0.6, 5))
    assert [line.get_ydata()[0] for line in levels_shown] == [0.3, 0.5]  # dPMD, RP
    np.testing.assert_array_equal(shared.get_xdata(), np.arange(5))  # the first before training
    np.testing.assert_array_equal(loss.lines[0].get_xdata(), np.arange(1, 5))
    assert val.lines[-1].get_ydata()[0] == summary["matrix"]["dPMD"][25].mean
    assert len(pictures["figS2A"].axes) == 3 * 12
    tried = [ax.lines[0].get_xdata() for ax in pictures["figS2C"].axes]
    np.testing.assert_array_equal(tried, np.tile(np.arange(15.0).reshape(3, 5), (5, 1)).T)


@pytest.mark.slow
def test_quick_figure(tmp_path):
    summary = run_command("fig4", tmp_path, "--quick", "--workers", "2")
    assert {path.stem for path in tmp_path.glob("*.png")} == {"fig4", "figS2A", "figS2C"}
    assert summary["schema"] == "dendmod/fig4/1"
    for kind, by_width in summary["matrix"].items():
        for k, entry in by_width.items():
            assert entry["mean"] > 0.75, (kind, k)
    assert "100" not in summary["matrix"]["dPCA"]  # digits have 64 pixels
    for modulation in ("gain_xshift", "task_specific"):
        found = summary["reconstruction"][modulation]
        assert found["last"]["mean"] < found["first"]["mean"]
        assert found["dPMD"]["mean"] < found["last"]["mean"]
    assert run_command("fig4", tmp_path, "--quick", "--workers", "1") == summary
