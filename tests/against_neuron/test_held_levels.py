"""Are channels opened in the fit as far as their own equations say, calcium settled?"""

import numpy as np
import pytest
from scipy.constants import R, physical_constants
from scipy.optimize import brentq

from dendmod.engines.neuron.membrane import Held
from dendmod.network.drawn import hay_soma
from dendmod.params.reduction import HOLDING_POTENTIALS
from dendmod.reduction.levels import held_levels, mechanisms_at
from dendmod.spec.segments import SegmentTree

FARADAY = physical_constants["Faraday constant"][0]
CELSIUS, AREA = 34.0, 1000.0  # degC, um2
V = np.array(HOLDING_POTENTIALS)
MEMBRANE = hay_soma(3)
DENSITY = {  # S/cm2
    suffix: params[f"g{suffix}bar"] for suffix, params in MEMBRANE["channels"].items()
}  # fmt: skip
POOL = MEMBRANE["pools"]["CaDynamics_E2"]


def tree() -> SegmentTree:
    """Hay's soma, and two dendritic segments that alone have Im, the second twice as much."""
    gbar = {s: np.array([g * AREA * 1e-2, 0.0, 0.0]) for s, g in DENSITY.items() if s != "Im"}
    gbar["Im"] = np.array([0.0, 1e-4, 2e-4]) * AREA * 1e-2
    parameters = {"CaDynamics_E2": {k: np.array([x, np.nan, np.nan]) for k, x in POOL.items()}}
    for suffix, params in MEMBRANE["channels"].items():
        own = {k: x for k, x in params.items() if not k.endswith("bar")}
        if own:
            parameters[suffix] = {k: np.array([x, np.nan, np.nan]) for k, x in own.items()}
    ones = np.ones(3)
    return SegmentTree(
        parent=np.array([-1, 0, 1]), g_axial=np.array([0.0, 1, 1]), area=AREA * ones,
        ca=1e-2 * ones, g_leak=1e-3 * ones, gbar=gbar,
        open_at_rest=dict.fromkeys(gbar, 0.1 * ones), parameters=parameters, v_rest=-77 * ones,
        section=np.arange(3), x=0.5 * ones, ena=50, ek=-85, celsius=CELSIUS,
    )  # fmt: skip


@pytest.fixture(scope="module")
def levels():
    return held_levels(tree())


def test_sk_is_open_as_far_as_settled_calcium_opens_it(levels):
    """Calcium where influx, at its own Nernst potential, and removal balance."""
    rt = 1e3 * R * (273.15 + CELSIUS) / (2 * FARADAY)  # mV
    depth = POOL.get("depth", 0.1)

    def surplus(cai: float, k: int) -> float:
        eca = rt * np.log(2.0 / cai)
        g = sum(DENSITY[s] * levels.steady[s][k] for s in ("Ca_HVA", "Ca_LVAst"))
        inflow = -1e4 * g * (V[k] - eca) * POOL["gamma"] / (2 * FARADAY * depth)
        return inflow - (cai - 1e-4) / POOL["decay"]

    cai = np.array([brentq(surplus, 1e-5, 1.0, args=(k,)) for k in range(V.size)])
    expected = 1 / (1 + (0.00043 / cai) ** 4.8)
    np.testing.assert_allclose(levels.steady["SK_E2"], expected, rtol=0.02, atol=1e-6)
    assert levels.steady["SK_E2"][np.searchsorted(V, -30.0)] > 0.9  # .001 after 2 ms


def test_steps_start_from_rest_where_sodium_channels_are_ready(levels):
    steady, peak = levels.steady["NaTa_t"], levels.peak["NaTa_t"]
    assert peak[-1] > 0.1 > 10 * steady[-1]
    assert all((opened > 0).all() and (opened <= 1).all() for opened in levels.peak.values())


def test_a_channel_that_the_soma_lacks_is_taken_from_where_it_is_densest(levels):
    assert set(levels.steady) == set(levels.peak) == set(tree().gbar)
    np.testing.assert_allclose(levels.steady["Im"][-1], levels.peak["Im"][-1], rtol=0.05)


def test_densities_are_in_S_per_cm2():
    found = mechanisms_at(tree(), 0)
    for suffix, g in DENSITY.items():
        if suffix != "Im":
            assert found[suffix][f"g{suffix}bar"] == pytest.approx(g)
    assert found["CaDynamics_E2"] == pytest.approx(POOL)
    assert mechanisms_at(tree(), 2) == {"Im": {"gImbar": pytest.approx(2e-4)}}


def test_an_outward_current_of_held_channels_is_positive():
    held = Held(np.array([-60.0, 0.0]), {"Im": np.array([0.1, 0.5])}, {"Im": np.full(2, -85.0)})
    assert held.current({"Im": 2.0}).tolist() == pytest.approx([2 * 0.1 * 25, 2 * 0.5 * 85])
