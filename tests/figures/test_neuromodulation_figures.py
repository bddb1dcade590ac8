"""Do the figures of cellular neuromodulation run from the measured curves, and judge rightly?"""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dendmod.errors import DownloadError, MorphologyError, SpecError
from dendmod.exchange import read_io
from dendmod.exchange.check import check_io
from dendmod.morphology import resolve
from dendmod.neuromodulation.export import population_document, population_io
from dendmod.neuromodulation.functions import (
    critical_coupling,
    figures_of,
    kernel_figures,
    operating_input,
    population_of,
    width,
)
from dendmod.papers.shine2021 import tasks
from dendmod.papers.shine2021.analysis import FICurves
from dendmod.papers.shine2021.curves import Curves, mechanisms_of, shipped_file
from dendmod.papers.shine2021.fig1.claims import judge as judge_mechanisms
from dendmod.papers.shine2021.fig1.results import always_fires, fitted
from dendmod.papers.shine2021.fig1.results import measure as measure_mechanisms
from dendmod.papers.shine2021.fig4.figure import Settings as DoseSettings
from dendmod.papers.shine2021.fig4.figure import responses_of
from dendmod.papers.shine2021.fig5.claims import half_way
from dendmod.papers.shine2021.fig5.claims import judge as judge_networks
from dendmod.papers.shine2021.fig5.plot import Panels as NetworkPanels
from dendmod.papers.shine2021.fig5.plot import draw as draw_networks
from dendmod.papers.shine2021.fig5.results import Measured as MeasuredNetworks
from dendmod.papers.shine2021.fig5.results import Runs
from dendmod.papers.shine2021.fig5.results import Settings as NetworkSettings
from dendmod.papers.shine2021.measured_file import mechanism_hashes, read_curves
from dendmod.papers.shine2021.measurements import KINDS, measurements_of
from dendmod.papers.shine2021.settings import Settings
from dendmod.plotting import style
from dendmod.population import alpha, double_exponential
from dendmod.protocol.tasks import search_thresholds
from dendmod.study.claims import NOT_REPRODUCED, NOT_RESOLVED, REPRODUCED
from dendmod.study.figure import make_figure
from dendmod.study.registry import figures, find
from dendmod.sweep import Sweep
from tests.doubles import SweepDouble

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = Settings.model_validate(find("shine2021/measure").settings())
MORPHOLOGY, SEED, STEPS, DOSES = (
    SETTINGS.morphology, SETTINGS.seed, SETTINGS.steps, SETTINGS.doses
)  # fmt: skip
AMPS = (0.0, 0.2, 0.4, 0.8, 1.6)
RATE = np.array([0.0, 0.0, 5.0, 10.0, 20.0])


def cpu_of_children() -> float:
    """CPU time (s) of processes that have ended, however busy the machine is."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dendmod.neuromodulation", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shipped():
    return read_curves(shipped_file(MORPHOLOGY))


def all_measurements():
    return [m for kind in KINDS for m in measurements_of(kind, SETTINGS)]


def test_the_file_of_measured_curves_answers_what_is_asked_today(shipped):
    """Whoever changes a size, a protocol or a preset has to measure again."""
    asked = {m.key: m.question for m in all_measurements()}
    shipped.check(asked, SEED, None)
    assert dict(shipped.keys) == asked
    assert dict(shipped.mechanisms) == mechanism_hashes(mechanisms_of(SETTINGS))


def test_the_file_says_how_it_was_made(shipped):
    wanted = f"python -m dendmod.neuromodulation measure --morphology {MORPHOLOGY} --seed {SEED}"
    assert shipped.command == wanted
    assert shipped.morphology["name"] == MORPHOLOGY
    assert shipped_file(MORPHOLOGY).stat().st_size < 600_000


def test_seeds_of_dose_responses_are_the_first_of_the_control():
    assert DOSES.noise_seeds == STEPS.noise_seeds[: len(DOSES.noise_seeds)]
    assert set(DOSES.amps) <= set(STEPS.amps)
    assert set(DOSES.noisy_amps) <= set(STEPS.noisy_amps)


def test_a_figure_has_the_settings_of_its_paper_with_its_own_over_them():
    networks = find("shine2021/fig5")
    full, quick = networks.settings(), networks.settings(quick=True)
    assert full["steps"] == find("shine2021/fig1").settings()["steps"]
    assert (full["shipped"], full["network"]["n_seeds"]) == (False, 5)
    assert (quick["shipped"], quick["network"]["n_seeds"]) == (True, 3)
    assert not find("shine2021/measure").settings(quick=True)["shipped"]  # measures anew
    for entry in figures("shine2021").values():
        assert {option.name for option in entry.options} == {"morphology", "curves", "engine"}
        fields = [option.field for option in entry.options]
        assert set(fields) <= set(entry.settings())
    with pytest.raises(SpecError, match=r"biophysics: .*given: 2"):
        make_figure("shine2021/fig1", "nowhere", changes={"biophysics": 2})


@pytest.mark.parametrize(("off", "engine"), [(0.0, "kernel"), (0.2, "neuron")])
def test_a_kind_of_curve_is_held_once_on_its_control_before_the_kernel_measures(off, engine):
    """BAC firing has adaptive steps: no kernel is asked for it, and the summary says so."""

    def answer(name, payload):
        if name == "hold_fi":
            return {"kernel": [3], "neuron": [3], "rms": [off], "clamp": [], "refused": ""}
        return {"rate": np.zeros(2)}

    sweep = SweepDouble(answer)
    sweep.holding = True
    curves = Curves(SETTINGS, sweep)
    curves.of("dose")  # what comes first is no control
    curves.of("fi")
    names = [task.function.partition(":")[2] for task in sweep.asked]
    assert names.count("hold_fi") == 1
    assert sweep.asked[0].payload["effects"] == []
    fi = [task.payload for task in sweep.asked if task.function.endswith("fi_curve")]
    assert len(fi) == 25
    assert {payload["engine"] for payload in fi} == {engine}
    bac = [task.payload for task in sweep.asked if task.function.endswith("bac_firing")]
    assert len(bac) == 15
    assert all("engine" not in payload for payload in bac)
    said = curves.summary()["engines"]
    assert (said["fi"]["name"], said["bac"]["name"]) == (engine, "neuron")
    assert "adaptive steps" in said["bac"]["why"]


def test_the_shapes_and_ranges_of_measured_curves(shipped):
    for key, digest in shipped.keys.items():
        r, kind = shipped.results[digest], key.split("/")[0]
        if kind == "fi":
            dose = key.split("/")[1].startswith("noradrenaline")
            at = DOSES if dose else STEPS
            assert r["rate"].shape == r["shortest"].shape == (len(at.amps),), key
            assert r["noisy"].shape == (len(at.noise_seeds), len(at.noisy_amps)), key
            assert (r["rate"] >= 0).all()
            assert r["rate"].max() < 100  # Hz
            assert -95 < float(r["rest"]) < -65  # mV
        elif kind == "psp":
            p = SETTINGS.potentials
            steps = round((p.duration + p.before) / p.keep_every) + 1
            assert r["psp"].shape == (len(p.amps), 3, steps), key
            assert np.abs(r["psp"][..., : round(p.before)]).max() < 1e-3  # mV, ahead of the input
            assert (np.diff(r["hold"]) > 0).all()
        elif kind == "io":
            n, counts = r["n_feedforward"], r["counts"]
            assert counts.shape == (n.size, SETTINGS.io.trials), key
            assert (np.diff(n) > 0).all()
            assert (counts == np.round(counts)).all()
            mean = counts.mean(axis=1)
            if key == "io/nmda_off/1":  # AMPA with all of NMDA's area: the background makes it fire
                assert always_fires(r), key
            else:
                assert mean.min() < 0.5, key  # both crossings lie inside
                assert mean.max() >= 1.5, key
        else:
            assert r["spikes"].max() >= 1
            assert not float(r["threshold"]) < 0


@pytest.mark.slow
def test_a_measured_curve_comes_out_the_same_today(shipped, tmp_path):
    """One entry of two kinds, again: whoever changes a task has to measure again."""
    try:
        resolve(MORPHOLOGY)
    except (MorphologyError, DownloadError) as error:
        pytest.skip(str(error))
    by_key = {m.key: m for m in all_measurements()}
    sweep = Sweep(tmp_path, workers=1, progress=False)
    for key, function in (("bac/3/control", tasks.bac_firing), ("io/ampa_up/1", search_thresholds)):
        found = function(**by_key[key].task(sweep).payload)
        for name, value in shipped.results[by_key[key].question].items():
            np.testing.assert_allclose(found[name], value, rtol=2e-4, atol=2e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["fig1", "fig2", "fig3", "fig4", "fig5"])
def test_quick_figures(figure, tmp_path):
    began = cpu_of_children()
    done = command(figure, "--quick", "--workers", "2", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    assert cpu_of_children() - began < 200  # two minutes on two cores, with some to spare
    summary = json.loads((tmp_path / "summary.json").read_text())
    for name, claim in summary["claims"].items():
        assert claim["figures"], name
    assert summary["curves"]["measured_or_from_the_store"] == 0
    assert (tmp_path / f"{figure}.png").exists()
    assert said_by(summary["claims"]) == SAID[figure]
    if figure == "fig1":
        _exports(tmp_path)


def _exports(out: Path) -> None:
    path = out / "population_sk_down.json"
    good, wrong = check_io(read_io(path))
    assert good
    assert not wrong
    script = REPOSITORY / "protocols" / "population_numpy.py"
    shown = subprocess.run(
        [sys.executable, str(script), str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert len(shown.splitlines()) == 1 + 3 * len(
        SETTINGS.io.doses
    )  # the head; three drives a level


R, U, N = REPRODUCED, NOT_RESOLVED, NOT_REPRODUCED
SAID = {  # docs/neuromodulation.md, from the measured curves
    "fig1": {
        "a_ampa_scales_the_kernel": R, "a_gaba_deepens_inhibition": N,
        "b_ratio_sets_the_aperture": N, "c_depolarisation_raises_gain": U,
        "d_rectifier_shortens_the_interval": N, "e_sk_shifts_the_threshold": N,
        "kernels_depend_on_the_potential": R,
    },
    "fig2": {
        "a_general_function_gives_a_skewed_one": R, "gain_peaks_at_half_of_the_highest_rate": N,
        "the_inflexion_lies_at_the_mean_threshold": N,
        "spread_of_states_acts_like_spread_of_thresholds": N, "spread_lowers_precision": N,
    },
    "fig3": {
        "hcn_closure_amplifies_apical_input_raw": N,
        "hcn_closure_amplifies_apical_input_rest_held": N,
        "hcn_closure_raises_the_somatic_gain": N, "calcium_facilitation_couples_the_tuft": R,
    },
    "fig4": {
        "inverted_u_of_gain": N, "inverted_u_of_noisy_gain": N, "inverted_u_of_slope": N,
        "inverted_u_of_apical": N,
    },
    "fig5": {
        "gain_integrates_the_network": R, "too_much_gain_segregates_again": R,
        "the_L5_function_shows_the_transition": R, "cellular_modulation_moves_the_transition": U,
    },
}  # fmt: skip
# The verdict of every part, from the outside in.
PARTS = {
    "a_gaba_deepens_inhibition": [N, R, R], "b_ratio_sets_the_aperture": [N, N],
    "c_depolarisation_raises_gain": [R, R, R, U, U, R],
    "d_rectifier_shortens_the_interval": [R, R, R, N], "e_sk_shifts_the_threshold": [R, N, N, N, U],
    "gain_peaks_at_half_of_the_highest_rate": [N, N], "spread_lowers_precision": [R, N],
    "hcn_closure_amplifies_apical_input_raw": [N, N],
    "hcn_closure_amplifies_apical_input_rest_held": [R, N],
    "inverted_u_of_gain": [N, N, R], "inverted_u_of_noisy_gain": [N, N, N],
}  # fmt: skip


def said_by(claims) -> dict[str, str]:
    for name, claim in claims.items():
        if name in PARTS:
            assert [part["verdict"] for part in claim["parts"]] == PARTS[name], name
    return {name: claim["verdict"] for name, claim in claims.items()}


PURE_NUMBERS = {
    "Feedforward inputs", "Spikes a burst", "Somatic spikes", "Occupied part", "Activation",
    "Part of that without", "Order", "Order parameter R", "Slope σ of the logistic",
}  # fmt: skip


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A function that makes a quick figure, and returns it and its summary."""
    import dendmod.plotting

    pictures = []
    monkeypatch.setattr(dendmod.plotting, "save", lambda f, out, name, note: pictures.append(f))

    def make(name):
        summary = make_figure(f"shine2021/{name}", tmp_path, quick=True, workers=1, progress=False)
        return pictures.pop(), summary

    return make


def line(ax, k=0):
    return np.array(ax.lines[k].get_xydata())


@pytest.mark.slow
def test_figure_1_shows_each_mechanism_beside_the_control(drawn):
    figure, summary = drawn("fig1")
    assert_units(figure)
    assert said_by(summary["claims"]) == SAID["fig1"]
    rows = [figure.axes[4 * k : 4 * k + 4] for k in range(5)]
    shown = [name for name in SAID["fig1"] if name[:2] in ("a_", "b_", "c_", "d_", "e_")]
    shown.remove("a_gaba_deepens_inhibition")  # shares a row with AMPA
    for row, claim in zip(rows, shown, strict=True):
        assert row[0].get_title().endswith(summary["claims"][claim]["verdict"])
    assert rows[0][1].get_title() == "soma at -71 mV"
    assert line(rows[0][2])[:, 1].max() == pytest.approx(
        1e3 * summary["kernels"]["control"]["basal"][2]["peak"], rel=1e-4
    )  # uV
    ampa = summary["io"]["ampa_up"]
    shown = {tuple(line(rows[0][3], k)[:, 0]) for k in range(len(rows[0][3].lines))}
    assert {tuple(ampa["thresholds_inputs"][k]) for k in (0, -1)} <= shown


def test_figure_2_shows_the_curve_and_what_spreads_do_to_it(drawn, shipped):
    figure, summary = drawn("fig2")
    assert_units(figure)
    assert said_by(summary["claims"]) == SAID["fig2"]
    c, gain = figure.axes[2], figure.axes[4]
    rate = shipped.results[shipped.keys["fi/control"]]["rate"]
    assert line(c).tolist() == np.column_stack([STEPS.amps, rate]).tolist()
    peaks = summary["claims"]["the_inflexion_lies_at_the_mean_threshold"]["figures"]["by_spread_nA"]
    dots = [line(gain, k)[0, 0] for k in range(1, 8, 2)]
    assert dots == pytest.approx(list(peaks.values()), rel=1e-5)


def test_figure_3_shows_thresholds_and_bursts(drawn):
    figure, summary = drawn("fig3")
    assert_units(figure)
    assert said_by(summary["claims"]) == SAID["fig3"]
    threshold, burst = figure.axes[1], figure.axes[3]
    values = [line(threshold, k)[0, 0] for k in range(2)]
    assert values == [
        summary["bac"][f"3/{name}"]["threshold"] for name in ("control", "hcn_closed")
    ]
    control = summary["bac"]["3/control"]
    assert line(burst)[:, 0].tolist() == [0.0, *summary["epsp_nA"]]
    assert np.round(line(burst)[:, 1]).tolist() == [control["alone"], *control["spikes"]]


def test_figure_4_shows_responses_over_their_first(drawn):
    figure, summary = drawn("fig4")
    assert_units(figure)
    assert said_by(summary["claims"]) == SAID["fig4"]
    gain = summary["responses"]["noradrenaline"]["gain"]
    assert line(figure.axes[3])[:, 1] == pytest.approx(np.array(gain) / gain[0])
    occupied = [o["alpha2A"] for o in summary["occupancy"].values()]
    at = np.interp(np.log(summary["concentrations_nM"][1:]), *np.log(line(figure.axes[0])).T)
    assert np.exp(at) == pytest.approx(occupied[1:], rel=1e-2)


def test_the_network_figure_shows_orders_by_gain():
    logistic = np.arange(24.0).reshape(2, 3, 4) / 24
    runs = {g: Runs(logistic, np.zeros((2, 2, 2, 4))) for g in (4, 10)}
    with style():
        figure = draw_networks(
            NetworkPanels(
                (0.0, 0.1, 0.2), (0.1, 0.2), ("control",), runs, {"control": [0.01, 0.02]}
            )
        )
    assert_units(figure)
    assert (
        line(figure.axes[0]).tolist()
        == np.column_stack([(0.0, 0.1, 0.2), logistic[..., 0].mean(axis=0)]).tolist()
    )
    assert line(figure.axes[5])[:, 0].tolist() == [10.0, 20.0]  # pA/Hz


def assert_units(figure):
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            words = [t.get_text() for t in axis.get_ticklabels() if t.get_text()]
            names = any(w[0].isalpha() for w in words)  # a category, not a quantity
            if not ax.axison or len(axis.get_ticklocs()) == 0 or names:
                continue
            label = axis.get_label_text()
            if not label and axis is ax.yaxis and not words:
                continue
            assert label in PURE_NUMBERS or re.search(r"\(.+\)", label), (label, words)


def test_an_unknown_figure_is_refused():
    done = command("fig9")
    assert done.returncode == 2
    assert "fig1" in done.stderr
    assert command("--help").returncode == 0


def test_population_files_hold_the_function_and_fits_that_follow_from_it(tmp_path):
    n = np.arange(0, 121, 10)
    rng = np.random.default_rng(1)
    chance = [np.clip((n - a) / 80, 0, 1)[:, None] for a in (30, 20, 10)]
    curves = [{"n_feedforward": n, "counts": rng.binomial(2, p, (13, 8))} for p in chance]
    document = population_document(
        "toy", (0.0, 0.5, 1.0), curves, sd=5.0, provenance={"seed": 1, "morphology": "toy"}
    )
    assert document["provenance"]["morphology"] == "toy"
    table = document["provenance"]["population"]
    q = population_io(curves[2], 5.0)
    np.testing.assert_allclose(table["y"]["1"], q(np.array(table["x"])))
    points = document["points"]["by_level"][2]["thresholds"]
    assert float(q(points[0])) == pytest.approx(0.5, abs=0.02)
    assert float(q(points[1])) == pytest.approx(1.5, abs=0.02)
    found = fitted(curves, SETTINGS.io.model_copy(update={"bootstraps": 20}), 1)
    assert found.table.levels == (0.0, 0.5, 1.0)
    assert (np.diff(found.thresholds[:, 0]) < 0).all()
    assert found.lower.verdict == REPRODUCED
    assert found.higher.verdict == NOT_REPRODUCED
    assert (found.shifts < 0).mean() > 0.9
    for pair in (("gain", "bias"), ("bias", "gain")):
        assert found.better(*pair).figures["share"] == found.order.fraction(*pair)


def test_a_population_spreads_the_thresholds_of_its_neurons():
    n = np.arange(0, 121, 20)
    curve = {"n_feedforward": n, "counts": np.clip((n[:, None] - 40) / 10, 0, 6) * np.ones(4)}
    q = population_io(curve, 8.0)
    assert q.unit == "inputs"
    # at the foot of a ramp of 0.1 spikes an input: the mean of the positive half of a normal
    assert float(q(40.0)) == pytest.approx(0.1 * 8 / np.sqrt(2 * np.pi), rel=1e-3)
    assert float(q(70.0)) == pytest.approx(3.0, abs=1e-3)


def test_figures_of_a_curve_that_is_known():
    f = figures_of(AMPS, RATE, 0.6, sd=0.01)
    assert f.rheobase == pytest.approx(0.3)
    assert f.slope == pytest.approx(12.5)
    assert f.gain == pytest.approx(12.5, rel=1e-6)  # Hz a nA, between 0.4 and 0.8 nA
    assert f.rate == pytest.approx(7.5, rel=1e-6)
    assert f.normalised_slope == pytest.approx(12.5 / 20)
    assert f.peak == pytest.approx(25.0, rel=1e-6)  # from 0.2 to 0.4 nA
    # f' is even on three pieces: a quarter of it, a quarter and a half
    mean = 0.25 * 0.3 + 0.25 * 0.6 + 0.5 * 1.2
    square = 0.25 * 0.28 / 3 + 0.25 * 1.12 / 3 + 0.5 * 4.48 / 3
    assert 1 / f.precision == pytest.approx(square - mean**2 + 0.01**2)
    q = population_of(AMPS, RATE, 0.01)
    assert q.unit == "nA"
    assert critical_coupling(q) == pytest.approx(1 / 25.0)  # nA a Hz
    assert float(q(operating_input(q, 0.1))) == pytest.approx(2.0)
    # 4 Hz lies at 0.36 nA on the way up to 5 Hz, 16 Hz at 1.28 nA
    assert width(q) == pytest.approx(1.28 - 0.36, abs=1e-3)
    fallen = population_of(AMPS, [0, 0, 5, 10, 8], 0.01)
    assert fallen.qmax == 10.0  # held, not fallen


@pytest.mark.parametrize(
    ("kernel", "peak"), [(alpha(10.0), 10.0), (double_exponential(1.0, 20.0), 3.153)]
)
def test_figures_of_a_kernel_that_is_known(kernel, peak):
    t = np.arange(-10.0, 600.0, 0.1)
    found = kernel_figures(0.3 * kernel(t), 10.0, 0.1)
    assert found.area == pytest.approx(0.3, rel=1e-3)
    assert found.time_to_peak == pytest.approx(peak, abs=0.11)
    assert found.cutoff == pytest.approx(kernel.cutoff, abs=0.4)


def test_verdicts_on_mechanisms_follow_from_the_measured_curves(tmp_path):
    """As fig1 gives them, with fewer bootstraps."""
    table = find("shine2021/fig1").settings(quick=True, changes={"io.bootstraps": 30})
    settings = Settings.model_validate(table)
    measured = measure_mechanisms(settings, Sweep(tmp_path))
    judged = judge_mechanisms(settings, measured)
    assert {name: j.verdict for name, j in judged.items()} == SAID["fig1"]


NOISY = {"control": {"rate": RATE, "noisy": np.array([RATE, 1.1 * RATE])}}
NOISY["steep"] = {"rate": 1.2 * RATE, "noisy": np.array([1.2 * RATE, 1.1 * 1.3 * RATE])}


def curves(fi, noisy_amps=AMPS):
    return FICurves(fi, AMPS, noisy_amps, sd=0.1, operating_part=0.1)


def test_ratios_under_noise_are_taken_seed_by_seed_at_the_input_of_the_control():
    fi = curves(NOISY)
    found = fi.noisy_ratios("steep")
    for what in ("slope", "gain", "rate"):
        assert found[what] == pytest.approx([1.2, 1.3]), what
    assert fi.noisy_operating == pytest.approx(
        operating_input(population_of(AMPS, 1.05 * RATE, 0.1), 0.1)
    )
    assert fi.slope_ratio("steep") == pytest.approx(1.2)


def test_noise_that_is_a_spread_of_thresholds_is_found_as_one():
    x = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0)
    spread = population_of(AMPS, RATE, 0.15)(np.array(x))
    found = curves(
        {"control": {"rate": RATE, "noisy": np.array([spread, spread])}}, x
    ).noise_as_spread()
    assert found["sd_nA"] == pytest.approx(0.15, abs=0.01)
    assert found["rms_Hz"] < 0.1 * found["quiet_rms_Hz"]
    quiet = np.interp(x, AMPS, RATE)
    assert found["quiet_rms_Hz"] == pytest.approx(np.sqrt(np.mean((quiet - spread) ** 2)))
    assert len(found["by_seed"]) == 2


def test_rates_come_from_intervals_where_there_are_two():
    assert tasks._rate(np.array([100.0, 120.0, 140.0]), 1500.0) == pytest.approx(50.0)
    assert tasks._rate(np.array([100.0, 120.0]), 1000.0) == pytest.approx(2.0)
    assert tasks._rate(np.array([]), 1000.0) == 0.0


def dose_response(rest):
    """Measured curves at a dose that scales the rate and needs this EPSP for a burst."""
    fi = {"rate": np.interp(DOSES.amps, STEPS.amps, RATES),
          "noisy": np.array([np.interp(DOSES.noisy_amps, STEPS.amps, RATES)] * 2)}  # fmt: skip
    return fi, {"threshold": np.array(rest), "rest": np.array(-80.0)}


RATES = np.linspace(0.0, 30.0, len(STEPS.amps))


def test_apical_sensitivity_is_one_over_the_threshold():
    settings = DoseSettings.model_validate(find("shine2021/fig4").settings())
    control = {
        "rate": RATES,
        "noisy": np.array([np.interp(STEPS.noisy_amps, STEPS.amps, RATES)] * 3),
    }
    epsp = (0.5, 0.25, 0.1, 0.0, np.nan)  # 0: a burst without any; NaN: none at 2 nA
    dose = {}
    for name in DOSES.modulators:
        for nM, threshold in zip(DOSES.concentrations, epsp, strict=True):
            fi, bac = dose_response(threshold)
            dose[f"fi/{name}/{nM:g}"], dose[f"bac/3/{name}/{nM:g}"] = fi, bac
    fi = FICurves.of({"control": control}, settings)
    found = responses_of(settings, fi, dose_response(1.0)[1], dose)["noradrenaline"]
    assert found["apical"] == pytest.approx([1, 2, 4, 10, 100, 0.5])
    assert found["slope"] == pytest.approx([found["slope"][0]] * 6)


def test_half_way_lies_between_points_on_a_logarithmic_scale():
    x = (0.01, 0.04, 0.16)
    assert half_way(x, np.array([0.1, 0.3, 0.9])) == pytest.approx(0.04 * 4 ** (1 / 3))
    assert half_way(x, np.array([0.1, 0.5, 0.9])) == pytest.approx(0.04)
    assert np.isnan(half_way(x, np.array([0.1, 0.15, 0.12])))  # scatter is no transition
    assert np.isnan(half_way(x, np.array([0.9, 0.5, 0.1])))  # nor is a way down


NETWORKS = NetworkSettings.model_validate(find("shine2021/fig5").settings())


def network_runs(gain, case):
    """Networks in which gain integrates (or not), and Kv3.1 and SK need less of it (or not)."""
    cases = NETWORKS.populations.cases
    sigmas, per_unit = len(NETWORKS.network.sigmas), len(NETWORKS.populations.per_unit)
    scatter = np.array([-0.01, 0.0, 0.01])
    rise = np.linspace(0.1, 0.9, sigmas) if gain else np.full(sigmas, 0.1)
    hump = 0.1 + (0.8 * np.sin(np.pi * np.arange(sigmas) / (sigmas - 1)) if gain else 0 * rise)
    runs = {}
    for gamma, order in ((4.0, hump), (10.0, rise)):
        logistic = (order[None, :, None] + scatter[:, None, None]) * np.ones(4)
        late = np.clip((np.arange(per_unit) - 2) / 3, 0, 1) if gain else np.zeros(per_unit)
        rows = np.tile(0.1 + 0.8 * late, (3, 2, len(cases), 1))
        if case:
            for name in ("rectifier_up", "sk_down"):
                rows[:, :, cases.index(name)] = 0.1 + 0.8 * np.clip(
                    (np.arange(per_unit) - 1) / 3, 0, 1
                )
        runs[gamma] = Runs(logistic, rows.reshape(3, -1, per_unit, 1))
    return runs


@pytest.mark.parametrize(
    ("gain", "case", "said"), [(True, True, (R, R, R, R)), (True, False, (R, R, R, N)),
                               (False, False, (N, N, N, U))]
)  # fmt: skip
def test_verdicts_on_networks_follow_the_networks(gain, case, said):
    critical = {name: [0.05, 0.06] for name in NETWORKS.populations.cases}
    found = MeasuredNetworks(SimpleNamespace(), network_runs(gain, case), critical)
    claims = judge_networks(NETWORKS, found)
    assert tuple(c.verdict for c in claims.values()) == said
    null = claims["gain_integrates_the_network"].figures["figures"]["null_sigma_0"]
    assert null == {"mean": pytest.approx(0.1), "sd": pytest.approx(0.01)}
