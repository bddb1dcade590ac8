"""Does every figure command run, keep its results, and write what was promised?"""

import json

import numpy as np
import pytest

from dendmod.figure import write_summary
from dendmod.papers.wyrick2021.command import FIGURES, main
from dendmod.papers.wyrick2021.common import (
    UNPERTURBED,
    Job,
    active_clusters,
    gain_ratios,
    latency_differences,
    metastable,
)
from dendmod.papers.wyrick2021.study import Scale, Study, r_squared, spread
from dendmod.papers.wyrick2021.table3 import _slope

TINY = Scale(
    networks=2, ongoing=2, evoked=3, shuffles=5, inhibition=(0.0, 0.6),
    levels={"dmean_E": (0.1,), "dvar_E": (0.1,), "dAMPA": (0.1,)},
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.mark.slow
@pytest.mark.timeout(900)  # table3 runs a hundred tasks, a process each
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_made(name, store, tmp_path):
    job = Job(tmp_path, Study(store, TINY, workers=2, progress=False))
    summary = FIGURES[name](job)
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    assert summary["schema"] == f"dendmod/clustered-{name}/1"
    assert summary["networks"] == 2
    wanted = {
        "fig2": ("rates_Hz", "timescale_ms", "active_clusters", "reversal"),
        "fig3": ("perturbations", "r2_gain_timescale"),
        "fig4": ("latency_s", "accuracy_at_1s"),
        "fig5": ("r2_gain_latency", "r2_activation_latency"),
        "fig6": ("r2_response_E", "r2_selectivity_I"),
        "fig7": ("acceleration_ms", "model_recordings"),
        "fig8": ("before_matching", "after_matching"),
        "table3": ("ours", "paper", "agrees", "readings_of_couplings"),
    }[name]
    assert set(wanted) <= set(summary)
    if name == "fig3":
        assert {"timescale_ms", "gain_ratio"} <= set(summary["perturbations"]["dmean_E"]["0.1"])


def test_what_is_not_a_figure_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["fig9"])
    assert "fig9" in capsys.readouterr().err


def test_spread_leaves_out_what_is_not_there():
    found = spread([1.0, 3.0, np.nan])
    assert (found["mean"], found["networks"]) == (2.0, [1.0, 3.0, None])
    assert found["sd"] == pytest.approx(np.sqrt(2))
    assert spread([np.nan])["mean"] is None


def test_r_squared_of_a_line_and_of_too_few_points():
    assert r_squared([1, 2, 3, np.nan], [2, 4, 6, 1]) == pytest.approx(1.0)
    assert r_squared([1, 2, 3], [1, 3, 2]) == pytest.approx(0.25)  # r is 0.5
    assert r_squared([1, 2], [1, 2]) is None
    assert r_squared([1, 2, 3], [5, 5, 5]) is None


def test_the_metastable_range_is_from_one_to_half_of_the_clusters():
    assert [metastable({"active_clusters": a}) for a in (0.9, 1.0, 9.0, 9.1)] == [
        False, True, True, False]  # fmt: skip


def test_networks_and_keys_depend_on_the_seed_alone(tmp_path):
    assert Study(tmp_path, TINY, seed=2).network_seeds() == [2000, 2001]
    write_summary(tmp_path, {"a": 1})
    assert json.loads((tmp_path / "summary.json").read_text()) == {"a": 1}


def test_changes_are_those_of_the_perturbed_against_the_unperturbed():
    t = np.round(np.arange(0, 51) * 0.02, 9)

    def entry(gain, onset):
        curve = np.clip((t - onset) / 0.4, 0, 1)
        return {"gain": np.array(gain), "t": t, "accuracy": curve,
                "together": np.array([0.5, 0.25, 0.25])}  # fmt: skip

    faster = ("dvar_E", 0.1)
    results = {
        UNPERTURBED: [entry([2.0, 4.0, np.nan], 0.3), entry([1.0, 1.0, 1.0], 0.5)],
        faster: [entry([1.0, 2.0, 9.0], 0.2), entry([2.0, 2.0, 2.0], 0.45)],
    }
    assert gain_ratios(results, faster) == pytest.approx([0.5, 2.0])
    assert active_clusters(results, faster) == pytest.approx([0.75, 0.75])
    whole, own = latency_differences(results, faster)
    assert own == pytest.approx([-0.1, -0.05], abs=1e-9)
    assert -0.1 < whole < -0.05


def test_signs_of_table_3_need_two_standard_errors_of_the_mean():
    levels = np.array([0.0, 0.1, 0.2])
    slopes = np.array([1.0, 2.0, 3.0])  # SD 1, SEM 0.58
    found = _slope(levels, 5.0 + levels[:, None] * slopes)
    assert found["slope"] == pytest.approx(2.0)
    assert found["sem"] == pytest.approx(1 / np.sqrt(3))
    assert found["sign"] == 1  # 2 is more than 1.15, though not more than two SD
    assert _slope(levels, -levels[:, None] * slopes)["sign"] == -1
    assert _slope(levels, levels[:, None] * np.array([-3.0, 1.0, 3.0]))["sign"] == 0
    lost = levels[:, None] * np.array([1.0, 1.1, 9.0])
    lost[1, 2] = np.nan  # a network without a value at one level does not count
    assert _slope(levels, lost)["slope"] == pytest.approx(1.05)
    assert _slope(levels, np.full((3, 2), np.nan)) == {"slope": None, "sem": None, "sign": 0}
