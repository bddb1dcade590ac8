"""Does `dendmod reduce check` hold the reduced cell against the full one, and not the reverse?"""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dendmod.cells.file import load_cell
from dendmod.errors import SpecError
from dendmod.morphology import resolve
from dendmod.paths import data_dir
from dendmod.reduction import write_reduced
from dendmod.reduction.check import check_reduced
from dendmod.reduction.fit import mechanisms_hash
from dendmod.reduction.probe import DT
from dendmod.spec import Compartment, Location, ReducedCell
from tests.doubles import SweepDouble, staircase
from tests.mechanisms import two_sections as two
from tests.pictures import axes_of, kept_pictures, labelled, points

OWN = Path(__file__).parents[2] / "docs" / "examples" / "own_cell"
LEVELS = {"shunt": [0, 60], "nmda": [0, 3]}
PLACES = [(30, 0.8), (12, 0.8), (21, 0.8)]  # of the full cell, in the order of the sites
Z = np.array([[50.0, 30, 31, 32], [30, 800, 25, 26], [31, 25, 700, 27], [32, 26, 27, 600]])
T = np.arange(1501) * DT
EPSP = 4.0 * np.exp(-np.abs(T - 25) / 5)


def small_cell():
    def compartment(k, name, role, place):
        return Compartment(
            name=name, role=role, parent=-1 if k == 0 else 0,
            site=Location(section=place[0], x=place[1]), ca=100.0, g_leak=10.0, e_leak=-75.0,
            g_couple=float(k > 0), area=1000.0, v_rest=-75.0,
        )  # fmt: skip

    facts = {
        "morphology": "l5pc", "biophysics": "hay2011/3", "capacitances": "spectrum",
        "morphology_sha256": resolve("l5pc").without_axon().sha256,
    }  # fmt: skip
    sites = [compartment(k + 1, f"site{k:02d}", "site", place) for k, place in enumerate(PLACES)]
    return ReducedCell(
        name="small", compartments=(compartment(0, "soma", "soma", (0, 0.5)), *sites),
        ena=50, ek=-85, celsius=34, v_init=-75, provenance=facts,
    )  # fmt: skip


def probe(reduced):
    """The reduced cell: one input impedance 10 % up, EPSPs 5 % larger or more, plateaus shorter."""
    off = np.ones((4, 4))
    off[2, 2] += 0.1 * reduced
    bigger = 1 + reduced * np.array([0.05, 0.1, 0.3, 0.2])[:, None]
    local = np.full((3, T.size), -70.0)
    for site, last in enumerate((800, 700, 760) if reduced else (900, 850, 800)):
        local[site, 400:last] = -20.0 - site
    return {
        "frozen": Z * off,
        "steady": Z * (1 + 0.01 * reduced),
        "rest": np.array([-75.0, -75, -74, -73]) + 0.3 * reduced,
        "epsp_soma": EPSP * bigger * [[1.0], [0.1], [0.2], [0.3]],
        "epsp_local": EPSP * bigger[::-1] * [[1.0], [2.0], [3.0], [4.0]],
        "plateau_local": local,
        "plateau_soma": -75 + (local + 70) / 10,
    }


def answer(function, payload):
    if function == "probe":
        return probe("compartments" in payload["cell"])
    reduced = payload["protocol"]["cell"]["reduced"] is not None
    arm, level = payload["arm"], payload["level"]
    if function == "count_spikes":
        return {"counts": [counts(reduced, arm, level)]}
    if reduced and (arm, level) == ("shunt", 60):
        return staircase(200, 20, top=1)  # it does not come to two spikes
    first = {"nmda": 40 - 4 * level, "shunt": 100 + level}[arm]
    return staircase(first + 2 * reduced, 20)


def counts(reduced, arm, level):
    """Four trials; under shunt the reduced cell has one spike more in the last two of them."""
    alike = 3 if level == 0 else 5 if arm == "nmda" else 1
    return [alike, alike, *[alike + (reduced and arm == "shunt")] * 2]


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    out = tmp_path_factory.mktemp("check")
    write_reduced(small_cell(), out / "small.json")
    sweep = SweepDouble(answer)
    changes = {"arms.nmda.levels": [0, 3], "arms.shunt.levels": [0, 60], "run.trials": 4}
    changes |= {f"arms.{arm}.quick_levels": [] for arm in LEVELS}
    with kept_pictures() as pictures:
        summary = check_reduced(out / "small.json", out, sweep=sweep, changes=changes)
        assert json.loads((out / "summary.json").read_text()) == summary
        yield SimpleNamespace(
            summary=summary, picture=pictures["reduction_check"], asked=sweep.asked
        )


def test_both_cells_are_asked_the_same_at_their_own_places(checked):
    own, full = [[k, 0.5] for k in (1, 2, 3)], [list(place) for place in PLACES]
    probes = [t.payload for t in checked.asked if t.key == "probe"]
    assert [p["places"] for p in probes] == [full, own]
    assert "regions" in probes[0]["cell"]["biophysics"]
    assert len(probes[1]["cell"]["compartments"]) == 4
    runs = [t.payload for t in checked.asked if t.key == "spikes/nmda/3"]
    assert [r["sites"] for r in runs] == [full, own]
    assert [r["protocol"]["cell"]["biophysics"] for r in runs] == [3, 3]


def test_plateaus_are_evoked_by_twice_the_weight_of_the_protocol(checked):
    """60 inputs of .08 nS: a site alone has no plateau at that weight."""
    for task in checked.asked:
        if task.key == "probe":
            assert task.payload["burst"] == {"n": 60, "sd": 10.0, "weight": pytest.approx(1.6e-4)}


def test_the_summary_says_how_far_the_reduced_cell_is_from_the_full_one(checked):
    said = checked.summary
    held, following = said["impedance_gates_held"], said["impedance_gates_following"]
    assert (held["input_max"], following["input_max"]) == pytest.approx((0.1, 0.01))
    assert (held["input_and_transfer_met"], following["input_and_transfer_met"]) == (False, True)
    assert said["rest"]["difference_max_mV"] == pytest.approx(0.3)
    assert said["epsp"]["soma_peak_ratio"] == pytest.approx(1.05)
    plateau = said["plateau"]
    assert plateau["full_ms_above_minus40_median"] == pytest.approx(45)
    assert plateau["reduced_ms_above_minus40_median"] == pytest.approx(36)
    assert plateau["difference_ms_above_minus40_max"] == pytest.approx(15)


def test_counts_and_thresholds_are_those_of_each_cell(checked):
    spikes, n = checked.summary["spike_counts"], checked.summary["thresholds"]
    assert spikes["mean"] == {"shunt": [[3, 1], [3.5, 1.5]], "nmda": [[3, 5], [3, 5]]}
    assert (spikes["equal"], spikes["equal_nmda"], spikes["equal_shunt"]) == (0.75, 1, 0.5)
    assert spikes["mean_difference"] == pytest.approx(0.25)
    assert spikes["trials"] == 16
    assert n["values"]["nmda"] == [[[50, 70], [38, 58]], [[52, 72], [40, 60]]]
    full, reduced = n["values"]["shunt"]
    assert full == [[110, 130], [170, 190]]
    assert reduced == [[112, 132], [210, None]]
    assert (n["thresholds"], n["missing"], n["extra"]) == (8, 1, 0)
    assert n["fraction_met"] == pytest.approx(6 / 8)
    assert n["difference_max"] == pytest.approx(40)


def test_impedances_are_drawn_full_against_reduced_in_MOhm(checked):
    ax = axes_of(checked.picture, "Impedances at rest")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Full cell (MOhm)", "Reduced cell (MOhm)")
    drawn = labelled(ax)
    np.testing.assert_allclose(drawn["input"], [[50, 800, 700, 600], [50, 800, 770, 600]])
    np.testing.assert_allclose(drawn["soma to site"], [[30, 31, 32]] * 2)
    assert sorted(drawn["site to site"][0]) == [25, 25, 26, 26, 27, 27]


def test_the_site_drawn_is_the_one_whose_epsp_differs_as_the_median_does(checked):
    """Of 10, 30 and 20 % the third; its plateau is the third too."""
    for title, kind, row in (
        ("Soma to soma", "epsp_soma", 0),
        ("At a site", "epsp_local", 3),
        ("Site to soma", "epsp_soma", 3),
        ("NMDA spike at the site", "plateau_local", 2),
        ("The same at the soma", "plateau_soma", 2),
    ):
        ax = axes_of(checked.picture, title)
        assert ax.get_xlabel() == "Time (ms)"
        for line, reduced in zip(ax.lines, (False, True), strict=True):
            np.testing.assert_allclose(points(line), [T, probe(reduced)[kind][row]])


def test_counts_and_thresholds_are_drawn_full_and_reduced(checked):
    ax = axes_of(checked.picture, "Spike counts: 75% equal")
    full, reduced, *nmda = (points(line) for line in ax.lines)
    np.testing.assert_allclose(full, [[0, 1], [3, 1]])
    np.testing.assert_allclose(reduced, [[0, 1], [3.5, 1.5]])
    for xy in nmda:
        np.testing.assert_allclose(xy, [[0, 1], [3, 5]])
    ax = axes_of(checked.picture, "IO thresholds")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Full cell (inputs)", "Reduced cell (inputs)")
    np.testing.assert_allclose(labelled(ax)["NMDA spikes"], [[50, 70, 38, 58], [52, 72, 40, 60]])


def write_own(own, path):
    """Write a reduced cell that says it was made from a cell that is not Hay's."""
    facts = {
        "morphology": own.morphology, "biophysics": own.biophysics.name, "capacitances": "spectrum",
        "morphology_sha256": resolve(own.morphology).without_axon().sha256,
        "mechanisms": mechanisms_hash(own), "cell": own.model_dump(mode="json", by_alias=True),
    }  # fmt: skip
    made = small_cell().model_copy(update={"provenance": facts})
    write_reduced(made, path)


def test_spikes_of_an_own_cell_are_counted_in_steps_of_current(tmp_path):
    write_own(two.cell("KCa", tmp_path), tmp_path / "own.json")

    def answer_own(function, payload):
        if function == "probe":
            return probe("compartments" in payload["cell"])
        reduced = "compartments" in payload["cell"]
        return {"steps": np.array([[0], [4], [7], [9 + reduced]])}

    sweep = SweepDouble(answer_own)
    with kept_pictures() as pictures:
        summary = check_reduced(tmp_path / "own.json", tmp_path / "out", sweep=sweep)
        assert "KCa" in pictures["reduction_check"].get_suptitle()
    assert {task.key for task in sweep.asked} == {"probe", "steps"}
    found = summary["spike_counts"]
    assert (found["equal"], found["within_one"]) == (0.75, 1.0)
    assert found["mean"]["steps"] == [[0, 4, 7, 9], [0, 4, 7, 10]]
    hold = 30.0 / (Z[0, 0])  # nA: from -75 to -45 mV
    np.testing.assert_allclose(found["levels"]["steps"], hold * np.array([1, 1.5, 2, 3]))
    assert summary["thresholds"] is None


def test_a_protocol_of_an_own_cell_counts_its_spikes_and_thresholds_too(tmp_path):
    file = OWN / "cell.toml"
    write_own(load_cell(str(OWN)).cell, tmp_path / "own.json")
    text = (data_dir("protocols") / "fig1.toml").read_text()
    text = text.replace('morphology = "l5pc"', f'file = "{OWN}"')
    text = text.replace("biophysics = 1 ", "").replace("n = 20 ", "n = 3 ")
    (tmp_path / "own.toml").write_text(text)
    levels = {f"arms.{arm}.levels": given for arm, given in LEVELS.items()}
    changes = {**levels, "run.engine": "neuron", "run.trials": 4}
    changes |= {f"arms.{arm}.quick_levels": [] for arm in LEVELS}

    def answer_own(function, payload):
        if function == "steps":
            return {"steps": np.array([[0], [4], [7], [9]])}
        return answer(function, payload)

    sweep = SweepDouble(answer_own)
    with kept_pictures() as pictures:
        summary = check_reduced(
            tmp_path / "own.json", tmp_path / "out", sweep=sweep, changes=changes,
            protocol=str(tmp_path / "own.toml"),
        )  # fmt: skip
        counts = axes_of(pictures["reduction_check"], "Spike counts")
        assert counts.get_xlabel() == "Level (of the largest)"
    runs = [t.payload["protocol"]["cell"] for t in sweep.asked if t.key == "spikes/nmda/3"]
    assert [(r["file"], r["reduced"] is None) for r in runs] == [
        (str(file), True), (None, False)
    ]  # fmt: skip
    assert set(summary["spike_counts"]["mean"]) == {"shunt", "nmda", "steps"}
    assert summary["thresholds"]["thresholds"] == 8
    with pytest.raises(SpecError, match=r"drives 2 sites, and .*own.json has 3; .*--sites 2"):
        check_reduced(
            tmp_path / "own.json", tmp_path / "out", sweep=sweep,
            changes={**changes, "sites.n": 2, "arms.nmda.levels": [0, 2]},
            protocol=str(tmp_path / "own.toml"),
        )  # fmt: skip
    write_own(two.cell("KCa", tmp_path), tmp_path / "own.json")
    with pytest.raises(SpecError, match=r"own.toml is for .*cell.toml, and .*own.json was reduced"):
        check_reduced(tmp_path / "own.json", tmp_path / "out", sweep=sweep, changes=changes,
                      protocol=str(tmp_path / "own.toml"))  # fmt: skip
