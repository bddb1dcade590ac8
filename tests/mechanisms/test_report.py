"""`dendmod mechanisms check DIR`: is each file said to be what it is, whatever the others are?"""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from dendmod.cli import app
from tests.mechanisms import two_sections as two

READ = two.FOLDER / "KdrGmax.mod"


def check(*arguments: str):
    return CliRunner().invoke(app, ["mechanisms", "check", *arguments])


def test_every_miniature_has_its_line():
    done = check(str(two.FOLDER), "--json")
    assert done.exit_code == 0
    rows = {row["suffix"]: row for row in json.loads(done.stdout)}
    assert set(rows) == set(two.MINIATURES)
    assert not any(row["error"] or row["coreneuron"] or row["reduction"] for row in rows.values())
    assert rows["CaShell"]["what"] == "pool"
    assert rows["CaShell"]["geometry"] == ["diam"]
    assert (rows["CalGhk"]["conductance"], rows["CalGhk"]["unit"]) == ("GHK, pbar", "cm/s")
    assert rows["KCa"]["reads"] == ["ek", "cai"]
    assert rows["KmPicosiemens"]["unit"] == "pS/um2"
    forms = {name: row["form"] for name, row in rows.items()}
    assert forms["KaKinetic"] == "ohmic, KINETIC"
    assert forms["CationInstant"] == "ohmic, without state"
    assert (forms["CalGhk"], forms["CaShell"], forms["Ih"]) == ("GHK", "pool", "ohmic")
    assert not any(row["equations"] for row in rows.values())
    reasons = {name: row["kernel"] for name, row in rows.items()}
    assert reasons["NapGlobal"] == ""
    assert reasons["KaKinetic"] == "it has KINETIC"
    assert reasons["CationInstant"] == "its gate has no state"
    assert reasons["KvQ10"] == "its rates depend on celsius"
    assert "pS/um2" in reasons["KmPicosiemens"]


def test_a_line_says_what_a_file_is_in_words():
    lines = check(str(two.FOLDER)).stdout.splitlines()
    assert len(lines) == len(two.MINIATURES)
    assert (
        "CaShell.mod: pool CaShell; reads ica, diam; writes cai; form: pool; NEURON: yes; "
        "CoreNEURON: yes; reduction: yes; equations: yes; kernel: no, it is a pool" in lines
    )


@pytest.mark.slow
def test_wrong_files_are_named_and_the_others_keep_their_lines(tmp_path, monkeypatch):
    monkeypatch.setenv("DENDMOD_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "mod"
    folder.mkdir()
    text = READ.read_text()
    (folder / "Fine.mod").write_text(text.replace("KdrGmax", "Fine"))
    (folder / "Again.mod").write_text(text.replace("KdrGmax", "Fine"))
    (folder / "Ours.mod").write_text(text.replace("KdrGmax", "hh"))
    (folder / "Unread.mod").write_text("NEURON { SUFFIX Unread\n")
    wrong = text.replace("KdrGmax", "Wrong").replace("cond*(v - ek)", "cond*(v - undefined_)")
    (folder / "Wrong.mod").write_text(wrong)
    two_parts = text.replace("KdrGmax", "Square").replace("cond*(v - ek)", "cond*cond*(v - ek)")
    (folder / "Square.mod").write_text(two_parts.replace("cond = gmax*n*n*n*n", "cond = gmax + n"))
    done = check(str(folder), "--json")
    assert done.exit_code == 2
    rows = {row["file"]: row for row in json.loads(done.stdout)}
    assert len(rows) == 6
    assert "undefined_" in rows["Wrong.mod"]["error"]
    assert "Wrong.mod" in rows["Wrong.mod"]["error"]
    assert rows["Unread.mod"]["error"]
    assert rows["Ours.mod"]["error"].startswith("hh is built into NEURON")
    assert rows["Fine.mod"]["error"] == "Again.mod defines Fine too; keep one"
    assert rows["Again.mod"]["error"] == ""
    assert rows["Square.mod"]["error"] == ""
    assert rows["Square.mod"]["conductance"] == "not proportional to one parameter"
    assert "not proportional" in rows["Square.mod"]["reduction"]


@pytest.mark.parametrize("name", ["nothing", ""])
def test_a_folder_without_mechanisms_is_named(tmp_path, name):
    done = check(str(tmp_path / name))
    assert done.exit_code != 0
    assert "name the folder of your mechanisms" in str(done.exception)
