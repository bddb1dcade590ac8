"""Does an exported cell run without dendmod, and do to the last bit what dendmod's does?"""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dendmod.cells import exports
from dendmod.cells.exports import check_out, export_cell, held, hoc, python
from dendmod.cells.exports.export import Export
from dendmod.cells.exports.layout import groups, names_in_arrays, short, spans
from dendmod.cli import app
from dendmod.errors import EngineError, SpecError
from dendmod.mechanisms import library, mechanism_set
from dendmod.spec.frozen import FrozenCell
from tests.against_neuron import exported
from tests.mechanisms import two_sections as two

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_cell"
FORMS = ("hoc", "python")


def check_same(done: exports.Exported, *, at_least: int) -> None:
    record = json.loads((done.folder / "export.json").read_text())
    assert record["held_against_dendmod"] == [h.as_json() for h in done.held]
    assert len(done.held) > 1
    assert [h.largest for h in done.held] == [0.0] * len(done.held)
    assert done.held[0].spikes == done.held[0].spikes_dendmod >= at_least
    written = {str(p.relative_to(done.folder)) for p in done.folder.rglob("*") if p.is_file()}
    assert written == {*record["files"], "export.json"}


@pytest.fixture(scope="module", params=FORMS)
def passive(request, tmp_path_factory):
    """The small cell of NEURON's own mechanisms, exported; nothing is compiled for it."""
    folder = tmp_path_factory.mktemp("export")
    return export_cell(exported.passive(folder / "cell"), request.param, folder / "out")


def test_a_cell_is_the_same_without_dendmod(passive):
    check_same(passive, at_least=2)
    assert {h.place for h in passive.held} == {"soma(0.5)", "dend[0](1)", "axon[1](1)"}
    assert passive.notes[0] == "The list far holds parts of sections and was not written."
    model = next(p for p in passive.folder.iterdir() if p.stem == passive.export.name)
    assert "import dendmod" not in model.read_text()
    assert passive.export.name == "cell_2_odd_cell"
    assert "`dendmod cell export" in (passive.folder / "README.md").read_text()


def test_a_number_that_is_not_the_cells_is_found(passive, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(passive.folder, folder)
    form = "hoc" if (folder / "run.hoc").is_file() else "python"
    file = next(p for p in folder.iterdir() if p.stem == passive.export.name)
    text = file.read_text()
    assert text.count("123.4") == 3
    file.write_text(text.replace("123.4", "123.5"))
    ours = held.run_plain(passive.folder, form, passive.export.name)
    theirs = held.run_plain(folder, form, passive.export.name)
    found = held.hold(passive.export, ours, theirs)
    with pytest.raises(EngineError, match=r"away from dendmod's at soma\(0.5\); nothing was"):
        held.check_equal(found, form)
    assert found[0].largest > 1e-3


@pytest.mark.parametrize("form", FORMS)
def test_channels_pools_globals_and_concentrations_are_carried(form, tmp_path, monkeypatch):
    """All miniatures at once; run with the library of their tests, which has them all."""
    known = mechanism_set((str(two.FOLDER),))
    whole = functools.partial(held.run_plain, compiled=library(known.files).path)
    monkeypatch.setattr(exports, "run_plain", whole)
    done = export_cell(exported.miniatures(tmp_path / "cell"), form, tmp_path / "out")
    check_same(done, at_least=2)
    mod = {p.name for p in (tmp_path / "out" / "mod").iterdir()}
    assert mod == {p.name for p in two.FOLDER.glob("*.mod")}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cell", [EXAMPLE, "hay2011_1"], ids=["own_cell", "hay2011_1"])
def test_cells_with_their_mod_files_compiled(cell, form, tmp_path):
    done = export_cell(cell, form, tmp_path / "out")
    check_same(done, at_least=2)
    assert "BSD 3-Clause" in (tmp_path / "out" / "mod" / "LICENSE-dendmod.txt").read_text()


def odd() -> FrozenCell:
    """A cell with names that hoc has not, a section joined by its end, tables of one section."""

    def section(name, parent, region, **more):
        values = {"cm": (1.0,), "g_pas": (1e-4,), "e_pas": (-65.0,)}
        own = {"region": region, "nseg": 3, "Ra": 100.0, "mechanisms": ["pas"], "values": values}
        return {"name": name, "parent": parent, "L": 100.0, "diam": (1.0,), "membrane": own} | more

    soma = section("soma", -1, "soma", L=20.0, diam=(20.0,))
    soma["membrane"] = soma["membrane"] | {"mechanisms": ["hh", "pas"]}
    points = ((0, 0, 0, 2.1), (0, 100 / 3, 0, 1.7), (0, 100, 0, 0.1))
    sections = (
        soma,
        section("dend[1]", 0, "basal", parent_x=0.0, points=points),
        section("dend[3]", 1, "basal", parent_x=0.3, end=1),
        section("trunk.a", 0, "apical", diam=(3.0, 2.0, 1.0)),
        section("apic[0]", 3, "apical"),
        section("apic[1]", 3, "apical"),
    )
    lists = {"apic": ("apic[0]", "apic[1]"), "odd": ("dend[1]", "dend[3]")}
    return FrozenCell(name="odd", sections=sections, lists=lists, celsius=6.3, v_init=-65.0)


def test_odd_names_ends_and_lists_are_the_same_cell_in_both_forms(tmp_path):
    export = Export(odd(), (), 0.4)
    found = []
    for form in (hoc, python):
        folder = tmp_path / form.__name__
        folder.mkdir()
        for file, text in form.render(export).items():
            (folder / file).write_text(text)
        found.append(held.run_plain(folder, form.__name__.rpartition(".")[2], "odd"))
    assert np.array_equal(*found)
    assert found[0][0].max() > 0
    assert np.ptp(found[0][1]) > 1
    assert hoc.notes(export) == [
        "The section dend[1] is called dend_1 in the template.",
        "The section dend[3] is called dend_3 in the template.",
        "The section trunk.a is called trunk_a in the template.",
        "The list apic is called apic_list in the template.",
    ]


def test_what_is_alike_stands_once():
    cell = odd()
    assert [g.title for g in groups(cell)] == ["soma", "basal", "apical"]
    assert groups(cell)[1].values == {"Ra": 100.0, "cm": 1.0, "g_pas": 1e-4, "e_pas": -65.0}
    names = names_in_arrays(cell)
    assert [(s.base, s.first, s.last) for s in spans(names[4:])] == [("apic", 0, 1)]
    assert short(0.1) == "0.1"
    assert short(float(np.float32(1) / 3)) == "0.33333334"


def test_a_folder_is_replaced_only_by_the_same_cell(passive, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(passive.folder, out)
    (out / "x86_64").mkdir()
    (out / "x86_64" / "special").touch()
    (out / "cell_2_odd_cell.txt").touch()
    check_out(out, "2.odd-cell")
    with pytest.raises(SpecError, match="holds an export of 2.odd-cell; give mine another"):
        check_out(out, "mine")
    (out / "notes.txt").touch()
    with pytest.raises(SpecError, match="holds notes.txt, which the export has not written"):
        check_out(out, "2.odd-cell")
    (out / "export.json").write_text("{}")
    with pytest.raises(SpecError, match="holds files that are no export"):
        check_out(out, "2.odd-cell")


def test_what_does_not_run_leaves_nothing(tmp_path, monkeypatch):
    def broken(*_):
        raise EngineError("it does not run")

    monkeypatch.setattr(exports, "run_plain", broken)
    with pytest.raises(EngineError, match="does not run"):
        export_cell(exported.passive(tmp_path / "cell"), "python", tmp_path / "out")
    assert {p.name for p in tmp_path.iterdir()} == {"cell"}


def test_the_command_says_what_it_cannot(tmp_path):
    asked = ["cell", "export", str(EXAMPLE), "--out", str(tmp_path / "out"), "--to"]
    done = CliRunner().invoke(app, [*asked, "neurolm"])
    assert isinstance(done.exception, SpecError)
    assert "Did you mean 'neuroml'?" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_cell_without_channels_gets_one_small_step(tmp_path):
    """Larger ones lift a small passive cell to potentials at which a run is refused."""
    (tmp_path / "shape.swc").write_text(two.SHAPE)
    (tmp_path / "cell.toml").write_text("""
schema = "dendmod/cell/1"
name = "leak"
morphology = "shape.swc"
conditions = { celsius = 20.0, v_init_mV = -70.0 }
discretisation = { rule = "3" }
axon = { treatment = "none" }
insert = { all = ["pas"] }
parameters = [{ name = "cm", value = 1.0 }, { name = "Ra", value = 150.0 }]
""")
    made = export_cell(tmp_path, "hoc", tmp_path / "out")
    check_same(made, at_least=0)
    assert json.loads((made.folder / "export.json").read_text())["step"]["amp_nA"] == 0.1
