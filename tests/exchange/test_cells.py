"""Do Jaxley, Arbor and NEST do with an exported cell what NEURON does?"""

import importlib
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from dendmod.cells.exports import compartments, export_cell
from dendmod.cells.exports.compartments import hold, run, spikes, write
from dendmod.spec import Compartment, ReducedCell

_installed = compartments.installed
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_cell"
SOMA = {
    "NaTa_t": {"gNaTa_tbar": 0.5},
    "SKv3_1": {"gSKv3_1bar": 0.3},
    "Ca_HVA": {"gCa_HVAbar": 5e-4},
    "SK_E2": {"gSK_E2bar": 0.01},
    "Ih": {"gIhbar": 1e-4},
}
POOL = {"CaDynamics_E2": {"decay": 100, "gamma": 0.001}}


def small(active: bool = True) -> ReducedCell:
    more = {"channels": SOMA, "pools": POOL} if active else {}
    trunk = {"channels": {"Ih": {"gIhbar": 1e-3}}} if active else {}
    rest = {"e_leak": -75}
    return ReducedCell(
        name="small",
        compartments=(
            Compartment(name="soma", parent=-1, ca=100, g_leak=5, area=1e4, **rest, **more),
            Compartment(
                name="trunk", parent=0, ca=40, g_leak=2, g_couple=20, area=4e3, **rest, **trunk
            ),
            Compartment(name="tip", parent=1, ca=20, g_leak=1, g_couple=4, area=2e3, **rest),
            Compartment(name="basal", parent=0, ca=30, g_leak=1, g_couple=9, area=3e3, **rest),
        ),
        ena=50, ek=-85, celsius=34, v_init=-75,
    )  # fmt: skip


def python_with(program: str) -> str:
    """Return a Python that has a program: this one, or the one that a variable names."""
    if _installed(program):
        return sys.executable
    named = os.environ.get(f"DENDMOD_{program.upper()}_PYTHON", "")
    if not named:
        pytest.skip(f"{program} is not here (set DENDMOD_{program.upper()}_PYTHON to its Python)")
    return named


@pytest.fixture(autouse=True)
def _not_in_this_process(monkeypatch):
    """Write alone; the tests run what was written with the Python that they find."""
    monkeypatch.setattr(compartments, "installed", lambda program: False)


def exported(cell, form: str, folder: Path, python: str):
    """Return the potentials of dendmod and of a program, and the step."""
    kept = {}

    def keep(export, *_):
        kept["v"] = export.v
        return notes(export)

    module = importlib.import_module(f"dendmod.cells.exports.{form}")
    notes = module.notes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "notes", keep)
        if isinstance(cell, ReducedCell):
            write(cell, cell.name, form, folder, None)
        else:
            export_cell(cell, form, folder)
    step = json.loads((folder / "export.json").read_text())["step"]
    return kept["v"], run(folder, form, python), step


# potential (mV) before the first spike, time of spikes (ms). Jaxley steps as NEURON does; Arbor
# takes a rational function for the exponential of a gate's step, so that errors of spikes add up
BOUNDS = {"jaxley": (1e-4, 1e-3), "arbor": (1e-4, 0.02)}


@pytest.mark.slow
@pytest.mark.parametrize("form", BOUNDS)
def test_a_reduced_cell_spikes_as_in_neuron(form, tmp_path):
    python = python_with(form)
    ours, theirs, step = exported(small(), form, tmp_path / "out", python)
    before = 250  # samples, 1.25 ms after the onset of the current
    assert abs(ours - theirs)[:, :before].max() < BOUNDS[form][0]
    a, b = spikes(ours[0], step), spikes(theirs[0], step)
    assert a.size == b.size >= 2
    assert abs(a - b).max() < BOUNDS[form][1]


@pytest.mark.slow
@pytest.mark.parametrize(("form", "first", "all_"), [("jaxley", 1e-3, 1e-3), ("arbor", 0.01, 0.5)])
def test_a_full_cell_with_channels_of_its_own_spikes_as_in_neuron(form, first, all_, tmp_path):
    python = python_with(form)
    ours, theirs, step = exported(EXAMPLE, form, tmp_path / "out", python)
    a, b = spikes(ours[0], step), spikes(theirs[0], step)
    assert a.size == b.size == 6
    assert abs(a - b)[0] < first
    assert abs(a - b).max() < all_


def test_nest_does_with_passive_compartments_and_receptors_what_neuron_does(tmp_path):
    python = python_with("nest")
    ours, theirs, step = exported(small(active=False), "nest", tmp_path / "out", python)
    assert ours.max() > -70
    assert max(h.largest for h in hold(ours, theirs, ("a", "b"), step)) < 0.05
    # a synapse that is left out is found
    table = json.loads((tmp_path / "out" / "cell.json").read_text())
    table["trains"][0]["weight_nS"] = 0.9
    shutil.copytree(tmp_path / "out", tmp_path / "other")
    (tmp_path / "other" / "cell.json").write_text(json.dumps(table))
    other = run(tmp_path / "other", "nest", python)
    assert max(h.largest for h in hold(ours, other, ("a", "b"), step)) > 0.2
