"""Does `dendmod protocol scale` find what a cell needs, and say in words what it cannot do?

The cell is a double whose thresholds are known: spikes follow the current that arrives at the soma,
sites have a plateau from a weight on.
"""

import importlib
import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dendmod.cells.sites import SiteChoice
from dendmod.errors import SpecError
from dendmod.protocol import load_protocol
from dendmod.protocol.experiment import Experiment
from dendmod.protocol.read import parse_protocol
from dendmod.protocol.scale_file import scale_file
from dendmod.protocol.scale_tasks import longest_above
from dendmod.protocol.write import protocol_text
from dendmod.spec.result import Result
from tests.doubles import engine, impedances, times_of

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own_cell"
FIRST_SPIKE_NA = 1.0  # of all feedforward inputs together: 50 of 0.02 nA
PLATEAU_NS = 0.2
SOMA_MOHM = {"own_cell": 100.0, "other": 50.0}


class InProcess:
    """A sweep that calls its tasks one after the other."""

    def __init__(self):
        self.versions, self.keys = {}, []

    def run(self, tasks):
        found = {}
        for task in tasks:
            module, _, name = task.function.partition(":")
            payload = json.loads(json.dumps(task.payload))
            found[task.key] = getattr(importlib.import_module(module), name)(**payload)
            self.keys.append(task.key)
        return found


def impedance(cell, places):
    if len(places) == 1 and places[0].section == 0:
        name = getattr(cell.biophysics, "name", "")
        return np.array([[SOMA_MOHM.get(name, SOMA_MOHM["other"])]])
    own = np.array([900.0 - i for i in range(len(places))])
    return np.where(np.eye(len(places), dtype=bool), own, 30.0)


def cell(*, spikes=True, nmda=True, quiet=True):
    """Return what answers a run: does it spike, has it NMDA receptors, rests it without input?"""

    def answer(setup, run, trains):
        t = times_of(run)
        if setup.voltage_clamp is not None:
            v = setup.voltage_clamp.v
            open_ = 1 / (1 + 0.3 * np.exp(-0.1 * v)) if nmda else 1.0
            return Result(t=t, v={}, clamp_current=np.full(t.size, len(trains) * open_ * v))
        weight = {x.synapse: x.weight for x in trains}
        size = {x.synapse: x.times.size for x in trains}
        noise = next(x.times[0] % 1 for x in trains if x.synapse == "soma/excitatory") - 0.5
        v = {name: np.full(t.size, -70.0) for name in setup.record}
        plateaus = 0
        for name in (s.name for s in setup.synapses if s.name.endswith("/context")):
            site, k = name.removesuffix("/context"), int(name[4:6])
            drive = weight.get(name, 0.0) * 1e3 * size.get(name, 0) / 60  # nS, of 60 inputs
            if nmda and drive >= PLATEAU_NS * (0.9 + 0.1 * k):
                plateaus += 1
                if site in v:
                    v[site][1500:1620] = -30.0  # 12 ms
        current = weight["soma/feedforward"] * size["soma/feedforward"] / FIRST_SPIKE_NA
        shunt = size.get("soma/shunt", 0) * weight.get("soma/shunt", 0.0) * 1e3
        n = int(current + 0.4 * noise + plateaus / 2 - shunt / 60 + (0 if quiet else 3))
        if spikes:
            v["soma"][500 + 100 * np.arange(max(n, 0))] = 20.0
        return Result(t=t, v=v)

    return answer


def scale(tmp_path, answer, **options):
    sweep = InProcess()
    out = tmp_path / "own.toml"
    with engine(answer), impedances(impedance):
        scaled = scale_file(out, tmp_path / "found", cell=str(EXAMPLE), sweep=sweep, **options)
    return out, scaled, sweep


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale")
    return SimpleNamespace(**dict(zip(("out", "scaled", "sweep"), scale(folder, cell()),
                                      strict=True)))  # fmt: skip


def test_weights_and_numbers_are_those_of_the_cell(found):
    p = load_protocol(found.out)
    assert p.feedforward.weight_nA == pytest.approx(0.02, rel=0.05)
    assert p.arms["nmda"].high_weight_nS == pytest.approx(PLATEAU_NS, rel=0.1)
    high, low = p.arms["nmda"].high_weight_nS, p.arms["nmda"].low_weight_nS
    assert low == pytest.approx(high / 80, rel=0.01)
    # none at 50 inputs less noise; two from 100 to 150, of which the first counts
    assert 38 <= p.arms["nmda"].n_feedforward < 50
    assert 98 <= p.arms["shunt"].n_feedforward <= 110
    # half the resistance of the base's cell: half its conductances
    assert p.background.excitatory_weight_nS == 0.5
    assert p.arms["shunt"].shunt_weight_nS == 2.5
    assert p.background.soma_excitatory_Hz == 100.0
    assert (p.n_sites, p.arms["nmda"].levels) == (4, (0, 1, 2, 3, 4))
    assert p.cell.file == str(EXAMPLE / "cell.toml")
    assert p.run == load_protocol("fig1").run


def test_the_file_gives_the_spikes_that_it_promises(found):
    p = load_protocol(found.out)
    with engine(cell()), impedances(impedance):
        tables = Experiment(p, InProcess()).spikes()
    text = found.out.read_text(encoding="utf-8")
    for name, target in (("shunt", 2), ("nmda", 0)):
        mean = tables[name].mean()
        assert abs(mean[0] - target) <= 0.5
        promised = f"Mean spikes of 10 trials: {mean[0]:.3g} at level 0, {mean[-1]:.3g} at level"
        assert promised in text
    assert tables["nmda"].mean()[-1] > tables["nmda"].mean()[0] + 0.9
    assert tables["shunt"].mean()[-1] < 1


def test_comments_say_what_was_found_and_how(found):
    text = " ".join(found.out.read_text(encoding="utf-8").replace("# ", " ").split())
    for said in (
        "found: 50 inputs of it give half of 10 trials a spike",
        "input resistance of the soma is 100 MOhm, of fig1's cell 50 MOhm",
        "found: the most that give 0.2 spikes a trial or less",
        "found: half of the sites are above -40 mV for 10 ms without a break",
        "found: 4 fit",
    ):
        assert said in text
    summary = json.loads((found.out.parent / "found" / "summary.json").read_text())
    assert summary["sites"] == {"n": 4, "fit": 4}
    assert summary["arms"]["nmda"]["sites_with_plateau"] >= 2
    assert summary["arms"]["nmda"]["median_ms_above"] == pytest.approx(12, abs=0.5)
    assert (found.out.parent / "found" / "scale.png").is_file()


def test_what_a_cell_cannot_do_is_said_all_at_once_and_nothing_is_written(tmp_path):
    with pytest.raises(SpecError) as error:
        scale(tmp_path, cell(spikes=False, nmda=False))
    said = str(error.value)
    assert "no spike: 50 inputs gave at most 0 spikes" in said
    assert "64 times up and down" in said
    assert "no plateau in nmda: AmpaNmdaSyn" in said
    assert "same at every potential" in said
    assert not (tmp_path / "own.toml").exists()
    assert not (tmp_path / "found" / "summary.json").exists()


def test_sites_that_stay_below_the_level_are_named_with_their_impedance(tmp_path):
    with pytest.raises(
        SpecError, match=r"no plateau in nmda: at 0% .* -20 mV .* 4 sites of 894 to"
    ):
        scale(tmp_path, cell(), changes={"run.plateau_mV": -20.0})
    with pytest.raises(SpecError, match=r"for 15 ms; peaks reach -30 mV"):
        scale(tmp_path, cell(), plateau_ms=15.0)


def test_a_background_that_makes_spikes_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"background alone gives [23].*excitatory_weight_nS=0.25"):
        scale(tmp_path, cell(quiet=False))


def test_the_background_may_be_left_and_sites_be_asked_for(tmp_path):
    out, _, _ = scale(
        tmp_path, cell(), background="left", quick=True,
        sites={"locations": ["dend[1](0.5)", "dend[2](0.5)"]}, changes={"run.trials": 3},
    )  # fmt: skip
    p = load_protocol(out)
    assert p.background == load_protocol("fig1").background
    assert (p.n_sites, p.arms["nmda"].levels) == (2, (0, 1, 2))
    assert p.run.trials == 3
    assert p.arms["shunt"].levels == load_protocol("fig1").arms["shunt"].levels


def test_a_written_protocol_is_read_again_as_it_was():
    changes = {
        "receptors.context.params": {"mg_factor": 0.28},
        "sites.locations": ["dend[1](0.5)", "apic[2](1.0)"],
        "sites.n": 2,
        "arms.nmda.levels": [0, 2],
        "arms.nmda.quick_levels": [],
        "title": 'with "quotes", a \\ and µ',
        "cell.biophysics": 3,
    }
    before = load_protocol("fig1", changes)
    text = protocol_text(before, {"run.seed": "a comment", "arms.nmda": "of an arm"}, "the head")
    assert parse_protocol(tomllib.loads(text)) == before
    assert "seed = 1                   # a comment" in text
    assert "# of an arm\n[arms.nmda]\nkind" in text


def test_a_plateau_is_what_lasts_without_a_break():
    v = np.full((2, 10), -60.0)
    v[0, [1, 3, 5, 7]] = 0.0
    v[1, 4:8] = -30.0
    assert longest_above(v, -40.0, 0.5).tolist() == [0.5, 2.0]
    assert longest_above(np.full(4, -30.0), -40.0, 1.0) == 4.0


def test_sites_of_the_example_are_four():
    with impedances(impedance):
        from dendmod.cells.file import load_cell
        from dendmod.cells.sites import choose_sites

        assert len(choose_sites(load_cell(EXAMPLE).cell, SiteChoice(n="as many as fit"))) == 4


@pytest.mark.own_process
def test_the_kernel_is_held_once_for_all_that_is_searched(found):
    """The double is no cell that a kernel could agree with: NEURON's place is taken throughout."""
    assert found.sweep.keys.count("kernel held against NEURON") == 1
    said = json.loads((found.out.parent / "found" / "summary.json").read_text())["engine"]
    assert said["name"] == found.scaled.chosen.engine == "neuron"
    assert "the kernel does not give the same" in said["why"]
