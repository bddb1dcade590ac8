"""Does a probe measure what its names say? On a passive star, whose answers are closed forms."""

import numpy as np
import pytest

from dendmod.engines.held import Agreement
from dendmod.params import wybo2022
from dendmod.reduction import probe as module
from dendmod.reduction.probe import DT, hold_probe, probe
from dendmod.rng import gaussian_burst, stream
from dendmod.spec import Compartment, Location, ReducedCell

LEAK, COUPLE = np.array([10.0, 2.0, 1.0, 3.0]), np.array([0.0, 4.0, 3.0, 2.0])  # nS
REST = np.array([-75.0, -70.0, -80.0, -72.0])  # reversals of the leak (mV)
BURST = {"n": 30, "sd": 5.0, "weight": 1e-3}
G = np.diag(LEAK + COUPLE)  # nS; the soma is joined to each
G[0, 0] += COUPLE.sum()
G[0, 1:] -= COUPLE[1:]
G[1:, 0] -= COUPLE[1:]
Z = 1e3 * np.linalg.inv(G)  # MOhm


@pytest.fixture(scope="module")
def star():
    compartments = [
        Compartment(
            name="soma" if k == 0 else f"site{k - 1:02d}", role="site" if k else "soma",
            parent=0 if k else -1, site=Location(section=k, x=0.5), ca=[100.0, 20, 20, 20][k],
            g_leak=LEAK[k], e_leak=REST[k], g_couple=COUPLE[k], area=1000.0, v_rest=REST[k],
        )
        for k in range(4)
    ]  # fmt: skip
    cell = ReducedCell(name="star", compartments=compartments, ena=50, ek=-85, celsius=34,
                       v_init=-75)  # fmt: skip
    payload = cell.model_dump(mode="json", by_alias=True)
    return {"cell": payload, "places": [[s.section, s.x] for s in cell.sites], "burst": BURST,
            "seed": 4}  # fmt: skip


@pytest.fixture(scope="module")
def found(star):
    return probe(**star)


def test_the_kernel_measures_what_neuron_does(star, found):
    assert Agreement.of(hold_probe(**star)).differs == ""
    for name, values in probe(**star, engine="kernel").items():
        np.testing.assert_allclose(values, found[name], rtol=1e-6, atol=1e-4, err_msg=name)


def test_impedances_are_the_inverse_of_the_conductances(found):
    np.testing.assert_allclose(found["frozen"], Z, rtol=1e-4)
    np.testing.assert_allclose(found["steady"], Z, rtol=2e-3)


def test_rest_is_where_leaks_and_couplings_balance(found):
    np.testing.assert_allclose(found["rest"], Z @ (LEAK * REST) * 1e-3, atol=0.01)


def test_epsps_start_at_their_spike_and_carry_the_charge_of_their_synapse(found):
    """The area under an EPSP is impedance times charge; .2 nS at a site, 1 nS at the soma."""
    rise, decay = wybo2022.AMPA["tau_rise"], wybo2022.AMPA["tau_decay"]
    peak = rise * decay / (decay - rise) * np.log(decay / rise)
    area = (decay - rise) / (np.exp(-peak / decay) - np.exp(-peak / rise))  # ms, of a peak of one
    weights = np.array([1e-3, 2e-4, 2e-4, 2e-4])  # uS
    charge = weights * area * (wybo2022.AMPA["e"] - found["rest"])  # pC
    for name, impedance in (("epsp_soma", Z[0]), ("epsp_local", np.diag(Z))):
        epsp = found[name]
        assert epsp.shape == (4, 1501)
        np.testing.assert_allclose(epsp.sum(axis=1) * DT, impedance * charge, rtol=0.12)
        before = round(module.EPSP_AT / DT)
        assert np.abs(epsp[:, : before + 1]).max() < 1e-6
        assert (epsp[:, before + 20] > 0.05 * epsp.max(axis=1)).all()


def test_plateaus_are_of_one_site_at_a_time_around_60_ms(found):
    local, soma = found["plateau_local"], found["plateau_soma"]
    assert local.shape == soma.shape == (3, 2501)
    np.testing.assert_allclose(local[:, 0], found["rest"][1:], atol=0.02)
    np.testing.assert_allclose(soma[:, 0], found["rest"][0], atol=0.02)
    for site in range(3):
        # what arrives at the soma is what a passive site passes on
        settled = np.argmax(local[site])
        share = (soma[site] - soma[site, 0])[settled] / (local[site] - local[site, 0])[settled]
        assert 0 < share < Z[0, site + 1] / Z[site + 1, site + 1]
        times = gaussian_burst(stream(4, "probe", site), 30, 60.0, 5.0)
        first = round(times.min() / DT)
        assert np.ptp(local[site, : first - 1]) < 0.01
        assert local[site, first + 30] - local[site, 0] > 0.1
    assert (local.max(axis=1) > -40).all()
