"""Is a broken morphology refused, with its line?"""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dendmod.errors import MorphologyError, MorphologyWarning
from dendmod.morphology import Morphology, read
from dendmod.morphology.model import Section
from dendmod.morphology.write import write_swc
from dendmod.paths import data_dir

GOOD = """# a small cell
1 1 0 0 0 5 -1
2 1 0 5 0 5 1
3 3 5 0 0 1 1
4 3 15 0 0 0.5 3
5 4 0 10 0 1 2
6 4 0 50 0 0.8 5
"""
GOOD_ASC = """("CellBody"
(CellBody)
(-3 -3 0 1)
(3 -3 0 1)
(0 3 0 1)
)
((Apical) (0 3 0 3)
(0 10 0 3)
)
"""


def write(tmp_path, text, name="cell.swc"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_the_good_file_is_read(tmp_path):
    m = read(write(tmp_path, GOOD))
    assert [s.kind for s in m.sections] == ["soma", "basal", "apical"]
    assert m.length(1) == pytest.approx(10)


def ring(n, radius=8.0, thick=0.1):
    """An SWC file whose soma is a ring of thin points, as converters of outlines write it."""
    at = 2 * np.pi * np.arange(n) / n
    rows = [f"{i + 1} 1 {radius * np.cos(a)} {radius * np.sin(a)} 0 {thick} {i or -1}"
            for i, a in enumerate(at)]  # fmt: skip
    return "\n".join([*rows, f"{n + 1} 3 8 0 0 1 1", f"{n + 2} 3 50 0 0 1 {n + 1}"])


@pytest.mark.parametrize("n", [4, 5, 12, 40])
def test_an_outline_of_a_soma_is_not_taken_for_a_chain_of_cylinders(tmp_path, n):
    with pytest.raises(MorphologyError, match=r"cell.swc: the soma: .* an outline"):
        read(write(tmp_path, ring(n)))


def test_a_soma_of_many_cylinders_is_one(tmp_path):
    rows = [f"{i + 1} 1 0 {2 * i} 0 {5 - abs(i - 3)} {i or -1}" for i in range(7)]
    m = read(write(tmp_path, "\n".join([*rows, "8 3 5 0 0 1 1", "9 3 50 0 0 1 8"])))
    assert m.length(0) == pytest.approx(12)


def test_sizes_that_are_not_in_um_are_warned_of(tmp_path):
    in_mm = "\n".join(
        f"{i} {kind} {float(x) / 1e3} {float(y) / 1e3} {float(z) / 1e3} {float(r) / 1e3} {parent}"
        for i, kind, x, y, z, r, parent in (line.split() for line in GOOD.splitlines()[1:])
    )
    with pytest.warns(MorphologyWarning, match=r"soma: diameter 0.01 um, usual are 2 to 100"):
        read(write(tmp_path, in_mm))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(write(tmp_path, GOOD))


def test_an_asc_root_that_branches_far_from_the_soma_gets_no_invented_stub(tmp_path):
    far = (
        GOOD_ASC
        + "( (Dendrite)\n(300 0 0 1)\n((310 0 0 1)\n(320 0 0 1)\n|(310 9 0 1)\n(320 9 0 1)\n)\n)\n"
    )
    with pytest.raises(MorphologyError, match=r"cell.asc:11: .* 299 um from the middle of a soma"):
        read(write(tmp_path, far, "cell.asc"))
    m = read(write(tmp_path, far.replace("(300 0 0 1)", "(4 0 0 1)"), "cell.asc"))
    assert m.neuron_names[2:] == ("dend[0]", "dend[1]", "dend[2]")


def test_a_first_point_given_twice_can_be_written_and_read(tmp_path):
    twice = Section("basal", [[5, 0, 0], [5, 0, 0], [15, 0, 0]], [1, 1, 1], 0)
    soma = Section("soma", [[0, -5, 0], [0, 5, 0]], [10, 10], -1)
    write_swc(Morphology("twice", (soma, twice)), tmp_path / "out.swc")
    again = read(tmp_path / "out.swc")
    assert again.length(1) == pytest.approx(9.8)
    assert np.isfinite(again.sections[1].points).all()


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
        ("4 3 15 0 0 0.5 3", "4 9 15 0 0 0.5 3", r"cell.swc:5: the type 9 is not known"),
        ("4 3 15 0 0 0.5 3", "4 3 15 0 0 1e-9 3", r"cell.swc:5: a radius below"),
        ("4 3 15 0 0 0.5 3", "4 3 15 0 1e39 0.5 3", r"cell.swc:5: .* is no neuron's"),
        ("4 3 15 0 0 0.5 3", "4 1 15 0 0 0.5 3", r"cell.swc:5: .* has a neurite as its parent"),
        ("4 3 15 0 0 0.5 3", "4 3 5 0 0 0.5 3", r"cell.swc:4: .* has no length"),
        (
            "4 3 15 0 0 0.5 3",
            "4 3 15 0 0 0.5 3\n7 3 15 0 0 0.4 4\n8 3 15 9 0 0.4 4",
            r"cell.swc:6: the branch that ends here has no length",
        ),
        (
            "4 3 15 0 0 0.5 3",
            "4 3 15 0 0 0.5 3\n7 3 15 0 0 0.4 4\n8 3 15 9 0 0.4 4\n"
            "9 3 15 9 5 1 7\n10 3 15 9 -5 1 7",
            r"cell.swc:6: the branch that ends here has no length",
        ),
        ("4 3 15 0 0 0.5 3", "1_0 3 15 0 0 0.5 3", r"cell.swc:5: Unable to parse this line"),
        ("2 1 0 5 0 5 1", "2 1 0 0 0 5 1", r"cell.swc: the soma: .* has no length"),
        (
            "3 3 5 0 0 1 1",
            "7 1 0 9 0 5 2\n8 1 3 9 0 5 2\n3 3 5 0 0 1 1",
            r"cell.swc:5: .* branches",
        ),
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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(0 10 0 3)", "(0 10 0 x)", r"cell.asc:8: not a number"),
        ("(0 10 0 3)", "(0 10 0 0)", r"cell.asc:8: .* has a diameter of 0"),
        ("(0 10 0 3)", "(0 10 0 nan)", r"cell.asc:8: .* not finite"),
        ("(0 10 0 3)", "(0 3 0 1)", r"cell.asc:\d: .* has no length"),
        ("(3 -3 0 1)\n(0 3 0 1)", "", r"cell.asc: .* only a single point is not valid"),
        ("(-3 -3 0 1)", "(-3 nan 0 1)", r"cell.asc:3: .* not finite"),
        ("(0 10 0 3)", "(0 1e39 0 3)", r"cell.asc:8: .* not finite or beyond"),
        ("(0 10 0 3)", "(0 10 0 \xfc)", r"cell.asc:8: not a number"),
        ("(0 3 0 1)\n", "", r"cell.asc: the soma: its outline has 2 points"),
        (
            "(3 -3 0 1)\n(0 3 0 1)",
            "(0 0 0 1)\n(3 3 0 1)",
            r"the soma: its outline encloses nothing",
        ),
    ],
)
def test_a_broken_asc_is_refused(tmp_path, old, new, message):
    assert len(read(write(tmp_path, GOOD_ASC, "cell.asc")).sections) == 2
    assert old in GOOD_ASC
    with pytest.raises(MorphologyError, match=message):
        read(write(tmp_path, GOOD_ASC.replace(old, new), "cell.asc"))


def test_numbers_saved_by_a_table_program_are_read(tmp_path):
    """numpy.savetxt writes every column as 1.000000000000000000e+00."""
    rows = [[float(x) for x in line.split()] for line in GOOD.splitlines()[1:]]
    np.savetxt(tmp_path / "saved.swc", rows)
    plain, saved = read(write(tmp_path, GOOD)), read(tmp_path / "saved.swc")
    assert plain.sha256 == saved.sha256
    with pytest.raises(MorphologyError, match=r"cell.swc:5: id, type and parent are whole"):
        read(write(tmp_path, GOOD.replace("4 3 15", "4.5 3 15")))


def test_a_file_from_another_system_is_read(tmp_path):
    path = tmp_path / "cell.swc"
    odd = "\ufeff# comment\r\n" + GOOD.replace("\n", "\r\n")
    path.write_bytes(odd.encode())
    shape = read(path).sha256
    path.write_bytes(b"# caf\xe9 \x85 and more\n" + GOOD.encode())  # not UTF-8; \x85 ends no line
    assert read(path).sha256 == shape


def test_a_type_may_change_along_a_branch_but_no_dendrite_hangs_on_a_dropped_axon(tmp_path):
    axon_on_dendrite = read(write(tmp_path, GOOD + "7 2 25 0 0 0.5 4\n8 2 35 0 0 0.5 7\n"))
    assert [s.kind for s in axon_on_dendrite.sections] == ["soma", "basal", "axon", "apical"]
    assert len(axon_on_dendrite.without_axon().sections) == 3
    turned = GOOD.replace("3 3 5", "3 2 5").replace("4 3 15", "4 2 15") + "7 3 25 0 0 0.5 4\n"
    with pytest.raises(MorphologyError, match=r"basal\[0\] hangs on the axon"):
        read(write(tmp_path, turned)).without_axon()


@pytest.mark.parametrize("where", ["cell.asc", "file/cell.swc"])
def test_what_cannot_be_written_is_refused(tmp_path, where):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MorphologyError, match=r"ends in \.swc|cannot be written"):
        write_swc(read(write(tmp_path, GOOD)), tmp_path / where)


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


@pytest.mark.parametrize("name", ["cell.swc", "cell.asc"])
@settings(max_examples=200, deadline=None)
@given(
    damage=st.lists(
        st.tuples(st.sampled_from(["cut", "drop", "repeat", "byte", "end"]),
                  st.integers(0, 10_000), st.integers(1, 255)),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_random_bytes_never_crash_the_reader(tmp_path_factory, name, damage):
    raw = bytearray({"cell.swc": GOOD, "cell.asc": GOOD_ASC}[name].encode())
    for kind, place, value in damage:
        lines = bytes(raw).split(b"\n")
        i, n = place % len(raw), place % len(lines)
        if kind == "byte":
            raw[i] = value
        elif kind == "end":
            raw = raw[: i + 1]
        elif kind == "cut":
            del raw[i : min(i + value, len(raw) - 1)]
        elif kind == "drop" and len(lines) > 2:
            raw = bytearray(b"\n".join(lines[:n] + lines[n + 1 :]))
        elif kind == "repeat":
            raw = bytearray(b"\n".join([*lines[:n], lines[n], *lines[n:]]))
        raw = raw or bytearray(b"1")
    path = tmp_path_factory.mktemp("fuzz") / name
    path.write_bytes(bytes(raw))
    refusal, m = "", None
    try:
        m = read(path)
    except MorphologyError as error:
        refusal = str(error)
    if m is None:
        assert name in refusal
        assert "\x1b" not in refusal
    else:
        assert all(0 < s.length < 1e7 and 0 < s.area < 1e14 for s in m.sections)
