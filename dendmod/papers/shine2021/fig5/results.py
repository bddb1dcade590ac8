"""Runs of oscillator networks under the logistic and under functions of the L5 cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from dendmod.neuromodulation.functions import critical_coupling, population_of
from dendmod.papers.shine2021.analysis import FICurves
from dendmod.papers.shine2021.curves import Curves
from dendmod.papers.shine2021.settings import Floats, Names
from dendmod.papers.shine2021.settings import Settings as Shared
from dendmod.spec.base import Spec
from dendmod.sweep import Sweep, Task

Array = npt.NDArray[np.float64]
UNITS = ("of_the_control", "its_own")
"""Highest rate by which a population function is divided, to stand in for a logistic."""


class Network(Spec):
    """Oscillators in modules, and what is run on them."""

    n_seeds: PositiveInt
    nodes: PositiveInt
    modules: PositiveInt
    within: PositiveFloat
    between: PositiveFloat
    noise: NonNegativeFloat
    dt: PositiveFloat = Field(alias="dt_ms")
    discard: NonNegativeFloat = Field(alias="discard_s")
    duration: PositiveFloat = Field(alias="duration_s")
    gammas: Floats
    sigmas: Floats


class Populations(Spec):
    """Functions of the L5 cell in place of the logistic; the first case is the control."""

    cases: Names
    per_unit: Floats = Field(alias="per_unit_nA")


class Settings(Shared):
    """Those of all figures, and the networks."""

    network: Network
    populations: Populations


@dataclass(frozen=True)
class Runs:
    """Measures of `tasks.synchrony` at one gamma.

    Parameters
    ----------
    logistic
        Shape [seeds, sigmas, 4].
    population
        Shape [seeds, units x cases, per_unit, 4]: rates in units of the control's highest, then of
        each function's own.
    """

    logistic: Array
    population: Array


@dataclass(frozen=True)
class Measured:
    """Where f-I curves are from, networks by gamma, critical self-couplings of one mass.

    Parameters
    ----------
    critical
        By mechanism, one a noise seed (nA/Hz).
    """

    curves: Curves
    runs: Mapping[float, Runs]
    critical: Mapping[str, list[float]]

    def order_parameter(self, gamma: float) -> Array:
        """Return that of the cell's functions, shape [seeds, units, cases, per_unit]."""
        found = self.runs[gamma].population[..., 0]
        return found.reshape(len(found), len(UNITS), -1, found.shape[-1])


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Measure f-I curves, or look them up; simulate the networks."""
    curves = Curves(settings, sweep)
    fi = FICurves.of(curves.of("fi"), settings)
    critical = {
        name: [critical_coupling(population_of(fi.noisy_amps, row, fi.sd)) for row in r["noisy"]]
        for name, r in fi.curves.items()
    }
    return Measured(curves, run_networks(settings, fi, sweep), critical)


def run_networks(settings: Settings, fi: FICurves, sweep: Sweep) -> dict[float, Runs]:
    """Simulate a network a seed and gamma, and return what it does by gamma."""
    network, seeds = settings.network, range(settings.network.n_seeds)
    control = fi.population()
    common: dict[str, Any] = {
        "sigmas": list(network.sigmas),
        "functions": _functions(settings, fi),
        "per_unit": list(settings.populations.per_unit),
        "centre": control.inverse(0.5 * control.qmax),
        "network": network.model_dump(
            mode="json", by_alias=False, exclude={"n_seeds", "gammas", "sigmas"}
        ),
    }  # fmt: skip
    tasks = {
        (gamma, k): Task(
            f"network/{gamma:g}/{k}",
            "dendmod.papers.shine2021.fig5.tasks:synchrony",
            {**common, "seed": settings.seed + k, "gamma": gamma},
        )
        for gamma in network.gammas
        for k in seeds
    }
    done = sweep.run(list(tasks.values()))
    return {
        gamma: Runs(
            *(
                np.array([done[tasks[gamma, k].key][kind] for k in seeds])
                for kind in ("logistic", "population")
            )
        )
        for gamma in network.gammas
    }


def _functions(settings: Settings, fi: FICurves) -> list[dict[str, Any]]:
    """Return the population function of each case, in units of both highest rates."""
    return [
        {
            "amps": list(fi.amps),
            "rate": np.maximum.accumulate(fi.curves[name]["rate"]).tolist(),
            "qmax": fi.population("control" if unit == "of_the_control" else name).qmax,
            "sd": fi.sd,
        }
        for unit in UNITS
        for name in settings.populations.cases
    ]
