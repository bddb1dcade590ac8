"""Are spikes binned as is said, and are two results compared as the numbers are named?

Both engines stand on these functions, so that holding one engine against the other says nothing
about them.
"""

from __future__ import annotations

import numpy as np
import pytest

from dendmod.engines import compare as module
from dendmod.engines.compare import difference, refine
from dendmod.network import (
    ContextSynapses,
    ExplicitStimulus,
    FeedforwardSynapses,
    NetworkResult,
    NetworkRun,
    NetworkSpec,
    OutputCell,
    Plasticity,
    Samples,
    SampleTrains,
    Spikes,
)
from dendmod.network.events import binned, delay_steps, window
from dendmod.network.tables import burst_steps, burst_table, poisson_counts, poisson_table
from dendmod.spec import Compartment, ReducedCell

HAY = {"ena": 50.0, "ek": -85.0, "celsius": 34.0, "v_init": -80.0}
BARE = Compartment(parent=-1, ca=300, g_leak=10, e_leak=-75, area=1000)
DENDRITE = Compartment(parent=0, ca=40, g_leak=2, g_couple=5, e_leak=-75, area=1000)
CELL = ReducedCell(compartments=(BARE, DENDRITE), **HAY)
SOMA = ReducedCell(compartments=(BARE,), **HAY)


def network(**output) -> NetworkSpec:
    return NetworkSpec(
        hidden=(CELL,),
        feedforward=FeedforwardSynapses(weights=[[1.0, 1.0]]),
        context=ContextSynapses(compartments=(1,), weights=np.full((1, 2, 1), 1e-4)),
        output=OutputCell(cell=SOMA, weights=[1.0, 1.0], **output),
        plasticity=Plasticity(window=50.0, nominal_onset=25.0),
    )


def two_samples(**changes) -> NetworkRun:
    return NetworkRun(
        samples=Samples(context=[0, 0], expected=[0, 1]),
        stimulus=ExplicitStimulus(trains=(SampleTrains(), SampleTrains())),
        **changes,
    )


@pytest.mark.parametrize(
    ("time", "step"),
    [(0.0, 0), (0.05, 0), (0.06, 1), (0.25, 2), (0.26, 3), (0.3, 3), (149.9, 1499)],
)
def test_a_spike_belongs_to_the_nearest_step_and_half_way_to_the_earlier(time, step):
    assert binned(time, 0.1) == step


def test_a_delay_is_one_step_at_least():
    assert delay_steps(network(delay=0.01), two_samples()) == 1
    assert delay_steps(network(delay=1.7), two_samples()) == 17
    assert delay_steps(network(delay=1.7), two_samples(dt=0.025)) == 68


def test_a_window_opens_at_the_first_spike_or_at_the_nominal_time():
    spec, run = network(), two_samples()
    assert window(spec, run, 300) == (300, 800)
    assert window(spec, run, None) == (250, 750)
    assert window(spec, run, 1200) == (1200, 1500)  # it closes with the sample
    frozen = spec.model_copy(update={"plasticity": None})
    assert window(frozen, run, 300) == (0, 1500)


def test_a_word_stands_for_as_many_spikes_as_steps_of_the_distribution_do_not_exceed_it():
    table = poisson_table(3.0)
    words = np.array([0, table[0] - 1, table[0], table[4], 2**32 - 1], np.uint64)
    assert poisson_counts(words, 3.0)[:4].tolist() == [0, 0, 1, 5]


def test_bursts_are_normal_around_their_centre():
    words = np.linspace(0, 2**32 - 1, 20_001).astype(np.uint64)
    step = burst_steps(words, burst_table(40.0, 6.0, 0.1))
    assert np.median(step) == 400
    low, high = np.percentile(step, [15.87, 84.13])
    assert (low, high) == pytest.approx((340, 460), abs=1)
    early = burst_steps(words, burst_table(0.0, 6.0, 0.1))
    assert early.min() == 0


def result(hidden, output, v=0.0, change=(0.0, 0.0)) -> NetworkResult:
    """Spikes as (sample, neuron, ms); all somata at a potential; the change of both weights."""

    def spikes(rows):
        sample, neuron, times = np.array(rows, float).reshape(-1, 3).T
        return Spikes(sample.astype(np.int64), neuron.astype(np.int64), times)

    return NetworkResult(
        hidden=spikes(hidden),
        output=spikes(output),
        error=np.zeros(2, np.int64),
        weights=1e-4 + np.array(change).reshape(1, 2, 1),
        v=np.full((2, 3, 1501), v),
    )


ONE = result([(0, 0, 40.0), (0, 1, 41.0), (1, 1, 50.0)], [(1, 0, 60.0)], 0.0, (3e-6, 4e-6))


def compared(other: NetworkResult) -> dict:
    return difference(network(), two_samples(), ONE, other)


def test_a_result_does_not_differ_from_itself():
    assert compared(ONE) == {
        "spike_counts_equal": True,
        "spike_counts_equal_fraction": 1.0,
        "max_spike_time_difference_ms": 0.0,
        "soma_rms_mV": 0.0,
        "weight_change_relative": 0.0,
    }


def test_times_are_the_latest_potentials_rms_and_weights_relative_to_their_change():
    hidden = [(0, 0, 40.1), (0, 1, 40.7), (1, 1, 50.0)]
    found = compared(result(hidden, [(1, 0, 60.0)], 0.2, (3e-6, 4.5e-6)))
    assert found["max_spike_time_difference_ms"] == pytest.approx(0.3)
    assert found["soma_rms_mV"] == pytest.approx(0.2)
    assert found["weight_change_relative"] == pytest.approx(0.5 / 5)
    late = compared(result(hidden, [(1, 0, 61.0)]))
    assert late["max_spike_time_difference_ms"] == pytest.approx(1.0)


def test_other_counts_have_no_difference_of_times():
    found = compared(result([(0, 0, 40.0), (0, 1, 41.0), (1, 0, 50.0)], [(1, 0, 60.0)]))
    assert found["spike_counts_equal"] is False
    # of three cells in two samples, two have another number
    assert found["spike_counts_equal_fraction"] == pytest.approx(4 / 6)
    assert found["max_spike_time_difference_ms"] is None
    silent = compared(result([(0, 0, 40.0), (0, 1, 41.0), (1, 1, 50.0)], []))
    assert silent["spike_counts_equal_fraction"] == pytest.approx(5 / 6)


def test_refining_says_how_much_later_a_coarse_step_is(monkeypatch):
    """A made-up engine whose spikes come later by three times the step; a coarse one adds one."""

    def simulate(spec, run, **_):
        extra = [(1, 0, 70.0)] if run.dt == 0.1 else []
        return result([(0, 0, 40 + 3 * run.dt), (0, 1, 41 + 3 * run.dt), *extra], [])

    monkeypatch.setattr(module, "simulate", simulate)
    monkeypatch.setattr(module, "draw_network", lambda _, dt, **__: (network(), two_samples(dt=dt)))
    found = refine(1, steps=(0.1, 0.05))
    assert found["0.05"] == {"changed_counts": 0.0, "delay_ms": pytest.approx(3 * 0.025)}
    assert found["0.1"]["changed_counts"] == pytest.approx(1 / 4)
    assert found["0.1"]["delay_ms"] == pytest.approx(3 * 0.075)
