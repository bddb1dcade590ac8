"""Settings are compared one change at a time, on seeds that are not reported."""

from __future__ import annotations

import numpy as np
import pytest

from dendmod.errors import SpecError
from dendmod.papers.wybo2022.fig5 import figure as fig5
from dendmod.papers.wybo2022.figS3 import figure as figS3
from dendmod.study.registry import find
from dendmod.sweep import Task
from dendmod.switching.experiment import load_training

FIGURES = {"fig5": fig5, "figS3": figS3}


def experiment(name, *, quick=False, **changes):
    """Settings of a figure; a double underscore stands for a dot in the name of a field."""
    changes = {field.replace("__", "."): value for field, value in changes.items()}
    table = find(f"wybo2022/{name}").settings(quick=quick, changes=changes)
    return FIGURES[name].settings_of(table, quick)


@pytest.mark.parametrize("name", FIGURES)
def test_each_change_is_tried_alone_and_left_out_of_all(name):
    found = experiment(name)
    ablation = found.ablation
    assert ablation is not None
    assert not set(found.seeds) & set(ablation.seeds)
    literal, ours = found.literal.model_dump(), found.settings.model_dump()

    def changed(settings, base):
        own = settings.model_dump()
        return {field for field in own if own[field] != base[field]}

    variants = found.variants()
    assert changed(variants["literal"], literal) == set()
    assert changed(variants["all"], ours) == set()
    shared = set(ablation.changes[ablation.shared])
    assert changed(variants[ablation.shared], literal) == shared
    for change, fields in ablation.changes.items():
        if change != ablation.shared:
            assert changed(variants[f"+ {change}"], literal) == shared | set(fields)
            assert changed(variants[f"all but {change}"], ours) == set(fields)
    for variant in variants:
        Task(f"variant {variant}", "module:function", {})  # a name that a run can have
    for reading, values in ablation.readings.items():
        assert changed(variants[f"all with {reading}"], ours) == set(values)


@pytest.mark.parametrize("name", FIGURES)
def test_the_ablation_is_of_the_settings_as_shipped(name):
    assert experiment(name, quick=True).ablation is None
    assert experiment(name, quick=True).variants() == {}
    for changes in (
        {"seed": 7}, {"settings__dt": "0.05"}, {"tasks": ["4", "8"]}, {"schedule__samples": "40"},
        {"settings__error_scale": 3.0},
    ):  # fmt: skip
        assert experiment(name, **changes).ablation is None
    same = experiment(name, seed=str(experiment(name).seed))  # an option gives a text
    assert same.ablation is not None
    other = experiment(name, ablation__seeds=[3, 4])
    assert other.ablation is not None
    assert other.ablation.seeds == (3, 4)


def test_images_and_matrices_of_another_kind_have_no_ablation():
    assert experiment("fig5", data="emnist47").ablation is None
    assert experiment("fig5", matrices=["RP"]).ablation is None


def test_an_ablation_must_name_all_changes_and_leave_reported_seeds_alone():
    changes = {**experiment("fig5").ablation.changes, "somatic trace": ()}
    with pytest.raises(SpecError, match="tau_post"):
        experiment("fig5", ablation__changes=changes)
    with pytest.raises(SpecError, match="reported"):
        experiment("fig5", ablation__seeds=[20])
    with pytest.raises(SpecError, match=r"ablation\.shared: 'other'"):
        experiment("fig5", ablation__shared="other")


def test_a_first_seed_and_a_number_of_networks_give_seeds():
    assert experiment("fig5").seeds == (20, 21, 22)
    assert experiment("figS3", seed="7").seeds == (7, 8, 9, 10, 11)
    assert experiment("figS3", seed="7", quick=True).seeds == (7, 8, 9)
    assert experiment("fig5", seed="7", controls=2).control_seeds == (7, 8)


def test_a_summary_has_means_over_tasks_and_seeds_and_what_was_changed():
    found = experiment("fig5")
    variants = found.variants()
    accuracy = {name: np.array([[n, n + 1]]) / 20 for n, name in enumerate(variants)}
    summary = found.ablation.summary(variants, accuracy)
    for n, name in enumerate(variants):
        assert summary["rows"][name]["mean"] == pytest.approx((n + 0.5) / 20)
        assert summary["rows"][name]["accuracy"] == {"0": [n / 20], "2": [(n + 1) / 20]}
    assert summary["rows"]["literal"]["changes"] == {}
    assert summary["rows"]["+ somatic trace"]["changes"] == {
        "cell": "reduced, passive dendrites", "biophysics": 3, "scales": "thresholds",
        "tau_post": 25.0,
    }  # fmt: skip


def test_a_training_takes_its_settings_from_a_figure_or_a_file(tmp_path):
    figure = experiment("fig5")
    for name in ("fig5", "wybo2022/fig5", find("wybo2022/fig5").folder / "settings.toml"):
        found = load_training(name)
        assert (found.settings, found.schedule) == (figure.settings, figure.schedule)
    file = tmp_path / "mine.toml"
    file.write_text("[schedule]\nsamples = 3\n[settings]\nhidden_v_range = 1\noutput_range = 2\n")
    with pytest.raises(SpecError, match="output_range"):
        load_training(file)
    file.write_text("[settings]\nhidden_v_range = 1\noutput_v_range = 2\n")
    with pytest.raises(SpecError, match="schedule"):
        load_training(file)
    for wrong in ("fig55", "wybo2022/fig1"):
        with pytest.raises(
            SpecError, match=f"of learning '{wrong}'.*wybo2022/fig5, wybo2022/figS3"
        ):
            load_training(wrong)
