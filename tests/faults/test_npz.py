"""What npz files that are not right are answered with."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dendmod.errors import SpecError
from dendmod.npz import read_npz


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "good.npz"
    np.savez_compressed(path, a=np.arange(2000.0), b=np.array("text"))
    return path


def test_all_arrays_are_read(good):
    found = read_npz(good)
    assert set(found) == {"a", "b"}
    assert np.array_equal(found["a"], np.arange(2000.0))
    assert str(found["b"]) == "text"


@given(part=st.floats(0, 0.999))
def test_a_file_cut_short_anywhere_is_refused(good, part):
    raw = good.read_bytes()
    short = good.with_name("short.npz")
    short.write_bytes(raw[: int(part * len(raw))])
    with pytest.raises(SpecError, match="cut short"):
        read_npz(short)


@given(place=st.floats(0.05, 0.7))
@example(place=0.07421875)  # an array's header that is no Python any more
def test_changed_bytes_are_refused_or_change_nothing(good, place):
    raw = bytearray(good.read_bytes())
    at = int(place * len(raw))
    raw[at] ^= 0xFF
    changed = good.with_name("changed.npz")
    changed.write_bytes(raw)
    try:
        found = read_npz(changed)
    except SpecError:
        return
    assert np.array_equal(found["a"], np.arange(2000.0))


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda p: p.write_text("no"), "no npz file"),
        (lambda p: np.save(p.open("wb"), np.arange(3)), "no npz file"),
        (lambda p: np.savez(p, a=np.array([{}], dtype=object)), "Python objects"),
        (lambda p: p.mkdir(), "Is a directory"),
        (lambda p: None, "No such file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, write, why):
    write(tmp_path / "x.npz")
    with pytest.raises(SpecError, match=why):
        read_npz(tmp_path / "x.npz")
