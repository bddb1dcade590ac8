"""Are sites chosen where the paper puts them, and reported in the order of their choice?"""

from pathlib import Path

import numpy as np
import pytest

from dendmod.cells.cell_shape import shape_with_lists
from dendmod.cells.file import load_cell
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.cells.sites import SiteChoice, candidates, choose_sites, sites_of_options
from dendmod.engines.checks import numbered
from dendmod.errors import SpecError
from dendmod.morphology import resolve
from dendmod.protocol import Protocol, load_protocol, tasks, trains_for
from dendmod.protocol.experiment import Experiment
from dendmod.spec import Compartment, Location, ReducedCell
from tests.doubles import SweepDouble, impedances

MORPHOLOGY = resolve("l5pc").without_axon()
SHAPE = shape_with_lists(L5PyramidalCell())


def sisters():
    """Two candidates that share their parent."""
    by_parent = {}
    for place in candidates(SHAPE, SiteChoice()):
        by_parent.setdefault(MORPHOLOGY.sections[place.section].parent, []).append(place.section)
    return next(pair for pair in by_parent.values() if len(pair) > 1)


def by_section(cell, places):
    """Input impedances that vary with the section, highest at sisters; transfer of 20 MOhm."""
    high = np.isin([p.section for p in places], sisters()) * 200.0
    own = high + [500.0 + (37 * p.section) % 101 + p.x for p in places]
    return np.where(np.eye(len(places), dtype=bool), own, 20.0)


def test_candidates_are_the_long_terminal_sections_of_basal_and_oblique_dendrites():
    places = candidates(SHAPE, SiteChoice(x=0.8, min_length=50.0))
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
    places = candidates(SHAPE, choice)
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


EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_cell"


def falling(cell, places):
    """Impedances that fall from place to place, every index the same."""
    own = np.array([900.0 - i for i in range(len(places))])
    return np.where(np.eye(len(places), dtype=bool), own, (own[:, None] + own) / 2 / 11)


def chosen(cell, **choice):
    with impedances(falling):
        return choose_sites(cell, SiteChoice(**choice))


def test_sites_lie_on_the_lists_that_are_named():
    cell = load_cell(EXAMPLE).cell
    shape = shape_with_lists(cell)
    far = SiteChoice(lists=("spiny",), min_length=0, terminal=False)
    places = candidates(shape, far)
    assert places
    for i, section in enumerate(shape.sections):
        on = "dendritic" in section.lists and shape.place(i, 0.8)["distance"] > 40
        assert (i in [p.section for p in places]) is on
    # an expression of the row itself; 0.8 and 0.1 of a section are different places
    apical = candidates(shape, SiteChoice(lists=("apical and distance > 100",), min_length=0))
    assert {shape.sections[p.section].region for p in apical} == {"apical"}
    assert all(shape.morphology.is_terminal(p.section) for p in apical)
    near = SiteChoice(lists=("distance < 40",), min_length=0, terminal=False, x=0.1)
    assert {p.section for p in candidates(shape, near)} >= {1}
    with pytest.raises(SpecError, match=r"no list 'spny'.*Did you mean 'spiny'"):
        candidates(shape, SiteChoice(lists=("spny",)))
    with pytest.raises(SpecError, match="there is no 'distanc'"):
        candidates(shape, SiteChoice(lists=("distanc > 3",)))


def test_as_many_as_fit_are_all_that_share_no_parent_and_are_apart():
    cell = L5PyramidalCell()
    parents = [MORPHOLOGY.sections[p.section].parent for p in candidates(SHAPE, SiteChoice())]
    sites = chosen(cell, n="as many as fit")
    assert len(sites) == len(set(parents))
    assert sites.independence == pytest.approx(10.0, rel=0.01)
    assert len(chosen(cell, n="as many as fit", min_independence=10.5)) == 1
    assert len(chosen(cell, n=3, min_independence=9.5)) == 3


def test_too_few_sites_are_refused_with_how_many_fit_and_what_can_be_changed():
    fit = len(chosen(L5PyramidalCell(), n="as many as fit"))
    with pytest.raises(SpecError, match=rf"l5pc.*: {fit} of \d+ places fit.*60 were.*min_length"):
        chosen(L5PyramidalCell(), n=60)
    with pytest.raises(SpecError, match=r"0 places fit; 3 were.*terminal = false"):
        chosen(L5PyramidalCell(), n=3, lists=("dendritic and distance > 9000",))
    with pytest.raises(SpecError, match=r"1 of .* index of 10.5 or more; 3 were"):
        chosen(L5PyramidalCell(), n=3, min_independence=10.5)


def test_sites_that_are_named_are_taken_in_their_order():
    named = ("apic[36](0.5)", "dend[3](0.25)", {"section": 0, "x": 0.5})
    sites = chosen(L5PyramidalCell(), locations=named)
    assert [numbered(Location(p), L5PyramidalCell()) for p in named[:2]] == list(sites)[:2]
    assert list(sites)[2] == Location(section=0, x=0.5)
    with pytest.raises(SpecError, match=r"no section 'dend\[999\]'"):
        chosen(L5PyramidalCell(), locations=("dend[999](0.5)",))
    with pytest.raises(SpecError, match="n is 4, but locations names 1"):
        SiteChoice(locations=("dend[3](0.5)",), n=4)
    with pytest.raises(SpecError, match="a place twice"):
        SiteChoice(locations=("dend[3](0.5)", "dend[3](0.5)"))
    with pytest.raises(SpecError, match="section 5000 is not there"):
        chosen(L5PyramidalCell(), locations=({"section": 5000, "x": 0.5},))


def test_a_protocol_takes_as_many_sites_as_fit_and_drives_named_ones_by_impedance():
    arms = {"arms.nmda.levels": [0, 3], "arms.nmda.quick_levels": []}
    answer = {"section": [4, 7, 9], "x": [0.8] * 3, "impedance": [1, 3, 2], "independence": 5}
    double = SweepDouble(lambda function, payload: answer)
    most = load_protocol("fig1", arms | {"sites.n": "as many as fit"})
    common = Experiment(most, double).common()
    assert common["protocol"]["sites"]["n"] == 3
    trains = trains_for(
        Protocol.model_validate(common["protocol"]), "nmda", level=3, n_feedforward=0, trial=0,
        seed=1,
    )  # fmt: skip
    assert sum(t.synapse.endswith("/context") for t in trains) == 3
    with pytest.raises(SpecError, match="choose the sites first"):
        trains_for(most, "nmda", level=3, n_feedforward=0, trial=0, seed=1)
    too_high = load_protocol("fig1", {"sites.n": "as many as fit"})
    with pytest.raises(SpecError, match="levels go up to 20, but sites.n is 3"):
        Experiment(too_high, double).common()
    places = ["apic[3](0.8)", "dend[3](0.8)", "dend[4](0.8)"]
    for order, sections in (("falling impedance", [7, 9, 4]), ("as given", [4, 7, 9])):
        named = load_protocol("fig1", arms | {"sites.locations": places, "sites.order": order,
                                              "sites.n": 3})  # fmt: skip
        assert [s for s, _ in Experiment(named, double).common()["sites"]] == sections
    asked = double.asked[-1].payload["choice"]
    assert asked["locations"][0] == {"section": "apic[3]", "x": 0.8}
    assert SiteChoice.model_validate(asked).n == 3
    with pytest.raises(SpecError, match="that of locations"):
        load_protocol("fig1", {"sites.order": "as given"})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("x", None, None), "--sites is 'x'"),
        (("3", ["basal"], ["dend[3](0.5)"]), "give one"),
    ],
)
def test_options_of_commands_that_do_not_go_together_are_refused(options, said):
    with pytest.raises(SpecError, match=said):
        sites_of_options(*options)


def test_options_of_commands_become_fields():
    assert sites_of_options(None) == {}
    most = sites_of_options("as many as fit", ["tuft"])
    assert most == {"n": "as many as fit", "lists": ["tuft"]}
    assert SiteChoice.model_validate(sites_of_options(None, None, ["dend[3](0.5)"])).n == 1


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
    with impedances(lambda _, places: z[: len(places), : len(places)]):
        assert len(choose_sites(cell, SiteChoice(n="as many as fit"))) == 3
        named = choose_sites(cell, SiteChoice(locations=("site01(0.5)", "site00(0.5)")))
        assert [s.section for s in named] == [2, 1]
        with pytest.raises(SpecError, match="has 3 sites; 4 were asked for"):
            choose_sites(cell, SiteChoice(n=4))
        with pytest.raises(SpecError, match="star has no lists"):
            choose_sites(cell, SiteChoice(n=3, lists=("tuft",)))
