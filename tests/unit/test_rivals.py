"""Do other simulators get the network that our engines run, and is theirs checked against it?"""

import math
import sys

import numpy as np
import pytest

from benchmarks.rival import Rival
from benchmarks.rivals import channels, numpy_network
from benchmarks.rivals.arbor_mechanisms import translate
from benchmarks.rivals.common import difference, read
from benchmarks.rivals.common import samples as part
from benchmarks.workload import network, samples
from benchmarks.workload_file import KINDS, write
from dendmod.engines.kernel.network import KernelSimulator
from dendmod.errors import EngineError, UnsupportedByEngine
from dendmod.mechanisms.rates import channel, read_channel
from dendmod.network import Arrivals, ExplicitStimulus, SampleTrains

N = 4


@pytest.fixture(scope="module")
def given():
    """The pinned network with few cells, whose output cell fires, and two samples of it."""
    whole = network()
    feedforward, context, output = whole.feedforward, whole.context, whole.output
    spec = whole.model_copy(
        update={
            "hidden": whole.hidden[:N],
            "feedforward": feedforward.model_copy(update={"weights": feedforward.weights[:, :N]}),
            "context": context.model_copy(update={"weights": context.weights[:, :N]}),
            "output": output.model_copy(update={"weights": np.full(N, 6.0)}),
        }
    )
    return spec, samples(2, 0.1).model_copy(update={"duration": 90.0})


@pytest.fixture(scope="module")
def path(given, tmp_path_factory):
    file = tmp_path_factory.mktemp("workload") / "work.npz"
    write(file, *given)
    return file


def test_file_holds_the_network_and_its_spikes(given, path):
    spec, run = given
    work = read(str(path))
    for i, cell in enumerate([*spec.hidden, spec.output.cell]):
        soma = cell.compartments[0]
        assert work["soma_c"][i] * 1e3 == pytest.approx(soma.ca)
        row = list(work["channels"]).index("NaTa_t")
        density = soma.channels["NaTa_t"]["gNaTa_tbar"]
        assert work["channel_g"][row, i] == pytest.approx(density * soma.area * 1e-2)
        for j, dendrite in enumerate(cell.compartments[1:]):
            found = [work[f"dendrite_{x}"][i, j] * 1e3 for x in ("c", "g", "couple")]
            assert found == pytest.approx([dendrite.ca, dendrite.g_leak, dendrite.g_couple])
    assert np.array_equal(work["feedforward_weights"], spec.feedforward.weights)
    trains = []
    for index in range(2):
        one = part(work, index, index + 1)
        places = {
            kind: Arrivals(
                neuron=one[f"{kind}_neuron"].astype(np.int64),
                compartment=one[f"{kind}_compartment"].astype(np.int64),
                times=one[f"{kind}_step"] * run.dt,
            )
            for kind in KINDS
        }
        inputs = one["feedforward_input"].astype(np.int64)
        times = one["feedforward_step"] * run.dt
        trains.append(SampleTrains(feedforward_input=inputs, feedforward_times=times, **places))
    explicit = run.model_copy(update={"stimulus": ExplicitStimulus(trains=tuple(trains))})
    again = KernelSimulator(spec, explicit).run()
    direct = KernelSimulator(spec, run).run()
    assert np.array_equal(again.hidden.counts(2, N), work["result_counts"][:, :N])
    assert np.array_equal(direct.hidden.counts(2, N), work["result_counts"][:, :N])
    assert np.array_equal(direct.output.counts(2, 1)[:, 0], work["result_counts"][:, N])
    assert np.array_equal(direct.error, work["result_error"])
    # the kernel goes on from the weights of the first sample, the file starts anew
    changes = work["result_weights"] - work["context_weights"]
    assert np.abs(changes).max() > 0
    np.testing.assert_allclose(
        direct.weights[0] - work["context_weights"], changes.sum(axis=0), rtol=1e-4, atol=1e-18
    )


def test_network_that_the_file_cannot_hold_is_refused(given, tmp_path):
    spec, run = given
    with pytest.raises(UnsupportedByEngine, match="plasticity"):
        write(tmp_path / "work.npz", spec.model_copy(update={"plasticity": None}), run)


def test_equations_of_the_rivals_are_the_kernels(path):
    work = read(str(path))
    found = difference(work, *numpy_network.run(work))
    assert found["hidden_spikes"] > 0
    assert work["result_counts"][:, N].sum() > 0
    assert found["counts_equal"] == 1
    assert found["soma_rms_mV"] < 1e-3
    assert found["weight_change_relative"] < 1e-6


@pytest.mark.parametrize("suffix", sorted(channels.GATES))
def test_rates_of_the_rivals_are_those_of_the_mechanisms(suffix):
    def exprel(x):
        return math.expm1(x) / x if abs(x) > 1e-9 else 1.0

    points = np.arange(-140.0, 80.0, 0.37)
    inf, tau = channel(suffix).rates(points)
    for i, (lines, steady, time, power) in enumerate(channels.GATES[suffix]):
        assert channel(suffix).gates[i].power == power
        for row, v in enumerate(points):
            names = {"exp": math.exp, "exprel": exprel, "v": v, "int": int}
            for line in lines:
                exec(line, names)
            assert eval(steady, names) == pytest.approx(inf[row, i], rel=1e-9, abs=1e-12)
            assert eval(time, names) == pytest.approx(tau[row, i], rel=1e-9)


def test_calcium_gates_of_the_rivals_are_those_of_the_mechanisms():
    for suffix, (half, hill, tau) in channels.CALCIUM_GATED.items():
        at = np.geomspace(1e-5, 1e-2, 20)
        steady, time = channel(suffix).rates(at)
        np.testing.assert_allclose(1 / (1 + (half / at) ** hill), steady[:, 0], rtol=1e-9)
        assert np.all(time == tau)


@pytest.mark.parametrize("suffix", ["K_Pst", "K_Tst", "SKv3_1", "Ca_LVAst", "SK_E2"])
def test_mechanisms_translated_for_arbor_keep_their_equations(suffix, tmp_path):
    translate(tmp_path, [suffix])
    translated, own = read_channel(tmp_path / f"{suffix}.mod"), channel(suffix)
    points = np.linspace(-120, 60, 30) if own.depends_on == "v" else np.geomspace(1e-5, 1e-2, 30)
    for a, b in zip(translated.rates(points), own.rates(points), strict=True):
        assert np.array_equal(a, b)
    assert translated.gates == own.gates


def test_a_rival_takes_turns_and_must_fire_the_kernels_spikes(path, tmp_path):
    with Rival("numpy", sys.executable, ("numpy_network",), path, 1) as rival:
        rival.check()
        assert rival.about["counts_equal"] == 1
        assert rival.seconds() > 0
    wrong = tmp_path / "wrong.npz"
    work = read(str(path))
    np.savez(wrong, **{**work, "result_counts": work["result_counts"] + 1})
    with (
        Rival("numpy", sys.executable, ("numpy_network",), wrong, 1) as rival,
        pytest.raises(EngineError, match="does not run the same network"),
    ):
        rival.check()


def test_a_missing_interpreter_and_a_script_that_ends_are_named(path, tmp_path):
    with pytest.raises(EngineError, match="cannot be run"):
        Rival("brian2", str(tmp_path / "python"), ("brian2_network",), path, 1)
    with (
        Rival("numpy", sys.executable, ("numpy_network",), tmp_path / "none.npz", 1) as rival,
        pytest.raises(EngineError, match="ended early"),
    ):
        rival.check()
