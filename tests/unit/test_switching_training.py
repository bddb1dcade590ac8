"""Does a killed training go on to the same weights, and does it refuse what is not its own?"""

import numpy as np
import pytest

from dendmod.engines.simulation import simulate
from dendmod.errors import SpecError, SweepError
from dendmod.network import NetworkResult, NetworkRun, Samples
from dendmod.papers.wybo2022.fig5.tasks import record_network, rule_traces
from dendmod.switching.assembly import build_network, with_sk
from dendmod.switching.boolean import FUNCTIONS, input_vectors, label_free_score
from dendmod.switching.cells import cells, passive_dendrites, star_cell
from dendmod.switching.classification import BooleanTasks, Drawn
from dendmod.switching.recording import record_cell
from dendmod.switching.settings import BOOLEAN_LITERAL, Schedule
from dendmod.switching.tasks import ClassLearning
from dendmod.switching.training import Training, bursts

SETTINGS = BOOLEAN_LITERAL.model_copy(
    update={
        "cell": "star", "biophysics": 3, "output_scale": "without n_in", "output_v_range": 900.0,
        "error_scale": 300.0, "error_decay": 0.5,
    }
)  # fmt: skip


def training(seed: int = 1, samples: int = 12, shuffled: bool = False) -> Training:
    tasks = BooleanTasks(("or", "xor"), shuffled=shuffled)
    network = build_network(
        *cells("star", 3), input_vectors(4, seed), len(tasks.names), SETTINGS, seed=seed
    )
    schedule = Schedule(samples=samples, block=5, test_samples=6, curve_samples=4, test_every=2)
    return Training(network, tasks, SETTINGS, schedule, seed, precision="float32")


class Killed(Exception):
    pass


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_killed_training_goes_on_to_the_same_bytes(tmp_path, blocks):
    whole = training().run(tmp_path / "whole.npz")

    def kill(done, _):
        if done == blocks:
            raise Killed

    stopped = tmp_path / "stopped.npz"
    with pytest.raises(Killed):
        training().run(stopped, progress=kill)
    again = training().run(stopped)
    assert again.weights.tobytes() == whole.weights.tobytes()
    np.testing.assert_array_equal(again.accuracy, whole.accuracy)
    assert again.samples.tolist() == whole.samples.tolist() == [0, 10, 12]
    assert not list(tmp_path.glob("*.part"))
    start = training().network.context.weights
    assert (whole.weights != start).any(), "nothing was learned at all"
    # a training that is over is not run again
    assert training().run(stopped).weights.tobytes() == whole.weights.tobytes()


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    file = tmp_path / "one.npz"
    training().run(file)
    for other in (training(seed=2), training(samples=13), training(shuffled=True)):
        with pytest.raises(SweepError, match="another training|other settings"):
            other.run(file)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(SweepError, match="cannot be read"):
        training().run(file)


def test_the_frozen_rule_keeps_weights_and_shuffled_labels_differ(tmp_path):
    frozen = training()
    still = frozen.network.model_copy(
        update={"plasticity": frozen.network.plasticity.model_copy(update={"error_scale": 0.0})}
    )
    same = Training(still, frozen.tasks, SETTINGS, frozen.schedule, 1, precision="float32").run()
    assert same.weights.tobytes() == np.asarray(still.context.weights).tobytes()
    assert same.accuracy[0].shape == (2,)
    assert (training(shuffled=True).run().weights != training().run().weights).any()


def test_firing_on_any_input_scores_three_quarters_on_xor():
    assert label_free_score("or") == 1
    assert label_free_score("xor") == pytest.approx(0.75)
    # what does not depend on the function scores one half over a function and its opposite
    assert np.mean([label_free_score(name) for name in FUNCTIONS]) == pytest.approx(0.5)


def test_cells_are_named_or_come_from_a_file(tmp_path):
    hidden, output = cells("star", 3)
    assert len(hidden.compartments) == 21
    assert len(output.compartments) == 1
    file = tmp_path / "two.json"
    file.write_text(
        f'{{"hidden": {hidden.model_dump_json()}, "output": {output.model_dump_json()}}}'
    )
    assert cells(str(file), 1) == (hidden, output)
    file.write_text("{}")
    with pytest.raises(SpecError, match="not a file of two cells"):
        cells(str(file), 1)
    with pytest.raises(SpecError, match="there is no cell 'moon'"):
        cells("moon", 1)


def test_passive_dendrites_keep_the_rest():
    """The current at rest and the leak with open channels stay what they were."""
    star = star_cell(3)
    dendrite = star.compartments[1].model_copy(
        update={"channels": {"Ih": {"gIhbar": 2e-4}}, "area": 500.0}
    )
    cell = star.model_copy(update={"compartments": (star.compartments[0], dendrite)})
    passive = passive_dendrites(cell).compartments[1]
    assert passive.channels == {}
    # Ih of 1 nS at most, some of it open; its reversal potential is -45 mV
    held = passive.g_leak - dendrite.g_leak
    assert 0.01 < held < 1.0
    current = dendrite.g_leak * (cell.v_init - dendrite.e_leak) + held * (cell.v_init + 45)
    assert passive.g_leak * (cell.v_init - passive.e_leak) == pytest.approx(current)


def test_places_of_the_axon_keep_their_channels_where_dendrites_are_passive():
    star = star_cell(3)
    active = {"channels": {"NaTa_t": {"gNaTa_tbar": 1.0}}}
    axon = star.compartments[1].model_copy(update={**active, "role": "axon"})
    dendrite = star.compartments[2].model_copy(update=active)
    cell = star.model_copy(update={"compartments": (star.compartments[0], axon, dendrite)})
    passive = passive_dendrites(cell).compartments
    assert passive[:2] == cell.compartments[:2]
    assert passive[2].channels == {}


def test_passive_dendrites_open_gates_to_their_powers():
    """K_Tst, m^4 h, from its equations at v_init; calcium channels and pools are left out."""
    star = star_cell(3)
    v, g = star.v_init, 0.1
    dendrite = star.compartments[1].model_copy(
        update={
            "channels": {"K_Tst": {"gK_Tstbar": g}, "Ca_HVA": {"gCa_HVAbar": 1.0}},
            "pools": {"CaDynamics_E2": {}},
            "area": 500.0,
        }
    )
    cell = star.model_copy(update={"compartments": (star.compartments[0], dendrite)})
    m, h = 1 / (1 + np.exp(-(v + 10) / 19)), 1 / (1 + np.exp((v + 76) / 10))
    held = g * 500.0 * 10 * m**4 * h  # nS
    passive = passive_dendrites(cell).compartments[1]
    assert passive.g_leak == pytest.approx(dendrite.g_leak + held, rel=1e-6)
    current = dendrite.g_leak * dendrite.e_leak + held * cell.ek
    assert passive.e_leak == pytest.approx(current / passive.g_leak, rel=1e-6)
    assert passive.pools == passive.channels == {}


def test_sk_is_scaled_in_the_soma_and_nowhere_else():
    cell = star_cell(3)
    half = with_sk(cell, 0.5)
    before, after = (c.compartments[0].channels for c in (cell, half))
    assert after["SK_E2"]["gSK_E2bar"] == 0.5 * before["SK_E2"]["gSK_E2bar"]
    assert {k: v for k, v in after.items() if k != "SK_E2"} == {
        k: v for k, v in before.items() if k != "SK_E2"
    }
    assert half.compartments[1:] == cell.compartments[1:]
    settings = SETTINGS.model_copy(update={"sk_scale": 0.1, "output_sk_scale": 0.3})
    network = build_network(*cells("star", 3), input_vectors(4, 1), 1, settings, seed=1)
    sk = before["SK_E2"]["gSK_E2bar"]
    found = [
        c.compartments[0].channels["SK_E2"]["gSK_E2bar"]
        for c in (network.hidden[0], network.output.cell)
    ]
    assert found == pytest.approx([0.1 * sk, 0.3 * sk])


def test_a_feedback_raises_weights_after_a_miss():
    """The pulse is (generated - expected) times a negative amplitude: a miss is positive."""
    network = training().network
    assert network.plasticity.error_scale == -SETTINGS.error_scale
    assert SETTINGS.error_scale > 0


class Counted:
    """Two tasks on one input whose number of spikes tells the part and the sample."""

    names = ("a", "b")
    n_inputs = 1

    def __init__(self):
        self.asked = []

    def digest(self):
        return "counted"

    def draw(self, task, n, rng, part):
        self.asked.append(part)
        counts = np.full((n, 1), 100 if part == "test" else 1) + task
        return Drawn(counts, np.arange(n) % 2)


@pytest.fixture
def observed(monkeypatch):
    """A training whose network is made up: all that is run is kept, spikes are given."""
    import dendmod.switching.training as module

    runs, spikes = [], {}

    def simulate(spec, run, **_):
        runs.append((spec, run))
        task, expected = run.samples.context, run.samples.expected
        generated = spikes["of"](task, expected)
        return NetworkResult(
            hidden=None, output=None, error=generated - expected, weights=spec.context.weights
        )

    monkeypatch.setattr(module, "simulate", simulate)
    network = build_network(
        *cells("star", 3), np.ones((1, 2)), 2, SETTINGS, seed=1, inputs=np.ones((3, 1))
    )
    schedule = Schedule(samples=12, block=5, test_samples=6, curve_samples=4)
    return Training(network, Counted(), SETTINGS, schedule, 1), runs, spikes


@pytest.mark.parametrize(
    ("spikes", "accuracy"),
    [
        (lambda task, expected: expected, [1, 1]),
        (lambda task, expected: 3 * expected, [1, 1]),  # any spike says yes
        (lambda task, expected: 0 * expected, [0.5, 0.5]),
        (lambda task, expected: 1 - expected, [0, 0]),
        (lambda task, expected: expected * (1 - task), [1, 0.5]),
    ],
)
def test_a_measurement_counts_spikes_of_the_frozen_network_on_the_test_part(
    observed, spikes, accuracy
):
    one, runs, given = observed
    given["of"] = spikes
    assert one.measure(one.network.context.weights, 8).tolist() == accuracy
    (_, run), = runs  # fmt: skip
    assert run.learn is False
    assert run.stimulus.feedforward_counts.min() >= 100
    assert len(run.samples) == 16
    assert set(one.tasks.asked) == {"test"}


def test_no_sample_is_run_with_the_random_numbers_of_another(observed):
    one, runs, given = observed
    given["of"] = lambda task, expected: expected
    one.run()
    learned = [run for _, run in runs if run.learn]
    assert [len(run.samples) for run in learned] == [10, 10, 4]
    numbers = np.concatenate([run.samples.numbers for run in learned])
    assert sorted(numbers) == list(range(24))
    assert all(run.stimulus.feedforward_counts.max() < 100 for run in learned)
    tested = np.concatenate([run.samples.numbers for _, run in runs if not run.learn])
    assert tested.min() >= 1 << 30


def test_a_class_learns_on_its_own_and_a_rule_that_is_off_has_no_error():
    pytest.importorskip("sklearn")
    hidden, output = (cell.model_dump_json() for cell in cells("star", 3))
    fields = {"hidden": hidden, "output": output, "matrix": "RP", "data": "digits", "k": 3,
              "settings": SETTINGS, "schedule": Schedule(samples=2)}  # fmt: skip
    made = {
        (seed, target): ClassLearning(**fields, seed=seed, target=target).training()
        for seed in (1, 2) for target in (0, 7)
    }  # fmt: skip
    assert len({t.seed for t in made.values()}) == 4
    weights = {key: t.network.feedforward.weights for key, t in made.items()}
    np.testing.assert_array_equal(weights[1, 0], weights[1, 7])  # one matrix a seed
    assert not np.array_equal(weights[1, 0], weights[2, 0])
    assert made[1, 7].tasks.classes == (7,)
    off = ClassLearning(**fields, seed=1, target=7, plastic=False).training()
    assert off.network.plasticity.error_scale == 0
    assert made[1, 7].network.plasticity.error_scale == -300.0
    shuffled = ClassLearning(**fields, seed=1, target=7, shuffled=True).training()
    assert shuffled.tasks.shuffled
    assert not made[1, 7].tasks.shuffled


def test_the_error_decays_with_the_part_of_the_training_that_is_over(monkeypatch):
    import dendmod.switching.training as module

    scales = []
    simulate = module.simulate

    def kept(spec, run, **how):
        if run.learn:
            scales.append(spec.plasticity.error_scale)
        return simulate(spec, run, **how)

    monkeypatch.setattr(module, "simulate", kept)
    training(samples=10).run()
    training(samples=20).run()
    short, long = scales[:2], scales[2:]
    assert len(long) == 4
    # 1/e after half of the samples, however many there are
    assert short[1] / short[0] == pytest.approx(np.exp(-1))
    assert long[2] / long[0] == pytest.approx(np.exp(-1))
    assert short[0] == long[0] == -300.0


def test_a_recorded_cell_is_that_of_the_network_and_shows_the_rule_that_changes_its_weights():
    network = training().network
    cell, low = 2, network.plasticity.w_min
    strong = network.context.weights.copy()
    strong[0] = low + 0.7 * (strong[0] - low)
    network = network.model_copy(
        update={"context": network.context.model_copy(update={"weights": strong})}
    )
    run = NetworkRun(
        samples=Samples(context=np.array([0, 1]), expected=np.ones(2, np.int64)),
        stimulus=bursts(np.array([[20, 0], [20, 20]]), SETTINGS),
        settle=20.0,
        between_samples="rest",
        learn=False,
        seed=4,
        record_v=True,
    )
    whole = simulate(network, run, engine="kernel")
    found = record_cell(network, run, cell)
    assert found.v.shape == (2, len(network.hidden[0].compartments), 1501)
    # the soma as the kernel has it in the whole network; dendrites differ from it
    np.testing.assert_allclose(found.v[:, 0], whole.v[:, cell], atol=0.05)
    assert np.abs(found.v[:, 1] - found.v[:, 0]).max() > 1.0
    assert found.traces == {}

    traces = record_cell(network, run.model_copy(update={"learn": True}), cell).traces
    assert set(traces) == {"u_dend", "u_pre", "u_post", "eps", "w"}
    # a miss: the error lifts the weights, and only after the window has closed
    product = traces["u_pre"][0] * traces["u_post"][0] * traces["eps"][0]
    change = np.diff(traces["w"][0][:, 1:])
    assert traces["eps"][0].max() == pytest.approx(300.0, rel=0.01)
    assert ((change != 0) <= (product[:, 2:] > 0)).all()
    assert (change >= 0).all()


def test_a_recording_of_hidden_cells_has_their_potentials_and_weights_in_order():
    from dendmod.engines.neuron.network import HiddenRecording, NetworkSimulator

    network = training().network
    run = NetworkRun(
        samples=Samples(context=np.array([1, 0]), expected=np.ones(2, np.int64)),
        stimulus=bursts(np.array([[20, 0], [20, 20]]), SETTINGS),
        settle=20.0,
        seed=4,
        record_v=True,
    )
    with NetworkSimulator(network, run, record=HiddenRecording((5, 0), ("w",))) as simulator:
        found = simulator.run()
    recorded = simulator.recorded
    assert recorded.v.shape == (2, network.n_hidden, 2, 1501)
    np.testing.assert_array_equal(recorded.v[:, :, 1], found.v[:, :-1])
    assert (recorded.v[:, :, 0] != recorded.v[:, :, 1]).any(axis=2).all()
    # a synapse has its weight of the active context at the start, and the learned one at the end
    for sample, context in enumerate((1, 0)):
        w = recorded.traces["w"][sample]
        np.testing.assert_array_equal(w[:, 1], network.context.weights[context].ravel())
        np.testing.assert_array_equal(w[:, -1], found.weights[context].ravel())
    frozen = run.model_copy(update={"learn": False})
    with pytest.raises(SpecError, match="runs that learn"):
        NetworkSimulator(network, frozen, record=HiddenRecording((0,), ("u_pre",)))


def test_the_traces_of_figure_5_are_the_factors_of_eq_22():
    """eta by the zone of the dendritic trace; the weight changes by what they integrate to."""
    network = training().network
    rule = network.plasticity.model_copy(
        update={"theta": (-72.0, -68.0), "eta": (1e-8, 1e-7, 5e-9), "w_max": 1.0}
    )
    network = network.model_copy(update={"plasticity": rule})
    found = rule_traces(network, np.array([[20, 20]]), SETTINGS, 4)
    dend, eta = found["trace_dend"], found["trace_eta"]
    assert {float(e) for e in eta} == {1e-8, 1e-7, 5e-9}
    assert (eta[dend < -72.0] == 1e-8).all()
    assert (eta[(dend > -72.0) & (dend < -68.0)] == 1e-7).all()
    assert (eta[dend > -68.0] == 5e-9).all()
    product = found["trace_pre"] * found["trace_post"] * found["trace_error"]
    change = np.cumsum(eta * product) * SETTINGS.dt
    assert found["trace_dw"][-1] > 0
    assert found["trace_dw"][-1] == pytest.approx(change[-1], rel=0.02)


def test_figure_5_shows_the_output_cell_before_and_after():
    """The output cell rests where no hidden cell does; learned weights are those of their class."""
    pytest.importorskip("sklearn")
    hidden, output = cells("star", 3)
    soma = output.compartments[0].model_copy(update={"e_leak": -60.0, "g_leak": 40.0})
    output = output.model_copy(update={"compartments": (soma,)})
    k, classes = 2, [3, 5]
    weights = [np.full((1, k, 20), w) for w in (1e-5, 2e-4)]
    found = record_network(
        hidden.model_dump_json(), output.model_dump_json(), "RP", "digits", k, classes,
        SETTINGS.model_dump(mode="json"), 1, weights,
    )  # fmt: skip
    rests = simulate(
        training().network.model_copy(update={"plasticity": None}),
        NetworkRun(
            samples=Samples(context=[0], expected=[0]),
            stimulus=bursts(np.zeros((1, 2), np.int64), SETTINGS),
            settle=150.0,
            record_v=True,
        ),
    ).v[0, 0, 0]
    for name in ("v_before", "v_after"):
        assert found[name].shape == (6, 1501)
        assert found[name][0, 0] > rests + 5
    assert abs(found["soma"][0, 0] - rests) < 5
    assert found["classes"].tolist() == classes
    # the input is the same under both tasks, so that only their weights differ
    assert found["dendrites"].shape == (2, 4, 1501)
    assert found["dendrites"][1].max() > found["dendrites"][0].max()
