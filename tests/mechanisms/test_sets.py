"""Does each cell run with its own mechanisms and GLOBAL parameters, and with no other's?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.cells.provenance import DEPENDS, hashes
from dendmod.engines.checks import check_setup
from dendmod.engines.kernel.membranes import around
from dendmod.engines.neuron import Simulator
from dendmod.errors import MechanismError, SpecError, UnsupportedByEngine
from dendmod.mechanisms import cache, mechanism_set
from dendmod.mechanisms.catalogue import MechanismSet
from dendmod.mechanisms.loading import identity
from dendmod.spec import Compartment, MechanismSpec, ReducedCell, Run
from dendmod.sweep import Task, run_tasks
from tests.mechanisms import two_sections as two


def _python(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False,
        env=two.environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def _with_dendmods_ih(cell):
    """The cell with the Ih that dendmod carries in place of its own."""
    regions = {
        name: region.model_copy(
            update={
                "mechanisms": tuple(
                    MechanismSpec(suffix="Ih", params={"gIhbar": m.params["gbar"]})
                    if m.suffix == "Ih"
                    else m
                    for m in region.mechanisms
                )
            }
        )
        for name, region in cell.biophysics.regions.items()
    }
    biophysics = cell.biophysics.model_copy(update={"regions": regions})
    return cell.model_copy(update={"biophysics": biophysics, "mechanisms": (), "globals": {}})


@pytest.fixture(scope="module")
def one_process(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    return json.loads(_python("-m", "tests.mechanisms.sets_worker", str(folder), cwd=folder))


def test_global_parameters_are_set_and_restored(one_process):
    assert one_process["inside"] == -25.0
    assert one_process["after"] == one_process["restored"] == -30.0
    assert one_process["differs"] > 0.1


def test_global_parameters_reach_coreneuron_or_it_is_refused(one_process):
    """CoreNEURON takes them once a process; another value runs on NEURON or not at all."""
    assert one_process["core"] < 1e-8
    assert (one_process["other_engine"], one_process["other_core"]) == ("neuron", 0.0)
    assert "has begun with other values of e_Ih" in one_process["core_refused"]
    assert one_process["again"]


def test_cells_of_networks_have_their_mechanisms_and_global_parameters(one_process):
    assert one_process["network"] > 1
    assert "globals of the cells of the network differ" in one_process["network_differs"]


def test_a_second_set_in_one_process_is_refused(one_process):
    assert "has loaded other mechanisms" in one_process["second_set"]
    assert one_process["second_set"].count("Ih") >= 1
    assert "run each cell in a process of its own" in one_process["second_set"]


def test_files_that_were_edited_since_they_were_loaded_are_refused(one_process):
    assert "KdrGmax changed since this process loaded" in one_process["edited"]


def test_two_cells_of_different_sets_in_one_sweep_never_mix(tmp_path):
    own = two.cell("Ih", tmp_path)
    cells = {"own": own, "dendmod": _with_dendmods_ih(own)}
    function = "tests.mechanisms.two_sections:run"
    tasks = [
        Task(f"{name} {k}", function, {"cell": c.model_dump(mode="json"), "amp": amp},
             depends=DEPENDS)
        for k, amp in enumerate(two.STEPS[:2])
        for name, c in cells.items()
    ]  # fmt: skip
    done = run_tasks(tasks, tmp_path / "store", workers=1, progress=False)
    found = {key: str(result["mechanisms"]) for key, result in done.items()}
    assert found["own 0"] == found["own 1"] == cache.cache_key(mechanism_set(own.mechanisms).files)
    assert found["dendmod 0"] == found["dendmod 1"] == cache.cache_key()
    assert np.abs(done["own 0"]["v"] - done["dendmod 0"]["v"]).max() > 1


def test_a_name_of_ours_is_the_users_in_their_cell(tmp_path):
    cell = two.cell("Ih", tmp_path)
    assert mechanism_set(cell.mechanisms).get("Ih").parameter_names == ("gbar",)
    assert mechanism_set().get("Ih").parameter_names == ("gIhbar", "ehcn")
    with pytest.raises(MechanismError, match="Ih has no parameter 'gbar'"):
        check_setup(two.step(cell.model_copy(update={"mechanisms": (), "globals": {}}), 0.1))


def test_results_know_the_contents_of_a_cells_folders(tmp_path):
    cell = two.cell("Ih", tmp_path)
    folder = tmp_path / "mod"
    shutil.copytree(two.FOLDER, folder)

    def digest(spec) -> str:
        payload = {"cell": spec.model_dump(mode="json"), "amp": 0.1}
        return Task("t", "tests.mechanisms.two_sections:run", payload, depends=DEPENDS).digest()

    here = cell.model_copy(update={"mechanisms": (str(folder),)})
    before, known = digest(here), hashes(cell=here.model_dump(mode="json"))
    assert known["cell mechanisms"] == hashes(cell=cell.model_dump())["cell mechanisms"]
    file = folder / "KvQ10.mod"
    file.write_text(file.read_text().replace("2.5", "2.6"))
    assert digest(here) != before
    file.write_text(file.read_text().replace("2.6", "2.5"))
    assert digest(here) == before
    shutil.copy(file, folder / "Another.mod")
    (folder / "Another.mod").write_text(file.read_text().replace("KvQ10", "Another"))
    assert digest(here) != before
    assert "cell mechanisms" not in hashes(cell=_with_dendmods_ih(cell).model_dump())


def _one_compartment(**fields) -> ReducedCell:
    soma = Compartment(
        name="soma", role="soma", parent=-1, ca=10, g_leak=1, e_leak=-65, area=1000,
        channels={"Ih": {"gbar": 1e-4}},
    )  # fmt: skip
    return ReducedCell(
        compartments=(soma,), ena=50, ek=-77, celsius=10, v_init=-65,
        mechanisms=(str(two.FOLDER),), **fields,
    )  # fmt: skip


def test_the_mechanisms_of_a_reduced_cell_are_known_to_its_results():
    reduced = _one_compartment().model_dump(mode="json")
    assert hashes(cell=reduced) == {"cell mechanisms": identity(MechanismSet((str(two.FOLDER),)))}


def test_the_kernel_refuses_mechanisms_that_it_does_not_read():
    cell = _one_compartment()
    soma = cell.compartments[0].model_copy(update={"channels": {"KaKinetic": {"gbar": 1e-4}}})
    with pytest.raises(UnsupportedByEngine, match=r"KaKinetic\.mod.*engine='neuron'"):
        around(cell, soma)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"e_ih": 1.0}, MechanismError, r"no GLOBAL parameter 'e_ih'.*Did you mean 'e_Ih'"),
        ({"gbar_Ih": 1.0}, MechanismError, r"gbar of Ih can differ from place to place"),
        ({"vhalf_NapGlobal": float("nan")}, SpecError, r"give a finite number"),
    ],
)
def test_a_wrong_global_parameter_is_refused_before_anything_is_compiled(
    tmp_path, monkeypatch, values, error, message
):
    monkeypatch.setattr(cache, "_build", lambda *_: pytest.fail("compiled"))
    setup = two.step(two.cell("Ih", tmp_path).model_copy(update={"globals": values}), 0.1)
    with pytest.raises(error, match=message):
        Simulator(setup, Run(tstop=1))


def test_a_mechanism_that_neuron_has_itself_cannot_be_replaced(tmp_path):
    text = (two.FOLDER / "KdrGmax.mod").read_text()
    (tmp_path / "mine.mod").write_text(text.replace("KdrGmax", "hh"))
    with pytest.raises(MechanismError, match=r"mine\.mod: hh is built into NEURON"):
        _ = MechanismSet((str(tmp_path),)).mechanisms


def test_files_of_one_name_for_two_mechanisms_are_both_compiled(tmp_path, monkeypatch):
    """A user's Im.mod may define something else than ours, which stays."""
    monkeypatch.setenv("DENDMOD_CACHE", str(tmp_path / "cache"))
    text = (two.FOLDER / "KdrGmax.mod").read_text()
    files = []
    for name in ("One", "Two"):
        path = tmp_path / name / "same.mod"
        path.parent.mkdir()
        path.write_text(text.replace("KdrGmax", name))
        files.append(path)
    built = cache.library(files).path.read_bytes()
    assert all(path.read_bytes() in built for path in files)
    assert cache.content_hash(files) == cache.content_hash(files[::-1])


FACTS = """
import sys
from pathlib import Path
from dendmod.engines.checks import check_setup
from dendmod.cells.provenance import hashes
from tests.mechanisms import two_sections as two
cell = two.cell("CaShell", Path("."))
check_setup(two.step(cell, 0.1))
hashes(cell=cell.model_dump(mode="json"))
assert "neuron" not in sys.modules
"""
RUN = """
from pathlib import Path
from tests.mechanisms import two_sections as two
print(two.run(two.cell("Ih", Path(".")).model_dump(mode="json"), 0.1)["v"].size)
"""


def test_facts_and_identities_are_read_without_loading_neuron(tmp_path):
    _python("-c", FACTS, cwd=tmp_path)


def test_cells_run_in_a_folder_with_somebodys_own_library(tmp_path):
    shutil.copy(two.FOLDER / "KdrGmax.mod", tmp_path)
    text = (two.FOLDER / "KvQ10.mod").read_text()
    (tmp_path / "theirs.mod").write_text(text.replace("KvQ10", "Theirs"))
    subprocess.run(
        [str(cache.toolchain.nrnivmodl()), "."], cwd=tmp_path, check=True, capture_output=True
    )
    _python("-c", FACTS, cwd=tmp_path)
    held = (tmp_path / "KdrGmax.mod").read_text()
    assert int(_python("-c", RUN, cwd=tmp_path)) > 0  # what it lacks is added to it
    (tmp_path / "KdrGmax.mod").write_text(held.replace("25", "26"))
    subprocess.run(
        [str(cache.toolchain.nrnivmodl()), "."], cwd=tmp_path, check=True, capture_output=True
    )
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=two.environment(),
    )  # fmt: skip
    assert "was not compiled from KdrGmax.mod as it is now" in done.stderr
