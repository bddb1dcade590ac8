"""Does a JSON format become the cell file that it means, and are bad files refused by name?"""

import json
import math
import shutil

import pytest

from dendmod.cells.file import load_cell
from dendmod.cells.imports import allen, bluepyopt, snudda
from dendmod.cells.imports.converted import bring
from dendmod.errors import DendmodError
from tests import json_cells as cells


def written(converted, folder):
    made = folder / "written"
    made.mkdir()
    converted.write(made)
    return load_cell(made)


def of_section(loaded, name):
    """Return values by name of a section, its number of segments and its Ra."""
    membrane = loaded.tables.sections[loaded.shape.numbers[name]]
    return membrane.values, membrane


def of_bluepyopt(folder, **changes):
    parameters = cells.bluepyopt(folder, **changes)
    values = folder / "final.json"
    return bluepyopt.convert(
        parameters, values, key="best", morphology=cells.shape(folder), mod=cells.mods(folder)
    )


def of_emodelrunner(folder, table=cells.EMODEL, values=cells.EMODEL_VALUES, **options):
    given = cells.dump(folder / "pyr.json", table)
    return bluepyopt.convert(
        given, cells.dump(folder / "final.json", values), morphology=cells.shape(folder),
        mod=cells.mods(folder), **options,
    )  # fmt: skip


def test_rows_of_bluepyopt_stay_rows_in_their_order(tmp_path):
    converted = of_bluepyopt(tmp_path)
    rows = converted.fields.parameters
    given = [r for r in cells.ROWS if r["type"] != "global"]
    assert [(r.name, r.list) for r in rows] == [(r["param_name"], r["sectionlist"]) for r in given]
    assert rows[-1].dist == cells.GROWING
    assert rows[-2].value == 0.04
    loaded = written(converted, tmp_path)
    assert (loaded.cell.celsius, loaded.cell.v_init) == (20, -64)
    apical, membrane = of_section(loaded, "apic[0]")
    assert (apical["cm"], membrane.Ra, membrane.nseg) == ((2.0,), 120.0, 5)
    assert apical["gnabar_hh"] == (0.04,)
    # BluePyOpt measures from the middle of the soma; the branch begins there, 15 um up
    length = loaded.shape.sections[loaded.shape.numbers["apic[0]"]].length
    expected = [0.01 * (-0.8696 + 2.087 * math.exp(0.0031 * length * (k + 0.5) / 5))
                for k in range(5)]  # fmt: skip
    assert apical["gkbar_hh"] == pytest.approx(expected, rel=1e-14)
    soma, _ = of_section(loaded, "soma")
    assert (soma["cm"], soma["ena"], soma["ek"]) == ((1.0,), (55.0,), (-80.0,))
    assert soma["gkbar_hh"] == (0.036,)  # where no row gives it, the default of its mechanism
    basal, _ = of_section(loaded, "dend[0]")
    assert basal == {"cm": (1.0,), "e_pas": (-66.5,), "g_pas": (3e-05,)}


def test_the_axon_is_replaced_as_bluepyopt_replaces_it(tmp_path):
    axon = of_bluepyopt(tmp_path).fields.axon
    assert (axon.L_um, axon.at) == ((30.0, 30.0), "soma(1)")
    # the middle of the first section, 61 um long in 3 segments; the first that is past 60 um
    first, second = axon.diam_um
    assert 2 * 0.6 < first < 2 * 1.2
    assert second == pytest.approx((1.2 + 0.8) / 2)


def test_without_an_axon_bluepyopt_makes_one_of_1_um(tmp_path):
    shape = tmp_path / "bare.swc"
    shape.write_text("\n".join(r for r in cells.SHAPE.split("\n") if " 2 " not in r[:5]))
    made = bluepyopt.convert(
        cells.bluepyopt(tmp_path), tmp_path / "final.json", key="best", morphology=shape,
        mod=cells.mods(tmp_path),
    )  # fmt: skip
    assert made.fields.axon.diam_um == (1.0, 1.0)


def test_values_may_stand_in_a_python_file_that_is_not_run(tmp_path):
    values = tmp_path / "analysis.py"
    values.write_text("import nothing_of_this_name\nbest = {'gnabar_hh.apical': 0.05}\n1/0\n")
    made = bluepyopt.convert(
        cells.bluepyopt(tmp_path), values, key="best", morphology=cells.shape(tmp_path),
        mod=cells.mods(tmp_path),
    )  # fmt: skip
    assert next(r for r in made.fields.parameters if r.name == "gnabar_hh" and r.list == "apical"
                ).value == 0.05  # fmt: skip


def test_emodelrunner_has_lists_constants_a_taper_and_myelin(tmp_path):
    converted = of_emodelrunner(tmp_path)
    fields = converted.fields
    assert fields.lists == {"somadend": "apical or basal or somatic"}
    sodium = next(r for r in fields.parameters if r.name == "gnabar_hh" and r.list == "apical")
    assert sodium.dist == "math.exp({distance}*-0.0055)*{value}"
    taper, myelin = fields.axon.diam_um, fields.axon.myelin
    assert fields.axon.at == "soma(1)"
    assert [len(d) for d in taper] == [5, 5]
    assert all(a > b for a, b in zip(taper[0], taper[0][1:], strict=False))
    assert (myelin.L_um, myelin.diam_um) == (1000, taper[1][-1])
    loaded = written(converted, tmp_path)
    sheath, membrane = of_section(loaded, "myelin[0]")
    assert (sheath["cm"], membrane.nseg, sheath["g_pas"]) == ((0.02,), 5, (2.5e-05,))
    # cm is not given for the basal list, where NEURON's stands
    assert converted.notes == ("no row gives cm in the list basal: NEURON's 1 stands there",)
    assert of_section(loaded, "dend[0]")[0]["cm"] == (1.0,)


def test_allen_perisomatic(tmp_path):
    converted = allen.convert(
        cells.allen(tmp_path), swc=cells.shape(tmp_path), mod=cells.mods(tmp_path)
    )
    assert (converted.fields.axon.at, converted.fields.axon.diam_um) == ("soma(0.5)", (1.0, 1.0))
    loaded = written(converted, tmp_path)
    assert (loaded.cell.celsius, loaded.cell.v_init) == (22, -72.49911499023438)
    soma, membrane = of_section(loaded, "soma")
    assert (soma["gnabar_hh"], soma["gkbar_hh"], soma["gl_hh"]) == ((0.1,), (0.031,), (0.0003,))
    assert (soma["ena"], soma["ek"], membrane.Ra) == ((53.0,), (-80.0,), 138.28)
    apical, _ = of_section(loaded, "apic[1]")
    # no row of the genome: pas stands everywhere, with the conductance of NEURON
    assert apical == {"cm": (2.1,), "e_pas": (-72.49911499023438,), "g_pas": (0.001,)}
    assert of_section(loaded, "dend[0]")[0]["g_pas"] == (3.2e-6,)
    assert of_section(loaded, "axon[1]")[0]["g_pas"] == (4.6e-4,)


def test_allen_all_active_keeps_the_width_of_the_axon(tmp_path):
    fit, swc = cells.all_active(tmp_path), cells.shape(tmp_path)
    converted = allen.convert(fit, swc=swc, mod=cells.mods(tmp_path))
    assert converted.fields.axon.at == "soma(1)"
    assert converted.fields.axon.diam_um != (1.0, 1.0)
    stub = allen.convert(fit, swc=swc, mod=cells.mods(tmp_path), axon="stub")
    assert stub.fields.axon.diam_um == (1.0, 1.0)
    loaded = written(converted, tmp_path)
    axon, _ = of_section(loaded, "axon[0]")
    assert (axon["cm"], axon["gnabar_hh"], axon["g_pas"]) == ((1.2,), (0.2,), (1e-4,))
    assert of_section(loaded, "dend[0]")[0]["cm"] == (1.0,)
    assert "no row gives cm in the list basal: NEURON's 1 stands there" in converted.notes


def test_snudda_chooses_parameters_and_morphology_by_key(tmp_path):
    folder, mod = cells.snudda(tmp_path), cells.mods(tmp_path)
    with pytest.raises(DendmodError, match=r"choose one with --parameter-key: p1, p2"):
        snudda.convert(folder, mod=mod)
    with pytest.raises(DendmodError, match=r"meta.json: no morphology is paired with 'p2'"):
        snudda.convert(folder, mod=mod, parameter_key="p2")
    with pytest.raises(DendmodError, match=r"there is no 'm2'"):
        snudda.convert(folder, mod=mod, parameter_key="p1", morphology_key="m2")
    made = snudda.convert(folder, mod=mod, parameter_key="p1")
    assert made.fields.source == "Snudda: str-tiny, p1, m1"
    loaded = written(made, tmp_path)
    assert of_section(loaded, "soma")[1].Ra == 120


def test_what_else_lies_in_the_folder_is_said(tmp_path):
    folder = cells.snudda(tmp_path)
    cells.dump(folder / "modulation.json", {})
    made = snudda.convert(folder, mod=cells.mods(tmp_path), parameter_key="p1")
    assert "modulation.json is left out" in made.notes[-1]


def changed(i, **more):
    rows = [dict(r) for r in cells.ROWS]
    rows[i] |= more
    return rows


UNKNOWN = {"all": ["pas"], "somatic": ["hh", "Nap"], "apical": ["hh"]}
BAD = [
    (
        changed(3, sectionlist="apicl"),
        r"entry 4 \(cm\): there is no list 'apicl'. Did you mean 'api",
    ),
    (changed(3, typo=1), r"parameters.json, entry 4: 'typo' is not known here"),
    (changed(3, value="x"), r"entry 4 \(cm\): 'x' is no number"),
    (changed(3, type="sektion"), r"entry 4 \(cm\): type is 'sektion'. Did you mean 'section'"),
    (changed(6, param_name="gg_pas"), r"no mechanism that .*mechanisms.json inserts has 'gg_pas'"),
    (changed(11, sectionlist="basal"), r"inserts no hh in basal, where NEURON would stop. Insert"),
    (changed(13, type="section"), r"entry 14 \(gkbar_hh\): type is 'section'.*give type 'range'"),
    (changed(13, dist="{distance}*__import__('os').getpid()"), r"entry 14 \(gkbar_hh\)"),
    (changed(13, dist="{value}**2*{distance}", value=-1), r"reads as minus the power"),
    (changed(13, dist_type="gauss"), r"dist_type is 'gauss'"),
    ([*cells.ROWS, cells.ROWS[3]], r"parameters.json, entry 15 \(cm\): cm.all is given twice"),
    (changed(12, value=0.1), r"gnabar_hh.apical is frozen to 0.1, and the values give 0.04 too"),
]


@pytest.mark.parametrize(("rows", "message"), BAD)
def test_bad_files_are_refused_by_file_key_and_remedy(rows, message, tmp_path):
    with pytest.raises(DendmodError, match=message) as told:
        of_bluepyopt(tmp_path, rows=rows)
    assert "parameters.json" in str(told.value)


def test_a_mechanism_without_a_file_is_refused(tmp_path):
    with pytest.raises(DendmodError, match=r"no .mod file in .*mechanisms is for 'Nap'"):
        of_bluepyopt(tmp_path, inserted=UNKNOWN)


def test_values_and_parameters_have_to_fit(tmp_path):
    with pytest.raises(DendmodError, match=r"gnabar_hh.apical is to be optimised within \[0, 1\]"):
        bluepyopt.convert(
            cells.bluepyopt(tmp_path), morphology=cells.shape(tmp_path), mod=cells.mods(tmp_path)
        )
    with pytest.raises(DendmodError, match=r"gnabar_hh.basal, which is no parameter with bounds"):
        of_bluepyopt(tmp_path, values=cells.VALUES | {"gnabar_hh.basal": 1})
    with pytest.raises(DendmodError, match=r"there is no set 'bst'. Did you mean 'best'"):
        bluepyopt.convert(
            cells.bluepyopt(tmp_path), tmp_path / "final.json", key="bst",
            morphology=cells.shape(tmp_path), mod=cells.mods(tmp_path),
        )  # fmt: skip
    with pytest.raises(DendmodError, match=r"constant.distribution_decay is to be"):
        of_emodelrunner(tmp_path, values={"g_pas.all": 1e-5})
    (tmp_path / "twice.json").write_text('[{"a": 1, "a": 2}]')
    with pytest.raises(DendmodError, match=r"twice.json: 'a' is given twice"):
        bluepyopt.convert(tmp_path / "twice.json", morphology=tmp_path / "tiny.swc", mod=tmp_path)


def genome(**entry):
    return {"genome": [{"section": "soma", "name": "g_pas", "value": 1, "mechanism": ""} | entry]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (genome(name="x_Zz", mechanism="Zz"), r"no .mod file in .* is for 'Zz'"),
        (genome(section="some"), r"genome, entry 1 \(g_pas\): there is no section 'some'. Did you"),
        ({"passive": [{"ra": 100, "cm": []}]}, r"passive: cm without e_pas"),
        ({"conditions": [{"celsius": 34, "erev": []}]}, r"conditions: 'v_init' is missing"),
        ({"more": 1}, r"fit.json: 'more' is not known here"),
    ],
)
def test_bad_fits_are_refused(changes, message, tmp_path):
    with pytest.raises(DendmodError, match=message):
        allen.convert(
            cells.allen(tmp_path, **changes), swc=cells.shape(tmp_path), mod=cells.mods(tmp_path)
        )


def test_nothing_is_left_where_the_cell_cannot_be_read_again(tmp_path):
    rows = changed(13, dist="{value}/({distance} - {distance})")
    with pytest.raises(DendmodError, match=r"\(gkbar_hh on apical\).*cannot be computed"):
        bring(tmp_path / "out", of_bluepyopt(tmp_path, rows=rows), {"format": "bluepyopt"})
    assert not (tmp_path / "out").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


def test_the_short_axon_of_a_taper_is_refused(tmp_path):
    shape = tmp_path / "short.swc"
    shape.write_text("\n".join(r for r in cells.SHAPE.split("\n") if r.split(" ")[0] not in
                               ("9", "10", "11", "12")) + "\n9 2 25 5 2 1 8\n")  # fmt: skip
    given = cells.dump(tmp_path / "pyr.json", cells.EMODEL)
    values = cells.dump(tmp_path / "final.json", cells.EMODEL_VALUES)
    with pytest.raises(DendmodError, match=r"tapered axon of EModelRunner needs 10; give"):
        bluepyopt.convert(given, values, morphology=shape, mod=cells.mods(tmp_path))


def test_a_mechanism_is_what_its_file_calls_it(tmp_path):
    folder = tmp_path / "mod"
    folder.mkdir()
    shutil.copy(cells.MINIATURES / "NapGlobal.mod", folder / "sodium.mod")
    inserted = cells.INSERTED | {"somatic": ["hh", "NapGlobal"]}
    given = cells.bluepyopt(tmp_path, inserted=inserted)
    made = bluepyopt.convert(
        given, tmp_path / "final.json", key="best", morphology=cells.shape(tmp_path), mod=folder
    )
    assert [p.name for p in made.mechanisms] == ["sodium.mod"]
    shutil.copy(folder / "sodium.mod", folder / "again.mod")
    with pytest.raises(DendmodError, match=r"again.mod and sodium.mod in .* are both for"):
        bluepyopt.convert(
            given, tmp_path / "final.json", key="best", morphology=tmp_path / "tiny.swc", mod=folder
        )


def test_the_text_of_a_cell_file_is_json_apart_from_toml(tmp_path):
    """The notes of an import stand at the head of the file, as comments."""
    converted = of_emodelrunner(tmp_path)
    written(converted, tmp_path)
    text = (tmp_path / "written" / "cell.toml").read_text()
    assert text.startswith("# no row gives cm")
    assert json.dumps("math.exp({distance}*-0.0055)*{value}") in text
