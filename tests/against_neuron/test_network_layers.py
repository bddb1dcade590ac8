"""Do networks of several layers run as specified, and as NEURON runs them?"""

import numpy as np
import pytest
from hypothesis import given, settings

from dendmod.engines.compare import compare, difference
from dendmod.engines.kernel.network import KernelSimulator
from dendmod.engines.simulation import simulate
from dendmod.errors import SpecError
from dendmod.network import (
    Connections,
    ExplicitStimulus,
    FeedforwardSynapses,
    NetworkRun,
    NetworkSpec,
    Population,
    Projection,
    Samples,
    SampleTrains,
)
from dendmod.network.drawn import draw_network
from dendmod.spec import Compartment, ReducedCell
from tests.against_neuron.test_network_engines import COMMON, SEEDS

ENGINES = pytest.mark.parametrize("engine", ["neuron", "kernel"])
SOMA = Compartment(parent=-1, ca=100, g_leak=10, e_leak=-75, area=300)
DENDRITE = Compartment(parent=0, ca=50, g_leak=2, g_couple=5, e_leak=-75, area=100)
CELL = ReducedCell(compartments=(SOMA, DENDRITE), ena=50, ek=-85, celsius=34, v_init=-75)


def chain(*projections, n=1, populations=("next",)):
    """Passive hidden cells, each of an input of its own, and populations of one cell."""
    return NetworkSpec(
        hidden=(CELL,),
        feedforward=FeedforwardSynapses(weights=3 * np.eye(n)),
        threshold=-60,
        populations=tuple(Population(name=name, n=1, cells=(CELL,)) for name in populations),
        projections=projections,
    )


def one_spike(at=5.0, n_samples=1, **changes):
    train = SampleTrains(feedforward_input=[0], feedforward_times=[at])
    return NetworkRun(
        samples=Samples(context=[0] * n_samples, expected=[0] * n_samples),
        stimulus=ExplicitStimulus(trains=(train, *(SampleTrains(),) * (n_samples - 1))),
        duration=40.0, record_v=True, **changes,
    )  # fmt: skip


def joined(**changes):
    fields = {"source": "hidden", "target": "next", "receptor": "current", "weights": [[1.0]]}
    return Projection(**{**fields, **changes})


def moved(v):
    """Number of the first step at whose end a potential is not where it started."""
    return int(np.argmax(np.abs(v - v[0]) > 1e-9))


@settings(max_examples=4, **COMMON)
@given(seed=SEEDS)
def test_random_networks_of_several_layers_agree(seed):
    found = compare(seed, layers=True)
    exact, fast = found["float64"], found["float32"]
    assert exact["spike_counts_equal"]
    assert exact["max_spike_time_difference_ms"] <= 0.1001
    assert exact["soma_rms_mV"] < 0.01
    assert exact["weight_change_relative"] is None or exact["weight_change_relative"] < 1e-3
    assert fast["spike_counts_equal_fraction"] >= 0.99


@pytest.mark.slow
@settings(max_examples=60, **COMMON)
@given(seed=SEEDS)
def test_many_random_networks_of_several_layers_agree(seed):
    exact = compare(seed, layers=True, n_samples=3)["float64"]
    assert exact["spike_counts_equal"]
    assert exact["max_spike_time_difference_ms"] <= 0.1001


def test_coreneuron_gives_the_same_spikes_of_all_layers():
    spec, run = draw_network(3, layers=True, record_v=False)
    a, b = (simulate(spec, run, engine=engine) for engine in ("neuron", "coreneuron"))
    assert a.spikes("second").times.size > 0
    assert difference(spec, run, a, b)["max_spike_time_difference_ms"] < 1e-6


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_same_bits_for_any_threads_and_block_width(precision):
    spec, run = draw_network(3, layers=True, n_hidden=37)
    first = KernelSimulator(spec, run, precision=precision, block=4).run()
    assert first.spikes("inhibitory").times.size > 0
    for block, threads in ((8, 1), (16, 1), (4, 3), (16, 2)):
        other = KernelSimulator(spec, run, precision=precision, block=block, threads=threads).run()
        assert other.v.tobytes() == first.v.tobytes()
        assert other.weights.tobytes() == first.weights.tobytes()


@ENGINES
@pytest.mark.parametrize(
    ("delay", "steps"), [(1e-3, 1), (0.05, 1), (0.1, 1), (0.15, 1), (0.16, 2), (1.7, 17)]
)
def test_a_spike_arrives_after_its_delay_in_whole_steps(engine, delay, steps):
    result = simulate(chain(joined(delay=delay)), one_spike(), engine=engine)
    (spike,) = result.hidden.times
    # two exponentials start from the same jump: a current is felt a step later
    assert moved(result.v[0, 1]) == round(spike / 0.1) + steps + 2


@ENGINES
@pytest.mark.parametrize("delay", [33.0, 70.0])
def test_a_spike_under_way_arrives_in_a_later_sample(engine, delay):
    spec, run = (
        chain(joined(delay=delay, receptor="ampa", weights=[[0.02]])),
        one_spike(n_samples=3),
    )
    result = simulate(spec, run, engine=engine)
    arrival = round((result.hidden.times[0] + delay) / 0.1)
    v = np.concatenate([result.v[0, 1, :-1], result.v[1, 1, :-1], result.v[2, 1]])
    assert moved(v) == arrival + 2
    rest = simulate(spec, run.model_copy(update={"between_samples": "rest"}), engine=engine)
    assert np.ptp(rest.v[1:, 1]) < 1e-9


@ENGINES
@pytest.mark.parametrize("compartment", [0, 1])
def test_receptors_have_their_reversals_and_compartments(engine, compartment):
    peaks = {}
    for receptor in ("ampa", "ampa_nmda", "gaba"):
        weights = [[0.2]]
        p = joined(receptor=receptor, weights=weights, compartment=compartment)
        v = simulate(chain(p), one_spike(), engine=engine).v[0, 1]
        peaks[receptor] = v[np.argmax(np.abs(v + 75))]
    assert peaks["gaba"] < -75.5
    assert peaks["ampa"] > -60
    assert peaks["ampa_nmda"] > peaks["ampa"] + 1
    direct = joined(receptor="ampa", weights=[[0.2]], compartment=1 - compartment)
    other = simulate(chain(direct), one_spike(), engine=engine).v[0, 1].max()
    assert (other < peaks["ampa"]) == (compartment == 0)  # the soma sees its own more


@ENGINES
def test_layers_feed_each_other_and_themselves(engine):
    """hidden -> next -> last -> hidden: a spike goes round and comes back to another cell."""
    round_trip = (
        joined(weights=[[2.0], [0.0]]),
        joined(source="next", target="last", weights=[[2.0]]),
        joined(source="last", target="hidden", weights=[[0.0, 3.0]]),
        joined(source="last", target="last", receptor="gaba", weights=[[0.5]]),
    )
    spec = chain(*round_trip, n=2, populations=("next", "last"))
    result = simulate(spec, one_spike(), engine=engine)
    assert result.hidden.neuron.tolist() == [0, 1]
    (first, back), (then,), (last,) = (
        result.spikes(name).times for name in ("hidden", "next", "last")
    )
    assert first < then < last < back
    free = simulate(
        chain(*round_trip[:3], n=2, populations=("next", "last")), one_spike(), engine=engine
    )
    after = slice(round(last / 0.1) + 30, None)
    assert (result.v[0, 3, after] < free.v[0, 3, after]).all()  # it inhibits itself


@ENGINES
def test_lateral_inhibition_silences_the_weaker_cell(engine):
    lateral = Projection(
        source="hidden", target="hidden", receptor="gaba", delay=0.5,
        connections=Connections(weight=0.2),
    )  # fmt: skip
    spec = NetworkSpec(
        hidden=(CELL,), feedforward=FeedforwardSynapses(weights=[[3.0, 0.9]]), threshold=-60,
        projections=(lateral,),
    )  # fmt: skip
    times = 5.0 + np.arange(3)
    trains = SampleTrains(feedforward_input=[0] * 3, feedforward_times=times)
    run = one_spike().model_copy(update={"stimulus": ExplicitStimulus(trains=(trains,))})
    inhibited = simulate(spec, run, engine=engine).hidden
    free = simulate(spec.model_copy(update={"projections": ()}), run, engine=engine).hidden
    assert 1 in free.neuron
    assert 1 not in inhibited.neuron
    assert 0 in inhibited.neuron


def test_a_rule_draws_pairs_with_its_probability_and_by_its_key():
    rule = Connections(weight=0.5, probability=0.3, seed=3)
    own = Projection(source="hidden", target="hidden", receptor="ampa", connections=rule)
    drawn = own.matrix(200, 200)
    assert set(np.unique(drawn)) == {0.0, 0.5}
    assert not drawn.diagonal().any()
    assert np.mean(drawn > 0) == pytest.approx(0.3, abs=0.01)
    assert np.array_equal(drawn, own.matrix(200, 200))
    other = own.model_copy(update={"target": "next"}).matrix(200, 200)
    assert other.diagonal().any()
    assert not np.array_equal(drawn, other)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": "nxt"}, "no target 'nxt'.*next"),
        ({"target": "inputs"}, "no target 'inputs'"),
        ({"source": "output"}, "no source 'output'"),
        ({"weights": [[1.0, 1.0]]}, r"shape \(1, 2\); give \(1, 1\)"),
        ({"receptor": "ampa", "compartment": 2}, r"compartment 2; the cells have 0\.\.1"),
    ],
)
def test_projections_that_lead_nowhere_are_refused(changes, said):
    with pytest.raises(SpecError, match=said):
        chain(joined(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"connections": Connections(weight=1)}, "either weights or connections"),
        ({"weights": None}, "either weights or connections"),
        ({"compartment": 1}, "currents reach the soma, not compartment 1"),
        ({"receptor": "gaba", "weights": [[-1.0]]}, "conductances are not below 0.*gaba"),
        ({"delay": 0.0}, "greater than 0"),
        ({"weights": [1.0]}, "shape"),
    ],
)
def test_projections_that_cannot_be_are_refused(changes, said):
    with pytest.raises(SpecError, match=said):
        joined(**changes)


def test_populations_that_cannot_be_are_refused():
    with pytest.raises(SpecError, match="every network has"):
        Population(name="hidden", n=1, cells=(CELL,))
    with pytest.raises(SpecError, match="2 cells for n = 3"):
        Population(name="next", n=3, cells=(CELL, CELL))
    with pytest.raises(SpecError, match="twice: next"):
        chain(populations=("next", "next"))
    with pytest.raises(SpecError, match="no layer 'nxt'.*next"):
        simulate(chain(), one_spike()).spikes("nxt")


@ENGINES
def test_a_delay_of_too_many_steps_is_refused(engine):
    with pytest.raises(SpecError, match="steps of 0.1 ms"):
        simulate(chain(joined(delay=1e9)), one_spike(), engine=engine)
