"""Do engines of networks agree at the edges of time and state?

Cells are passive and spike when their potential rises through a threshold, so that nothing but the
rules of time and the arithmetic of a step decides, and potentials agree to rounding.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dendmod.engines.kernel.network import KernelSimulator
from dendmod.engines.simulation import simulate
from dendmod.errors import EngineError
from dendmod.network import (
    Arrivals,
    Background,
    ContextSynapses,
    ExplicitStimulus,
    FeedforwardSynapses,
    NetworkRun,
    NetworkSpec,
    OutputCell,
    Plasticity,
    Population,
    Profile,
    Projection,
    Samples,
    SampleTrains,
)
from dendmod.spec import Compartment, ReducedCell

COMMON = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.too_slow],
}
THRESHOLD = -60.0


def cell(v_init=-75.0, e_leak=-75.0):
    soma = Compartment(parent=-1, ca=20, g_leak=4, e_leak=e_leak, area=300)
    dendrite = Compartment(parent=0, ca=10, g_leak=1, g_couple=5, e_leak=e_leak, area=100)
    around = {"ena": 50, "ek": -85, "celsius": 34, "v_init": v_init}
    return ReducedCell(compartments=(soma, dendrite), **around)


@st.composite
def edges(draw):
    """A small network whose times, delays and states lie where rules decide."""
    dt = draw(st.sampled_from([0.1, 0.025]))
    n_steps, n_samples = draw(st.integers(4, 40)), draw(st.integers(1, 3))

    def steps(*multiples):
        return st.sampled_from([dt * m for m in multiples])

    time = steps(0, 0.25, 0.5, 1, 1.5, n_steps / 2 + 0.3, n_steps - 1, n_steps - 0.5, n_steps, 1e6)
    delay = steps(0.01, 0.5, 1, 1.25, 1.5, 2.75, n_steps, n_steps + 1.5, 2 * n_steps + 1)
    start = st.sampled_from([-75.0, -75.0, THRESHOLD, -59.9, -50.0])
    rest = st.sampled_from([-75.0, -75.0, -75.0, -40.0])  # -40: the cell rises by itself

    def trains():
        at = draw(st.lists(time, max_size=4))
        reached = {
            kind: Arrivals(
                neuron=[draw(st.integers(0, 1)) for _ in times],
                compartment=[1] * len(times),
                times=times,
            )
            for kind, times in ((k, draw(st.lists(time, max_size=3))) for k in ("context", "ampa"))
        }
        inputs = [draw(st.integers(0, 1)) for _ in at]
        return SampleTrains(feedforward_input=inputs, feedforward_times=at, **reached)

    hidden = tuple(cell(draw(start), draw(rest)) for _ in range(2))
    output, rule, populations, sizes = None, None, (), {"inputs": 2, "hidden": 2}
    if draw(st.booleans()):
        output = OutputCell(cell=cell(draw(start)), weights=[2.0, 1.0], delay=draw(delay))
        sizes["output"] = 1
        if draw(st.booleans()):
            rule = Plasticity(
                error_scale=-100, window=draw(steps(0.4, 1, 3, n_steps - 1, n_steps, 3 * n_steps)),
                nominal_onset=draw(time), w_max=0.1, theta=(-80, -70),
            )  # fmt: skip
    if draw(st.booleans()):
        populations = (Population(name="other", n=1, cells=(cell(draw(start)),)),)
        sizes["other"] = 1
    projections = tuple(
        Projection(
            source=source,
            target=target,
            receptor=receptor,
            compartment=0 if receptor == "current" else draw(st.integers(0, 1)),
            weights=np.full((sizes[source], sizes[target]), 1.5 if receptor == "current" else 0.02),
            delay=draw(delay),
        )
        for source, target, receptor in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(sorted(sizes)),
                    st.sampled_from(sorted(sizes.keys() - {"inputs"})),
                    st.sampled_from(["current", "ampa", "ampa_nmda", "gaba"]),
                ),
                max_size=3,
            )
        )
    )
    spec = NetworkSpec(
        hidden=hidden,
        feedforward=FeedforwardSynapses(
            weights=[[2.0, 0.5], [1.0, -1.0]], profile=Profile(tau_rise=0.05, tau_decay=0.5)
        ),
        context=ContextSynapses(compartments=(1,), weights=np.full((2, 2, 1), 0.01)),
        background=Background(ampa_weight=0.01, compartments=(1,)),
        output=output,
        plasticity=rule,
        threshold=THRESHOLD,
        populations=populations,
        projections=projections,
    )
    run = NetworkRun(
        samples=Samples(
            context=[draw(st.integers(0, 1)) for _ in range(n_samples)],
            expected=[draw(st.integers(0, 1)) for _ in range(n_samples)],
        ),
        stimulus=ExplicitStimulus(trains=tuple(trains() for _ in range(n_samples))),
        dt=dt,
        duration=n_steps * dt,
        settle=draw(steps(0, 1, 7)),
        between_samples=draw(st.sampled_from(["carry", "rest"])),
        record_v=True,
    )
    return spec, run


def outcome(spec, run, **how):
    """The result, or what is said in its place."""
    try:
        return simulate(spec, run, **how)
    except EngineError as error:
        return str(error).split(maxsplit=2)[2]  # which of several cells is named may differ


def check(spec, run):
    reference = outcome(spec, run, engine="neuron")
    found = outcome(spec, run, engine="kernel")
    if isinstance(reference, str) or isinstance(found, str):
        assert reference == found
        return
    for layer in spec.layers:
        a, b = reference.spikes(layer.name), found.spikes(layer.name)
        assert a.sample.tolist() == b.sample.tolist(), layer.name
        assert a.neuron.tolist() == b.neuron.tolist(), layer.name
        np.testing.assert_allclose(a.times, b.times, rtol=0, atol=1e-9)
    assert reference.error.tolist() == found.error.tolist()
    np.testing.assert_allclose(found.v, reference.v, rtol=0, atol=1e-4)
    np.testing.assert_allclose(found.weights, reference.weights, rtol=1e-7, atol=1e-12)
    narrow = KernelSimulator(spec, run, block=4, threads=2).run()
    assert narrow.v.tobytes() == found.v.tobytes()
    assert narrow.weights.tobytes() == found.weights.tobytes()


@settings(max_examples=25, **COMMON)
@given(drawn=edges())
def test_engines_agree_at_the_edges(drawn):
    check(*drawn)


@pytest.mark.slow
@settings(max_examples=600, **COMMON)
@given(drawn=edges())
def test_engines_agree_at_many_edges(drawn):
    check(*drawn)
