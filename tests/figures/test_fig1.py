"""Does the main job run, and does it show what it should?"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


def fig1(out: Path, *options: str) -> dict:
    command = [sys.executable, "-m", "dendmod.fig1", "--out", str(out), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "summary.json").read_text())


def test_quick_figure_end_to_end(tmp_path):
    summary = fig1(tmp_path, "--quick", "--trials", "2")
    assert (tmp_path / "fig1.png").stat().st_size > 50_000
    assert (tmp_path / "fig1.pdf").stat().st_size > 10_000
    assert summary["schema"] == "dendmod/fig1/1"
    shunt, nmda = summary["shunt"], summary["nmda"]
    # on the default morphology: shunt takes spikes away, NMDA spikes add them
    assert shunt["mean_spikes"][0] >= 1.5
    assert shunt["mean_spikes"][-1] <= 0.5
    assert nmda["mean_spikes"][-1] >= nmda["mean_spikes"][0] + 1
    silent = next(c for c in shunt["conductance_nS"] if c["level"] == shunt["chosen"]["0"])
    assert 80 < silent["mean_peak"] < 200
    strongest = nmda["conductance_nS"][-1]
    assert 0.3 < strongest["mean_peak"] < 10
    assert len(nmda["plateau"]["peak_mV"]) == 20
    assert np.median(nmda["plateau"]["peak_mV"]) > -40
    # a second call takes everything from the store and says the same
    again = fig1(tmp_path, "--quick", "--trials", "2")
    assert again == summary


def test_a_wrong_option_is_explained(tmp_path):
    command = [sys.executable, "-m", "dendmod.fig1", "--out", str(tmp_path), "--dt", "0.9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run.dt_ms" in done.stderr
    assert "0.2" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_any_number_of_workers_gives_the_same_summary(tmp_path):
    runs = [fig1(tmp_path / str(n), "--quick", "--trials", "2", "--workers", str(n))
            for n in (1, 2, 4)]  # fmt: skip
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.slow
def test_spike_counts_are_the_same_at_a_quarter_of_the_step(tmp_path):
    coarse = fig1(tmp_path / "a", "--quick", "--trials", "5")
    fine = fig1(tmp_path / "b", "--quick", "--trials", "5", "--dt", "0.025")
    pairs = [(c, f) for arm in ("shunt", "nmda")
             for c, f in zip(np.ravel(coarse[arm]["spikes"]), np.ravel(fine[arm]["spikes"]),
                             strict=True)]  # fmt: skip
    same = np.mean([c == f for c, f in pairs])
    assert same >= 0.9


@pytest.mark.slow
def test_the_original_morphology_reproduces_the_figure(tmp_path, original):
    summary = fig1(tmp_path, "--morphology", str(original))
    shunt, nmda = summary["shunt"], summary["nmda"]
    assert 1.8 <= shunt["mean_spikes"][0] <= 2.3
    assert shunt["mean_spikes"][-1] <= 0.2
    by_level = dict(zip(nmda["levels"], nmda["mean_spikes"], strict=True))
    assert by_level[0] <= 0.4
    assert 0.7 <= by_level[11] <= 1.4
    assert 1.7 <= by_level[20] <= 2.5
    silent = next(c for c in shunt["conductance_nS"] if c["level"] == shunt["chosen"]["0"])
    assert 100 <= silent["mean_peak"] <= 150
    strongest = nmda["conductance_nS"][-1]
    assert 1 <= strongest["mean_peak"] <= 10
