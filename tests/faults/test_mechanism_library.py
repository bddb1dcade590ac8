"""What happens when the compiled library is broken, missing or made elsewhere?"""

import os
import shutil
import subprocess
import sys
import textwrap
import time

import pytest

from dendmod import mechanisms
from dendmod.errors import MechanismError
from dendmod.mechanisms import cache, loading, toolchain
from dendmod.paths import data_dir

SMALL = textwrap.dedent("""
    NEURON { SUFFIX tiny RANGE g NONSPECIFIC_CURRENT i THREADSAFE }
    UNITS { (mV) = (millivolt) (mA) = (milliamp) (S) = (siemens) }
    PARAMETER { g = 0 (S/cm2) }
    ASSIGNED { v (mV) i (mA/cm2) }
    BREAKPOINT { i = g*v }
""")


# stands in for nrnivmodl: it hands out a library compiled before and notes that it was called
NRNIVMODL = """#!/bin/sh
echo called >> "{log}"
sleep 0.2
cp -r "{compiled}/." .
"""


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """What NEURON's compiler makes of one small mechanism, compiled once."""
    folder = tmp_path_factory.mktemp("compiled")
    (folder / "tiny.mod").write_text(SMALL)
    subprocess.run([str(toolchain.nrnivmodl()), "."], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder with one small mechanism and an empty cache."""
    monkeypatch.setenv("DENDMOD_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "mods"
    folder.mkdir()
    (folder / "tiny.mod").write_text(SMALL)
    return folder


@pytest.fixture
def builds(tmp_path, compiled, monkeypatch):
    """The file with a line for each time that the compiler was called."""
    log, program = tmp_path / "builds", tmp_path / "nrnivmodl"
    program.write_text(NRNIVMODL.format(log=log, compiled=compiled))
    program.chmod(0o755)
    monkeypatch.setattr(toolchain, "nrnivmodl", lambda: program)
    return log


def test_a_truncated_library_is_rebuilt(small, builds):
    built = mechanisms.library(small)
    raw = built.path.read_bytes()
    built.path.write_bytes(raw[: len(raw) // 2])
    again = mechanisms.library(small)
    assert again.path.read_bytes() == raw
    assert builds.read_text().split() == ["called"] * 2


def test_a_build_that_was_killed_is_cleared_away(small, builds):
    key = cache.cache_key(small)
    place = cache.cache_dir() / "mechanisms"
    left = place / f"{key}.building-dead"
    left.mkdir(parents=True)
    (left / "half.o").write_text("")
    mechanisms.library(small)
    assert not left.exists()


def test_processes_that_compile_at_once_make_one_build(small, builds):
    code = (
        "import sys; from pathlib import Path; from dendmod import mechanisms; "
        "mechanisms.toolchain.nrnivmodl = lambda: Path(sys.argv[2]); "
        "print(mechanisms.library(sys.argv[1]).path)"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(small), str(builds.with_name("nrnivmodl"))],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    paths = {p.communicate(timeout=120)[0].strip() for p in running}
    assert all(p.returncode == 0 for p in running)
    assert len(paths) == 1
    assert builds.read_text().split() == ["called"]


def test_a_cached_library_is_found_at_once():
    mechanisms.library()
    began = time.perf_counter()
    mechanisms.library()
    assert time.perf_counter() - began < 0.5  # 4 ms measured; a compile takes 15 s


def test_a_file_that_does_not_compile_is_named(small):
    (small / "tiny.mod").unlink()
    (small / "wrong.mod").write_text(SMALL.replace("tiny", "wrong").replace("g*v", "g*undefined_"))
    with pytest.raises(MechanismError, match=r"wrong\.mod .*undefined_"):
        mechanisms.library(small)


def test_a_folder_without_mechanisms_is_named(tmp_path):
    with pytest.raises(MechanismError, match=r"holds no \.mod file"):
        mechanisms.library(tmp_path)


@pytest.mark.parametrize("tool", ["perl", "make", "g++"])
def test_a_missing_tool_is_named_with_its_remedy(monkeypatch, tool):
    real = shutil.which
    monkeypatch.setattr(toolchain.shutil, "which", lambda n: None if n == tool else real(n))
    with pytest.raises(MechanismError, match=rf"{tool.replace('+', '.')} was not found.*nstall"):
        toolchain.check_tools()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a shared library"),
        (b"#!/bin/sh and more than twenty bytes", "not a shared library"),
        (b"\x7fELF" + b"\0" * 14 + b"\xb7\x00" + b"\0" * 40, "aarch64"),
        (b"\x7fELF" + b"\0" * 14 + b"\x03\x00" + b"\0" * 40, "i386"),
    ],
)
def test_a_library_of_another_kind_is_refused(tmp_path, monkeypatch, content, message):
    monkeypatch.setattr(loading.platform, "machine", lambda: "x86_64")
    path = tmp_path / "libnrnmech.so"
    path.write_bytes(content)
    with pytest.raises(MechanismError, match=message):
        loading.check_library(path)


RUN = "from dendmod.engines.neuron.session import load_mechanisms; print(load_mechanisms())"


def _used_from(folder):
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=folder, capture_output=True, text=True, check=True
    )
    assert "working directory" in done.stdout
    assert "already exists" not in done.stderr


def test_a_library_in_the_working_directory_is_used_and_not_loaded_twice(tmp_path):
    built = mechanisms.library().path
    folder = tmp_path / built.parent.name  # x86_64 or arm64, where NEURON looks
    folder.mkdir()
    shutil.copy(built, folder)
    _used_from(tmp_path)


def test_a_library_in_a_folder_beyond_ascii_is_loaded(tmp_path):
    """NEURON opens paths in ASCII alone; homes have other names too."""
    built = mechanisms.library()
    cache_of_user = tmp_path / "caché" / "mechanisms"
    shutil.copytree(built.path.parent.parent, cache_of_user / built.path.parent.parent.name)
    env = {**os.environ, "DENDMOD_CACHE": str(tmp_path / "caché")}
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "cache" in done.stdout


@pytest.mark.slow
def test_a_library_compiled_by_hand_is_used(tmp_path):
    shutil.copytree(data_dir("mechanisms"), tmp_path / "mechanisms")
    subprocess.run(
        [str(toolchain.nrnivmodl()), "mechanisms"], cwd=tmp_path, check=True, capture_output=True
    )
    _used_from(tmp_path)


@pytest.mark.slow
def test_a_library_that_holds_some_of_the_mechanisms_is_completed(tmp_path):
    shutil.copy(data_dir("mechanisms") / "Ih.mod", tmp_path)
    subprocess.run([str(toolchain.nrnivmodl()), "."], cwd=tmp_path, check=True, capture_output=True)
    _used_from(tmp_path)


def test_a_foreign_mechanism_of_one_of_our_names_is_named(tmp_path, compiled):
    text = (data_dir("mechanisms") / "Ih.mod").read_text()
    (tmp_path / "Ih.mod").write_text(text.replace("-45", "-44"))
    subprocess.run([str(toolchain.nrnivmodl()), "."], cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "was not compiled from Ih.mod as it is now" in done.stderr
    assert "nrnivmodl mechanisms" in done.stderr


def _put_into_working_directory(folder, monkeypatch, content):
    place = folder / loading.platform.machine()
    place.mkdir()
    (place / "libnrnmech.so").write_bytes(content)
    monkeypatch.chdir(folder)


def test_a_library_of_files_that_were_edited_since_is_refused_before_anything_runs(
    tmp_path, monkeypatch
):
    held = mechanisms.library().path.read_bytes()
    known = loading.identity()
    _put_into_working_directory(tmp_path, monkeypatch, held)
    assert loading.identity() == known
    # as if NaTa_t.mod had said something else when the library was compiled
    text = (data_dir("mechanisms") / "NaTa_t.mod").read_bytes()
    stale = held.replace(text, text.replace(b"ina = g", b"ina = G"))
    assert stale != held
    (tmp_path / loading.platform.machine() / "libnrnmech.so").write_bytes(stale)
    with pytest.raises(
        MechanismError, match=r"not compiled from NaTa_t\.mod as it is now.*rebuild"
    ):
        loading.identity()


def test_a_foreign_library_without_our_names_changes_nothing(tmp_path, monkeypatch, compiled):
    known = loading.identity()
    built = next(compiled.glob("*/libnrnmech.*"))
    _put_into_working_directory(tmp_path, monkeypatch, built.read_bytes())
    assert loading.identity() == known


def test_a_library_named_by_nrn_nmodl_path_is_looked_at_too(tmp_path, monkeypatch):
    place = tmp_path / loading.platform.machine()
    place.mkdir()
    (place / "libnrnmech.so").write_bytes(b"NEURON { SUFFIX Ih }")
    monkeypatch.setenv("NRN_NMODL_PATH", str(tmp_path))
    with pytest.raises(MechanismError, match=r"not compiled from .*Ih\.mod"):
        loading.identity()
