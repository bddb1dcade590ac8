"""Settings are compared one change at a time, on seeds that are not reported."""

from __future__ import annotations

import pytest

from dendmod.errors import SpecError
from dendmod.sweep import Task
from dendmod.switching.protocol import load_learning

PROTOCOLS = ("figS3", "fig5")


@pytest.mark.parametrize("name", PROTOCOLS)
def test_each_change_is_tried_alone_and_left_out_of_all(name):
    protocol = load_learning(name)
    study = protocol.study
    assert study is not None
    assert not set(protocol.seeds) & set(study.seeds)
    literal, ours = protocol.literal.model_dump(), protocol.settings.model_dump()

    def changed(settings, base):
        own = settings.model_dump()
        return {field for field in own if own[field] != base[field]}

    variants = protocol.variants()
    assert changed(variants["literal"], literal) == set()
    assert changed(variants["all"], ours) == set()
    shared = set(study.changes[study.cell])
    assert changed(variants[study.cell], literal) == shared
    for change, fields in study.changes.items():
        if change != study.cell:
            assert changed(variants[f"+ {change}"], literal) == shared | set(fields)
            assert changed(variants[f"all but {change}"], ours) == set(fields)
    for variant in variants:
        Task(f"variant {variant}", "module:function", {})  # a name that a run can have
    for reading, values in study.readings.items():
        assert changed(variants[f"all with {reading}"], ours) == set(values)


def test_a_quick_figure_has_no_study():
    assert load_learning("figS3", quick=True).study is None
    assert load_learning("figS3", quick=True).variants() == {}


def test_a_study_must_name_all_changes_and_leave_reported_seeds_alone():
    given = load_learning("fig5").model_dump(by_alias=True)
    changes = {**given["study"]["changes"], "somatic trace": ()}
    with pytest.raises(SpecError, match="tau_post"):
        load_learning("fig5", changes={"study": {**given["study"], "changes": changes}})
    with pytest.raises(SpecError, match="reported"):
        load_learning("fig5", changes={"study": {**given["study"], "seeds": given["seeds"]}})
    with pytest.raises(SpecError, match=r"study\.cell: 'other'"):
        load_learning("fig5", changes={"study": {**given["study"], "cell": "other"}})


def test_a_summary_has_means_over_tasks_and_seeds_and_what_was_changed():
    protocol = load_learning("fig5")
    study, variants = protocol.study, protocol.variants()
    assert study is not None
    scores = {(name, i): (n + i) / 20 for n, name in enumerate(variants) for i in (0, 1)}
    found = study.summary(variants, lambda name, seed, i: scores[name, i])
    for n, name in enumerate(variants):
        assert found["rows"][name]["mean"] == pytest.approx((n + 0.5) / 20)
    assert found["rows"]["literal"]["changes"] == {}
    assert found["rows"]["+ somatic trace"]["changes"] == {
        "cell": "reduced, passive dendrites", "biophysics": 3, "tau_post": 25.0,
    }  # fmt: skip
