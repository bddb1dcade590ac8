"""Are cell files read as they say, and refused with what is wrong, where and what is allowed?"""

import json
import math
import shutil
import tomllib
from pathlib import Path

import pytest

from dendmod.cells.channels import blocked, channels
from dendmod.cells.file import find_cell, load_cell
from dendmod.errors import DendmodError, SpecError
from dendmod.spec.cell_file import CellFile
from dendmod.spec.expression import Expression

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_cell"


@pytest.fixture
def write(tmp_path):
    """Return what writes the example with a text replaced and more lines of parameters."""
    folder = tmp_path / "cell"
    shutil.copytree(EXAMPLE, folder)
    file = folder / "cell.toml"
    text = file.read_text(encoding="utf-8")

    def make(old: str = "", new: str = "", *, rows: str = "") -> Path:
        assert old in text
        before, mark, after = text.replace(old, new, 1).partition("[receptors")
        file.write_text(before + rows + "\n" + mark + after, encoding="utf-8")
        return folder

    return make


def section(loaded, name):
    return loaded.tables.sections[loaded.shape.numbers[name]]


def test_values_stand_where_lists_and_distributions_put_them():
    loaded = load_cell(EXAMPLE)
    soma, dend, stub, myelin = (section(loaded, n) for n in ("soma", "dend[1]", "axon[0]",
                                                             "myelin[0]"))  # fmt: skip
    assert soma.values["gmax_NaF"] == (0.08,)
    assert "gCa_HVAbar_Ca_HVA" not in soma.values
    assert set(soma.mechanisms) == {"pas", "NaF", "KDR"}
    assert myelin.values["cm"] == (0.04,)
    assert myelin.mechanisms == ("pas",)
    assert stub.nseg == 5
    assert loaded.cell.axon_stub.cylinders[0].diam == (2.0, 1.6, 1.3, 1.0, 1.0)
    start = loaded.shape.sections[loaded.shape.numbers["dend[1]"]].start
    length = loaded.shape.sections[loaded.shape.numbers["dend[1]"]].length
    for k, g in enumerate(dend.values["gmax_NaF"]):
        d = start + (k + 0.5) / dend.nseg * length
        assert g == pytest.approx(0.02 * math.exp(-d / 100), rel=1e-12)
        assert dend.values["gmax_KDR"][k] == pytest.approx(0.006 * (1 - 0.002 * d), rel=1e-12)
    assert set(dend.values["cm"]) == {1.8}
    assert set(section(loaded, "dend[0]").values["cm"]) <= {1.0, 1.8}
    assert channels(loaded.cell) == ("Ca_HVA", "KDR", "NaF", "SK_E2")
    closed = blocked(loaded.cell).biophysics.sections[0].values
    assert (closed["gmax_NaF"], closed["gmax_KDR"], closed["g_pas"]) == ((0,), (0,), (4e-5,))


def test_a_json_file_is_the_same_cell(write):
    folder = write()
    table = tomllib.loads((folder / "cell.toml").read_text(encoding="utf-8"))
    (folder / "cell.json").write_text(json.dumps(table), encoding="utf-8")
    assert load_cell(folder / "cell.json").cell == load_cell(folder).cell


ROWS_ON_MYELIN = """
[[parameters]]
name = "shift_NaF"
list = "myelinated"
value = 2

[[parameters]]
name = "gmax_KDR"
list = "myelinated and x < 0.2"
value = 1
"""


def test_a_mechanism_by_rows_is_closed_where_no_row_opens_it(write):
    folder = write(rows=ROWS_ON_MYELIN)
    myelin = section(load_cell(folder), "myelin[0]")
    assert myelin.values["gmax_NaF"] == (0.0,)  # and not the default of its file
    assert myelin.values["gmax_KDR"][0] == 1
    assert myelin.values["gmax_KDR"][-1] == 0
    folder = write("[receptors", '[insert]\nmyelinated = ["NaF"]\n\n[receptors')
    assert section(load_cell(folder), "myelin[0]").values["gmax_NaF"] == (0.05,)


def test_segments_follow_the_rule_the_length_constant_or_the_list(write):
    rule = 'rule = "1 + 2*int(L/40)"'
    assert section(load_cell(EXAMPLE), "apic[0]").nseg == 1 + 2 * int(171 / 40)
    by_list = load_cell(write(rule, 'rule = "1"\nnseg = { apical = 3, "apic[1]" = 7 }'))
    assert [section(by_list, f"apic[{i}]").nseg for i in range(3)] == [3, 7, 3]
    assert section(by_list, "dend[0]").nseg == 1
    fine, coarse = (load_cell(write(rule, f"d_lambda = {d}")) for d in (0.05, 0.2))
    assert section(fine, "apic[0]").nseg > section(coarse, "apic[0]").nseg


def test_an_axon_is_kept_or_left_out(write):
    text = (EXAMPLE / "cell.toml").read_text(encoding="utf-8")
    stub = text[text.index('treatment = "stub"') : text.index("[lists]")]
    none = load_cell(write(stub, 'treatment = "none"\n'))
    assert none.cell.axon_stub.cylinders == ()
    assert len(none.tables.sections) == len(none.shape.morphology.sections)
    folder = write(stub, 'treatment = "keep"\n')
    with (folder / "cell.swc").open("a", encoding="utf-8") as file:
        file.write("900 2 0 -20 0 0.5 1\n901 2 0 -60 0 0.5 900\n")
    kept = load_cell(folder)
    assert kept.cell.axon_stub is None
    assert section(kept, "axon[0]").values["gmax_NaF"] == (0.4,)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v_init_mV", "v_init_V", "the allowed unit is that of 'v_init_mV'"),
        ("mechanisms = ", "mechanism = ", "Did you mean 'mechanisms'?"),
        ('"mod"', '"mods"', "there is no folder"),
        ("gmax_NaF", "gbar_NaF", "NaF has no parameter 'gbar'. Did you mean 'gmax_NaF'?"),
        ("gmax_NaF", "gmax_NaG", "there is no parameter 'gmax_NaG'"),
        ('list = "somatic"', 'list = "soma_tic"', "Did you mean 'somatic'?"),
        ('list = "somatic"', 'list = "distance > 1e5"', "reaches no segment"),
        ('list = "somatic"', 'list = "apic[7]"', "there is no list 'apic[7]'"),
        ("distance > 40", "distanc > 40", "lists.spiny: 'dendritic and distanc > 40': there is no"),
        ("exp(-distance/100)", "exp(-distance/100", "is no expression"),
        ("exp(-distance/100)", "__import__('os')", "there is no function '__import__'"),
        ("exp(-distance/100)", "(distance).real", "is not allowed in an expression"),
        ("value*exp(-distance/100)", "-value", "gmax = -0.02 is not allowed"),
        ("value*exp(-distance/100)", "value/(distance - distance)", "cannot be computed"),
        ("value = 120", 'value = 120\ndist = "value + x"', "NEURON has one number a section"),
        ('at = "soma(1)"', 'at = "dend[0](1)"', "give soma(0) to soma(1)"),
        ("L_um = [30, 30]", "L_um = [30]", "a stub has 1 lengths"),
        ("kind = \"linear\"", "kind = \"lineal\"", "lineal"),
        ("rule = ", "d_lambda = 0.1\nrule = ", "give a rule or d_lambda, not both"),
        ('"1 + 2*int(L/40)"', '"L - 1000"', "would have"),
        ("v_init_mV = -75.0", "v_init_mV = -75.0\nglobals = { gmax_NaF = 1 }", "no mechanism"),
        ("AmpaNmdaSyn", "AmpaSyn", "receptors.context"),
        ("cell.swc", "call.swc", "morphology: there is no file"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_file_and_the_reason(write, old, new, message):
    folder = write(old, new)
    with pytest.raises(DendmodError) as error:
        load_cell(folder)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('name = "eca"\nvalue = 130', "Shell keeps the concentration of ca"),
        ('name = "eca"\nlist = "somatic"\nvalue = 130', "no mechanism there uses the ion ca"),
        ('name = "cm"\nlist = "spiny"', "has no value"),
        ('name = "gmax_NaF"\nlist = "spiny"\nvalue = 1\nfactor = 0', "factor"),
        ('name = "tau_Shell"\nvalue = 0\nlist = "apical"', "tau = 0.0 is not allowed"),
    ],
)
def test_rows_that_mean_nothing_are_refused(write, row, message):
    folder = write(rows=f"[[parameters]]\n{row}\n")
    with pytest.raises(DendmodError, match="cell.toml") as error:
        load_cell(folder)
    assert message in str(error.value)


def test_a_reversal_potential_has_to_be_given_wherever_its_ion_is(write):
    folder = write('name = "ek"', 'name = "ek"\nlist = "somatic"')
    with pytest.raises(SpecError, match=r"no row gives it in dend\[0\], which uses the ion k"):
        load_cell(folder)


def test_cells_are_found_by_folder_file_and_name(tmp_path):
    assert find_cell(EXAMPLE) == EXAMPLE / "cell.toml"
    assert find_cell("hay2011_3").name == "cell.toml"
    with pytest.raises(SpecError, match="Did you mean 'hay2011_3'"):
        find_cell("hay2011_4")
    with pytest.raises(SpecError, match=r"holds no cell.toml or cell.json"):
        find_cell(tmp_path)


def test_the_schema_of_a_file_can_be_written_and_read():
    table = tomllib.loads((EXAMPLE / "cell.toml").read_text(encoding="utf-8"))
    fields = CellFile.model_validate(table)
    assert CellFile.model_validate_json(fields.model_dump_json(by_alias=True)) == fields


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3*x", 3.5),
        ("(-0.8696 + 2.087*math.exp(({distance})*0.0031))*{value}",
         (-0.8696 + 2.087 * math.exp(100 * 0.0031)) * 2),
        ("value if 50 < distance <= 100 and not x > 0.6 else 0", 2),
        ("max(1, min(x, 3)) ** 2 - -1", 2),
        ("int(distance/30)", 3),
    ],
)  # fmt: skip
def test_expressions_are_computed(text, value):
    names = {"x": 0.5, "distance": 100.0, "value": 2.0}
    assert Expression(text).evaluator()(names) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    "text",
    ["x.real", "x[0]", "lambda: 1", "'text'", "f(x)", "exp(x=1)", "[1]", "x := 1", "x @ x", "1j",
     "exp", "().__class__", "9" * 2000],
)  # fmt: skip
def test_expressions_are_no_python(text):
    with pytest.raises(SpecError):
        Expression(text).check_names(("x",))


def test_an_expression_that_is_no_number_is_refused():
    for text in ("1/(x - x)", "9.0**9**9**9", "exp(1e4)", "(x - 1)**0.5", "log(x - 1)"):
        with pytest.raises(SpecError):
            Expression(text).evaluator()({"x": 0.5})
