"""Does Figure 3 run what is asked, and judge it as it should?"""

import numpy as np
import pytest

from dendmod.papers.wybo2022.fig3 import runs as multitask
from dendmod.papers.wybo2022.fig3.runs import MAIN, label, plan, run, summarise

SMALL = {"max_epochs": 1, "steps": 2}


def test_quick_and_full_plans_differ_in_size_alone():
    full, quick = plan(None, 1, quick=False), plan(None, 1, quick=True)
    assert full.n_seeds == 5
    assert [label(h) for h in full.architectures] == [
        "1x25", "2x25", "3x25", "4x25", "2x10", "2x50", "2x100",
    ]  # fmt: skip
    assert set(quick.panels) == set(full.panels) - {"others"}
    assert plan("file.npz", 1, quick=False).images["steps"] == 200


def made_up(accuracy):
    """Results of a full plan, whose accuracies are `accuracy(key)` with little noise."""
    made = plan(None, 1, quick=False, panels=["images", "plane", "transfer"])
    rng = np.random.default_rng(1)

    def result(key, **more):
        noise = rng.normal(0, 1e-3, (made.n_seeds, 4))
        return {"test": accuracy(key) + noise, "rates": np.array([1e-3, 1e-2]), **more}

    wide = [(100,) * n for n in made.transfer_layers]
    images = [f"{m} {label(h)}" for h in [*made.architectures, *wide] for m in MAIN]
    plane = [f"gain_xshift {n}x50" for n in (1, 4)]
    moves = {}
    for key in (f"{m} {label(h)} split {s}" for h in wide for m in MAIN for s in range(1, 4)):
        values = accuracy(f"transfer {key}") + rng.normal(0, 1e-3, (made.n_seeds, 4))
        moves[key] = {"base": values, "moved": values}
    return made, {
        "images": {key: result(key) for key in images},
        "plane": {key: result(key) for key in plane},
        "transfer": moves,
    }


def as_in_the_paper(key):
    size = key.split(" split")[0].split()[-1]
    layers, width = map(int, size.split("x"))
    out = 0.9 + 0.01 * layers + 0.0002 * width
    if "gain_xshift" in key:
        out -= 0.004
    if "transfer" in key and layers > 1 and "readout" in key:
        out -= 0.1
    return out + 0.02 * ("x50" in key and "gain_xshift" in key)


def test_a_paper_like_result_is_called_reproduced():
    made, found = made_up(as_in_the_paper)
    summary = summarise(made, found)
    assert {k: v["verdict"] for k, v in summary["claims"].items()} == dict.fromkeys(
        multitask.paper.CLAIMS["fig3"], "reproduced"
    )
    assert summary["schema"] == "dendmod/fig3/1"
    assert summary["digits"]["readout"]["2x25"]["mean"] == pytest.approx(0.925, abs=2e-3)
    assert set(summary["tasks2d"]) == {"1x50", "4x50"}
    assert set(summary["transfer"]["gain_bias"]["3x100"]) == {"base", "transfer", "all_tasks"}


def test_the_opposite_is_called_not_reproduced():
    made, found = made_up(lambda key: 1.8 - as_in_the_paper(key))
    verdicts = {k: v["verdict"] for k, v in summarise(made, found)["claims"].items()}
    for claim in ("solves_2d", "depth_2d", "depth", "width", "transfer_deep"):
        assert verdicts[claim] == "not reproduced", claim


@pytest.mark.parametrize("methods", [MAIN, ("gain", "bias"), ("readout", "gain")])
def test_scans_of_any_panel_are_drawn(methods):
    from dendmod.papers.wybo2022.fig3.plot import draw_scans

    rates = 10.0 ** -np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]])
    scan = {"scan_rates": rates, "scan_score": np.array([0.5, 0.7, 0.9]), "rates": rates[2]}
    keys = [f"{m} {size}" for m in methods for size in ("1x25", "2x10")][:-1]
    figure = draw_scans(dict.fromkeys(keys, scan))
    shown = [m for m in methods if m in MAIN] or list(methods)
    drawn = [ax for ax in figure.axes if ax.collections]
    assert len(drawn) == sum(key.split()[0] in shown for key in keys)


def test_spread_is_over_runs():
    assert multitask.spread(np.array([0.9, 0.92, 0.94, 0.96])) == {
        "mean": 0.93, "sd": pytest.approx(0.02582, abs=1e-5),
    }  # fmt: skip
    assert multitask.spread(np.array([0.9])) == {"mean": 0.9, "sd": 0.0}


@pytest.mark.slow
def test_panels_are_run_alone_and_a_second_run_takes_them_from_the_store(tmp_path):
    from dataclasses import replace

    made = replace(
        plan(None, 1, quick=True, panels=["images"]), depths=(1,), widths=(10,), n_seeds=2,
        images=SMALL,
    )  # fmt: skip
    found = run(made, tmp_path, workers=1, progress=False)
    assert set(found["images"]) == {f"{m} {size}" for m in MAIN for size in ("1x25", "2x10")}
    assert not found["plane"]
    assert not found["transfer"]
    again = run(made, tmp_path, workers=1, progress=False)
    for key, result in found["images"].items():
        np.testing.assert_array_equal(again["images"][key]["test"], result["test"])
    claims = summarise(made, found)["claims"]
    assert claims["solves_2d"]["verdict"] == "not resolved"
    assert "not run" in claims["solves_2d"]["why"]
