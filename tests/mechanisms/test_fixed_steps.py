"""Is a cell with a mechanism that takes no adaptive steps checked with fixed ones?"""

import pytest

from dendmod.cells.check import CheckFields, check_cell
from dendmod.spec import Biophysics, Cell, MechanismSpec, RegionSpec
from dendmod.sweep.child import run_in_child
from dendmod.sweep.task import Task
from tests.mechanisms import two_sections as two


def cell(folder) -> Cell:
    (folder / "mod").mkdir()
    text = (two.FOLDER / "KdrGmax.mod").read_text()
    for cnexp, by_hand in (
        (" METHOD cnexp", ""),
        ("DERIVATIVE gate {", "PROCEDURE gate() {"),
        ("n' = (ninf - n)/ntau", "n = n + dt*(ninf - n)/ntau"),
        ("    v (mV)\n", "    v (mV)\n    dt (ms)\n"),
    ):
        assert cnexp in text
        text = text.replace(cnexp, by_hand)
    (folder / "mod" / "KdrGmax.mod").write_text(text)
    (folder / "two.swc").write_text(two.SHAPE)
    leak = MechanismSpec(suffix="pas", params=two.LEAK)
    channel = MechanismSpec(suffix="KdrGmax", params={"gmax": 0.1})
    made = {
        "soma": RegionSpec(cm=1, Ra=150, mechanisms=(leak, channel)),
        "basal": RegionSpec(cm=1, Ra=150, mechanisms=(leak,)),
    }
    biophysics = Biophysics(name="by hand", regions=made, ena=50, ek=-77, celsius=10, v_init=-65)
    return Cell(
        morphology=str(folder / "two.swc"), biophysics=biophysics, axon_stub=None,
        mechanisms=(str(folder / "mod"),),
    )  # fmt: skip


def facts(cell: dict) -> dict:
    """Task: what the check of a cell finds, and what an adaptive run of it says."""
    from dendmod.engines.neuron import Simulator
    from dendmod.errors import UnsupportedByEngine
    from dendmod.spec import Run, Setup

    given = Cell.model_validate(cell)
    found = check_cell(given, CheckFields(rheobase=False))
    try:
        with Simulator(Setup(cell=given), Run(tstop=1.0, method="adaptive")):
            said = ""
    except UnsupportedByEngine as error:
        said = str(error)
    return {"rest": found.rest, "rin": found.rin, "refused": len(found.refused), "said": said}


def test_the_check_takes_fixed_steps_where_a_mechanism_takes_no_others(tmp_path):
    given = cell(tmp_path).model_dump(mode="json", by_alias=True)
    found = run_in_child(Task("facts", f"{__name__}:facts", {"cell": given})).arrays
    assert found["refused"] == 0
    assert found["rest"] == pytest.approx(-65.0, abs=0.1)
    assert found["rin"] > 0
    assert str(found["said"]) == (
        "KdrGmax cannot be used with CVODE, NEURON's adaptive steps; use method='fixed'"
    )
