"""Are sites chosen where the paper puts them, and reported in the order of their choice?"""

import numpy as np
import pytest

from dendmod.cells.l5 import L5PyramidalCell
from dendmod.cells.sites import SiteChoice, candidates, choose_sites
from dendmod.morphology import resolve
from dendmod.protocol import tasks
from dendmod.spec import Compartment, Location, ReducedCell
from tests.doubles import impedances

MORPHOLOGY = resolve("l5pc").without_axon()


def sisters():
    """Two candidates that share their parent."""
    by_parent = {}
    for place in candidates(MORPHOLOGY, SiteChoice()):
        by_parent.setdefault(MORPHOLOGY.sections[place.section].parent, []).append(place.section)
    return next(pair for pair in by_parent.values() if len(pair) > 1)


def by_section(cell, places):
    """Input impedances that vary with the section, highest at sisters; transfer of 20 MOhm."""
    high = np.isin([p.section for p in places], sisters()) * 200.0
    own = high + [500.0 + (37 * p.section) % 101 + p.x for p in places]
    return np.where(np.eye(len(places), dtype=bool), own, 20.0)


def test_candidates_are_the_long_terminal_sections_of_basal_and_oblique_dendrites():
    places = candidates(MORPHOLOGY, SiteChoice(x=0.8, min_length=50.0))
    parents = {s.parent for s in MORPHOLOGY.sections}
    obliques = set(MORPHOLOGY.oblique_sections)
    expected = [
        i for i, s in enumerate(MORPHOLOGY.sections)
        if i not in parents and MORPHOLOGY.length(i) >= 50 and (s.kind == "basal" or i in obliques)
    ]  # fmt: skip
    assert [p.section for p in places] == expected
    assert {p.x for p in places} == {0.8}
    assert {MORPHOLOGY.sections[i].kind for i in expected} == {"basal", "apical"}


def test_chosen_sites_come_by_falling_impedance_with_their_own_numbers():
    choice = SiteChoice(n=6, settle=300.0)
    with impedances(by_section) as settled:
        sites = choose_sites(L5PyramidalCell(), choice)
    assert settled == [300.0]
    assert (np.diff(sites.impedance) <= 0).all()
    np.testing.assert_array_equal(sites.impedance, np.diag(by_section(None, sites.locations)))
    # the highest of all candidates comes first; no two are sisters
    places = candidates(MORPHOLOGY, choice)
    assert sites.impedance[0] == np.diag(by_section(None, places)).max()
    parents = [MORPHOLOGY.sections[s.section].parent for s in sites]
    assert len(set(parents)) == len(parents)
    pairs = [(a + b) / 40 - 1 for k, a in enumerate(sites.impedance) for b in sites.impedance[:k]]
    assert sites.independence == pytest.approx(min(pairs))


def test_the_task_returns_what_was_chosen():
    cell, choice = L5PyramidalCell(), SiteChoice(n=6)
    with impedances(by_section):
        sites = choose_sites(cell, choice)
        found = tasks.choose(
            cell.model_dump(mode="json", by_alias=True), choice.model_dump(mode="json")
        )
    assert found["section"].tolist() == [s.section for s in sites]
    assert found["x"].tolist() == [0.8] * 6
    np.testing.assert_array_equal(found["impedance"], sites.impedance)
    assert found["independence"] == sites.independence


def test_sites_of_a_reduced_cell_are_its_own_with_the_least_of_their_indices():
    def compartment(k, role):
        return Compartment(
            name="soma" if k == 0 else f"site{k - 1:02d}", role=role, parent=-1 if k == 0 else 0,
            site=Location(section=k, x=0.5), ca=100.0, g_leak=10.0, e_leak=-75.0,
            g_couple=float(k > 0), area=1000.0, v_rest=-75.0,
        )  # fmt: skip

    cell = ReducedCell(
        name="star", ena=50, ek=-85, celsius=34, v_init=-75,
        compartments=[compartment(0, "soma"), *(compartment(k, "site") for k in (1, 2, 3))],
    )  # fmt: skip
    z = np.array([[100.0, 20, 10], [20, 300, 25], [10, 25, 200]])
    with impedances(lambda _, places: z):
        sites = choose_sites(cell, SiteChoice(n=3))
    assert [s.section for s in sites] == [1, 2, 3]
    assert sites.impedance.tolist() == [100, 300, 200]
    assert sites.independence == pytest.approx((100 + 300) / 40 - 1)
