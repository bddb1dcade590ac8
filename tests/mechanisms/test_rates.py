"""Are the rates that the kernel tabulates those that NEURON compiles from the same files?"""

import json
import subprocess
import sys

import numpy as np
import pytest

from dendmod.engines.kernel.membranes import (
    TABLE_ROWS,
    TABLE_START,
    TABLE_STEP,
    Around,
    calcium_gate,
    grid,
    membrane,
)
from dendmod.errors import MechanismError
from dendmod.mechanisms import catalogue
from dendmod.mechanisms.rates import channel, read_channel

CHANNELS = sorted(
    m.suffix
    for m in catalogue().values()
    if m.kind == "density" and m.file is not None and m.suffix != "CaDynamics_E2"
)
POTENTIALS = np.concatenate([np.linspace(-120, 60, 61), [-66.0, -38.0, -27.0, -60.0, -17.0, -64.4]])
DT = 0.1
OWN = Around((), 34.0, ())

WORKER = """
import json, sys
import numpy as np
from dendmod.engines.neuron.session import Session, h
given = json.loads(sys.argv[1])
out = {}
with Session(dt=given["dt"], celsius=34.0, coreneuron=False) as session:
    section = h.Section(name="held")
    section.cm = 1e12  # the potential does not move
    for suffix in given["gates"]:
        section.insert(suffix)
    for v in given["potentials"]:
        h.finitialize(v)
        places = {
            (s, g): getattr(getattr(section(0.5), s), "_ref_" + g)
            for s, gates in given["gates"].items() for g in gates
        }
        steady = {key: place[0] for key, place in places.items()}
        for place in places.values():
            place[0] = 0.0
        session.advance(given["dt"])
        for (s, g), place in places.items():
            out.setdefault(s + "." + g, []).append([steady[s, g], place[0]])
    del places, section
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def in_neuron() -> dict:
    gates = {
        s: [g.name for g in channel(s).gates] for s in CHANNELS if channel(s).depends_on == "v"
    }
    given = {"dt": DT, "gates": gates, "potentials": POTENTIALS.tolist()}
    done = subprocess.run(
        [sys.executable, "-c", WORKER, json.dumps(given)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("suffix", [s for s in CHANNELS if channel(s).depends_on == "v"])
def test_rates_are_those_that_neuron_integrates(in_neuron, suffix):
    own = channel(suffix)
    inf, tau = own.rates(POTENTIALS)
    for i, gate in enumerate(own.gates):
        steady, moved = np.array(in_neuron[f"{suffix}.{gate.name}"]).T
        np.testing.assert_allclose(inf[:, i], steady, rtol=1e-10)
        # with the six digits that NEURON's translator keeps of a default, qt's among them
        np.testing.assert_allclose(-inf[:, i] * np.expm1(-DT / tau[:, i]), moved, rtol=1e-9)


@pytest.mark.parametrize("suffix", [s for s in CHANNELS if channel(s).depends_on == "v"])
def test_lines_between_rows_of_the_table_stay_near_the_rates(suffix):
    assert TABLE_STEP <= 0.05
    own, width = channel(suffix), 8
    table = membrane((suffix,), OWN, False, DT, width, "float64").table
    table = table.reshape(TABLE_ROWS, -1, 2, width)
    v = np.random.default_rng(0).uniform(-120, 60, 500)
    place = (v - TABLE_START) / TABLE_STEP
    row, part = np.floor(place).astype(int), (place % 1)[:, None]
    inf, tau = own.rates(v)
    n = len(own.gates)
    low, high = table[row, 0, :, :n], table[row + 1, 0, :, :n]
    between = low + part[:, None] * (high - low)
    np.testing.assert_allclose(between[:, 0], inf, atol=2e-6)
    np.testing.assert_allclose(between[:, 1], -np.expm1(-DT / tau), atol=2e-6)
    assert grid()[0] == TABLE_START


def test_the_calcium_gate_is_that_of_its_file():
    own = channel("SK_E2")
    half, hill, tau = calcium_gate("SK_E2", OWN)
    cai = np.geomspace(5e-5, 1e-2, 50)
    np.testing.assert_allclose(1 / (1 + (half / cai) ** hill), own.rates(cai)[0][:, 0], rtol=1e-9)
    assert (half, hill, tau) == pytest.approx((0.00043, 4.8, 1.0), rel=1e-9)


def test_a_file_of_another_form_is_refused(tmp_path):
    text = channel_text("Ih").replace("gIh = gIhbar*m", "gIh = gIhbar*sqrt(m)")
    path = tmp_path / "Odd.mod"
    path.write_text(text)
    with pytest.raises(MechanismError, match=r"Odd\.mod"):
        read_channel(path)


def channel_text(suffix: str) -> str:
    file = catalogue()[suffix].file
    assert file is not None
    return file.read_text()
