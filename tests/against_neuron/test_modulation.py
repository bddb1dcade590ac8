"""Do effects on a small cell do what they say, and does the chain reach a neural mass?"""

import json
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> dict:
    command = [
        sys.executable, "-m", "tests.against_neuron.modulation_worker",
        str(tmp_path_factory.mktemp("toy")),
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


def test_rest_is_held_in_every_segment_or_left_to_move(done):
    rest = done["rest"]
    assert rest["hcn_closed"] > 5.0  # mV
    assert rest["hcn_closed_held"] < 0.02
    assert rest["calcium_held"] < 0.02  # through the calcium pool, too
    assert rest["shift"] == pytest.approx(3.0, abs=1e-9)
    assert rest["same"]


def test_a_table_of_segments_survives_json_and_is_refused_where_it_does_not_fit(done):
    assert done["by_section"]["equal"]
    assert "give one a segment" in done["by_section"]["refusal"]


def test_amplitudes_of_one_run_are_those_of_a_set_up_with_them(done):
    assert done["amps"]["same"]
    assert done["amps"]["back"]
    assert done["amps"]["differs"] > 1.0


def test_an_effect_where_there_is_nothing_to_act_on_is_refused(done):
    assert "axon" in done["refused"]
    assert "'Ih'" in done["refused"]


def test_the_chain_from_an_effect_to_a_mass(done):
    chain = done["chain"]
    control, sk, up = (chain[k] for k in ("control", "sk_down", "depolarised"))
    assert control["rate"][0] == 0.0
    assert (np.diff(control["rate"]) >= -0.5).all()
    assert np.mean(sk["rate"]) > 1.15 * np.mean(control["rate"])  # SK limits the rate
    assert 0 < up["rest"] - control["rest"] < 3.0  # Ih buffers a shift of the leak by 3 mV
    assert sk["shortest"] < control["shortest"]
    for each in (control, sk, up):
        # where the thresholds' spread is small, the population does as the neuron does
        assert np.abs(np.array(each["q"]) - each["rate"]).max() < 2.5
        ((v, rate, stable),) = each["mass"]
        assert stable
        noisy = np.array(each["noisy"])
        assert noisy.shape == (2, 3)  # seeds, currents of their own
        assert (noisy[:, 2] > noisy[:, 0]).all()
        assert v == pytest.approx(0.1 + 0.002 * rate, abs=1e-9)
    seeds = np.array([each["noisy"] for each in (control, sk, up)])
    assert (seeds[:, 0] != seeds[:, 1]).any()  # each seed is a noise of its own
    assert sk["mass"][0][1] > control["mass"][0][1]
    output, gain, _, residual = chain["change"]
    assert output * gain > 1.1  # more rate an input
    assert residual < 0.05


def test_kernels_scale_with_the_weight_and_inhibition_with_its_own(done):
    control, ampa, gaba = (
        np.array(done["kernels"][k]["area"]) for k in ("control", "ampa_up", "gaba_up")
    )
    assert ampa[:, :2] == pytest.approx(1.5 * control[:, :2], rel=0.02)  # area by the weight
    assert ampa[:, 2] == pytest.approx(control[:, 2])
    assert gaba[:, :2] == pytest.approx(control[:, :2])
    assert gaba[:, 2] == pytest.approx(1.5 * control[:, 2], rel=0.02)
    assert done["kernels"]["control"]["before"] < 1e-6
    hold = done["kernels"]["control"]["hold"]
    assert hold[0] < hold[1] - 2.0
    # inhibition reverses at -80 mV
    assert control[0, 2] > 0 > control[1, 2]


def test_bac_firing_is_measured_on_any_cell_with_a_trunk(done):
    bac = done["bac"]
    assert bac["rest"] < -60
    assert bac["spikes"][0] >= bac["alone"] >= 1
