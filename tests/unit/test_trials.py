"""Does one trial send the spikes of its protocol: where, when, how many and how strong?"""

import numpy as np
import pytest

from dendmod.params import wybo2022
from dendmod.protocol import load_protocol, setup_for, trains_for
from dendmod.protocol.trial import Inputs
from dendmod.rng import gaussian_burst, poisson, stream
from dendmod.spec import Location
from dendmod.spec.stimulus import SOMA

SITES = [Location(section=i + 1, x=0.8) for i in range(20)]
TRIALS = range(40)


def spikes(changes=None, *, arm="nmda", level=20, n_feedforward=100):
    """All spikes of many trials by synapse: times (ms) and weights (uS, nA)."""
    protocol = load_protocol("fig1", changes)
    times, weights = {}, {}
    for trial in TRIALS:
        for train in trains_for(
            protocol, arm, level=level, n_feedforward=n_feedforward, trial=trial, seed=1
        ):
            times.setdefault(train.synapse, []).append(train.times)
            weights.setdefault(train.synapse, set()).add(train.weight)
    return (
        {name: np.concatenate(rows) for name, rows in times.items()},
        {name: sorted(different) for name, different in weights.items()},
    )


def assert_burst(times, n, center, sd):
    assert times.size == n * len(TRIALS)
    assert times.mean() == pytest.approx(center, abs=5 * sd / np.sqrt(times.size))
    assert times.std() == pytest.approx(sd, rel=4 / np.sqrt(2 * times.size))


@pytest.mark.parametrize(("arm", "lag"), [("nmda", 10.0), ("shunt", 0.0), ("shunt", -15.0)])
def test_the_feedforward_burst_comes_a_lag_after_the_contextual_one(arm, lag):
    times, _ = spikes({f"arms.{arm}.feedforward_lag_ms": lag}, arm=arm)
    assert_burst(times["soma/feedforward"], 100, 150 + lag, 6.0)


def test_contextual_bursts_have_their_own_time_width_and_weight():
    times, weights = spikes(arm="nmda", level=20)
    assert_burst(times["site00/context"], 60, 150, 10.0)
    assert weights["site00/context"] == pytest.approx([0.08e-3])
    times, weights = spikes(arm="shunt", level=100)
    assert_burst(times["soma/shunt"], 100, 150, 20.0)
    assert weights["soma/shunt"] == pytest.approx([5e-3])
    assert "site00/context" not in times


def test_backgrounds_have_the_rate_and_weight_of_their_place_and_kind():
    weights_nS = {"excitatory": 1.5, "inhibitory": 0.5}
    times, weights = spikes({f"background.{k}_weight_nS": w for k, w in weights_nS.items()})
    for place, rates in (
        ("soma", {"excitatory": 100, "inhibitory": 200}),
        ("site07", {"excitatory": 60, "inhibitory": 120}),
    ):
        for kind, rate in rates.items():
            train = times[f"{place}/{kind}"]
            expected = rate * 0.3 * len(TRIALS)
            assert train.size == pytest.approx(expected, abs=5 * np.sqrt(expected))
            assert train.mean() == pytest.approx(150, abs=5 * 87 / np.sqrt(expected))
            assert train.max() < 300
            assert weights[f"{place}/{kind}"] == pytest.approx([weights_nS[kind] * 1e-3])


def test_synapses_lie_where_their_names_say_with_the_receptors_of_the_paper():
    protocol = load_protocol("fig1", {"readings.background_nmda_ratio": 0.5})
    setup = setup_for(protocol, SITES, record_sites=True)
    synapses = {s.name: s for s in setup.synapses}
    assert len(synapses) == 4 + 3 * 20
    for name, synapse in synapses.items():
        place, kind = name.split("/")
        assert synapse.location == (SOMA if place == "soma" else SITES[int(place[4:])])
        mechanism, params = {
            "excitatory": ("AmpaNmdaSyn", wybo2022.ampa_nmda(0.5)),
            "context": ("AmpaNmdaSyn", wybo2022.ampa_nmda(2.0)),
            "inhibitory": ("DoubleExpSyn", wybo2022.GABA),
            "shunt": ("DoubleExpSyn", wybo2022.GABA),
            "feedforward": ("DoubleExpCurrent", wybo2022.FEEDFORWARD),
        }[kind]
        assert (synapse.mechanism, synapse.params) == (mechanism, params)
    assert setup.record == {"soma": SOMA} | {f"site{i:02d}": s for i, s in enumerate(SITES)}
    assert setup.voltage_clamp is None


def test_a_clamp_holds_the_soma_at_the_potential_asked_for():
    protocol = load_protocol("fig1", {"clamp.rs_MOhm": 0.002})
    clamp = setup_for(protocol, SITES, clamp_mV=-80.0).voltage_clamp
    assert (clamp.location, clamp.v, clamp.rs) == (SOMA, -80.0, 0.002)


def test_trials_are_drawn_alike_whatever_was_asked_before():
    """Each train comes from the stream of its name; what is kept between trials changes nothing."""
    protocol = load_protocol("fig1")
    conditions = [
        ("nmda", 20, 40, 3), ("nmda", 3, -90, 3), ("nmda", 0, 170, 3), ("shunt", 60, 40, 3),
        ("shunt", 20, 0, 3), ("nmda", 3, 40, 5), ("shunt", 120, 175, 5), ("nmda", 20, 40, 3),
    ]  # fmt: skip
    inputs = Inputs(protocol, 4)
    for arm, level, n, trial in conditions:
        found = inputs.trains(arm, level=level, n_feedforward=n, trial=trial)
        alone = trains_for(protocol, arm, level=level, n_feedforward=n, trial=trial, seed=4)
        said = [[(t.synapse, t.weight, t.times.tobytes()) for t in ts] for ts in (found, alone)]
        assert said[0] == said[1]
        times = {t.synapse: t.times for t in found}
        center = protocol.arms[arm].context_center_ms + protocol.arms[arm].feedforward_lag_ms
        burst = gaussian_burst(stream(4, trial, "soma", "feedforward"), abs(n), center, 6.0)
        assert times["soma/feedforward"].tolist() == burst.tolist()
        for place, rate in (("soma", 200.0), ("site07", 120.0)):
            rng = stream(4, trial, place, "background_inhibitory")
            assert times[f"{place}/inhibitory"].tolist() == poisson(rng, rate, 300.0).tolist()
        if arm == "nmda":
            rng = stream(4, trial, "site19", "context")
            assert times["site19/context"].tolist() == gaussian_burst(rng, 60, 150.0, 10.0).tolist()
        else:
            rng = stream(4, trial, "soma", "shunt")
            assert times["soma/shunt"].tolist() == gaussian_burst(rng, level, 150.0, 20.0).tolist()
