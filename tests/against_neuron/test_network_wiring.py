"""Do spikes reach the cell, the step and the sample that they are meant for?

Both engines read delays, rates and places by the same functions, so that each is held against a
closed form here, besides being held against the other.
"""

import numpy as np
import pytest

from dendmod.engines.simulation import simulate
from dendmod.network import (
    Arrivals,
    Background,
    ContextSynapses,
    ExplicitStimulus,
    FeedforwardSynapses,
    GeneratedStimulus,
    NetworkRun,
    NetworkSpec,
    OutputCell,
    Samples,
    SampleTrains,
)
from dendmod.network.drawn import hay_soma
from dendmod.network.events import events
from dendmod.network.run import Burst
from dendmod.spec import Compartment, ReducedCell

HAY = {"ena": 50.0, "ek": -85.0, "celsius": 34.0, "v_init": -75.0}
ENGINES = pytest.mark.parametrize("engine", ["neuron", "kernel"])
ACTIVE = Compartment(parent=-1, ca=300, g_leak=10, e_leak=-75, area=1000, **hay_soma())
PASSIVE = Compartment(parent=-1, ca=300, g_leak=10, e_leak=-75, area=1000)
DENDRITE = Compartment(parent=0, ca=30, g_leak=2, e_leak=-75, g_couple=5, area=1000)


def cell(*compartments):
    return ReducedCell(compartments=compartments, **HAY)


def relay(delay):
    """One input fires one hidden cell, whose spike depolarises a passive output cell."""
    return NetworkSpec(
        hidden=(cell(ACTIVE),),
        feedforward=FeedforwardSynapses(weights=[[3.0]]),
        output=OutputCell(cell=cell(PASSIVE), weights=[0.5], delay=delay),
    )


def two_samples(at, **changes):
    """An input spike in the first of two samples of 100 ms."""
    trains = (SampleTrains(feedforward_input=[0], feedforward_times=[at]), SampleTrains())
    return NetworkRun(
        samples=Samples(context=[0, 0], expected=[0, 0]),
        stimulus=ExplicitStimulus(trains=trains), duration=100.0, record_v=True, **changes,
    )  # fmt: skip


@pytest.mark.parametrize("delay", [1.0, 3.0])
def test_a_spike_whose_delay_crosses_the_border_of_samples_arrives_in_the_next(delay):
    results = {name: simulate(relay(delay), two_samples(95.0), engine=name)
               for name in ("neuron", "kernel")}  # fmt: skip
    for result in results.values():
        assert result.hidden.sample.tolist() == [0]
        (spike,) = result.hidden.times
        assert spike > 99  # it is under way when the sample ends
        first, second = result.v[:, 1]
        arrival = round((spike + delay - 100) / 0.1)
        assert np.ptp(first) < 1e-9
        assert np.ptp(second[: arrival + 1]) < 1e-9
        assert second[arrival + 2] > second[0] + 0.01
    np.testing.assert_allclose(results["kernel"].v[:, 1], results["neuron"].v[:, 1], atol=1e-9)


@ENGINES
def test_a_spike_under_way_is_lost_where_samples_start_from_rest(engine):
    result = simulate(relay(1.0), two_samples(95.0, between_samples="rest"), engine=engine)
    assert result.hidden.times.size == 1
    assert np.ptp(result.v[:, 1]) < 1e-9


@ENGINES
def test_an_excitatory_output_weight_depolarises_by_its_charge(engine):
    """What is on the membrane of 300 pF, and what leaked through 10 nS, is the charge of .5 nA."""
    result = simulate(relay(1.0), two_samples(20.0), engine=engine)
    epsp = result.v[0, 1] - result.v[0, 1, 0]
    peak = 0.2 * 3 / 2.8 * np.log(15)
    area = 2.8 / (np.exp(-peak / 3) - np.exp(-peak / 0.2))  # ms, of a peak of one
    charge = 0.5 * area  # pC
    on_membrane_and_leaked = 300e-3 * epsp + 10e-3 * np.cumsum(epsp) * 0.1  # pC
    np.testing.assert_allclose(on_membrane_and_leaked[600:], charge, rtol=0.01)
    assert epsp.max() > 3


@ENGINES
def test_the_network_settles_before_its_first_sample(engine):
    """A passive cell 10 mV off its rest comes back with 30 ms."""
    spec = NetworkSpec(
        hidden=(ReducedCell(compartments=(PASSIVE,), **{**HAY, "v_init": -65.0}),),
        feedforward=FeedforwardSynapses(weights=[[0.0]]),
    )
    trains = (SampleTrains(),)
    for settle in (0.0, 30.0):
        run = NetworkRun(
            samples=Samples(context=[0], expected=[0]), stimulus=ExplicitStimulus(trains=trains),
            settle=settle, duration=30.0, record_v=True,
        )  # fmt: skip
        v = simulate(spec, run, engine=engine).v[0, 0]
        expected = -75 + 10 * np.exp(-(settle + np.arange(301) * 0.1) / 30)
        np.testing.assert_allclose(v, expected, atol=0.02)


@ENGINES
def test_inputs_reach_the_neuron_and_compartment_that_they_name(engine):
    """Of two cells with two dendrites, first the one and then the other of the second cell."""
    spec = NetworkSpec(
        hidden=(cell(PASSIVE, DENDRITE, DENDRITE), cell(PASSIVE, DENDRITE, DENDRITE)),
        feedforward=FeedforwardSynapses(weights=[[0.0, 0.0]]),
        context=ContextSynapses(
            compartments=(1, 2), weights=[[[1e-3, 2e-3], [3e-3, 4e-3]], [[9e-3] * 2] * 2],
            nmda_ratio=0.0,
        ),
    )  # fmt: skip
    heights = []
    for compartment in (1, 2):
        arrivals = Arrivals(neuron=[1], compartment=[compartment], times=[10.0])
        run = NetworkRun(
            samples=Samples(context=[0], expected=[0]), duration=50.0, record_v=True,
            stimulus=ExplicitStimulus(trains=(SampleTrains(context=arrivals),)),
        )  # fmt: skip
        v = simulate(spec, run, engine=engine).v[0]
        assert np.ptp(v[0]) < 1e-9
        assert np.ptp(v[1, :101]) < 1e-9
        heights.append(np.ptp(v[1]))
    # 3 and 4 nS are so strong that they saturate a little
    assert 1.1 < heights[1] / heights[0] < 4 / 3


@ENGINES
def test_each_hidden_cell_has_its_own_numbers(engine):
    """After one current a cell of 20 nS comes back to rest twice as fast as one of 10 nS."""
    leaky = PASSIVE.model_copy(update={"g_leak": 20.0})
    spec = NetworkSpec(
        hidden=(cell(PASSIVE), cell(leaky)),
        feedforward=FeedforwardSynapses(weights=[[0.5, 0.5]]),
    )
    trains = (SampleTrains(feedforward_input=[0], feedforward_times=[20.0]),)
    run = NetworkRun(
        samples=Samples(context=[0], expected=[0]), stimulus=ExplicitStimulus(trains=trains),
        duration=100.0, record_v=True,
    )  # fmt: skip
    epsp = simulate(spec, run, engine=engine).v[0] + 75
    for v, tau in zip(epsp, (30.0, 15.0), strict=True):
        late = np.log(v[600] / v[800])  # 20 ms further
        assert 20 / late == pytest.approx(tau, rel=0.01)


def background_spikes(**rates):
    """Return the mean rate (Hz) of each kind of background at the soma and the dendrite."""
    n = 50
    spec = NetworkSpec(
        hidden=(cell(PASSIVE, DENDRITE),),
        feedforward=FeedforwardSynapses(weights=np.zeros((1, n))),
        background=Background(**rates),
    )
    counts = {}
    samples = 40
    run = NetworkRun(
        samples=Samples(context=[0] * samples, expected=[0] * samples), duration=200.0,
        stimulus=GeneratedStimulus(feedforward_counts=np.zeros((samples, 1), int)), seed=3,
    )  # fmt: skip
    for index in range(samples):
        given = events(spec, run, index)
        for kind in ("ampa", "gaba"):
            places = getattr(given, kind)
            for c in (0, 1):
                counts[kind, c] = counts.get((kind, c), 0) + np.sum(places.compartment == c)
            assert places.step.max() < run.n_steps
    return {place: n_spikes / (samples * n * 0.2) for place, n_spikes in counts.items()}


def test_backgrounds_have_the_rates_of_their_place_and_kind_in_Hz():
    found = background_spikes(
        soma_ampa_rate=20, soma_gaba_rate=40, dendrite_ampa_rate=60, dendrite_gaba_rate=80
    )
    expected = {("ampa", 0): 20, ("gaba", 0): 40, ("ampa", 1): 60, ("gaba", 1): 80}
    for place, rate in expected.items():
        assert found[place] == pytest.approx(rate, abs=5 * np.sqrt(rate / 400))


def test_generated_bursts_have_their_centre_width_and_number():
    n, samples = 20, 40
    spec = NetworkSpec(
        hidden=(cell(PASSIVE, DENDRITE),),
        feedforward=FeedforwardSynapses(weights=np.zeros((3, n))),
        context=ContextSynapses(compartments=(1,), weights=np.zeros((1, n, 1))),
    )
    run = NetworkRun(
        samples=Samples(context=[0] * samples, expected=[0] * samples), seed=3,
        stimulus=GeneratedStimulus(
            feedforward_counts=np.tile([0, 5, 50], (samples, 1)),
            feedforward=Burst(center=60.0, sd=6.0), context=Burst(center=80.0, sd=15.0),
            context_mean=30.0,
        ),
    )  # fmt: skip
    given = [events(spec, run, index) for index in range(samples)]
    for number, count in enumerate((0, 5, 50)):
        assert {np.sum(e.feedforward_input == number) for e in given} == {count}
    for steps, center, sd in (
        (np.concatenate([e.feedforward_step for e in given]), 60, 6),
        (np.concatenate([e.context.step for e in given]), 80, 15),
    ):
        assert steps.mean() * run.dt == pytest.approx(center, abs=5 * sd / np.sqrt(steps.size))
        assert steps.std() * run.dt == pytest.approx(sd, rel=4 / np.sqrt(2 * steps.size))
    drawn = np.array([np.bincount(e.context.neuron, minlength=n) for e in given])
    assert drawn.mean() == pytest.approx(30, abs=5 * np.sqrt(30 / drawn.size))
    assert drawn.var() == pytest.approx(30, rel=0.25)


def test_spikes_are_ordered_by_time_within_a_sample_and_counted_by_sample_and_cell():
    spec = NetworkSpec(
        hidden=(cell(ACTIVE),),
        feedforward=FeedforwardSynapses(weights=[[3.0, 0, 0], [0, 3.0, 0], [0, 0, 3.0]]),
    )
    # the third cell fires before the first; in the second sample the second alone, twice
    trains = (
        SampleTrains(feedforward_input=[0, 2], feedforward_times=[50.0, 20.0]),
        SampleTrains(feedforward_input=[1, 1], feedforward_times=[20.0, 60.0]),
    )
    run = NetworkRun(
        samples=Samples(context=[0, 0], expected=[0, 0]), stimulus=ExplicitStimulus(trains=trains)
    )
    spikes = simulate(spec, run).hidden
    assert spikes.sample.tolist() == [0, 0, 1, 1]
    assert spikes.neuron.tolist() == [2, 0, 1, 1]
    assert (np.diff(spikes.times) > 0).tolist() == [True, False, True]
    assert spikes.counts(2, 3).tolist() == [[1, 0, 1], [0, 2, 0]]
