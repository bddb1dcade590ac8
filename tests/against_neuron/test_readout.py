"""Is a cell that stands in NEURON read out as it stands, whoever built it?"""

import pytest

from dendmod.engines.neuron.readout import in_order, read_out
from dendmod.engines.neuron.session import h, load_mechanisms
from dendmod.errors import EngineError, MechanismError, SpecError
from dendmod.mechanisms import mechanism_set

KNOWN = mechanism_set()


@pytest.fixture
def tree():
    """A soma with children at 0.3 (joined at its end 1) and at 1, a grandchild, an axon."""
    load_mechanisms(KNOWN)
    names = ("soma[0]", "dend[0]", "dend[1]", "axon[0]")
    soma, first, second, axon = (h.Section(name=f"Cell_0.{name}") for name in names)
    soma.L = soma.diam = 20
    axon.connect(soma(0.3))
    first.connect(soma(0.3), 1)
    second.connect(first(0))
    for sec in (soma, first, second, axon):
        sec.insert("hh")
    first.nseg = 3
    for segment in first:
        segment.gnabar_hh = 0.1 * segment.x
    return {"soma": soma, "dend[0]": first, "dend[1]": second, "axon": axon}


def test_the_tree_is_read_with_places_and_ends(tree):
    cell = read_out(tree["dend[1]"], KNOWN, name="t", celsius=30.0).cell
    rows = [(s.name, s.parent, s.parent_x, s.end) for s in cell.sections]
    assert rows[0][:2] == ("soma", -1)
    assert [row[0] for row in rows[1:]] == ["axon[0]", "dend[0]", "dend[1]"]  # as connected
    assert rows[2][1:] == (0, 0.3, 1)
    assert rows[3][1:] == (2, 0.0, 0)
    assert [s.membrane.region for s in cell.sections] == ["soma", "axon", "basal", "basal"]
    assert cell.celsius == 30.0


def test_values_are_one_number_or_one_a_segment(tree):
    membrane = read_out(tree["soma"], KNOWN, name="t").cell.sections[2].membrane
    assert membrane.values["gnabar_hh"] == pytest.approx((0.1 / 6, 0.05, 0.5 / 6))
    assert membrane.values["gkbar_hh"] == (0.036,)
    assert membrane.values["ena"] == (50.0,)


def test_sections_made_before_their_parents_come_after_them():
    load_mechanisms(KNOWN)
    child, parent = h.Section(name="dend"), h.Section(name="soma")
    child.connect(parent(1))
    assert [sec.name() for sec in in_order(child)] == ["soma", "dend"]


def test_children_of_one_place_keep_the_order_of_their_connection():
    """NEURON sums over them in that order."""
    load_mechanisms(KNOWN)
    soma = h.Section(name="soma")
    children = [h.Section(name=f"dend_{i}") for i in range(4)]
    for i in (2, 0, 3, 1):
        children[i].connect(soma(0.5))
    again = h.Section(name="again")
    copies = {sec.name(): h.Section(name=sec.name()) for sec in in_order(soma)[1:]}
    for copy in copies.values():
        copy.connect(again(0.5))
    assert [c.name() for c in again.children()] == [c.name() for c in soma.children()]


def test_two_sections_of_one_name_are_told_apart_and_noted(tree):
    other = h.Section(name="Cell_1.axon[0]")
    other.connect(tree["dend[1]"](1))
    read = read_out(tree["soma"], KNOWN, name="t")
    names = [s.name for s in read.cell.sections]
    assert len(set(names)) == len(names) == 5
    assert "2 sections have another name" in read.notes[0]


def test_stimuli_and_synapses_are_noted(tree):
    kept = [h.IClamp(tree["soma"](0.5)), h.ExpSyn(tree["dend[0]"](0.5))]
    read = read_out(tree["soma"], KNOWN, name="t")
    assert read.notes == tuple(
        f"1 {kind} on the original: not part of the cell, not carried over."
        for kind in ("ExpSyn", "IClamp")
    )
    assert "ExpSyn" in read.suffixes
    del kept


def test_regions_are_asked_for_where_no_name_says_them(tree):
    other = h.Section(name="Cell_0.trunk[4]")
    other.connect(tree["soma"](1))
    with pytest.raises(SpecError, match=r"which region is trunk\[4\]\?.*--region trunk=basal"):
        read_out(tree["soma"], KNOWN, name="t")
    regions = [
        read_out(tree["soma"], KNOWN, name="t", **how).cell.sections[-1].membrane.region
        for how in ({"regions": {"trunk": "apical"}}, {"lists": {"apical": [other]}})
    ]
    assert regions == ["apical", "apical"]


def test_constants_of_ions_are_read_and_what_neuron_computes_is_not(tree):
    tree["soma"].insert("CaDynamics_E2")
    tree["soma"].insert("SK_E2")
    tree["soma"].insert("Ca_HVA")
    tree["dend[0]"].insert("Ca_HVA")
    tree["dend[0]"].eca = 77.0
    cell = read_out(tree["soma"], KNOWN, name="t").cell
    assert "eca" not in cell.sections[0].membrane.values
    assert cell.sections[2].membrane.values["eca"] == (77.0,)
    assert cell.globals["cao0_ca_ion"] == h.cao0_ca_ion


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda sec: sec.insert("extracellular"), EngineError, r"dend\[0\] has extracellular"),
        (lambda sec: sec.insert("fastpas"), MechanismError, "mechanism fastpas.*--mod"),
        (
            lambda sec: h.ion_style("na_ion", 1, 2, 1, 0, 0, sec=sec),
            EngineError,
            r"dend\[0\]: the original sets ion_style of na",
        ),
    ],
)
def test_what_a_specification_cannot_say_is_refused_by_name(tree, spoil, error, message):
    spoil(tree["dend[0]"])
    with pytest.raises(error, match=message):
        read_out(tree["soma"], KNOWN, name="t")


def test_global_parameters_are_read_where_they_differ_from_their_files(tree):
    tree["soma"].insert("SK_E2")
    assert "chalf_SK_E2" not in read_out(tree["soma"], KNOWN, name="t").cell.globals
    before = h.chalf_SK_E2
    try:
        h.chalf_SK_E2 = 0.002
        found = read_out(tree["soma"], KNOWN, name="t").cell.globals
    finally:
        h.chalf_SK_E2 = before
    assert found["chalf_SK_E2"] == 0.002
    assert "ztau_SK_E2" not in found
