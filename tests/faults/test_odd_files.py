"""Valid but odd files are read; what is wrong is said in words that are true and name the file.

Each test holds a kind of fault that the fuzzer found (docs/robustness.md).
"""

import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from dendmod import paths
from dendmod.cells.file import load_cell
from dendmod.cells.imports import allen, bluepyopt
from dendmod.cells.imports.neuroml import start_of, which_cell
from dendmod.errors import (
    CacheError,
    DendmodError,
    MechanismError,
    MorphologyError,
    SpecError,
    did_you_mean,
)
from dendmod.exchange import read_io
from dendmod.learning.data import load_npz
from dendmod.mechanisms import nmodl
from dendmod.mechanisms.nmodl import facts_of
from dendmod.morphology import read
from dendmod.npz import npz_of
from dendmod.paths import data_dir
from dendmod.protocol import load_protocol, load_readings
from dendmod.protocol.stimuli_file import load_stimuli, tasks_of
from dendmod.protocol.stimulus_fields import read_waveform
from dendmod.spec.grid import grid_points
from dendmod.spec.result import Result
from dendmod.spec.tables import load_toml
from dendmod.sweep.cluster import _resolve
from dendmod.switching.model import read_images
from dendmod.texts import read_json, read_text
from tests import json_cells

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "own_cell"
SWC = "# a cell\n1 1 0 0 0 8 -1\n2 3 0 40 0 1.5 1\n3 3 0 90 5 1.0 2\n"
WRITTEN = {
    "with a mark": lambda t: t.encode("utf-8-sig"),
    "UTF-16": lambda t: t.encode("utf-16"),
    "UTF-16, big end first": lambda t: b"\xfe\xff" + t.encode("utf-16-be"),
    "Windows": lambda t: t.replace("\n", "\r\n").encode(),
    "old Macintosh": lambda t: t.replace("\n", "\r").encode(),
    "no end of the last line": lambda t: t.rstrip("\n").encode(),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_text_is_the_same_however_an_editor_writes_it(written, tmp_path):
    """Morphologies, cells, TOML, JSON, IO files and waveforms."""
    (tmp_path / "cell.swc").write_bytes(written(SWC))
    assert [s.length for s in read(tmp_path / "cell.swc").sections[1:]] == pytest.approx([50.2494])
    for file in ("cell.toml", "cell.swc"):
        (tmp_path / file).write_bytes(written((EXAMPLE / file).read_text(encoding="utf-8")))
    shutil.copytree(EXAMPLE / "mod", tmp_path / "mod")
    ours, theirs = (load_cell(folder / "cell.toml").cell for folder in (tmp_path, EXAMPLE))
    assert ours.biophysics == theirs.biophysics
    (tmp_path / "a.json").write_bytes(written('{"a": [1,\n "ü"]}\n'))
    assert read_json(tmp_path / "a.json") == {"a": [1, "ü"]}
    (tmp_path / "w.csv").write_bytes(written("t,i\n0,0\n5,0.2\n"))
    assert [x.tolist() for x in read_waveform(str(tmp_path / "w.csv"))] == [[0, 5], [0, 0.2]]


def test_an_io_file_with_a_mark_is_read(tmp_path):
    source = data_dir("protocols") / "io_nmda.json"
    (tmp_path / "io.json").write_bytes(b"\xef\xbb\xbf" + source.read_bytes())
    assert read_io(tmp_path / "io.json").sha256 == read_io(source).sha256


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("ä".encode("latin-1"), "byte 1 is not UTF-8; save the file as UTF-8"),
        (b"[" * 30_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not a JSON file"),
        (b'{"a": 1, "a": 2}', "'a' is given twice"),
        (b"", "not a JSON file"),
    ],
)
def test_what_is_no_json_is_said(raw, said, tmp_path):
    (tmp_path / "a.json").write_bytes(raw)
    with pytest.raises(SpecError, match=said) as caught:
        read_json(tmp_path / "a.json")
    assert str(tmp_path / "a.json") in str(caught.value)
    with pytest.raises(SpecError, match="cannot be read"):
        read_text(tmp_path)


@pytest.mark.parametrize("text", ["a = " + "[" * 30_000, "a = " + "9" * 5000, "a = 1\na = 2"])
def test_what_is_no_toml_is_said(text, tmp_path):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(SpecError, match=r"a\.toml: not a TOML file"):
        load_toml(tmp_path / "a.toml")


def test_an_error_of_a_variant_names_the_readings_and_the_variant(tmp_path):
    source = data_dir("protocols")
    shutil.copy(source / "fig1.toml", tmp_path)
    text = (source / "fig1_readings.toml").read_text()
    first = tomllib.loads(text)["variants"][0]["name"]
    (tmp_path / "mine.toml").write_text(
        text + '\n[[variants]]\nname = "odd"\nset = {"run.dt_ms" = -1}\n'
    )
    with pytest.raises(SpecError, match=r"mine\.toml: variant odd: .*run\.dt_ms"):
        load_readings(tmp_path / "mine.toml")
    assert first != "odd"
    text = (tmp_path / "fig1.toml").read_text()
    (tmp_path / "p.toml").write_text(text.replace("[cell]", '[cell]\nfile = "nowhere"'))
    with pytest.raises(SpecError, match=r"p\.toml: there is no cell 'nowhere'"):
        load_protocol(tmp_path / "p.toml")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("0..0", "not a number"),
        ("1e", "not a number"),
        ("1,", "not a number"),
        ("--3", "not a number"),
        ("\x1b", "not a number"),
    ],
)
def test_a_number_of_an_asc_file_that_is_none_is_refused(number, said, tmp_path):
    text = (
        '("CellBody" (CellBody)\n (10 0 0 1)\n (0 10 0 1)\n (-10 0 0 1)\n)\n'
        "((Dendrite)\n (12 0 0 2)\n (60 5 NUMBER 1.8)\n)\n"
    )
    path = tmp_path / "cell.asc"
    path.write_text(text.replace("NUMBER", "-0.5e+1"))
    assert len(read(path).sections) == 2
    path.write_text(text.replace("NUMBER", number))
    with pytest.raises(MorphologyError, match=rf"cell\.asc:.*{said}") as caught:
        read(path)
    assert str(caught.value).isprintable()


def test_sizes_that_no_neuron_has_are_refused_in_every_format(tmp_path):
    membrane = {"region": "soma", "nseg": 1, "Ra": 100, "mechanisms": [], "values": {"cm": [1]}}
    for change in ({"L": 1e308}, {"points": [[0, 0, 0, 2], [0, 1e300, 0, 2]]}, {"diam": [1e9]}):
        section = {"name": "soma", "parent": -1, "L": 20, "diam": [20], "membrane": membrane}
        table = {"name": "x", "celsius": 20, "v_init": -70, "sections": [section | change]}
        path = json_cells.dump(tmp_path / "x.sections.json", table)
        with pytest.raises(MorphologyError, match=r"x\.sections\.json: .*beyond 1e\+06 um"):
            read(path)


@pytest.mark.parametrize("rule", ["1 + 99999999999*int(L/40)", "20001", "0.5"])
def test_more_segments_than_neuron_or_a_machine_can_have_are_refused_at_once(rule, tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "cell")
    file = tmp_path / "cell" / "cell.toml"
    text = file.read_text()
    assert 'rule = "1 + 2*int(L/40)"' in text
    file.write_text(text.replace('rule = "1 + 2*int(L/40)"', f'rule = "{rule}"'))
    with pytest.raises(SpecError, match=r"cell\.toml: discretisation: .* segments"):
        load_cell(file)


def test_a_number_of_a_mechanism_that_no_double_holds_is_refused(tmp_path):
    text = (data_dir("mechanisms") / "Ih.mod").read_text()
    path = tmp_path / "Ih.mod"
    path.write_text(text.replace("-45", "-1e999", 1))
    assert path.read_text() != text
    with pytest.raises(MechanismError, match=r"Ih\.mod: the number .*1e999.* is not finite"):
        facts_of([path])


def saved(path, **arrays):
    path.write_bytes(npz_of({k: np.asarray(v) for k, v in arrays.items()}))
    return path


RESULT = {
    "header": json.dumps({"schema": "dendmod/result/1", "recordings": ["a"], "provenance": {}}),
    "t": np.arange(3.0), "v": np.zeros((1, 3)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"header": "3"}, "no table with a schema"),
        ({"header": "[" * 30_000}, "no JSON"),
        ({"header": RESULT["header"].replace('["a"]', "true")}, "a part is not there or not as"),
        (
            {"header": RESULT["header"][:-1] + ', "spike_threshold": NaN}'},
            "it holds NaN; every number must be finite",
        ),
        ({"v": np.full((1, 3), np.nan)}, "v: 3 of 3 values are not finite"),
        ({"v": np.zeros((1, 3), complex)}, "v: .* is no array of numbers"),
        ({"t": np.array(["1", "2", "3"])}, "t: .* is no array of numbers"),
    ],
)
def test_a_result_with_a_part_that_cannot_be_is_refused(change, said, tmp_path):
    assert Result.load(saved(tmp_path / "a.npz", **RESULT)).v["a"].tolist() == [0, 0, 0]
    with pytest.raises(SpecError, match=rf"(?s)a\.npz is no file of a result .*{said}"):
        Result.load(saved(tmp_path / "a.npz", **(RESULT | change)))


def test_images_that_cannot_be_learned_are_refused_when_they_are_read(tmp_path):
    images, labels = np.zeros((6, 2, 2)), np.arange(6) % 3
    parts = {f"{p}_{w}": x for p in ("train", "val", "test")
             for w, x in (("images", images), ("labels", labels))}  # fmt: skip
    assert load_npz(saved(tmp_path / "a.npz", **parts)).n_classes == 3
    for change in (
        {"train_labels": np.where(labels == 2, 2**40, labels)},  # no range of that length is made
        {"val_images": np.float64(3)}, {"test_labels": np.int64(3)}, {"train_images": images[:0]},
    ):  # fmt: skip
        with pytest.raises(SpecError, match=r"a\.npz"):
            load_npz(saved(tmp_path / "a.npz", **(parts | change)))
    with pytest.raises(SpecError, match=r"a\.npz: pixel intensities"):
        read_images(saved(tmp_path / "a.npz", images=images * np.nan, labels=labels))


@pytest.mark.parametrize(
    ("t", "i", "said"),
    [
        ([], [], "give two rows"),
        ([0, 1], [0], "give two rows"),
        ([[0, 1]], [[0, 1]], "give two rows"),
        ([0, 2, 1], [0, 0, 0], "the times go back"),
        ([0, np.nan], [0, 0], "not finite"),
    ],
)
def test_a_waveform_that_is_none_is_refused(t, i, said, tmp_path):
    with pytest.raises(SpecError, match=rf"w\.npz.*{said}"):
        read_waveform(str(saved(tmp_path / "w.npz", t=np.array(t, float), i=np.array(i, float))))


ODD = (None, True, 3, 1e400, "", [], {}, [None], float("nan"), "a" * 3000)


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_a_value_of_another_kind_in_a_format_of_the_field_is_refused_by_name(value, tmp_path):
    """Each field of a fit of the Allen Institute and a row of BluePyOpt, in turn."""
    swc, mods = json_cells.shape(tmp_path), json_cells.mods(tmp_path)
    formats = (
        (json_cells.allen(tmp_path), lambda file: allen.convert(file, swc=swc, mod=mods)),
        (
            json_cells.bluepyopt(tmp_path),
            lambda file: bluepyopt.convert(
                file, morphology=swc, mechanisms=tmp_path / "mechanisms.json",
                values=tmp_path / "final.json", key="best", mod=mods,
            ),
        ),
    )  # fmt: skip
    for file, convert in formats:
        convert(file)
        text = file.read_text()
        for k in range(len(list(places(json.loads(text))))):
            table = json.loads(text)
            holder, key = list(places(table))[k]
            if holder[key] == value:
                continue
            holder[key] = value
            file.write_text(json.dumps(table))
            try:
                convert(file)
            except DendmodError as error:
                assert file.name in str(error)
                assert len(str(error)) < 8000


def places(value):
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@pytest.mark.parametrize(
    ("head", "potential", "said"),
    [
        ('encoding="UTF-9"', "-65 mV", "is no XML: unknown encoding"),
        ("", "-65 M", "initMembPotential is '-65M'; give a potential"),
        ("", "nanmV", "initMembPotential is 'nanmV'"),
    ],
)
def test_a_neuroml_file_that_cannot_be_is_refused(head, potential, said, tmp_path):
    path = tmp_path / "cell.nml"
    path.write_text(
        f'<?xml version="1.0" {head}?><neuroml><cell id="a"><initMembPotential '
        f'value="{potential}"/></cell></neuroml>'
    )
    with pytest.raises(SpecError, match=rf"cell\.nml.*{said}"):
        (which_cell(path), start_of(path))


def test_a_list_of_what_is_allowed_is_never_too_long_or_empty():
    names = [f"apical[{k}]" for k in range(1000)]
    said = did_you_mean("apical[7", names)
    assert "Did you mean 'apical[7]'?" in said
    assert said.endswith("and 940 more.")
    assert did_you_mean(3, ["a"]) == " Allowed: a."
    assert did_you_mean("x", []) == " None is there."
    did_you_mean("x" * 10**6, names)  # at once


HANGS = """
import sys, time
path = sys.argv[1]
print('{"path": "' + path + '", "error": "no"}', flush=True)
print('{"path": "' + path, end="", flush=True)
time.sleep(60)
"""


def test_a_parser_that_does_not_end_is_given_up_and_the_file_named(tmp_path, monkeypatch):
    monkeypatch.setattr(nmodl, "_PATIENCE", 0.1)
    monkeypatch.setattr(nmodl.sys, "argv", ["x"])
    (tmp_path / "hangs.py").write_text(HANGS)
    ask = nmodl.subprocess.run
    monkeypatch.setattr(
        nmodl.subprocess,
        "run",
        lambda command, **options: ask(
            [command[0], str(tmp_path / "hangs.py"), *command[3:]], **(options | {"timeout": 2})
        ),
    )
    found = nmodl._parsed_elsewhere([Path("a.mod"), Path("b.mod")])
    assert found[Path("a.mod")] == {"error": "no"}
    assert "NEURON's parser stopped: no end within" in found[Path("b.mod")]["error"]


def test_a_record_of_the_cache_that_was_cut_off_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("DENDMOD_CACHE", str(tmp_path))
    file = data_dir("mechanisms") / "Ih.mod"
    (first,) = facts_of([file]).values()
    (kept,) = tmp_path.rglob("*.json")
    kept.write_text(kept.read_text()[:100])
    assert list(facts_of([file]).values()) == [first]
    assert json.loads(kept.read_text())["facts"]["suffix"] == "Ih"


def test_a_drive_without_locks_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(paths.fcntl, "flock", refuse)
    said = "cannot be locked: No locks available.*DENDMOD_CACHE"
    with pytest.raises(CacheError, match=said), paths.cache_lock(tmp_path / "x"):
        pass


@pytest.mark.parametrize(("text", "said"), [("{", "not a JSON file"), ("{}", "no address")])
def test_a_scheduler_file_that_is_none_is_named(text, said, tmp_path):
    (tmp_path / "scheduler.json").write_text(text)
    with pytest.raises(SpecError, match=rf"scheduler\.json.*{said}"):
        _resolve(str(tmp_path / "scheduler.json"))


def test_more_runs_than_can_be_listed_are_refused_at_once():
    for name in ("steps", "fig1"):
        load = load_stimuli if name == "steps" else load_protocol
        with pytest.raises(SpecError, match=r"run\.trials"):
            load(name, {"run.trials": 10**11})
    with pytest.raises(SpecError, match="a grid of 1000000000 combinations"):
        grid_points({name: tuple(range(1000)) for name in "abc"})


def test_an_io_file_whose_curve_would_give_infinity_is_refused(tmp_path):
    document = json.loads((data_dir("protocols") / "io_nmda.json").read_text())
    fit = document["fits"]["gain_xshift"]
    fit["gain"][0] = 1e308
    path = json_cells.dump(tmp_path / "io.json", document)
    with pytest.raises(ValueError, match=r"gain\[0\] is 1e\+308; give a number between"):
        read_io(path, verify=False)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "x" * 5000 + ".swc", "\ud800"])
def test_a_name_that_no_disk_can_have_is_a_name_that_is_not_there(name):
    for load in (load_cell, read, load_protocol, load_readings, load_stimuli, read_json):
        with pytest.raises((SpecError, MorphologyError)):
            load(name)


def test_a_duration_between_two_steps_is_refused_before_any_run():
    with pytest.raises(SpecError, match=r"run of steps: .*700.0 ms .* 0\.03 ms; give 699\.99"):
        tasks_of(load_stimuli("steps", {"run.dt_ms": 0.03, "run.tstop_ms": 700.0}))


@pytest.mark.parametrize("colour", ["RGB (0, 255, 64)", "RGBA (0, 255, 64, 12)", "Red"])
def test_a_colour_of_an_asc_file_is_no_point(colour, tmp_path):
    (tmp_path / "cell.asc").write_text(
        '("CellBody" (CellBody)\n (10 0 0 1)\n (0 10 0 1)\n (-10 0 0 1)\n)\n'
        f"((Color {colour}) (Dendrite)\n (12 0 0 2)\n (60 5 1 1.8)\n)\n"
    )
    assert len(read(tmp_path / "cell.asc").sections) == 2
