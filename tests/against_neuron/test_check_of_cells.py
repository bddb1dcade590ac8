"""What does the check of a cell find where the answers are known?"""

import pytest

from dendmod.cells.check import CheckFields, check_cell
from dendmod.network.drawn import hay_soma
from dendmod.plotting.cellcheck import draw
from tests.against_neuron.test_engine_wiring import point


def test_a_passive_membrane_has_its_closed_form():
    """200 pF and 10 nS at -70 mV: 100 MOhm, 20 ms, no sag; it never spikes."""
    found = check_cell(point())
    assert found.rest == pytest.approx(-70.0, abs=1e-2)
    assert found.rin == pytest.approx(100.0, rel=1e-3)
    assert found.tau == pytest.approx(20.0, rel=0.01)
    assert found.sag == pytest.approx(0.0, abs=1e-3)
    assert found.rheobase is None
    assert found.refused == {
        "rheobase and f-I curve": "no step up to 1.5 nA evokes a spike at the soma"
    }


def test_a_membrane_with_channels_has_a_rheobase_and_spikes_that_efel_measures():
    pytest.importorskip("efel")
    fields = CheckFields(bac=True, fi_factors=(1.5, 2.0))
    found = check_cell(point(**hay_soma()), fields)
    assert "a reduced one has no trunk" in found.refused.pop("BAC firing")
    assert found.refused == {}
    assert found.rheobase > 0
    rates = list(found.fi.values())
    assert rates[0] > 0
    assert rates == sorted(rates)
    features = found.features
    assert features["threshold_mV"] < 0 < features["amplitude_mV"] + features["threshold_mV"]
    assert 0.2 < features["half_width_ms"] < 5
    assert features["latency_ms"] > 0
    figure = draw(point(**hay_soma()), found)
    titles = [ax.get_title() for ax in figure.axes]
    assert "Spikes above rheobase" in titles
    (curve,) = figure.axes[-1].lines
    assert list(curve.get_xdata()) == list(found.fi)
    assert list(curve.get_ydata()) == rates
