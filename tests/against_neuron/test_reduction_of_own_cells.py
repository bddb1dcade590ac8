"""Does a cell with its own mechanisms reduce to one that spikes as it does?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.mechanisms import two_sections as two

QUICK = ("CaShell", "CalShell", "KmPicosiemens")
OTHERS = tuple(name for name in two.MINIATURES if name not in QUICK)


def measure(folder: Path, names: tuple[str, ...]) -> dict:
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join((root, os.environ.get("PYTHONPATH", "")))
    worker = str(Path(__file__).with_name("own_cells_worker.py"))
    done = subprocess.run(
        [sys.executable, worker, str(folder), *names],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict:
    return measure(tmp_path_factory.mktemp("own"), QUICK)


@pytest.fixture(scope="module")
def others(tmp_path_factory) -> dict:
    return measure(tmp_path_factory.mktemp("others"), OTHERS)


def assert_alike(full: list[int], reduced: list[int]) -> None:
    assert min(full) > 0
    assert max(abs(a - b) for a, b in zip(full, reduced, strict=True)) <= 1, (full, reduced)


@pytest.mark.parametrize("name", QUICK)
def test_the_reduced_cell_spikes_as_the_full_one(measured, name):
    assert_alike(*measured["counts"][name])


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_with_each_other_miniature_the_reduced_cell_spikes_as_the_full_one(others, name):
    assert_alike(*others["counts"][name])


def test_pools_are_carried_by_what_they_write_all_of_them(measured):
    both = measured["cells"]["CalShell"]["compartments"]
    assert [sorted(c["pools"]) for c in both] == [["CaShell", "CalShell"]] * 3
    assert all({"CalGhk", "CaHva", "KCa"} <= set(c["channels"]) for c in both)
    assert both[0]["pools"]["CalShell"] == {"depth": 5.0, "tau": 100.0}
    assert measured["cells"]["CalShell"]["globals"]["rest_CalShell"] == 1e-4


def test_a_cell_that_starts_its_spikes_in_the_axon_keeps_it(measured):
    axonal = measured["axonal"]
    assert_alike(axonal["full"], axonal["kept"])
    assert axonal["roles"].count("axon") == 2
    assert axonal["places"] == [2, 3]  # after the two sections of the morphology
    assert axonal["not kept"] == [0, 0, 0]
    assert axonal["left out"] == ["NaTa_t"]


def test_reversal_potentials_are_those_of_each_place(measured):
    own = measured["two reversals"]
    made = [c["reversals"] for c in own["cell"]["compartments"]]
    assert (own["cell"]["ena"], own["cell"]["ek"]) == (50.0, -77.0)  # of the soma
    assert made == [{"eca": 110.0}] + 2 * [{"ena": 30.0, "ek": -90.0, "eca": 110.0}]
    assert_alike(*own["counts"])
    rests, without = own["off its rest"]
    assert rests < 0.01
    assert without > 0.5


def test_a_mechanism_that_reads_diam_gets_that_of_its_place(measured):
    compartments = measured["cells"]["CaShell"]["compartments"]
    given = [c["diam"] for c in compartments]
    np.testing.assert_allclose(given, [20.0, 2.0, 1.1], rtol=0.05)  # it tapers from 3 to 1 um
    expected = [[c["diam"], c["area"]] for c in compartments]
    np.testing.assert_allclose(measured["built"], expected, rtol=1e-9)
    assert all(c["diam"] is None for c in measured["cells"]["KmPicosiemens"]["compartments"])


def test_the_diameter_changes_neither_capacitance_nor_coupling(measured):
    np.testing.assert_allclose(*measured["impedances"], rtol=1e-6)


def test_densities_are_carried_in_the_unit_of_their_file(measured):
    soma = measured["cells"]["KmPicosiemens"]["compartments"][0]
    own = soma["channels"]["KmPicosiemens"]["gbar"] * soma["area"]
    whole = 8.0 * np.pi * 20 * 20 + 2.0 * np.pi * 2 * 200  # pS of soma and dendrite
    assert 8.0 * np.pi * 20 * 20 * 0.95 < own < whole


def test_several_maximal_conductances_of_one_mechanism_are_several_channels(measured):
    soma = measured["cells"]["KmPicosiemens"]["compartments"][0]
    hh = soma["channels"]["hh"]
    ratio = [hh[name] * soma["area"] / (g * np.pi * 400) for name, g in
             (("gnabar", 0.12), ("gkbar", 0.036), ("gl", 0.0003))]  # fmt: skip
    np.testing.assert_allclose(ratio, 1, rtol=0.02)
