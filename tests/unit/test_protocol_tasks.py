"""Do tasks of a protocol ask the engine for the right runs, and return what it gave?"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from dendmod.protocol import load_protocol, tasks, trains_for
from dendmod.protocol.levels import level_of
from dendmod.protocol.stimuli_file import load_stimuli
from dendmod.spec.result import Result
from tests.doubles import engine, times_of

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_cell"
CHANGES = {"sites.n": 3, "arms.nmda.levels": [0, 3], "arms.nmda.quick_levels": []}
PROTOCOL = load_protocol("fig1", CHANGES)
COMMON = {
    "protocol": PROTOCOL.model_dump(mode="json", by_alias=True),
    "sites": [[4, 0.8], [7, 0.3], [9, 0.8]],
    "seed": 5,
    "coreneuron": None,
}


def shape_of(trains):
    """Which condition these trains are of, by the bytes of every spike and weight."""
    return tuple((t.synapse, t.weight, t.times.tobytes()) for t in trains)


def asked_for(arm, level, n, trial):
    return shape_of(
        trains_for(PROTOCOL, arm, level=level, n_feedforward=n, trial=trial, seed=COMMON["seed"])
    )


def plateaus(setup, run, trains):
    """A soma with a spike every ten inputs; site k stands at -35 mV for 10 + k ms, once at -k."""
    t = times_of(run)
    n = next(x.times.size for x in trains if x.synapse == "soma/feedforward")
    v = {name: np.full(t.size, -70.0) for name in setup.record}
    v["soma"][100 * (1 + np.arange(n // 10))] = 20.0
    for k in range(3):
        if f"site{k:02d}" in v:
            v[f"site{k:02d}"][1000 : 1000 + 10 * (10 + k)] = -35.0
            v[f"site{k:02d}"][1005 + k] = -float(k)
    return Result(t=t, v=v)


def count(**changes):
    fields = {"arm": "nmda", "level": 3, "n_feedforward": [40, 70], "trials": [2, 6]}
    with engine(plateaus) as asked:
        found = tasks.count_spikes(**COMMON, **{**fields, "traces": True, **changes})
    return found, asked


def test_spikes_are_counted_by_number_of_inputs_and_trial():
    found, asked = count()
    assert found["counts"].tolist() == [[4, 4], [7, 7]]
    conditions = [(n, trial) for n in (40, 70) for trial in (2, 6)]
    assert [shape_of(trains) for *_, trains in asked] == [
        asked_for("nmda", 3, n, trial) for n, trial in conditions
    ]
    assert asked[0][1] == PROTOCOL.run_spec
    assert str(found["engine"]) == "double"


def test_voltages_are_those_of_the_first_number_of_inputs_in_mV_and_ms():
    found, asked = count()
    setup, run, trains = asked[1]  # the second trial of 40 inputs
    result = plateaus(setup, run, trains)
    v = np.array([result.v[f"site{k:02d}"] for k in range(3)])
    assert found["v_soma"].shape == (2, 3001)
    np.testing.assert_allclose(found["v_soma"][1], result.v["soma"])
    np.testing.assert_allclose(found["v_sites"][1], v[:, ::5])  # every .5 ms
    np.testing.assert_allclose(found["site_peak"], [[0, -1, -2]] * 2)
    np.testing.assert_allclose(found["site_above"], [[10, 11, 12]] * 2)
    # the same by the voltages that are kept
    by_hand = (found["v_sites"] > -40).sum(axis=2) * 0.5
    np.testing.assert_allclose(found["site_above"], by_hand, atol=0.5)


def test_voltages_are_recorded_and_kept_where_they_are_asked_for_alone():
    found, asked = count(traces=False)
    assert set(found) == {"counts", "engine"}
    assert set(asked[0][0].record) == {"soma"}


def test_sites_are_the_places_given_in_their_order():
    _, asked = count()
    places = [asked[0][0].record[f"site{k:02d}"] for k in range(3)]
    assert [[p.section, p.x] for p in places] == COMMON["sites"]


def test_a_search_starts_at_the_arms_inputs_and_returns_rising_numbers_with_their_counts():
    with engine(plateaus) as asked:
        found = tasks.search_thresholds(**COMMON, arm="nmda", level=0, trials=[0, 3], resolution=4)
    n = found["n_feedforward"]
    assert (np.diff(n) > 0).all()
    # a spike every ten inputs; none are negative in this run
    np.testing.assert_array_equal(found["counts"], np.repeat(n[:, None] // 10, 2, axis=1))
    conditions = [shape_of(trains) for *_, trains in asked]
    assert len(conditions) == 2 * n.size
    # from 40 inputs down in growing steps of 40, until no spike is left
    first = [(40, 0), (40, 3), (0, 0), (0, 3)]
    assert conditions[:4] == [asked_for("nmda", 0, m, trial) for m, trial in first]
    for crossed in (10, 20):  # 0 and 1 spike become 1 and 2
        below = int(np.searchsorted(n, crossed)) - 1
        assert n[below] < crossed <= n[below + 1] <= n[below] + 4


def driven(setup, run, trains):
    """A soma with a spike every ten inputs, and one more a site that is driven."""
    weights = [x.weight for x in trains if x.synapse.endswith("/context")]
    n = next(x.times.size for x in trains if x.synapse == "soma/feedforward")
    v = plateaus(setup, run, trains).v
    high = PROTOCOL.arms["nmda"].high_weight_nS * 1e-3
    spikes = n // 10 + sum(w == pytest.approx(high) for w in weights)
    v["soma"][:] = -70.0
    v["soma"][5 + 10 * np.arange(spikes)] = 20.0
    return Result(t=times_of(run), v=v)


def test_levels_side_by_side_are_those_alone():
    fields = {"arm": "nmda", "trials": [0, 3]}
    counted = fields | {"n_feedforward": [40, 70], "traces": True}
    searched = fields | {"resolution": 4}
    for one, many, more in (
        (tasks.count_spikes, tasks.count_levels, counted),
        (tasks.search_thresholds, tasks.search_levels, searched),
    ):
        with engine(driven) as asked:
            together = many(**COMMON, levels=[3, 0], **more)
        with engine(driven) as asked_alone:
            alone = {level: one(**COMMON, level=level, **more) for level in (0, 3)}
        assert {shape_of(t) for *_, t in asked} == {shape_of(t) for *_, t in asked_alone}
        assert len(asked) == len(asked_alone)
        for level, found in alone.items():
            of = level_of(together, level)
            assert set(of) == set(found)
            for name, array in found.items():
                np.testing.assert_array_equal(of[name], array)


def test_more_trials_than_are_held_at_once_come_in_their_order(monkeypatch):
    monkeypatch.setattr("dendmod.protocol.levels._AT_ONCE", 3)
    found, asked = count(trials=[2, 6, 1, 4])
    assert found["counts"].tolist() == [[4] * 4, [7] * 4]
    assert [shape_of(trains) for *_, trains in asked] == [
        asked_for("nmda", 3, n, trial) for n in (40, 70) for trial in (2, 6, 1, 4)
    ]


@pytest.mark.parametrize("blocked", [False, True])
def test_clamp_currents_come_by_level_and_trial_without_feedforward_inputs(blocked):
    def answer(setup, run, trains):
        t = times_of(run)
        return Result(t=t, v={}, clamp_current=np.full(t.size, float(len(asked))))

    with engine(answer) as asked:
        i = tasks.clamp(
            **COMMON, arm="shunt", levels=[0, 60, 120], potential=-80.0, block_channels=blocked,
            trials=[0, 1],
        )["i"]  # fmt: skip
    assert i.shape == (3, 2, 3001)
    np.testing.assert_array_equal(i[..., 0], [[1, 2], [3, 4], [5, 6]])  # in the order of the runs
    conditions = [(level, trial) for level in (0, 60, 120) for trial in (0, 1)]
    assert [shape_of(trains) for *_, trains in asked] == [
        asked_for("shunt", level, 0, trial) for level, trial in conditions
    ]
    setup = asked[0][0]
    assert setup.voltage_clamp.v == -80.0
    gates = [
        m.params["gIhbar"] for r in setup.cell.biophysics.regions.values() for m in r.mechanisms
        if m.suffix == "Ih"
    ]  # fmt: skip
    levels = [getattr(g, "base", g) for g in gates]
    assert levels
    assert all((level == 0) is blocked for level in levels)


def test_arms_that_are_clamped_together_have_the_currents_that_they_have_alone():
    def answer(setup, run, trains):
        weight = sum(x.weight * x.times.size for x in trains)
        return Result(t=times_of(run), v={}, clamp_current=np.full(
            3001, weight * setup.voltage_clamp.v))  # fmt: skip

    levels, potentials = {"shunt": [0, 60], "nmda": [3]}, [-80.0, 0.0]
    common = {**COMMON, "block_channels": True, "trials": [1, 4]}
    with engine(answer):
        together = tasks.clamp_arms(**common, levels=levels, potentials=potentials)
        alone = {
            f"{arm}/{v:g}": tasks.clamp(**common, arm=arm, levels=of_arm, potential=v)["i"]
            for arm, of_arm in levels.items() for v in potentials
        }  # fmt: skip
    assert set(together) == set(alone)
    for name, i in alone.items():
        np.testing.assert_array_equal(together[name], i)
    assert together["shunt/-80"].shape == (2, 2, 3001)


def test_the_level_of_a_plateau_and_the_threshold_of_a_spike_are_the_protocols():
    changes = {**CHANGES, "run.plateau_mV": -34.0, "run.spike_threshold_mV": 25.0}
    protocol = load_protocol("fig1", changes)

    def answer(setup, run, trains):
        found = plateaus(setup, run, trains)
        return Result(t=found.t, v=found.v, spike_threshold=run.spike_threshold)

    common = {**COMMON, "protocol": protocol.model_dump(mode="json", by_alias=True)}
    with engine(answer) as asked:
        found = tasks.count_spikes(
            **common, arm="nmda", level=3, n_feedforward=[40], trials=[2], traces=True
        )
    assert asked[0][1].spike_threshold == 25.0
    assert found["counts"].tolist() == [[0]]  # spikes reach 20 mV
    # one step above -34 mV, at the peak
    np.testing.assert_allclose(found["site_above"], [[0.1] * 3])


def test_a_cells_own_threshold_counts_where_the_protocol_says_none(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "cell")
    file = tmp_path / "cell" / "cell.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("v_init_mV", "spike_threshold_mV = -15.0\nv_init_mV"), "utf-8")
    cell = {"cell.file": str(file)}
    assert load_protocol("fig1", cell).run_spec.spike_threshold == -15.0
    given = {**cell, "run.spike_threshold_mV": -20.0}
    assert load_protocol("fig1", given).run_spec.spike_threshold == -20.0
    assert (
        load_stimuli("steps", {**cell, "run.spike_threshold_mV": None}).run_spec.spike_threshold
        == -15.0
    )
