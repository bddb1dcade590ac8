"""Fig 7: rest and running, in the model and in recordings of it. Fig 8: matched rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendmod.clustered.decoding import latency_difference
from dendmod.papers.wyrick2021.common import (
    UNPERTURBED,
    Job,
    column,
    head,
    latency_differences,
)
from dendmod.papers.wyrick2021.study import Study, spread
from dendmod.params import wyrick2021
from dendmod.sweep import Task

NO_DATA = (
    "rest and running are states of the model: no recording of an animal was analysed, and nothing "
    "here is a result on the Allen data"
)
_FULL = {"ongoing_s": 120.0, "trials": 20, "units": 200, "shuffles": 100}
_QUICK = {"ongoing_s": 40.0, "trials": 6, "units": 150, "shuffles": 30}


def fig7(job: Job) -> dict[str, Any]:
    """Decode E-I pair stimuli at rest and with dvar(E); analyse recordings of the model."""
    study = job.study
    running = ("dvar_E", wyrick2021.RUNNING_SIZE)
    results = study.evoked([UNPERTURBED, running], stimulus="pair")
    whole, own = latency_differences(results, running)
    sessions = {name: _sessions(study, size) for name, size in (("running", running[1]),
                                                                ("null pair", 0.0))}  # fmt: skip
    table = {
        name: {
            "gain_ratio": spread([float(r["gain_ratio"]) for r in rows]),
            "rate_ratio": spread([float(r["run_rate"].mean() / r["rest_rate"].mean())
                                  for r in rows]),
            "latency_change_ms": spread([1e3 * float(r["latency_change"]) for r in rows]),
            "peak_change": spread([float(r["run"].max() - r["rest"].max()) for r in rows]),
        }
        for name, rows in sessions.items()
    }  # fmt: skip
    summary = {
        **head("fig7", study),
        "note": NO_DATA,
        "running_is": f"dvar_E {running[1]:g} (ours: the paper does not say how large)",
        "acceleration_ms": {
            "mean_curve": -1e3 * whole,
            **spread(-1e3 * own),
        },
        "latency_s": {
            "rest": spread(column(results, UNPERTURBED, "latency")),
            "running": spread(column(results, running, "latency")),
        },
        "model_recordings": table,
        "paper": {
            "acceleration_ms": {
                "mean": wyrick2021.REPORTED["running_acceleration_ms"][0],
                "sd": wyrick2021.REPORTED["running_acceleration_ms"][1],
            }
        },
    }
    from dendmod.papers.wyrick2021.plot_running import draw_fig7
    from dendmod.plotting import save, style

    curves = {
        name: np.array([r["accuracy"] for r in results[c]])
        for name, c in (("rest", UNPERTURBED), ("running", running))
    }
    with style():
        save(draw_fig7(results[UNPERTURBED][0]["t"], curves, sessions, summary), job.out, "fig7")
    return summary


def _sessions(study: Study, size: float) -> list[dict[str, np.ndarray]]:
    options = _QUICK if study.scale.ongoing < wyrick2021.ONGOING_TRIALS else _FULL
    keys, tasks = [], []
    for k, network in enumerate(study.network_seeds()):
        keys.append(f"session dvar_E {size:g} network {k}")
        payload = {"network": network, "size": size, **options}
        tasks.append(Task(keys[-1], "dendmod.papers.wyrick2021.session:session", payload))
    done = study.run_tasks(tasks)
    return [done[key] for key in keys]


def fig8(job: Job) -> dict[str, Any]:
    """Decode after spikes were removed to match rest's population counts."""
    study, size = job.study, wyrick2021.RUNNING_SIZE
    keys, tasks = [], []
    for k, network in enumerate(study.network_seeds()):
        keys.append(f"matched dvar_E {size:g} network {k}")
        payload = {"network": network, "size": size, "trials": study.scale.evoked,
                   "shuffles": study.scale.shuffles}  # fmt: skip
        tasks.append(Task(keys[-1], "dendmod.papers.wyrick2021.tasks_evoked:matched", payload))
    done = study.run_tasks(tasks)
    rows = [done[key] for key in keys]
    t = rows[0]["t"]

    def difference(name: str) -> dict[str, Any]:
        own = [latency_difference(t, r["accuracy_rest"], r[f"accuracy_{name}"]) for r in rows]
        mean = [np.mean([r[f"accuracy_{k}"] for r in rows], axis=0) for k in ("rest", name)]
        peak = [float(r[f"accuracy_{name}"].max() - r["accuracy_rest"].max()) for r in rows]
        return {
            "acceleration_ms": {
                "mean_curve": -1e3 * latency_difference(t, *mean),
                **spread(-1e3 * np.array(own)),
            },
            "peak_change": spread(peak),
        }

    summary = {
        **head("fig8", study),
        "note": NO_DATA,
        "before_matching": difference("run"),
        "after_matching": difference("matched"),
        "rate_Hz": {
            name: float(np.mean([r[f"rate_{name}"].mean() for r in rows]))
            for name in ("rest", "run", "matched")
        },
        "paper": {
            "says": "acceleration stays after matching, the change of the peak gets smaller",
        },
    }
    from dendmod.papers.wyrick2021.plot_running import draw_fig8
    from dendmod.plotting import save, style

    with style():
        save(draw_fig8(rows, summary), job.out, "fig8")
    return summary
