"""Is a protocol file checked, and are its trials what Table 1 says?"""

import numpy as np
import pytest

from dendmod.errors import SpecError
from dendmod.paths import data_dir
from dendmod.protocol import (
    find_protocol,
    load_protocol,
    load_readings,
    load_variants,
    setup_for,
    trains_for,
)
from dendmod.protocol.experiment import Experiment
from dendmod.spec import Location
from dendmod.sweep import Sweep

PLACES = [Location(section=i + 1, x=0.8) for i in range(20)]


def by_name(trains):
    return {t.synapse: t for t in trains}


def test_nmda_trial_follows_table_1():
    p = load_protocol("fig1")
    trains = by_name(trains_for(p, "nmda", level=11, n_feedforward=40, trial=0, seed=1))
    weights = [trains[f"site{i:02d}/context"].weight for i in range(20)]
    assert weights == pytest.approx([0.08e-3] * 11 + [0.001e-3] * 9)
    assert all(trains[f"site{i:02d}/context"].times.size == 60 for i in range(20))
    assert trains["soma/feedforward"].times.size == 40
    assert trains["soma/feedforward"].weight == pytest.approx(0.06)
    assert trains["site03/excitatory"].weight == pytest.approx(1e-3)
    rates = [trains[f"site{i:02d}/inhibitory"].times.size / 0.3 for i in range(20)]
    assert np.mean(rates) == pytest.approx(120, rel=0.2)


def test_inhibitory_inputs_have_the_negative_weight():
    p = load_protocol("fig1")
    trains = by_name(trains_for(p, "nmda", level=0, n_feedforward=-30, trial=0, seed=1))
    assert trains["soma/feedforward"].weight == pytest.approx(-0.06)
    assert trains["soma/feedforward"].times.size == 30


def test_levels_share_backgrounds_and_bursts():
    p = load_protocol("fig1")
    a, b = (
        by_name(trains_for(p, "shunt", level=n, n_feedforward=175, trial=3, seed=1))
        for n in (20, 120)
    )
    assert (a["soma/shunt"].times == b["soma/shunt"].times[:20]).all()
    for name in a:
        if name != "soma/shunt":
            assert (a[name].times == b[name].times).all()


def test_width_readings():
    p = load_protocol("fig1")
    assert (p.context_sd("nmda"), p.context_sd("shunt"), p.feedforward_sd) == (10.0, 20.0, 6.0)
    q = load_protocol("fig1", {"readings.context_width_is": "SD"})
    assert q.context_sd("nmda") == 20.0


def test_blocking_silences_every_gated_channel_and_keeps_the_leak():
    p = load_protocol("fig1")
    regions = setup_for(p, PLACES, block_channels=True).cell.biophysics.regions
    for region in regions.values():
        for m in region.mechanisms:
            for name, value in m.params.items():
                level = getattr(value, "base", getattr(value, "value", value))
                assert (level == 0) == name.endswith("bar")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("n_feedforward = 40", "n_feedfoward = 40", r"n_feedfoward'.*Did you mean 'n_feedforward'"),
        ("high_weight_nS = 0.08", "high_weight_pS = 80", r"given in pS.*'high_weight_nS'"),
        ("tstop_ms = 300.0", "tstop_s = 0.3", r"given in s.*'tstop_ms'"),
        ("biophysics = 1", "biophysics = 2", r"cell.biophysics.*1 or 3"),
        ("trials = 10", "trials = 0", r"run.trials.*greater than 0"),
        ("weight_nA = 0.06", "weight_nA = nan", r"feedforward.weight_nA.*finite"),
        ("n = 20  ", "n = 12  ", r"go up to 20, but sites.n is 12"),
        ('schema = "dendmod/protocol/1"', 'schema = "other/1"', r"schema.*dendmod/protocol/1"),
        ("quick_levels = [0, 11, 20]", "quick_levels = [0, 12]", r"quick_levels \[12\]"),
        ("[run]", "[run", r"not a TOML file.*line"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_allowed(tmp_path, old, new, message):
    text = (data_dir("protocols") / "fig1.toml").read_text()
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(SpecError, match=message):
        load_protocol(path)


def test_an_unknown_protocol_names_the_known_ones():
    with pytest.raises(SpecError, match=r"no protocol file 'fig11'.*fig1"):
        load_protocol("fig11")


def test_every_variant_of_the_readings_is_a_valid_protocol():
    readings, protocols = load_readings("fig1_readings")
    assert len(protocols) == len(readings.variants) >= 8
    assert len({p.model_dump_json() for p in protocols.values()}) == len(protocols)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("falling impedance", list(range(20))), ("rising impedance", list(range(19, -1, -1)))],
)
def test_levels_activate_sites_in_the_order_asked_for(tmp_path, order, expected):
    changes = {"sites.order": order, "run.engine": "neuron"}
    experiment = Experiment(load_protocol("fig1", changes), Sweep(tmp_path))
    experiment._sites = {"section": np.arange(20), "x": np.full(20, 0.8)}
    assert [section for section, _ in experiment.common()["sites"]] == expected


def test_random_orders_depend_on_their_seed_alone(tmp_path):
    def sections(order_seed, seed):
        changes = {"sites.order": "random", "sites.order_seed": order_seed, "run.seed": seed,
                   "run.engine": "neuron"}  # fmt: skip
        experiment = Experiment(load_protocol("fig1", changes), Sweep(tmp_path))
        experiment._sites = {"section": np.arange(20), "x": np.full(20, 0.8)}
        return [section for section, _ in experiment.common()["sites"]]

    assert sections(1, 1) == sections(1, 2) != sections(2, 1)
    assert sorted(sections(1, 1)) == list(range(20))


def test_what_a_variant_sets_is_kept_whatever_the_options_say():
    _, _, protocols = load_variants("fig2_readings", {"run.seed": 9})
    assert protocols["default readings"].run.seed == 9
    assert protocols["seed 2"].run.seed == 2


def test_limits_of_the_search_are_checked():
    with pytest.raises(SpecError, match=r"io.limits"):
        load_protocol("fig1", {"io.limits": [0, 30]})
    with pytest.raises(SpecError, match="smaller number first"):
        load_protocol("fig1", {"io.limits": [30, 0]})


def test_files_of_a_protocol_are_looked_for_beside_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = find_protocol("fig1").read_text(encoding="utf-8")
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "p.toml"
    file.write_text(text.replace('morphology = "l5pc"', 'morphology = "own.swc"'), encoding="utf-8")
    assert 'morphology = "own.swc"' in file.read_text(encoding="utf-8")
    assert load_protocol(file).cell.morphology == "own.swc"
    (tmp_path / "mine" / "own.swc").touch()
    assert load_protocol(file).cell.morphology == str(tmp_path / "mine" / "own.swc")
    # what an option gives is of the working folder
    assert load_protocol(file, {"cell.morphology": "own.swc"}).cell.morphology == "own.swc"


def test_a_figure_without_a_protocol_says_what_makes_it():
    with pytest.raises(SpecError, match="no protocol file 'fig5'.*made by `dendmod figure`"):
        load_protocol("fig5")
