"""Does the L5 cell do what it should: the default against its bounds, the original against facts?

Bounds: facts of the published cell (its protocols start with calcium at 5e-5 mM: 39.4 MOhm at 1 s,
10 / 12.5 / 18 Hz at 34 degC, three spikes of BAC firing; settled -77.25 mV) and the tolerances that
were set before the default morphology was chosen.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from dendmod.cells.check import step
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.cells.pools import with_pool_start
from dendmod.params import hay2011


def check(*options: str) -> dict:
    command = [sys.executable, "-m", "dendmod", "cell", "check", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_default_cell_lies_within_its_bounds():
    facts = check()
    assert facts["settled"]["rest_mV"] == pytest.approx(-77.25, abs=0.5)
    assert facts["rin_MOhm"] == pytest.approx(39.4, rel=0.05)
    for amp, rate in {"0.619": 10, "0.793": 12.5, "1.507": 18}.items():
        assert facts["step_Hz"][amp] == pytest.approx(rate, abs=1.5)
    assert facts["bac_spikes"]["soma"] == 1
    assert facts["bac_spikes"]["epsp"] == 0
    assert facts["bac_spikes"]["both"] == 3
    # the calcium spike that pulse and EPSP evoke together: without it -10 mV and less
    peak = facts["bac_dendrite_peak_mV"]
    assert peak["both"] > 0 > -10 > max(peak["soma"], peak["epsp"])


@pytest.mark.slow
def test_the_original_cell_is_the_published_one(original):
    facts = check("--morphology", str(original))
    assert facts["rest_mV"] == pytest.approx(-77.216, abs=0.01)
    assert facts["rin_MOhm"] == pytest.approx(39.4235, rel=1e-3)
    for amp, rate in {"0.619": 10, "0.793": 12.5, "1.507": 18}.items():
        assert facts["step_Hz"][amp] == pytest.approx(rate, abs=0.5)
    assert facts["bac_spikes"]["soma"] == 1
    assert facts["bac_spikes"]["epsp"] == 0
    assert facts["bac_spikes"]["both"] == 3
    assert facts["bac_dendrite_peak_mV"]["both"] == pytest.approx(9.11, abs=0.05)
    # the published model itself, once its calcium has come to rest
    settled = facts["settled"]
    assert settled["rest_mV"] == pytest.approx(-77.2513, abs=0.01)
    assert settled["rin_MOhm"] == pytest.approx(39.09, rel=1e-3)
    assert settled["bac_spikes"] == {"soma": 1, "epsp": 0, "both": 2, "calcium": 1}


@pytest.mark.slow
def test_set_1_on_the_original_fires_as_published(original):
    """Its doublets' second spikes peak at -9 to -1 mV, and the published count is at -10 mV."""
    facts = check("--morphology", str(original), "--biophysics", "1")
    assert facts["step_Hz"] == {"0.619": 4.0, "0.793": 4.5, "1.507": 4.5}
    spikes = facts["bac_spikes"]
    assert (spikes["soma"], spikes["epsp"], spikes["both"]) == (2, 0, 3)
    assert facts["rin_MOhm"] == pytest.approx(40.5, rel=2e-3)
    assert facts["settled"]["bac_spikes"]["both"] == 4


@pytest.mark.slow
def test_the_first_intervals_are_those_of_the_published_model(original):
    cell = with_pool_start(L5PyramidalCell(str(original), 3), hay2011.CALCIUM_START)
    result = step(cell, 0.619, hay2011.STEPS.delay, 600.0)
    intervals = np.diff(result.spike_times(threshold=hay2011.STEPS.threshold))[:4]
    assert intervals == pytest.approx([10.20, 14.15, 62.9, 138.5], rel=2e-3)


def test_the_original_morphology_is_read_as_neuron_reads_it(original):
    from dendmod.morphology import read
    from dendmod.morphology.measure import morphometry

    totals = morphometry(read(original).without_axon())
    # reference: hay2011_cell1_facts.json, measured on the cell that Hay's template builds
    for region, sections, tips, length, area in (
        ("basal", 84, 46, 5133.492, 8862.9596),
        ("trunk", 10, 0, 626.7876, 5773.8436),
        ("oblique", 57, 33, 3246.4344, 6968.3246),
        ("tuft", 42, 22, 3567.684, 8267.1573),
    ):
        t = totals[region]
        assert (t.sections, t.tips) == (sections, tips)
        assert t.length == pytest.approx(length, abs=1e-3)
        assert t.area == pytest.approx(area, abs=1e-2)
    assert totals["soma"].area == pytest.approx(1131.39, rel=0.005)
