"""Do clamps, spikes and channels come when, where and as strong as a specification says?"""

import numpy as np
import pytest

from dendmod.cells.l5 import L5PyramidalCell
from dendmod.engines.neuron import Simulator, settled_state
from dendmod.engines.neuron.segments import segment_tree
from dendmod.errors import SpecError
from dendmod.morphology import resolve
from dendmod.network.drawn import hay_soma
from dendmod.spec import (
    Compartment,
    CurrentClamp,
    Location,
    ReducedCell,
    Run,
    Setup,
    SpikeTrain,
    Synapse,
    VoltageClamp,
)
from dendmod.spec.stimulus import SOMA

C, G, E = 200.0, 10.0, -70.0  # pF, nS, mV: a time constant of 20 ms and 100 MOhm
V_INIT = -60.0


def point(**membrane) -> ReducedCell:
    """A soma alone, passive if no channels are given."""
    soma = Compartment(
        name="soma", role="soma", parent=-1, site=SOMA, ca=C, g_leak=G, e_leak=E, g_couple=0,
        area=1000.0, v_rest=E, **membrane,
    )  # fmt: skip
    return ReducedCell(name="point", compartments=(soma,), ena=50, ek=-85, celsius=34,
                       v_init=V_INIT)  # fmt: skip


def run(trains=(), amps=None, settle=400.0, method="fixed", tstop=100.0, cell=None, **attached):
    setup = Setup(cell=cell or point(), **attached)
    spec = Run(tstop=tstop, dt=0.1, settle=settle, method=method)
    with Simulator(setup, spec, coreneuron=False) as simulator:
        return simulator.run(trains, amps=amps)


@pytest.mark.parametrize("method", ["fixed", "adaptive"])
def test_a_step_of_current_starts_its_delay_after_settling(method):
    """.1 nA through 100 MOhm: 10 mV with 20 ms, for 30 ms from 40 ms on."""
    clamp = CurrentClamp(location=SOMA, delay=40.0, dur=30.0, amp=0.1)
    result = run(current_clamps=(clamp,), method=method)
    t = result.t
    assert (t[0], t[-1]) == pytest.approx((0.0, 100.0), abs=1e-6)
    up = 10 * (1 - np.exp(-np.clip(t - 40, 0, 30) / 20))
    expected = E + up * np.exp(-np.clip(t - 70, 0, None) / 20)
    np.testing.assert_allclose(result.v["soma"], expected, atol=0.03)


def test_amplitudes_of_a_run_replace_those_of_the_clamps_in_their_order():
    clamps = tuple(CurrentClamp(location=SOMA, delay=at, dur=10.0, amp=1.0) for at in (10.0, 60.0))
    v = run(current_clamps=clamps, amps=(0.02, -0.04)).v["soma"] - E
    height = 100 * (1 - np.exp(-0.5))  # mV per nA after 10 ms
    assert v[200] == pytest.approx(0.02 * height, rel=0.01)
    assert v[700] == pytest.approx(-0.04 * height, rel=0.1)


def test_spikes_arrive_their_times_after_settling_until_the_run_ends():
    synapse = Synapse(
        name="s", mechanism="DoubleExpCurrent", location=SOMA,
        params={"tau_rise": 0.2, "tau_decay": 3.0},
    )  # fmt: skip
    train = SpikeTrain("s", np.array([20.0, 90.0]), 0.01)
    v = run((train,), synapses=(synapse,)).v["soma"]
    jumps = np.flatnonzero(np.diff(v) > 1e-4)
    assert jumps[0] in (200, 201)
    assert jumps[jumps > 600][0] in (900, 901)
    assert np.ptp(v[:201]) < 1e-6


def test_a_negative_conductance_is_refused_and_a_negative_current_is_not():
    synapses = tuple(
        Synapse(name=name, mechanism=mechanism, location=SOMA, params={})
        for name, mechanism in (("g", "DoubleExpSyn"), ("i", "DoubleExpCurrent"))
    )
    with pytest.raises(SpecError, match=r"weight of 'g' is -0.01 uS, but DoubleExpSyn is a condu"):
        run((SpikeTrain("g", np.array([10.0]), -0.01),), synapses=synapses)
    down = run((SpikeTrain("i", np.array([10.0]), -0.01),), synapses=synapses).v["soma"]
    assert down.min() < E - 0.1


def test_a_voltage_clamp_holds_until_the_run_ends_however_long_the_cell_settled():
    clamp = VoltageClamp(location=SOMA, v=-30.0, rs=1e-3)
    result = run(voltage_clamp=clamp, tstop=50.0)
    np.testing.assert_allclose(result.v["soma"], -30.0, atol=0.01)
    np.testing.assert_allclose(result.clamp_current[1:], G * 40 * 1e-3, rtol=1e-3)  # nA


def test_without_settling_a_run_starts_from_the_initial_potential():
    v = run(settle=0.0).v["soma"]
    np.testing.assert_allclose(v, E + 10 * np.exp(-np.arange(1001) * 0.1 / 20), atol=0.03)
    assert run(settle=400.0).v["soma"] == pytest.approx(E, abs=1e-6)


def test_a_spike_is_the_interpolated_time_of_its_crossing():
    clamp = CurrentClamp(location=SOMA, delay=20.0, dur=5.0, amp=1.0)
    result = run(cell=point(**hay_soma()), current_clamps=(clamp,))
    (spike,) = result.spike_times()
    before = int(np.searchsorted(result.t, spike)) - 1
    assert np.interp(spike, result.t, result.v["soma"]) == pytest.approx(0.0, abs=1e-9)
    assert result.v["soma"][before] < 0 <= result.v["soma"][before + 1]


# the L5 cell


@pytest.fixture(scope="module")
def tree():
    return segment_tree(L5PyramidalCell("l5pc", 1), settle=0.0)


MORPHOLOGY = resolve("l5pc").without_axon()


def nodes(tree, kind):
    """Nodes with membrane in sections of a kind, and the path distance (um) of each.

    The last segment of an apical section takes the value of the section's end.
    """
    found, distance = [], []
    for node in range(tree.n):
        section = int(tree.section[node])
        if section in tree.axon or tree.area[node] == 0:
            continue
        if MORPHOLOGY.sections[section].kind != kind:
            continue
        own = tree.x[(tree.section == section) & (tree.area > 0)]
        x = 1.0 if tree.x[node] == own.max() else float(tree.x[node])
        found.append(node)
        distance.append(MORPHOLOGY.path_distance(section, x))
    return np.array(found), np.array(distance)


def density(tree, suffix, found):
    """Maximal conductances in S/cm2."""
    return tree.gbar[suffix][found] / tree.area[found] * 100


def test_ih_grows_along_the_apical_tree_and_is_uniform_elsewhere(tree):
    """Hay et al. 2011, Table 2: 2e-4 (-.8696 + 2.087 exp(3.6161 d / dmax)) S/cm2."""
    found, d = nodes(tree, "apical")
    longest = max(
        MORPHOLOGY.path_distance(i, 1.0)
        for i, s in enumerate(MORPHOLOGY.sections) if s.kind == "apical"
    )  # fmt: skip
    expected = 2e-4 * (-0.8696 + 2.087 * np.exp(3.6161 * d / longest))
    np.testing.assert_allclose(density(tree, "Ih", found), expected, rtol=1e-6)
    for kind in ("basal", "soma"):
        np.testing.assert_allclose(density(tree, "Ih", nodes(tree, kind)[0]), 2e-4, rtol=1e-6)


def test_calcium_channels_are_dense_in_the_hot_zone_alone(tree):
    """Hay et al. 2011: within 685 to 885 um; a hundredth of LVA and a tenth of HVA outside."""
    found, d = nodes(tree, "apical")
    hot = (d > 685) & (d < 885)
    assert 0 < hot.sum() < hot.size
    for suffix, g, outside in (("Ca_LVAst", 0.0198, 0.01), ("Ca_HVA", 4.37e-4, 0.1)):
        expected = np.where(hot, g, g * outside)
        np.testing.assert_allclose(density(tree, suffix, found), expected, rtol=1e-6)


def test_membrane_has_its_area_capacitance_and_leak(tree):
    area = {kind: tree.area[nodes(tree, kind)[0]] for kind in ("soma", "basal", "apical")}
    for kind, cm, g in (("soma", 1, 3.44e-5), ("basal", 2, 5.35e-5), ("apical", 2, 4.47e-5)):
        found, own = nodes(tree, kind)[0], area[kind]
        np.testing.assert_allclose(tree.ca[found], cm * own * 1e-5, rtol=1e-6)  # nF
        np.testing.assert_allclose(tree.g_leak[found], g * own * 1e-2, rtol=1e-6)  # uS


def test_the_axon_is_a_stub_of_two_cylinders_of_30_um(tree):
    with Simulator(Setup(cell=L5PyramidalCell("l5pc", 1)), Run(tstop=0.1)) as simulator:
        assert [(sec.L, sec.diam) for sec in simulator.cell.axon] == [(30.0, 1.0)] * 2
    stub = np.isin(tree.section, tree.axon) & (tree.area > 0)
    assert tree.axon == tuple(len(MORPHOLOGY.sections) + i for i in range(2))
    assert tree.area[stub].sum() == pytest.approx(2 * np.pi * 30 * 1, rel=1e-6)


def test_sections_are_joined_to_the_middle_of_the_soma_and_to_ends_of_others(tree):
    for section, shape in enumerate(MORPHOLOGY.sections):
        if section == 0:
            continue
        first = np.flatnonzero(tree.section == section)[0]
        parent = int(tree.parent[first])
        assert tree.section[parent] == shape.parent
        assert tree.x[parent] == (0.5 if shape.parent == 0 else 1.0)


def test_a_settled_state_is_that_after_settling():
    """A cell without channels in its dendrites; the soma's channels move the rest off the leak."""
    cell = L5PyramidalCell("l5pc", 1)
    at_once, later = (settled_state(cell, settle) for settle in (0.0, 200.0))
    assert at_once.v[0][0] == pytest.approx(cell.v_init)
    assert abs(later.v[0][0] - cell.v_init) > 1
    assert len(later.v) == len(MORPHOLOGY.sections) + 2


def test_locations_of_a_reduced_cell_are_its_compartments():
    cell = point().model_copy(update={"compartments": (
        *point().compartments,
        point().compartments[0].model_copy(
            update={"name": "site00", "role": "site", "parent": 0, "g_couple": 5.0}
        ),
    )})  # fmt: skip
    clamp = CurrentClamp(location=Location(section=1, x=0.5), delay=0.0, dur=400.0, amp=0.05)
    v = run(
        cell=cell, current_clamps=(clamp,), tstop=300.0,
        record={"soma": SOMA, "site": Location(section=1, x=0.5)},
    ).v  # fmt: skip
    # .05 nA into 10 nS beside 5 and 10 nS in series, of which the soma has a third
    site = 50 / (10 + 5 * 10 / 15)
    assert v["site"][-1] - E == pytest.approx(site, rel=1e-3)
    assert v["soma"][-1] - E == pytest.approx(site / 3, rel=1e-3)
