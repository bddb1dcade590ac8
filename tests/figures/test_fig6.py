"""Does Figure 6 train, judge and draw what it should?"""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from dendmod.errors import SpecError  # noqa: E402
from dendmod.learning.contrast_spec import StackSpec  # noqa: E402
from dendmod.learning.stack import GainStack  # noqa: E402
from dendmod.papers.wybo2022.fig6.figure import (  # noqa: E402
    FIGURE,
    Measured,
    draw_subsets,
    judge_accuracies,
    summarise,
)
from dendmod.papers.wybo2022.fig6.tasks import LAYERWISE, _best, train_layerwise  # noqa: E402
from dendmod.rng import stream  # noqa: E402
from tests.figures.common import bars, images_file, run_command, settings_of  # noqa: E402

NAME = "wybo2022/fig6"


def test_the_choice_with_the_lowest_loss_is_kept():
    net = GainStack(StackSpec(channels_in=3, layers=3, width=4, n_tasks=3), 1)
    first = net.values["weight0"].detach().clone()

    def learn(choice):
        with torch.no_grad():
            net.values["weight0"].add_(choice)
        return {1.0: [0.5, 0.3], 2.0: [float("nan"), 0.2], 3.0: [0.4], 4.0: [float("nan")]}[choice]

    assert _best(net, [1.0, 2.0, 3.0, 4.0], learn) == 0.2
    # each choice began with the same weights
    torch.testing.assert_close(net.values["weight0"].detach(), first + 2.0)


@pytest.fixture(scope="module")
def trained():
    def one(method, **more):
        return train_layerwise(
            data="digits", method=method, seed=3, network={"layers": 2, "width": 4},
            contrast={"filter_epochs": 1, "gain_epochs": 2, "filter_batch": 256, "gain_batch": 600},
            filter_rates=[0.01], gain_rates=[0.03], gain_starts=["normal"], **more,
        )  # fmt: skip

    return one


def test_methods_share_what_they_should(trained):
    found = {m: trained(m, keep_hidden=[2]) for m in LAYERWISE}
    for result in found.values():
        assert result["test"].shape == (2, 10)
        assert result["hidden task 2"].shape == (2, len(result["classes"]), 4)
    np.testing.assert_array_equal(found["TMCL"]["test"][0], found["CL"]["test"][0])
    np.testing.assert_array_equal(found["TMCL"]["test"][0], found["RP_on_TMCL"]["test"][0])
    assert not np.array_equal(found["TMCL"]["test"][1], found["CL"]["test"][1])
    assert not np.array_equal(found["TMCL"]["test"][1], found["CL_within"]["test"][1])
    assert not np.array_equal(found["TMCL"]["test"][0], found["RP"]["test"][0])
    assert np.isnan(found["RP"]["contrast"]).all()
    assert np.isnan(found["RP_on_TMCL"]["contrast"]).tolist() == [False, True]
    again = trained("RP")
    np.testing.assert_array_equal(again["test"], found["RP"]["test"])


@pytest.mark.parametrize("rates", [{"filter_rates": [1e38]}, {"gain_rates": [1e38]}])
def test_rates_at_which_no_loss_is_a_number_are_named(rates):
    fields = {"filter_rates": [0.01], "gain_rates": [0.03], **rates}
    with pytest.raises(SpecError, match="no finite loss with any of .*1e\\+38"):
        train_layerwise(
            data="digits", method="TMCL", seed=3, network={"layers": 1, "width": 4},
            contrast={"filter_epochs": 1, "gain_epochs": 1, "filter_batch": 256, "gain_batch": 99},
            gain_starts=["normal"], **fields,
        )  # fmt: skip


def test_a_rate_that_diverges_leaves_the_choice_to_others():
    """The worst rate comes last: what is kept is what the other one learned."""
    fields = {
        "data": "digits", "method": "RP", "seed": 3, "network": {"layers": 1, "width": 4},
        "contrast": {"gain_epochs": 2, "gain_batch": 600}, "filter_rates": [0.01],
        "gain_starts": ["normal"],
    }  # fmt: skip
    alone = train_layerwise(**fields, gain_rates=[0.03])
    beside = train_layerwise(**fields, gain_rates=[0.03, 1e38])
    np.testing.assert_array_equal(alone["test"], beside["test"])


def test_an_unknown_method_is_refused(trained):
    with pytest.raises(SpecError, match="allowed are TMCL, CL, CL_within, RP, RP_on_TMCL"):
        trained("DeepCluster")


def made_up(rise, n=5):
    """Accuracy by method of four layers: `rise` from the first to the last, with little noise."""
    noise = np.random.default_rng(1).normal(0, 1e-3, (4, n))
    return {m: 0.7 + r * np.linspace(0, 1, 4)[:, None] + noise for m, r in rise.items()}


def test_claims_are_judged_by_the_rise_from_the_first_to_the_last_layer():
    as_in_paper = made_up(
        {"TMCL": 0.1, "CL": 0.0, "CL_within": 0.0, "RP": 0.01, "RP_on_TMCL": -0.05, "backprop": 0.2}
    )
    as_in_paper["RP"] = as_in_paper["RP"] - 0.05
    few_and_many = {1: np.full(5, 0.7), 10: np.full(5, 0.8)}
    found = judge_accuracies(as_in_paper, few_and_many)
    assert {k: v.verdict for k, v in found.items()} == dict.fromkeys(
        (
            "tmcl_rises", "backprop_envelope", "rp_lower", "rp_on_top", "cl_flat", "cl_within_flat",
            "modulation_helps", "more_tasks",
        ),
        "reproduced",
    )  # fmt: skip
    other = made_up(
        {"TMCL": -0.1, "CL": 0.1, "CL_within": 0.1, "RP": 0.1, "RP_on_TMCL": 0.1, "backprop": -0.2}
    )
    found = judge_accuracies(other, {1: np.full(5, 0.8), 10: np.full(5, 0.7)})
    assert {v.verdict for v in found.values()} == {"not reproduced"}


def made_up_measured():
    """Accuracies that say which method, layer, seed and task they are of."""
    tasks = np.array([-0.03, -0.01, 0.01, 0.03])

    def stack_of(low, seed):
        rows = low + 0.1 * np.arange(3)[:, None] + 0.01 * seed + tasks
        hidden = stream(seed, "hidden").normal(size=(3, 40, 4))
        return {"test": rows, "val": rows - 0.05, "classes": np.arange(40) % 4,
                "hidden task 2": hidden}  # fmt: skip

    return Measured(
        stacks={"TMCL": [stack_of(0.6, i) for i in (1, 2)]},
        end_to_end=[
            [{"test": 0.5 + 0.1 * d + 0.01 * i + tasks, "val": tasks} for i in (1, 2)]
            for d in (1, 2, 3)
        ],
        subsets={1: [stack_of(0.4, i) for i in (1, 2)]},
    )


SMALL = {"runs": 2, "layers": 3, "methods": ["TMCL", "backprop"], "sizes": [1], "subsets": 2}


def test_the_summary_has_a_row_a_layer_and_the_top_for_subsets():
    summary = summarise(settings_of(NAME, **SMALL), made_up_measured())
    for layer in range(3):
        assert summary["TMCL"][layer].mean == pytest.approx(0.615 + 0.1 * layer)
        assert summary["TMCL"][layer].sd == pytest.approx(0.00707, abs=1e-5)
        assert summary["validation"]["TMCL"][layer].mean == pytest.approx(0.565 + 0.1 * layer)
        assert summary["backprop"][layer].mean == pytest.approx(0.615 + 0.1 * layer)
    assert {k: v.mean for k, v in summary["modulating_tasks"].items()} == {
        1: pytest.approx(0.615), 4: pytest.approx(0.815),
    }  # fmt: skip


def test_pictures_show_the_numbers_of_the_summary():
    made, found = settings_of(NAME, **SMALL, shown=[]), made_up_measured()
    summary = summarise(made, found)
    validation, test, subsets = FIGURE.draw(made, found, {})["fig6"].axes
    for ax, entries in ((validation, summary["validation"]), (test, summary)):
        assert set(bars(ax)) == {"TMCL", "backpropagation"}
        for method, name in (("TMCL", "TMCL"), ("backprop", "backpropagation")):
            means, sds = bars(ax)[name]
            assert means == [entry.mean for entry in entries[method]]
            assert sds == pytest.approx([entry.sd for entry in entries[method]])
    assert bars(subsets)["TMCL"][0] == [e.mean for e in summary["modulating_tasks"].values()]
    assert subsets.lines[0].get_xdata().tolist() == [1, 4]


@pytest.mark.slow
def test_hidden_representations_are_drawn_a_point_an_image():
    pytest.importorskip("umap")
    pictures = FIGURE.draw(settings_of(NAME, **SMALL, shown=[2]), made_up_measured(), {})
    assert pictures["figS4"] is None  # RP was not run
    first, last = pictures["fig6EF"].axes
    assert (first.get_title(), last.get_title()) == ("layer 1, task 2", "layer 3, task 2")
    for ax in (first, last):
        assert [len(points.get_offsets()) for points in ax.collections] == [10] * 4
        black = [not points.get_facecolors()[:, :3].any() for points in ax.collections]
        assert black == [False, False, True, False]  # the class that the task recognises


def test_subsets_are_different_ones():
    made = settings_of(NAME, subsets=10)
    assert sorted(draw_subsets(made, 1)) == [[t] for t in range(10)]
    chosen = draw_subsets(made, 5)
    assert len({tuple(c) for c in chosen}) == 10
    assert all(len(set(c)) == 5 for c in chosen)


def test_subsets_are_of_the_tasks_that_there_are(tmp_path):
    many = settings_of(NAME, data=images_file(tmp_path / "letters.npz", 47, 8))
    assert max(t for size in many.sizes for c in draw_subsets(many, size) for t in c) > 9
    few = settings_of(NAME, data=images_file(tmp_path / "signs.npz", 4, 8))
    assert few.sizes == (1, 2)
    assert not few.shown
    assert max(t for size in few.sizes for c in draw_subsets(few, size) for t in c) == 3


def test_settings_are_those_of_the_images_and_of_the_scale(tmp_path):
    digits, quick = settings_of(NAME), settings_of(NAME, quick=True)
    assert (digits.width, digits.layers, digits.runs, digits.sizes) == (32, 4, 5, (1, 3))
    assert (quick.width, quick.layers, quick.runs, quick.sizes) == (16, 3, 2, (1,))
    assert (digits.contrast.gain_epochs, quick.contrast.gain_epochs) == (60, 20)
    assert digits.contrast.gain_batch == quick.contrast.gain_batch == 500
    assert digits.contrast.views.flip == 0  # a mirrored digit is another sign
    colours = images_file(tmp_path / "colours.npz", 10, 32, channels=3)
    full, quick = settings_of(NAME, data=colours), settings_of(NAME, quick=True, data=colours)
    assert (full.width, full.contrast.gain_batch, full.pool) == (64, 8192, 1)
    assert full.gain_starts == ("constant", "rademacher", "rademacher_kaiming", "kaiming")
    assert full.filter_rates == (0.1, 0.01, 0.001)
    assert full.contrast.views.flip == 0.5
    assert (quick.width, quick.contrast.gain_batch, quick.pool) == (32, 500, 2)
    assert (quick.gain_starts, quick.sizes, quick.layers) == (("normal",), (), 4)
    assert settings_of(NAME, quick=True, data=colours, runs="1").runs == 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_quick_figure(tmp_path):
    summary = run_command("fig6", tmp_path, "--quick", "--workers", "2")
    assert (tmp_path / "fig6.png").is_file()
    assert summary["schema"] == "dendmod/fig6/1"
    for method in ("TMCL", "CL", "CL_within", "RP", "RP_on_TMCL", "backprop"):
        assert len(summary[method]) == 3
        assert all(0.45 < entry["mean"] < 1 for entry in summary[method])
    assert summary["backprop"][-1]["mean"] > 0.8
