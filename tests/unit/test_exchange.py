"""Do fitted IO curves reach other programs unchanged, and are damaged files refused?"""

import copy
import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from typer.testing import CliRunner

from dendmod.cli import app
from dendmod.errors import ExchangeError, SpecError
from dendmod.exchange import IOFileError, read_io, schema_file
from dendmod.exchange.check import check_io
from dendmod.exchange.document import RawCurve, io_document, write_io
from dendmod.exchange.exporters import PROGRAMS, export
from dendmod.exchange.load_io import content_hash, from_document, load_io
from dendmod.iocurve import MODELS, fit_io
from dendmod.paths import data_dir

EXAMPLE = data_dir("protocols") / "io_nmda.json"
REPOSITORY = Path(__file__).resolve().parents[2]
LOADER = REPOSITORY / "dendmod" / "exchange" / "load_io.py"
LEVELS = (0, 3, 11, 20)
THRESHOLDS = np.array([[48.0, 80.0], [40.0, np.nan], [24.0, 50.0], [3.0, 26.0]])
X = np.linspace(-200, 300, 401)
SCHEMA = json.loads(schema_file().read_text())


def fits(thresholds=THRESHOLDS, levels=LEVELS):
    return {m: fit_io(thresholds, m, levels=levels) for m in MODELS}


def document(**changed):
    arguments = {"name": "toy", "title": "A toy", "level": "sites", "provenance": {"seed": 1}}
    return io_document(fits(), THRESHOLDS, **(arguments | changed))


def rehashed(doc):
    doc["sha256"] = content_hash(doc)
    return doc


# what was fitted is what is read


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-50, 200), st.floats(5, 100)), min_size=2, max_size=6, unique=True
    ),
    st.sampled_from(MODELS),
)
def test_curves_are_read_as_they_were_fitted(tmp_path_factory, pairs, model):
    n = np.array([(a, a + d) for a, d in pairs])
    fit = fit_io(n, model)
    path = tmp_path_factory.mktemp("io") / "io_x.json"
    made = io_document({model: fit}, n, name="x", title="x", level="sites", provenance={})
    write_io(path, made)
    io = load_io(path)
    fitted = fit.io_model()
    for i, level in enumerate(fit.levels):
        curve = io.curve(level)
        assert_array_equal(curve(X), fitted(level)(X))
        assert [curve(float(x)) for x in X[:5]] == list(fitted(level)(X[:5]))
        assert curve.fit_range == tuple(n[i])
    assert io.fit().residual == fit.residual
    if io.fit().status == "determined":
        assert_array_equal(io.fit().covariance, fit.covariance)
    jsonschema.validate(json.loads(path.read_text()), SCHEMA)
    assert check_io(io)[1] == []


def test_a_level_without_a_threshold_is_named_and_has_no_curve(tmp_path):
    write_io(tmp_path / "io.json", document())
    io = load_io(tmp_path / "io.json")
    assert io.left_out == (3,)
    assert list(io.fit("bias").curves) == [0, 11, 20]
    with pytest.raises(IOFileError, match="no curve for level 3 .*left out.*it has 0, 11, 20"):
        io.curve(3)
    with pytest.raises(IOFileError, match="no fit 'gian'"):
        io.curve(0, "gian")
    assert io.document["points"]["by_level"][1]["thresholds"] == [40.0, None]


def test_raw_points_are_kept_by_level():
    curves = [RawCurve(np.array([0, 4.0]), np.array([[0, 1.0], [2, 1]]))] * 4
    row = document(curves=curves)["points"]["by_level"][2]
    assert row["x"] == [0, 4]
    assert row["spikes"] == [[0, 1], [2, 1]]


def test_a_covariance_that_is_unknown_says_why():
    for n, why in (
        ([[1.0, 2.0], [3.0, 5.0]], "no degrees of freedom"),
        ([[10.0, 30.0]] * 3, "not determined by the points"),
    ):
        made = {"gain_xshift": fit_io(n, "gain_xshift")}
        said = io_document(made, n, name="x", title="", level="", provenance={})
        assert said["fits"]["gain_xshift"]["covariance"] is None
        assert said["fits"]["gain_xshift"]["covariance_status"] == why


def test_a_document_is_made_of_one_set_of_levels():
    mixed = {"gain": fit_io(THRESHOLDS, "gain", levels=LEVELS), "bias": fit_io(THRESHOLDS, "bias")}
    with pytest.raises(SpecError, match="other levels"):
        io_document(mixed, THRESHOLDS, name="x", title="", level="", provenance={})
    with pytest.raises(SpecError, match="shape"):
        io_document(fits(), THRESHOLDS[:2], name="x", title="", level="", provenance={})


# the file that ships, and a loader that stands alone


def test_the_example_follows_from_its_own_points():
    io = read_io(EXAMPLE)
    jsonschema.validate(io.document, SCHEMA)
    good, wrong = check_io(io)
    assert wrong == []
    assert len(good) == 5
    assert all(row["x"] for row in io.document["points"]["by_level"])
    hashes = io.document["provenance"]["hashes"]
    assert set(hashes) == {"mechanisms", "morphology", "protocol"}


def test_the_loader_is_one_file_of_the_standard_library(tmp_path):
    source = Path(sys.modules["dendmod.exchange.load_io"].__file__)
    shutil.copy(source, tmp_path / "load_io.py")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from load_io import load_io; "
        f"io = load_io({str(EXAMPLE)!r}); print(io.curve(11)(60.0)); "
        "third = {m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names); "
        "print(sorted(third - {'load_io', '__main__'}))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    y, third = done.stdout.splitlines()
    assert float(y) == read_io(EXAMPLE).curve(11)(60.0) > 1
    assert third == "[]"


# damage


def put(doc, path, value):
    *way, last = path
    for key in way:
        doc = doc[key]
    if value is KeyError:
        del doc[last]
    else:
        doc[last] = value


FIT = ("fits", "bias")
ROW = ("points", "by_level", 0)
# path, value, message; whether the JSON Schema can say it too
DAMAGE = [
    (("schema",), "dendmod/io/2", "written as dendmod/io/2", True),
    (("schema",), "dendmod/fig2/1", "one of the io_*.json beside it", True),
    (("schema",), KeyError, "schema is None", True),
    (("units",), {"x": "inputs per burst", "y": "Hz"}, "y is no rate", True),
    (("equation",), "y = gain * x", "this loader knows", True),
    (("fits",), KeyError, "the file has no fits", True),
    (("fits",), {}, "fits must hold", True),
    ((*FIT, "gain"), KeyError, "fits.bias has no gain", True),
    ((*FIT, "gain", 1), None, "fits.bias.gain[1] is None", True),
    ((*FIT, "gain", 1), "0.03", "fits.bias.gain[1] is 0.03", True),
    ((*FIT, "gain", 1), True, "fits.bias.gain[1] is True", True),
    ((*FIT, "gain"), [0.03], "fits.bias.gain must be a list of 3", False),
    ((*FIT, "gain", 1), 0.5, "shared by all levels, yet differs", False),
    ((*FIT, "levels"), [0, 11, 21], "levels without left_out", False),
    ((*FIT, "residual"), -1.0, "not negative", True),
    ((*FIT, "covariance"), [[1.0]], "fits.bias.covariance must be a list of 4", False),
    ((*FIT, "covariance"), None, "must be a matrix", False),
    ((*FIT, "covariance_status"), "fine", "must be one of", True),
    ((*FIT, "fit_range", 0), [1.0], "must be a list of 2", True),
    ((*FIT, "extra"), 1, "fields that dendmod/io/1 does not: extra", True),
    (("levels",), [0, 0, 11, 20], "levels must be different", True),
    (("left_out",), [5], "left_out some of them", False),
    (("default_model",), "gian", "is not in fits", True),
    ((*ROW, "level"), 7, "not levels[0]", False),
    ((*ROW, "spikes"), [[0, 1]], "counts for each of 0 x", False),
    ((*ROW, "thresholds"), [1.0], "must have 2 entries", False),
    (("name",), 3, "name must be text", True),
    (("provenance",), None, "provenance must be an object", True),
]


@pytest.mark.parametrize(("path", "value", "message", "in_schema"), DAMAGE)
def test_a_damaged_file_is_refused_with_its_place(path, value, message, in_schema):
    doc = document()
    put(doc, path, copy.deepcopy(value))
    with pytest.raises(IOFileError) as refused:
        from_document(rehashed(doc))
    assert message in str(refused.value)
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(doc) != in_schema


def test_a_changed_value_does_not_fit_the_hash(tmp_path):
    doc = document()
    doc["fits"]["gain"]["gain"][0] *= 1 + 1e-15
    (tmp_path / "io.json").write_text(json.dumps(doc))
    with pytest.raises(IOFileError, match="changed after it was written.*verify=False"):
        load_io(tmp_path / "io.json")
    changed = load_io(tmp_path / "io.json", verify=False).curve(0, "gain").gain
    assert changed == doc["fits"]["gain"]["gain"][0]


def test_white_space_and_the_order_of_fields_do_not_matter(tmp_path):
    doc = document()
    (tmp_path / "io.json").write_text(json.dumps(dict(reversed(doc.items()))))
    assert load_io(tmp_path / "io.json").sha256 == doc["sha256"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, EXAMPLE.stat().st_size - 3))
def test_a_cut_file_is_refused(tmp_path_factory, length):
    path = tmp_path_factory.mktemp("cut") / "io.json"
    path.write_bytes(EXAMPLE.read_bytes()[:length])
    with pytest.raises(IOFileError, match="cut off"):
        load_io(path)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, EXAMPLE.stat().st_size - 1), st.integers(0, 255))
def test_a_flipped_byte_is_refused_or_changes_nothing(tmp_path_factory, at, byte):
    data = bytearray(EXAMPLE.read_bytes())
    data[at] = byte
    path = tmp_path_factory.mktemp("flip") / "io.json"
    path.write_bytes(bytes(data))
    try:
        assert load_io(path).document == read_io(EXAMPLE).document
    except IOFileError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema": "dendmod/io/1", "a": NaN}', "holds NaN; every number must be finite"),
        ('{"a": -Infinity}', "holds -Infinity"),
        ('{"a": 1, "a": 2}', "occurs twice"),
        ("[]", "the file holds no object"),
        ("[" * 100_000, "no dendmod/io/1 file"),
        ("9" * 10_000, "no dendmod/io/1 file"),
        ("", "cut off"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, text, message):
    (tmp_path / "io.json").write_text(text)
    with pytest.raises(IOFileError) as refused:
        load_io(tmp_path / "io.json")
    assert message in str(refused.value)


def test_a_number_out_of_range_is_refused(tmp_path):
    text = EXAMPLE.read_text().replace('"residual": 0.0', '"residual": 1e999, "r": 0.0', 1)
    assert "1e999" in text
    (tmp_path / "io.json").write_text(text)
    with pytest.raises(IOFileError):
        load_io(tmp_path / "io.json")
    with pytest.raises(ExchangeError, match="cannot be read"):
        read_io(tmp_path / "missing.json")


def test_parameters_that_do_not_follow_from_the_points_are_found(tmp_path):
    doc = json.loads(EXAMPLE.read_text())
    doc["fits"]["gain"]["gain"][0] *= 1.01
    doc["points"]["by_level"][1]["spikes"][0] = [9, 9, 9, 9]
    (tmp_path / "io.json").write_text(json.dumps(rehashed(doc)))
    _, wrong = check_io(load_io(tmp_path / "io.json"))
    assert [line.split(":")[0] for line in wrong] == ["level 3", "gain, level 0"]


def test_a_residual_of_another_fit_is_found(tmp_path):
    doc = json.loads(EXAMPLE.read_text())
    doc["fits"]["bias"]["residual"] += 0.01
    (tmp_path / "io.json").write_text(json.dumps(rehashed(doc)))
    good, wrong = check_io(load_io(tmp_path / "io.json"))
    assert [line.split(" ")[0] for line in wrong] == ["bias:"]
    assert sum("of a new fit" in line for line in good) == 2  # the other models are right


# exports that need nothing else


def module(path):
    namespace = {}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    return namespace


@pytest.mark.parametrize("model", MODELS)
def test_the_numpy_module_gives_the_same_numbers(tmp_path, model):
    io = read_io(EXAMPLE)
    made = module(export(io, "numpy", tmp_path / "io.py", model))
    for level, curve in io.fit(model).curves.items():
        assert_array_equal(made["io"](X, level), curve(X))
    both = made["io"](X[:, None], [20, 0])
    assert_array_equal(both[:, 0], io.curve(20, model)(X))
    assert made["io"](60, 11) == io.curve(11, model)(60)
    with pytest.raises(ValueError, match="one of"):
        made["io"](X, 12)


@pytest.mark.parametrize("to", ["torch", "nest", "tvb", "lems"])
def test_text_for_other_programs_is_well_formed(tmp_path, to):
    from xml.etree import ElementTree

    doc = document(name='a "b" -- <c>', title='"""\\')
    write_io(tmp_path / "io.json", doc)
    path = export(read_io(tmp_path / "io.json"), to, tmp_path / f"io{PROGRAMS[to]}")
    text = path.read_text()
    if path.suffix == ".py":
        compile(text, str(path), "exec")
    else:
        ElementTree.fromstring(text)
    assert "no rate" in text
    assert doc["sha256"][:16] in text


def test_a_curve_that_nest_cannot_express_is_refused(tmp_path):
    doc = document()
    doc["fits"]["gain"]["gain"][1] = 0.0
    (tmp_path / "io.json").write_text(json.dumps(rehashed(doc)))
    with pytest.raises(ExchangeError, match="level 11 has a gain of 0"):
        export(read_io(tmp_path / "io.json"), "nest", tmp_path / "io.py", "gain")
    assert not (tmp_path / "io.py").exists()


# commands


def run(*arguments):
    return CliRunner().invoke(app, ["io", *map(str, arguments)])


def test_the_commands(tmp_path):
    shown = run("show", EXAMPLE, "--model", "bias")
    assert shown.exit_code == 0
    assert "spikes per burst" in shown.output
    assert f"{read_io(EXAMPLE).curve(11, 'bias').bias:.4f}" in shown.output
    assert run("check", EXAMPLE).output.count("ok: ") == 5
    done = run("export", EXAMPLE, "--to", "numpy", "--out", tmp_path / "sub" / "io.py")
    assert done.exit_code == 0
    assert "io" in module(tmp_path / "sub" / "io.py")
    wrong = run("export", EXAMPLE, "--to", "nupmy", "--out", tmp_path / "io.py")
    assert "Did you mean 'numpy'" in str(wrong.exception)
    wrong = run("export", EXAMPLE, "--to", "lems", "--out", tmp_path / "io.py")
    assert "must end in .xml" in str(wrong.exception)
    wrong = run("show", EXAMPLE, "--model", "gian")
    assert isinstance(wrong.exception, ExchangeError)


def test_check_refuses_wrong_parameters(tmp_path):
    doc = json.loads(EXAMPLE.read_text())
    doc["fits"]["bias"]["bias"][0] += 0.1
    (tmp_path / "io.json").write_text(json.dumps(rehashed(doc)))
    done = run("check", tmp_path / "io.json")
    assert isinstance(done.exception, ExchangeError)
    assert "bias, level 0" in str(done.exception)


def test_the_example_network_runs_from_the_file_and_the_loader_alone(tmp_path):
    for file in (EXAMPLE, LOADER, REPOSITORY / "docs" / "examples" / "gain_network.py"):
        shutil.copy(file, tmp_path)
    code = (
        "import sys; sys.modules['dendmod'] = None; sys.path.insert(0, '.')\n"
        "import gain_network\n"
        f"found = gain_network.main({EXAMPLE.name!r})\n"
        "assert all(right > 0.85 for right in found.values()), found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
