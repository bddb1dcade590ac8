"""Do the figures of cellular neuromodulation run from the measured curves, and judge rightly?"""

import importlib
import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dendmod.errors import DownloadError, MorphologyError
from dendmod.exchange import read_io
from dendmod.exchange.check import check_io
from dendmod.figure import FigureOptions
from dendmod.morphology import resolve
from dendmod.neuromodulation.export import population_document, population_io
from dendmod.neuromodulation.functions import (
    critical_coupling,
    figures_of,
    kernel_figures,
    knob,
    operating_input,
    population_of,
    sure,
    width,
)
from dendmod.papers.shine2021 import fig4, fig5, worker
from dendmod.papers.shine2021.claims import (
    all_fall,
    all_rise,
    falls,
    inverted_u,
    inverted_u_in_all,
    rises,
    same,
    same_in_mean,
    verdict,
)
from dendmod.papers.shine2021.fig1 import always_fires, io_curves, kernels_of
from dendmod.papers.shine2021.measured import cached_file, mechanisms_of, question
from dendmod.papers.shine2021.mechanism_claims import judge
from dendmod.papers.shine2021.noisy import noise_as_spread, noisy_operating, noisy_ratios
from dendmod.papers.shine2021.plots.transition import draw_transition
from dendmod.papers.shine2021.stored import mechanism_hashes, read_curves
from dendmod.papers.shine2021.tasks import KINDS, tasks_of
from dendmod.params.neuromodulators import IO, MORPHOLOGY, POTENTIALS, SEED, STEPS
from dendmod.plotting import style
from dendmod.population import alpha, double_exponential

REPOSITORY = Path(__file__).resolve().parents[2]
VERDICTS = {"reproduced", "qualified", "contradicted"}
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
    return read_curves(cached_file(MORPHOLOGY))


def all_tasks():
    return [t for kind in KINDS for t in tasks_of(kind, MORPHOLOGY, SEED)]


def test_the_file_of_measured_curves_answers_what_is_asked_today(shipped):
    """Whoever changes a size, a protocol or a preset has to measure again."""
    shipped.check({t.key: question(t) for t in all_tasks()}, SEED, None)
    assert set(shipped.keys) == {t.key for t in all_tasks()}
    assert dict(shipped.mechanisms) == mechanism_hashes(mechanisms_of(MORPHOLOGY))


def test_the_file_says_how_it_was_made(shipped):
    wanted = f"python -m dendmod.neuromodulation measure --morphology {MORPHOLOGY} --seed {SEED}"
    assert shipped.command == wanted
    assert shipped.morphology["name"] == MORPHOLOGY
    assert cached_file(MORPHOLOGY).stat().st_size < 600_000


def test_seeds_of_dose_responses_are_the_first_of_the_control():
    assert STEPS.dose_seeds == STEPS.noise_seeds[: len(STEPS.dose_seeds)]
    assert set(STEPS.dose_amps) <= set(STEPS.amps)
    assert set(STEPS.dose_noisy_amps) <= set(STEPS.noisy_amps)


def test_the_shapes_and_ranges_of_measured_curves(shipped):
    for key, digest in shipped.keys.items():
        r, kind = shipped.results[digest], key.split("/")[0]
        if kind == "fi":
            dose = key.split("/")[1].startswith("noradrenaline")
            amps = STEPS.dose_amps if dose else STEPS.amps
            noisy = STEPS.dose_noisy_amps if dose else STEPS.noisy_amps
            assert r["rate"].shape == r["shortest"].shape == (len(amps),), key
            seeds = STEPS.dose_seeds if dose else STEPS.noise_seeds
            assert r["noisy"].shape == (len(seeds), len(noisy)), key
            assert (r["rate"] >= 0).all()
            assert r["rate"].max() < 100  # Hz
            assert -95 < float(r["rest"]) < -65  # mV
        elif kind == "psp":
            p = POTENTIALS
            steps = round((p.duration + p.before) / p.keep_every) + 1
            assert r["psp"].shape == (len(p.amps), 3, steps), key
            assert np.abs(r["psp"][..., : round(p.before)]).max() < 1e-3  # mV, ahead of the input
            assert (np.diff(r["hold"]) > 0).all()
        elif kind == "io":
            n, counts = r["n_feedforward"], r["counts"]
            assert counts.shape == (n.size, IO.trials), key
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
def test_a_measured_curve_comes_out_the_same_today(shipped):
    """One entry of two kinds, again: whoever changes a worker has to measure again."""
    try:
        resolve(MORPHOLOGY)
    except (MorphologyError, DownloadError) as error:
        pytest.skip(str(error))
    for key in ("bac/3/control", "io/ampa_up/1"):
        (task,) = [t for t in all_tasks() if t.key == key]
        found = getattr(worker, task.function.split(":")[1])(**task.payload)
        for name, value in shipped.results[question(task)].items():
            np.testing.assert_allclose(found[name], value, rtol=2e-4, atol=2e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["fig1", "fig2", "fig3", "fig4", "fig5"])
def test_quick_figures(figure, tmp_path):
    began = cpu_of_children()
    done = command(figure, "--quick", "--workers", "2", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    assert cpu_of_children() - began < 200  # two minutes on two cores, with some to spare
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["claims"]
    for name, claim in summary["claims"].items():
        assert claim["verdict"] in VERDICTS, name
        assert claim["figures"], name
    assert summary["curves"]["measured_or_from_the_store"] == 0
    assert (tmp_path / f"{figure}.png").stat().st_size > 50_000
    if figure in SAID:
        assert {n: c["verdict"] for n, c in summary["claims"].items()} == SAID[figure]
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
    assert len(shown.splitlines()) == 1 + 3 * len(IO.doses)  # the head; three drives a level


R, Q, C = "reproduced", "qualified", "contradicted"
SAID = {  # docs/neuromodulation.md, from the measured curves
    "fig1": {
        "a_ampa_scales_the_kernel": R, "a_gaba_deepens_inhibition": Q,
        "b_ratio_sets_the_aperture": C, "c_depolarisation_raises_gain": Q,
        "d_rectifier_shortens_the_interval": Q, "e_sk_shifts_the_threshold": Q,
        "kernels_depend_on_the_potential": R,
    },
    "fig2": {
        "step_gives_a_symmetric_sigmoid": R, "a_general_function_gives_a_skewed_one": R,
        "gain_peaks_at_half_of_the_highest_rate": Q,
        "the_inflexion_lies_at_the_mean_threshold": Q,
        "spread_of_states_acts_like_spread_of_thresholds": C, "spread_lowers_precision": Q,
    },
    "fig3": {
        "hcn_closure_amplifies_apical_input_raw": C,
        "hcn_closure_amplifies_apical_input_rest_held": Q,
        "hcn_closure_raises_the_somatic_gain": C, "calcium_facilitation_couples_the_tuft": R,
    },
    "fig4": {
        "low_concentrations_reach_alpha2_first": R, "inverted_u_of_gain": Q,
        "inverted_u_of_noisy_gain": C, "inverted_u_of_slope": C, "inverted_u_of_apical": C,
    },
}  # fmt: skip


PURE_NUMBERS = {
    "Feedforward inputs", "Spikes a burst", "Somatic spikes", "Occupied part", "Activation",
    "Part of that without", "Order", "Order parameter R", "Slope σ of the logistic",
}  # fmt: skip


@pytest.mark.parametrize(
    "figure", [pytest.param("fig1", marks=pytest.mark.slow), "fig2", "fig3", "fig4"]
)
def test_every_axis_has_its_unit(figure, tmp_path, monkeypatch):
    import dendmod.plotting

    drawn = []
    monkeypatch.setattr(dendmod.plotting, "save", lambda f, out, name: drawn.append(f))
    main = importlib.import_module(f"dendmod.papers.shine2021.{figure}").main
    summary = main(FigureOptions(out=tmp_path, quick=True, workers=1))
    assert_units(drawn[0])
    assert {name: c["verdict"] for name, c in summary["claims"].items()} == SAID[figure]


def test_every_axis_of_the_network_figure_has_its_unit():
    runs = {
        g: {"logistic": np.zeros((2, 3, 4)), "population": np.zeros((2, 2, 2, 4))} for g in (4, 10)
    }
    with style():
        figure = draw_transition(
            (0.0, 0.1, 0.2), (0.1, 0.2), ("control",), runs, {"control": [0.01, 0.02]}
        )
    assert_units(figure)


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
    document = population_document("toy", (0.0, 0.5, 1.0), curves, seed=1, morphology="toy", sd=5.0)
    table = document["provenance"]["population"]
    q = population_io(curves[2], 5.0)
    np.testing.assert_allclose(table["y"]["1"], q(np.array(table["x"])))
    points = document["points"]["by_level"][2]["thresholds"]
    assert float(q(points[0])) == pytest.approx(0.5, abs=0.02)
    assert float(q(points[1])) == pytest.approx(1.5, abs=0.02)
    fitted = knob((0.0, 0.5, 1.0), curves, samples=20)
    assert (np.diff(fitted.thresholds[:, 0]) < 0).all()
    assert fitted.lower
    assert not fitted.higher
    assert (fitted.shifts < 0).mean() > 0.9
    assert set(fitted.summary()["residual"]) == {"gain", "bias", "gain_xshift"}


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
    assert float(q(operating_input(q))) == pytest.approx(2.0)
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


def test_rules_of_verdicts():
    assert verdict(True, True) == "reproduced"
    assert verdict(True, False) == "qualified"
    assert verdict(False, False) == "contradicted"
    assert same(1.09)
    assert rises(1.11)
    assert falls(0.89)
    assert not (rises(1.05))
    assert not (falls(0.95))
    assert not same(1.2)
    assert inverted_u([1.0, 2.0, 1.0])
    assert not inverted_u([1.0, 2.0, 1.9])  # falls by less than a tenth
    assert not inverted_u([1.0, 1.5, 2.0])
    assert not inverted_u([2.0, 1.5, 1.0])


def test_rules_of_what_has_random_numbers():
    assert all_rise([1.3, 1.05])
    assert not all_rise([1.4, 0.99])  # one seed says otherwise
    assert not all_rise([1.05, 1.08])
    assert all_fall([0.7, 0.98])
    assert not all_fall([0.5, 1.01])
    assert same_in_mean([0.8, 1.2])
    assert not same_in_mean([1.1, 1.3])
    assert sure([True] * 9 + [False])
    assert not sure([True] * 8 + [False] * 2)
    assert not sure(np.array([np.nan] * 2 + [-1.0] * 8) < 0)
    assert inverted_u_in_all([[1.0, 2.0, 1.0], [1.0, 1.5, 1.2]])
    assert not inverted_u_in_all([[1.0, 3.0, 1.0], [1.0, 1.5, 1.6]])


def test_verdicts_on_mechanisms_follow_from_the_measured_curves(shipped):
    """As fig1 gives them, with fewer bootstraps."""
    by_kind = {}
    for key, digest in shipped.keys.items():
        kind, _, name = key.partition("/")
        by_kind.setdefault(kind, {})[name] = shipped.results[digest]
    fi = {name: r for name, r in by_kind["fi"].items() if "/" not in name}
    operating = operating_input(population_of(STEPS.amps, fi["control"]["rate"]))
    claims = judge(
        fi,
        {name: figures_of(STEPS.amps, r["rate"], operating) for name, r in fi.items()},
        {name: noisy_ratios(fi, STEPS.noisy_amps, name) for name in fi},
        kernels_of(by_kind["psp"]),
        by_kind["psp"],
        {
            name: knob(IO.doses, io_curves(by_kind["io"], name), seed=SEED, samples=30)
            for name in ("ampa_up", "gaba_up", "depolarised", "sk_down")
        },
    )
    assert {name: claim.verdict for name, claim in claims.items()} == SAID["fig1"]


NOISY = {"control": {"rate": RATE, "noisy": np.array([RATE, 1.1 * RATE])}}
NOISY["steep"] = {"rate": 1.2 * RATE, "noisy": np.array([1.2 * RATE, 1.1 * 1.3 * RATE])}


def test_ratios_under_noise_are_taken_seed_by_seed_at_the_input_of_the_control():
    found = noisy_ratios(NOISY, AMPS, "steep")
    for what in ("slope", "gain", "rate"):
        assert found[what] == pytest.approx([1.2, 1.3]), what
    q = population_of(AMPS, 1.05 * RATE)
    assert noisy_operating(NOISY["control"], AMPS) == pytest.approx(operating_input(q))


def test_noise_that_is_a_spread_of_thresholds_is_found_as_one():
    x = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0])
    spread = population_of(AMPS, RATE, 0.15)(x)
    found = noise_as_spread({"rate": RATE, "noisy": np.array([spread, spread])}, AMPS, x)
    assert found["sd_nA"] == pytest.approx(0.15, abs=0.01)
    assert found["rms_Hz"] < 0.1 * found["quiet_rms_Hz"]
    quiet = np.interp(x, AMPS, RATE)
    assert found["quiet_rms_Hz"] == pytest.approx(np.sqrt(np.mean((quiet - spread) ** 2)))
    assert len(found["by_seed"]) == 2


def test_rates_come_from_intervals_where_there_are_two():
    assert worker._rate(np.array([100.0, 120.0, 140.0]), 1500.0) == pytest.approx(50.0)
    assert worker._rate(np.array([100.0, 120.0]), 1000.0) == pytest.approx(2.0)
    assert worker._rate(np.array([]), 1000.0) == 0.0


def dose_response(rest):
    """Measured curves at a dose that scales the rate and needs this EPSP for a burst."""
    fi = {"rate": np.interp(STEPS.dose_amps, STEPS.amps, RATES),
          "noisy": np.array([np.interp(STEPS.dose_noisy_amps, STEPS.amps, RATES)] * 2)}  # fmt: skip
    return fi, {"threshold": np.array(rest), "rest": np.array(-80.0)}


RATES = np.linspace(0.0, 30.0, len(STEPS.amps))


def test_apical_sensitivity_is_one_over_the_threshold():
    control = {
        "rate": RATES,
        "noisy": np.array([np.interp(STEPS.noisy_amps, STEPS.amps, RATES)] * 3),
    }
    epsp = (0.5, 0.25, 0.1, 0.0, np.nan)  # 0: a burst without any; NaN: none at 2 nA
    dose = {}
    for name in fig4.READINGS:
        for nM, threshold in zip(fig4.CONCENTRATIONS, epsp, strict=True):
            fi, bac = dose_response(threshold)
            dose[f"fi/{name}/{nM:g}"], dose[f"bac/3/{name}/{nM:g}"] = fi, bac
    found = fig4.responses_of(control, dose_response(1.0)[1], dose)["noradrenaline"]
    assert found["apical"] == pytest.approx([1, 2, 4, 10, 100, 0.5])
    assert found["slope"] == pytest.approx([found["slope"][0]] * 6)


def test_half_way_lies_between_points_on_a_logarithmic_scale():
    x = (0.01, 0.04, 0.16)
    assert fig5._half(x, np.array([0.1, 0.3, 0.9])) == pytest.approx(0.04 * 4 ** (1 / 3))
    assert fig5._half(x, np.array([0.1, 0.5, 0.9])) == pytest.approx(0.04)
    assert np.isnan(fig5._half(x, np.array([0.1, 0.15, 0.12])))  # scatter is no transition
    assert np.isnan(fig5._half(x, np.array([0.9, 0.5, 0.1])))  # nor is a way down


def network_runs(gain, case):
    """Networks in which gain integrates (or not), and Kv3.1 and SK need less of it (or not)."""
    sigmas, per_unit = len(fig5.OSCILLATOR_EXPERIMENT.sigmas), len(fig5.PER_UNIT)
    scatter = np.array([-0.01, 0.0, 0.01])
    rise = np.linspace(0.1, 0.9, sigmas) if gain else np.full(sigmas, 0.1)
    hump = 0.1 + (0.8 * np.sin(np.pi * np.arange(sigmas) / (sigmas - 1)) if gain else 0 * rise)
    runs = {}
    for gamma, order in ((4.0, hump), (10.0, rise)):
        logistic = (order[None, :, None] + scatter[:, None, None]) * np.ones(4)
        late = np.clip((np.arange(per_unit) - 2) / 3, 0, 1) if gain else np.zeros(per_unit)
        rows = np.tile(0.1 + 0.8 * late, (3, 2, len(fig5.CASES), 1))
        if case:
            for name in ("rectifier_up", "sk_down"):
                rows[:, :, fig5.CASES.index(name)] = 0.1 + 0.8 * np.clip(
                    (np.arange(per_unit) - 1) / 3, 0, 1
                )
        runs[gamma] = {"logistic": logistic, "population": rows.reshape(3, -1, per_unit, 1)}
    return runs


@pytest.mark.parametrize(
    ("gain", "case", "said"), [(True, True, (R, R, R, R)), (True, False, (R, R, R, C)),
                               (False, False, (C, C, C, C))]
)  # fmt: skip
def test_verdicts_on_networks_follow_the_networks(gain, case, said):
    critical = {name: [0.05, 0.06] for name in fig5.CASES}
    claims = fig5.judge(network_runs(gain, case), {}, critical)
    assert tuple(c.verdict for c in claims.values()) == said
    null = claims["gain_integrates_the_network"].figures["null_sigma_0"]
    assert null == {"mean": pytest.approx(0.1), "sd": pytest.approx(0.01)}
