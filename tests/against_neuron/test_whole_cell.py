"""Is a full cell as compartments the full cell, alone and in a network?"""

import json
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from tests.mechanisms.two_sections import environment

WORKER = """
import json, sys
import numpy as np
from dendmod.cells.file import load_cell
from dendmod.engines.compare import difference
from dendmod.engines.simulation import simulate
from dendmod.errors import DendmodError
from dendmod.network import (
    Background, Connections, ContextSynapses, FeedforwardSynapses, GeneratedStimulus, NetworkRun,
    NetworkSpec, Projection, Samples,
)
from dendmod.reduction import whole
from dendmod.spec import CurrentClamp, Location, Run, Setup

full = load_cell(sys.argv[1]).cell
places = {"far": Location("apic[1](0.8)"), "near": Location("dend[1](0.8)")}
cell = whole(full, places)
found = {"compartments": len(cell.compartments), "sites": [
    cell.compartments[i].name for i in cell.site_numbers]}

# alone: a step of current at the far place
run = Run(tstop=60.0, dt=0.1, settle=20.0)
v = []
for one, far in ((full, places["far"]), (cell, cell.location("far"))):
    clamp = CurrentClamp(location=far, amp=0.3, delay=5.0, dur=40.0)
    record = {"soma": Location(section=0, x=0.5), "far": far}
    result = simulate(Setup(cell=one, current_clamps=(clamp,), record=record), run)
    v.append(np.array([result.v["soma"], result.v["far"]]))
found["moved_mV"] = float(np.ptp(v[0][1]))
found["alone_mV"] = float(np.abs(v[0] - v[1]).max())

# in a network
n, sites = 3, cell.site_numbers
spec = NetworkSpec(
    hidden=(cell,),
    feedforward=FeedforwardSynapses(weights=np.linspace(1.0, 3.0, n)[None]),
    context=ContextSynapses(compartments=sites, weights=np.full((1, n, 2), 1e-3)),
    background=Background(compartments=(0, *sites)),
    projections=(Projection(source="hidden", target="hidden", receptor="gaba",
                            compartment=sites[0], connections=Connections(weight=1e-3)),),
)
run = NetworkRun(
    samples=Samples(context=[0], expected=[0]), duration=60.0, settle=10.0, record_v=True,
    stimulus=GeneratedStimulus(feedforward_counts=[[6]]),
)
reference = simulate(spec, run, engine="neuron")
found["spikes"] = int(reference.hidden.times.size)
for precision in ("float64", "float32"):
    other = simulate(spec, run, engine="kernel", precision=precision)
    found[precision] = difference(spec, run, reference, other)
try:
    whole(full, (Location("soma(0.5)"),))
except DendmodError as error:
    found["refused"] = str(error)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found():
    example = REPOSITORY / "docs" / "examples" / "own_cell"
    done = subprocess.run(  # another set of mechanisms takes another process
        [sys.executable, "-c", WORKER, str(example)],
        capture_output=True, text=True, check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_alone_it_is_the_full_cell(found):
    assert found["compartments"] > 20
    assert sorted(found["sites"]) == ["far", "near"]
    assert found["moved_mV"] > 10
    assert found["alone_mV"] < 1e-3  # of 77: rounding, and joints of 1e-6 pF


def test_in_a_network_the_engines_agree(found):
    assert found["spikes"] > 0
    assert found["float64"]["spike_counts_equal"]
    assert found["float64"]["max_spike_time_difference_ms"] < 1e-9
    assert found["float64"]["soma_rms_mV"] < 1e-3
    assert found["float32"]["spike_counts_equal_fraction"] >= 0.99


def test_a_place_of_the_soma_is_no_site(found):
    assert "site00 lies in the same segment as soma" in found["refused"]
