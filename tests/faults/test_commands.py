"""What does the command line say to bad input? One message, exit code 2, no traceback."""

import errno
import json
import sys

import pytest

from dendmod import cli
from dendmod.errors import SpecError
from dendmod.paths import data_dir
from dendmod.study import figure, messages
from dendmod.study.command import figure_command
from dendmod.study.figure import make_figure
from dendmod.study.messages import check_folder, guard

IO = str(data_dir("protocols") / "io_shunt.json")


@pytest.fixture
def refused(capsys, monkeypatch):
    """Run a command in this process, and return the one message that it must end with."""
    monkeypatch.delenv("DENDMOD_DEBUG", raising=False)

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["dendmod", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert stopped.value.code == 2
        return capsys.readouterr().err

    return run


@pytest.fixture
def in_the_way(tmp_path):
    """A file where a folder is wanted."""
    path = tmp_path / "taken"
    path.write_text("1 1 0 0 0 5 -1\n")
    return path


@pytest.mark.parametrize(
    "command",
    [
        ["run", "fig1"],
        ["io", "fit", "fig1"],
        ["cell", "check"],
        ["morphology", "check", "l5pc"],
        ["reduce", "check", "cell.json"],
    ],
)
@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_way_of_out_is_named_before_anything_runs(
    command, below, in_the_way, refused
):
    message = refused(*command, "--out", str(in_the_way / below))
    assert message.startswith("error: --out ")
    assert f"{in_the_way} is a file; give a folder" in message


@pytest.mark.parametrize(
    "command",
    [
        ["train"],
        ["reduce"],
        ["morphology", "generate", "--seed", "1"],
        ["io", "export", "x.json", "--to", "numpy"],
    ],
)
def test_a_folder_in_the_way_of_a_file_is_named_before_anything_runs(command, tmp_path, refused):
    assert f"--out {tmp_path} is a folder; give a file" in refused(*command, "--out", str(tmp_path))


def test_ctrl_c_says_that_the_command_goes_on(monkeypatch, capsys):
    def interrupted():
        sys.exit(130)  # what typer makes of Ctrl-C

    monkeypatch.setattr(cli, "app", interrupted)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 130
    assert "the same command goes on from here" in capsys.readouterr().err


def test_one_trial_is_too_few_for_an_io_curve(tmp_path):
    with pytest.raises(SpecError, match="2 or more"):
        make_figure("wybo2022/fig2", tmp_path / "o", changes={"run.trials": 1})
    assert not (tmp_path / "o").exists()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    check_folder(tmp_path / "new" / "deeper")
    assert not (tmp_path / "new").exists()
    monkeypatch.setattr(messages.os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(SpecError, match="cannot be written; give another folder"):
        check_folder(tmp_path / "new")


@pytest.fixture
def nothing_runs(monkeypatch):
    monkeypatch.setattr(figure, "make_figure", lambda *_, **__: pytest.fail("it ran"))


def test_a_figure_checks_its_folder_before_it_computes(in_the_way, capsys, nothing_runs):
    with pytest.raises(SystemExit):
        figure_command("wybo2022/fig1", ["--out", str(in_the_way)])
    assert f"{in_the_way} is a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["io", "export", IO, "--to", "numpy", "--out", "{}/io.py"],
        ["morphology", "generate", "--out", "{}/cell.swc"],
    ],
)
def test_a_file_that_cannot_be_written_is_named(command, in_the_way, refused):
    message = refused(*(part.format(in_the_way) for part in command))
    assert str(in_the_way) in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1', "no whole JSON, line 1"),
        ("[]", "holds no object"),
        (json.dumps({"schema": "dendmod/io/9"}), "dendmod/io/9"),
    ],
)
def test_a_broken_io_file_is_explained(content, message, tmp_path, refused):
    path = tmp_path / "io.json"
    path.write_text(content)
    assert message in refused("io", "show", str(path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trials", "-3"], "'--trials'"),
        (["--workers", "0"], "'--workers'"),
        (["--seed", "-1"], "'--seed'"),
        (["--dt", "nan"], "run.dt_ms: Input should be a finite number"),
        (["--dt", "0"], "run.dt_ms: Input should be greater than 0"),
        (["--timeout", "-1"], "timeout = -1.0; give more than 0 s"),
        (["--set", "feedforward.weight_nA=nan"], "feedforward.weight_nA: Input should be a finite"),
        (
            ["--set", "feedforward.weight_pA=60"],
            "the allowed unit is that of 'weight_nA' or 'weight_nS'",
        ),
        (["--set", "sites.order=nearest"], "sites.order"),
        (["--set", "sites.n=200"], "sites"),
        (["--set", "schema=dendmod/protocol/9"], "schema: Input should be 'dendmod/protocol/1'"),
        (["--morphology", "none.swc"], "there is no morphology file none.swc"),
    ],
)
def test_a_wrong_option_of_a_run_is_explained(options, message, tmp_path, refused):
    assert message in refused("run", "fig1", "--quick", "--out", str(tmp_path), *options)


def test_a_value_that_a_specification_refuses_is_one_message(refused):
    message = refused("network", "compare", "--dt", "0")
    assert message == "error: dt: Input should be greater than 0; given: 0.0\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "0"], "argument --workers: 0: give 1 or more"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--set", "run.trials=1,2"], "a figure takes one value a field"),
        (["--set", "run.trials=1", "--trials", "2"], "is given by --set and by an option"),
    ],
)
def test_a_wrong_option_of_a_figure_is_explained(options, message, capsys, nothing_runs):
    with pytest.raises(SystemExit) as stopped:
        figure_command("wybo2022/fig1", options)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "-1"], "run.seed: Input should be greater than or equal to 0; given: '-1'"),
        (["--trials", "x"], "run.trials: Input should be a valid integer"),
        (["--dt", "nan"], "run.dt_ms: Input should be a finite number"),
        (["--set", "run.trails=2"], "Did you mean 'trials'?"),
        (["--set", "run.trials.x=2"], "'trials' is a value, not a table of fields"),
    ],
)
def test_a_wrong_setting_of_a_figure_is_explained(options, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        figure_command("wybo2022/fig1", [*options, "--out", str(tmp_path)])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.startswith("error: ")


def test_every_figure_is_listed_and_an_unknown_one_is_explained(refused, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["dendmod", "figure", "--list"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    listed = capsys.readouterr().out
    for name in ("wybo2022/fig1", "wybo2022/figS3", "wyrick2021/table3", "shine2021/fig5"):
        assert f"  {name} " in listed
    assert "Did you mean 'wybo2022/fig1'?" in refused("figure", "wybo2022/fg1")


def test_a_cache_that_cannot_be_written_is_named(in_the_way, refused, monkeypatch):
    monkeypatch.setenv("DENDMOD_CACHE", str(in_the_way))
    message = refused("mechanisms", "build")
    assert message.startswith(f"error: the cache {in_the_way}/mechanisms cannot be written")
    assert "DENDMOD_CACHE" in message


def test_a_missing_compiler_is_named(tmp_path, refused, monkeypatch):
    monkeypatch.setenv("DENDMOD_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert "was not found; compiling mechanisms needs it" in refused("mechanisms", "build")


def test_a_full_disk_is_one_message(capsys):
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SystemExit):
        guard(full)
    assert capsys.readouterr().err.startswith("error: No space left on device.")


@pytest.mark.parametrize("fault", [ValueError("ours"), ConnectionError("ours"), KeyError("ours")])
def test_a_fault_of_the_program_keeps_its_traceback(fault):
    def broken() -> None:
        raise fault

    with pytest.raises(type(fault), match="ours"):
        guard(broken)


@pytest.mark.parametrize(("quick", "said"), [(True, ["quick run"]), (False, [])])
def test_pictures_of_quick_runs_say_so_and_others_do_not(quick, said, tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    from dendmod.study.registry import Entry

    picture = plt.figure()
    made = figure.Figure(
        settings=lambda table, quick: table,
        measure=lambda settings, sweep: None,
        summarise=lambda settings, found: {"nan": float("nan")},
        draw=lambda settings, found, summary: {"picture": picture},
        texts={"one": "a claim that nothing decides"},
    )
    monkeypatch.setattr(Entry, "load", lambda self: made)
    summary = make_figure("wybo2022/fig1", tmp_path, quick=quick)
    assert [text.get_text() for text in picture.texts] == said
    assert (tmp_path / "picture.pdf").exists()
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    assert summary["nan"] is None
    assert summary["quick"] is quick
    assert summary["claims"]["one"]["verdict"] == "not resolved"
