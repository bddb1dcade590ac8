"""Files are written whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dendmod.atomic import replacing, replacing_folder


def fail_half_way(file: Path) -> None:
    with replacing(file) as partial:
        partial.write_text("half of what is n")
        raise ZeroDivisionError


def test_a_failing_writer_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    file = tmp_path / "deep" / "a.json"
    with replacing(file) as partial:
        partial.write_text("old")
    with pytest.raises(ZeroDivisionError):
        fail_half_way(file)
    assert [p.name for p in file.parent.iterdir()] == ["a.json"]
    assert file.read_text() == "old"


def test_nobody_sees_a_half_written_file(tmp_path):
    file = tmp_path / "a.json"
    with replacing(file) as partial:
        partial.write_text("half")
        assert not file.exists()
        partial.write_text("half and half")
    assert file.read_text() == "half and half"


def test_writers_of_one_file_do_not_mix(tmp_path):
    file, wrong = tmp_path / "a.bin", []
    both = threading.Barrier(8)

    def write(letter: int) -> None:
        both.wait()
        try:
            with replacing(file) as partial:
                for _ in range(50):
                    with open(partial, "ab") as out:
                        out.write(bytes([letter]) * 100)
        except OSError as error:
            wrong.append(error)

    writers = [threading.Thread(target=write, args=(65 + i,)) for i in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not wrong
    assert len(file.read_bytes()) == 5000
    assert len(set(file.read_bytes())) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_others_may_read_the_file_as_any_other(tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    with replacing(tmp_path / "a") as partial:
        partial.write_text("a")
    assert (tmp_path / "a").stat().st_mode == plain.stat().st_mode


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "deep" / "cell"
    for text in ("old", "new"):
        with replacing_folder(folder) as partial:
            (partial / "mod").mkdir()
            (partial / "mod" / "a").write_text(text)
            assert text == "new" or not folder.exists()
        assert (folder / "mod" / "a").read_text() == text

    def fail() -> None:
        with replacing_folder(folder) as partial:
            (partial / "b").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (folder / "mod" / "a").read_text() == "new"
    assert [p.name for p in folder.parent.iterdir()] == ["cell"]
