"""Does the check of a cell run the protocols of Hay et al. 2011, and read their traces rightly?"""

import sys

import numpy as np
import pytest

from dendmod.cells import check
from dendmod.cells.features import smallest_current, time_constant
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.cells.pools import with_pool_start
from dendmod.errors import MorphologyError, SpecError
from dendmod.morphology import resolve
from dendmod.params import hay2011
from dendmod.spec.result import Result
from dendmod.spec.stimulus import SOMA
from tests.against_neuron.test_engine_wiring import point
from tests.doubles import engine

CELL = L5PyramidalCell("l5pc", 3)
RHEOBASE = 0.3  # nA
STEP_RATES = {0.619: 2, 0.793: 5, 1.507: 8}  # spikes in the step, by its current (nA)


def run_bac(**options):
    with engine(lambda setup, run, trains: Result(t=np.zeros(1), v={})) as asked:
        check.bac(CELL, **options)
    ((setup, run, trains),) = asked
    return setup, run, trains


def test_the_epsp_of_the_bac_protocol_comes_5_ms_after_the_pulse_begins():
    """Hay et al. 2011, Fig 1: a pulse of 5 ms and 1.9 nA, and an EPSP at 620 um when it ends."""
    setup, run, trains = run_bac(soma=True, epsp_amp=0.5)
    (pulse,), (train,) = setup.current_clamps, trains
    assert (pulse.location, pulse.delay, pulse.dur, pulse.amp) == (SOMA, 295.0, 5.0, 1.9)
    assert train.times.tolist() == [300.0]
    assert train.times[0] == pulse.delay + pulse.dur
    assert train.weight == 0.5
    assert (run.tstop, run.method, run.settle) == (600.0, "adaptive", 0.0)


def test_the_epsp_lies_on_the_trunk_620_um_from_the_soma_and_is_recorded_there():
    setup, _, _ = run_bac(soma=True, epsp_amp=0.5)
    (synapse,) = setup.synapses
    morphology = resolve(CELL.morphology).without_axon()
    place = synapse.location
    assert morphology.path_distance(place.section, place.x) == pytest.approx(620.0)
    assert place.section in morphology.trunk_sections
    assert setup.record == {"soma": SOMA, "dendrite": place}
    assert synapse.mechanism == "DoubleExpCurrent"
    assert synapse.params == {"tau_rise": 0.5, "tau_decay": 5.0}


def test_either_part_of_the_bac_protocol_can_be_left_out():
    setup, _, trains = run_bac(soma=False, epsp_amp=1.5)
    assert setup.current_clamps == ()
    assert trains[0].weight == 1.5
    setup, _, trains = run_bac(soma=True, epsp_amp=0.0)
    assert len(setup.current_clamps) == 1
    assert trains == ()


def recorded(setup, run, trains):
    """What a made-up cell does: it rests at -77 mV with 40 MOhm, and spikes before its steps too.

    In the BAC protocol the dendrite is highest before the pulse begins; later it reaches 10 mV for
    each of the pulse and the EPSP, and the soma spikes once for the pulse, three times for both.
    In steps of 500 ms it spikes ten times a nA from .3 nA on.
    """
    t = np.arange(0.0, run.tstop + 0.05, 0.1)
    soma = np.where(t < 300, -70.0, -77.0)
    clamps = setup.current_clamps
    if "dendrite" not in setup.record:
        (clamp,) = clamps
        if clamp.amp < 0:
            soma[t >= clamp.delay] = -77.0 + 40 * clamp.amp
            return Result(t=t, v={"soma": soma})
        if clamp.dur == 500.0:
            during = int(10 * clamp.amp) if clamp.amp >= RHEOBASE else 0
            soma[np.searchsorted(t, clamp.delay + 20 * (1 + np.arange(during)))] = 20.0
            return Result(t=t, v={"soma": soma})
        before, during = 2, STEP_RATES[clamp.amp]
        at = [*(100.0 + 10 * np.arange(before)), *(clamp.delay + 50 * (1 + np.arange(during)))]
    else:
        parts = len(clamps) + len(trains)
        at = [100.0, *(310.0 + 20 * np.arange({0: 0, 1: len(clamps), 2: 3}[parts]))]
    soma[np.searchsorted(t, at)] = 20.0
    v = {"soma": soma}
    if "dendrite" in setup.record:
        v["dendrite"] = np.where(t < 200, 40.0, -70.0)
        height = 10.0 * len(clamps) + 10.0 * sum(train.weight for train in trains)
        v["dendrite"][np.searchsorted(t, 305.0)] = height
    return Result(t=t, v=v)


@pytest.fixture(scope="module")
def facts():
    with engine(recorded) as asked:
        found = check.check_cell(CELL)
    return found, asked


def test_rest_and_input_resistance_are_read_before_and_at_the_end_of_the_step(facts):
    found, asked = facts
    assert found.rest == pytest.approx(-77.0)
    assert found.rin == pytest.approx(40.0)
    setup, run, _ = asked[0]
    (clamp,) = setup.current_clamps
    assert (clamp.delay, clamp.dur, clamp.amp) == (1000.0, 1000.0, -0.1)
    assert run.tstop == 2000.0
    assert run.settle == 0.0


def test_rates_count_the_spikes_of_the_step_alone(facts):
    found, asked = facts
    seconds = hay2011.STEPS.dur / 1000
    assert found.step_rates == {
        amp: pytest.approx(spikes / seconds) for amp, spikes in STEP_RATES.items()
    }
    steps = [(s.current_clamps[0], run) for s, run, _ in asked[1:4]]
    assert [clamp.amp for clamp, _ in steps] == list(STEP_RATES)
    for clamp, run in steps:
        assert clamp.dur == hay2011.STEPS.dur
        assert run.tstop == clamp.delay + clamp.dur


def test_bac_counts_and_peaks_are_those_from_the_pulse_on(facts):
    found, _ = facts
    assert found.bac_spikes == {"soma": 1, "epsp": 0, "both": 3, "calcium": 0}
    assert found.dendrite_peak == {"soma": 10.0, "epsp": 5.0, "both": 15.0, "calcium": 15.0}
    said = found.as_json()
    assert said["rin_MOhm"] == 40.0
    assert said["bac_dendrite_peak_mV"] == found.dendrite_peak


def test_the_time_constant_and_the_sag_are_read_from_the_small_step(facts):
    found, _ = facts
    assert found.sag == 0.0
    t = np.array([0.0, *np.geomspace(0.01, 200, 300)])
    assert time_constant(t, 8 * (1 - np.exp(-t / 13.0))) == pytest.approx(13.0, rel=1e-3)
    with pytest.raises(SpecError, match="no exponential fits"):
        time_constant(t, np.where(t > 0, 1.0, 0.0))
    assert "time constant" in found.refused  # the made-up cell moves at once


def test_the_rheobase_is_bracketed_and_rates_are_taken_at_its_multiples(facts):
    found, asked = facts
    assert RHEOBASE <= found.rheobase <= RHEOBASE * 1.021
    assert list(found.fi) == pytest.approx([found.rheobase * k for k in (1, 1.25, 1.5, 2, 3)])
    for amp, rate in found.fi.items():
        assert rate == int(10 * amp) / 0.5
    steps = [(s, run) for s, run, _ in asked[8:-8]]
    assert all((run.settle, run.method) == (700.0, "adaptive") for _, run in steps)
    assert steps[0][0].current_clamps[0].amp == 0.0


def test_the_search_for_a_rheobase_says_what_it_did_not_find():
    with pytest.raises(SpecError, match="spikes without any current"):
        smallest_current(lambda amp: True, 5.0, 0.02)
    with pytest.raises(SpecError, match="no step up to 1.5 nA"):
        smallest_current(lambda amp: amp > 1.6, 1.5, 0.02)
    assert smallest_current(lambda amp: amp > 1.2, 1.5, 0.02) == pytest.approx(1.2, rel=0.021)


def test_without_efel_its_extra_is_named_and_the_rest_is_measured(monkeypatch):
    monkeypatch.setitem(sys.modules, "efel", None)
    with engine(recorded):
        found = check.check_cell(CELL)
    assert "pip install 'dendmod[features]'" in found.refused["spike features"]
    assert found.rheobase is not None
    assert found.features == {}


def test_hays_protocols_are_run_on_hays_cells_and_where_they_are_asked_for():
    other = CELL.model_copy(
        update={"biophysics": CELL.biophysics.model_copy(update={"name": "my cell"})}
    )
    with engine(recorded) as asked:
        found = check.check_cell(other)
        assert not any("dendrite" in setup.record for setup, _, _ in asked)
        assert not {"step_Hz", "bac_spikes", "bac_dendrite_peak_mV"} & set(found.as_json())
        assert found.as_json()["rest_mV"] == -77.0
        found = check.check_cell(other, check.CheckFields(bac=True, rheobase=False))
    assert found.bac_spikes["both"] == 3
    assert found.rheobase is None


def test_a_refused_part_stands_beside_the_others(monkeypatch):
    monkeypatch.setattr(hay2011, "BAC", hay2011.Bac(epsp_distance=5000.0))
    with engine(recorded):
        found = check.check_cell(CELL)
    assert "no place 5000.0 um up the apical trunk" in found.refused["BAC firing"]
    assert (found.rest, found.rin) == pytest.approx((-77.0, 40.0))
    said = found.as_json()
    assert "bac_spikes" not in said
    assert set(said["refused"]) >= {"BAC firing"}
    assert said["step_Hz"]


def starts(setup):
    """Where the pools of a setup begin: the values of their parameter ``start``."""
    regions = setup.cell.biophysics.regions.values()
    return {m.params.get("start") for r in regions for m in r.mechanisms if "decay" in m.params}


def test_hays_protocols_start_from_the_published_calcium_and_once_more_settled(facts):
    """The published pool has no INITIAL block: NEURON starts it at 5e-5 mM (ModelDB 139653)."""
    found, asked = facts
    published, settled, firing = asked[:8], asked[-8:], asked[8:-8]
    assert all(starts(setup) == {5e-5} and run.settle == 0 for setup, run, _ in published)
    assert all(starts(setup) == {None} and run.settle == 3000 for setup, run, _ in settled)
    assert all(starts(setup) == {None} and run.settle == 700 for setup, run, _ in firing)
    said = found.as_json()
    assert said["settled"]["bac_spikes"] == found.settled.bac_spikes
    assert set(said["settled"]) == set(said) - {"settled", "rheobase_nA", "fi_Hz", "spike_features"}


def test_spikes_of_the_steps_count_from_minus_10_mV_as_published():
    """Hay's Step_current_firing.hoc counts there; the doublets of set 1 do not all reach 0 mV."""

    def low_spikes(setup, run, trains):
        result = recorded(setup, run, trains)
        return Result(t=result.t, v={k: np.where(v == 20.0, -5.0, v) for k, v in result.v.items()})

    published = check.check_fields(CELL).model_copy(update={"rheobase": False})
    with engine(low_spikes):
        found = check.check_cell(CELL, published)
        at_zero = check.check_cell(CELL, published.model_copy(
            update={"spike_threshold_mV": 0.0, "settled_ms": 0.0}))  # fmt: skip
    assert found.step_rates[0.793] == STEP_RATES[0.793] / 2
    assert at_zero.step_rates[0.793] == 0
    assert at_zero.settled is None


def test_calcium_can_start_elsewhere_only_where_a_pool_takes_it():
    with pytest.raises(SpecError, match="the cell has no pool"):
        with_pool_start(point(), 5e-5)


def test_the_json_of_hays_cells_has_the_keys_it_always_had(facts):
    keys = ["rest_mV", "rin_MOhm", "step_Hz", "bac_spikes", "bac_dendrite_peak_mV"]
    said = facts[0].as_json()
    assert set(keys) <= set(said)
    assert said["step_Hz"] == {str(a): v for a, v in facts[0].step_rates.items()}


def test_a_cell_that_cannot_be_built_is_an_error_not_a_list_of_refusals():
    with pytest.raises(MorphologyError, match="nowhere"):
        check.check_cell(CELL.model_copy(update={"morphology": "nowhere.swc"}))
