"""Does every number's paper come out where its result is cited?"""

import importlib
import json
import pkgutil
import sys

import pytest

import dendmod.params
from dendmod import cite, cli
from dendmod.cells.reduced import write_reduced
from dendmod.errors import SpecError
from dendmod.paths import data_dir
from dendmod.sources import PAPERS, Source, read_source, sources_in
from dendmod.spec import Compartment, ReducedCell
from dendmod.study.registry import figures

OWN = {"wybo2022": "Wybo 2022", "wyrick2021": "Wyrick 2021", "shine2021": "Shine 2021"}


def params():
    names = [module.name for module in pkgutil.iter_modules(dendmod.params.__path__)]
    assert len(names) >= 7
    return [importlib.import_module(f"dendmod.params.{name}") for name in names]


def places(found, key):
    return [source.locator for source in found.get(key, ())]


def test_every_source_names_a_paper_and_every_paper_has_a_source():
    keys = {s.key for module in params() for value in vars(module).values()
            for s in sources_in(value)}  # fmt: skip
    assert keys == set(PAPERS)


def test_sources_are_found_in_collections_and_dataclasses():
    a, b = Source("Hay 2011", "Table 1"), Source("Hay 2011", "Table 2")
    assert list(sources_in({"x": (a, [b]), "y": 3, "z": "Hay 2011, Table 3", "w": Source})) == [
        a,
        b,
    ]
    assert read_source("Hay 2011, Table 1 and Fig 2") == Source("Hay 2011", "Table 1 and Fig 2")
    assert read_source("ours") is read_source("Hay 2011") is None


def test_figure_1_rests_on_its_protocol_the_cell_and_the_receptors():
    found = cite("wybo2022/fig1")
    assert list(found) == ["Hay 2011", "Wybo 2022"]
    assert "Tables 2-3; ModelDB 139653" in places(found, "Hay 2011")
    assert {"Table 1 and Fig 1", "Methods, Eqs 4-6", "Methods, Eq 7"} <= {
        *places(found, "Wybo 2022")
    }


@pytest.mark.parametrize("name", list(figures()))
def test_every_figure_cites_its_own_paper(name):
    assert OWN[figures()[name].paper] in cite(name)


def test_a_summary_is_cited_as_its_figure(tmp_path):
    path = tmp_path / "summary.json"
    for head in ({"figure": "wybo2022/fig1", "schema": "any"}, {"schema": "dendmod/fig1/1"}):
        path.write_text(json.dumps(head))
        assert cite(path) == cite(tmp_path) == cite("wybo2022/fig1")


def test_a_reduced_cell_rests_on_its_method_and_on_the_cell_it_is_of(tmp_path):
    soma = Compartment(name="soma", parent=-1, ca=1, g_leak=1, e_leak=-70, area=1)
    cell = ReducedCell(compartments=(soma,), ena=50, ek=-85, celsius=34, v_init=-70)
    write_reduced(cell, tmp_path / "cell.json")
    assert list(cite(tmp_path / "cell.json")) == ["Wybo 2021"]
    of_hay = cell.model_copy(update={"provenance": {"biophysics": "hay2011/1"}})
    write_reduced(of_hay, tmp_path / "cell.json")
    assert list(cite(tmp_path / "cell.json")) == ["Hay 2011", "Wybo 2021"]


def test_io_curves_rest_on_what_their_file_names():
    found = cite(data_dir("protocols") / "io_nmda.json")
    assert "Table 1 and Fig 1" in places(found, "Wybo 2022")
    assert "Eqs 2 and 8-10, of simulations with dendmod" in places(found, "Wybo 2022")
    assert "Hay 2011" in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no figure or file .* Allowed: .*wybo2022/fig1"),
        ("{", "not a JSON file.*line 1"),
        ("[]", "holds no table of fields"),
        ('{"schema": "dendmod/other/1"}', "its schema is 'dendmod/other/1'; figures, runs"),
    ],
)
def test_what_cannot_be_cited_is_refused_in_words(text, message, tmp_path):
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SpecError, match=message):
        cite(path)


def test_the_command_prints_papers_and_places(capsys, monkeypatch):
    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["dendmod", "cite", "wybo2022/fig1", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        return capsys.readouterr().out

    lines = run().splitlines()
    assert lines[0] == PAPERS["Hay 2011"]
    assert "  Table 1 and Fig 1" in lines
    said = json.loads(run("--json"))
    assert said["Wybo 2022"]["paper"] == PAPERS["Wybo 2022"]
    assert "Table 1 and Fig 1" in said["Wybo 2022"]["places"]
