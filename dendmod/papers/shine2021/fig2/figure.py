"""From a single neuron to a population: symmetric, skewed, and measured (Shine et al., Fig 4a)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture
from pydantic import Field, PositiveFloat

from dendmod.neuromodulation.functions import width
from dendmod.papers.shine2021.analysis import FICurves
from dendmod.papers.shine2021.curves import Curves
from dendmod.papers.shine2021.fig2.plot import Panels, draw
from dendmod.papers.shine2021.settings import Floats
from dendmod.papers.shine2021.settings import Settings as Shared
from dendmod.population import Activation, Logistic, Normal, Saturating, Step, fit_sigmoid
from dendmod.spec.base import Spec
from dendmod.study.claims import Judged, all_of, holds, rises, same
from dendmod.study.figure import Figure, settings_of
from dendmod.study.summary import engine_lines, rounded
from dendmod.sweep import Sweep

_SKEWED = 0.1  # ours: a skewness of less counts as none
_AT_THRESHOLD = (
    0.25  # ours: of the spread of thresholds, the scale on which an inflexion can be off
)
_EXPLAINED = 0.5  # ours: part of what noise does that a spread has to explain

# That a step gives a symmetric sigmoid whose gain peaks at half of its maximum is a closed form and
# no claim: the summary says it.
CLAIMS = {
    "a_general_function_gives_a_skewed_one": "A general single-neuron function gives a skewed "
    "population function",
    "gain_peaks_at_half_of_the_highest_rate": "The gain of a population rises until half of its "
    "highest rate and falls beyond",
    "the_inflexion_lies_at_the_mean_threshold": "The inflexion of the population function lies at "
    "the mean threshold",
    "spread_of_states_acts_like_spread_of_thresholds": "A distribution of potentials acts like a "
    "distribution of thresholds",
    "spread_lowers_precision": "The width of the population function reflects the variance of "
    "thresholds: precision",
}


class ClosedForms(Spec):
    """Simple neurons whose thresholds are spread normally."""

    qmax: PositiveFloat = Field(alias="qmax_Hz")
    theta: float = Field(alias="theta_mV")
    sigma: PositiveFloat = Field(alias="sigma_mV")
    saturating_scales: Floats = Field(alias="saturating_scales_mV")

    @property
    def populations(self) -> dict[str, Activation]:
        """Population functions (mV, Hz) of a step and of saturating exponentials."""
        spread = Normal(self.theta, self.sigma)
        return {"step": Activation(Step(self.qmax), spread)} | {
            f"saturating, {k:g} mV": Activation(Saturating(self.qmax, k), spread)
            for k in self.saturating_scales
        }


class Settings(Shared):
    """Those of all figures, spreads of thresholds (nA) that are compared, and closed forms."""

    spreads: Floats = Field(alias="spreads_nA")
    closed_forms: ClosedForms


@dataclass(frozen=True)
class Measured:
    """The f-I curves, and population functions of the control for each spread of thresholds."""

    curves: Curves
    fi: FICurves
    by_spread: Mapping[float, Activation]

    @cached_property
    def noise(self) -> dict[str, Any]:
        """The spread of thresholds that comes nearest to the curve under noise."""
        return self.fi.noise_as_spread()


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Measure the f-I curves, or look them up."""
    curves = Curves(settings, sweep)
    fi = FICurves.of(curves.of("fi"), settings)
    return Measured(curves, fi, {sd: fi.population(sd=sd) for sd in settings.spreads})


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdicts on how population functions come about."""
    q, noisy, by_spread = found.fi.population(), found.fi.noisy_population, found.by_spread
    closed = settings.closed_forms.populations
    threshold, inflexion = found.fi.figures["control"].rheobase, q.peak[0]
    near = abs(inflexion - threshold) < _AT_THRESHOLD * settings.threshold_sd
    noise = found.noise
    narrow, broad = (by_spread[sd] for sd in (min(by_spread), max(by_spread)))
    v = np.linspace(min(q.grid()), max(found.fi.amps), 200)
    judged: dict[str, tuple[Judged, dict[str, Any]]] = {
        "a_general_function_gives_a_skewed_one": (
            all_of(holds(q.skewness > _SKEWED), holds(noisy.skewness > _SKEWED)),
            {
                "skewness": {name: p.skewness for name, p in closed.items()},
                "L5_skewness": q.skewness,
                "L5_skewness_under_noise": noisy.skewness,
                "L5_by_spread_nA": {sd: p.skewness for sd, p in by_spread.items()},
                "worst_residual_of_an_erf": fit_sigmoid(v, q(v)).worst,
            },
        ),
        "gain_peaks_at_half_of_the_highest_rate": (
            all_of(same(q.peak_at / 0.5), same(noisy.peak_at / 0.5)),
            {
                "closed_forms": {name: p.peak_at for name, p in closed.items()},
                "L5": q.peak_at,
                "L5_under_noise": noisy.peak_at,
                "L5_by_spread_nA": {sd: p.peak_at for sd, p in by_spread.items()},
            },
        ),
        "the_inflexion_lies_at_the_mean_threshold": (
            holds(near),
            {
                "L5_threshold_nA": threshold,
                "L5_inflexion_nA": inflexion,
                "by_spread_nA": {sd: p.peak[0] for sd, p in by_spread.items()},
            },
        ),
        "spread_of_states_acts_like_spread_of_thresholds": (
            holds(noise["rms_Hz"] < _EXPLAINED * noise["quiet_rms_Hz"]),
            noise,
        ),
        "spread_lowers_precision": (
            all_of(rises(narrow.precision / broad.precision), rises(width(broad) / width(narrow))),
            {
                "precision_per_nA2": {sd: p.precision for sd, p in by_spread.items()},
                "width_nA": {sd: width(p) for sd, p in by_spread.items()},
                "of_the_neuron_alone_per_nA2": 1.0 / q.single.cumulants()[1],
            },
        ),
    }
    return {
        name: verdict.with_figures(figures=rounded(figures))
        for name, (verdict, figures) in judged.items()
    }


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return what summary.json says."""
    return {
        **found.curves.summary(),
        "threshold_sd_nA": settings.threshold_sd,
        "noise_as_spread": found.noise,
        "populations": {name: asdict(f) for name, f in found.fi.figures.items()},
        "closed_forms": _closed_forms(settings.closed_forms),
    }


def _closed_forms(given: ClosedForms) -> dict[str, float]:
    """Return by how much a step's population function is asymmetric, and its gain's peak."""
    step = given.populations["step"]
    x = np.linspace(0, 5, 201) * given.sigma
    logistic = Activation(Step(given.qmax), Logistic.matching(Normal(0.0, given.sigma)))
    return {
        "asymmetry": float(np.abs(step(x) + step(-x) - step.qmax).max() / step.qmax),
        "logistic_of_the_same_variance_differs_by": float(
            np.abs(logistic(x) - step(x)).max() / step.qmax
        ),
        "step_peaks_at": step.peak_at,
        "step_inflexion_mV": step.peak[0],
    }


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw closed forms, the measured function and what spreads do to it."""
    panels = Panels(
        settings.closed_forms.populations, found.fi, found.by_spread, found.noise["sd_nA"]
    )
    return {"fig2": draw(panels)}


FIGURE = Figure(
    settings=settings_of(Settings),
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
    tell=engine_lines,
)
