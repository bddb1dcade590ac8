"""Do synapses, calcium and SK follow their closed forms?"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

DT = 0.025
FARADAY = 96485.33212  # C/mol


@pytest.fixture(scope="module")
def measured() -> dict:
    worker = Path(__file__).with_name("point_worker.py")
    done = subprocess.run([sys.executable, str(worker)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def profile(t, start, rise, decay):
    """Double exponential with a maximum of one."""
    peak = rise * decay / (decay - rise) * np.log(decay / rise)
    s = np.maximum(t - start, 0.0)
    return (np.exp(-s / decay) - np.exp(-s / rise)) / (np.exp(-peak / decay) - np.exp(-peak / rise))


def unblocked(v):
    return 1 / (1 + 0.3 * np.exp(-0.1 * v))


CASES = {
    "gaba": lambda t: 1e-3 * profile(t, 10, 0.2, 10),
    "gaba_i": lambda t: 1e-3 * profile(t, 10, 0.2, 10) * (-60 + 80),
    "gaba_two": lambda t: 1e-3 * profile(t, 10, 0.2, 10) + 2e-3 * profile(t, 25, 0.2, 10),
    "ampa": lambda t: 1e-3 * profile(t, 10, 0.2, 3),
    "nmda_-60": lambda t: 2e-3 * profile(t, 10, 0.2, 43) * unblocked(-60),
    "nmda_0": lambda t: 2e-3 * profile(t, 10, 0.2, 43) * unblocked(0),
    "nmda_i": lambda t: (
        -60e-3 * (profile(t, 10, 0.2, 3) + 2 * profile(t, 10, 0.2, 43) * unblocked(-60))
    ),
    "current": lambda t: -0.06 * profile(t, 10, 0.2, 3),
}


@pytest.mark.parametrize("name", CASES)
def test_profile_follows_its_closed_form(measured, name):
    got = np.array(measured[name])
    # NEURON evaluates currents at the start of a step and records them at its end
    t = DT * (np.arange(got.size) - 1)
    expected = CASES[name](t)
    assert np.abs(got - expected).max() <= 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize(("name", "weight"), [("gaba", 1e-3), ("ampa", 1e-3), ("current", -0.06)])
def test_the_weight_is_the_extremum_of_the_profile(measured, name, weight):
    got = np.array(measured[name])
    assert got[np.abs(got).argmax()] == pytest.approx(weight, rel=1e-3)


def test_nmda_ratio_and_magnesium_block(measured):
    peaks = {v: max(measured[f"nmda_{v}"]) for v in ("-60", "0")}
    assert peaks["0"] / peaks["-60"] == pytest.approx(unblocked(0) / unblocked(-60), rel=1e-6)
    assert peaks["0"] / unblocked(0) == pytest.approx(2e-3, rel=1e-3)


def test_calcium_decays_exponentially_to_rest(measured):
    got = np.array(measured["pool"]["decay"])[1:]
    t = DT * np.arange(1, got.size + 1)
    assert got == pytest.approx(1e-4 + (1e-3 - 1e-4) * np.exp(-t / 20.0), rel=1e-4)


def test_calcium_starts_where_a_protocol_says_and_opens_sk_as_far(measured):
    start = measured["pool"]["start"]
    assert start["cai"] == 5e-5
    assert start["sk"] == pytest.approx(1 / (1 + (0.00043 / 5e-5) ** 4.8), rel=1e-6)


def test_steady_calcium_balances_influx_and_decay(measured):
    pool = measured["pool"]
    influx = -1e4 * pool["ica"] * 0.01 / (2 * FARADAY * 0.1)  # mM/ms
    assert pool["ica"] < 0
    assert pool["steady"] == pytest.approx(1e-4 + influx * 20.0, rel=1e-3)


def test_sk_activation_follows_calcium(measured):
    calcium = np.array(measured["pool"]["decay"])
    z = np.array(measured["pool"]["sk"])
    steady = 1 / (1 + (0.00043 / calcium) ** 4.8)
    assert z[0] == pytest.approx(1 / (1 + (0.00043 / 1e-4) ** 4.8), rel=1e-6)
    # calcium falls slowly (20 ms) against ztau (1 ms): z lags its steady state by about 1 ms
    late = np.arange(round(10 / DT), round(40 / DT))
    assert z[late] == pytest.approx(steady[late - round(1 / DT)], rel=0.05)
