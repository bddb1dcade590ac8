"""Fig 4: decoding under perturbations. Fig 5: timescale and gain against latency."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.clustered.decoding import crossing_times
from dendmod.figure import plain
from dendmod.papers.wyrick2021.common import (
    UNPERTURBED,
    Job,
    by_kind,
    column,
    head,
    latency_differences,
    mean_curve,
    ongoing_table,
    regression,
)
from dendmod.papers.wyrick2021.study import Condition, Results, spread
from dendmod.params import wyrick2021


def evoked_table(results: Results) -> dict[Condition, dict[str, Any]]:
    """Return latencies and responses of every condition over networks."""
    table: dict[Condition, dict[str, Any]] = {}
    base = column(results, UNPERTURBED, "activation")
    for condition in results:
        whole, own = latency_differences(results, condition)
        activation = column(results, condition, "activation")
        table[condition] = {
            "latency_change_s": None if np.isnan(whole) else whole,
            "activation_change_s": spread(activation - base)["mean"],
            "latency_s": spread(column(results, condition, "latency"))["mean"],
            "accuracy_at_1s": float(mean_curve(results, condition)[-1]),
            "response_difference_Hz": spread(
                column(results, condition, "response_selective")
                - column(results, condition, "response_other")
            )["mean"],
            "selectivity": spread(column(results, condition, "selectivity"))["mean"],
            "over_networks": {
                "latency_change_s": spread(own),
                "activation_s": spread(activation),
                "never_active": spread(column(results, condition, "never")),
            },
        }
    return table


def fig4(job: Job) -> dict[str, Any]:
    """Run and decode evoked activity under all perturbations; return the summary."""
    study = job.study
    results = study.evoked()
    table = evoked_table(results)
    latency = spread(column(results, UNPERTURBED, "latency"))
    t, curve = results[UNPERTURBED][0]["t"], mean_curve(results, UNPERTURBED)
    count = sum(v is not None for v in latency["networks"])  # some may never be above chance
    summary = {
        **head("fig4", study),
        "latency_s": {
            "mean": latency["mean"],
            "sd": latency["sd"],
            "sem": None if latency["sd"] is None else latency["sd"] / count**0.5,
            "networks": latency["networks"],
            "windows": "stamped at their end; first of 5 in a row above 99 % of the shuffles",
        },
        "mean_curve_latency_s": {
            f"{level:.0%}": plain(crossing_times(t, curve, np.array([level * curve.max()])))[0]
            for level in wyrick2021.LATENCY_BAND
        },
        "accuracy_at_1s": table[UNPERTURBED]["accuracy_at_1s"],
        "accuracy_before_stimulus": float(curve[t <= 0].mean()),
        "perturbations": by_kind(table),
        "unperturbed": table[UNPERTURBED],
        "paper": {
            "latency_s": {
                "mean": wyrick2021.REPORTED["latency_s"][0],
                "sem": wyrick2021.REPORTED["latency_s"][1],
            },
            "accuracy_at_1s": wyrick2021.REPORTED["accuracy_at_1s"],
        },
    }
    from dendmod.papers.wyrick2021.plot_evoked import draw_fig4
    from dendmod.plotting import save, style

    curves = {c: np.array([r["accuracy"] for r in rows]) for c, rows in results.items()}
    with style():
        save(draw_fig4(t, curves, table, summary), job.out, "fig4")
    return summary


def fig5(job: Job) -> dict[str, Any]:
    """Set ongoing timescale and gain against evoked latency; return the summary."""
    study = job.study
    slow, fast = ongoing_table(study.ongoing()), evoked_table(study.evoked())
    table = {c: slow[c] | fast[c] for c in slow}
    pairs = {
        "r2_activation_latency": ("activation_change_s", "latency_change_s"),
        "r2_timescale_latency": ("timescale_ms", "latency_change_s"),
        "r2_gain_latency": ("gain_ratio", "latency_change_s"),
    }
    seven = [c for c in table if c == UNPERTURBED or c in _representative(list(table))]
    summary = {
        **head("fig5", study),
        **{name: regression(table, x, y) for name, (x, y) in pairs.items()},
        "one_level_a_perturbation": {
            "conditions": [f"{k} {z:+g}" for k, z in seven],
            **{name: regression(table, x, y, seven) for name, (x, y) in pairs.items()},
        },
        "perturbations": by_kind(
            {c: {k: v for k, v in row.items() if k in (
                "timescale_ms", "gain_ratio", "latency_change_s", "activation_change_s")}
             for c, row in table.items()}
        ),
        "paper": {
            "r2_activation_latency": wyrick2021.REPORTED["r2_activation_latency"],
            "r2_gain_latency": wyrick2021.REPORTED["r2_gain_latency"],
        },
    }  # fmt: skip
    from dendmod.papers.wyrick2021.plot_evoked import draw_fig5
    from dendmod.plotting import save, style

    with style():
        save(draw_fig5(table, summary), job.out, "fig5")
    return summary


def _representative(conditions: list[Condition]) -> list[Condition]:
    """Return for each perturbation the size nearest to +0.1 (dvar_I: +0.2)."""
    out = []
    for kind in {k for k, _ in conditions} - {UNPERTURBED[0]}:
        wanted = 0.2 if kind == "dvar_I" else 0.1
        out.append(min((c for c in conditions if c[0] == kind), key=lambda c: abs(c[1] - wanted)))
    return out
