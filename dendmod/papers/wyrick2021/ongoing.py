"""Fig 2: the network at rest, and driven inhibition. Fig 3: timescale and gain."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.figure import plain
from dendmod.papers.wyrick2021.common import (
    UNPERTURBED,
    Job,
    by_kind,
    head,
    metastable,
    ongoing_table,
    rates,
    regression,
)
from dendmod.papers.wyrick2021.study import r_squared, spread
from dendmod.papers.wyrick2021.theory import barriers
from dendmod.params import wyrick2021
from dendmod.sweep import Task

# kernel SD (ms) and threshold (spikes/s) of an active cluster; the first is used, all are reported
CLUSTER_READINGS = ((10.0, 10.0), (20.0, 10.0), (10.0, 20.0), (20.0, 20.0), (50.0, 10.0))


def fig2(job: Job) -> dict[str, Any]:
    """Run the unperturbed network and the drive onto I neurons; return the summary."""
    from scipy import stats

    study = job.study
    results = study.ongoing([UNPERTURBED], cluster=[list(c) for c in CLUSTER_READINGS])
    driven = study.ongoing([("dmean_I", float(z)) for z in study.scale.inhibition], gain=False)
    seed = study.network_seeds()[0]
    payload = {"network": seed, "seconds": 3.0}
    shown = study.run_tasks(
        [Task(f"example network {seed}", "dendmod.papers.wyrick2021.tasks:example", payload)]
    )[f"example network {seed}"]
    unperturbed = results[UNPERTURBED]
    e_rate, i_rate = rates(results, UNPERTURBED)
    per_reading = 1e3 * np.array([r["timescale"] for r in unperturbed])
    timescale = spread(per_reading[:, 0])
    z = np.array(study.scale.inhibition)
    curves = {
        k: np.array([rates(driven, ("dmean_I", float(x)))[i] for x in z])
        for i, k in enumerate("EI")
    }
    turning = z[np.argmin(curves["I"], axis=0)]
    skews = [float(stats.skew(np.log(r["rate"][:1600][r["rate"][:1600] > 0]))) for r in unperturbed]
    table = ongoing_table({UNPERTURBED: [r | {"gain": np.ones(1)} for r in unperturbed]})
    summary = {
        **head("fig2", study),
        "rates_Hz": {"E": float(e_rate.mean()), "I": float(i_rate.mean())},
        "rates_over_networks_Hz": {"E": spread(e_rate), "I": spread(i_rate)},
        "timescale_ms": {k: timescale[k] for k in ("mean", "sd", "networks")},
        "timescale_readings_ms": {
            f"kernel {a:g} ms, above {b:g} spikes/s": spread(per_reading[:, k])
            for k, (a, b) in enumerate(CLUSTER_READINGS)
        },
        "active_clusters": table[UNPERTURBED]["active_clusters"],
        "active_clusters_over_networks": table[UNPERTURBED]["over_networks"]["active_clusters"],
        "log_rate_skew": spread(skews),
        "inhibition": {
            "size": z.tolist(),
            "E_Hz": curves["E"].mean(axis=1).tolist(),
            "I_Hz": curves["I"].mean(axis=1).tolist(),
        },
        "reversal": float(z[np.argmin(curves["I"].mean(axis=1))]),
        "reversal_over_networks": spread(turning),
        "paper": {
            "timescale_ms": {
                "mean": wyrick2021.REPORTED["timescale_ms"][0],
                "sd": wyrick2021.REPORTED["timescale_ms"][1],
            },
            "reversal": wyrick2021.REPORTED["reversal"],
            "active_clusters": 3,
        },
    }
    from dendmod.papers.wyrick2021.plot_ongoing import draw_fig2
    from dendmod.plotting import save, style

    with style():
        figure = draw_fig2(
            shown, unperturbed[0]["rate"][:1600], per_reading, CLUSTER_READINGS, z, curves,
            summary["reversal"], summary["paper"],
        )  # fmt: skip
        save(figure, job.out, "fig2")
    return summary


def fig3(job: Job) -> dict[str, Any]:
    """Run all perturbations of ongoing activity, and the theory; return the summary."""
    study = job.study
    results = study.ongoing()
    table = ongoing_table(results)
    inside = [c for c in table if metastable(table[c])]
    theory, theory_readings = barriers(study), {}
    for reading in ("printed", "simulated"):
        found = theory if reading == "printed" else barriers(study, reading)
        theory_readings[reading] = r_squared(
            [v["barrier"] for v in found.values()], [v["gain"] for v in found.values()]
        )
    summary = {
        **head("fig3", study),
        "unperturbed": table[UNPERTURBED],
        "perturbations": by_kind(table),
        "r2_gain_timescale": regression(table, "gain_ratio", "timescale_ms"),
        "r2_gain_timescale_metastable": regression(table, "gain_ratio", "timescale_ms", inside),
        "metastable": {
            "rule": "mean number of active clusters over networks from 1 to half of them",
            "conditions": [f"{k} {z:+g}" for k, z in inside],
        },
        "theory": {
            "perturbations": by_kind(theory),
            "unperturbed": theory[UNPERTURBED],
            "r2_barrier_gain": theory_readings["printed"],
            "r2_barrier_gain_external_as_simulated": theory_readings["simulated"],
        },
        "paper": {
            "timescale_ms": wyrick2021.REPORTED["timescale_ms"][0],
            "r2_gain_timescale": wyrick2021.REPORTED["r2_gain_timescale"],
        },
    }
    from dendmod.papers.wyrick2021.plot_ongoing import draw_fig3
    from dendmod.plotting import save, style

    occupancy = {
        size: np.mean([r["together"] for r in results["dmean_E", size]], axis=0)
        for size in study.scale.levels["dmean_E"]
    } | {0.0: np.mean([r["together"] for r in results[UNPERTURBED]], axis=0)}
    with style():
        save(draw_fig3(table, occupancy, theory, summary), job.out, "fig3")
    return summary | {
        "occupancy_dmean_E": {f"{k:g}": plain(v) for k, v in sorted(occupancy.items())}
    }
