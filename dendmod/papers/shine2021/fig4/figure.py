"""Dose-responses of noradrenaline: concentration, occupancy, channels, measured gain (Fig 3a)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture
from pydantic import Field, NonNegativeFloat, PositiveFloat

from dendmod.neuromodulation.functions import figures_of, population_of
from dendmod.neuromodulation.presets import modulator
from dendmod.papers.shine2021.analysis import FICurves, burst_threshold
from dendmod.papers.shine2021.curves import Curves
from dendmod.papers.shine2021.fig4.plot import Panels, draw
from dendmod.papers.shine2021.measured_file import Arrays
from dendmod.papers.shine2021.settings import Settings as Shared
from dendmod.spec.base import Spec
from dendmod.study.claims import REPRODUCED, Judged, all_of, inverted_u
from dendmod.study.figure import Figure, settings_of
from dendmod.study.summary import engine_lines, rounded
from dendmod.sweep import Sweep

QUANTITIES = {
    "gain": "gain at the operating input (Hz/nA)",
    "noisy_gain": "gain under noise (Hz/nA)",
    "slope": "slope of the f-I curve (Hz/nA)",
    "apical": "apical sensitivity: 1 / BAC threshold (1/nA)",
}
# That low concentrations reach alpha2 first is the order of two affinities and no claim: the
# summary says the occupancies.
CLAIMS = {
    f"inverted_u_of_{quantity}": f"The competing receptors yield an inverted U: {unit}"
    for quantity, unit in QUANTITIES.items()
}
Responses = Mapping[str, Mapping[str, list[Any]]]  # by reading of the modulator and quantity


class Pulse(Spec):
    """A pulse of noradrenaline over a baseline."""

    baseline: NonNegativeFloat = Field(alias="baseline_nM")
    peak: NonNegativeFloat = Field(alias="peak_nM")
    start: NonNegativeFloat = Field(alias="start_ms")
    duration: PositiveFloat = Field(alias="duration_ms")
    stop: PositiveFloat = Field(alias="stop_ms")
    step: PositiveFloat = Field(alias="step_ms")

    @property
    def t(self) -> np.ndarray:
        """Times (ms)."""
        return np.arange(0.0, self.stop, self.step)

    @property
    def concentration(self) -> np.ndarray:
        """Concentration (nM) from each time on."""
        during = (self.t >= self.start) & (self.t < self.start + self.duration)
        return np.where(during, self.peak, self.baseline)


class Settings(Shared):
    """Those of all figures, and a pulse that shows how slow receptors are."""

    pulse: Pulse

    @property
    def all_doses(self) -> tuple[float, ...]:
        """Concentrations (nM), the first none."""
        return (0.0, *self.doses.concentrations)


@dataclass(frozen=True)
class Measured:
    """Where curves are from, and every quantity along the doses."""

    curves: Curves
    responses: Responses


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Measure dose-responses, or look them up."""
    curves = Curves(settings, sweep)
    fi, bac, dose = (curves.of(kind) for kind in ("fi", "bac", "dose"))
    control = bac[f"{settings.biophysics}/control"]
    return Measured(curves, responses_of(settings, FICurves.of(fi, settings), control, dose))


def responses_of(
    settings: Settings, fi: FICurves, bac: Arrays, dose: Mapping[str, Arrays]
) -> Responses:
    """Return every quantity along the doses, by reading of the modulator.

    The operating input is that of the cell without modulator, the same at every dose.

    Parameters
    ----------
    fi
        f-I curves, of which that of the control is taken at the currents and seeds of the doses.
    bac
        BAC firing of the control.
    dose
        Measurements of kind "dose".
    """
    at, sd, control = settings.doses, settings.threshold_sd, fi.curves["control"]
    without = {
        "rate": control["rate"][[fi.amps.index(x) for x in at.amps]],
        "noisy": control["noisy"][
            : len(at.noise_seeds), [fi.noisy_amps.index(x) for x in at.noisy_amps]
        ],
    }
    out = {}
    for name in at.modulators:
        keys = [f"{name}/{nM:g}" for nM in at.concentrations]
        steps = [without, *(dose[f"fi/{key}"] for key in keys)]
        bursts = [bac, *(dose[f"bac/{settings.biophysics}/{key}"] for key in keys)]
        figures = [figures_of(at.amps, r["rate"], fi.operating, sd) for r in steps]
        noisy = [
            [
                float(population_of(at.noisy_amps, row, sd).gain(fi.noisy_operating))
                for row in r["noisy"]
            ]
            for r in steps
        ]
        threshold = [burst_threshold(r, settings) for r in bursts]
        out[name] = {
            "gain": [f.gain for f in figures],
            "slope": [f.slope for f in figures],
            "rate": [f.rate for f in figures],
            "noisy_gain": np.mean(noisy, axis=1).tolist(),
            "noisy_gain_by_seed": np.transpose(noisy).tolist(),
            # a burst without any EPSP: as sensitive as the resolution can tell
            "apical": [1.0 / max(x, settings.bac.resolution) for x in threshold],
            "threshold_nA": threshold,
            "rest_mV": [float(r["rest"]) for r in bursts],
        }
    return out


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Judge that each quantity is an inverted U in every reading of the modulator.

    Under noise each seed has a row of its own.
    """
    assumed = [
        o["alpha2A"] * (1 - o["alpha1"])
        for o in map(modulator("noradrenaline").occupancies, settings.all_doses)
    ]
    judged = {}
    for quantity in QUANTITIES:
        by_seed = quantity == "noisy_gain"
        shapes = {
            name: inverted_u(r["noisy_gain_by_seed"] if by_seed else [r[quantity]])
            for name, r in found.responses.items()
        }
        figures: dict[str, Any] = {
            "inverted_u": {name: s.verdict == REPRODUCED for name, s in shapes.items()},
            **{name: r[quantity] for name, r in found.responses.items()},
            "if_it_were_assumed": assumed,
        }
        if by_seed:
            figures |= {f"{n}_by_seed": r["noisy_gain_by_seed"] for n, r in found.responses.items()}
        judged[f"inverted_u_of_{quantity}"] = all_of(*shapes.values()).with_figures(
            figures=rounded(figures)
        )
    return judged


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return what summary.json says."""
    occupancies = modulator("noradrenaline").occupancies
    return {
        **found.curves.summary(),
        "concentrations_nM": settings.all_doses,
        "occupancy": {f"{nM:g}": occupancies(nM) for nM in settings.all_doses},
        "responses": found.responses,
        "units": QUANTITIES,
    }


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw receptors and dose-responses."""
    noradrenaline, pulse = modulator("noradrenaline"), settings.pulse
    panels = Panels(
        doses=settings.all_doses,
        responses=found.responses,
        titles={name: text.split(" (")[0] for name, text in QUANTITIES.items()},
        modulator=noradrenaline,
        t=pulse.t,
        activations=noradrenaline.activations(pulse.t, pulse.concentration),
    )
    return {"fig4": draw(panels)}


FIGURE = Figure(
    settings=settings_of(Settings),
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
    tell=engine_lines,
)
