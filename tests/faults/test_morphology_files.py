"""Is a broken morphology refused, with its line?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dendmod.errors import MorphologyError
from dendmod.morphology import read
from dendmod.paths import data_dir

GOOD = """# a small cell
1 1 0 0 0 5 -1
2 1 0 5 0 5 1
3 3 5 0 0 1 1
4 3 15 0 0 0.5 3
5 4 0 10 0 1 2
6 4 0 50 0 0.8 5
"""


def write(tmp_path, text, name="cell.swc"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_the_good_file_is_read(tmp_path):
    m = read(write(tmp_path, GOOD))
    assert [s.kind for s in m.sections] == ["soma", "basal", "apical"]
    assert m.length(1) == pytest.approx(10)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("4 3 15 0 0 0.5 3", "4 3 15 0 0 0.5 33", r"cell.swc:5: the parent 33 .* does not exist"),
        ("4 3 15 0 0 0.5 3", "4 3 nan 0 0 0.5 3", r"cell.swc:5: .* not finite"),
        ("4 3 15 0 0 0.5 3", "3 3 15 0 0 0.5 1", r"cell.swc:5: id 3 was given before, in line 4"),
        ("4 3 15 0 0 0.5 3", "4 3 15 0 0 0.5", r"cell.swc:5: 6 fields"),
        ("4 3 15 0 0 0.5 3", "4 3 15 0 x 0.5 3", r"cell.swc:5: not a number"),
        ("4 3 15 0 0 0.5 3", "4 3 15 0 0 -0.5 3", r"cell.swc:5: the radius is -0.5"),
        ("4 3 15 0 0 0.5 3", "4 3 15 0 0 0 3", r"cell.swc:5: the radius is 0"),
        ("4 3 15 0 0 0.5 3", "4 3 15 0 0 0.5 -1", r"cell.swc:5: a second root"),
        ("3 3 5 0 0 1 1", "3 3 5 0 0 1 4", r"cell.swc:\d: point \d is its own ancestor"),
        ("1 1 0 0 0 5 -1\n2 1", "1 3 0 0 0 5 -1\n2 3", r"no point has type 1"),
        ("4 3 15 0 0 0.5 3", "4 9 15 0 0 0.5 3", r"type"),
    ],
)
def test_a_broken_swc_is_refused_with_its_line(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(MorphologyError, match=message):
        read(write(tmp_path, GOOD.replace(old, new)))


@pytest.mark.parametrize("text", ["", "\n \n", "# only a comment\n"])
def test_an_empty_file_is_refused(tmp_path, text):
    with pytest.raises(MorphologyError, match=r"empty|no points"):
        read(write(tmp_path, text))


def test_a_missing_file_and_an_unknown_format_are_named(tmp_path):
    with pytest.raises(MorphologyError, match="there is no morphology file"):
        read(tmp_path / "absent.swc")
    with pytest.raises(MorphologyError, match=r"unknown format '.hoc'"):
        read(write(tmp_path, GOOD, "cell.hoc"))


def test_binary_junk_is_refused(tmp_path):
    path = tmp_path / "cell.swc"
    path.write_bytes(b"\x00\x01\x02" * 50)
    with pytest.raises(MorphologyError, match="zero bytes"):
        read(path)


def test_a_truncated_asc_is_refused_with_its_line(tmp_path, original):
    text = original.read_text(encoding="latin-1")
    with pytest.raises(MorphologyError, match=r"cell.asc:\d+: a '\(' that is never closed"):
        read(write(tmp_path, text[: len(text) // 2], "cell.asc"))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_random_damage_never_gives_a_broken_model(tmp_path_factory, data):
    lines = (data_dir("morphologies") / "l5pc" / "l5pc.swc").read_text().splitlines()[:200]
    n = data.draw(st.integers(2, len(lines) - 1))
    field = data.draw(st.integers(0, 6))
    value = data.draw(st.sampled_from(["nan", "-1", "0", "1e400", "x", "", "5", "-7", "99999"]))
    fields = lines[n].split()
    fields[field] = value
    lines[n] = " ".join(fields)
    path = write(tmp_path_factory.mktemp("fuzz"), "\n".join(lines))
    refusal, m = "", None
    try:
        m = read(path)
    except MorphologyError as error:
        refusal = str(error)
    if m is None:
        assert "cell.swc" in refusal
    else:
        assert all(s.length > 0 and s.area > 0 for s in m.sections)
