"""Is a channel known by what it does, and is what cannot be reduced refused with its reason?"""

import pytest

from dendmod.cells.channels import blocked, channels, scaled
from dendmod.errors import MechanismError, SpecError
from dendmod.mechanisms import mechanism_set
from dendmod.mechanisms.catalogue import parse
from dendmod.mechanisms.compartments import check_pools
from dendmod.mechanisms.conducting import (
    check_quiet,
    conducting,
    leak_density,
    why_not_reducible,
)
from dendmod.spec import Compartment, ReducedCell
from tests.mechanisms import two_sections as two

MOD = """
NEURON {{
    SUFFIX own
    {use}
    RANGE {ranges}
}}
PARAMETER {{
    gbar = 1 ({unit})
    e = -70 (mV)
}}
ASSIGNED {{
    v (mV)
    i (mA/cm2)
    ik (mA/cm2)
    ek (mV)
    ca (mM)
    {more}
}}
BREAKPOINT {{
    {current}
}}
"""
NONSPECIFIC = "NONSPECIFIC_CURRENT i"
POTASSIUM = "USEION k READ ek WRITE ik"
GATE = "/(1 + exp(-v))"


def made(tmp_path, *, use=NONSPECIFIC, ranges="gbar, e, i", unit="S/cm2", more="",
         current=f"i = gbar{GATE}*(v - e)"):  # fmt: skip
    path = tmp_path / "own.mod"
    path.write_text(MOD.format(use=use, ranges=ranges, unit=unit, current=current, more=more))
    return parse(path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"unit": "nA/cm2"}, r"unit of its maximal conductance is not known: gbar \(nA/cm2\)"),
        ({"unit": "1"}, r"unit of its maximal conductance is not known: gbar \(1\)"),
        ({"unit": "1", "current": "i = gbar*(v - e)"}, r"unit of its maximal conductance"),
        (
            {
                "ranges": "gbar, e",
                "current": f"i = gbar{GATE}*(v - e)\nVERBATIM\nENDVERBATIM",
            },
            r"no variable shows its nonspecific current i, and line \d+ is not read",
        ),
        ({"ranges": "e, i"}, r"proportional to no RANGE parameter"),
        ({"current": f"i = gbar{GATE}*(v - e)/area", "more": "area (um2)"}, r"it reads `area`"),
        ({"use": "USEION k READ ik WRITE ek", "current": "ek = e*ik"}, r"it writes ek"),
        (
            {"use": "USEION k READ ek WRITE ik, ki", "current": f"ik = gbar{GATE}*(v - ek)"},
            r"keeps ki and carries a current",
        ),
    ],
)
def test_what_cannot_be_reduced_is_refused_with_file_and_reason(tmp_path, changes, reason):
    with pytest.raises(MechanismError, match=rf"own \(.*own.mod\) cannot be reduced: .*{reason}"):
        conducting(made(tmp_path, **changes))


SWITCHED = """
NEURON {{
    SUFFIX own
    USEION cal READ ical, cali WRITE cali, ical VALENCE 2
    NONSPECIFIC_CURRENT i
    RANGE on, depth
}}
PARAMETER {{ on = 0  depth = 0.1 (um) }}
STATE {{ cali (mM) }}
ASSIGNED {{ ical (mA/cm2)  i (mA/cm2) }}
INITIAL {{ cali = 1e-4 {initial} }}
BREAKPOINT {{
    if ({test}) {{
        ical = cali*depth
        i = -ical
    }} else {{
        SOLVE state METHOD cnexp
    }}
}}
DERIVATIVE state {{ cali' = -ical/depth - cali }}
"""


def test_a_pool_whose_own_current_a_parameter_switches_off_is_a_pool(tmp_path):
    def pool(test="on > 0", initial=""):
        path = tmp_path / "own.mod"
        path.write_text(SWITCHED.format(test=test, initial=initial))
        return parse(path)

    switched = pool()
    assert switched.quiet_with == (("on", 0.0),)
    assert conducting(switched) == ()
    check_quiet(switched, {"on": 0.0})
    with pytest.raises(MechanismError, match="at on = 1 it carries a current"):
        check_quiet(switched, {"on": 1.0})
    for other in (pool("on < 1"), pool("cali > 0"), pool(initial=" i = 1")):
        assert other.quiet_with == ()
        with pytest.raises(MechanismError, match="keeps cali and carries a current itself"):
            conducting(other)


def test_what_breakpoint_assigns_is_no_parameter_though_old_files_declare_it_as_one(tmp_path):
    path = tmp_path / "own.mod"
    text = MOD.format(
        use=NONSPECIFIC, ranges="gbar, g, e, i", unit="S/cm2", more="",
        current=f"g = gbar{GATE}\n    i = g*(v - e)",
    )  # fmt: skip
    path.write_text(text.replace("e = -70 (mV)", "e = -70 (mV)\n    g = 0 (S/cm2)"))
    own = parse(path)
    assert own.parameter_names == ("gbar", "e")
    assert (own.maximal, own.is_leak) == (("gbar",), False)
    assert [c.conductance for c in conducting(own)] == ["g"]


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("S/cm2", 1), ("mho/cm2", 1), ("mS/cm2", 1e-3), ("pS/um2", 1e-4), ("nS/um2", 0.1)],
)
def test_densities_are_converted_by_their_declared_unit(tmp_path, unit, factor):
    (channel,) = conducting(made(tmp_path, unit=unit))
    assert (channel.maximal, channel.factor) == ("gbar", factor)
    leak = made(tmp_path, unit=unit, current="i = gbar*(v - e)")
    assert leak_density(leak) == ("gbar", factor)
    assert conducting(leak) == ()


def test_conductances_are_read_where_variables_show_them_in_s_per_cm2():
    known = mechanism_set((str(two.FOLDER),))
    read = {n for n in known.mechanisms if n in two.MINIATURES and conducting(known.get(n))
            and not conducting(known.get(n))[0].is_measured}  # fmt: skip
    assert {"KdrGmax", "NapGlobal", "KCa"} <= read
    assert not {"KmPicosiemens", "CalGhk", "Ih"} & read
    assert [c.key for c in conducting(known.get("hh"))] == ["hh.gnabar", "hh.gkbar", "hh.gl"]


def test_every_mechanism_of_the_miniatures_and_of_dendmod_can_be_reduced():
    known = mechanism_set((str(two.FOLDER),)).mechanisms.values()
    assert [m.suffix for m in known if m.kind == "density" and why_not_reducible(m)] == []


def test_blocking_closes_what_conducts_set_or_at_its_default_and_leaves_leaks(tmp_path):
    cell = two.cell("CationInstant", tmp_path)  # gbar at its default in the soma
    assert channels(cell) == ("CationInstant", "hh")
    regions = blocked(cell).biophysics.regions
    soma = {m.suffix: m.params for m in regions["soma"].mechanisms}
    assert soma["CationInstant"] == {"gbar": 0.0}
    assert soma["hh"] == {"gnabar": 0.0, "gkbar": 0.0}  # hh's own leak stays
    dendrite = {m.suffix: m.params for m in regions["basal"].mechanisms}
    assert dendrite == {"pas": two.LEAK, "CationInstant": {"gbar": 0.0}}
    gmax = scaled(two.cell("KdrGmax", tmp_path), {"KdrGmax": 0.5})
    own = {m.suffix: m.params for m in gmax.biophysics.regions["soma"].mechanisms}
    assert own["KdrGmax"] == {"gmax": 0.005}
    with pytest.raises(SpecError, match="no channel 'pas'"):
        scaled(cell, {"pas": 0.0})


def test_blocking_a_reduced_cell_closes_channels_at_their_defaults_and_leaves_pools():
    soma = Compartment(
        name="soma", parent=-1, ca=20, g_leak=1, e_leak=-70, area=1000,
        channels={"CaHva": {}, "KdrGmax": {"gmax": 0.1}}, pools={"CaShell": {"tau": 40.0}},
    )  # fmt: skip
    cell = ReducedCell(
        compartments=(soma,), ena=50, ek=-77, celsius=10, v_init=-65,
        mechanisms=(str(two.FOLDER),),
    )  # fmt: skip
    shut = blocked(cell).compartments[0]
    assert shut.channels == {"CaHva": {"gbar": 0.0}, "KdrGmax": {"gmax": 0.0}}
    assert shut.pools == soma.pools


def test_any_ion_whose_concentration_stays_needs_no_pool():
    soma = Compartment(
        name="soma", parent=-1, ca=20, g_leak=1, e_leak=-70, area=1000, channels={"CalGhk": {}}
    )
    around = {"ena": 50, "ek": -77, "celsius": 10, "v_init": -65}
    cell = ReducedCell(compartments=(soma,), mechanisms=(str(two.FOLDER),), **around)
    with pytest.raises(SpecError, match="CalGhk works on cal"):
        check_pools(cell)
    check_pools(cell.model_copy(update={"globals": {"cali0_cal_ion": 5e-5}}))
