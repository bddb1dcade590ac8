"""Is the C of a wheel taken where it fits the CPU, and nowhere else?"""

import importlib.util
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dendmod.cli import app, selfcheck
from dendmod.engines import compiled, prebuilt
from dendmod.errors import EngineError

AVX512 = prebuilt._AVX2 | prebuilt._AVX512


@pytest.fixture
def cpu(monkeypatch):
    """Return what makes this an x86-64 CPU that can do some words."""

    def be(words):
        monkeypatch.setattr(prebuilt.platform, "machine", lambda: "x86_64")
        monkeypatch.setattr(prebuilt, "_words", lambda: frozenset(words))
        prebuilt._here.cache_clear()

    monkeypatch.delenv(prebuilt.CHOICE, raising=False)
    yield be
    prebuilt._here.cache_clear()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "x86-64"),
        (prebuilt._AVX2 - {"fma"}, "x86-64"),
        (prebuilt._AVX2, "x86-64-v3"),
        (AVX512 - {"avx512vl"}, "x86-64-v3"),
        (AVX512 - {"fma"}, "x86-64"),  # a level has all of those below it
        (AVX512, "x86-64-v4"),
    ],
)
def test_the_widest_level_that_the_cpu_has_is_taken(cpu, words, expected):
    cpu(words)
    assert prebuilt.level().name == expected


def test_a_level_can_be_chosen_unless_the_cpu_cannot_run_it(cpu, monkeypatch):
    cpu(prebuilt._AVX2)
    monkeypatch.setenv(prebuilt.CHOICE, "x86-64")
    assert prebuilt.level().width(32) == 4
    for wrong in ("x86-64-v4", "sparc"):
        monkeypatch.setenv(prebuilt.CHOICE, wrong)
        with pytest.raises(EngineError, match="this CPU runs x86-64-v3, x86-64, native"):
            prebuilt.level()


def test_other_machines_have_one_level():
    (one,) = prebuilt.levels("arm64")
    assert (one.name, one.width(64), one.width(32), one.flags) == ("arm64", 4, 4, ())


@pytest.fixture
def carried(tmp_path, monkeypatch, cpu):
    """A C file whose library in the wheel says 1, while the file itself says 2."""
    cpu(())
    folder = tmp_path / "wheel"
    folder.mkdir()
    monkeypatch.setenv("DENDMOD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(prebuilt, "FOLDER", folder)
    source = tmp_path / "answer.c"
    source.write_text("int answer(void) { return 1; }\n")
    compiled.build(source, compiled.DEFAULT_FLAGS, tmp_path / "one.so")
    source.write_text("int answer(void) { return 2; }\n")
    name = prebuilt.file_name(source, compiled.DEFAULT_FLAGS, prebuilt.level())
    shutil.copy(tmp_path / "one.so", folder / name)
    (folder / compiled.COMPILER).write_text("cc 1.0\n")
    return source


def test_the_library_of_the_wheel_is_taken_and_says_so(carried, monkeypatch):
    monkeypatch.setattr(compiled, "compiler", lambda: pytest.fail("no compiler is needed"))
    library = compiled.load(carried)
    assert library.answer() == 1
    assert compiled.made_by(library)["compiler"] == "cc 1.0, in the wheel"
    assert "-x86-64-" in compiled.made_by(library)["kernel"]


@pytest.mark.parametrize("why", ["source", "flags", "native", "level", "cut short"])
def test_where_it_does_not_fit_the_source_is_compiled(carried, monkeypatch, cpu, why):
    flags = compiled.DEFAULT_FLAGS
    if why == "source":
        carried.write_text("int answer(void) { return 2; } /* changed */\n")
    elif why == "flags":
        flags = (*flags, "-DMORE")
    elif why == "native":
        monkeypatch.setenv(prebuilt.CHOICE, prebuilt.NATIVE)
    elif why == "level":
        cpu(prebuilt._AVX2)
    else:
        (file,) = prebuilt.FOLDER.glob("*.so")
        file.write_bytes(b"\x7fELF")
    library = compiled.load(carried, flags)
    assert library.answer() == 2
    assert "wheel" not in compiled.made_by(library)["compiler"]


def test_the_engines_ask_for_the_libraries_that_a_wheel_carries(monkeypatch):
    """Each engine's own source and flags, without its compiling anything."""
    from dendmod.engines.kernel import library
    from dendmod.engines.lif import kernel as lif

    asked = []

    def found(source, flags):
        asked.append(prebuilt.file_name(source, flags, prebuilt.level()))
        raise LookupError

    monkeypatch.setattr(prebuilt, "find", found)
    calls = [lif._function.__wrapped__]
    calls += [
        lambda p=p: library._loaded.__wrapped__(p, prebuilt.level().width(library.BITS[p]))
        for p in library.BITS
    ]
    if importlib.util.find_spec("torch"):
        from dendmod.learning import gain_pass

        calls.append(gain_pass._library.__wrapped__)
    for call in calls:
        with pytest.raises(LookupError):
            call()
    here = prebuilt.level()
    made = [prebuilt.file_name(source, flags, here) for source, flags in prebuilt.libraries(here)]
    assert set(asked) <= set(made)
    assert len(asked) == len(calls)


def test_the_build_needs_python_alone():
    """The hook imports these in an environment with nothing but hatchling."""
    code = (
        "import sys; from dendmod.engines import compiled, prebuilt; "
        "sys.exit(bool({'numpy', 'pydantic', 'neuron', 'typer'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_selfcheck_says_what_is_wrong_and_what_it_could_not_check(monkeypatch):
    def broken():
        raise AssertionError("spikes: 1; expected 2")

    def unmade():
        raise selfcheck._NotMade("perl was not found")

    monkeypatch.setattr(selfcheck, "_network", broken)
    monkeypatch.setattr(selfcheck, "_cell", unmade)
    done = CliRunner().invoke(app, ["selfcheck"])
    assert done.exit_code == 1
    assert "ok          integrate-and-fire network: 3816 spikes" in done.output
    assert "failed      network of reduced cells: spikes: 1; expected 2" in done.output
    assert "not checked the L5 cell: perl was not found" in done.output
    assert "1 of 3 checks passed, 1 failed, 1 could not be made" in done.output
