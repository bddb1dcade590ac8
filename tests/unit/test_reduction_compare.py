"""Does the check of a reduced cell say what is off, and by how much?"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from test_reduction import cable

from dendmod.errors import SpecError
from dendmod.morphology import resolve
from dendmod.params.reduction import SMALL_OPENING
from dendmod.reduction import compare
from dendmod.reduction.capacitances import time_constants
from dendmod.reduction.conductances import Conductances, fit_conductances
from dendmod.reduction.fit import _membrane, mechanisms_hash
from dendmod.reduction.full import full_cell
from dendmod.reduction.levels import Levels
from dendmod.reduction.places import axon_places
from dendmod.reduction.skeleton import skeleton
from dendmod.spec import Compartment, Location, ReducedCell
from tests.mechanisms import two_sections as two

Z = np.array([[50.0, 40.0, 30.0], [40.0, 800.0, 35.0], [30.0, 35.0, 900.0]])


def off(*places: tuple[int, int], by: float) -> np.ndarray:
    z = Z.copy()
    for i, j in places:
        z[i, j] *= 1 + by
        if i != j:
            z[j, i] = z[i, j]
    return z


@pytest.mark.parametrize(
    ("places", "named", "met", "sites_met"),
    [
        ([(1, 1)], "input_max", False, True),
        ([(0, 2)], "soma_transfer_max", False, True),
        ([(1, 2)], "site_to_site_max", True, False),
    ],
)
def test_each_resistance_is_looked_at(places, named, met, sites_met):
    full = {"frozen": Z}
    for by in (-0.03, 0.03):
        found = compare.resistances(full, {"frozen": off(*places, by=by)}, "frozen")
        assert found[named] == pytest.approx(0.03)
        assert found["input_and_transfer_met"] is met
        assert found["site_to_site_met"] is sites_met
        others = {"input_max", "soma_transfer_max", "site_to_site_max"} - {named}
        assert all(found[name] == pytest.approx(0, abs=1e-12) for name in others)
    near = compare.resistances(full, {"frozen": off(*places, by=0.019)}, "frozen")
    assert near["input_and_transfer_met"]
    assert near["site_to_site_met"]


def test_a_rest_that_is_off_by_more_than_half_a_millivolt_is_not_met():
    full = {"rest": np.array([-77.0, -76.0])}
    assert compare.rest(full, {"rest": np.array([-77.0, -76.4])})["met"]
    found = compare.rest(full, {"rest": np.array([-76.4, -76.0])})
    assert found == {"difference_max_mV": pytest.approx(0.6), "met": False}


def test_epsps_differ_by_their_rms_over_the_peak_of_the_full_cells():
    shape = np.array([0.0, 2.0, 4.0, 2.0])
    full = {"epsp_soma": np.array([shape, shape]), "epsp_local": np.array([shape, 5 * shape])}
    reduced = {
        "epsp_soma": np.array([shape + 0.1, shape + np.eye(4)[2] * 0.8]),
        "epsp_local": np.array([shape, 5 * shape + 2.0]),
    }
    found = compare.epsps(full, reduced)
    assert found["soma_rms"] == pytest.approx(0.1 / 4)
    assert found["met_soma"]
    assert found["soma_peak_ratio"] == pytest.approx(4.1 / 4)
    assert found["site_at_soma_rms_max"] == pytest.approx(0.4 / 4)
    assert found["site_at_soma_fraction_met"] == 0.0
    assert found["site_at_site_rms_median"] == pytest.approx(2.0 / 20)


def test_plateaus_have_a_height_and_a_time_above_minus_40():
    local = np.full((2, 100), -70.0)
    local[0, 10:40], local[1, 10:30] = -20.0, -20.0
    longer = local.copy()
    longer[0, 40:50], longer[1, 10:30] = -25.0, -17.0
    soma = np.full((2, 100), -70.0)
    soma[:, 10:40] = -60.0
    full = {"plateau_local": local, "plateau_soma": soma, "rest": np.array([-70.0])}
    found = compare.plateaus(full, {"plateau_local": longer, "plateau_soma": soma + 1.0}, 0.1)
    assert found["full_ms_above_minus40_median"] == pytest.approx(2.5)
    assert found["reduced_ms_above_minus40_median"] == pytest.approx(3.0)
    assert found["difference_ms_above_minus40_max"] == pytest.approx(1.0)
    assert found["peak_difference_mV_median"] == pytest.approx(1.5)
    assert found["peak_difference_mV_max"] == pytest.approx(3.0)
    assert found["soma_rms_over_peak_max"] == pytest.approx(0.1)


def test_a_threshold_may_be_off_by_a_tenth_or_by_four_inputs():
    """Whichever is larger: 40 of them are met at 44 and not at 45, 100 at 110 and not at 111."""
    for full, near, far in ((40.0, 44.0, 45.0), (100.0, 110.0, 111.0), (100.0, 90.0, 89.0)):
        one = {"a": np.array([[full]])}
        assert compare.thresholds(one, {"a": np.array([[near]])})["met"]
        assert not compare.thresholds(one, {"a": np.array([[far]])})["met"]


def test_nodes_without_membrane_do_not_change_time_constants_but_conduct():
    """A cable whose every second node is bare is one of half as many, half as well coupled."""
    n = 41
    tree = cable(n)
    bare = np.arange(n) % 2 == 1
    thinned = dataclasses.replace(
        tree, ca=np.where(bare, 0.0, tree.ca), g_leak=np.where(bare, 0.0, tree.g_leak)
    )
    short = cable((n + 1) // 2)
    short = dataclasses.replace(short, g_axial=short.g_axial / 2)
    np.testing.assert_allclose(
        time_constants(thinned, thinned.g_leak, 4), time_constants(short, short.g_leak, 4)
    )


def test_the_misfit_is_what_a_channel_leaves():
    """None where all of a cell is kept; nearly all of it where the channel is out of reach."""
    tree = cable(5, gbar={"Ih": np.full(5, 1e-3)})
    levels = Levels({"Ih": np.array([0.3, 0.6])}, {"Ih": np.array([0.4, 0.7])})
    every = {f"site{k:02d}": Location(section=1, x=(k + 0.5) / 4) for k in range(4)}
    assert fit_conductances(tree, skeleton(tree, every), levels).misfit["Ih"] < 1e-6
    long = cable(300, gbar={"Ih": np.full(300, 1e-3)})
    misfit = fit_conductances(long, skeleton(long, {}), levels).misfit["Ih"]
    assert 1e-3 < misfit < 0.5


def test_transient_channels_alone_are_opened_a_little_in_the_fit():
    steady, peak = np.array([0.001, 0.002]), np.array([0.1, 0.5])
    levels = Levels({"NaTa_t": steady, "Im": 100 * steady}, {"NaTa_t": peak, "Im": peak})
    assert levels.of_fit("NaTa_t").max() == SMALL_OPENING
    np.testing.assert_array_equal(levels.of_fit("Im"), levels.of("Im"))
    assert levels.of("Im").tolist() == [0.1, 0.2, 0.1, 0.5]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "does not say which cell"),
        ({"biophysics": "hay2011/3", "morphology": "l5pc"}, "another l5pc"),
        (
            {"biophysics": "hay2011/3", "morphology": "l5pc", "morphology_sha256": "0" * 64},
            "another l5pc",
        ),
    ],
)
def test_a_reduced_cell_is_held_against_the_cell_that_it_was_made_from(facts, said):
    soma = Compartment(
        name="soma", role="soma", parent=-1, site=Location(section=0, x=0.5), ca=100.0,
        g_leak=10.0, e_leak=-75.0, g_couple=0.0, area=1000.0, v_rest=-75.0,
    )  # fmt: skip
    reduced = ReducedCell(
        name="x", compartments=(soma,), ena=50, ek=-85, celsius=34, v_init=-75, provenance=facts
    )
    with pytest.raises(SpecError, match=said):
        full_cell(reduced, "file")


def test_the_full_cell_is_in_the_file_whatever_it_is_called(tmp_path):
    cell = two.cell("CaShell", tmp_path)
    facts = {
        "morphology": cell.morphology, "biophysics": cell.biophysics.name,
        "morphology_sha256": resolve(cell.morphology).without_axon().sha256,
        "mechanisms": mechanisms_hash(cell), "cell": cell.model_dump(mode="json", by_alias=True),
    }  # fmt: skip
    soma = Compartment(name="soma", role="soma", parent=-1, ca=100, g_leak=10, e_leak=-75, area=9)
    fields = {"compartments": (soma,), "ena": 50, "ek": -85, "celsius": 34, "v_init": -75}
    reduced = ReducedCell.model_validate_json(
        ReducedCell(**fields, provenance=facts).model_dump_json(by_alias=True)
    )
    assert full_cell(reduced, "file") == cell
    changed = ReducedCell(**fields, provenance={**facts, "mechanisms": "0" * 64})
    with pytest.raises(SpecError, match=r"\.mod files of the mechanisms of file have changed"):
        full_cell(changed, "file")


def test_a_channel_that_nothing_gates_is_fitted_by_shutting_it():
    tree = cable(5, gbar={"Im": np.full(5, 2e-4)})
    every = {f"site{k:02d}": Location(section=1, x=(k + 0.5) / 4) for k in range(4)}
    constant = Levels({"Im": np.full(2, 0.1)}, {"Im": np.full(2, 0.1)})
    found = fit_conductances(tree, skeleton(tree, every), constant).gbar["Im"]
    np.testing.assert_allclose(found, 2e-4, rtol=1e-6)


def test_places_of_the_axon_are_kept_where_it_has_more_channels_than_the_soma():
    gbar = np.full(7, 1e-3)
    tree = dataclasses.replace(
        cable(7, gbar={"Im": gbar}), section=np.array([0, 1, 1, 2, 2, 3, 3]), axon=(2, 3),
        x=np.array([0.5, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75]), diam=np.full(7, 2.0),
    )  # fmt: skip
    assert axon_places(tree) == {}  # as many as the soma
    more = dataclasses.replace(tree, gbar={"Im": gbar * [1, 9, 9, 1, 1, 2, 2]})
    ends = [Location(section=3, x=0.25), Location(section=3, x=0.75)]  # one in each segment
    assert axon_places(more) == dict(zip(("axon0", "axon1"), ends, strict=True))
    short = dataclasses.replace(more, diam=np.full(7, 8.0))  # sections of 8 um
    assert axon_places(short) == {"axon0": Location(section=3, x=0.5)}
    other = dataclasses.replace(tree, gbar={"Im": gbar, "NaTa_t": gbar * [0, 0, 0, 1, 1, 1, 1]})
    assert [p.section for p in axon_places(other).values()] == [2, 2, 3, 3]
    far = dataclasses.replace(other, diam=np.full(7, 0.5))  # segments of 64 um
    assert [p.section for p in axon_places(far).values()] == [2, 2]


def test_a_compartment_that_stands_for_itself_has_its_own_area_and_densities():
    gbar = {"Ca_HVA": np.full(3, 4e-4), "Im": np.full(3, 2e-4)}
    tree = dataclasses.replace(
        cable(3, gbar=gbar),
        parameters={"CaDynamics_E2": {"gamma": np.full(3, 5e-4), "decay": np.full(3, 100.0)}},
    )
    kept = skeleton(tree, {"site00": Location(section=1, x=0.75)})
    levels = Levels(*({s: np.array([0.2, 0.6]) for s in gbar} for _ in range(2)))
    fit = Conductances(np.diag([1e-3, 1e-3]), {s: g[:2] for s, g in gbar.items()}, {})
    made = _membrane(tree, kept, fit, levels, 1, ca=5.0)
    channels = made.channels
    assert made.area == pytest.approx(tree.area[0])  # by calcium, whatever the capacitance is
    assert channels["Im"]["gImbar"] == pytest.approx(2e-4 / tree.area[0] * 100)  # S/cm2
    assert channels["Ca_HVA"]["gCa_HVAbar"] == pytest.approx(4e-4 / tree.area[0] * 100)
    assert made.pools == {"CaDynamics_E2": {"gamma": 5e-4, "decay": 100.0}}
    # twice the calcium channels, twice the area: density and pool stay those of the place
    twice = dataclasses.replace(fit, gbar={"Ca_HVA": 2 * gbar["Ca_HVA"], "Im": gbar["Im"]})
    made = _membrane(tree, kept, twice, levels, 1, ca=5.0)
    assert made.area == pytest.approx(2 * tree.area[0])
    assert made.channels["Ca_HVA"]["gCa_HVAbar"] == pytest.approx(4e-4 / tree.area[0] * 100)


def test_without_calcium_a_compartment_has_the_area_of_its_capacitance():
    tree = cable(3, gbar={"Im": np.full(3, 2e-4)})
    kept = skeleton(tree, {"site00": Location(section=1, x=0.75)})
    levels = Levels({"Im": np.array([0.2])}, {"Im": np.array([0.6])})
    fit = Conductances(np.diag([1e-3, 1e-3]), {"Im": np.full(2, 2e-4)}, {})
    made = _membrane(tree, kept, fit, levels, 1, ca=3 * tree.ca[0])
    assert made.area == pytest.approx(3 * tree.area[0])
    assert made.channels["Im"]["gImbar"] == pytest.approx(2e-4 / made.area * 100)
    assert made.pools == {}
    assert made.diam is None


def test_a_channel_that_would_be_negative_is_none():
    """A membrane that closes where the channel opens, as far as the kept places can tell."""
    tree = cable(5, gbar={"Ih": np.full(5, 1e-3)})
    every = {f"site{k:02d}": Location(section=1, x=(k + 0.5) / 4) for k in range(4)}
    turned = dataclasses.replace(tree, gbar={"Ih": np.array([1e-3, 1e-3, -2e-4, 1e-3, 1e-3])})
    levels = Levels({"Ih": np.array([0.3, 0.6])}, {"Ih": np.array([0.4, 0.7])})
    found = fit_conductances(turned, skeleton(turned, every), levels).gbar["Ih"]
    assert found.tolist() == pytest.approx([1e-3, 1e-3, 0.0, 1e-3, 1e-3], rel=1e-6)


def test_a_place_for_load_where_a_site_lies_already_is_that_site():
    tree, there = cable(5), Location(section=1, x=0.6)
    kept = skeleton(tree, {"site00": there}, {"apical100_0": there, "apical200_0": Location(
        section=1, x=0.9)})  # fmt: skip
    assert kept.names == ("soma", "site00", "apical200_0")
    assert kept.roles == ("soma", "site", "support")
