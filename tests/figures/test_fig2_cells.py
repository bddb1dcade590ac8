"""Does the figure over cells ask for the cases that it names, and judge by all orders of a cell?"""

from types import SimpleNamespace

import numpy as np
import pytest

from dendmod.errors import SpecError
from dendmod.exchange import read_io
from dendmod.iocurve import fit_io
from dendmod.papers.wybo2022.fig2_cells.figure import plateau_protocol
from dendmod.papers.wybo2022.fig2_cells.settings import CellsStudy, cases_of
from dendmod.study.figure import make_figure
from dendmod.study.registry import find
from tests.doubles import SweepDouble, staircase
from tests.pictures import kept_pictures

PLATEAU, LONG = 11.0, 60.0  # ms


def curve(arm, level, *, gain):
    """First number of inputs and width: a gain turns curves around -20, a bias shifts them."""
    step = level // 2
    if arm == "nmda":
        step = -step
    width = 40 + step if gain else 40
    return (3 * width // 2 - 20 if gain else 60 + 3 * step), width


def answers(as_in_paper=True, refuse=(), few=None):
    """Answer tasks as a cell would whose NMDA spikes are a bias, and whose shunt is a gain."""
    seen = few if few is not None else []

    def answer(function, payload):
        if function == "choose":
            return {"section": np.arange(1, 21), "x": np.full(20, 0.8), "impedance": np.ones(20),
                    "independence": 1.0}  # fmt: skip
        if function == "reduction":
            return {"amps": [0.1, 0.2], "full": [3, 5], "reduced": [3, 4], "compartments": 40}
        seen.append((function, payload))
        protocol = payload["protocol"]
        if function == "count_spikes":
            trials = len(payload["trials"])
            many = protocol["arms"]["nmda"]["n_context"] > 200
            above = np.full((trials, 20), LONG if many else PLATEAU)
            return {"counts": np.ones((1, trials), int), "engine": "NEURON", "site_above": above}
        gain = (payload["arm"] == "shunt") is as_in_paper
        return {**staircase(*curve(payload["arm"], payload["level"], gain=gain)),
                "engine": "NEURON"}  # fmt: skip

    return answer


def figure_of(answer, out):
    sweep = SweepDouble(answer)
    with pytest.MonkeyPatch.context() as patch, kept_pictures() as pictures:
        patch.setattr("dendmod.study.figure.Sweep", sweep)
        summary = make_figure("wybo2022/fig2_cells", out, quick=True)
    return SimpleNamespace(summary=summary, asked=sweep.asked, pictures=pictures, out=out)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return figure_of(answers(), tmp_path_factory.mktemp("cells"))


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """The figure of cells whose NMDA spikes are a gain and whose shunt is a bias."""
    return figure_of(answers(as_in_paper=False), tmp_path_factory.mktemp("turned"))


def study(quick=False, **changes):
    return CellsStudy.model_validate(
        find("wybo2022/fig2_cells").settings(quick=quick, changes=changes)
    )


def test_every_cell_is_run_in_five_orders_of_which_the_first_has_all_levels():
    cases = cases_of(study())
    for cell in ("built-in, set 1", "built-in, set 3", "original, set 1", "original, set 3"):
        of_cell = [c for c in cases if c.cell == cell and c.group == "order"]
        assert [c.is_first for c in of_cell] == [True, False, False, False, False]
        orders = [(c.protocol.sites.order, c.protocol.sites.order_seed) for c in of_cell]
        assert orders == [("falling impedance", 0), *(("random", k) for k in (1, 2, 3, 4))]
        assert [c.protocol.run.trials for c in of_cell] == [400, 100, 100, 100, 100]
        assert len(of_cell[0].protocol.arms["nmda"].levels) == 8
        assert {c.protocol.arms["nmda"].levels for c in of_cell[1:]} == {(0, 6, 14, 20)}
        assert {c.protocol.cell.biophysics for c in of_cell} == {int(cell[-1])}


def test_a_reading_changes_its_own_field_alone():
    cases = {(c.cell, c.name): c for c in cases_of(study())}
    usual = cases["built-in, set 1", "dt 0.025 ms"].protocol
    other = cases["built-in, set 1", "sites at x = 0.5"].protocol
    assert usual.run.dt_ms == 0.025
    assert other.sites.x == 0.5
    assert other.run.dt_ms == 0.1
    a, b = (p.model_dump() for p in (usual, other))
    assert [k for k in a if a[k] != b[k]] == ["run", "sites"]


def test_thresholds_and_residuals_of_a_cell_are_those_of_its_curves(made):
    levels = [0, 3, 6, 9, 11, 14, 17, 20]
    n = np.array([curve("nmda", level, gain=False) for level in levels])
    known = n[:, :1] + n[:, 1:] * [0.5, 1.5]
    said = made.summary["cells"]["built-in, set 1"]["nmda"]
    np.testing.assert_allclose(said["thresholds"], known)
    assert said["gain"] == pytest.approx(fit_io(known, "gain").residual)
    assert said["bias"] == pytest.approx(fit_io(known, "bias").residual, abs=1e-12)
    assert said["order_fraction"] == 1.0


def test_verdicts_have_the_sign_of_the_curves(made, turned):
    assert made.summary["claims"]["nmda_bias"]["verdict"] == "reproduced"
    assert made.summary["claims"]["shunt_gain"]["verdict"] == "reproduced"
    assert turned.summary["claims"]["nmda_bias"]["verdict"] == "not reproduced"
    assert turned.summary["claims"]["shunt_gain"]["verdict"] == "not reproduced"
    assert made.summary["claims"]["nmda_bias_strangers"]["verdict"] == "not resolved"  # none given
    parts = made.summary["claims"]["nmda_bias"]["parts"]
    assert [part["cell"] for part in parts] == ["built-in, set 1"]
    assert all(len(part["log_ratios"]) == 2 and min(part["log_ratios"]) > 0 for part in parts)


def test_a_plateau_as_long_as_the_papers_is_found_where_it_is(made):
    claim = made.summary["claims"]["plateaus"]
    assert claim["verdict"] == "reproduced"
    assert claim["readings"] == ["built-in, set 1, plateau: 240 contextual inputs"]
    assert claim["longest_ms"] == LONG
    cell = made.summary["cells"]["built-in, set 1"]
    assert cell["plateau_ms"]["median"] == PLATEAU
    assert cell["readings"]["plateau: 240 contextual inputs"]["plateau_ms"]["median"] == LONG


def test_what_makes_plateaus_longer_is_tried_on_the_arm_that_has_them():
    arms = {c.group: set(c.protocol.arms) for c in cases_of(study())}
    both = {"nmda", "shunt"}
    trials = {c.group: c.protocol.run.trials for c in cases_of(study()) if not c.is_first}
    assert trials == {"order": 100, "reading": 100, "place": 100, "plateau": 20}
    assert arms == {"order": both, "reading": both, "place": both, "plateau": {"nmda"}}


def test_plateaus_are_measured_with_all_sites_driven_and_nothing_else():
    (case, *_) = cases_of(study())
    alone = plateau_protocol(case.protocol, 7)
    assert list(alone.arms) == ["nmda"]
    assert alone.arms["nmda"].levels == (20,)
    assert alone.run.trials == 7


def test_reductions_and_curves_of_all_cases_go_out(made):
    cell = made.summary["cells"]["built-in, set 1"]
    assert cell["reduction"] == {
        "amps_nA": [0.1, 0.2], "steps_full": [3, 5], "steps_reduced": [3, 4], "compartments": 40,
    }  # fmt: skip
    assert cell["kernel"] is None  # NEURON ran it
    files = sorted(made.out.glob("io/*/io_nmda.json"))
    assert len(files) == 5
    assert read_io(files[0]).name == "nmda"
    assert set(made.pictures) == {"fig2_cells"}


def test_a_stranger_needs_both_arms_and_a_name_of_its_own():
    with pytest.raises(SpecError, match="two cells are called"):
        cases_of(study(cells={"1": {"cell.biophysics": 1}}, strangers=["fig1", "fig1"],
                       variants={"cells": [], "trials": 4, "plateau_trials": 2}))  # fmt: skip
