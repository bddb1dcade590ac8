"""Figures 4 and S2 of Wybo et al. 2022: which weights, made without tasks, serve tasks well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture

from dendmod.papers.wybo2022.fig4.plot import (
    MATRICES,
    Curves,
    Panels,
    Searches,
    Vectors,
    draw,
    draw_search,
    draw_vectors,
)
from dendmod.papers.wybo2022.fig4.settings import Ranges, Settings, settings_of
from dendmod.papers.wybo2022.networks import Spread, name_of, seeds_from, spread
from dendmod.params import wybo2022_networks as paper
from dendmod.study.claims import Judged, all_of, higher, paired
from dendmod.study.figure import Figure
from dendmod.sweep import Sweep, Task

_TASKS = "dendmod.papers.wybo2022.fig4.tasks"
_HASHES = "dendmod.learning.data:image_hashes"
_WITH_DIFFERENCES = (("dSD", "SD"), ("dPMD", "PMD"))
_SHARED, _SPECIFIC = "gain_xshift", "task_specific"
_STRONGLY = 0.02  # balanced accuracy by which something improves "strongly"; ours

CLAIMS = {
    "dpmd_best": "dPMD is best at every k",
    "rp_rises": "random projections improve strongly with k",
    "dpca_saturates": "dPCA is good at small k and falls from k = 100 on",
    "differences_help": "matrices of differences beat those of samples for SD and PMD",
    "reconstruction_falls": "supervised training reduces the reconstruction loss",
    "reconstruction_shared": "shared weights end nearer to dPMD than task-specific ones",
}

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Measured:
    """What `tasks.searched` gave for each kind, number of units and seed, and
    `tasks.reconstructed` for each modulation."""

    searches: Mapping[tuple[str, int], list[Arrays]]
    reconstruction: Mapping[str, Arrays]

    def accuracy(self, kind: str, k: int) -> np.ndarray:
        """Return the test accuracy of each seed, averaged over tasks."""
        return np.array([result["test"].mean() for result in self.searches[kind, k]])

    def validated(self, kind: str, k: int) -> float:
        """Return the validation accuracy of the settings that were chosen, the mean over seeds."""
        return float(np.mean([result["val"].max() for result in self.searches[kind, k]]))


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Search on all matrices, and train networks whose weights may reconstruct differences."""
    seeds = seeds_from(settings.seed, settings.runs)
    wanted = [(kind, k) for kind in settings.matrices for k in settings.possible(kind)]
    how = settings.search.model_dump()
    tasks = [
        Task(
            f"matrix {kind} {k} {i}",
            f"{_TASKS}:searched",
            {"data": settings.data, "kind": kind, "k": k, "seed": seed, **how},
            cost=(k + 50.0) * (2 if kind.endswith("PMD") else 1),
            depends=_HASHES,
        )
        for i, seed in enumerate(seeds)
        for kind, k in wanted
    ]
    of_weights = settings.reconstruction
    tasks += [
        Task(
            f"reconstruction {modulation}",
            f"{_TASKS}:reconstructed",
            {
                "data": settings.data, "modulation": modulation, "seeds": seeds,
                "width": of_weights.units, "tasks": of_weights.tasks,
                "rates": list(of_weights.rates[modulation]),
                "training": of_weights.training.model_dump(),
            },
            cost=1000.0 * (3 if modulation == _SPECIFIC else 1),
            depends=_HASHES,
        )
        for modulation in (_SHARED, _SPECIFIC)
    ]  # fmt: skip
    found = sweep.run(tasks)
    return Measured(
        searches={
            (kind, k): [found[f"matrix {kind} {k} {i}"] for i in range(len(seeds))]
            for kind, k in wanted
        },
        reconstruction={m: found[f"reconstruction {m}"] for m in (_SHARED, _SPECIFIC)},
    )


def _by_width(found: Measured) -> dict[str, dict[int, Spread]]:
    out: dict[str, dict[int, Spread]] = {}
    for kind, k in found.searches:
        out.setdefault(kind, {})[k] = spread(found.accuracy(kind, k))
    return out


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return accuracies, chosen settings and residuals, as means and standard deviations."""
    chosen: dict[str, dict[int, Any]] = {}
    for (kind, k), results in found.searches.items():
        columns = np.array([result["chosen"] for result in results]).T
        chosen.setdefault(kind, {})[k] = {
            name: spread(column) for name, column in zip(Ranges.model_fields, columns, strict=True)
        }
    return {
        "data": name_of(settings.data),
        "seed": settings.seed,
        "searches": settings.runs,
        "metric": "class-balanced test accuracy averaged over tasks; chance 0.5",
        "matrix": _by_width(found),
        "settings": chosen,
        "reconstruction": {
            "units": settings.reconstruction.units,
            **{m: _reconstruction(r) for m, r in found.reconstruction.items()},
        },
    }


def _reconstruction(result: Arrays) -> dict[str, Any]:
    return {
        "residual_by_epoch": [round(float(v), 5) for v in result["residual"].mean(axis=1)],
        "first": spread(result["residual"][0]),
        "last": spread(result["residual"][-1]),
        "test": spread(result["test"].mean(axis=1)),
        "dPMD": spread(result["dPMD"]),
        "RP": spread(result["RP"]),
    }


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdicts on the claims about matrices that were run, and on reconstruction."""
    runs: dict[str, dict[int, np.ndarray]] = {}
    for kind, k in found.searches:
        runs.setdefault(kind, {})[k] = found.accuracy(kind, k)
    out: dict[str, Judged] = {}
    others = [kind for kind in runs if kind != "dPMD"]
    if "dPMD" in runs and others:
        out["dpmd_best"] = all_of(*(
            higher(runs["dPMD"][k], runs[kind][k])
            for k in settings.widths for kind in others if k in runs[kind]
        ))  # fmt: skip
    if len(runs.get("RP", {})) > 1:
        rp = runs["RP"]
        out["rp_rises"] = higher(rp[max(rp)], rp[min(rp)], by=_STRONGLY)
    # it falls from k = 100 on: the last width is below the best before it, which validation chooses
    pca = runs.get("dPCA", {})
    if len(pca) > 1 and max(pca) >= paper.DPCA_FALLS_FROM:
        before = max((k for k in pca if k < max(pca)), key=lambda k: found.validated("dPCA", k))
        out["dpca_saturates"] = higher(pca[before], pca[max(pca)])
    pairs = [(d, s) for d, s in _WITH_DIFFERENCES if d in runs and s in runs]
    if len(pairs) == len(_WITH_DIFFERENCES):
        out["differences_help"] = all_of(
            *(higher(_mean(runs[d]), _mean(runs[s])) for d, s in pairs)
        )
    return out | judge_reconstruction(found.reconstruction)


def _mean(by_width: Mapping[int, np.ndarray]) -> np.ndarray:
    """Return the mean over widths of each seed."""
    return np.mean(list(by_width.values()), axis=0)


def judge_reconstruction(found: Mapping[str, Arrays]) -> dict[str, Judged]:
    """Return the verdicts on what is left over of differences; runs are paired."""
    falls = [higher(paired(r["residual"][0], r["residual"][-1])) for r in found.values()]
    distance = [np.abs(found[m]["residual"][-1] - found[m]["dPMD"]) for m in (_SPECIFIC, _SHARED)]
    return {
        "reconstruction_falls": all_of(*falls),
        "reconstruction_shared": higher(paired(*distance)),
    }


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture]:
    """Draw Figure 4, weight vectors (S2A) and what searches for one matrix tried (S2C)."""
    shared = found.reconstruction[_SHARED]
    panels = Panels(
        title=f"{name_of(settings.data)}: mean and SD of {settings.runs} searches",
        matrix=_by_width(found),
        units=settings.reconstruction.units,
        curves={
            m: Curves(loss=r["loss"], val=r["val"], residual=r["residual"])
            for m, r in found.reconstruction.items()
        },
        residual_of_matrices={kind: float(shared[kind].mean()) for kind in ("dPMD", "RP")},
    )
    largest = [
        (kind, max(settings.possible(kind)))
        for kind in MATRICES
        if kind in settings.matrices and settings.possible(kind)
    ]
    vectors = [Vectors(kind, k, found.searches[kind, k][0]["shown"]) for kind, k in largest]
    kind, k = largest[0]
    searches = Searches(
        kind, k, names=tuple(Ranges.model_fields),
        settings=np.stack([result["settings"] for result in found.searches[kind, k]]),
        score=np.stack([result["score"] for result in found.searches[kind, k]]),
    )  # fmt: skip
    return {
        "fig4": draw(panels), "figS2A": draw_vectors(vectors), "figS2C": draw_search(searches),
    }  # fmt: skip


FIGURE = Figure(
    settings=settings_of,
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
)
