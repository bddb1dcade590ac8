"""Does a built cell follow cable theory, and does the session keep NEURON's state clean?"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.against_neuron import cell_worker as w


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict:
    path = tmp_path_factory.mktemp("cable") / "cable.swc"
    worker = Path(__file__).with_name("cell_worker.py")
    done = subprocess.run(
        [sys.executable, str(worker), str(path)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("engine", ["neuron", "coreneuron"])
def test_steady_voltage_along_a_sealed_cable(measured, engine):
    radius = w.DIAM / 2 * 1e-4  # cm
    built = w.LENGTH - 0.2  # um: the written branch starts 0.2 um along
    length = built * 1e-4
    space_constant = np.sqrt(radius / (2 * w.RA * w.G))
    membrane = w.G * 2 * np.pi * radius * space_constant  # conductance of the semi-infinite cable
    electrotonic = length / space_constant
    soma_leak = w.G * np.pi * 2e-4 * 2e-4
    v0 = 0.05e-6 / (membrane * np.tanh(electrotonic) + soma_leak)  # mV: nA / S = 1e-9 / S V
    for x in ("0.25", "0.5", "0.75", "1"):
        nseg = 1 + 2 * int(built / 5.0)
        centre = (min(int(float(x) * nseg), nseg - 1) + 0.5) / nseg if x != "1" else 1.0
        cosh = np.cosh(electrotonic * (1 - centre)) / np.cosh(electrotonic)
        assert measured[engine][x] - w.E == pytest.approx(v0 * cosh, rel=1e-3)


def test_runs_repeat_exactly_and_leave_nothing(measured):
    assert measured["repeat_False"]
    assert measured["repeat_True"]
    assert measured["restored"]
    assert measured["leftover"] == 0


def test_a_voltage_beyond_any_cells_is_refused(measured):
    assert "mV, which no cell does" in measured["beyond"]


def test_a_session_refuses_sections_that_are_left_over(measured):
    assert "left over" in measured["refusal"]


def test_a_run_after_long_settling_takes_its_exact_number_of_steps(measured):
    assert measured["samples_False"] == measured["samples_True"] == 12001
