"""Gain and the transition from segregation to integration, with sigma = 0 as the null."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.figure import FigureOptions
from dendmod.neuromodulation.functions import critical_coupling, population_of
from dendmod.papers.shine2021.claims import Claim, all_fall, verdict
from dendmod.papers.shine2021.common import AMPS, NOISY_AMPS, curves_of, finish, measured, seed_of
from dendmod.papers.shine2021.measured import Arrays
from dendmod.params.neuromodulators import PER_UNIT, SAME, THRESHOLD_SD
from dendmod.params.shine2021 import OSCILLATOR_EXPERIMENT
from dendmod.population import hopf_drives
from dendmod.sweep import Task, run_tasks

CASES = ("control", "depolarised", "rectifier_up", "sk_down", "hcn_closed_held")
UNITS = ("of_the_control", "its_own")
"""Highest rate by which a population function is divided, to stand in for a logistic."""
MEASURES = ("order_parameter", "locking_within", "locking_between", "modularity")
QUICK_SEEDS, QUICK_DURATION = 3, 5.0


def main(options: FigureOptions) -> dict[str, Any]:
    """Measure or look up, simulate networks, judge and draw."""
    from dendmod.papers.shine2021.plots.transition import draw_transition
    from dendmod.plotting import save, style

    curves, seed = curves_of(options), seed_of(options)
    fi = measured(curves, "fi", seed)
    runs = networks(options, fi, seed)
    critical = {
        name: [critical_coupling(population_of(NOISY_AMPS, row)) for row in r["noisy"]]
        for name, r in fi.items()
    }
    claims = judge(runs, fi, critical)
    e = OSCILLATOR_EXPERIMENT
    with style():
        save(draw_transition(e.sigmas, PER_UNIT, CASES, runs, critical), options.out, "fig5")
    return finish(
        options, "fig5", claims, curves,
        measures=MEASURES,
        sigmas=list(e.sigmas),
        per_unit_nA=list(PER_UNIT),
        networks={
            f"gamma {gamma:g}": {
                kind: {"mean": np.mean(r[kind], axis=0).tolist(),
                       "sd": np.std(r[kind], axis=0, ddof=1).tolist()}
                for kind in ("logistic", "population")
            }
            for gamma, r in runs.items()
        },
        seeds=len(next(iter(runs.values()))["logistic"]),
        critical_coupling_nA_per_Hz=critical,
    )  # fmt: skip


def networks(
    options: FigureOptions, fi: dict[str, Arrays], seed: int
) -> dict[float, dict[str, np.ndarray]]:
    """Return measures by gamma: ``logistic`` [seeds, sigmas, 4], ``population`` [seeds, ...]."""
    e = OSCILLATOR_EXPERIMENT
    control = population_of(AMPS, fi["control"]["rate"])
    functions = []
    for unit in UNITS:
        for name in CASES:
            q = population_of(AMPS, fi[name]["rate"])
            functions.append(
                {
                    "amps": list(AMPS),
                    "rate": np.maximum.accumulate(fi[name]["rate"]).tolist(),
                    "qmax": (control if unit == "of_the_control" else q).qmax,
                    "sd": THRESHOLD_SD,
                }
            )
    number = QUICK_SEEDS if options.quick else len(e.seeds)
    tasks = {
        (gamma, k): Task(
            f"network/{gamma:g}/{k}",
            "dendmod.papers.shine2021.network:synchrony",
            {
                "seed": seed + k,
                "gamma": gamma,
                "sigmas": list(e.sigmas),
                "functions": functions,
                "per_unit": list(PER_UNIT),
                "centre": control.inverse(0.5 * control.qmax),
                "duration": QUICK_DURATION if options.quick else e.duration,
                "discard": e.discard,
            },
        )
        for gamma in e.gammas
        for k in range(number)
    }
    done = run_tasks(
        list(tasks.values()), options.out / "store",
        **options.sweep(),
    )  # fmt: skip
    return {
        gamma: {
            kind: np.array([done[tasks[gamma, k].key][kind] for k in range(number)])
            for kind in ("logistic", "population")
        }
        for gamma in e.gammas
    }


def judge(
    runs: dict[float, dict[str, np.ndarray]],
    fi: dict[str, Arrays],
    critical: dict[str, list[float]],
) -> dict[str, Claim]:
    """Return the verdicts on gain and the network."""
    e = OSCILLATOR_EXPERIMENT
    low, high = min(e.gammas), max(e.gammas)
    r = {gamma: runs[gamma]["logistic"][..., 0].mean(axis=0) for gamma in e.gammas}
    between = runs[high]["logistic"][..., 2].mean(axis=0)
    null = runs[high]["logistic"][:, 0, 0]
    null_sd = float(null.std(ddof=1))
    drives = hopf_drives()
    each = {  # [seeds, units, cases, per_unit]
        gamma: (found := runs[gamma]["population"][..., 0]).reshape(
            len(found), len(UNITS), len(CASES), -1
        )
        for gamma in e.gammas
    }
    population = each[high].mean(axis=0)[0]  # [cases, per_unit]
    reach = {
        gamma: {
            unit: {
                case: [_half(PER_UNIT, seed[u, c]) for seed in rows] for c, case in enumerate(CASES)
            }
            for u, unit in enumerate(UNITS)
        }
        for gamma, rows in each.items()
    }
    ratio = {
        gamma: {
            name: _ratios(by_unit[UNITS[0]][name], by_unit[UNITS[0]]["control"]) for name in CASES
        }
        for gamma, by_unit in reach.items()
    }
    faster = ("rectifier_up", "sk_down")
    peak = int(np.argmax(r[low]))
    seeds = runs[low]["logistic"][..., 0]
    return {
        "gain_integrates_the_network": Claim(
            "Higher gain moves the network from segregation to integration",
            verdict(
                bool(r[high][-1] > null.max() + 3 * null_sd + SAME),
                bool(between[-1] > between[0] + SAME),
            ),
            {
                "gamma": high,
                "sigma": list(e.sigmas),
                "order_parameter": r[high].tolist(),
                "null_sigma_0": {"mean": float(null.mean()), "sd": null_sd},
                "locking_between_modules": between.tolist(),
                "modularity": runs[high]["logistic"][..., 3].mean(axis=0).tolist(),
                "hopf_gamma_I": list(drives),
            },
        ),
        "too_much_gain_segregates_again": Claim(
            "Where excitability is low, integration is an inverted U in gain",
            verdict(
                0 < peak < len(e.sigmas) - 1
                and bool(r[low][-1] < (1 - SAME) * r[low][peak])
                and bool((seeds[:, -1] < seeds[:, peak]).all())
            ),
            {
                "gamma": low,
                "sigma": list(e.sigmas),
                "order_parameter": r[low].tolist(),
                "sd_over_seeds": seeds.std(axis=0, ddof=1).tolist(),
            },
        ),
        "the_L5_function_shows_the_transition": Claim(
            "With the measured function of the L5 cell in place of the logistic, the network goes "
            "from segregation to integration too",
            verdict(
                bool(population[0].max() > null.mean() + 3 * null_sd + SAME),
                bool(population[0][0] < 0.5 * (population[0].max() + null.mean())),
            ),
            {
                "per_unit_nA": list(PER_UNIT),
                "order_parameter": dict(zip(CASES, population.tolist(), strict=True)),
            },
        ),
        "cellular_modulation_moves_the_transition": Claim(
            "Mechanisms that raise the gain of the cell bring integration at a lower input",
            verdict(*(all_fall(by_case[name]) for by_case in ratio.values() for name in faster)),
            {
                "half_way_nA_per_unit_by_gamma_highest_rate_and_seed": reach,
                "ratio_to_the_control_by_seed": ratio,
                "critical_coupling_nA_per_Hz": {
                    name: {"mean": float(np.mean(c)), "sd": float(np.std(c, ddof=1))}
                    for name, c in critical.items()
                },
            },
        ),
    }


def _ratios(values: list[float], control: list[float]) -> list[float]:
    return [a / b for a, b in zip(values, control, strict=True)]


def _half(x: tuple[float, ...], row: np.ndarray) -> float:
    """Return where the order parameter first reaches half of its way up; NaN if it has no way up.

    A row whose largest value is not above its first by more than what counts as the same has none.
    """
    if not row.max() > row[0] + SAME:
        return float("nan")
    target = 0.5 * (row.min() + row.max())
    above = np.flatnonzero(row >= target)
    k = int(above[0])
    if k == 0:
        return float(x[0])
    part = (target - row[k - 1]) / (row[k] - row[k - 1])
    return float(np.exp(np.log(x[k - 1]) + part * np.log(x[k] / x[k - 1])))
