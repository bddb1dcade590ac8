"""Is a cell of hoc or Python, imported, the same cell?"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dendmod.cells.file import load_cell
from dendmod.cells.imports.held import Held
from dendmod.cells.imports.rooted import rooted_at
from dendmod.cli import app
from dendmod.errors import MorphologyError, SpecError
from dendmod.morphology import resolve
from dendmod.morphology.frozen import read_frozen
from dendmod.morphology.write import write_swc

MINIATURES = Path(__file__).resolve().parents[1] / "mechanisms" / "miniatures"

# a loop over segments, points and cylinders, a child at 0.3, one joined at its end
HOC = """
begintemplate Small
public soma, dend, axon, apical, all, near
create soma, dend[3], axon
objref apical, all, near
proc init() { local i
  all = new SectionList()
  apical = new SectionList()
  near = new SectionList()
  soma { L = 20 diam = 18 all.append() }
  for i = 0, 2 dend[i] { L = 120 + 10*i nseg = 5 diam(0:1) = 3:1 all.append() }
  axon { pt3dclear() pt3dadd(0,0,0,2) pt3dadd(0,-20,0,1) pt3dadd(3,-60,0,0.7)
         nseg = 3 all.append() }
  connect dend[0](0), soma(1)
  connect dend[1](1), dend[0](0.3)
  connect dend[2](0), dend[1](0)
  connect axon(0), soma(0)
  dend[0] { apical.append() near.append() }
  dend[1] apical.append()
  forsec all { Ra = 120 insert pas g_pas = 5e-5 e_pas = -68 }
  soma insert hh
  axon { insert hh gnabar_hh = $1 }
  forsec apical for (x) { g_pas(x) = 5e-5*(1 + x) cm(x) = 1 + x }
  %s
  celsius = 16
}
endtemplate Small
"""
PYTHON = """
from neuron import h


class Cell:
    def __init__(self, taper):
        self.soma = h.Section(name="soma", cell=self)
        self.axon = [h.Section(name=f"axon[{i}]", cell=self) for i in range(2)]
        self.trunk = h.Section(name="trunk", cell=self)
        self.soma.L = self.soma.diam = 20
        self.trunk.L, self.trunk.diam, self.trunk.nseg = 200, 2, 5
        self.trunk.connect(self.soma(0.3), 1)
        self.axon[0].connect(self.soma(1))
        self.axon[1].connect(self.axon[0](0.3))
        for sec in self.axon:
            sec.L, sec.nseg = 60, 5
            for segment, diam in zip(sec, taper):
                segment.diam = diam
        for sec in (self.soma, self.trunk, *self.axon):
            sec.insert("hh")
            sec.Ra = 100
        h.celsius = 20
        h.v_init = -64


def build(taper):
    return Cell(taper)
"""


def run(*words):
    """Run the command; what it raises is raised here."""
    done = CliRunner().invoke(app, list(map(str, words)))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="session")
def imported(tmp_path_factory):
    """The cell of the template, imported."""
    folder = tmp_path_factory.mktemp("hoc")
    (folder / "small.hoc").write_text(HOC % "")
    out = folder / "out"
    said = run("cell", "import", "hoc", folder / "small.hoc", "--args", 0.2, "--out", out)
    return out, said


def test_a_cell_of_hoc_is_the_same_cell(imported):
    out, said = imported
    record = json.loads((out / "import.json").read_text())
    held = record["held"]
    assert held["largest_dv"] == 0.0
    assert [s["spikes_original"] for s in held["steps"]] == [
        s["spikes_written"] for s in held["steps"]
    ]
    assert held["steps"][-1]["spikes_original"] >= 1
    assert held["places"] == ["soma", "dend[2](0.5)", "dend[1](0.5)"]
    assert "largest |dV| 0 mV" in said
    assert record["made_by"]["template"] == "Small"
    assert "NEURON's -65 mV" in record["notes"][0]


def test_what_was_read_stands_in_the_cell(imported):
    loaded = load_cell(imported[0])
    dend = loaded.tables.sections[loaded.shape.numbers["dend[0]"]]
    assert dend.values["g_pas"] == pytest.approx([5e-5 * (1 + x) for x in (0.1, 0.3, 0.5, 0.7, 1)])
    assert loaded.cell.celsius == 16
    assert loaded.shape.on_list("near", "dend[0]", {})
    assert not loaded.shape.on_list("near", "dend[1]", {})
    shape = loaded.shape.morphology
    child = shape.neuron_names.index("dend[1]")
    assert shape.joint(child) == (0.3, 1)
    # from soma(1), 10 um off its middle, 0.3 of 120 um, then from the end that is joined
    assert shape.path_distance(child, 1.0) == pytest.approx(10 + 36)
    assert shape.path_distance(child, 0.0) == pytest.approx(10 + 36 + 130)
    assert shape.is_terminal(shape.neuron_names.index("dend[2]"))
    assert not shape.is_terminal(child)
    assert resolve(str(imported[0] / "cell.sections.json")).sha256 == shape.sha256


def test_rows_of_the_cell_file_change_what_was_read(imported, tmp_path):
    text = (imported[0] / "cell.toml").read_text()
    sections = imported[0] / "cell.sections.json"
    (tmp_path / "cell.sections.json").write_text(sections.read_text())
    more = """
[conditions]
celsius = 22.0
[[parameters]]
name = "g_pas"
list = "near"
factor = 2.0
[[parameters]]
name = "gnabar_hh"
list = "somatic"
value = 0.3
"""
    (tmp_path / "cell.toml").write_text(text + more)
    before, after = load_cell(imported[0]), load_cell(tmp_path)
    old, new = (c.tables.sections[c.shape.numbers["dend[0]"]] for c in (before, after))
    assert new.values["g_pas"] == tuple(2 * g for g in old.values["g_pas"])
    assert after.tables.sections[0].values["gnabar_hh"] == (0.3,)
    assert after.tables.sections[-1] == before.tables.sections[-1]
    assert after.cell.celsius == 22.0
    assert after.cell.v_init == before.cell.v_init


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"cell.sections.json"', '"nothing.json"', "sections: there is no file"),
        ("sections =", 'morphology = "l5pc"\nsections =', "give one of morphology"),
        ("schema =", "axon = { treatment = 'none' }\nschema =", "axon: that of the file"),
    ],
)
def test_cell_files_with_sections_are_refused_in_words(imported, tmp_path, old, new, message):
    (tmp_path / "cell.sections.json").write_text((imported[0] / "cell.sections.json").read_text())
    text = (imported[0] / "cell.toml").read_text()
    assert old in text
    (tmp_path / "cell.toml").write_text(text.replace(old, new))
    with pytest.raises(SpecError, match=message):
        load_cell(tmp_path)


def test_a_parameter_that_the_mod_file_no_longer_has_is_named(imported, tmp_path):
    text = (imported[0] / "cell.sections.json").read_text().replace("gnabar_hh", "gnamax_hh")
    (tmp_path / "cell.sections.json").write_text(text)
    (tmp_path / "cell.toml").write_text((imported[0] / "cell.toml").read_text())
    with pytest.raises(SpecError, match="hh has no parameter 'gnamax'.*gnabar_hh"):
        load_cell(tmp_path)


def test_a_cell_of_python_with_a_tapered_axon_is_the_same_cell(tmp_path):
    (tmp_path / "cells.py").write_text(PYTHON)
    out = tmp_path / "out"
    args = ("--args", "taper=[3.0, 2.5, 2.0, 1.5, 1.0]", "--region", "trunk=apical")
    run("cell", "import", "python", f"{tmp_path / 'cells.py'}:build", *args, "--out", out)
    record = json.loads((out / "import.json").read_text())
    assert record["held"]["largest_dv"] == 0.0
    assert record["held"]["steps"][-1]["spikes_original"] >= 1
    assert record["notes"] == []
    loaded = load_cell(out)
    axon = loaded.shape.morphology.sections[loaded.shape.numbers["axon[1]"]]
    assert axon.diam == (3.0, 2.5, 2.0, 1.5, 1.0)
    assert (loaded.cell.celsius, loaded.cell.v_init) == (20, -64)
    assert [s.region for s in loaded.tables.sections].count("apical") == 1


@pytest.mark.slow
@pytest.mark.timeout(1800)  # two sets of mechanisms are compiled
def test_a_cell_with_its_own_mechanisms_is_the_same_cell(tmp_path):
    """Pools, a GLOBAL parameter, a Goldman-Hodgkin-Katz current, constants of ions."""
    (tmp_path / "small.hoc").write_text(
        HOC
        % """
  forsec all { insert NapGlobal insert KdrGmax insert CaHva ena = 55 ek = -85 }
  soma { insert CaShell insert KCa insert CalGhk insert CalShell }
  forsec apical { eca = 120 insert CalGhk calo = 1.7 for (x) { gbar_NapGlobal(x) = 1e-4*(1+x) } }
  vhalf_NapGlobal = -50
"""
    )
    out = tmp_path / "out"
    run(
        "cell", "import", "hoc", tmp_path / "small.hoc", "--args", 0.2, "--mod", MINIATURES,
        "--out", out,
    )  # fmt: skip
    record = json.loads((out / "import.json").read_text())
    assert record["held"]["largest_dv"] == 0.0
    loaded = load_cell(out)
    assert loaded.cell.globals["vhalf_NapGlobal"] == -50.0
    dend = loaded.tables.sections[loaded.shape.numbers["dend[0]"]]
    assert dend.values["eca"] == (120.0,)
    assert dend.values["calo"] == (1.7,)
    used = {"NapGlobal", "KdrGmax", "CaHva", "CaShell", "KCa", "CalGhk", "CalShell"}
    assert {p.stem for p in (out / "mod").iterdir()} == used


def test_a_folder_of_another_command_is_not_touched(imported, tmp_path):
    out, _ = imported
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    for target in (out, tmp_path):
        (tmp_path / "mine.txt").write_text("mine")
        with pytest.raises(SpecError, match="give a new folder, or remove it"):
            run("cell", "import", "hoc", out.parent / "small.hoc", "--args", 0.3, "--out", target)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_frozen_shape_is_not_written_as_swc(imported, tmp_path):
    shape = resolve(str(imported[0] / "cell.sections.json"))
    with pytest.raises(MorphologyError, match="than SWC can say"):
        write_swc(shape, tmp_path / "cell.swc")


def test_a_soma_of_several_sections_is_refused_with_a_way_out(imported):
    cell = read_frozen(imported[0] / "cell.sections.json")
    last = cell.sections[-1]
    other = last.membrane.model_copy(update={"region": "soma"})
    two = (*cell.sections[:-1], last.model_copy(update={"membrane": other}))
    with pytest.raises(SpecError, match=r"several sections \(soma, axon\).*=basal"):
        rooted_at(cell.model_copy(update={"sections": two}), "soma")


def test_concentrations_of_single_sections_are_no_business_of_compartments(imported):
    from dendmod.engines.neuron.segments import segment_tree

    cell = load_cell(imported[0]).cell
    first, *others = cell.biophysics.sections
    salty = first.model_copy(update={"values": {**first.values, "nao": (120.0,)}})
    tables = cell.biophysics.model_copy(update={"sections": (salty, *others)})
    with pytest.raises(SpecError, match="nao of out is set in single sections.*nai0_na_ion"):
        segment_tree(cell.model_copy(update={"biophysics": tables}))


def test_the_soma_becomes_the_root(imported):
    cell = read_frozen(imported[0] / "cell.sections.json")
    with pytest.raises(SpecError, match=r"dend\[0\] is the soma, but not of its region|several"):
        rooted_at(cell, "dend[0]")
    turned = rooted_at(cell, "soma")
    assert turned.sections[0].name == "soma"
    # the axon as root, joined with its start to soma(0), and the other way round
    soma, axon = cell.sections[0], next(s for s in cell.sections if s.name == "axon")
    upside = cell.model_copy(
        update={
            "sections": (
                axon.model_copy(update={"parent": -1}),
                soma.model_copy(update={"parent": 0, "parent_x": 1.0, "end": 0}),
            )
        }
    )
    back = rooted_at(upside, "soma").sections
    assert [(s.name, s.parent, s.parent_x, s.end) for s in back] == [
        ("soma", -1, 1.0, 0),
        ("axon", 0, 0.0, 1),
    ]
    within = upside.model_copy(
        update={
            "sections": (
                upside.sections[0],
                upside.sections[1].model_copy(update={"parent_x": 0.4}),
            )
        }
    )
    with pytest.raises(SpecError, match=r"soma is joined to axon at 0\.4"):
        rooted_at(within, "soma")


def test_a_difference_is_said():
    step = {"amp": 0.1, "spikes_original": 3, "spikes_written": 2, "largest_dv": 12.0}
    held = {"places": ("soma",), "dt": 0.025, "largest_dv": 12.0, "steps": (step,)}
    assert "the cell is not the original" in Held(**held).lines[-1]
    near = {**held, "largest_dv": 1e-9, "steps": ({**step, "largest_dv": 1e-9},)}
    assert "not the original" not in "".join(Held(**near).lines)
