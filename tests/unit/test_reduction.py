"""Is the reduction exact where it must be, and does its file come back as it was written?"""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dendmod.cells.channels import channels, scaled
from dendmod.errors import SpecError
from dendmod.morphology import resolve
from dendmod.reduction import apical_places, compare, read_reduced, write_reduced
from dendmod.reduction.capacitances import (
    slow_capacitances,
    spectrum_capacitances,
    time_constants,
)
from dendmod.reduction.conductances import fit_conductances
from dendmod.reduction.impedance import impedance, tree_inverse
from dendmod.reduction.levels import Levels
from dendmod.reduction.skeleton import skeleton
from dendmod.spec import Compartment, Location, ReducedCell
from dendmod.spec.segments import SegmentTree

G, CM = 1e-3, 0.02  # uS and nF of a segment
AXIAL = 30.0  # uS between neighbours


def cable(n: int, branches: int = 0, gbar: dict | None = None) -> SegmentTree:
    """A uniform cable of n segments, and branches of ten segments from its middle."""
    parent = [i - 1 for i in range(n)]
    section, x = [0] + [1] * (n - 1), [0.5, *((np.arange(n - 1) + 0.5) / (n - 1))]
    for b in range(branches):
        for k in range(10):
            parent.append(len(parent) - 1 if k else n // 2)
            section.append(2 + b)
            x.append((k + 0.5) / 10)
    total = len(parent)
    ones = np.ones(total)
    return SegmentTree(
        parent=np.array(parent),
        g_axial=np.array([0.0, *[AXIAL] * (total - 1)]),
        area=100 * ones,
        ca=CM * ones,
        g_leak=G * ones,
        gbar={s: np.broadcast_to(g, total).astype(float) for s, g in (gbar or {}).items()},
        open_at_rest=dict.fromkeys(gbar or {}, 0.1 * ones),
        parameters={},
        v_rest=-70 * ones,
        section=np.array(section),
        x=np.array(x),
        ena=50,
        ek=-85,
        celsius=34,
    )


@st.composite
def trees(draw):
    n = draw(st.integers(1, 8))
    parents = [-1, *(draw(st.integers(0, i - 1)) for i in range(1, n))]
    positive = st.floats(1e-3, 1e3)
    return parents, draw(st.lists(positive, min_size=2 * n, max_size=2 * n))


@given(trees())
@settings(deadline=None)
def test_a_tree_of_compartments_is_found_again_from_its_impedances(drawn):
    parents, values = drawn
    n = len(parents)
    matrix = np.diag(values[:n])
    for child, parent in enumerate(parents):
        if parent >= 0:
            g = values[n + child]
            matrix[[child, parent], [child, parent]] += g
            matrix[[child, parent], [parent, child]] -= g
    z = np.linalg.inv(matrix)
    found = np.linalg.inv(tree_inverse(z, parents))
    np.testing.assert_allclose(found, z, rtol=1e-6)


def test_a_passive_cable_reduces_to_the_closed_form():
    n = 400
    tree = cable(n)
    space = np.sqrt(AXIAL / G)  # length constant in segments
    g_inf = np.sqrt(AXIAL * G)  # input conductance of the semi-infinite cable
    sites = {"site00": Location(section=1, x=0.5), "site01": Location(section=1, x=1.0)}
    kept = skeleton(tree, sites)
    fit = fit_conductances(tree, kept, Levels({}, {}))
    z = impedance(tree, tree.g_leak, kept.nodes)
    np.testing.assert_allclose(np.linalg.inv(fit.matrix), z, rtol=1e-9)
    assert z[0, 0] == pytest.approx(1 / (g_inf * np.tanh(n / space)), rel=5e-3)  # of a segment
    for child in (1, 2):  # the coupling of a piece of cable is g_inf / sinh(length / space)
        length = (kept.nodes[child] - kept.nodes[child - 1]) / space
        assert -fit.matrix[child, child - 1] == pytest.approx(g_inf / np.sinh(length), rel=2e-3)


def test_time_constants_are_those_of_the_sealed_cable():
    n = 200
    tree = cable(n)
    taus = time_constants(tree, tree.g_leak, 3)
    length = n / np.sqrt(AXIAL / G)
    expected = CM / G / (1 + (np.pi * np.arange(3) / length) ** 2)  # Rall 1969
    np.testing.assert_allclose(taus, expected, rtol=1e-3)


@pytest.mark.parametrize("bifurcations", [False, True])
def test_which_impedances_are_exact_with_and_without_bifurcations(bifurcations):
    tree = cable(41, branches=2)
    sites = {f"site{b:02d}": Location(section=2 + b, x=1.0) for b in range(2)}
    kept = skeleton(tree, sites, bifurcations=bifurcations)
    z = impedance(tree, tree.g_leak, kept.nodes)
    found = np.linalg.inv(fit_conductances(tree, kept, Levels({}, {})).matrix)
    np.testing.assert_allclose(found[0], z[0], rtol=1e-9)
    np.testing.assert_allclose(np.diag(found), np.diag(z), rtol=1e-9)
    i, j = kept.names.index("site00"), kept.names.index("site01")
    if bifurcations:
        assert kept.roles.count("support") == 1
        assert found[i, j] == pytest.approx(z[i, j], rel=1e-9)
    else:
        assert found[i, j] == pytest.approx(z[0, i] * z[0, j] / z[0, 0], rel=1e-9)
        assert found[i, j] < 0.99 * z[i, j]


def test_capacitances_of_a_cell_that_keeps_all_its_compartments_are_its_own():
    tree = cable(5)
    sites = {f"site{k:02d}": Location(section=1, x=(k + 0.5) / 4) for k in range(4)}
    kept = skeleton(tree, sites)
    matrix = fit_conductances(tree, kept, Levels({}, {})).matrix
    taus = time_constants(tree, tree.g_leak, 4)
    slow = slow_capacitances(tree, kept, matrix, tree.g_leak, taus)
    spectrum = spectrum_capacitances(tree, kept, matrix, tree.g_leak)
    np.testing.assert_allclose(slow, CM, rtol=1e-6)
    np.testing.assert_allclose(spectrum, CM, rtol=1e-3)


def test_the_spectrum_charges_the_soma_with_less_than_the_slow_time_constants():
    tree = cable(200)
    kept = skeleton(tree, {})
    matrix = fit_conductances(tree, kept, Levels({}, {})).matrix
    taus = time_constants(tree, tree.g_leak, 1)
    slow = slow_capacitances(tree, kept, matrix, tree.g_leak, taus)
    spectrum = spectrum_capacitances(tree, kept, matrix, tree.g_leak)
    assert 0 < spectrum[0] < slow[0]


@pytest.mark.parametrize("bifurcations", [False, True])
def test_a_channel_of_the_soma_stays_there_as_it_is(bifurcations):
    at_soma = np.zeros(61)
    at_soma[0] = 0.5
    tree = cable(41, branches=2, gbar={"NaTa_t": at_soma})
    sites = {f"site{b:02d}": Location(section=2 + b, x=1.0) for b in range(2)}
    kept = skeleton(tree, sites, bifurcations=bifurcations)
    levels = Levels({"NaTa_t": np.array([0.0, 0.2])}, {"NaTa_t": np.array([0.5, 0.9])})
    found = fit_conductances(tree, kept, levels).gbar["NaTa_t"]
    assert found[0] == pytest.approx(0.5, rel=1e-9)
    np.testing.assert_allclose(found[1:], 0, atol=1e-9)


def test_a_transient_channel_of_the_dendrite_is_not_hidden_by_its_own_shunt():
    tree = cable(61, gbar={"NaTa_t": np.ones(61)})
    tree = dataclasses.replace(tree, open_at_rest={"NaTa_t": np.zeros(61)})
    kept = skeleton(tree, {"site00": Location(section=1, x=0.5)})
    far = {"NaTa_t": np.array([0.9])}
    transient = fit_conductances(tree, kept, Levels({"NaTa_t": np.array([0.0])}, far))
    persistent = fit_conductances(tree, kept, Levels(far, far))
    assert transient.gbar["NaTa_t"].sum() > 2 * persistent.gbar["NaTa_t"].sum()


def test_capacitances_stay_positive_and_within_the_whole_with_many_places():
    tree = cable(200, branches=3)
    sites = {f"site{k:02d}": Location(section=1, x=(k + 0.5) / 30) for k in range(30)}
    kept = skeleton(tree, sites, bifurcations=True)
    matrix = fit_conductances(tree, kept, Levels({}, {})).matrix
    found = spectrum_capacitances(tree, kept, matrix, tree.g_leak)
    assert np.all(found > 0)
    assert np.all(found < tree.ca.sum())


def test_sites_in_one_segment_are_refused():
    tree = cable(11)
    place = Location(section=1, x=0.5)
    with pytest.raises(SpecError, match=r"site00 and a lie in one segment|a and site00 lie in"):
        skeleton(tree, {"site00": place, "a": place})


def test_apical_places_cross_trunk_and_tuft_and_say_how_far_they_go():
    morphology = resolve("l5pc").without_axon()
    near, far = apical_places(morphology, [100]), apical_places(morphology, [900])
    assert len(near) == 1 < len(far)
    for name, place in {**near, **far}.items():
        distance = float(name.removeprefix("apical").split("_")[0])
        assert morphology.path_distance(place.section, place.x) == pytest.approx(distance)
    with pytest.raises(SpecError, match="reaches"):
        apical_places(morphology, [5000])


SOMA = {
    "name": "soma", "role": "soma", "parent": -1, "site": Location(section=0, x=0.5),
    "ca": 20.0, "g_leak": 2.0, "e_leak": -80.0, "g_couple": 0.0, "area": 1000.0, "v_rest": -75.0,
    "channels": {"NaTa_t": {"gNaTa_tbar": 0.5}},
}  # fmt: skip
SITE = {
    "name": "site00", "role": "site", "parent": 0, "site": Location(section=7, x=0.8), "ca": 2.0,
    "g_leak": 0.1, "e_leak": -85.0, "g_couple": 1.5, "area": 100.0, "v_rest": -76.0,
}  # fmt: skip


def cell(**changes) -> ReducedCell:
    fields = {
        "name": "small", "compartments": (Compartment(**SOMA), Compartment(**SITE)),
        "ena": 50.0, "ek": -85.0, "celsius": 34.0, "v_init": -75.0, "provenance": {"a": 1},
    }  # fmt: skip
    return ReducedCell(**{**fields, **changes})


def test_a_file_comes_back_as_it_was_written(tmp_path):
    write_reduced(cell(), tmp_path / "cell.json")
    assert read_reduced(tmp_path / "cell.json") == cell()
    assert not list(tmp_path.glob("*.part"))


def changed(**fields):
    def change(table):
        table["compartments"][0] |= fields

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed(ca=float("nan")), r"compartments.0.ca"),
        (changed(ca=-1.0), r"compartments.0.ca.*-1"),
        (changed(colour="red"), r"colour"),
        (changed(channels={"NaTa_x": {}}), r"soma: there is no mechanism 'NaTa_x'.*NaTa_t"),
        (changed(channels={"NaTa_t": {"gbar": 1}}), r"NaTa_t has no parameter 'gbar'"),
        (changed(channels={"AmpaNmdaSyn": {}}), r"point process"),
        (changed(channels={"NaTa_t": {"gNaTa_tbar": -1}}), r"not negative"),
        (lambda t: t["compartments"][1].update(parent=1), r"compartments before|before them"),
        (lambda t: t["compartments"].pop(0), r"parent"),
        (lambda t: t.pop("ena"), r"ena"),
        (lambda t: t.update(schema="dendmod/reduced/9"), r"schema"),
    ],
)
def test_wrong_files_are_refused_with_the_place(tmp_path, change, message):
    table = json.loads(cell().model_dump_json(by_alias=True))
    change(table)
    path = tmp_path / "cell.json"
    path.write_text(json.dumps(table))
    with pytest.raises(SpecError, match=message) as error:
        read_reduced(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("part", [0, 1, 40, 300])
def test_a_file_that_is_cut_short_is_refused(tmp_path, part):
    text = cell().model_dump_json(by_alias=True)
    (tmp_path / "cell.json").write_text(text[:part])
    with pytest.raises(SpecError, match="not a whole JSON file"):
        read_reduced(tmp_path / "cell.json")


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(SpecError, match="dendmod reduce"):
        read_reduced(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="cannot be read"):
        read_reduced(tmp_path / "bytes.json")


def test_blocking_channels_changes_conductances_alone():
    changed = scaled(cell(), {"NaTa_t": 0.0})
    assert changed.compartments[0].channels == {"NaTa_t": {"gNaTa_tbar": 0.0}}
    assert changed.compartments[1] == cell().compartments[1]
    assert channels(cell()) == ("NaTa_t",)
    assert cell().sites == (Location(section=1, x=0.5),)


def test_thresholds_count_a_missing_crossing_as_not_met():
    full = {"nmda": np.array([[40.0, 100.0], [10.0, np.nan]])}
    reduced = {"nmda": np.array([[44.0, 111.0], [np.nan, 3.0]])}
    found = compare.thresholds(full, reduced)
    assert (found["thresholds"], found["missing"], found["extra"]) == (3, 1, 1)
    assert found["fraction_met"] == pytest.approx(1 / 3)
    assert not found["met"]


def test_counts_are_compared_trial_by_trial():
    full = {"a": np.array([[1, 2]]), "b": np.array([[0, 0]])}
    reduced = {"a": np.array([[2, 1]]), "b": np.array([[0, 0]])}
    found = compare.counts(full, reduced)
    assert (found["equal"], found["within_one"], found["mean_difference"]) == (0.5, 1.0, 0.0)
    more = compare.counts(full, {"a": np.array([[4, 2]]), "b": np.array([[0, 1]])})
    assert (more["equal"], more["within_one"], more["mean_difference"]) == (0.5, 0.75, 1.0)
    assert more["equal_a"] == more["equal_b"] == 0.5


def test_thresholds_that_nobody_has_are_not_met():
    none = {"nmda": np.full((2, 2), np.nan)}
    assert not compare.thresholds(none, none)["met"]
