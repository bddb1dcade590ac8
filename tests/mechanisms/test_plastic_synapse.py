"""Does each trace of the plastic synapse follow its closed form? (Wybo et al. 2022, Eqs 22-23)"""

import json
import subprocess
import sys

import numpy as np
import pytest

DT = 0.1
PRE, POST, ERROR = (10.0, 25.0, 60.0), (20.0, 50.0), 40.0
TAU = {"u_dend": 25.0, "u_pre": 20.0, "u_post": 8.0, "eps": 15.0}
JUMP = {"u_pre": 0.25, "u_post": 0.5, "eps": -3.0}
START, HELD = -70.0, -30.0  # mV

WORKER = """
import json, sys
from dendmod.engines.neuron.session import Session, h
a = json.loads(sys.argv[1])
with Session(dt=a["dt"], celsius=34.0, coreneuron=False) as session:
    section = h.Section(name="held")
    section.cm = 1e12  # the potential does not move
    point = h.PlasticAmpaNmdaSyn(section(0.5))
    point.tau_dend, point.tau_pre, point.tau_post, point.tau_eps = a["tau"]
    point.c_pre, point.c_post = a["jump"][:2]
    point.plastic, point.eta0, point.eta1, point.eta2 = 1, 1e-6, 1e-6, 1e-6
    names = ("u_dend", "u_pre", "u_post", "eps", "w")
    traces = {n: h.Vector().record(getattr(point, "_ref_" + n)) for n in names}
    point.w = 1e-3
    h.finitialize(a["start"])
    section.v = a["held"]
    kinds = [(t, 0, 0.0) for t in a["pre"]] + [(t, 2, 0.0) for t in a["post"]]
    keep = []
    for time, kind, weight in kinds + [(a["error"], 3, a["jump"][2])]:
        netcon = h.NetCon(None, point)
        netcon.weight[0], netcon.weight[1] = weight, kind
        netcon.event(time)
        keep.append(netcon)
    session.advance(100)
    out = {n: list(v) for n, v in traces.items()}
    del point, section, keep, traces, netcon
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def traces() -> dict:
    given = {
        "dt": DT, "tau": list(TAU.values()), "jump": list(JUMP.values()), "start": START,
        "held": HELD, "pre": PRE, "post": POST, "error": ERROR,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", WORKER, json.dumps(given)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: np.array(values) for name, values in found.items()}


def decaying(name: str, times, t):
    since = t[:, None] - np.asarray(times)
    # a spike at the start of a step is seen from that step's end on
    terms = np.where(since > DT / 2, np.exp(-np.maximum(since, 0) / TAU[name]), 0.0)
    return JUMP[name] * terms.sum(axis=1)


@pytest.mark.parametrize(("name", "times"), [("u_pre", PRE), ("u_post", POST), ("eps", [ERROR])])
def test_a_trace_is_a_sum_of_exponentials(traces, name, times):
    t = DT * np.arange(traces[name].size)
    np.testing.assert_allclose(traces[name], decaying(name, times, t), rtol=1e-9, atol=1e-12)


def test_the_dendritic_trace_relaxes_to_the_potential(traces):
    t = DT * np.arange(traces["u_dend"].size)
    expected = HELD + (START - HELD) * np.exp(-t / TAU["u_dend"])
    np.testing.assert_allclose(traces["u_dend"], expected, rtol=1e-7)


def test_the_weight_is_the_integral_of_their_product(traces):
    """Between spikes the product is one exponential, whose integral is known."""
    rate = sum(1 / TAU[n] for n in ("u_pre", "u_post", "eps"))
    edges = sorted({*PRE, *POST, ERROR, 100.0})
    change = 0.0
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        at = np.array([start + DT])  # just after the spike, carried back to it
        product = np.prod(
            [
                decaying(n, s, at)[0] * np.exp(DT / TAU[n])
                for n, s in (("u_pre", PRE), ("u_post", POST), ("eps", [ERROR]))
            ]
        )
        change += 1e-6 * product * -np.expm1(-rate * (end - start)) / rate
    assert change < 0
    assert traces["w"][-1] - traces["w"][0] == pytest.approx(change, rel=1e-6)
