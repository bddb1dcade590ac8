"""Does the reduced cell that NEURON builds have the full cell's impedances, rest and responses?"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.cells.reduced import read_reduced
from dendmod.protocol.model import CellFields
from dendmod.switching.cells import spike_threshold

FAST = Path(__file__).parents[1] / "unit" / "fast_cell.toml"


def worker(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict:
    path = tmp_path_factory.mktemp("reduction") / "branched.swc"
    return json.loads(worker(str(Path(__file__).with_name("reduction_worker.py")), str(path)))


@pytest.mark.parametrize("name", ["passive", "ih"])
def test_impedances_at_rest_with_bifurcations_are_the_full_cells_everywhere(measured, name):
    full, reduced = map(np.array, measured[f"{name}_True_z"])
    np.testing.assert_allclose(reduced, full, rtol=1e-3)


@pytest.mark.parametrize("name", ["passive", "ih"])
def test_without_bifurcations_input_and_soma_transfer_impedances_are(measured, name):
    full, reduced = map(np.array, measured[f"{name}_False_z"])
    np.testing.assert_allclose(np.diag(reduced), np.diag(full), rtol=1e-3)
    np.testing.assert_allclose(reduced[0], full[0], rtol=1e-3)


@pytest.mark.parametrize("key", ["passive_False", "passive_True", "ih_False", "ih_True"])
def test_the_resting_potential_is_that_of_the_full_cell(measured, key):
    v, expected = measured[f"{key}_rest"]
    np.testing.assert_allclose(v, expected, atol=0.01)


def test_steps_of_current_charge_the_reduced_cell_as_the_full_one(measured):
    full, reduced = (np.array(v) + 80 for v in measured["passive_True_v"])
    np.testing.assert_allclose(reduced, full, rtol=0.03)


def test_a_probe_measures_everything_at_the_soma_and_the_sites(measured):
    assert measured["finite"]
    shapes = measured["shapes"]
    assert shapes["frozen"] == shapes["steady"] == [4, 4]
    assert (shapes["epsp_soma"][0], shapes["plateau_local"][0]) == (4, 3)


def test_a_passive_cell_answers_steps_as_its_impedances_say(measured):
    """Without channels nothing follows a step: both matrices are one, in MOhm and positive."""
    linear = {name: np.array(values) for name, values in measured["linear"].items()}
    np.testing.assert_allclose(linear["steady"], linear["frozen"], rtol=1e-3)
    assert (linear["frozen"] > 10).all()
    # an EPSP is larger where it arises than at the soma; that of the soma is the same in both
    assert (linear["epsp_local"][1:].max(axis=1) > linear["epsp_soma"][1:].max(axis=1)).all()
    np.testing.assert_array_equal(linear["epsp_local"][0], linear["epsp_soma"][0])


def reduce(out: Path, *options: str) -> dict:
    return json.loads(worker("-m", "dendmod", "reduce", "--out", str(out), "--json", *options))


@pytest.mark.slow
def test_the_l5_cell_reduces_to_its_soma_and_20_sites(tmp_path):
    facts = reduce(tmp_path / "cell.json")
    assert facts["compartments"] == 21
    code = (
        "import sys; from dendmod.reduction import read_reduced; from dendmod.spec import *; "
        "from dendmod.engines.simulation import simulate; c = read_reduced(sys.argv[1]); "
        "r = simulate(Setup(cell=c), Run(tstop=1, settle=1000)); print(r.v['soma'][-1])"
    )
    rest = float(worker("-c", code, str(tmp_path / "cell.json")))
    assert rest == pytest.approx(facts["v_rest_mV"], abs=0.01)


def test_the_output_neuron_is_the_soma_alone(tmp_path):
    assert reduce(tmp_path / "soma.json", "--sites", "0")["compartments"] == 1


def test_what_counts_as_a_spike_of_the_cell_goes_into_the_file(tmp_path):
    out = tmp_path / "soma.json"
    reduce(out, "--cell", str(FAST), "--sites", "0")
    assert read_reduced(out).spike_threshold == -10.0
    assert CellFields(reduced=str(out)).threshold() == -10.0
    assert spike_threshold(str(out)) == -10.0


def test_errors_of_the_command_are_one_message():
    for options, message in (
        (["--sites", "3"], "--out"),
        (["--out", "x.json", "--apical", "near"], "distances"),
        (["--out", "x.json", "--capacitances", "all"], "spectrum"),
        (["check", "none.json"], "none.json"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "dendmod", "reduce", *options], capture_output=True, text=True
        )
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr
