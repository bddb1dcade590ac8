"""Are the settings of a figure what its files, a quick run and the command say?"""

import re
from pathlib import Path

import pytest

from dendmod.study import figure as frame
from dendmod.study.command import figure_command
from dendmod.study.registry import find

OWN = Path(__file__).parents[2] / "docs" / "examples" / "own_cell"


def test_a_scale_comes_first_and_a_figure_adds_to_it():
    settings = find("wyrick2021/fig7").settings()
    assert settings["networks"] == 10
    assert settings["session"]["trials"] == 20
    quick = find("wyrick2021/fig7").settings(quick=True)
    assert (quick["networks"], quick["levels"], quick["session"]["units"]) == (3, "few", 150)
    assert [len(quick["sizes"][k]["dvar_E"]) for k in ("all", "few")] == [4, 1]
    assert {option.name for option in find("wyrick2021/fig2").options} == {"networks", "levels"}


def test_figures_share_their_runs_unless_told_where_results_go(monkeypatch, tmp_path):
    stores = []
    monkeypatch.setattr(
        frame, "make_figure", lambda name, out, **how: stores.append(how["store"]) or {}
    )
    monkeypatch.chdir(tmp_path)
    figure_command("wyrick2021/fig3", [])
    figure_command("wyrick2021/table3", ["--quick"])
    figure_command("wyrick2021/fig3", ["--out", "here"])
    figure_command("wyrick2021/fig3", ["--out", "here", "--store", "there"])
    figure_command("wybo2022/fig1", [])
    assert list(map(str, stores)) == [
        "results/clustered/store", "results/clustered/store", "None", "there", "None",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--networks", "0"], "networks: Input should be greater than or equal to 1; given: '0'"),
        (["--networks", "many"], "networks: .*given: 'many'"),
        (["--levels", "none"], "levels: Input should be 'all' or 'few'; given: 'none'"),
        (["--set", "session.units=200"], "there is no field 'session'"),
    ],
)
def test_what_is_not_allowed_is_said(options, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        figure_command("wyrick2021/fig3", ["--out", str(tmp_path / "x"), *options])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert re.search(message, error)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["wybo2022/fig1", "wybo2022/fig2"])
def test_a_protocol_that_was_scaled_to_a_cell_takes_the_place_of_figure_1s(name):
    entry = find(name)
    asked = {option.name: option.field for option in entry.options}["protocol"]
    changes = {asked: str(OWN / "protocol.toml"), "run.dt_ms": 0.05}
    protocol = entry.load().settings(entry.settings(changes=changes), quick=False)
    assert protocol.cell.file == str(OWN / "cell.toml")
    assert protocol.run.dt_ms == 0.05
