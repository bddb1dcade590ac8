"""Does the kernel give the same bits however it is run, and say plainly when it cannot?"""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dendmod.engines.kernel.membranes import between
from dendmod.engines.kernel.network import KernelSimulator
from dendmod.engines.simulation import simulate
from dendmod.errors import EngineError, SpecError, UnsupportedByEngine
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
    Plasticity,
    Samples,
    SampleTrains,
)
from dendmod.network.drawn import draw_network, hay_soma
from dendmod.network.events import events
from dendmod.spec import Compartment, ReducedCell

HAY = {"ena": 50.0, "ek": -85.0, "celsius": 34.0, "v_init": -75.0}


def same(a, b) -> None:
    """Assert that two results are equal to the last bit."""
    for layer in ("hidden", "output"):
        for name in ("sample", "neuron", "times"):
            x, y = getattr(getattr(a, layer), name), getattr(getattr(b, layer), name)
            assert np.array_equal(x, y), (layer, name)
    assert np.array_equal(a.error, b.error)
    for name in ("weights", "v"):
        x, y = getattr(a, name), getattr(b, name)
        assert (x is None) == (y is None)
        assert x is None or x.tobytes() == y.tobytes(), name


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("seed", [1, 3, 14])
def test_same_bits_for_any_threads_and_block_width(precision, seed):
    spec, run = draw_network(seed, n_hidden=37)
    first = KernelSimulator(spec, run, precision=precision, block=4).run()
    assert first.hidden.times.size > 0
    for block in (4, 8, 16):
        for threads in (1, 2, 5):
            other = KernelSimulator(spec, run, precision=precision, block=block, threads=threads)
            same(first, other.run())


@pytest.mark.parametrize("seed", [0, 5])
def test_spikes_made_in_the_kernel_are_those_made_in_python(seed):
    spec, run = draw_network(seed)
    given = []
    for index in range(len(run.samples)):
        e = events(spec, run, index)
        places = {
            name: Arrivals(
                neuron=getattr(e, name).neuron,
                compartment=getattr(e, name).compartment,
                times=getattr(e, name).step * run.dt,
            )
            for name in ("context", "ampa", "gaba")
        }
        given.append(
            SampleTrains(
                feedforward_input=e.feedforward_input,
                feedforward_times=e.feedforward_step * run.dt,
                **places,
            )
        )
    explicit = run.model_copy(update={"stimulus": ExplicitStimulus(trains=tuple(given))})
    # sums of spikes of one step may be added in another order: float64 keeps that below notice
    a, b = simulate(spec, run), simulate(spec, explicit)
    assert np.array_equal(a.hidden.times, b.hidden.times)
    np.testing.assert_allclose(a.v, b.v, atol=1e-9)


def test_networks_side_by_side_give_what_they_give_alone():
    """The kernel keeps nothing between two networks that run in threads of one process."""
    tasks = [draw_network(seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as pool:
        for task, result in zip(tasks, pool.map(lambda task: simulate(*task), tasks), strict=True):
            same(simulate(*task), result)


def test_samples_may_be_run_in_parts():
    spec, run = draw_network(5, n_samples=4, between_samples="rest", learn=False)
    whole = simulate(spec, run)
    part = run.model_copy(
        update={
            "samples": Samples(
                context=run.samples.context[2:],
                expected=run.samples.expected[2:],
                number=np.arange(2, 4),
            ),
            "stimulus": run.stimulus.model_copy(
                update={"feedforward_counts": run.stimulus.feedforward_counts[2:]}
            ),
        }
    )
    assert simulate(spec, part).v.tobytes() == whole.v[2:].tobytes()


def small(**changes) -> tuple[NetworkSpec, NetworkRun]:
    """One cell of two compartments that one strong spike fires, with constant learning rates."""
    soma = Compartment(parent=-1, ca=300, g_leak=10, e_leak=-75, area=1000, **hay_soma())
    dendrite = Compartment(parent=0, ca=40, g_leak=2, e_leak=-75, g_couple=5, area=1000)
    spec = NetworkSpec(
        hidden=(ReducedCell(compartments=(soma, dendrite), **HAY),),
        feedforward=FeedforwardSynapses(weights=[[3.0]]),
        context=ContextSynapses(compartments=(1,), weights=[[[1e-4]]]),
        output=OutputCell(cell=ReducedCell(compartments=(soma,), **HAY), weights=[5.0]),
        plasticity=Plasticity(
            eta=(1e-7, 1e-7, 1e-7), c_pre=0.3, c_post=0.7, error_scale=-3.0, w_max=1e-2
        ),
    )
    sample = SampleTrains(
        feedforward_input=[0, 0],
        feedforward_times=[20.0, 45.0],
        context=Arrivals(neuron=[0, 0, 0], compartment=[1, 1, 1], times=[10.0, 40.0, 80.0]),
    )
    fields = {
        "samples": Samples(context=[0], expected=[0]),
        "stimulus": ExplicitStimulus(trains=(sample,)),
        "record_v": True,
    }
    return spec, NetworkRun(**{**fields, **changes})


@pytest.mark.parametrize("engine", ["kernel", "neuron"])
@pytest.mark.parametrize("tau_post", [10.0, 0.4])
def test_weights_follow_the_closed_form_of_the_rule(engine, tau_post):
    """Eq 22 with traces as sums of exponentials since their spikes, integrated step by step.

    The short tau_post makes the kernel move its origin of time within the sample.
    """
    spec, run = small()
    rule = spec.plasticity.model_copy(update={"tau_post": tau_post, "eta": (1e-4, 1e-4, 1e-4)})
    spec = spec.model_copy(update={"plasticity": rule})
    result = simulate(spec, run, engine=engine)
    assert result.hidden.times.size >= 2
    assert result.output.times.size >= 1
    error = result.error[0]
    assert error == np.count_nonzero(
        (result.output.times >= 20.0) & (result.output.times < 70.0 - 1e-9)
    )
    t = run.dt * np.arange(run.n_steps)

    def trace(times, tau, jump):
        since = t[:, None] - np.asarray(times)
        return jump * np.where(since > -1e-9, np.exp(-np.maximum(since, 0) / tau), 0).sum(axis=1)

    product = (
        trace([10.0, 40.0, 80.0], rule.tau_pre, rule.c_pre)
        * trace(result.hidden.times, rule.tau_post, rule.c_post)
        * trace([70.0], rule.tau_eps, rule.error_scale * error)
    )
    k = 1 / rule.tau_pre + 1 / rule.tau_post + 1 / rule.tau_eps
    expected = 1e-4 * np.sum(product) * -np.expm1(-k * run.dt) / k
    change = result.weights[0, 0, 0] - 1e-4
    assert change == pytest.approx(max(expected, rule.w_min - 1e-4), rel=1e-6)
    assert expected > rule.w_min - 1e-4


def two_samples(contexts, second) -> tuple[NetworkSpec, NetworkRun]:
    """Two samples of `small`: the first has its spikes at its end, and a delay of 12 ms."""
    spec, run = small()
    context = spec.context.model_copy(update={"weights": np.full((2, 1, 1), 1e-4)})
    output = spec.output.model_copy(update={"delay": 12.0})
    first = SampleTrains(
        feedforward_input=[0],
        feedforward_times=[140.0],
        context=Arrivals(neuron=[0, 0], compartment=[1, 1], times=[147.0, 149.0]),
    )
    fields = {
        "samples": Samples(context=contexts, expected=[0, 2]),
        "stimulus": ExplicitStimulus(trains=(first, second)),
    }
    return spec.model_copy(update={"context": context, "output": output}), run.model_copy(
        update=fields
    )


@pytest.mark.parametrize("engine", ["kernel", "neuron"])
def test_output_spikes_of_the_sample_before_do_not_count(engine):
    """A hidden spike at the end of a sample fires the output cell before the next window."""
    second = SampleTrains(feedforward_input=[0], feedforward_times=[30.0])
    result = simulate(*two_samples([0, 0], second), engine=engine)
    times = result.output.times[result.output.sample == 1]
    assert (times < 30.0).any()
    assert ((times >= 30.0) & (times < 80.0)).any()
    assert result.error[1] == np.count_nonzero((times >= 30.0) & (times < 80.0)) - 2


@pytest.mark.parametrize("engine", ["kernel", "neuron"])
def test_a_new_context_has_no_presynaptic_spikes_yet(engine):
    second = SampleTrains(feedforward_input=[0, 0], feedforward_times=[10.0, 50.0])
    changed = {}
    for contexts in ((0, 0), (0, 1)):
        spec, run = two_samples(contexts, second)
        result = simulate(spec, run, engine=engine)
        assert result.error[1] != 0
        changed[contexts] = (result.weights - spec.context.weights).ravel()
    assert changed[0, 0][0] != 0
    assert changed[0, 1].tolist() == [0, 0]


def test_a_spike_that_comes_far_too_late_does_not_come():
    spec, run = small()
    late = SampleTrains(
        feedforward_input=[0, 0],
        feedforward_times=[1e30, 150.0],
        context=Arrivals(neuron=[0], compartment=[1], times=[1e12]),
    )
    run = run.model_copy(update={"stimulus": ExplicitStimulus(trains=(late,))})
    assert events(spec, run, 0).feedforward_step.size == 0
    silent = run.model_copy(update={"stimulus": ExplicitStimulus(trains=(SampleTrains(),))})
    same(simulate(spec, run), simulate(spec, silent))


def test_the_dendritic_trace_chooses_the_rate():
    """u_dend stays between leak and excitation: thresholds around it pick one rate each."""
    changes = []
    for theta in ((-900.0, -899.0), (-900.0, 900.0), (899.0, 900.0)):
        spec, run = small()
        rule = spec.plasticity.model_copy(
            update={"eta": (1e-8, 2e-8, 4e-8), "theta": theta, "error_scale": -0.5}
        )
        spec = spec.model_copy(update={"plasticity": rule})
        changes.append(simulate(spec, run).weights[0, 0, 0] - 1e-4)
    above, between, below = changes
    assert between == pytest.approx(2 * below, rel=1e-6)
    assert above == pytest.approx(4 * below, rel=1e-6)
    assert below < 0


def test_weights_stop_at_their_bounds():
    for scale, bound in ((-1e6, 1e-5), (1e6, 2e-4)):
        spec, run = small()
        rule = spec.plasticity.model_copy(
            update={"w_min": 1e-5, "w_max": 2e-4, "error_scale": scale}
        )
        spec = spec.model_copy(update={"plasticity": rule})
        assert simulate(spec, run, engine="neuron").weights[0, 0, 0] == bound
        for precision in ("float32", "float64"):
            assert simulate(spec, run, precision=precision).weights[0, 0, 0] == bound


def test_a_frozen_rule_changes_nothing():
    spec, run = draw_network(5, learn=False)
    assert np.array_equal(simulate(spec, run).weights, spec.context.weights)


@pytest.mark.parametrize("engine", ["kernel", "neuron"])
@pytest.mark.parametrize("weight", [1e9, -1e9])
def test_a_current_far_too_large_is_an_error(engine, weight):
    spec, run = draw_network(3)
    weights = np.full_like(spec.feedforward.weights, weight)
    wild = spec.feedforward.model_copy(update={"weights": weights})
    with pytest.raises(EngineError, match="far too large"):
        simulate(spec.model_copy(update={"feedforward": wild}), run, engine=engine)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -1e-5])
def test_weights_that_cannot_be_are_refused(bad):
    with pytest.raises(ValueError, match=r"finite|below 0"):
        ContextSynapses(compartments=(1,), weights=[[[bad]]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0])
def test_spike_times_that_cannot_be_are_refused(bad):
    with pytest.raises(ValueError, match=r"finite|negative"):
        Arrivals(neuron=[0], compartment=[1], times=[bad])
    with pytest.raises(ValueError, match=r"finite|>= 0"):
        SampleTrains(feedforward_input=[0], feedforward_times=[bad])


@pytest.mark.parametrize("count", [-1, 256])
def test_too_many_spikes_are_refused(count):
    with pytest.raises(ValueError, match=r"0\.\.255"):
        GeneratedStimulus(feedforward_counts=[[count]])
    with pytest.raises(ValueError, match="200"):
        GeneratedStimulus(feedforward_counts=[[1]], context_mean=201)


def test_copied_specifications_are_checked_again():
    """`model_copy` does not validate; NaN in a weight must not come out as a number."""
    spec, run = draw_network(3)
    weights = spec.context.weights.copy()
    weights[0, 0, 0] = np.nan
    context = spec.context.model_copy(update={"weights": weights})
    with pytest.raises((SpecError, EngineError)):
        simulate(spec.model_copy(update={"context": context}), run)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"samples": Samples(context=[1], expected=[0])}, "context 1 is asked for.* has 1"),
        ({"feedforward_input": [1]}, r"feedforward inputs 1\.\.1 are used.* 0\.\.0"),
        ({"feedforward_input": [-1]}, r"feedforward inputs -1"),
        ({"context": (1, 1)}, "context spikes reach neuron 1; the last is 0"),
        ({"ampa": (2, 0)}, "ampa spikes reach neuron 2; the last is 1"),
        ({"context": (0, 0)}, r"compartments \[0\] of hidden cells"),
        ({"context": (0, 2)}, r"compartments \[2\] of hidden cells"),
        ({"gaba": (0, 1)}, r"compartments \[1\] of hidden cells, which have no such synapse"),
        ({"gaba": (1, 0)}, r"compartments \[0\] of the output cell"),
    ],
)
def test_spikes_at_places_that_are_not_there_are_refused(changes, said):
    """The kernel would write beyond its arrays."""
    spec, run = small()  # one input, one hidden cell, no background
    trains = {}
    for name, value in changes.items():
        if name in ("context", "ampa", "gaba"):
            neuron, compartment = value
            trains[name] = Arrivals(neuron=[neuron], compartment=[compartment], times=[1.0])
        elif name == "feedforward_input":
            trains |= {name: value, "feedforward_times": [1.0]}
    stimulus = ExplicitStimulus(trains=(SampleTrains(**trains),))
    run = run.model_copy(
        update={"stimulus": stimulus, "samples": changes.get("samples", run.samples)}
    )
    for engine in ("kernel", "neuron"):
        with pytest.raises(SpecError, match=said):
            simulate(spec, run, engine=engine)


@pytest.mark.parametrize("where", ["hidden", "output"])
def test_more_background_spikes_than_are_drawn_are_refused(where):
    """Numbers of spikes are cut at 255: a longer sample would have the background of a shorter."""
    spec, run = small()
    many = Background(dendrite_gaba_rate=1400.0)
    if where == "hidden":
        spec = spec.model_copy(update={"background": many})
    else:
        output = spec.output.model_copy(update={"background": many})
        spec = spec.model_copy(update={"output": output})
    run = run.model_copy(update={"stimulus": GeneratedStimulus(feedforward_counts=[[1]])})
    for engine in ("kernel", "neuron"):
        with pytest.raises(SpecError, match="1400 Hz has 210 spikes in a sample of 150 ms"):
            simulate(spec, run, engine=engine)
    simulate(spec, run.model_copy(update={"duration": 100.0}))


def test_a_generated_stimulus_has_the_inputs_of_the_network():
    spec, run = small()
    counts = GeneratedStimulus(feedforward_counts=[[1, 1]])
    with pytest.raises(SpecError, match="2 inputs, the network 1"):
        simulate(spec, run.model_copy(update={"stimulus": counts}))


def test_lines_between_rows_of_a_table_miss_a_curve_by_zero_on_average():
    fine = np.linspace(2, 8, 6001)
    for curve in (np.square, lambda x: np.exp(-x)):
        moved = np.interp(fine, np.arange(11), between(curve(np.arange(11.0))))
        plain = np.interp(fine, np.arange(11), curve(np.arange(11.0)))
        off, before = (np.mean(line - curve(fine)) for line in (moved, plain))
        assert abs(off) < 0.25 * abs(before)


def test_what_the_kernel_cannot_run_is_named():
    spec, run = draw_network(3)
    with pytest.raises(UnsupportedByEngine, match="no engine 'brian'"):
        simulate(spec, run, engine="brian")
    with pytest.raises(UnsupportedByEngine, match="float16"):
        simulate(spec, run, precision="float16")
    with pytest.raises(UnsupportedByEngine, match="float64"):
        simulate(spec, run, engine="neuron", precision="float32")
    with pytest.raises(SpecError, match="0 threads"):
        simulate(spec, run, threads=0)
    with pytest.raises(UnsupportedByEngine, match="blocks of 5"):
        KernelSimulator(spec, run, block=5)
    bare = spec.hidden[0].compartments[0].model_copy(update={"channels": {}})
    whole = spec.hidden[0]
    other = whole.model_copy(update={"compartments": (bare, *whole.compartments[1:])})
    mixed = spec.model_copy(update={"hidden": (*spec.hidden[:-1], other)})
    with pytest.raises(UnsupportedByEngine, match="other parents or channels"):
        simulate(mixed, run)


def long_run() -> tuple[NetworkSpec, NetworkRun]:
    n = 4000
    return draw_network(3, n_hidden=60, n_samples=n, record_v=False)


def test_a_stopped_run_is_an_error():
    spec, run = long_run()
    simulator = KernelSimulator(spec, run, threads=2)
    threading.Timer(0.5, simulator.stop).start()
    with pytest.raises(EngineError, match="stopped after .* of 4000 samples"):
        simulator.run()


def test_ctrl_c_stops_the_kernel():
    spec, run = long_run()
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    began = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        simulate(spec, run, threads=2)
    assert time.monotonic() - began < 5


def test_small_numbers_survive_the_kernel():
    """The kernel flushes subnormal numbers to zero for itself alone."""
    spec, run = draw_network(3)
    seen = []

    def work():
        simulate(spec, run)
        seen.append(np.float64(2e-308) / np.float64(4.0))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    simulate(spec, run)
    assert seen[0] > 0
    assert np.float64(2e-308) / np.float64(4.0) > 0
