"""The runs of Figure 4 and S2, and what they say of the paper's claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.errors import SpecError
from dendmod.learning import claims
from dendmod.learning.data import load_data
from dendmod.learning.gains import NAMES
from dendmod.learning.matrices import KINDS
from dendmod.learning.provenance import DEPENDS
from dendmod.papers.wybo2022.fig3.runs import seeds_from, spread
from dendmod.params import wybo2022_networks as paper
from dendmod.sweep import Task, run_tasks

Arrays = dict[str, np.ndarray]
Found = dict[str, dict[str, Arrays]]
_UNIT = "dendmod.papers.wybo2022.fig4.tasks"
_FIG_4F = ("dPMD", "dSD", "dPCA", "RP")
WITH_DIFFERENCES = (("dSD", "SD"), ("dPMD", "PMD"))
RECONSTRUCTED = ("gain_xshift", "task_specific")
_RATES = {"gain_xshift": (3e-3, 1e-2), "task_specific": (3e-3, 3e-3)}  # ours
_STRONGLY = 0.02  # balanced accuracy; ours
_FEW_PIXELS = 200  # images with fewer are reconstructed by fewer units than the paper's


@dataclass(frozen=True)
class Plan:
    """What is run.

    Parameters
    ----------
    data
        "digits", or the path of an npz file.
    kinds, widths
        Matrices and numbers of units.
    search
        Other arguments of `unsupervised.searched`.
    reconstruction_width
        Hidden units of the supervised networks; fewer than pixels, or nothing is left over.
    reconstruction
        Other fields of `TrainSpec`.
    """

    data: str = "digits"
    seed: int = 1
    n_seeds: int = paper.SEEDS
    kinds: tuple[str, ...] = KINDS
    widths: tuple[int, ...] = paper.MATRIX_WIDTHS
    search: dict[str, Any] = field(default_factory=dict)
    reconstruction_width: int = paper.RECONSTRUCTION_WIDTH
    reconstruction: dict[str, Any] = field(default_factory=dict)


def plan(
    data: str | None,
    seed: int,
    *,
    quick: bool = False,
    matrices: Sequence[str] | None = None,
    n_seeds: int | None = None,
) -> Plan:
    """Return the full plan, or one that takes less than two minutes on two cores.

    Parameters
    ----------
    data
        Path of an npz file; None takes the digits.
    matrices
        Kinds; None takes all for digits, those of Fig 4F for other images.
    n_seeds
        Matrices and searches of each kind and width; None takes the paper's number of seeds.

    Raises
    ------
    SpecError
        If a kind is unknown.
    """
    kinds = KINDS if data is None and not quick else _FIG_4F
    if matrices is not None:
        kinds = tuple(dict.fromkeys(matrices))
        unknown = [name for name in kinds if name not in KINDS]
        if unknown:
            raise SpecError(f"matrices = {', '.join(unknown)}; allowed are {', '.join(KINDS)}")
    large = data is not None and _pixels(data) > _FEW_PIXELS
    shared: dict[str, Any] = {
        "data": data or "digits", "seed": seed, "kinds": kinds,
        "reconstruction_width": paper.RECONSTRUCTION_WIDTH if large else paper.MATRIX_WIDTHS[0],
    }  # fmt: skip
    # ours: short epochs of large data, as the loss falls within the first hundreds of steps
    steps = {"steps": 50}
    if quick:
        return Plan(
            **shared, n_seeds=n_seeds or 2, widths=paper.MATRIX_WIDTHS[::2],
            search={"population": 8, "generations": 3, "finalists": 2,
                    "training": {"max_epochs": 25, **(steps if large else {})}},
            reconstruction={"max_epochs": 10, "patience": 10, **(steps if large else {})},
        )  # fmt: skip
    return Plan(
        **shared, n_seeds=n_seeds or paper.SEEDS,
        search={"training": steps} if large else {},
        reconstruction={"max_epochs": 30, "patience": 30, **(steps if large else {})},
    )  # fmt: skip


def run(plan: Plan, store: Path, **how: Any) -> Found:
    """Run a plan; return results of "matrix" by kind and seed, "reconstruction" by modulation.

    `how` goes to `run_tasks`. Keys of "matrix" are such as "dPMD 25 0": kind, units, which of the
    seeds.
    """
    seeds = seeds_from(plan.seed, plan.n_seeds)
    tasks = [
        Task(
            f"matrix {kind} {k} {i}",
            f"{_UNIT}:searched",
            {"data": plan.data, "kind": kind, "k": k, "seed": seed, **plan.search},
            cost=(k + 50.0) * (2 if kind.endswith("PMD") else 1), depends=DEPENDS,
        )
        for i, seed in enumerate(seeds) for kind in plan.kinds for k in _possible(plan, kind)
    ]  # fmt: skip
    tasks += [
        Task(
            f"reconstruction {modulation}",
            f"{_UNIT}:reconstructed",
            {
                "data": plan.data, "modulation": modulation, "seeds": seeds,
                "width": plan.reconstruction_width, "rates": list(_RATES[modulation]),
                "training": plan.reconstruction,
            },
            cost=1000.0 * (3 if modulation == "task_specific" else 1), depends=DEPENDS,
        )
        for modulation in RECONSTRUCTED
    ]  # fmt: skip
    found: Found = {"matrix": {}, "reconstruction": {}}
    for key, result in run_tasks(tasks, store, **how).items():
        panel, _, name = key.partition(" ")
        found[panel][name] = result
    return found


def _possible(plan: Plan, kind: str) -> list[int]:
    """Return the widths, without those at which PCA has no more components."""
    if kind not in ("PCA", "dPCA"):
        return list(plan.widths)
    return [k for k in plan.widths if k <= _pixels(plan.data)]


@cache
def _pixels(data: str) -> int:
    return int(np.prod(load_data(data).shape))


def of(found: dict[str, Arrays], kind: str, k: int) -> list[Arrays]:
    """Return the results of each seed."""
    return [result for key, result in found.items() if key.split()[:2] == [kind, str(k)]]


def accuracy(found: dict[str, Arrays], kind: str, k: int) -> np.ndarray:
    """Return the test accuracy of each seed, averaged over tasks; empty where it was not run."""
    return np.array([result["test"].mean() for result in of(found, kind, k)])


def _validated(found: dict[str, Arrays], kind: str, k: int) -> float:
    """Return the validation accuracy of the settings that were chosen, the mean over seeds."""
    return float(np.mean([result["val"].max() for result in of(found, kind, k)]))


def summarise(plan: Plan, found: Found) -> dict[str, Any]:
    """Return all that is drawn, as means and standard deviations, and the paper's claims."""
    matrix: dict[str, dict[str, Any]] = {}
    chosen: dict[str, dict[str, Any]] = {}
    for kind in plan.kinds:
        for k in _possible(plan, kind):
            values = accuracy(found["matrix"], kind, k)
            matrix.setdefault(kind, {})[str(k)] = spread(values)
            settings = np.array([result["chosen"] for result in of(found["matrix"], kind, k)])
            chosen.setdefault(kind, {})[str(k)] = {
                name: spread(column) for name, column in zip(NAMES, settings.T, strict=True)
            }
    return {
        "schema": "dendmod/fig4/1",
        "data": plan.data if plan.data == "digits" else Path(plan.data).stem,
        "seed": plan.seed,
        "searches": plan.n_seeds,
        "metric": "class-balanced test accuracy averaged over tasks; chance 0.5",
        "matrix": matrix,
        "settings": chosen,
        "reconstruction": {
            "units": plan.reconstruction_width,
            **{m: _reconstruction(r) for m, r in found["reconstruction"].items()},
        },
        "claims": claims.named(paper.CLAIMS["fig4"], verdicts(plan, found)),
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


def verdicts(plan: Plan, found: Found) -> dict[str, dict[str, Any]]:
    """Judge the claims of Figure 4 that the plan ran."""
    runs = {
        kind: {k: accuracy(found["matrix"], kind, k) for k in _possible(plan, kind)}
        for kind in plan.kinds
    }
    out: dict[str, dict[str, Any]] = {}
    others = [kind for kind in runs if kind != "dPMD"]
    if "dPMD" in runs and others:
        out["dpmd_best"] = claims.both(*(
            claims.higher(runs["dPMD"][k], runs[kind][k])
            for k in plan.widths for kind in others if k in runs[kind]
        ))  # fmt: skip
    if len(runs.get("RP", {})) > 1:
        rp = runs["RP"]
        out["rp_rises"] = claims.higher(rp[max(rp)], rp[min(rp)], by=_STRONGLY)
    # it falls from k = 100 on: the last width is below the best before it, which validation chooses
    pca = runs.get("dPCA", {})
    if len(pca) > 1 and max(pca) >= paper.DPCA_FALLS_FROM:
        before = max(
            (k for k in pca if k < max(pca)), key=lambda k: _validated(found["matrix"], "dPCA", k)
        )
        out["dpca_saturates"] = claims.higher(pca[before], pca[max(pca)])
    pairs = [(d, s) for d, s in WITH_DIFFERENCES if d in runs and s in runs]
    if len(pairs) == len(WITH_DIFFERENCES):
        out["differences_help"] = claims.both(*(
            claims.higher(_mean(runs[d]), _mean(runs[s])) for d, s in pairs
        ))  # fmt: skip
    return out | _of_reconstruction(found["reconstruction"])


def _mean(by_width: dict[int, np.ndarray]) -> np.ndarray:
    """Return the mean over widths of each seed."""
    return np.mean(list(by_width.values()), axis=0)


def _of_reconstruction(found: dict[str, Arrays]) -> dict[str, dict[str, Any]]:
    shared, specific = (found[m] for m in RECONSTRUCTED)
    falls = [
        claims.higher(claims.paired(r["residual"][0], r["residual"][-1])) for r in found.values()
    ]
    distance = [np.abs(r["residual"][-1] - r["dPMD"]) for r in (specific, shared)]
    return {
        "reconstruction_falls": claims.both(*falls),
        "reconstruction_shared": claims.higher(claims.paired(*distance)),
    }
