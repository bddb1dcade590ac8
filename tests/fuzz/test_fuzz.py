"""A short run of the fuzzer over every reader, and whether it sees what is wrong."""

import pytest

from tests.fuzz.child import cases
from tests.fuzz.readers import READERS
from tests.fuzz.run import run, watched

CASES = 25


@pytest.mark.parametrize("name", READERS)
def test_changed_files_are_read_or_refused_in_our_words(name):
    if name == "nwb":
        pytest.importorskip("pynwb")
    if name in ("images", "model"):
        pytest.importorskip("torch")
    found = [row for row in cases(name, 0, CASES, seed=0) if row["state"] != "begun"]
    assert len(found) == CASES
    assert not [row for row in found if row["state"] == "fault"]
    assert {"accepted", "refused"} >= {row["state"] for row in found} >= {"refused"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raises", "KeyError"),
        ("unnamed", "the file is not named"),
        ("foreign", "words of Python"),
        ("gives_nan", "NaN in value[a][1]"),
        ("warns", "numpy warns: overflow"),
        ("writes", "files were changed"),
        ("leaves", "files were changed"),
    ],
)
def test_each_kind_of_fault_is_seen(fault, said):
    (row,) = (r for r in cases(f"tests.fuzz.broken:{fault}", 0, 1, seed=0) if r["state"] != "begun")
    assert row["state"] == "fault"
    assert said in row["what"]


def test_a_process_that_ends_hangs_or_eats_memory_is_seen_and_the_next_case_read():
    for fault, said in (
        ("ends", "the process ended (0)"),
        ("hangs", "no end within 0.5 s"),
        ("eats", "MemoryError"),
    ):
        rows = list(watched(f"tests.fuzz.broken:{fault}", 0, 2, seed=0, seconds=0.5))
        assert [row["case"] for row in rows] == [0, 1]
        assert all(said in row["what"] for row in rows)


def test_a_run_that_was_stopped_goes_on_and_gives_the_same(tmp_path):
    whole = run("waveform", 12, 3, tmp_path / "whole.jsonl")
    part = tmp_path / "part.jsonl"
    run("waveform", 5, 3, part)
    part.write_text(part.read_text() + '{"case": 5, "sta')  # killed while it wrote
    again = run("waveform", 12, 3, part)
    assert [(r["case"], r["state"]) for r in again] == [(r["case"], r["state"]) for r in whole]
