"""Does NeuroML say of a cell what its .mod files and NEURON say, and is the rest refused?"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from dendmod.cells.exports import export_cell, neuroml
from dendmod.cells.exports.export import Export
from dendmod.cells.exports.neuroml_channels import Channels, equations
from dendmod.cells.exports.neuroml_rates import CannotBeWritten
from dendmod.cells.exports.neuroml_shape import pieces_of, segment_at
from dendmod.errors import ExchangeError
from dendmod.mechanisms import mechanism_set
from dendmod.mechanisms.evaluate import relaxations
from tests.against_neuron import exported
from tests.against_neuron.test_cell_export import odd
from tests.mechanisms import two_sections as two

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_cell"
OWN = mechanism_set((str(two.FOLDER),))
IN_PYTHON = {".lt.": "<", ".leq.": "<=", ".gt.": ">", ".geq.": ">=", ".eq.": "==", ".neq.": "!=",
             ".and.": "and", ".or.": "or", "^": "**"}  # fmt: skip


def value(text: str, names: dict[str, float]) -> float:
    for lems, python in IN_PYTHON.items():
        text = text.replace(lems, python)
    functions = {"exp": math.exp, "sqrt": math.sqrt, "ln": math.log}
    return eval(text, {"__builtins__": {}, **functions}, names)


def of_type(made: ET.Element, **given: float) -> float:
    """Return what a LEMS component type computes, in ms for a time."""
    names = {c.get("name"): 1.0 for c in made.findall("Constant")} | given
    for line in made.find("Dynamics"):
        if line.tag == "DerivedVariable":
            try:
                names[line.get("name")] = value(line.get("value"), names)
            except ZeroDivisionError:  # of a case that does not hold
                names[line.get("name")] = math.nan
            continue
        cases = line.findall("Case")
        holds = next(c for c in cases if value(c.get("condition", "True"), names))
        names[line.get("name")] = value(holds.get("value"), names)
    return names[made.find("Dynamics")[-1].get("name")]


def channel(name: str, known=OWN, celsius: float = 10.0, **own: float):
    mechanism = known.get(name)
    values = {p.name: p.default for p in mechanism.parameters} | own
    made = Channels(celsius, -65.0, {"e_Ih": -25.0, "vhalf_NapGlobal": -48.0, "q10_KvQ10": 3.0})
    found = made.densities(mechanism, values, {"ena": 50.0, "ek": -77.0})
    return mechanism, made, found


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("KdrGmax", {}),
        ("Ih", {}),
        ("KmPicosiemens", {}),
        ("NapGlobal", {"vhalf": -48.0}),
        ("KvQ10", {"q10": 3.0, "celsius": 10.0}),
        ("CaHva", {}),
        ("KCa", {}),
        ("hh", {"celsius": 10.0}),
        ("SKv3_1", {}),
        ("NaTa_t", {}),
        ("SK_E2", {}),
    ],
)
def test_rates_are_those_of_the_mod_file(name, given):
    mechanism, made, _ = channel(name)
    types = {t.get("name"): t for t in made.types}
    gates = {g.get("id"): g for c in made.channels for g in c if g.tag == "gateHHtauInf"}
    assert set(gates) == set(equations(mechanism).states)
    for v in np.linspace(-99.7, 60.0, 40):  # hh's table starts at -100 mV
        for cai in (1e-5, 3e-4):
            wanted = relaxations(equations(mechanism), v=v, cai=cai, **given)
            for state, gate in gates.items():
                inf, tau = wanted[state]
                steady = types[gate.find("steadyState").get("type")]
                course = gate.find("timeCourse")
                near = 1e-3 if name == "hh" else 1e-12  # hh has a TABLE
                assert of_type(steady, v=v, caConc=cai) == pytest.approx(inf, rel=near, abs=near)
                if course.get("type") == "fixedTimeCourse":
                    assert float(course.get("tau").removesuffix("ms")) == pytest.approx(tau)
                else:
                    found = of_type(types[course.get("type")], v=v, caConc=cai)
                    assert found == pytest.approx(tau, rel=near)


def test_rates_at_their_removable_holes_are_those_of_the_file():
    mechanism, made, _ = channel("NaF", mechanism_set((str(EXAMPLE / "mod"),)), shift=-3.0)
    types = {t.get("name"): t for t in made.types}
    for v in (-57.0, -30.0):
        inf, tau = relaxations(equations(mechanism), v=v, shift=-3.0)["m"]
        assert of_type(types["NaF_m_inf"], v=v) == pytest.approx(inf, rel=1e-12)
        assert of_type(types["NaF_m_tau"], v=v) == pytest.approx(tau, rel=1e-12)


def test_densities_reversal_potentials_and_gates_without_states():
    _, _, (density,) = channel("KmPicosiemens", gbar=8.0)
    assert (density.density, density.reversal, density.ion) == (pytest.approx(8e-4), -77.0, "k")
    _, _, (density,) = channel("Ih", gbar=2e-4)
    assert (density.reversal, density.ion) == (-25.0, "non_specific")
    _, made, (density,) = channel("CationInstant", gbar=5e-5)
    assert density.density == 5e-5
    assert made.channels[0][1].tag == "gateHHInstantaneous"
    assert of_type(made.types[0], v=-50.0) == pytest.approx(0.5)
    _, _, (density,) = channel("CaHva")
    assert density.reversal == "nernst"
    _, made, found = channel("hh")
    assert [(d.channel, d.density, d.reversal) for d in found] == [
        ("hh_ina", 0.12, 50.0), ("hh_ik", 0.036, -77.0), ("hh_il", 0.0003, -54.3),
    ]  # fmt: skip
    assert [g.get("instances") for g in made.channels[0] if g.tag != "notes"] == ["3", "1"]


def test_a_pool_is_the_standard_model_with_its_numbers():
    shell = mechanism_set((str(EXAMPLE / "mod"),)).get("Shell")
    made = Channels(34.0, -75.0, {})
    pool = made.pool(shell, {"tau": 80.0, "thickness": 0.1, "rest": 1e-4}, 2.0)
    assert (pool.inside, pool.outside) == (1e-4, 2.0)
    (model,) = made.pools
    number = {k: float(re.match(r"[-+.\de]+", v)[0]) for k, v in model.attrib.items()
              if k not in ("id", "ion")}  # fmt: skip
    assert number["restingConc"] == pytest.approx(1e-4)
    assert number["decayConstant"] == pytest.approx(80.0)
    # A/m2 over 2 F and a shell of 1e-7 m
    assert number["rho"] == pytest.approx(1 / (2 * 96485.33212 * 1e-7))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("CalGhk", "ical is not ohmic"),
        ("KaKinetic", "scheme solves its states together"),
        ("CaShell", "it depends on diam"),
        ("CalShell", "it keeps cal; NeuroML has pools of calcium alone"),
    ],
)
def test_what_cannot_be_written_says_why(name, reason):
    mechanism = OWN.get(name)
    values = {p.name: p.default for p in mechanism.parameters}
    made = Channels(10.0, -65.0, {})

    def write():
        if mechanism.pool_of:
            made.pool(mechanism, values, 2.0)
        made.densities(mechanism, values, {"ek": -77.0})

    with pytest.raises(CannotBeWritten, match=reason):
        write()


def test_a_cell_is_refused_with_all_that_is_in_the_way(tmp_path):
    with pytest.raises(ExchangeError) as refused:
        export_cell(exported.miniatures(tmp_path / "cell"), "neuroml", tmp_path / "out")
    for file in ("CalGhk.mod", "KaKinetic.mod", "CaShell.mod", "CalShell.mod"):
        assert file in str(refused.value)
    assert "KdrGmax" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_pieces_have_the_sections_area_and_resistance():
    cell = odd().model_copy(update={"sections": odd().sections[:2]})
    tapered = cell.sections[1]
    rows = {**tapered.membrane.values, "g_pas": (1e-4, 2e-4, 3e-4)}
    membrane = tapered.membrane.model_copy(update={"values": rows})
    cut = cell.model_copy(
        update={"sections": (cell.sections[0], tapered.model_copy(update={"membrane": membrane}))}
    )

    def measured(points):
        r, steps = points[:, 3] / 2, np.linalg.norm(np.diff(points[:, :3], axis=0), axis=1)
        area = np.sum((r[:-1] + r[1:]) * np.hypot(steps, np.diff(r)))
        return area, np.sum(steps / (r[:-1] * r[1:]))

    whole, pieces = pieces_of(cell)[1], pieces_of(cut)[1:]
    assert [p.nseg for p in (whole, *pieces)] == [3, 1, 1, 1]
    total = np.sum([measured(p.points) for p in pieces], axis=0)
    assert total == pytest.approx(np.array(measured(whole.points)), rel=1e-6)
    assert [(p.parent, p.parent_x) for p in pieces] == [(0, 0.0), (1, 1.0), (2, 1.0)]
    assert segment_at(pieces_of(cut), 1, 1.0)[1] == 1.0
    with pytest.raises(ExchangeError, match=r"dend\[3\] is joined by its end 1"):
        neuroml.render(Export(odd(), (OWN.get("pas"), OWN.get("hh")), 0.1))


@pytest.fixture(scope="module")
def own_cell(tmp_path_factory):
    return export_cell(EXAMPLE, "neuroml", tmp_path_factory.mktemp("nml") / "out", amp=0.4)


def test_the_files_of_a_cell_hold_together(own_cell):
    name = {"n": "http://www.neuroml.org/schema/neuroml2"}
    cell = ET.parse(own_cell.folder / "own_cell.cell.nml").getroot()
    channels = ET.parse(own_cell.folder / "own_cell.channels.nml").getroot()
    made = {e.get("id") for e in channels if e.get("id")}
    used = cell.findall(".//n:channelDensity", name) + cell.findall(
        ".//n:channelDensityNernst", name
    )
    assert {d.get("ionChannel") for d in used} | {"Shell"} == made
    groups = {g.get("id") for g in cell.findall(".//n:segmentGroup", name)}
    assert {d.get("segmentGroup") for d in used} <= groups
    divisions = [int(p.get("value")) for p in cell.findall(".//n:property", name)]
    assert sum(divisions) == 119
    assert not (own_cell.folder / "mod").exists()
    record = json.loads((own_cell.folder / "export.json").read_text())
    assert record["held_against_dendmod"] == []
    assert any("AmpaNmdaSyn are no part" in note for note in own_cell.notes)


def test_files_are_valid_neuroml(own_cell):
    pytest.importorskip("neuroml", reason="the schema comes with libNeuroML")
    from neuroml.utils import validate_neuroml2

    assert not any("libNeuroML is not installed" in note for note in own_cell.notes)
    for file in own_cell.folder.glob("*.nml"):
        validate_neuroml2(str(file))
