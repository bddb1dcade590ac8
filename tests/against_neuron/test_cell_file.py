"""Is a cell of a file the cell that it says, held against plain NEURON and Hay's cell?"""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

WORKER = Path(__file__).with_name("own_cell_worker.py")
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_cell"

OTHERS = """
[[parameters]]
name = "e_pas"
list = "apical"
value = -70

[[parameters]]
name = "ena"
list = "axonal"
value = 60
"""


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """Return the example with a GLOBAL parameter and further reversal potentials."""
    folder = tmp_path_factory.mktemp("own") / "cell"
    shutil.copytree(EXAMPLE, folder)
    mod = folder / "mod" / "KDR.mod"
    text = mod.read_text(encoding="utf-8")
    text = text.replace("RANGE gmax, g\n", "RANGE gmax, g\n    GLOBAL slow\n")
    text = text.replace("gmax = 0.01 (S/cm2)\n", "gmax = 0.01 (S/cm2)\n    slow = 1\n")
    mod.write_text(text.replace("ntau = 1/(a + b)", "ntau = slow/(a + b)"), encoding="utf-8")
    file = folder / "cell.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("v_init_mV = -75.0", "v_init_mV = -75.0\nglobals = { slow_KDR = 1.5 }")
    before, mark, after = text.partition("[receptors")
    file.write_text(before + OTHERS + "\n" + mark + after, encoding="utf-8")
    return file


def voltages(out: Path, *arguments: str) -> np.ndarray:
    subprocess.run([sys.executable, str(WORKER), *arguments], check=True, cwd=out.parent)
    return np.load(out)


def test_a_cell_file_is_the_cell_that_plain_neuron_builds(cell, tmp_path):
    from dendmod.cells.file import load_cell
    from dendmod.mechanisms import mechanism_set
    from dendmod.mechanisms.cache import library

    compiled = library(mechanism_set(load_cell(cell).cell.mechanisms).files).path
    ours, plain = tmp_path / "ours.npy", tmp_path / "plain.npy"
    v = voltages(ours, "file", str(cell), str(ours))
    reference = voltages(plain, "hand", str(cell), str(plain), str(compiled))
    assert v.shape == reference.shape
    assert v[0].max() > 0 > v[2].min()  # it spikes
    np.testing.assert_array_equal(v, reference)


@pytest.mark.parametrize("number", [1, 3])
def test_hays_cells_as_files_are_hays_cells(number):
    from dendmod.cells.file import load_cell
    from dendmod.cells.l5 import L5PyramidalCell
    from dendmod.engines.neuron import Simulator
    from dendmod.spec import CurrentClamp, Location, Run, Setup

    clamp = CurrentClamp(location=Location("soma(0.5)"), delay=10, dur=100, amp=1.5)
    record = {p: Location(p) for p in ("soma(0.5)", "apic[9](0.5)", "dend[3](0.8)", "axon[1](1)")}
    found = []
    for cell in (L5PyramidalCell("l5pc", number), load_cell(f"hay2011_{number}").cell):
        setup = Setup(cell=cell, current_clamps=(clamp,), record=record)
        with Simulator(setup, Run(tstop=60), coreneuron=False) as simulator:
            found.append(simulator.run().v)
    assert found[0]["soma(0.5)"].max() > 0
    for place in record:
        np.testing.assert_array_equal(found[0][place], found[1][place])


def test_effects_that_hold_the_rest_act_on_tables_as_on_regions():
    from dendmod.cells.effects import Effect, apply
    from dendmod.cells.file import load_cell
    from dendmod.cells.l5 import L5PyramidalCell
    from dendmod.engines.neuron import settled_state

    effects = (Effect(mechanism="Ih", parameter="gIhbar", regions=("apical",), scale=0.5,
                      hold_rest=True),)  # fmt: skip
    cells = (L5PyramidalCell(), load_cell("hay2011_1").cell)
    v, other = (settled_state(apply(cell, effects, settle=100.0), 50.0).v for cell in cells)
    assert v == other
