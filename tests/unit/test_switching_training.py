"""Does a killed training go on to the same weights, and does it refuse what is not its own?"""

import numpy as np
import pytest

from dendmod.errors import SpecError, SweepError
from dendmod.switching.assembly import build_network
from dendmod.switching.boolean import FUNCTIONS, input_vectors, label_free_score
from dendmod.switching.cells import cells, passive_dendrites, star_cell
from dendmod.switching.settings import BOOLEAN_LITERAL, Schedule
from dendmod.switching.tasks import BooleanTasks
from dendmod.switching.training import Training

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


def test_inside_shows_the_soma_of_the_network_and_the_rule_that_changes_its_weights():
    from dendmod.network import NetworkRun, Samples
    from dendmod.network.simulate import simulate
    from dendmod.switching.inside import inside
    from dendmod.switching.training import bursts

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
    found = inside(network, run, cell)
    assert found.v.shape == (2, len(network.hidden[0].compartments), 1501)
    # the soma as the kernel has it in the whole network; dendrites differ from it
    np.testing.assert_allclose(found.v[:, 0], whole.v[:, cell], atol=0.05)
    assert np.abs(found.v[:, 1] - found.v[:, 0]).max() > 1.0
    assert found.traces == {}

    traces = inside(network, run.model_copy(update={"learn": True}), cell).traces
    assert set(traces) == {"u_dend", "u_pre", "u_post", "eps", "w"}
    # a miss: the error lifts the weights, and only after the window has closed
    product = traces["u_pre"][0] * traces["u_post"][0] * traces["eps"][0]
    change = np.diff(traces["w"][0][:, 1:])
    assert traces["eps"][0].max() == pytest.approx(300.0, rel=0.01)
    assert ((change != 0) <= (product[:, 2:] > 0)).all()
    assert (change >= 0).all()
