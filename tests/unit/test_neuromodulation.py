"""Do receptors, effects and modulators compute what they say, on specifications alone?"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dendmod import L5PyramidalCell
from dendmod.cells.effects import on_membrane
from dendmod.cells.reduced import write_reduced
from dendmod.engines.held import Chosen
from dendmod.errors import MorphologyError, SpecError
from dendmod.neuromodulation import (
    Effect,
    Receptor,
    apply,
    apply_to_reduced,
    apply_to_setup,
    apply_to_trains,
    channel,
    mechanism,
    mechanisms,
    modulator,
    modulators,
    receptor,
    receptor_ratio,
    source,
)
from dendmod.papers.shine2021 import curves as module
from dendmod.papers.shine2021.curves import Curves, mechanisms_of
from dendmod.papers.shine2021.measured_file import (
    StaleCurvesError,
    mechanism_hashes,
    read_curves,
    write_curves,
)
from dendmod.papers.shine2021.measurements import KINDS, Measurement, measurements_of
from dendmod.papers.shine2021.settings import Settings
from dendmod.params import wybo2022
from dendmod.population import double_exponential
from dendmod.protocol import load_protocol, setup_for, trains_for
from dendmod.protocol.experiment import Experiment
from dendmod.spec import ApicalExponential, ApicalWindow, BySection, scale_and_shift
from dendmod.spec.reduced import Compartment, ReducedCell
from dendmod.spec.stimulus import SOMA
from dendmod.study.registry import find
from dendmod.sweep import Sweep, Task
from tests.doubles import REFUSED

CELL = L5PyramidalCell("l5pc", 3)
ALPHA2, ALPHA1 = receptor("alpha2A"), receptor("alpha1")


@given(c=st.floats(0, 1e6), half=st.floats(0.1, 1e5), hill=st.floats(0.3, 4.0))
def test_occupancy_is_a_hill_function(c, half, hill):
    r = Receptor(name="r", family="Gq", half=half, hill=hill)
    assert r.occupancy(half) == pytest.approx(0.5)
    assert 0 <= float(r.occupancy(c)) <= 1
    # log odds grow by the Hill coefficient (beyond 10, 1 - occupancy has few digits left)
    odds = hill * np.log(c / half) if c > 0 else -np.inf
    if abs(odds) < 10:
        o = float(r.occupancy(c))
        assert np.log(o / (1 - o)) == pytest.approx(odds, abs=1e-9)


def test_occupancy_has_its_limits_without_overflow():
    steep = Receptor(name="r", family="Gq", half=0.1, hill=4.0)
    assert steep.occupancy([0.0, 1e-300, 1e300]).tolist() == [0.0, 0.0, 1.0]
    assert float(steep.occupancy(0.0)) == 0.0


def test_noradrenaline_reaches_alpha2_first_and_their_product_peaks_between_them():
    c = np.geomspace(1, 1e5, 100_001)
    product = ALPHA2.occupancy(c) * (1 - ALPHA1.occupancy(c))
    assert c[np.argmax(product)] == pytest.approx(np.sqrt(ALPHA2.half * ALPHA1.half), rel=1e-3)
    low = modulator("noradrenaline").occupancies(30.0)
    assert low["alpha2A"] > 3 * low["alpha1"]


def test_g_proteins_follow_a_step_exponentially_and_forget_slowly():
    t = np.linspace(0, 20_000, 4001)
    c = np.where(t < 10_000, 100.0, 0.0)
    a = ALPHA2.activation(t, c, start=0.0)
    full = float(ALPHA2.occupancy(100.0))
    rising = t <= 10_000
    wanted = full * (1 - np.exp(-t[rising] / ALPHA2.tau_on))
    assert a[rising] == pytest.approx(wanted, abs=1e-12)
    falling = a[t == 10_000][0] * np.exp(-(t[~rising] - 10_000) / ALPHA2.tau_off)
    assert a[~rising] == pytest.approx(falling, rel=1e-9)
    assert ALPHA2.activation(t, np.full(t.size, 100.0)) == pytest.approx(np.full(t.size, full))
    both = modulator("noradrenaline").activations(t, c)
    assert set(both) == {"alpha2A", "alpha1"}


def test_steps_of_the_filter_do_not_matter():
    coarse = np.array([0.0, 300.0, 1000.0])
    fine = np.linspace(0, 1000.0, 101)
    c = 200.0
    a = ALPHA1.activation(coarse, np.full(3, c), start=0.1)
    b = ALPHA1.activation(fine, np.full(101, c), start=0.1)
    assert a[-1] == pytest.approx(b[-1], abs=1e-12)


def params(cell, region, suffix):
    return next(m.params for m in cell.biophysics.regions[region].mechanisms if m.suffix == suffix)


def test_an_effect_gives_a_new_cell_and_leaves_the_old_one():
    before = CELL.model_dump_json()
    changed = apply(CELL, mechanism("sk_down"))
    assert CELL.model_dump_json() == before
    for region in ("soma", "apical"):
        old, new = (params(c, region, "SK_E2")["gSK_E2bar"] for c in (CELL, changed))
        assert new == pytest.approx(0.5 * old)
    assert params(changed, "basal", "Ih") == params(CELL, "basal", "Ih")


def test_regions_limit_an_effect():
    changed = apply(CELL, mechanism("calcium_up_apical"))
    assert params(changed, "soma", "Ca_HVA") == params(CELL, "soma", "Ca_HVA")
    window = params(changed, "apical", "Ca_HVA")["gCa_HVAbar"]
    assert window.value == pytest.approx(1.5 * params(CELL, "apical", "Ca_HVA")["gCa_HVAbar"].value)


def test_effects_follow_each_other_and_depend_on_occupancy_linearly():
    twice = apply(CELL, (channel("SK_E2", 0.5), channel("SK_E2", 0.5)))
    old, new = (params(c, "soma", "SK_E2")["gSK_E2bar"] for c in (CELL, twice))
    assert new == pytest.approx(0.25 * old)
    assert [channel("Ih", 0.0).at(o).scale for o in (0, 0.25, 1)] == [1, 0.75, 0]
    shifted = Effect(mechanism="pas", parameter="e", shift=3.0).at(0.5)
    assert params(apply(CELL, (shifted,)), "soma", "pas")["e"] == pytest.approx(-88.5)
    nothing = modulator("noradrenaline_raw").apply(CELL, 0.0)
    assert nothing.biophysics == CELL.biophysics


@given(scale=st.floats(0, 3), shift=st.floats(-20, 20))
@settings(deadline=None)
def test_distributions_are_scaled_and_shifted_place_by_place(scale, shift):
    def along(x, d):
        return x.base * (x.offset + x.scale * np.exp(x.rate * d))

    d = np.linspace(0, 1, 5)
    growing = ApicalExponential(base=2e-4, offset=-0.87, scale=2.09, rate=3.6)
    window = ApicalWindow(value=0.02, start=600, stop=800, outside=0.1)
    if scale > 1e-3:
        moved = along(scale_and_shift(growing, scale, shift), d)
        assert moved == pytest.approx(scale * along(growing, d) + shift, abs=1e-6)
    assert scale_and_shift(window, scale) == window.model_copy(update={"value": scale * 0.02})
    table = BySection(values={0: (1.0, 2.0)})
    assert scale_and_shift(table, scale, shift).values[0] == pytest.approx(
        (scale + shift, 2 * scale + shift)
    )


def test_synaptic_effects_change_synapses_and_weights_and_nothing_else():
    protocol = load_protocol("fig1")
    setup = setup_for(protocol, [SOMA] * protocol.sites.n)
    trains = trains_for(protocol, "nmda", level=3, n_feedforward=5, trial=0, seed=1)
    up = mechanism("gaba_up")
    assert apply_to_setup(setup, up) == setup
    scaled = apply_to_trains(setup, trains, up)
    kinds = {s.name: s.mechanism for s in setup.synapses}
    for old, new in zip(trains, scaled, strict=True):
        factor = 1.5 if kinds[old.synapse] == "DoubleExpSyn" else 1.0
        assert new.weight == pytest.approx(factor * old.weight)
        assert (new.times == old.times).all()
    ratio = apply_to_setup(setup, mechanism("nmda_up"))
    for old, new in zip(setup.synapses, ratio.synapses, strict=True):
        if old.mechanism == "AmpaNmdaSyn":
            assert new.params["nmda_ratio"] == pytest.approx(2 * old.params["nmda_ratio"])
        else:
            assert new == old
    assert not on_membrane(mechanism("nmda_up"))


def area_of_the_conductance(ratio: float) -> float:
    """Area (ms) of AMPA with a peak of 1 and NMDA with a peak of `ratio`, without magnesium."""
    a, n = wybo2022.AMPA, wybo2022.NMDA_TAU
    t = np.linspace(0, 1500, 600_001)
    out = 0.0
    for rise, decay, size in (
        (a["tau_rise"], a["tau_decay"], 1.0),
        (n["tau_rise_nmda"], n["tau_decay_nmda"], ratio),
    ):
        k = double_exponential(rise, decay)(t)
        out += size * float(np.trapezoid(k, t) / k.max())
    return out


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, 5.0])
def test_the_receptor_ratio_holds_the_area_of_the_conductance(factor):
    ratio, weight = receptor_ratio(factor)
    before = area_of_the_conductance(wybo2022.NMDA_RATIO)
    after = area_of_the_conductance(ratio.scale * wybo2022.NMDA_RATIO)
    assert weight.scale * after == pytest.approx(before, rel=1e-4)


@pytest.mark.parametrize("dose", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize(("name", "factor"), [("nmda_up", 2.0), ("nmda_off", 0.0)])
def test_the_receptor_ratio_holds_the_area_at_every_dose(name, factor, dose):
    """A weight half way between both ends would be 7 times too large at half of nmda_off."""
    ratio, weight = mechanism(name, dose)
    assert ratio.scale == pytest.approx(1 + dose * (factor - 1))
    before = area_of_the_conductance(wybo2022.NMDA_RATIO)
    after = area_of_the_conductance(ratio.scale * wybo2022.NMDA_RATIO)
    assert weight.scale * after == pytest.approx(before, rel=1e-4)


def test_other_mechanisms_move_in_proportion_to_the_dose():
    assert [e.scale for e in mechanism("sk_down", 0.5)] == [0.75]
    assert [e.shift for e in mechanism("depolarised", 0.5)] == [1.5]
    assert mechanism("control", 0.5) == ()
    with pytest.raises(SpecError, match="dose"):
        mechanism("sk_down", 1.5)


def test_presets_have_sources_and_act_on_the_cell():
    for name, effects in mechanisms().items():
        assert source(name).key
        plain = [e.model_copy(update={"hold_rest": False}) for e in effects]
        membrane = on_membrane(plain)
        assert not membrane or apply(CELL, membrane) != CELL, name
    for each in modulators().values():
        assert set(each.occupancies(100.0)) == {a.receptor.name for a in each.actions}
        assert all(e.scale == 1 and e.shift == 0 for e in each.effects(0.0))


def test_effects_that_change_no_cell_are_not_dropped_in_silence():
    cell = L5PyramidalCell("l5pc", 3)
    assert apply(cell, []) == cell
    with pytest.raises(SpecError, match="apply_to_setup"):
        apply(cell, mechanism("ampa_up"))
    with pytest.raises(SpecError, match=r"effects\(nM\)"):
        apply(cell, modulator("noradrenaline"))
    both = [*mechanism("ampa_up"), *mechanism("sk_down")]
    assert apply(cell, both) == apply(cell, mechanism("sk_down"))


def test_what_is_impossible_is_refused():
    for wrong in (
        lambda: mechanism("sk_dawn"),
        lambda: modulator("adrenalin"),
        lambda: receptor("alpha7"),
        lambda: channel("Kir", 0.5),
        lambda: apply(CELL, (Effect(mechanism="Ih", parameter="gIh", scale=0.5),)),
        lambda: apply(CELL, (
            Effect(mechanism="Ca_HVA", parameter="gCa_HVAbar", regions=("apical",), shift=0.1),)),
        lambda: apply(CELL, (channel("NaTs2_t", 0.5),)),
        lambda: channel("Ih", 0.5).at(1.1),
        lambda: ALPHA1.occupancy(-1.0),
        lambda: ALPHA1.activation([0, 0], [1, 1]),
        lambda: ALPHA1.activation([0, 1], [1, 1], start=1.5),
        lambda: ALPHA1.activation([0, 1], [1, 1], start=float("nan")),
        lambda: modulator("dopamine").effects_of({"alpha1": 0.5}),
    ):  # fmt: skip
        with pytest.raises(SpecError):
            wrong()
    with pytest.raises(SpecError, match="not both"):
        Effect(mechanism="Ih", parameter="gIhbar", scale=0.5, shift=1.0)


def settings_of(morphology: str, **changes) -> Settings:
    table = find("shine2021/measure").settings(changes={"morphology": morphology, **changes})
    return Settings.model_validate(table)


def test_measurements_differ_and_name_what_they_measure():
    asked = [m for kind in KINDS for m in measurements_of(kind, settings_of("l5pc"))]
    assert len({m.key for m in asked}) == len(asked)
    assert len({m.question for m in asked}) == len(asked)


def test_a_curve_is_stale_when_a_value_changes_and_not_when_a_field_is_new():
    (io, *_) = measurements_of("io", settings_of("l5pc"))
    same = json.loads(json.dumps(io.payload))
    del same["protocol"]["clamp"]
    same["protocol"]["paper"] = {}
    assert Measurement("x", io.function, same).question == io.question
    same["protocol"]["background"]["soma_inhibitory_Hz"] += 1
    assert Measurement("x", io.function, same).question != io.question
    for field in ("seed", "io.trials", "io.resolution"):
        (other, *_) = measurements_of("io", settings_of("l5pc", **{field: 3}))
        assert other.question != io.question, field
    (fi, *_) = measurements_of("fi", settings_of("l5pc"))
    other = json.loads(json.dumps(fi.payload))
    del other["cell"]["segment_length"]  # has its default
    assert Measurement("x", fi.function, other).question == fi.question
    other["cell"]["biophysics"]["ek"] += 1.0
    assert Measurement("x", fi.function, other).question != fi.question
    known, measured = {"control", *mechanisms()}, settings_of("l5pc").mechanisms
    assert {*measured.membrane, *measured.kernels} == known
    assert {"control", *measured.io} == known  # every mechanism has IO curves


class AskedSweep(Sweep):
    """A sweep that keeps what it is asked for, and answers nothing but sites."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.asked: list[Task] = []

    def run(self, tasks):
        self.asked += tasks
        sites = {"section": np.arange(20), "x": np.full(20, 0.8)}
        held = {name: np.asarray(value) for name, value in REFUSED.items()}
        return {t.key: sites if t.key == "sites" else held for t in tasks}


def test_an_io_curve_is_that_of_a_protocol_under_effects_with_sites_of_the_cell_without():
    by_key = {m.key: m for m in measurements_of("io", settings_of("l5pc"))}
    in_neuron = Chosen("neuron", "the test says so")
    keys = ("io/control/0", "io/ampa_up/1")
    control, up = (by_key[key].task(AskedSweep(), in_neuron) for key in keys)
    assert control.function == up.function == "dendmod.protocol.tasks:search_thresholds"
    assert "effects" not in control.payload
    assert up.payload.pop("effects") == [e.model_dump(mode="json") for e in mechanism("ampa_up")]
    assert up.payload == control.payload
    p = control.payload
    assert (p["level"], p["trials"], p["seed"], p["resolution"]) == (0, list(range(10)), 7, 8)
    assert p["sites"] == [[k, 0.8] for k in range(20)]


def test_an_experiment_names_its_effects_in_every_task_but_that_of_the_sites():
    protocol = load_protocol("fig1")
    for effects in ((), mechanism("sk_down")):
        sweep = AskedSweep()
        experiment = Experiment(protocol, sweep, effects=effects)
        assert "effects" not in experiment.sites_task.payload
        for task in (*experiment.spike_tasks(), *experiment.io_tasks()):
            assert len(task.payload.get("effects", ())) == len(effects)
        assert [t.key for t in sweep.asked] == ["sites", "kernel held against NEURON"]
        assert len(sweep.asked[1].payload.get("effects", ())) == len(effects)


def test_a_protocol_under_effects_has_another_cell_and_other_synapses():
    protocol = load_protocol("fig1", {"cell.biophysics": 3})
    places = [SOMA] * protocol.sites.n
    plain = setup_for(protocol, places)
    effects = (*mechanism("sk_down"), *mechanism("nmda_up"))
    under = setup_for(protocol, places, effects=effects)
    assert under.cell == apply(plain.cell, effects)
    assert under == apply_to_setup(plain.model_copy(update={"cell": under.cell}), effects)
    blocked = setup_for(protocol, places, effects=effects, block_channels=True)
    assert blocked.cell == setup_for(protocol, places, block_channels=True).cell


TOY = Measurement("fi/x", "tests.faults.sweep_toys:never", {"a": 1})


@pytest.fixture
def toy_file(tmp_path, monkeypatch):
    """A file of one curve, where dendmod looks for that of a morphology named "toy"."""
    path = tmp_path / "toy.json"
    done = {"fi/x": {"rate": np.array([1.0, np.nan, 1 / 3]), "n": np.array([1, 2])}}
    about = {
        "command": "python -m measure", "seed": 7,
        "morphology": {"name": "toy", "sha256": "1" * 64},
        "mechanisms": mechanism_hashes(["Ih", "SK_E2"]),
    }  # fmt: skip
    write_curves(path, {"fi/x": TOY.question}, done, about)
    monkeypatch.setattr(module, "shipped_file", lambda name: tmp_path / f"{name}.json")
    monkeypatch.setattr(Curves, "_sha256", lambda self: "1" * 64)
    return path


def shipped(seed=7, sweep=None):
    return Curves(settings_of("toy", seed=seed, shipped=True), sweep or AskedSweep())


def test_measured_curves_are_found_again_by_what_was_asked(toy_file):
    assert json.loads(toy_file.read_text())["results"]["fi/x"]["rate"] == [1.0, None, 0.33333]
    curves = shipped()
    got = curves.get([TOY])["fi/x"]
    np.testing.assert_allclose(got["rate"], [1, np.nan, 0.33333])
    assert curves.used == ["fi/x"]
    assert curves.measured == []


def test_curves_that_are_out_of_date_are_refused_with_what_to_do(toy_file, monkeypatch):
    other = Measurement("fi/x", TOY.function, {"a": 2})
    with pytest.raises(StaleCurvesError, match=r"1 of 1 curves: fi/x.*python -m measure.*--quick"):
        shipped().get([other])
    text = toy_file.read_text()
    document = json.loads(text)
    document["mechanisms"]["Ih"] = "0" * 64
    toy_file.write_text(json.dumps(document))
    with pytest.raises(StaleCurvesError, match=r"Ih\.mod"):
        shipped().get([TOY])
    document["mechanisms"] = mechanism_hashes(["Ih", "Gone"]) | {"Gone": "2" * 64}
    toy_file.write_text(json.dumps(document))
    with pytest.raises(StaleCurvesError, match=r"Gone\.mod"):
        shipped().get([TOY])
    toy_file.write_text(text)
    monkeypatch.setattr(Curves, "_sha256", lambda self: "2" * 64)
    with pytest.raises(StaleCurvesError, match="another toy"):
        shipped().get([TOY])


def test_a_morphology_that_is_not_here_is_not_needed_for_measured_curves(toy_file, monkeypatch):
    def absent(self):
        raise MorphologyError("fetch it first")

    monkeypatch.setattr(Curves, "_sha256", absent)
    assert "rate" in shipped().get([TOY])["fi/x"]


def test_another_seed_is_measured_and_said(toy_file, capsys):
    other = Measurement("io/x", TOY.function, {"a": 3})
    sweep = AskedSweep()
    curves = shipped(8, sweep)
    curves.chosen["io"] = Chosen("neuron", "the test says so")
    curves.get([TOY, other])
    assert sweep.asked == [other.task(sweep, curves.chosen["io"])]
    assert "seed 8" in capsys.readouterr().out
    assert (curves.used, curves.measured) == (["fi/x"], ["io/x"])


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "toy.json"
    for text, says in (
        ('{"schema": "other/1", "results": {}}', "schema"),
        ("[", "not a file"),
        ('{"schema": "dendmod/neuromodulation/2", "results": {"fi/x": []}}', "not a file"),
    ):
        path.write_text(text)
        with pytest.raises(SpecError, match=says):
            read_curves(path)


def test_the_mechanisms_of_a_measurement_are_those_of_its_cell_and_synapses():
    names = mechanisms_of(settings_of("l5pc"))
    assert {"Ih", "SK_E2", "Ca_HVA", "AmpaNmdaSyn", "DoubleExpCurrent"} <= set(names)
    assert not {"pas", "SpikeRelay", "PlasticAmpaNmdaSyn"} & set(names)


def test_effects_act_on_a_reduced_cell_where_it_knows_what_they_mean(tmp_path):
    def compartment(name: str, parent: int) -> Compartment:
        return Compartment(
            name=name, role="soma" if parent < 0 else "site", parent=parent, site=SOMA, ca=50.0,
            g_leak=2.0, e_leak=-80.0, g_couple=0.0 if parent < 0 else 3.0, area=900.0, v_rest=-77.0,
            channels={"SK_E2": {"gSK_E2bar": 0.04}},
        )  # fmt: skip

    cell = ReducedCell(
        name="two", compartments=(compartment("soma", -1), compartment("site00", 0)), ena=50.0,
        ek=-85.0, celsius=34.0, v_init=-77.0,
    )  # fmt: skip
    changed = apply_to_reduced(cell, (*mechanism("sk_down"), *mechanism("depolarised")))
    for c in changed.compartments:
        assert c.channels["SK_E2"]["gSK_E2bar"] == pytest.approx(0.02)
        assert c.e_leak == pytest.approx(-77.0)
    soma = apply_to_reduced(cell, (channel("SK_E2", 0.5, ("soma",)),))
    assert [c.channels["SK_E2"]["gSK_E2bar"] for c in soma.compartments] == [0.02, 0.04]
    assert apply_to_reduced(cell, mechanism("ampa_up")) == cell
    path = tmp_path / "two.json"
    write_reduced(cell, path)
    one_site = {"sites.n": 1, "arms.nmda.levels": [0], "arms.nmda.quick_levels": []}
    protocol = load_protocol("fig1", {"cell.reduced": str(path), **one_site})
    both = (*mechanism("sk_down"), *mechanism("ampa_up"))
    assert setup_for(protocol, [SOMA], effects=both).cell == apply_to_reduced(cell, both)
    for wrong in ("hcn_closed", "hcn_closed_held", "rectifier_up"):
        with pytest.raises(SpecError):
            apply_to_reduced(cell, mechanism(wrong))
