"""From a single neuron to a population: symmetric, skewed, and measured (Shine et al., Fig 4a)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from dendmod.figure import FigureOptions
from dendmod.neuromodulation.functions import (
    figures_of,
    operating_input,
    population_of,
    width,
)
from dendmod.papers.shine2021.claims import Claim, rises, verdict
from dendmod.papers.shine2021.common import AMPS, NOISY_AMPS, curves_of, finish, measured, seed_of
from dendmod.papers.shine2021.noisy import noise_as_spread
from dendmod.params.neuromodulators import THRESHOLD_SD
from dendmod.params.shine2021 import SATURATING_SCALES, STEP_EXAMPLE
from dendmod.population import Activation, Logistic, Normal, Saturating, Step, fit_sigmoid

SPREADS = (0.05, 0.1, 0.2, 0.4)  # nA


def main(options: FigureOptions) -> dict[str, Any]:
    """Measure or look up, judge and draw."""
    from dendmod.papers.shine2021.plots.populations import draw_populations
    from dendmod.plotting import save, style

    curves, seed = curves_of(options), seed_of(options)
    fi = measured(curves, "fi", seed)
    control = fi["control"]
    s = STEP_EXAMPLE
    spread = Normal(s["theta"], s["sigma"])
    closed = {"step": Activation(Step(s["qmax"]), spread)} | {
        f"saturating, {k:g} mV": Activation(Saturating(s["qmax"], k), spread)
        for k in SATURATING_SCALES
    }
    by_spread = {sd: population_of(AMPS, control["rate"], sd) for sd in SPREADS}
    noise = noise_as_spread(control, AMPS, NOISY_AMPS)
    q = population_of(AMPS, control["rate"])
    under = population_of(NOISY_AMPS, control["noisy"].mean(axis=0))
    claims = judge(closed, q, under, by_spread, noise, fi)
    operating = operating_input(q)
    with style():
        figure = draw_populations(closed, q, by_spread, AMPS, NOISY_AMPS, control, noise["sd_nA"])
        save(figure, options.out, "fig2")
    return finish(
        options, "fig2", claims, curves,
        threshold_sd_nA=THRESHOLD_SD,
        noise_as_spread=noise,
        populations={
            name: asdict(figures_of(AMPS, r["rate"], operating)) for name, r in fi.items()
        },
    )  # fmt: skip


def judge(
    closed: dict[str, Activation],
    q: Activation,
    under: Activation,
    by_spread: dict[float, Activation],
    noise: dict[str, float],
    fi: dict[str, Any],
) -> dict[str, Claim]:
    """Return the verdicts on how population functions come about."""
    step = closed["step"]
    x = np.linspace(0, 5, 201) * STEP_EXAMPLE["sigma"]
    asymmetry = float(np.abs(step(x) + step(-x) - step.qmax).max() / step.qmax)
    logistic = Activation(Step(step.qmax), Logistic.matching(Normal(0.0, STEP_EXAMPLE["sigma"])))
    v = np.linspace(min(q.grid()), max(AMPS), 200)
    erf = fit_sigmoid(v, q(v))
    centre = q.peak[0]
    start = figures_of(AMPS, fi["control"]["rate"], 0.5).rheobase
    inflexion = {sd: p.peak[0] for sd, p in by_spread.items()}
    narrow, broad = (by_spread[sd] for sd in (min(SPREADS), max(SPREADS)))
    return {
        "step_gives_a_symmetric_sigmoid": Claim(
            "A step averaged over a unimodal distribution of thresholds is a symmetric sigmoid",
            verdict(asymmetry < 1e-12),
            {
                "asymmetry": asymmetry,
                "logistic_of_the_same_variance_differs_by": float(
                    np.abs(logistic(x) - step(x)).max() / step.qmax
                ),
            },
        ),
        "a_general_function_gives_a_skewed_one": Claim(
            "A general single-neuron function gives a skewed population function",
            verdict(q.skewness > 0.1, under.skewness > 0.1),
            {
                "skewness": {name: p.skewness for name, p in closed.items()},
                "L5_skewness": q.skewness,
                "L5_skewness_under_noise": under.skewness,
                "L5_by_spread_nA": {sd: p.skewness for sd, p in by_spread.items()},
                "worst_residual_of_an_erf": erf.worst,
            },
        ),
        "gain_peaks_at_half_of_the_highest_rate": Claim(
            "The gain of a population rises until half of its highest rate and falls beyond",
            verdict(
                abs(step.peak_at - 0.5) < 0.01,
                abs(q.peak_at - 0.5) < 0.05,
                abs(under.peak_at - 0.5) < 0.05,
            ),
            {
                "closed_forms": {name: p.peak_at for name, p in closed.items()},
                "L5": q.peak_at,
                "L5_under_noise": under.peak_at,
                "L5_by_spread_nA": {sd: p.peak_at for sd, p in by_spread.items()},
            },
        ),
        "the_inflexion_lies_at_the_mean_threshold": Claim(
            "The inflexion of the population function lies at the mean threshold",
            verdict(abs(step.peak[0]) < 1e-3, abs(centre - start) < 0.25 * THRESHOLD_SD),
            {"L5_threshold_nA": start, "L5_inflexion_nA": centre, "by_spread_nA": inflexion},
        ),
        "spread_of_states_acts_like_spread_of_thresholds": Claim(
            "A distribution of potentials acts like a distribution of thresholds",
            verdict(noise["rms_Hz"] < 0.5 * noise["quiet_rms_Hz"]),
            noise,
        ),
        "spread_lowers_precision": Claim(
            "The width of the population function reflects the variance of thresholds: precision",
            verdict(rises(narrow.precision / broad.precision), rises(width(broad) / width(narrow))),
            {
                "precision_per_nA2": {sd: p.precision for sd, p in by_spread.items()},
                "width_nA": {sd: width(p) for sd, p in by_spread.items()},
                "of_the_neuron_alone_per_nA2": 1.0 / q.single.cumulants()[1],
            },
        ),
    }
