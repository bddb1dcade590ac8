"""Do currents, clamps and recordings give what closed forms and plain NEURON give?"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.cells.l5 import L5PyramidalCell
from dendmod.engines.neuron import Simulator
from dendmod.errors import SpecError, UnsupportedByEngine
from dendmod.network.drawn import hay_soma
from dendmod.spec import (
    Chirp,
    ClampLevel,
    Location,
    OrnsteinUhlenbeck,
    Ramp,
    Recording,
    Run,
    Setup,
    Sine,
    SpikeTrain,
    Synapse,
    VoltageClamp,
    Waveform,
)
from dendmod.spec.stimulus import SOMA
from tests.against_neuron.test_engine_wiring import C, E, G, point

TAU, R = C / G, 1e3 / G  # ms, MOhm
WORKER = Path(__file__).with_name("stimulus_worker.py")


def run(*currents, dt=0.1, tstop=100.0, settle=200.0, coreneuron=False, cell=None, **attached):
    setup = Setup(cell=cell or point(), currents=currents, **attached)
    with Simulator(setup, Run(tstop=tstop, dt=dt, settle=settle), coreneuron=coreneuron) as s:
        return s.run()


def euler(current, dt, tstop):
    """Return by how much (mV) implicit Euler moves the membrane under a current, [steps + 1]."""
    t = dt * np.arange(round(tstop / dt))
    v = [0.0]
    for i in current.values(t + dt / 2):
        v.append((v[-1] + dt / C * 1e3 * i) / (1 + dt / TAU))
    return np.array(v)


def test_a_ramp_moves_an_rc_membrane_as_its_closed_form_says():
    """v = R s (t - tau (1 - exp(-t / tau))) for a ramp of slope s."""
    result = run(Ramp(location=SOMA, delay=20.0, dur=80.0, stop=0.2), dt=0.01)
    t = np.clip(result.t - 20, 0, None)
    expected = R * 0.2 / 80 * (t - TAU * (1 - np.exp(-t / TAU)))
    np.testing.assert_allclose(result.v["soma"] - E, expected, atol=2e-3)


@pytest.mark.parametrize("frequency", [5.0, 20.0, 80.0])
def test_a_sine_has_the_amplitude_and_phase_of_an_rc_membrane(frequency):
    omega = 2 * np.pi * frequency * 1e-3
    sine = Sine(location=SOMA, delay=0.0, dur=600.0, amp=0.05, frequency=frequency)
    result = run(sine, dt=0.01, tstop=600.0)
    late = result.t > 400
    t, v = result.t[late], result.v["soma"][late] - E
    basis = np.column_stack([np.sin(omega * t), np.cos(omega * t)])
    (a, b), *_ = np.linalg.lstsq(basis, v, rcond=None)
    assert np.hypot(a, b) == pytest.approx(0.05 * R / np.hypot(1, omega * TAU), rel=1e-3)
    assert np.arctan2(b, a) == pytest.approx(-np.arctan(omega * TAU), abs=1e-2)


def test_noise_moves_an_rc_membrane_by_the_variance_of_its_closed_form():
    """Var v = (R sd)^2 tau_n / (tau + tau_n), and mean R mean: filtered Ornstein-Uhlenbeck."""
    noise = OrnsteinUhlenbeck(
        location=SOMA, delay=0.0, dur=2e4, mean=0.02, sd=0.05, tau=5.0, seed=3
    )
    result = run(noise, tstop=2e4)
    v = result.v["soma"][1000:] - E
    assert v.mean() == pytest.approx(R * 0.02, abs=0.25)
    assert v.var() == pytest.approx((R * 0.05) ** 2 * 5 / (TAU + 5), rel=0.15)


def test_noise_has_its_mean_variance_and_correlation_at_any_step():
    for dt in (0.1, 0.025):
        noise = OrnsteinUhlenbeck(location=SOMA, delay=0.0, dur=4e4, mean=0.1, sd=0.2, tau=4.0)
        x = noise.values(dt * np.arange(round(4e4 / dt)))
        assert x.mean() == pytest.approx(0.1, abs=0.01)
        assert x.std() == pytest.approx(0.2, rel=0.03)
        lag = round(4.0 / dt)
        assert np.corrcoef(x[:-lag], x[lag:])[0, 1] == pytest.approx(np.exp(-1), abs=0.03)


def test_noise_depends_on_its_seed_and_key_alone():
    t = 0.05 + 0.1 * np.arange(100)

    def drawn(**changes):
        fields = {"location": SOMA, "delay": 0.0, "dur": 10.0, "sd": 1.0, "tau": 5.0}
        return OrnsteinUhlenbeck(**{**fields, **changes}).values(t)

    assert np.array_equal(drawn(seed=1), drawn(seed=1))
    assert not np.array_equal(drawn(seed=1), drawn(seed=2))
    assert not np.array_equal(drawn(seed=1), drawn(seed=1, key="other"))
    np.testing.assert_allclose(drawn(mean=3.0), 3.0 + drawn(), rtol=1e-12)


@pytest.mark.parametrize("settle", [0.0, 200.0])
@pytest.mark.parametrize("dt", [0.1, 0.025])
@pytest.mark.parametrize(
    "current",
    [
        Ramp(location=SOMA, delay=10.0, dur=50.0, start=-0.1, stop=0.2),
        Chirp(location=SOMA, delay=5.0, dur=90.0, amp=0.1, start=1.0, stop=100.0),
        OrnsteinUhlenbeck(location=SOMA, delay=0.0, dur=100.0, sd=0.1, tau=3.0),
        Waveform(location=SOMA, times=(3.0, 40.0, 41.0), amps=(0.1, -0.2, 0.1)),
    ],
    ids=lambda current: current.kind,
)
def test_a_fixed_step_takes_the_current_at_its_middle(current, dt, settle):
    cell = point().model_copy(update={"v_init": E})
    result = run(current, dt=dt, settle=settle, cell=cell)
    expected = E + euler(current, dt, 100.0)
    np.testing.assert_allclose(result.v["soma"], expected, rtol=0, atol=1e-9)


def test_a_chirp_sweeps_from_one_frequency_to_the_other():
    """Its phase after t s is 2 pi (2 t + 9 t^2): 11 cycles in all, a sign change at each half."""
    chirp = Chirp(location=SOMA, delay=0.0, dur=1000.0, amp=1.0, start=2.0, stop=20.0)
    t = np.arange(0, 1000, 0.1)
    crossings = t[1:][np.diff(np.signbit(chirp.values(t)))]
    halves = np.arange(1, 22) / 2
    expected = 1e3 * (-2 + np.sqrt(4 + 36 * halves)) / 18
    np.testing.assert_allclose(crossings, expected, atol=0.11)


def test_a_waveform_is_held_or_joined_and_is_zero_outside():
    t = np.array([0.0, 1.0, 1.5, 2.9, 3.0, 3.1])
    fields = {"location": SOMA, "times": (1.0, 2.0, 3.0), "amps": (1.0, 3.0, 5.0)}
    np.testing.assert_allclose(Waveform(**fields).values(t), [0, 1, 2, 4.8, 5, 0])
    assert Waveform(**fields, between="hold").values(t).tolist() == [0, 1, 1, 3, 5, 0]


def test_runs_from_one_settled_state_are_the_same():
    noise = OrnsteinUhlenbeck(location=SOMA, delay=0.0, dur=100.0, sd=0.1, tau=3.0)
    setup = Setup(cell=point(), currents=(noise,))
    with Simulator(setup, Run(tstop=50.0, settle=100.0), coreneuron=False) as simulator:
        first, second = simulator.run(), simulator.run()
    assert np.array_equal(first.v["soma"], second.v["soma"])


def test_a_clamp_of_three_levels_needs_the_currents_of_ohms_law_and_then_lets_go():
    levels = (ClampLevel(v=-80, dur=20), ClampLevel(v=-20, dur=150), ClampLevel(v=-60, dur=100))
    clamp = VoltageClamp(location=SOMA, rs=1e-3, levels=levels)
    result = run(voltage_clamp=clamp, tstop=400.0)
    i, v = result.clamp_current, result.v["soma"]
    for at, level in ((10.0, -80), (160.0, -20), (260.0, -60)):
        k = round(at / 0.1)
        assert v[k] == pytest.approx(level, abs=1e-3)
        assert i[k] == pytest.approx((level - E) / (R + 1e-3), abs=1e-7)
    assert i[-1] == 0.0
    assert v[round(290 / 0.1)] == pytest.approx(E + 10 * np.exp(-20 / TAU), abs=0.1)
    assert v[round(19.9 / 0.1)] == pytest.approx(-80, abs=1e-3)
    assert v[round(20.3 / 0.1)] == pytest.approx(-20, abs=1.0)


def test_recordings_are_those_of_neuron_with_their_units():
    cell = point(**hay_soma())
    setup = Setup(
        cell=cell,
        currents=(Ramp(location=SOMA, delay=0.0, dur=50.0, stop=0.5),),
        synapses=(Synapse(name="s", mechanism="AmpaNmdaSyn", location=SOMA),),
        record={
            "soma": SOMA,
            "again": Recording(location=SOMA, variable="v"),
            "sodium": Recording(location=SOMA, variable="ina"),
            "channel": Recording(location=SOMA, variable="ina_NaTa_t"),
            "m": Recording(location=SOMA, variable="m_NaTa_t"),
            "h": Recording(location=SOMA, variable="h_NaTa_t"),
            "ca": Recording(location=SOMA, variable="cai"),
            "nmda": Recording(synapse="s", variable="g_nmda"),
            "ampa": Recording(synapse="s", variable="g_ampa"),
        },
    )
    train = SpikeTrain("s", np.array([5.0]), 1e-3)
    gbar = cell.compartments[0].channels["NaTa_t"]["gNaTa_tbar"]
    found = {}
    for coreneuron in (False, True):
        with Simulator(setup, Run(tstop=60.0, dt=0.025, settle=50.0), coreneuron=coreneuron) as s:
            found[coreneuron] = result = s.run((train,))
        assert list(result.v) == ["soma", "again"]
        assert np.array_equal(result.v["soma"], result.v["again"])
        r = result.recordings
        assert list(r) == ["sodium", "channel", "m", "h", "ca", "nmda", "ampa"]
        assert [result.unit_of(n) for n in r] == ["mA/cm2", "mA/cm2", "", "", "mM", "uS", "uS"]
        # both are those of one moment: the current of the step that ends there
        ohmic = gbar * r["m"] ** 3 * r["h"] * (result.v["soma"] - cell.ena)
        assert np.corrcoef(ohmic, r["channel"])[0, 1] > 0.98
        assert r["ampa"].max() == pytest.approx(1e-3, rel=0.02)
        block = 1 / (1 + 0.3 * np.exp(-0.1 * result.v["soma"]))
        assert (r["nmda"] <= 2e-3 * block.max()).all()
        assert r["ca"].min() > 0
        assert len(result.spike_times()) > 0
    a, b = found[False], found[True]
    for name, trace in (a.v | a.recordings).items():
        np.testing.assert_allclose((b.v | b.recordings)[name], trace, rtol=1e-6, atol=1e-9)


def test_the_magnesium_block_takes_other_constants():
    """At -40 mV: 1 / (1 + .28 exp(.062 40)) of the receptors are open (Jahr & Stevens 1990)."""

    def peak(**params):
        synapse = Synapse(name="s", mechanism="AmpaNmdaSyn", location=SOMA, params=params)
        setup = Setup(
            cell=point(),
            synapses=(synapse,),
            voltage_clamp=VoltageClamp(location=SOMA, v=-40.0),
            record={"g": Recording(synapse="s", variable="g_nmda")},
        )
        with Simulator(setup, Run(tstop=30.0, settle=20.0), coreneuron=False) as simulator:
            result = simulator.run((SpikeTrain("s", np.array([1.0]), 1e-3),))
        return result.recordings["g"].max() / 2e-3

    assert peak() == pytest.approx(1 / (1 + 0.3 * np.exp(4)), rel=0.01)
    jahr_stevens = peak(mg_factor=0.28, mg_slope=0.062)
    assert jahr_stevens == pytest.approx(1 / (1 + 0.28 * np.exp(2.48)), rel=0.01)


def test_spikes_are_counted_at_the_threshold_of_the_run():
    cell = point(**hay_soma())
    ramp = Ramp(location=SOMA, delay=0.0, dur=100.0, stop=1.0)
    setup = Setup(cell=cell, currents=(ramp,))
    counts = {}
    for threshold in (0.0, -50.0, 60.0):
        run_spec = Run(tstop=100.0, dt=0.025, spike_threshold=threshold)
        with Simulator(setup, run_spec, coreneuron=False) as simulator:
            counts[threshold] = simulator.run().spike_times().size
    assert counts[0.0] > 0
    assert counts[-50.0] >= counts[0.0]
    assert counts[60.0] == 0


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Recording(location=SOMA, variable="m_NaTa"), "there is no variable 'm_NaTa'"),
        (Recording(location=SOMA, variable="x_NaTa_t"), "'x_NaTa_t'. .*m_NaTa_t"),
        (Recording(location=SOMA, variable="cia"), "Allowed: cai, cao, eca, ek, ena, i_cap, ica"),
    ],
)
def test_a_variable_that_no_mechanism_has_is_refused(record, message):
    with pytest.raises(SpecError, match=message):
        Simulator(Setup(cell=point(), record={"a": record}), Run(tstop=1.0))


def test_a_variable_that_is_not_at_its_place_is_refused_with_what_is_there():
    record = {"a": Recording(location=SOMA, variable="m_NaTa_t")}
    simulator = Simulator(Setup(cell=point(), record=record), Run(tstop=1.0), coreneuron=False)
    with (
        pytest.raises(SpecError, match="recording 'a': its place has no variable .*pas"),
        simulator,
    ):
        pass


def test_what_cannot_be_is_refused():
    with pytest.raises(SpecError, match="either v or levels"):
        VoltageClamp(location=SOMA)
    with pytest.raises(SpecError, match="at most 3"):
        VoltageClamp(location=SOMA, levels=[{"v": -70, "dur": 1}] * 4)
    with pytest.raises(SpecError, match="there is no synapse 'b'. Did you mean|Allowed: aa"):
        Setup(
            cell=point(),
            synapses=(Synapse(name="aa", mechanism="AmpaNmdaSyn", location=SOMA),),
            record={"x": Recording(synapse="b", variable="g")},
        )
    with pytest.raises(SpecError, match="at a location or at a synapse"):
        Recording(variable="v")
    with pytest.raises(SpecError, match="cannot be called 'clamp_current'"):
        Setup(cell=point(), record={"clamp_current": Recording(location=SOMA, variable="cai")})
    with pytest.raises(SpecError, match="times must rise; after 2.0 ms comes 2.0 ms"):
        Waveform(location=SOMA, times=(1.0, 2.0, 2.0), amps=(0, 1, 2))
    with pytest.raises(SpecError, match="3 times for 2 values"):
        Waveform(location=SOMA, times=(1.0, 2.0, 3.0), amps=(0, 1))
    ramp = Ramp(location=SOMA, delay=0.0, dur=1.0, stop=1.0)
    with pytest.raises(UnsupportedByEngine, match="a ramp is played step by step"):
        Simulator(Setup(cell=point(), currents=(ramp,)), Run(tstop=1.0, method="adaptive"))
    with pytest.raises(SpecError, match="ramp 0: compartment 7 is not there"):
        Setup(
            cell=point(), currents=(ramp.model_copy(update={"location": Location(section=7, x=0)}),)
        )


def test_currents_and_recordings_on_the_l5_cell_are_those_of_plain_neuron():
    """NEURON alone plays the same waveform and records the same variables: equal to the bit."""
    done = subprocess.run(
        [sys.executable, str(WORKER)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["spikes"] > 0
    assert found["largest"] == dict.fromkeys(("soma", "ina", "m", "cai"), 0.0)


def test_the_full_cell_takes_all_kinds_at_once():
    cell = L5PyramidalCell("l5pc", 3)
    dendrite = Location(section=40, x=0.5)
    result = run(
        Sine(location=dendrite, delay=1.0, dur=8.0, amp=0.1, frequency=100.0),
        cell=cell, tstop=10.0, settle=5.0,
        record={"d": dendrite, "ica": Recording(location=SOMA, variable="ica")},
    )  # fmt: skip
    assert np.ptp(result.v["d"]) > 0.1
    assert result.unit_of("ica") == "mA/cm2"
