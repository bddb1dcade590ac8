"""What measured curves come to: population functions, figures, noise, thresholds of bursts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from dendmod.neuromodulation.functions import (
    CurveFigures,
    figures_of,
    operating_input,
    population_of,
)
from dendmod.papers.shine2021.measured_file import Arrays
from dendmod.papers.shine2021.settings import Settings
from dendmod.population import Activation

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FICurves:
    """f-I curves of all mechanisms, and what follows from them.

    The operating input is that of the control, the same for all.

    Parameters
    ----------
    curves
        By name of the mechanism, with "control": ``rate`` [amps] and ``noisy``
        [seeds, noisy_amps] (Hz).
    amps, noisy_amps
        Somatic currents without noise and with it (nA).
    sd
        Spread of the thresholds of a population (nA).
    operating_part
        Part of its highest rate at which the population of the control fires.
    """

    curves: Mapping[str, Arrays]
    amps: tuple[float, ...]
    noisy_amps: tuple[float, ...]
    sd: float
    operating_part: float

    @classmethod
    def of(cls, curves: Mapping[str, Arrays], settings: Settings) -> FICurves:
        """Return curves that were measured with these settings."""
        s = settings
        return cls(curves, s.steps.amps, s.steps.noisy_amps, s.threshold_sd, s.operating_part)

    def population(self, name: str = "control", sd: float | None = None) -> Activation:
        """Return the population function without noise, also for another spread of thresholds."""
        return population_of(self.amps, self.curves[name]["rate"], self.sd if sd is None else sd)

    @cached_property
    def populations(self) -> dict[str, Activation]:
        """Population function of every mechanism."""
        return {name: self.population(name) for name in self.curves}

    @cached_property
    def operating(self) -> float:
        """Operating input without noise (nA)."""
        return operating_input(self.populations["control"], self.operating_part)

    @cached_property
    def figures(self) -> dict[str, CurveFigures]:
        """Figures of every mechanism without noise."""
        return {
            name: figures_of(self.amps, r["rate"], self.operating, self.sd)
            for name, r in self.curves.items()
        }

    def slope_ratio(self, name: str) -> float:
        """Return the slope of a mechanism over that of the control, without noise."""
        return self.figures[name].slope / self.figures["control"].slope

    @property
    def noisy_population(self) -> Activation:
        """Population function of the control under noise, averaged over its seeds."""
        return population_of(self.noisy_amps, self.curves["control"]["noisy"].mean(axis=0), self.sd)

    @cached_property
    def noisy_operating(self) -> float:
        """Operating input under noise (nA)."""
        return operating_input(self.noisy_population, self.operating_part)

    def noisy_ratios(self, name: str) -> dict[str, list[float]]:
        """Return ratios to the control under the same noise, one a seed.

        The slope, and gain and rate at the operating input under noise.
        """
        pairs = [
            [figures_of(self.noisy_amps, row, self.noisy_operating, self.sd) for row in both]
            for both in zip(
                self.curves["control"]["noisy"], self.curves[name]["noisy"], strict=True
            )
        ]
        return {
            what: [getattr(after, what) / getattr(before, what) for before, after in pairs]
            for what in ("slope", "gain", "rate")
        }

    def noise_as_spread(self) -> dict[str, Any]:
        """Compare the control's curve under noise with the quiet one averaged over thresholds.

        A distribution of potentials and one of thresholds are said to do the same (Shine et al.
        2021). The spread (nA) that fits best, and how far off it is and the quiet curve is (Hz,
        root of the mean square), for the mean over seeds and for each of them.
        """
        control, x = self.curves["control"], np.asarray(self.noisy_amps)
        quiet = np.interp(x, self.amps, control["rate"])
        found = []
        for noisy in (control["noisy"].mean(axis=0), *control["noisy"]):

            def miss(sd: float, noisy: Array = noisy) -> float:
                return float(np.sqrt(np.mean((self.population(sd=sd)(x) - noisy) ** 2)))

            best = minimize_scalar(miss, bounds=(0.005, 1.0), method="bounded")
            found.append(
                {
                    "sd_nA": float(best.x),
                    "rms_Hz": float(best.fun),
                    "quiet_rms_Hz": float(np.sqrt(np.mean((quiet - noisy) ** 2))),
                }
            )
        return {**found[0], "by_seed": found[1:]}


def burst_threshold(bac: Arrays, settings: Settings) -> float:
    """Return the EPSP (nA) that makes a burst, or the most that was tried where none did."""
    value = float(bac["threshold"])
    return settings.bac.most if np.isnan(value) else value
