"""Does each channel conduct in voltage clamp as the published one does?"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "reference" / "hay2011_clamp_conductance.csv"
FLOOR = 1e-6  # S/cm2


@pytest.fixture(scope="module")
def measured() -> list[dict]:
    command = [sys.executable, str(HERE / "clamp_worker.py"), str(REFERENCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _reference() -> dict:
    with open(REFERENCE) as f:
        return {
            (r["mechanism"], float(r["hold_mV"]), float(r["step_mV"])): r for r in csv.DictReader(f)
        }


@pytest.mark.parametrize("mechanism", sorted({k[0] for k in _reference()}))
def test_conductance_within_half_a_percent_at_every_time(measured, mechanism):
    reference = _reference()
    rows = [m for m in measured if m["mechanism"] == mechanism]
    assert len(rows) == sum(k[0] == mechanism for k in reference)
    for m in rows:
        r = reference[mechanism, m["hold"], m["step"]]
        expected = np.array([float(r[f"g_at_{t:g}ms"]) for t in m["times"]])
        largest = max(expected.max(), float(r["g_hold"]), FLOOR)
        error = np.abs(np.array([*m["g"], m["g_hold"]]) - [*expected, float(r["g_hold"])])
        assert error.max() <= 0.005 * largest, (m["hold"], m["step"], error.max() / largest)


def test_currents_are_ohmic_with_the_sign_and_the_reversal_of_their_ion(measured):
    for m in measured:
        expected = m["g_then"] * (m["step"] - m["e"])
        assert m["i"] == pytest.approx(expected, rel=1e-3, abs=1e-12), m["mechanism"]
