"""Is a reading of the settings put together as it says, and are its bounds bounds?"""

import numpy as np
import pytest

from dendmod.cells.channels import keeping
from dendmod.cells.file import load_cell
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.engines.kernel.membranes import channel_values
from dendmod.errors import SpecError, UnsupportedByEngine
from dendmod.papers.wybo2022.fig5 import figure as fig5
from dendmod.papers.wybo2022.fig5 import runs
from dendmod.papers.wybo2022.fig5.runs import learning_tasks
from dendmod.papers.wybo2022.figS3 import figure as figS3
from dendmod.params import wybo2022
from dendmod.reduction import compare
from dendmod.spec import Compartment, ReducedCell
from dendmod.study.registry import find
from dendmod.sweep import Sweep
from dendmod.switching.bounds import Task, bound, drives, learned_online, linear_readout
from dendmod.switching.cells import cells
from dendmod.switching.experiment import load_training
from dendmod.switching.settings import BOOLEAN_LITERAL, IMAGES_LITERAL
from dendmod.switching.training import bursts

READING = "few-channels"


def experiment(name, module, **changes):
    changes = {field.replace("__", "."): value for field, value in changes.items()}
    table = find(f"wybo2022/{name}").settings(changes=changes)
    return module.settings_of(table, False)


def test_the_reading_leaves_of_the_papers_numbers_what_it_says():
    found = experiment("fig5", fig5, reading=READING)
    assert found.seeds == (30,)
    assert found.ablation is None
    changed = set(found.changed())
    cell = {"cell", "morphology", "channels", "bifurcations"}
    assert cell <= changed
    assert not changed & {"background_weight", "sk_scale", "output_sk_scale", "tau_post"}
    s = found.settings
    assert s.output_v_range == IMAGES_LITERAL.output_v_range == 450.0
    assert s.background_nmda_ratio == wybo2022.NMDA_RATIO
    assert s.context_sd == wybo2022.CONTEXT_SD / 2
    assert s.feedforward_center - s.context_center == 10.0
    booleans = experiment("figS3", figS3, reading=READING).settings
    assert booleans.output_v_range == BOOLEAN_LITERAL.output_v_range
    assert booleans.channels == s.channels


def test_options_stay_where_a_reading_says_otherwise():
    own = experiment("fig5", fig5, reading=READING, settings__hidden_v_range=33.0, seed=5)
    assert own.settings.hidden_v_range == 33.0
    assert own.settings.output_v_range == 450.0
    assert own.seeds == (5,)
    as_before = find("wybo2022/fig5").settings()  # what the figure has without a reading
    same = experiment(
        "fig5", fig5, reading=READING, seed=as_before["seed"],
        settings__hidden_v_range=as_before["settings"]["hidden_v_range"],
    )  # fmt: skip
    assert same.settings.hidden_v_range == as_before["settings"]["hidden_v_range"]
    assert same.seeds[0] == as_before["seed"]
    assert load_training("fig5", READING).settings.morphology == "hay2011"
    assert load_training("fig5").settings.morphology is None
    with pytest.raises(SpecError, match=r"no reading 'few-chanels'.*Did you mean 'few-channels'"):
        experiment("fig5", fig5, reading="few-chanels")


def test_the_contextual_burst_has_the_width_of_the_settings():
    given = IMAGES_LITERAL.model_copy(update={"context_sd": 7.0, "feedforward_center": 50.0})
    found = bursts(np.ones((1, 3), np.int64), given)
    assert (found.context.sd, found.context.center) == (7.0, 40.0)
    assert (found.feedforward.sd, found.feedforward.center) == (wybo2022.FEEDFORWARD_SD, 50.0)


def test_a_cell_keeps_the_mechanisms_that_are_named_and_its_leak():
    cell = L5PyramidalCell("l5pc", 1)
    kept = keeping(cell, ["NaTa_t", "Ih"])
    assert set(kept.suffixes) == {"NaTa_t", "Ih", "pas"}
    for name, region in cell.biophysics.regions.items():
        own = {m.suffix: m for m in region.mechanisms}
        assert all(own[m.suffix] == m for m in kept.biophysics.regions[name].mechanisms)
    tables = load_cell("hay2011_1").cell
    for before, after in zip(
        tables.biophysics.sections, keeping(tables, ["Ih"]).biophysics.sections, strict=True
    ):
        assert set(after.mechanisms) == {"Ih", "pas"} & set(before.mechanisms)
        stayed = {n for n in before.values if n.endswith(("_Ih", "_pas")) or "_" not in n}
        assert after.values == {n: before.values[n] for n in stayed}
    with pytest.raises(SpecError, match=r"no mechanism 'NaTat' to keep.*Did you mean 'NaTa_t'"):
        keeping(cell, ["NaTat"])


def test_what_is_not_reduced_here_has_no_choice_of_channels():
    for chosen in ({"channels": ("Ih",)}, {"bifurcations": True}):
        with pytest.raises(SpecError, match=r"star is not reduced here.*dendmod reduce --channels"):
            cells("star", 3, **chosen)
    with pytest.raises(SpecError, match=r"morphology = 'hay2011' is for the cell 'reduced' alone"):
        cells("star", 3, morphology="hay2011")


def calcium_cell(**more):
    soma = Compartment(
        name="soma", parent=-1, ca=30.0, g_leak=3.0, e_leak=-75.0, area=1000.0,
        channels={"Ca_HVA": {"gCa_HVAbar": 1e-3}}, **more,
    )  # fmt: skip
    return ReducedCell(compartments=(soma,), ena=50, ek=-85, celsius=34, v_init=-75)


def test_calcium_that_is_held_gives_its_channels_a_constant_reversal_potential():
    cell = calcium_cell(reversals={"eca": 120.0})
    assert channel_values(cell.compartments[0], cell)[0][1] == 120.0
    for bad, words in (
        ({}, "neither a pool nor an eca"),
        ({"reversals": {"ehcn": -40.0}}, "sets ehcn"),
        ({"reversals": {"eca": 120.0}, "pools": {"CaDynamics_E2": {}}}, "sets eca"),
    ):
        cell = calcium_cell(**bad)
        with pytest.raises(UnsupportedByEngine, match=words):
            channel_values(cell.compartments[0], cell)


def test_the_check_of_a_reduction_says_which_share_of_the_spikes_is_kept():
    full = {"a": np.array([[0, 4], [4, 2]]), "b": np.zeros((1, 2), int)}
    reduced = {"a": np.array([[0, 1], [3, 1]]), "b": np.zeros((1, 2), int)}
    assert compare.counts(full, reduced)["share"] == {"a": 0.5, "b": None}


@pytest.fixture(scope="module")
def task():
    """Answers that the sum of units above thresholds of their own tells, of 12 of them."""
    rng = np.random.default_rng(1)

    def drawn(n):
        d = rng.normal(0, 0.6, (n, 12))
        return d, (np.maximum(d[:, :6], 0).sum(axis=1) > 1.4).astype(np.int64)

    return Task(*drawn(3000), *drawn(2000))


def test_bounds_are_learned_by_each_kind_of_unit(task):
    assert linear_readout(task) > 0.8
    for kind in ("gain", "positive gain", "shift"):
        assert bound(kind, task, 0) > 0.85, kind


def test_rules_differ_in_one_thing_each(task):
    """With output for slope, and with counts, the direction is another; the gradient is its own."""
    args = task, 1500, 0
    gradient, one = learned_online(*args, "slope", "graded", 0.0, 1.0)
    assert one == pytest.approx(1.0)
    assert gradient > 0.7
    for post, error in (("output", "graded"), ("slope", "count"), ("output", "count")):
        accuracy, cosine = learned_online(*args, post, error, 0.0, 1.0)
        assert accuracy > 0.7, (post, error)
        assert 0.2 < cosine < 0.999, (post, error)


def test_drives_are_parts_of_a_strong_input():
    counts = np.array([[0, 0], [1, 0], [2, 5]])
    found = drives(np.array([[1.0, -2.0], [0.0, 1.0]]), counts, np.tile([[2, 0]], (20, 1)))
    np.testing.assert_allclose(found, [[0, 0], [0.5, -0.5], [1.0, 0.25]])
    with pytest.raises(SpecError, match="do not reach all units"):
        drives(np.array([[0.0], [1.0]]), counts, np.array([[2, 0]]))


def test_the_panel_of_scalings_learns_each_matrix_with_each_range(tmp_path):
    class SomeCells:
        def of(self, settings):
            return {"hidden": "h", "output": "o", "settings": settings}

    def tasks(**changes):
        found = experiment(
            "fig5", fig5, reading=READING, matrices=["dPMD", "RP"], tasks=["4"], controls=0,
            **changes,
        )  # fmt: skip
        return found, learning_tasks(found, (4,), SomeCells(), "digits", Sweep(tmp_path))

    found, plain = tasks()
    assert [t.key for t in plain] == ["learned dPMD 30 4", "learned RP 30 4"]
    found, more = tasks(scalings__run=True)
    panel = found.scalings
    extra = {t.key: t.payload["spec"] for t in more if t not in plain}
    assert len(extra) == 2 * (len(panel.drive) + len(panel.sum_of_weights))
    for key, spec in extra.items():
        *scale, range_, matrix, _, _ = key.split()
        assert spec["settings"]["hidden_scale"] == " ".join(scale)
        assert spec["settings"]["hidden_v_range"] == float(range_)
        assert spec["matrix"] == matrix
    assert not set(panel.seeds) & set(found.seeds)
    assert runs.bound_tasks(found, (4,), "digits")[0].payload["samples"] == found.schedule.samples
