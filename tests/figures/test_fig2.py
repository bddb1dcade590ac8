"""Does Figure 2 run, and are its curves what the cell does?"""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dendmod.exchange import read_io
from dendmod.exchange.check import check_io
from dendmod.iocurve import MODELS, bootstrap_thresholds, fit_io, thresholds
from dendmod.study.figure import make_figure
from tests.doubles import SweepDouble, staircase
from tests.pictures import axes_of, bar_ends, heights, kept_pictures, labelled, points

LEVELS = {"shunt": tuple(range(0, 121, 20)), "nmda": (0, 3, 6, 9, 11, 14, 17, 20)}
SEED, BOOTSTRAPS = 3, 20
MISSING = 120  # shunt inputs under which the cell does not come to two spikes


def curve(arm, level):
    """First number of inputs and width: NMDA spikes shift curves, shunt turns them around -20."""
    width = 30 - level if arm == "nmda" else 20 + 2 * (level // 20)
    return (60 - 3 * level if arm == "nmda" else 3 * width // 2 - 20), width


def answer(function, payload):
    if function == "choose":
        return {"section": np.arange(1, 21), "x": np.full(20, 0.8), "impedance": np.ones(20),
                "independence": 1.0}  # fmt: skip
    arm, level = payload["arm"], payload["level"]
    return staircase(*curve(arm, level), top=1 if (arm, level) == ("shunt", MISSING) else 2)


def known(arm):
    """Thresholds [levels, 2]."""
    n = np.array([curve(arm, level) for level in LEVELS[arm]])
    found = n[:, :1] + n[:, 1:] * [0.5, 1.5]
    if arm == "shunt":
        found[-1, 1] = np.nan
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The figure of a cell whose curves are known: summary, picture, tasks, folder."""
    sweep, out = SweepDouble(answer), tmp_path_factory.mktemp("fig2")
    changes = {"io.bootstraps": BOOTSTRAPS, "run.seed": SEED}
    with pytest.MonkeyPatch.context() as patch, kept_pictures() as pictures:
        patch.setattr("dendmod.study.figure.Sweep", sweep)
        summary = make_figure("wybo2022/fig2", out, changes=changes)
        yield SimpleNamespace(summary=summary, picture=pictures["fig2"], asked=sweep.asked, out=out)


@pytest.fixture(scope="module")
def drawn():
    """Thresholds of the drawn trials [draws, levels, 2], and residuals of each model, by arm."""
    found = {}
    for arm, levels in LEVELS.items():
        runs = [answer("search_thresholds", {"arm": arm, "level": level}) for level in levels]
        n = np.unique([run["n_feedforward"] for run in runs])
        counts = np.full((len(levels), n.size, 8), np.nan)
        for row, run in enumerate(runs):
            counts[row, np.isin(n, run["n_feedforward"])] = run["counts"]
        samples = bootstrap_thresholds(n, counts, samples=BOOTSTRAPS, seed=SEED)
        whole = np.isfinite(samples).all(axis=2).sum(axis=1) >= 2
        residuals = {m: [fit_io(s, m).residual for s in samples[whole]] for m in MODELS}
        shifts = [fit_io(s, "gain_xshift").x_shift for s in samples[whole]]
        found[arm] = SimpleNamespace(samples=samples, residuals=residuals, x_shift=shifts)
    return found


def test_thresholds_are_where_the_curves_cross(made):
    for arm, levels in LEVELS.items():
        said = made.summary[arm]
        assert said["levels"] == list(levels)
        np.testing.assert_allclose(np.array(said["thresholds"], dtype=float), known(arm))
    assert made.summary["shunt"]["left_out"] == [MISSING]
    assert made.summary["nmda"]["left_out"] == []
    assert made.summary["trials"] == 8


def test_fits_are_those_of_the_thresholds(made):
    for arm in LEVELS:
        fits = {model: fit_io(known(arm), model) for model in MODELS}
        for model, fit in fits.items():
            said = made.summary[arm]["fits"][model]
            assert said["residual"] == pytest.approx(fit.residual)
            np.testing.assert_allclose(np.array(said["gain"], dtype=float), fit.gain)
        better = "gain" if fits["gain"].residual < fits["bias"].residual else "bias"
        assert made.summary[arm]["better_of_gain_and_bias"] == better
    assert len({made.summary[arm]["better_of_gain_and_bias"] for arm in LEVELS}) == 2


def test_intervals_and_orders_are_those_of_the_drawn_trials(made, drawn):
    for arm, paper in (
        ("nmda", ("gain_xshift", "bias", "gain")),
        ("shunt", ("gain_xshift", "gain", "bias")),
    ):
        said, of = made.summary[arm], drawn[arm]
        inner = np.array(said["interval"], dtype=float)
        full = np.isfinite(of.samples).all(axis=0)
        ends = np.moveaxis(np.quantile(of.samples, [0.05, 0.95], axis=0), 0, -1)
        np.testing.assert_allclose(inner[full], ends[full])
        for model, values in of.residuals.items():
            low, high = said["residual_interval"][model]
            assert (low, high) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))
        assert said["x_shift_interval"] == pytest.approx(np.quantile(of.x_shift, [0.05, 0.95]))
        assert arm == "nmda" or said["x_shift_interval"][0] < said["x_shift_interval"][1]
        rows = {m: np.array(v) for m, v in of.residuals.items()}
        a, b, c = (rows[m] for m in paper)
        fractions = said["order_fraction"]
        assert fractions["paper"] == pytest.approx(np.mean((a < b) & (b < c)))
        assert fractions["paper"] > 0.5
        for pair in ("bias < gain", "gain < bias", "gain_xshift < bias", "gain_xshift < gain"):
            a, b = (rows[m] for m in pair.split(" < "))
            assert fractions[pair] == pytest.approx(np.mean(a < b))
        assert said["bootstraps"]["samples"] == BOOTSTRAPS


def test_costs_are_counted_in_trials_run(made):
    said = made.summary["shunt"]
    assert said["simulations"] == 7 * 3 * 8
    span = np.nanmax(known("shunt")) - np.nanmin(known("shunt"))
    # every level at both ends and each 4 inputs between
    assert said["grid_simulations"] == 7 * 8 * (2 + np.ceil(span / 4))
    assert {t.payload["resolution"] for t in made.asked if t.key.startswith("io/")} == {4}


@pytest.mark.parametrize("arm", ["nmda", "shunt"])
def test_the_files_for_other_programs_say_the_same(made, arm):
    said, io = made.summary[arm], read_io(made.out / f"io_{arm}.json")
    assert check_io(io)[1] == []
    assert io.levels == LEVELS[arm]
    assert list(io.left_out) == said["left_out"]
    what = {"nmda": "dendritic sites driven to NMDA spikes", "shunt": "shunt inputs"}[arm]
    assert io.document["level"] == what
    for row, level in enumerate(LEVELS[arm]):
        point = io.document["points"]["by_level"][row]
        run = staircase(*curve(arm, level), top=1 if level == MISSING else 2)
        assert point["x"] == run["n_feedforward"].tolist()
        assert point["spikes"] == run["counts"].tolist()
        assert point["thresholds"] == said["thresholds"][row]
        for given, ends in zip(point["interval"], said["interval"][row], strict=True):
            assert (given or [None, None]) == ends
    facts = io.document["provenance"]
    assert (facts["resolution"], facts["bootstraps"]) == (4, BOOTSTRAPS)
    assert (facts["seed"], facts["trials"], facts["arm"]) == (SEED, 8, arm)


def test_curves_are_drawn_through_their_thresholds(made):
    for row, arm in enumerate(("nmda", "shunt")):
        for title, model in (("gain\n", "gain"), ("bias\n", "bias"), ("gain + x", "gain_xshift")):
            ax = axes_of(made.picture, title, row)
            fit = fit_io(known(arm), model, levels=LEVELS[arm])
            assert f"residual {fit.residual:.2g}" in ax.get_title()
            marks = [points(c) for c in ax.containers]
            whole = np.isfinite(known(arm)).all(axis=1)
            ends = np.array(made.summary[arm]["interval"], dtype=float)
            np.testing.assert_allclose(np.array(bar_ends(ax))[whole], ends[whole])
            np.testing.assert_allclose([x for x, _ in marks], known(arm))
            assert all(y.tolist() == [0.5, 1.5] for _, y in marks)
            lines = [points(line) for line in ax.lines if len(line.get_xdata()) == 400]
            curves = fit.io_model()
            for (x, y), level in zip(lines, curves.levels, strict=True):
                np.testing.assert_allclose(y, curves(level)(x))


def test_examples_are_two_levels_with_their_own_points(made):
    for nth, arm in enumerate(("nmda", "shunt")):
        lines = labelled(axes_of(made.picture, "two levels", nth))
        shown = {int(name.split()[1]): xy for name, xy in lines.items() if "level" in name}
        assert len(shown) == 2
        for level, (x, y) in shown.items():
            first, width = curve(arm, level)
            assert x.tolist() == [first, first + width, first + 2 * width]
            assert y.tolist() == [0, 1, 2]


def test_residuals_are_drawn_by_model_with_their_intervals(made):
    ax = axes_of(made.picture, "Residuals, with 90 %")
    names = [label.get_text() for label in ax.get_xticklabels()]
    assert names == ["gain", "bias", "gain + x-shift"]
    for bars, lines, arm in zip(heights(ax), ax.collections, ("nmda", "shunt"), strict=True):
        said = made.summary[arm]
        assert bars == pytest.approx([said["fits"][m]["residual"] for m in MODELS])
        ends = [segment[:, 1] for segment in lines.get_segments()]
        np.testing.assert_allclose(ends, [said["residual_interval"][m] for m in MODELS])


def test_thresholds_are_drawn_by_level_with_their_intervals(made):
    ax = axes_of(made.picture, "Thresholds, with 90 %")
    assert ax.get_ylabel() == "Threshold (inputs)"
    lines, bars = labelled(ax), iter(bar_ends(ax))
    for arm, title in (("nmda", "Sites with NMDA spikes"), ("shunt", "Shunt inputs")):
        ends = np.array(made.summary[arm]["interval"], dtype=float)
        for k in (0, 1):
            x, y = lines[f"{title}, to {k + 1}"]
            np.testing.assert_allclose(x, np.array(LEVELS[arm]) / max(LEVELS[arm]))
            np.testing.assert_allclose(y, known(arm)[:, k])
            there = np.isfinite(y)
            np.testing.assert_allclose(next(bars)[there], ends[there, k])


def test_the_caption_says_how_often_the_drawn_trials_show_the_paper_s_order(made):
    caption = made.picture.get_supxlabel()
    for title, arm in (("Sites with NMDA spikes", "nmda"), ("Shunt inputs", "shunt")):
        said = made.summary[arm]
        order = made.summary["paper"][f"io_order_{arm}"]
        fraction = said["order_fraction"]["paper"]
        assert f"{title}: paper's order {order} in {fraction:.0%}" in caption


def fig2(out: Path, *options: str) -> dict:
    command = [sys.executable, "-m", "dendmod.fig2", "--out", str(out), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "summary.json").read_text())


@pytest.mark.slow
def test_quick_figure(tmp_path):
    summary = fig2(tmp_path, "--quick")
    assert (tmp_path / "fig2.png").is_file()
    assert (tmp_path / "fig2.pdf").is_file()
    assert summary["schema"] == "dendmod/fig2/1"
    for arm in ("nmda", "shunt"):
        said = summary[arm]
        found = np.array(said["thresholds"], dtype=float)  # null becomes NaN
        curves = said["curves"]
        again = thresholds(curves["n_feedforward"], np.array(curves["mean_spikes"], dtype=float))
        np.testing.assert_allclose(found, again)
        for model, fit in said["fits"].items():
            assert fit["residual"] == pytest.approx(fit_io(found, model).residual)
        low, high = np.moveaxis(np.array(said["interval"], dtype=float), -1, 0)
        known = np.isfinite(low) & np.isfinite(found)
        assert (low[known] <= found[known] + 12).all()
        assert (high[known] >= found[known] - 12).all()
        assert said["simulations"] > 0
    # more shunt needs more inputs, more NMDA spikes need fewer
    first = {arm: np.array(summary[arm]["thresholds"], dtype=float)[:, 0] for arm in summary
             if arm in ("nmda", "shunt")}  # fmt: skip
    assert (np.diff(first["shunt"]) > 20).all()
    assert (np.diff(first["nmda"]) < 0).all()
    assert fig2(tmp_path, "--quick") == summary


@pytest.mark.slow
def test_the_search_agrees_with_a_full_grid(tmp_path):
    """On the cell itself, not a toy: thresholds within the search's resolution."""
    from dendmod.protocol import load_protocol
    from dendmod.protocol.experiment import Experiment
    from dendmod.sweep import Sweep

    changes = {"arms.nmda.levels": [11], "arms.shunt.levels": [0], "run.trials": 4} | {
        f"arms.{arm}.quick_levels": [] for arm in ("nmda", "shunt")
    }
    experiment = Experiment(load_protocol("fig1", changes), Sweep(tmp_path, progress=False))
    table = experiment.io_curves(["nmda"])["nmda"]
    full = experiment.spikes(n_feedforward=list(range(0, 100, 4)))["nmda"]
    found = thresholds(table.n_feedforward, table.mean())
    np.testing.assert_allclose(
        found, thresholds(full.n_feedforward, full.counts.mean(axis=2)), atol=4
    )
    assert table.simulations < 0.7 * full.counts.size
