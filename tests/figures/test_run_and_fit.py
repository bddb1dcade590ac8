"""Do `dendmod run` and `dendmod io fit` write and draw what the engine gave?"""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dendmod.cli import app
from dendmod.errors import UnsupportedByEngine
from dendmod.iocurve import MODELS
from dendmod.protocol.fit_file import fit_file
from dendmod.protocol.run_file import run_file
from dendmod.spec.grid import parse_grid
from tests.doubles import SweepDouble, staircase
from tests.pictures import axes_of, bar_ends, kept_pictures, labelled, points, texts

LEVELS = {"shunt": [0, 20, 40, 60, 80, 100, 120], "nmda": [0, 3, 6, 9, 11, 14, 17, 20]}
GRID = parse_grid(["sites.x=0.5,0.8"])


def answer(function, payload):
    """Trial k of a level has as many spikes as k to the third, more with the level and arm."""
    if function == "choose":
        return {"section": np.arange(1, 21), "x": np.full(20, 0.8), "impedance": np.ones(20),
                "independence": 1.0}  # fmt: skip
    x, arm, level = payload["protocol"]["sites"]["x"], payload["arm"], payload["level"]
    if function == "count_spikes":
        return {"counts": [[spikes(x, arm, level, trial) for trial in payload["trials"]]]}
    shift = 40 if x == 0.5 else 60
    return staircase(shift - level, 30 - level) if arm == "nmda" else staircase(shift + level, 20)


def spikes(x, arm, level, trial):
    return trial**3 + level + (1000 if arm == "nmda" else 0) + (500 if x == 0.5 else 0)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    with kept_pictures() as pictures:
        rows = run_file(
            "fig1", out, sweep=SweepDouble(answer), changes={"run.trials": 5}, grid=GRID
        )
        yield rows, json.loads((out / "summary.json").read_text()), pictures["fig1"], out


def test_a_run_has_one_row_a_trial_with_its_spikes(ran):
    rows, _, _, out = ran
    assert len(rows) == 2 * 5 * (7 + 8)
    for row in rows.to_dict("records"):
        x, arm, level, trial = (row[name] for name in ("sites.x", "arm", "level", "trial"))
        assert row["spikes"] == spikes(x, arm, level, trial)
        assert row["n_feedforward"] == {"shunt": 175, "nmda": 40}[arm]
        assert row["variant"] == f"sites.x={x}"
    pd.testing.assert_frame_equal(pd.read_parquet(out / "fig1.parquet"), rows)


def test_the_summary_of_a_run_has_the_means_of_each_level(ran):
    _, summary, _, _ = ran
    assert summary["trials"] == 5
    for x in (0.5, 0.8):
        variant = summary["variants"][f"sites.x={x}"]
        assert variant["set"] == {"sites.x": x}
        assert variant["protocol"]["sites"]["x"] == x
        for arm, levels in LEVELS.items():
            assert variant["arms"][arm]["levels"] == levels
            expected = [np.mean([spikes(x, arm, n, k) for k in range(5)]) for n in levels]
            assert variant["arms"][arm]["mean_spikes"] == pytest.approx(expected)


def test_the_summary_of_a_run_says_which_engine_ran_each_variant_and_why(ran):
    _, summary, _, _ = ran
    for variant in summary["variants"].values():
        assert variant["engine"]["name"] == "neuron"
        assert variant["engine"]["held_against_neuron"] is False
        assert "no kernel stands behind a double" in variant["engine"]["why"]


@pytest.mark.parametrize(
    ("command", "function"), [(["run"], "run_file.run_file"), (["io", "fit"], "fit_file.fit_file")]
)
def test_a_command_takes_the_engine_and_says_which_ran(tmp_path, monkeypatch, command, function):
    asked = []

    def ran_elsewhere(name, out, *, changes, **_):
        asked.append(changes)
        said = {"variants": {"fig1": {"engine": {"name": "kernel", "why": "The kernel ran it."}}}}
        (out / "summary.json").write_text(json.dumps(said))
        residuals = {f"residual_{m}": [0.1] for m in MODELS}
        return pd.DataFrame({"variant": ["fig1"], "arm": ["nmda"], **residuals, "x_shift": [0.0],
                             "paper_order": [None], "left_out": [""]})  # fmt: skip

    monkeypatch.setattr(f"dendmod.protocol.{function}", ran_elsewhere)
    given = [*command, "fig1", "--out", str(tmp_path), "--engine", "kernel", "--seed", "3"]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    assert asked == [{"run.seed": 3, "run.engine": "kernel"}]
    assert "The kernel ran it." in done.output


def test_files_of_stimuli_are_held_before_the_kernel_runs_them(tmp_path):
    with pytest.raises(
        UnsupportedByEngine, match=r"no kernel stands behind a double.*--engine neuron"
    ):
        run_file("steps", tmp_path, sweep=SweepDouble(answer), changes={"run.engine": "kernel"})
    with pytest.raises(KeyError):  # what is asked of the double, which knows no stimuli
        run_file("steps", tmp_path, sweep=SweepDouble(answer), changes={"run.engine": "neuron"})


def test_means_are_drawn_by_level_with_the_standard_error_over_trials(ran):
    _, _, picture, _ = ran
    sem = np.std([k**3 for k in range(5)], ddof=1) / np.sqrt(5)
    for arm, xlabel in (("shunt", "Shunt inputs"), ("nmda", "Dendritic sites driven to NMDA")):
        ax = axes_of(picture, xlabel)
        assert ax.get_ylabel() == "Output spikes, mean ± SEM"
        for container, ends, x in zip(ax.containers, bar_ends(ax), (0.5, 0.8), strict=True):
            assert container.get_label() == f"sites.x={x}"
            means = [np.mean([spikes(x, arm, n, k) for k in range(5)]) for n in LEVELS[arm]]
            np.testing.assert_allclose(points(container), [LEVELS[arm], means])
            np.testing.assert_allclose(ends, np.add.outer(means, [-sem, sem]))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    out = tmp_path_factory.mktemp("fit")
    changes = {"io.bootstraps": 20}
    with kept_pictures() as pictures:
        table = fit_file("fig1", out, sweep=SweepDouble(answer), changes=changes, grid=GRID)
        summary = json.loads((out / "summary.json").read_text())
        yield table, summary["variants"], pictures["fig1"], out


def test_a_fit_has_one_row_a_variant_and_arm_with_the_numbers_of_its_summary(fitted):
    table, variants, _, out = fitted
    assert len(table) == 4
    for _, row in table.iterrows():
        said = variants[row["variant"]][row["arm"]]
        assert row["variant"] == f"sites.x={row['sites.x']}"
        for model in MODELS:
            assert row[f"residual_{model}"] == said["fits"][model]["residual"]
            ends = [row[f"residual_{model}_low"], row[f"residual_{model}_high"]]
            assert ends == said["residual_interval"][model]
            assert ends == sorted(ends)
        assert row["x_shift"] == said["fits"]["gain_xshift"]["x_shift"]
        assert [row["x_shift_low"], row["x_shift_high"]] == said["x_shift_interval"]
        assert row["paper_order"] == said["order_fraction"]["paper"]
        assert row["bias_below_gain"] == said["order_fraction"]["bias < gain"]
        assert row["simulations"] == said["simulations"] == len(LEVELS[row["arm"]]) * 3 * 8
        assert row["grid_simulations"] == said["grid_simulations"] > row["simulations"]
        assert row["left_out"] == ""
    pd.testing.assert_frame_equal(pd.read_parquet(out / "fig1.parquet"), table)


def test_variants_differ_as_their_curves_do(fitted):
    _, variants, _, _ = fitted
    near, far = (
        np.array(variants[f"sites.x={x}"]["shunt"]["thresholds"], dtype=float) for x in (0.5, 0.8)
    )
    np.testing.assert_allclose(far - near, 20)
    np.testing.assert_allclose(near[:, 0], 50 + np.array(LEVELS["shunt"]))


def test_residuals_are_drawn_a_row_a_variant_with_the_papers_order(fitted):
    table, _, picture, _ = fitted
    for arm in ("shunt", "nmda"):
        ax, rows = axes_of(picture, f"{arm}  "), table[table["arm"] == arm]
        assert [label.get_text() for label in picture.axes[0].get_yticklabels()] == list(
            rows["variant"]
        )
        lines = labelled(ax)
        for k, model in enumerate(MODELS):
            x, y = lines[model.replace("_xshift", " + x-shift")]
            np.testing.assert_allclose(x, rows[f"residual_{model}"])
            np.testing.assert_allclose(y, np.arange(2) + 0.22 * (k - 1))
            ends = [segment[:, 0] for segment in ax.collections[k].get_segments()]
            np.testing.assert_allclose(
                ends, rows[[f"residual_{model}_low", f"residual_{model}_high"]]
            )
        assert texts(ax) == [f"{fraction:.0%}" for fraction in rows["paper_order"]]
