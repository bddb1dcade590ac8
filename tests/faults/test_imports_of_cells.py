"""Is an import that cannot be told why in one message, and nothing left half-written?"""

import textwrap

import pytest
from typer.testing import CliRunner

from dendmod.cli import app
from dendmod.errors import DendmodError, EngineError, MechanismError, SpecError

TEMPLATE = """
begintemplate One
public soma, all
create soma
objref all
proc init() {{
  all = new SectionList()
  soma {{ all.append() insert pas {body} }}
}}
endtemplate One
"""
BROKEN_MOD = "NEURON { SUFFIX broken RANGE g NONSPECIFIC_CURRENT i }\nBREAKPOINT { i = g*( }\n"


def run(*words):
    done = CliRunner().invoke(app, list(map(str, words)))
    if done.exception is not None:
        raise done.exception


@pytest.fixture
def hoc(tmp_path):
    """Return what imports a template with this body; if it fails, nothing may be left."""

    def attempt(body="", *options, text=None):
        file = tmp_path / "one.hoc"
        file.write_text(TEMPLATE.format(body=body) if text is None else text)
        before = {p.name for p in tmp_path.iterdir()}
        try:
            run("cell", "import", "hoc", file, "--out", tmp_path / "out", *options)
        except DendmodError:
            assert {p.name for p in tmp_path.iterdir()} == before
            raise

    return attempt


@pytest.mark.parametrize(
    ("body", "options", "error", "message"),
    [
        ("", ("--template", "On"), SpecError, r"one\.hoc has no template 'On'.*Did you mean 'One'"),
        ("foo()", (), SpecError, r"one\.hoc: hoc stops of One\(\): foo undefined function"),
        ("insert nix", (), SpecError, r"(?s)one\.hoc: hoc cannot load it.*--mod.*nix is not a"),
        ("quit()", (), EngineError, "the original ends its process"),
        ("", (), SpecError, r"leaves the temperature at NEURON's 6\.3 degC.*--celsius"),
        ("", ("--region", "soma=trunk"), SpecError, "a region is one of soma, basal"),
        ("", ("--name", "my cell"), SpecError, "--name: name"),
        ("", ("--soma", "body"), SpecError, "there is no section 'body'"),
        ("insert extracellular celsius = 34", (), EngineError, "soma has extracellular"),
        ("insert Ih celsius = 34", (), MechanismError, r"uses Ih, of which no folder.*--mod"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(hoc, body, options, error, message):
    with pytest.raises(error, match=message):
        hoc(body, *options)


def test_a_file_that_hoc_cannot_parse_is_named_with_its_line(hoc):
    with pytest.raises(SpecError, match=r"(?s)one\.hoc: hoc.*It printed:.*near line 2"):
        hoc(text="begintemplate One\ncreate soma(\nendtemplate One\n")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"no hoc file .*nix\.hoc"):
        run("cell", "import", "hoc", tmp_path / "nix.hoc", "--out", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_mod_file_is_named(hoc, tmp_path):
    folder = tmp_path / "mod"
    folder.mkdir()
    (folder / "broken.mod").write_text(BROKEN_MOD)
    with pytest.raises(MechanismError, match=r"broken\.mod"):
        hoc("", "--mod", folder, "--celsius", 34)


def test_a_folder_of_mechanisms_that_is_not_there_is_named(hoc, tmp_path):
    with pytest.raises(MechanismError, match="no folder of mechanisms .*nowhere"):
        hoc("", "--mod", tmp_path / "nowhere", "--celsius", 34)


@pytest.mark.parametrize(
    ("code", "call", "message"),
    [
        ("def build():\n    pass\n", "build", "gave nothing without sections"),
        ("def build():\n    return 3\n", "build", "gave a int without sections"),
        ("def build():\n    return 3\n", "bild", "no function 'bild'.*Did you mean 'build'"),
        ("def build():\n    1/0\n", "build", "cells.py:build failed: ZeroDivisionError"),
        ("import nothing_of_this_name\n", "build", "cannot be imported: ModuleNotFoundError"),
        (
            "from neuron import h\ndef build():\n    return h.Section(name='dend')\n",
            "build", "which section is the soma.*--soma NAME; there are dend",
        ),
        (
            "from neuron import h\ndef build():\n"
            "    return [h.Section(name='soma'), h.Section(name='dend')]\n",
            "build", "sections that are not joined: dend and soma",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_function_is_said(tmp_path, code, call, message):
    (tmp_path / "cells.py").write_text(textwrap.dedent(code))
    with pytest.raises(SpecError, match=message):
        run("cell", "import", "python", f"{tmp_path / 'cells.py'}:{call}", "--out", tmp_path / "o")
    assert not (tmp_path / "o").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_what_names_no_function_is_refused(tmp_path):
    with pytest.raises(SpecError, match=r"write file\.py:function"):
        run("cell", "import", "python", "cells.py", "--out", tmp_path / "out")
