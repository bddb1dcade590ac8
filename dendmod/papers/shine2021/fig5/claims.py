"""The verdicts on gain and the transition from segregation to integration."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.papers.shine2021.fig5.results import UNITS, Measured, Settings
from dendmod.population import hopf_drives
from dendmod.study.claims import SAME, Judged, all_of, falls, higher, inverted_u, paired
from dendmod.study.summary import rounded

Array = npt.NDArray[np.float64]

# Networks are compared seed by seed: each seed is a network of its own, the same in every case.
CLAIMS = {
    "gain_integrates_the_network": "Higher gain moves the network from segregation to integration",
    "too_much_gain_segregates_again": "Where excitability is low, integration is an inverted U in "
    "gain",
    "the_L5_function_shows_the_transition": "With the measured function of the L5 cell in place of "
    "the logistic, the network goes from segregation to integration too",
    "cellular_modulation_moves_the_transition": "Mechanisms that raise the gain of the cell bring "
    "integration at a lower input",
}
_FASTER = ("rectifier_up", "sk_down")


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdicts; sigma = 0, where nothing is coupled, is the null."""
    gammas = settings.network.gammas
    low, high = (found.runs[gamma].logistic for gamma in (min(gammas), max(gammas)))
    null = high[:, 0, 0]
    return {
        "gain_integrates_the_network": _integrates(settings, high, null),
        "too_much_gain_segregates_again": inverted_u(low[..., 0]).with_figures(
            figures=rounded({
                "gamma": min(gammas),
                "sigma": settings.network.sigmas,
                "order_parameter": low[..., 0].mean(axis=0),
                "sd_over_seeds": low[..., 0].std(axis=0, ddof=1),
            })
        ),
        "the_L5_function_shows_the_transition": _of_the_cell(settings, found, null),
        "cellular_modulation_moves_the_transition": _moved(settings, found),
    }  # fmt: skip


def _integrates(settings: Settings, logistic: Array, null: Array) -> Judged:
    between = logistic[..., 2]
    return all_of(
        higher(paired(logistic[:, -1, 0], null), by=SAME),
        higher(paired(between[:, -1], between[:, 0]), by=SAME),
    ).with_figures(
        figures=rounded({
            "gamma": max(settings.network.gammas),
            "sigma": settings.network.sigmas,
            "order_parameter": logistic[..., 0].mean(axis=0),
            "null_sigma_0": {"mean": null.mean(), "sd": null.std(ddof=1)},
            "locking_between_modules": between.mean(axis=0),
            "modularity": logistic[..., 3].mean(axis=0),
            "hopf_gamma_I": hopf_drives(),
        })
    )  # fmt: skip


def _of_the_cell(settings: Settings, found: Measured, null: Array) -> Judged:
    """Judge that the control rises above the null, and starts below half of its way there."""
    by_case = found.order_parameter(max(settings.network.gammas))[:, 0]  # [seeds, cases, per_unit]
    control = by_case[:, 0]
    most = control[:, int(np.argmax(control.mean(axis=0)))]
    names = settings.populations.cases
    return all_of(
        higher(paired(most, null), by=SAME), higher(paired(0.5 * (most + null), control[:, 0]))
    ).with_figures(
        figures=rounded({
            "per_unit_nA": settings.populations.per_unit,
            "order_parameter": dict(zip(names, by_case.mean(axis=0), strict=True)),
        })
    )  # fmt: skip


def _moved(settings: Settings, found: Measured) -> Judged:
    """Judge that Kv3.1 and SK need less input for half of the way, by ratios of the same seeds."""
    reach: dict[float, dict[str, dict[str, list[float]]]] = {}
    ratio: dict[float, dict[str, list[float]]] = {}
    names, x = settings.populations.cases, settings.populations.per_unit
    for gamma in settings.network.gammas:
        rows = found.order_parameter(gamma)  # [seeds, units, cases, per_unit]
        reach[gamma] = {
            unit: {name: [half_way(x, row[u, c]) for row in rows] for c, name in enumerate(names)}
            for u, unit in enumerate(UNITS)
        }
        inputs = reach[gamma][UNITS[0]]
        ratio[gamma] = {
            name: [a / b for a, b in zip(inputs[name], inputs["control"], strict=True)]
            for name in names
        }
    critical: dict[str, Any] = {
        name: {"mean": float(np.mean(c)), "sd": float(np.std(c, ddof=1))}
        for name, c in found.critical.items()
    }
    return all_of(
        *(falls(by_name[name]) for by_name in ratio.values() for name in _FASTER)
    ).with_figures(
        figures=rounded({
            "half_way_nA_per_unit_by_gamma_highest_rate_and_seed": reach,
            "ratio_to_the_control_by_seed": ratio,
            "critical_coupling_nA_per_Hz": critical,
        })
    )  # fmt: skip


def half_way(x: tuple[float, ...], row: Array) -> float:
    """Return where the order parameter first reaches half of its way up; NaN if it has no way up.

    A row whose largest value is not above its first by more than what counts as the same has none.
    """
    if not row.max() > row[0] + SAME:
        return float("nan")
    target = 0.5 * (row.min() + row.max())
    k = int(np.flatnonzero(row >= target)[0])
    if k == 0:
        return float(x[0])
    part = (target - row[k - 1]) / (row[k] - row[k - 1])
    return float(np.exp(np.log(x[k - 1]) + part * np.log(x[k] / x[k - 1])))
