"""Is the cell that is given the one that runs in a network that learns, with weights for it?"""

import json
from pathlib import Path

import numpy as np
import pytest

from dendmod.cells.file import load_cell
from dendmod.cells.reduced import write_reduced
from dendmod.cells.sites import SiteChoice, choose_sites
from dendmod.engines import compare as comparing
from dendmod.engines.kernel.membranes import channel_values
from dendmod.engines.neuron.membrane import Held
from dendmod.errors import MechanismError, SpecError, UnsupportedByEngine
from dendmod.papers.wybo2022.figS3 import figure as figS3
from dendmod.reduction import reduce
from dendmod.spec import Compartment, ReducedCell
from dendmod.study.registry import find
from dendmod.switching.assembly import build_network, with_sk
from dendmod.switching.cells import cells, hashes_of_cell, passive_dendrites, spike_threshold
from dendmod.switching.settings import BOOLEAN_LITERAL
from dendmod.switching.thresholds import (
    REFERENCE,
    Thresholds,
    _lowest,
    measure_thresholds,
    scaled,
)

REPOSITORY = Path(__file__).resolve().parents[2]
FAST = str(Path(__file__).with_name("fast_cell.toml"))
MINIATURES = str(REPOSITORY / "tests" / "mechanisms" / "miniatures")
AROUND = {"ena": 50.0, "ek": -85.0, "celsius": 34.0, "v_init": -75.0}


@pytest.fixture(scope="module")
def pair():
    return cells(FAST, sites=4)


def two(factor: float = 1.0, sodium: float = 1.0, **around) -> tuple[ReducedCell, ReducedCell]:
    """A cell of soma and dendrite, and its soma; `factor` times as much membrane."""
    channels = {"NaTa_t": {"gNaTa_tbar": sodium}, "SKv3_1": {"gSKv3_1bar": 0.3}}
    leak = {"e_leak": -75.0, "area": 1000.0 * factor}
    soma = Compartment(
        name="soma", parent=-1, ca=30 * factor, g_leak=3 * factor, channels=channels, **leak
    )
    site = Compartment(
        name="site00", parent=0, ca=10 * factor, g_leak=factor, g_couple=5 * factor, **leak
    )
    made = {**AROUND, **around}
    return (
        ReducedCell(name="two", compartments=(soma, site), **made),
        ReducedCell(name="one", compartments=(soma,), **made),
    )


def test_a_cell_of_a_file_is_reduced_with_its_axon(pair):
    hidden, output = pair
    cell = load_cell(FAST).cell
    places = choose_sites(cell, SiteChoice(n=4)).locations
    assert hidden.compartments == reduce(cell, places).compartments
    assert output.compartments == reduce(cell, ()).compartments
    assert [c.role for c in hidden.compartments] == ["soma", *["site"] * 4, "axon", "axon"]
    assert [c.role for c in output.compartments] == ["soma", "axon", "axon"]
    assert hidden.name == "own_fast"
    assert spike_threshold(FAST) == -10.0
    assert set(hashes_of_cell(FAST)) == {"morphology", "mechanisms", "cell"}


def test_the_cell_that_is_given_runs_in_the_network(pair):
    hidden, output = pair
    settings = BOOLEAN_LITERAL.model_copy(
        update={"spike_threshold_mV": -10.0, "context_scale": 2.0}
    )
    network = build_network(hidden, output, np.ones((2, 3)), 1, settings, seed=1)
    assert network.hidden == (hidden,)
    assert network.output.cell == output
    assert network.threshold == -10.0
    # contexts reach dendrites, the background soma and dendrites, and none of them the axon
    assert network.context.compartments == (1, 2, 3, 4)
    assert network.background.compartments == (0, 1, 2, 3, 4)
    assert network.output.background.compartments == (0,)
    plain = build_network(hidden, output, np.ones((2, 3)), 1, BOOLEAN_LITERAL, seed=1)
    for of in (lambda n: n.context.weights, lambda n: n.background.ampa_weight,
               lambda n: n.plasticity.w_max, lambda n: n.plasticity.eta[1]):  # fmt: skip
        np.testing.assert_allclose(of(network), 2 * np.asarray(of(plain)))


def test_an_own_cell_fires_the_same_spikes_on_both_engines(pair):
    found = comparing.compare(
        3, cells=pair, scales=(0.3, 2.3, 0.3), threshold=-10.0, n_hidden=3, n_samples=1
    )
    assert set(found) == {"float64", "float32"}
    for row in found.values():
        assert row["spike_counts_equal"]
        assert row["max_spike_time_difference_ms"] < 0.11
    assert found["float64"]["soma_rms_mV"] < 0.01


def test_a_random_network_is_of_the_cell_that_is_given(pair):
    spec, _ = comparing.draw_network(3, cells=pair, threshold=-10.0)
    assert spec.hidden == (pair[0],)
    assert spec.output.cell == pair[1]
    assert spec.threshold == -10.0
    assert spec.context.compartments == (1, 2, 3, 4)


def test_a_file_of_dendmod_reduce_is_the_hidden_cell(pair, tmp_path):
    write_reduced(pair[0], tmp_path / "mine.json")
    hidden, output = cells(str(tmp_path / "mine.json"))
    assert hidden == pair[0]
    assert output.compartments == pair[1].compartments
    assert list(hashes_of_cell(str(tmp_path / "mine.json"))) == ["cell"]
    with pytest.raises(SpecError, match="has 4 sites; 5 were asked for"):
        cells(str(tmp_path / "mine.json"), sites=5)
    bare = pair[0].model_copy(update={"provenance": {}})
    write_reduced(bare, tmp_path / "bare.json")
    with pytest.raises(SpecError, match="does not say which cell it was reduced from"):
        cells(str(tmp_path / "bare.json"))


def test_a_file_of_two_cells_may_have_an_axon(pair, tmp_path):
    file = tmp_path / "two.json"
    file.write_text(
        json.dumps(
            {n: c.model_dump(mode="json") for n, c in zip(("hidden", "output"), pair, strict=True)}
        )
    )
    assert cells(str(file)) == pair
    file.write_text(json.dumps({n: pair[1].model_dump(mode="json") for n in ("hidden", "output")}))
    with pytest.raises(SpecError, match="no dendritic site"):
        cells(str(file))


def test_too_many_sites_are_refused_with_the_option():
    with pytest.raises(SpecError, match="4 of 8 places fit .*; 7 were asked.*--sites"):
        cells(FAST, sites=7)
    with pytest.raises(SpecError, match="star has 20 sites"):
        cells("star", 3, sites=4)
    with pytest.raises(SpecError, match="there is no cell 'hay2011_2'.*Did you mean 'hay2011_"):
        cells("hay2011_2")


def test_twice_the_membrane_needs_twice_the_inputs():
    small, large = (
        measure_thresholds(*two(factor), threshold=0.0, engine="kernel") for factor in (1.0, 2.0)
    )
    for name in ("feedforward", "context", "output"):
        ratio = getattr(large, name) / getattr(small, name)
        assert ratio == pytest.approx(2.0, rel=0.05)  # a step is 4.4 %
    assert small.context < 1e-3


def test_engines_find_the_same_thresholds():
    found = [measure_thresholds(*two(), threshold=0.0, engine=e) for e in ("kernel", "neuron")]
    assert found[0] == found[1]


def test_weights_stand_to_the_thresholds_as_those_of_the_reference():
    assert scaled(BOOLEAN_LITERAL, REFERENCE) == BOOLEAN_LITERAL
    small = Thresholds(
        feedforward=REFERENCE.feedforward / 2,
        context=REFERENCE.context * 3,
        output=REFERENCE.output / 4,
    )
    found = scaled(BOOLEAN_LITERAL, small)
    assert found.hidden_v_range == pytest.approx(BOOLEAN_LITERAL.hidden_v_range / 2)
    assert found.output_v_range == pytest.approx(BOOLEAN_LITERAL.output_v_range / 4)
    assert found.context_scale == pytest.approx(3.0)


@pytest.mark.slow
def test_the_reference_is_what_the_cell_of_the_figures_needs():
    settings = find("wybo2022/figS3").settings()["settings"]
    pair = cells(settings["cell"], settings["biophysics"])
    assert measure_thresholds(*pair, threshold=0.0, engine="kernel") == REFERENCE


@pytest.mark.slow
def test_hays_cell_by_its_name_is_the_cell_of_the_figures():
    for mine, theirs in zip(cells("hay2011_3"), cells("reduced", 3), strict=True):
        assert mine == theirs


def test_cells_that_cannot_learn_are_refused_in_words():
    with pytest.raises(SpecError, match="two, inputs at its 1 dendritic.*spikes at no weight"):
        measure_thresholds(*two(sodium=0.0), threshold=0.0, engine="kernel")
    with pytest.raises(SpecError, match="the cell fires by itself"):
        _lowest(lambda weights: weights > 0, 1e-4, "two")


def test_what_the_kernel_cannot_run_is_named_with_the_option():
    hidden, output = two(mechanisms=(MINIATURES,))
    soma = hidden.compartments[0].model_copy(update={"channels": {"KaKinetic": {"gbar": 0.01}}})
    changed = hidden.model_copy(update={"compartments": (soma, hidden.compartments[1])})
    with pytest.raises(UnsupportedByEngine, match="KaKinetic(.|\n)*--engine"):
        measure_thresholds(changed, output, threshold=0.0, engine="kernel")


def test_potassium_channels_that_calcium_opens_are_scaled_whatever_they_are_called():
    hidden, _ = two(mechanisms=(MINIATURES,))
    own = {**hidden.compartments[0].channels, "KCa": {"gbar": 2.0}}
    soma = hidden.compartments[0].model_copy(update={"channels": own})
    cell = hidden.model_copy(update={"compartments": (soma, hidden.compartments[1])})
    found = with_sk(cell, 0.5).compartments[0].channels
    assert found == {**own, "KCa": {"gbar": 1.0}}


def with_dendrite(channels: dict, **fields) -> ReducedCell:
    hidden, _ = two()
    site = hidden.compartments[1].model_copy(update={"channels": channels, **fields})
    return hidden.model_copy(update={"compartments": (hidden.compartments[0], site)})


def test_channels_whose_conductance_no_variable_shows_are_opened_as_they_are_measured():
    """NEURON's hh, whose sodium, potassium and leak are three channels in one."""
    cell = with_dendrite({"hh": {"gnabar": 0.12, "gkbar": 0.036, "gl": 0.0003, "el": -54.3}})
    v, area = cell.v_init, cell.compartments[1].area
    x, n_x, h_x = v + 40, v + 55, v + 65
    m = 0.1 * x / (1 - np.exp(-x / 10)), 4 * np.exp(-(v + 65) / 18)
    h = 0.07 * np.exp(-h_x / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    n = 0.01 * n_x / (1 - np.exp(-n_x / 10)), 0.125 * np.exp(-h_x / 80)
    m, h, n = (a / (a + b) for a, b in (m, h, n))
    held = area * 10 * np.array([0.12 * m**3 * h, 0.036 * n**4, 0.0003])  # nS
    site, leak = passive_dendrites(cell).compartments[1], cell.compartments[1]
    assert site.channels == {}
    assert site.g_leak == pytest.approx(leak.g_leak + held.sum(), rel=1e-3)
    current = leak.g_leak * (v - leak.e_leak) + held @ (v - np.array([cell.ena, cell.ek, -54.3]))
    assert site.g_leak * (v - site.e_leak) == pytest.approx(current, rel=1e-3)


def test_channels_of_no_conductance_are_dropped():
    cell = with_dendrite({"Ih": {"gIhbar": 0.0}})
    site = passive_dendrites(cell).compartments[1]
    assert site == cell.compartments[1].model_copy(update={"channels": {}})


def test_a_slope_that_no_leak_can_have_is_refused_by_name(monkeypatch):
    def held(mechanisms, v, environment, *, duration):
        return Held(v, {"Ih": np.array([-0.9])}, {"Ih": np.array([-45.0])})

    monkeypatch.setattr("dendmod.engines.neuron.membrane.steady", held)
    with pytest.raises(MechanismError, match="Ih in compartment site00 .*cannot be held open"):
        passive_dendrites(with_dendrite({"Ih": {"gIhbar": 1.0}}))


def test_the_figure_says_what_was_learned_and_judges_no_claim_of_another_cell():
    summary = {
        "hidden": {"4": {"and": [0.5], "xor": [0.5]}, "20": {"and": [0.9, 0.8], "xor": [0.7, 0.7]}},
        "before": {"20": {"and": [0.5, 0.5], "xor": [0.5, 0.5]}},
        "or_like_firing": {"and": 0.5, "xor": 0.75},
        "seeds": [1, 2], "samples": 50,
    }  # fmt: skip
    head, one, other = figS3.tell(summary)
    assert head == "20 neurons, 2 networks, 50 samples a function:"
    assert one == "  and: balanced accuracy 0.500 before, 0.850 after"
    assert other.endswith("0.700 after; firing on any input scores 0.75: not learned")
    changes = {"settings.cell": FAST, "settings.sites": "4", "hidden": ["20"], "networks": "1"}
    table = find("wybo2022/figS3").settings(changes=changes)
    experiment = figS3.settings_of(table, False)
    assert (experiment.settings.cell, experiment.settings.sites) == (FAST, 4)
    assert experiment.ablation is None
    assert figS3.judge(experiment, None) == {}


def test_dendrites_are_held_open_with_the_reversal_potentials_of_their_place():
    cell = with_dendrite({"Im": {"gImbar": 1e-2}})
    soma, site = cell.compartments
    other = cell.model_copy(
        update={"compartments": (soma, site.model_copy(update={"reversals": {"ek": cell.ek - 20}}))}
    )
    near, far = (passive_dendrites(c).compartments[1] for c in (cell, other))
    assert far.g_leak == pytest.approx(near.g_leak)
    opened = near.g_leak - site.g_leak
    assert far.g_leak * (far.e_leak - near.e_leak) == pytest.approx(-20 * opened)


def test_the_kernel_takes_the_reversal_potentials_of_each_place():
    cell = with_dendrite({"Im": {"gImbar": 1e-4}})
    site = cell.compartments[1]
    moved = site.model_copy(update={"reversals": {"ek": -70.0}})
    ((_, before),) = channel_values(site, cell)
    ((_, after),) = channel_values(moved, cell)
    assert (before, after) == (cell.ek, -70.0)
    with pytest.raises(UnsupportedByEngine, match="sets ecl; the kernel takes ena and ek"):
        channel_values(site.model_copy(update={"reversals": {"ecl": -60.0}}), cell)
