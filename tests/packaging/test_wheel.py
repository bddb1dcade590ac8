"""Does a wheel work where nothing but the wheel is: its data, its compiled C, its commands?

``make wheel`` builds the one that is tested here, and it is built once for all tests of this file.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dendmod.engines import prebuilt
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
CONSTRAINTS = REPOSITORY / "constraints.txt"
WORKER = Path(__file__).with_name("levels_worker.py")
OTHERS = ("python3.13", "python3.12", "python3.11")


def call(*command: object, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **more
    )


def bare(**more: str) -> dict[str, str]:
    """Return the environment without what would bring in this checkout."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | more


def built(folder: Path, **more: str) -> Path:
    done = call(
        sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder,
        cwd=REPOSITORY, env={**os.environ, **more},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"), DENDMOD_BUILD="require")


@pytest.fixture(scope="session")
def unpacked(wheel, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def of_level(unpacked: Path, tmp_path: Path, level: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Return what ran, and every number that the engines of the wheel give on a level."""
    out = tmp_path / f"{level}.npz"
    # its own cache, so that what is compiled here is seen; for code of this CPU, the usual one
    own = {} if level == prebuilt.NATIVE else {"DENDMOD_CACHE": str(tmp_path / "cache")}
    environment = bare(PYTHONPATH=str(unpacked), DENDMOD_CPU=level, **own)
    done = call(sys.executable, WORKER, out, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert Path(said["package"]).parent == unpacked / "dendmod"
    with np.load(out) as arrays:
        return said, dict(arrays)


def test_a_wheel_of_this_platform_carries_each_engine_for_each_level(wheel):
    assert "-py3-none-" in wheel.name
    assert "-any" not in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    for level in prebuilt._here():
        for source, flags in prebuilt.libraries(level):
            assert f"dendmod/_built/{prebuilt.file_name(source, flags, level)}" in names


def test_every_level_gives_what_code_compiled_here_gives(unpacked, tmp_path):
    """To the last bit where flags are equal; else within what other instructions round.

    The kernel of networks contracts products and sums, which the lowest level cannot, and takes
    masks from AVX-512; a sum over units in the gains is ordered by the width of a register.
    """
    said, native = of_level(unpacked, tmp_path, prebuilt.NATIVE)
    assert "wheel" not in said["compiler"]
    here = prebuilt._here()
    for level in here:
        said, found = of_level(unpacked, tmp_path, level.name)
        assert "in the wheel" in said["compiler"]
        assert f"-{level.name}-" in said["kernel"]
        assert said["compiled"] == []  # nothing, not even the gains
        assert found.keys() == native.keys()
        for name, expected in native.items():
            other, what = found[name], f"{name} on {level.name}"
            if level == here[0] or name.startswith("lif") or "spikes" in name:
                assert other.tobytes() == expected.tobytes(), what
            elif name.endswith(" v"):  # mV; the largest differences lie on the flanks of spikes
                atol = 1e-5 if name.startswith("float64") else 0.5
                np.testing.assert_allclose(other, expected, rtol=0, atol=atol, err_msg=what)
            else:
                scale = 1e-6 * np.abs(expected).max()
                np.testing.assert_allclose(other, expected, rtol=0, atol=scale, err_msg=what)


def test_without_a_compiler_a_wheel_of_pure_python_is_made(tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    wheel = built(tmp_path, PATH=str(empty), CC="")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not any("_built" in name for name in zipfile.ZipFile(wheel).namelist())
    done = call(
        sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "none",
        cwd=REPOSITORY, 
        env={**os.environ, "PATH": str(empty), "CC": "", "DENDMOD_BUILD": "require"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "no C compiler was found" in done.stderr + done.stdout


def runs(python: str) -> str | None:
    """Return the version of a Python that can make an environment, or None."""
    if shutil.which(python) is None:
        return None
    code = "import sys, venv, ensurepip; print(*sys.version_info[:2], sep='.')"
    done = call(python, "-c", code, env=bare())
    return done.stdout.strip() if done.returncode == 0 else None


def installed(python: str, wheel: Path, folder: Path) -> Path:
    """Return the `bin` of a new environment that has the wheel, or skip where none can be had."""
    done = call(python, "-m", "venv", folder, env=bare())
    assert done.returncode == 0, done.stderr
    pip = (folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q")
    with zipfile.ZipFile(wheel) as file:
        (metadata,) = (n for n in file.namelist() if n.endswith(".dist-info/METADATA"))
        lines = file.read(metadata).decode().splitlines()
    needed = [x.partition(": ")[2] for x in lines if x.startswith("Requires-Dist: ")]
    needed = [x for x in needed if "extra ==" not in x]
    there = call(*pip, "-c", CONSTRAINTS, *needed, env=bare())
    if there.returncode != 0:
        pytest.skip(f"what dendmod needs cannot be installed here: {there.stderr[-300:]}")
    done = call(*pip, "-c", CONSTRAINTS, wheel, env=bare())
    assert done.returncode == 0, done.stderr
    done = call(folder / "bin" / "python", "-m", "pip", "check", env=bare())
    assert done.returncode == 0, done.stdout
    return folder / "bin"


def quick_figure(command: list[object], folder: Path, **more: str) -> dict:
    """Make the quick Figure 1 and return its summary."""
    folder.mkdir()
    done = call(*command, "--quick", "--out", "fig1", cwd=folder, env=bare(**more))
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "fig1" / "summary.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def of_the_checkout(tmp_path_factory) -> dict:
    """The summary of the quick Figure 1 that the checkout makes."""
    command = [sys.executable, "-m", "dendmod", "figure", "wybo2022/fig1"]
    folder = tmp_path_factory.mktemp("checkout") / "here"
    return quick_figure(command, folder, PYTHONPATH=str(REPOSITORY))


def check_installed(python: str, wheel: Path, tmp_path: Path, expected: dict) -> None:
    """Install, check itself, and make the quick Figure 1 with the spike counts of the checkout."""
    programs = installed(python, wheel, tmp_path / "environment")
    fresh = {"DENDMOD_CACHE": str(tmp_path / "cache")}
    done = call(programs / "dendmod", "selfcheck", cwd=tmp_path, env=bare(**fresh))
    assert done.returncode == 0, done.stdout
    assert "engines: compiled in the wheel" in done.stdout
    assert "3 of 3 checks passed" in done.stdout
    command = [programs / "dendmod", "figure", "wybo2022/fig1"]
    summary = quick_figure(command, tmp_path / "elsewhere", **fresh)
    assert (tmp_path / "elsewhere" / "fig1" / "fig1.png").is_file()
    assert sum(summary["shunt"]["mean_spikes"]) > 0
    # every spike count, conductance and verdict, and every version but Python's
    summary["versions"]["python"] = expected["versions"]["python"]
    assert summary == expected


def test_an_empty_environment_with_the_wheel_makes_the_figure(wheel, tmp_path, of_the_checkout):
    check_installed(sys.executable, wheel, tmp_path, of_the_checkout)


def test_another_python_with_the_wheel_makes_the_figure(wheel, tmp_path, of_the_checkout):
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in [os.environ.get("DENDMOD_OTHER_PYTHON", ""), *OTHERS]:
        version = runs(python) if python else None
        if version not in (None, own):
            check_installed(python, wheel, tmp_path, of_the_checkout)
            return
    pytest.skip(f"no other Python among {', '.join(OTHERS)} makes environments here")


def test_what_is_built_can_be_uploaded(wheel):
    """`twine check` reads the metadata and the page that a registry shows."""
    pytest.importorskip("twine")
    done = call(sys.executable, "-m", "twine", "check", "--strict", wheel)
    assert done.returncode == 0, done.stdout
