"""Gain and the transition from segregation to integration, with sigma = 0 as the null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure as Picture

from dendmod.papers.shine2021.fig5.claims import CLAIMS, judge
from dendmod.papers.shine2021.fig5.plot import Panels, draw
from dendmod.papers.shine2021.fig5.results import Measured, Settings, measure
from dendmod.study.figure import Figure, settings_of
from dendmod.study.summary import engine_lines

_MEASURES = ("order_parameter", "locking_within", "locking_between", "modularity")


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return what summary.json says: means and standard deviations over seeds."""
    return {
        **found.curves.summary(),
        "measures": _MEASURES,
        "sigmas": settings.network.sigmas,
        "per_unit_nA": settings.populations.per_unit,
        "networks": {
            f"gamma {gamma:g}": {
                kind: {"mean": values.mean(axis=0), "sd": values.std(axis=0, ddof=1)}
                for kind, values in (("logistic", r.logistic), ("population", r.population))
            }
            for gamma, r in found.runs.items()
        },
        "seeds": settings.network.n_seeds,
        "critical_coupling_nA_per_Hz": found.critical,
    }


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw order against gain, and critical self-couplings."""
    panels = Panels(
        sigmas=settings.network.sigmas,
        per_unit=settings.populations.per_unit,
        cases=settings.populations.cases,
        runs=found.runs,
        critical=found.critical,
    )
    return {"fig5": draw(panels)}


FIGURE = Figure(
    settings=settings_of(Settings),
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
    tell=engine_lines,
)
