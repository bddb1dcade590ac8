"""Do the commands of the page on an own cell run?"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "own_cell.md").read_text("utf-8")
BLOCKS = [
    commands
    for block in re.findall(r"^```$(.*?)^```$", PAGE, re.M | re.S)
    if (commands := [c for c in re.findall(r"^dendmod .*$", block, re.M) if "my_cell" not in c])
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    there = tmp_path_factory.mktemp("own")
    shutil.copytree(REPOSITORY / "docs" / "examples", there / "docs" / "examples")
    return there


def run(command: str, folder: Path) -> str:
    words = shlex.split(command)
    assert words[0] == "dendmod"
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_page_has_the_commands():
    assert sum(map(len, BLOCKS)) == 11


@pytest.mark.slow
@pytest.mark.parametrize("commands", BLOCKS, ids=lambda commands: commands[0][:40])
def test_the_commands_of_the_page_run(commands, folder):
    for command in commands:
        assert "own" in run(command, folder)
    reduced = folder / "results" / "own.json"
    if "dendmod reduce" in commands[0]:  # what protocols call "context" is the full cell's
        assert json.loads(reduced.read_text())["receptors"]["context"]["mechanism"] == "AmpaNmdaSyn"


def test_what_is_shown_is_what_is_in_the_file(folder):
    shown = run("dendmod cell show docs/examples/own_cell", folder)
    rows = dict(line.split(None, 1) for line in shown.splitlines() if line and line[0] != " ")
    assert rows["spiny"].split()[:2] == ["11", "77"]
    assert rows["shift_NaF"].split() == ["-3", "mV", "2", "sections"]
    assert rows["Shell"].split()[0] == "pool"
    assert rows["Shell"].endswith("Shell.mod")


def test_a_shape_that_is_no_pyramid_asks_for_its_own_membrane(folder):
    swc = folder / "ball.swc"
    swc.write_text("1 1 0 0 0 8 -1\n2 3 8 0 0 1 1\n3 3 90 0 0 1 2\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "dendmod", "cell", "check", "--morphology", str(swc)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Hay et al. 2011" in done.stderr
    assert "--cell" in done.stderr
