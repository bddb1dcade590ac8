"""Does an effect hold the rest of a cell whose leak is the user's own mechanism?"""

import numpy as np
import pytest

from dendmod.cells.effects import Effect, apply
from dendmod.errors import SpecError
from dendmod.spec import Biophysics, Cell, MechanismSpec, RegionSpec
from dendmod.sweep.child import run_in_child
from dendmod.sweep.task import Task
from tests.mechanisms import two_sections as two

LEAK = """
NEURON { SUFFIX OwnLeak NONSPECIFIC_CURRENT i RANGE gl, el }
PARAMETER { gl = 0.1 (mS/cm2)  el = -45 (mV) }
ASSIGNED { v (mV)  i (mA/cm2) }
BREAKPOINT { i = 0.001*gl*(v - el) }
"""
CLOSED = Effect(mechanism="KdrGmax", parameter="gmax", regions=("soma",), scale=0.0)
HELD = CLOSED.model_copy(update={"hold_rest": True})


def cell(folder, leak: str = "OwnLeak") -> Cell:
    (folder / "mod").mkdir(exist_ok=True)
    (folder / "mod" / "OwnLeak.mod").write_text(LEAK)
    (folder / "mod" / "KdrGmax.mod").write_text((two.FOLDER / "KdrGmax.mod").read_text())
    (folder / "two.swc").write_text(two.SHAPE)
    own = MechanismSpec(suffix=leak, params={} if leak == "OwnLeak" else two.LEAK)
    channel = MechanismSpec(suffix="KdrGmax", params={"gmax": 0.1})
    made = {
        "soma": RegionSpec(cm=1, Ra=150, mechanisms=(own, channel)),
        "basal": RegionSpec(cm=1, Ra=150, mechanisms=(MechanismSpec(suffix="OwnLeak", params={}),)),
    }
    biophysics = Biophysics(name="own leak", regions=made, ena=50, ek=-77, celsius=10, v_init=-65)
    return Cell(
        morphology=str(folder / "two.swc"), biophysics=biophysics, axon_stub=None,
        mechanisms=(str(folder / "mod"),),
    )  # fmt: skip


def rests(cell: dict) -> dict:
    """Task: where the cell rests as it is, with its channel closed, and with its rest held."""
    from dendmod.engines.neuron import settled_state

    given = Cell.model_validate(cell)
    closed, held = (apply(given, (e,), settle=500.0) for e in (CLOSED, HELD))
    return {
        name: np.concatenate(list(settled_state(c, 500.0).v.values()))
        for name, c in (("before", given), ("closed", closed), ("held", held))
    }


def test_the_rest_is_held_by_any_leak_that_stands_everywhere(tmp_path):
    task = Task(
        "rests",
        f"{__name__}:rests",
        {"cell": cell(tmp_path).model_dump(mode="json", by_alias=True)},
    )
    found = run_in_child(task).arrays
    assert np.abs(found["closed"] - found["before"]).max() > 0.5
    assert np.abs(found["held"] - found["before"]).max() < 0.01


def test_two_leaks_that_share_a_cell_are_refused(tmp_path):
    with pytest.raises(SpecError, match="no leak stands in all of own leak"):
        apply(cell(tmp_path, leak="pas"), (HELD,))
