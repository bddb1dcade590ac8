"""Is C code compiled once, whole, and again when anything changes?"""

import multiprocessing

import pytest

from dendmod.engines import compiled
from dendmod.errors import EngineError

SOURCE = "int answer(void) { return %d; }\n"


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setenv("DENDMOD_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "answer.c"
    path.write_text(SOURCE % 41)
    return path


def _answer(path):
    return compiled.load(path).answer()


def _libraries(tmp_path):
    return list((tmp_path / "cache" / "compiled").glob("*.so"))


def test_a_change_of_source_or_flags_makes_a_new_library(source, tmp_path):
    assert _answer(source) == 41
    assert _answer(source) == 41
    assert len(_libraries(tmp_path)) == 1
    assert compiled.cache_key(source) != compiled.cache_key(source, ("-O0",))
    source.write_text(SOURCE % 42)
    assert _answer(source) == 42


def test_a_library_that_was_cut_short_is_built_again(source, tmp_path):
    place = tmp_path / "cache" / "compiled" / f"answer-{compiled.cache_key(source)}.so"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"\x7fELF")
    assert _answer(source) == 41


def test_processes_that_start_together_all_get_it(source, tmp_path):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_answer, [source] * 3) == [41, 41, 41]
    assert len(_libraries(tmp_path)) == 1
    assert not list((tmp_path / "cache" / "compiled").glob(".building-*"))


def test_errors_name_the_fault(source, monkeypatch):
    source.write_text("int answer(void) { return nothing; }\n")
    with pytest.raises(EngineError, match=r"answer.c does not compile.*nothing"):
        compiled.load(source)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(EngineError, match="apt-get install gcc"):
        compiled.load(source)
