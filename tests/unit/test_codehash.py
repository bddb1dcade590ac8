"""Results are made anew when the code that made them has changed."""

from __future__ import annotations

import pytest

from dendmod import codehash
from dendmod.codehash import code_hash


@pytest.fixture
def package(tmp_path, monkeypatch):
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "a.py").write_text("a = 1\n")
    (tmp_path / "engine" / "k.c").write_text("int k;\n")
    (tmp_path / "one.py").write_text("")
    monkeypatch.setattr(codehash, "_ROOT", tmp_path)
    code_hash.cache_clear()
    yield tmp_path
    code_hash.cache_clear()


@pytest.mark.parametrize("change", ["a.py", "k.c", "new.py"])
def test_a_change_in_a_folder_changes_its_hash(package, change):
    before = code_hash("engine", "one.py")
    assert len(before) == 64
    assert code_hash("engine") != before
    (package / "engine" / change).write_text("changed\n")
    code_hash.cache_clear()
    assert code_hash("engine", "one.py") != before


def test_what_does_not_belong_to_it_does_not(package):
    before = code_hash("engine")
    (package / "one.py").write_text("changed\n")
    (package / "engine" / "readme.txt").write_text("changed\n")
    code_hash.cache_clear()
    assert code_hash("engine") == before


def test_a_part_that_is_not_there_is_an_error(package):
    with pytest.raises(FileNotFoundError, match="'engines'"):
        code_hash("engines")
