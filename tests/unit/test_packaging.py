"""Does what a user installs and calls first work: the wheel, the pins, the Makefile?"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import dendmod

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
DATA_FOLDERS = ("mechanisms", "morphologies", "protocols", "cells")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "DENDMOD_BUILD": "no"},  # tests/packaging builds one with compiled C
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("dendmod-*-py3-none-any.whl")
    return built


def _kept(folder: str) -> set[str]:
    """Files of a folder that are part of the project, not made on this machine."""
    files = [p.relative_to(REPOSITORY) for p in (REPOSITORY / folder).rglob("*") if p.is_file()]
    made = {"__pycache__", "x86_64", "aarch64", "arm64", "results", "_built"}
    return {p.as_posix() for p in files if not made & set(p.parts)}


def test_the_wheel_carries_every_file_of_the_package_and_its_data(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in DATA_FOLDERS:
        files = _kept(folder)
        assert files, folder
        assert {f"dendmod/_data/{name}" for name in files} <= names
    code = _kept("dendmod")
    assert {Path(name).suffix for name in code} >= {".py", ".c", ".h", ".toml", ".json"}
    assert code <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "dendmod/py.typed" in names  # type checkers of users read the hints


def test_an_unpacked_wheel_finds_its_own_data(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "from dendmod.paths import data_dir; from dendmod.mechanisms import catalogue; "
        "from dendmod.protocol import find_protocol; from dendmod.morphology import resolve; "
        "assert find_protocol('fig1').parent == data_dir('protocols'); "
        "assert resolve('l5pc').sections and len(catalogue()) > 10; "
        f"print(*[data_dir(n) for n in {DATA_FOLDERS}], sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [str(tmp_path / "dendmod" / "_data" / folder) for folder in DATA_FOLDERS]
    assert done.stdout.splitlines() == expected


def test_every_dependency_is_pinned_to_an_allowed_version():
    pins = {}
    for line in CONSTRAINTS:
        if line and not line.startswith("#"):
            pin = Requirement(line)
            (spec,) = pin.specifier
            assert spec.operator == "==", line
            pins[pin.name.lower()] = spec.version
    extras = PROJECT["optional-dependencies"].values()
    for text in [*PROJECT["dependencies"], *(t for extra in extras for t in extra)]:
        wanted = Requirement(text)
        assert wanted.name.lower() in pins, f"run the command at the top of constraints.txt: {text}"
        assert wanted.specifier.contains(pins[wanted.name.lower()]), text


def test_the_recipe_for_conda_asks_for_what_pip_installs():
    yaml = pytest.importorskip("yaml")
    recipe = yaml.safe_load((REPOSITORY / "recipe/recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["context"]["version"] == dendmod.__version__
    asked = {Requirement(text).name: Requirement(text) for text in recipe["requirements"]["run"]}
    named = {"matplotlib": "matplotlib-base"}  # conda's name for it without a window system
    for text in [*PROJECT["dependencies"], f"python{PROJECT['requires-python']}"]:
        wanted = Requirement(text)
        assert asked[named.get(wanted.name, wanted.name)].specifier == wanted.specifier, text


def test_no_pin_names_a_host_or_a_file():
    for line in CONSTRAINTS:
        if not line.startswith("#"):
            assert not re.search(r"://|\bfile:|^-| @ ", line), line


def test_one_version_everywhere():
    version = dendmod.__version__
    cff = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: {re.escape(version)}$", cff, re.M)
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(version)}\]", changelog, re.M)


def _make(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    # this may itself run under make, whose variables would speak to the make below
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    environment.pop("PYTHON", None)
    return subprocess.run(
        [shutil.which("make") or "make", *arguments],
        cwd=REPOSITORY,
        env={**environment, "PATH": path or os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_file_holds_the_marks_of_an_unresolved_merge():
    files = [
        f
        for end in ("md", "py", "c", "h", "mod", "toml", "cfg", "yml")
        for f in REPOSITORY.rglob(f"*.{end}")
    ]
    left = [
        f"{file.relative_to(REPOSITORY)}:{number}"
        for file in files
        if not {".venv", "results", "build"} & set(file.relative_to(REPOSITORY).parts)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.match(r"(<{7}|>{7}) ", line)
    ]
    assert len(files) > 300
    assert not left


def test_make_help_names_every_target():
    shown = _make("help").stdout
    for target in [
        "fig1",
        "test",
        "test-slow",
        "lint",
        "mechanisms",
        "bench",
        "docs",
        "wheel",
        "clean",
    ]:
        assert f"make {target} " in shown


@pytest.mark.parametrize("missing", ["perl", "g++"])
@pytest.mark.parametrize("target", ["fig1", "test"])
def test_make_names_a_missing_tool_before_anything_else(tmp_path, missing, target):
    for tool in {"bash", "sh", "make", "perl", "g++"} - {missing}:
        (tmp_path / tool).symlink_to(shutil.which(tool))
    done = _make(target, f"PYTHON={sys.executable}", path=str(tmp_path))
    assert done.returncode != 0
    assert done.stdout == ""
    first = done.stderr.splitlines()[0]
    assert first.startswith(f"error: {missing} was not found")
    assert "apt-get install" in first


def test_make_names_a_python_that_is_too_old_or_missing():
    done = _make("test", "PYTHON=python-that-is-not-there")
    assert done.returncode != 0
    assert done.stderr.startswith("error: Python 3.11 or newer was not found")
