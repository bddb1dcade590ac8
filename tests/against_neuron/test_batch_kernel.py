"""Does the batch kernel run a cell as NEURON does, whatever runs beside it in other lanes?

Bounds: float64 with fine tables stays within 0.001 mV of NEURON (tables within 3e-7 of the gates),
float32 within 0.1 mV of a trace that fires (a spike's flank moves by 100 mV/ms, so that 0.001 ms
are 0.1 mV).
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod import simulate, simulate_many
from dendmod.cells.l5 import L5PyramidalCell
from dendmod.engines.kernel.batch import BatchSimulator, library
from dendmod.engines.neuron.nodes import cell_nodes
from dendmod.errors import EngineError, SpecError, UnsupportedByEngine
from dendmod.network.drawn import hay_soma
from dendmod.spec import (
    AxonCylinder,
    AxonCylinders,
    ClampLevel,
    Compartment,
    CurrentClamp,
    Location,
    OrnsteinUhlenbeck,
    Ramp,
    Recording,
    ReducedCell,
    Run,
    Setup,
    Sine,
    SpikeTrain,
    Synapse,
    VoltageClamp,
    Waveform,
)
from dendmod.spec.trial import Trial

MINIATURES = Path(__file__).parents[1] / "mechanisms" / "miniatures"
RUN = Run(tstop=40, dt=0.05, settle=20)
FLOAT64, FLOAT32 = 1e-3, 0.1  # mV


def at(compartment: int) -> Location:
    return Location(section=compartment, x=0.5)


def tree(scale: float = 1.0, mechanisms: bool = True) -> ReducedCell:
    """A soma with channels, a dendrite that forks."""
    leak = {"e_leak": -75, "area": 1000}
    drawn = hay_soma(3) if mechanisms else {}
    soma = Compartment(parent=-1, ca=300 * scale, g_leak=10, **leak, **drawn)
    dendrite = Compartment(parent=0, ca=35, g_leak=2, g_couple=5 * scale, **leak)
    further = dendrite.model_copy(update={"parent": 1})
    return ReducedCell(
        compartments=(soma, dendrite, further, further), ena=50, ek=-85, celsius=34, v_init=-75
    )


SYNAPSES = (
    Synapse(name="nmda", mechanism="AmpaNmdaSyn", location=at(2)),
    Synapse(name="nmda too", mechanism="AmpaNmdaSyn", location=at(2), params={"nmda_ratio": 0.5}),
    Synapse(name="gaba", mechanism="DoubleExpSyn", location=at(1), params={"e": -80.0}),
    Synapse(name="exp2", mechanism="Exp2Syn", location=at(3), params={"tau1": 0.5, "tau2": 5.0}),
    Synapse(name="exp", mechanism="ExpSyn", location=at(3), params={"tau": 5.0}),
    Synapse(name="current", mechanism="DoubleExpCurrent", location=at(0)),
)


def trains(shift: float = 0.0) -> tuple[SpikeTrain, ...]:
    return (
        SpikeTrain("nmda", np.array([0.0, 5.0, 12.01, 20.0]) + shift, 0.002),
        SpikeTrain("nmda too", np.array([1.0, 6.026]), 0.001),
        SpikeTrain("gaba", np.array([3.0, 30.0]) + shift, 0.001),
        SpikeTrain("exp2", np.array([30.0, 3.0]), 0.002),
        SpikeTrain("exp", np.array([5.0]), 0.001),
        SpikeTrain("current", np.array([10.0]) + shift, 0.6),
    )


def farthest(one, other) -> float:
    """Largest difference of potentials (mV)."""
    return max(np.abs(one.v[name] - other.v[name]).max() for name in one.v)


def everything() -> Setup:
    return Setup(
        cell=tree(),
        synapses=SYNAPSES,
        current_clamps=(CurrentClamp(location=at(0), delay=2, dur=20, amp=1.2),),
        currents=(
            Ramp(location=at(1), delay=5, dur=30, stop=0.1),
            Sine(location=at(2), delay=0, dur=100, amp=0.05, frequency=40),
            OrnsteinUhlenbeck(location=at(0), delay=0, dur=100, sd=0.03, tau=3),
            Waveform(location=at(3), times=(1.0, 9.0, 11.0), amps=(0.0, 0.1, 0.02), between="hold"),
        ),
        record={"soma": at(0), "tip": at(2)},
    )


def test_synapses_clamps_and_currents_act_as_in_neuron():
    setup = everything()
    neuron = simulate(setup, RUN, trains())
    kernel = simulate(setup, RUN, trains(), engine="kernel")
    assert neuron.spike_times().size >= 1
    assert farthest(neuron, kernel) < FLOAT64
    np.testing.assert_allclose(kernel.spike_times(), neuron.spike_times(), atol=1e-4)  # ms
    fast = simulate_many(setup, RUN, [Trial(trains())])[0]
    assert farthest(neuron, fast) < FLOAT32
    assert fast.spike_times().size == neuron.spike_times().size
    assert fast.provenance["precision"] == "float32"
    assert fast.provenance["tables"] == "fast"


RECORDED = {
    "cai": (1e-9, "mM"),
    "ica": (1e-6, "mA/cm2"),
    "ina": (1e-4, "mA/cm2"),
    "eca": (1e-4, "mV"),
    "ek": (1e-12, "mV"),
    "m_NaTa_t": (1e-4, ""),
    "gNaTa_t_NaTa_t": (1e-6, "S/cm2"),
    "ihcn_Ih": (1e-8, "mA/cm2"),
}


def test_recordings_are_those_of_neuron_sample_by_sample():
    """Currents are what the step was computed with, concentrations what it left behind."""
    record = {"soma": at(0)}
    record |= {name: Recording(location=at(0), variable=name) for name in RECORDED}
    record |= {name: Recording(synapse="nmda", variable=name) for name in ("i", "g_nmda", "b_nmda")}
    setup = Setup(cell=tree(), synapses=SYNAPSES, record=record)
    neuron = simulate(setup, RUN, trains())
    kernel = simulate(setup, RUN, trains(), engine="kernel")
    assert kernel.units == neuron.units
    for name, (bound, unit) in RECORDED.items():
        assert kernel.unit_of(name) == unit
        np.testing.assert_allclose(
            kernel.recordings[name], neuron.recordings[name], atol=bound, rtol=0, err_msg=name
        )
    for name in ("i", "g_nmda", "b_nmda"):
        np.testing.assert_allclose(
            kernel.recordings[name], neuron.recordings[name], atol=1e-6, rtol=0, err_msg=name
        )


LEVELS = tuple(ClampLevel(v=v, dur=dur) for v, dur in ((-70, 10), (-20, 12), (-80, 8)))


@pytest.mark.parametrize(
    "clamp",
    [
        VoltageClamp(location=at(0), v=-60),
        VoltageClamp(location=at(1), v=-50, rs=5.0),
        VoltageClamp(location=at(0), levels=LEVELS, rs=0.01),
    ],
)
def test_a_voltage_clamp_holds_and_measures_as_in_neuron(clamp):
    setup = Setup(cell=tree(), synapses=SYNAPSES, voltage_clamp=clamp)
    neuron = simulate(setup, RUN, trains())
    many = [simulate_many(setup, RUN, [Trial(trains())], precision=p)[0]
            for p in ("float64", "float32")]  # fmt: skip
    size = np.abs(neuron.clamp_current).max()
    for kernel, bound, relative in zip(many, (FLOAT64, FLOAT32), (1e-6, 1e-4), strict=True):
        assert farthest(neuron, kernel) < bound
        np.testing.assert_allclose(
            kernel.clamp_current, neuron.clamp_current, atol=relative * size, rtol=0
        )
    if clamp.v is not None and clamp.location == at(0):
        # the potential is the clamp's to the last digit of a float32
        assert farthest(neuron, many[1]) < 2e-5


FORMS = MINIATURES.with_name("forms")
ALL = sorted(path.stem for folder in (MINIATURES, FORMS) for path in folder.glob("*.mod"))


@pytest.fixture(scope="module")
def differences() -> dict:
    """How far the kernel is from NEURON (mV) for each mechanism, in a process with these files."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.against_neuron.batch_kernel_worker", str(MINIATURES),
         str(FORMS)],
        capture_output=True, text=True, check=True, cwd=MINIATURES.parents[2],
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(1200)  # the first of them compiles all: two minutes of CPU
@pytest.mark.parametrize("suffix", ALL)
def test_every_form_of_mechanism_is_read_from_its_file(suffix, differences):
    """GHK, KINETIC, gates of calcium and of both, pools that read diam, instant gates, GLOBAL
    parameters, parameters that shift gates from place to place, what is kept from the last step.
    """
    assert differences[suffix]["float64"] < 1e-4  # mV
    assert differences[suffix]["float32"] < (0.02 if suffix == "NaShifted" else 2e-3)  # it fires
    assert differences[suffix]["moved"] > 5


def test_a_trial_has_the_same_bits_alone_and_among_others_and_in_threads():
    setup = everything()
    trials = [
        Trial(trains(shift=0.3 * k), amps=(0.06 * k,)) for k in range(19)
    ]  # more than fill the lanes
    for precision in ("float32", "float64"):
        batch = BatchSimulator(setup, RUN, precision=precision)
        together = batch.run_many(trials)
        threaded = batch.run_many(trials, threads=2)
        lone = BatchSimulator(setup, RUN, precision=precision, lone=True)
        assert len({r.v["soma"].tobytes() for r in together}) == len(trials)
        for k in (0, 7, 18):
            alone, spread = batch.run(trials[k]), lone.run(trials[k])
            for other in (alone, spread, threaded[k]):
                for name in ("soma", "tip"):
                    assert np.array_equal(together[k].v[name], other.v[name])


def bits(precision: str, width: int | None = None) -> bytes:
    """The bits of three trials."""
    trials = [Trial(trains(shift=0.3 * k), amps=(0.06 * k,)) for k in range(3)]
    found = BatchSimulator(everything(), RUN, precision=precision, width=width).run_many(trials)
    return b"".join(r.v[name].tobytes() for r in found for name in ("soma", "tip"))


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_trial_has_the_same_bits_with_any_width_and_any_cpu(precision, monkeypatch):
    usual = bits(precision)
    for width in (4, 8, 16):
        assert bits(precision, width) == usual
    plain = tuple(f for f in library.FLAGS if f != "-march=native")
    monkeypatch.setattr(library, "FLAGS", plain)  # of this architecture, without its extensions
    monkeypatch.setattr(library, "tuning", lambda: ())
    assert bits(precision, 4) == usual


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("clang") is None, reason="clang is not installed")
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_trial_has_the_same_bits_from_clang(precision, monkeypatch):
    usual = bits(precision)
    monkeypatch.setenv("CC", "clang")
    assert bits(precision) == usual


def test_variants_run_as_lanes_and_each_as_neuron_runs_it():
    cells = [tree(scale=s) for s in (0.8, 1.0, 1.3)]
    synapses = [
        (*SYNAPSES[:2], SYNAPSES[2].model_copy(update={"params": {"e": e}}), *SYNAPSES[3:])
        for e in (-80.0, -70.0, -60.0)
    ]
    setups = [Setup(cell=c, synapses=s) for c, s in zip(cells, synapses, strict=True)]
    trials = [Trial(trains())] * 3
    found = simulate_many(setups, RUN, trials, precision="float64")
    for setup, kernel in zip(setups, found, strict=True):
        assert farthest(simulate(setup, RUN, trains()), kernel) < FLOAT64
    assert farthest(found[0], found[2]) > 1.0


def test_densities_of_a_trial_are_scaled():
    setup = everything()
    trials = [Trial(trains(), scale=scale) for scale in ({}, {"NaTa_t": 0.0})]
    plain, blocked = simulate_many(setup, RUN, trials, precision="float64")
    assert farthest(plain, simulate(setup, RUN, trains())) < FLOAT64
    soma = tree().compartments[0]
    channels = {**soma.channels, "NaTa_t": {"gNaTa_tbar": 0.0}}
    closed = tree().model_copy(
        update={
            "compartments": (
                soma.model_copy(update={"channels": channels}),
                *tree().compartments[1:],
            )
        }
    )
    neuron = simulate(setup.model_copy(update={"cell": closed}), RUN, trains())
    assert farthest(blocked, neuron) < FLOAT64
    assert blocked.v["soma"].max() < plain.v["soma"].max() - 10
    with pytest.raises(SpecError, match="Kv1"):
        simulate_many(setup, RUN, [Trial(scale={"Kv1": 2.0})])


def test_a_trial_may_have_currents_of_its_own():
    setup = everything()
    own = tuple(
        c.model_copy(update={"key": "another"}) if isinstance(c, OrnsteinUhlenbeck) else c
        for c in setup.currents
    )
    given = [Trial(trains()), Trial(trains(), currents=own)]
    usual, other = simulate_many(setup, RUN, given, precision="float64")
    assert farthest(usual, other) > 0.1  # mV
    neuron = simulate(setup.model_copy(update={"currents": own}), RUN, trains())
    assert farthest(other, neuron) < FLOAT64
    with pytest.raises(SpecError, match="at their places"):
        simulate_many(setup, RUN, [Trial(currents=own[:1])])


@pytest.mark.parametrize("amp", [300.0, -40.0])
def test_a_potential_beyond_the_tables_is_an_error_that_names_the_trial(amp):
    clamp = CurrentClamp(location=at(0), delay=2, dur=20, amp=amp)
    setup = Setup(cell=tree(), current_clamps=(clamp,))
    with pytest.raises(EngineError, match=r"trial 1: .* beyond the tables' -105 to 55 mV"):
        simulate_many(setup, RUN, [Trial(amps=(0.0,)), Trial(amps=(amp,))])
    with pytest.raises(EngineError, match=r"trial 0: .* beyond the tables' -120 to "):
        simulate(setup, RUN, engine="kernel", reach=(-120, 70))
    with pytest.raises(UnsupportedByEngine, match="NEURON needs no tables"):
        simulate(setup, RUN, reach=(-120, 70))


def test_hh_reads_its_rates_from_the_rows_of_its_table():
    soma = Compartment(parent=-1, ca=30, g_leak=0.01, e_leak=-70, area=3000, channels={"hh": {}})
    cell = ReducedCell(compartments=(soma,), ena=50, ek=-77, celsius=6.3, v_init=-65)
    clamp = CurrentClamp(location=at(0), delay=2, dur=35, amp=0.6)
    setup = Setup(cell=cell, current_clamps=(clamp,))
    neuron = simulate(setup, RUN)
    assert neuron.spike_times().size >= 2
    assert farthest(neuron, simulate(setup, RUN, engine="kernel")) < FLOAT64


def test_a_run_that_is_told_to_stop_ends_with_an_error():
    batch = BatchSimulator(Setup(cell=tree()), RUN)
    batch.run()
    batch.stop()  # as another thread does, or Ctrl-C
    with pytest.raises(EngineError, match="stopped"):
        batch.run()
    batch.run()


def test_passive_cells_need_no_tables():
    clamp = CurrentClamp(location=at(0), delay=2, dur=20, amp=1.0)
    setup = Setup(cell=tree(mechanisms=False), current_clamps=(clamp,), synapses=SYNAPSES)
    neuron = simulate(setup, RUN, trains())
    kernel = simulate(setup, RUN, trains(), engine="kernel")
    assert farthest(neuron, kernel) < 1e-7  # mV: NEURON's own rounding


def test_what_the_kernel_cannot_run_is_named():
    run = RUN.model_copy(update={"method": "adaptive"})
    with pytest.raises(UnsupportedByEngine, match="fixed steps"):
        simulate(Setup(cell=tree()), run, engine="kernel")
    plastic = Synapse(name="p", mechanism="PlasticAmpaNmdaSyn", location=at(0))
    with pytest.raises(UnsupportedByEngine, match=r"PlasticAmpaNmdaSyn.mod, line \d+"):
        simulate(Setup(cell=tree(), synapses=(plastic,)), RUN, engine="kernel")
    with pytest.raises(UnsupportedByEngine, match="NEURON computes in float64"):
        simulate(Setup(cell=tree()), RUN, precision="float32")


def test_set_ups_that_differ_in_more_than_numbers_are_refused():
    other = Setup(cell=tree(), synapses=SYNAPSES[:1])
    with pytest.raises(UnsupportedByEngine, match="synapses"):
        simulate_many([Setup(cell=tree()), other], RUN, [Trial(), Trial()])
    with pytest.raises(UnsupportedByEngine, match="same sections|same mechanisms"):
        simulate_many(
            [Setup(cell=tree()), Setup(cell=tree(mechanisms=False))], RUN, [Trial(), Trial()]
        )
    with pytest.raises(SpecError, match="3 trials for 2 set-ups"):
        simulate_many([Setup(cell=tree())] * 2, RUN, [Trial()] * 3)


def test_nodes_of_a_cell_carry_its_area_and_its_resistances():
    cell = L5PyramidalCell("l5pc", 1)
    nodes = cell_nodes(cell)
    assert (nodes.parent[1:] < np.arange(1, nodes.n)).all()
    assert (nodes.g_axial[1:] > 0).all()
    assert nodes.mechanisms["pas"].nodes.size == np.count_nonzero(nodes.area)
    assert nodes.nernst["ca"].sum() == nodes.mechanisms["Ca_HVA"].nodes.size
    assert not nodes.nernst["k"].any()


def test_the_full_cell_with_an_axon_at_the_start_of_its_soma_is_that_of_neuron():
    stub = AxonCylinders(cylinders=(AxonCylinder(L=30, diam=(2.0,)),), at=0.0)
    cell = L5PyramidalCell("l5pc", 3).model_copy(update={"axon_stub": stub})
    soma, tip = Location("soma(0.5)"), Location("apic[36](0.9)")
    clamp = CurrentClamp(location=soma, delay=2, dur=20, amp=3.0)
    setup = Setup(
        cell=cell,
        current_clamps=(clamp,),
        record={"soma": soma, "tip": tip, "axon": Location("axon[0](1)")},
    )
    run = Run(tstop=12, dt=0.05, settle=5)
    neuron = simulate(setup, run)
    assert neuron.spike_times().size == 2
    assert farthest(neuron, simulate(setup, run, engine="kernel")) < 10 * FLOAT64  # within a spike


@pytest.mark.slow
@pytest.mark.parametrize("dt", [0.1, 0.025])
@pytest.mark.parametrize("arm", ["nmda", "shunt"])
def test_trials_of_the_full_cell_fire_as_in_neuron(arm, dt):
    """16 trials each: counts equal; spikes within 0.02 ms (float32) and 0.001 ms (float64)."""
    from dendmod.cells.sites import choose_sites
    from dendmod.engines.neuron import Simulator
    from dendmod.protocol import load_protocol, setup_for, trains_for

    protocol = load_protocol("fig1", {"run.dt_ms": dt})
    sites = choose_sites(protocol.cell_spec, protocol.site_choice).locations
    setup, run = setup_for(protocol, sites), protocol.run_spec
    n = {"nmda": 40, "shunt": 175}[arm]
    level = {"nmda": 11, "shunt": 60}[arm]
    trials = [
        Trial(trains_for(protocol, arm, level=level, n_feedforward=n, trial=k, seed=1))
        for k in range(6)
    ]
    with Simulator(setup, run, coreneuron=False) as simulator:
        neuron = [simulator.run(trial.trains) for trial in trials]
    assert sum(r.spike_times().size for r in neuron) > 0
    for precision, late in (("float32", 0.02), ("float64", 0.001)):
        kernel = simulate_many(setup, run, trials, precision=precision)
        for one, other in zip(neuron, kernel, strict=True):
            assert one.spike_times().size == other.spike_times().size
            np.testing.assert_allclose(other.spike_times(), one.spike_times(), atol=late)
