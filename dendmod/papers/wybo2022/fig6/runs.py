"""The runs of Figures 6 and S4, and what they say of the paper's claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.learning import claims
from dendmod.learning.provenance import DEPENDS
from dendmod.papers.wybo2022.fig3.runs import spread
from dendmod.papers.wybo2022.fig3.tasks import seeds_from
from dendmod.papers.wybo2022.fig6.tasks import LAYERWISE
from dendmod.params import wybo2022_networks as paper
from dendmod.rng import stream
from dendmod.sweep import Task, run_tasks

BACKPROP = "backprop"
Arrays = dict[str, np.ndarray]
_MODULE = "dendmod.papers.wybo2022.fig6.tasks"


@dataclass(frozen=True)
class Plan:
    """What is run.

    Parameters
    ----------
    data, pool
        Images (see `data.load_data`).
    contrast
        Fields of `ContrastSpec`.
    methods
        Of `LAYERWISE`, and "backprop".
    filter_rates, gain_rates, gain_starts
        See `stacking.grow`.
    n_tasks
        Classes of the images, a task each.
    sizes, subsets
        Numbers of tasks that modulate views (Fig 6D), and random subsets of each number.
    shown
        Tasks whose hidden representations are drawn, of the first seed.
    """

    data: str = "digits"
    pool: int = 1
    seed: int = 1
    n_tasks: int = 10
    n_seeds: int = paper.SEEDS
    layers: int = paper.STACKED_LAYERS
    width: int = paper.CHANNELS
    contrast: dict[str, Any] | None = None
    methods: tuple[str, ...] = (*LAYERWISE, BACKPROP)
    filter_rates: tuple[float, ...] = paper.LEARNING_RATES
    gain_rates: tuple[float, ...] = paper.LEARNING_RATES
    gain_starts: tuple[str, ...] = paper.GAIN_STARTS
    sizes: tuple[int, ...] = (1, 2, 5)
    subsets: int = paper.SUBSETS
    shown: tuple[int, ...] = (5, 9)


# Small sets, ours: the paper's batches are larger than these sets
_DIGITS: dict[str, Any] = {
    "width": 32, "filter_rates": (0.01,), "gain_rates": (0.03,), "gain_starts": ("normal",),
    "sizes": (1, 3), "subsets": 3,
    "contrast": {
        "filter_batch": 256, "filter_epochs": 20, "gain_batch": 500, "gain_epochs": 60,
        "check_every": 5,
    },
}  # fmt: skip
_QUICK_CONTRAST = {
    "filter_batch": 256, "filter_epochs": 6, "gain_batch": 500, "gain_epochs": 20, "check_every": 5,
}  # fmt: skip
_SMALL_FILE: dict[str, Any] = {
    "width": 32, "n_seeds": 2, "filter_rates": (0.01,), "gain_rates": (0.03,),
    "gain_starts": ("normal",), "sizes": (), "subsets": 0,
    "contrast": {
        "filter_batch": 512, "filter_epochs": 12, "gain_batch": 500, "gain_epochs": 12,
        "check_every": 4,
    },
}  # fmt: skip


def plan(
    data: str | None,
    seed: int,
    *,
    quick: bool,
    side: int,
    n_tasks: int = 10,
    n_seeds: int | None = None,
) -> Plan:
    """Return the plan of the built-in digits, or the paper's for a file; `quick` for less of it.

    The paper's settings for a file need a GPU. ``quick`` takes such images at half the size.
    `side` and `n_tasks` are pixels a side and classes of the images. `n_seeds` is the number of
    stacks of each method; None takes that of the plan.
    """
    made = _plan(data, seed, quick=quick, side=side)
    made = replace(
        made,
        n_tasks=n_tasks,
        sizes=tuple(size for size in made.sizes if size < n_tasks),
        shown=tuple(task for task in made.shown if task < n_tasks),
    )
    return made if n_seeds is None else replace(made, n_seeds=n_seeds)


def _plan(data: str | None, seed: int, *, quick: bool, side: int) -> Plan:
    if data is None:
        if not quick:
            return Plan(seed=seed, **_DIGITS)
        less: dict[str, Any] = {"n_seeds": 2, "layers": 3, "sizes": (1,), "subsets": 2, "width": 16}
        return Plan(seed=seed, **{**_DIGITS, **less, "contrast": _QUICK_CONTRAST})
    if quick:
        return Plan(data=data, seed=seed, pool=2 if side >= 28 else 1, **_SMALL_FILE)
    return Plan(data=data, seed=seed)


def run(plan: Plan, store: Path, **how: Any) -> dict[str, Arrays]:
    """Run a plan and return results by key; `how` goes to `run_tasks`.

    Keys are such as "TMCL seed 1", "subset 3 2" and "backprop 4 seed 1";
    ``test`` is [layers, tasks], of a network trained end to end [tasks].
    """
    seeds = seeds_from(plan.seed, plan.n_seeds)
    shared: dict[str, Any] = {
        "data": plan.data, "pool": plan.pool, "data_seed": plan.seed,
        "contrast": plan.contrast or {}, "gain_rates": list(plan.gain_rates),
        "gain_starts": list(plan.gain_starts),
    }  # fmt: skip
    network = {"layers": plan.layers, "width": plan.width}
    tasks = []

    def add(key: str, method: str, seed: int, **more: Any) -> None:
        payload = {
            **shared, "method": method, "seed": seed, "network": network,
            "filter_rates": list(plan.filter_rates), **more,
        }  # fmt: skip
        cost = plan.layers * (1.0 if method.startswith("RP") else 2.0)
        tasks.append(Task(key, f"{_MODULE}:grow", payload, cost, DEPENDS))

    for i, seed in enumerate(seeds):
        for method in (m for m in LAYERWISE if m in plan.methods):
            shown = {"keep_hidden": list(plan.shown)} if i == 0 else {}
            add(f"{method} seed {i + 1}", method, seed, **shown)
        for depth in range(1, plan.layers + 1) if BACKPROP in plan.methods else ():
            payload = {**shared, "seed": seed, "network": {**network, "layers": depth}}
            key = f"{BACKPROP} {depth} seed {i + 1}"
            tasks.append(Task(key, f"{_MODULE}:end_to_end", payload, depth, DEPENDS))
    for size in plan.sizes:
        for i, chosen in enumerate(_subsets(plan, size)):
            add(f"subset {size} {i + 1}", "TMCL", seeds[i % len(seeds)], subset=chosen)
    return run_tasks(tasks, store, **how)


def _subsets(plan: Plan, size: int) -> list[list[int]]:
    """Return different subsets of tasks, at most as many as there are."""
    found: list[list[int]] = []
    for attempt in range(50 * plan.subsets):
        drawn = stream(plan.seed, "subset", size, attempt).permutation(plan.n_tasks)[:size]
        chosen = sorted(drawn.tolist())
        if chosen not in found and len(found) < plan.subsets:
            found.append(chosen)
    return found


def by_method(plan: Plan, found: dict[str, Arrays], what: str = "test") -> dict[str, np.ndarray]:
    """Return the accuracy over tasks of each method, shape [layers, seeds]."""
    out = {}
    numbers = range(1, plan.n_seeds + 1)
    for method in plan.methods:
        if method == BACKPROP:
            runs = [
                [found[f"{method} {depth} seed {i}"][what].mean() for i in numbers]
                for depth in range(1, plan.layers + 1)
            ]
        else:
            runs = [found[f"{method} seed {i}"][what].mean(axis=1) for i in numbers]
            runs = list(np.transpose(runs))
        out[method] = np.array(runs)
    return out


def by_subset(plan: Plan, found: dict[str, Arrays]) -> dict[int, np.ndarray]:
    """Return the accuracy of the whole stack by number of modulating tasks, one value a run."""
    out = {}
    for size in plan.sizes:
        runs = [r for key, r in found.items() if key.startswith(f"subset {size} ")]
        out[size] = np.array([run["test"][-1].mean() for run in runs])
    if "TMCL" in plan.methods:
        n_tasks = found["TMCL seed 1"]["test"].shape[1]
        out[n_tasks] = by_method(plan, found)["TMCL"][-1]
    return out


def summarise(plan: Plan, found: dict[str, Arrays]) -> dict[str, Any]:
    """Return all that is drawn, as means and standard deviations, and the paper's claims."""
    test, val = by_method(plan, found), by_method(plan, found, "val")
    return {
        "schema": "dendmod/fig6/1",
        "data": plan.data if plan.data == "digits" else Path(plan.data).stem,
        "seed": plan.seed,
        "runs": plan.n_seeds,
        "layers": plan.layers,
        "width": plan.width,
        "pool": plan.pool,
        "metric": "class-balanced accuracy averaged over tasks; chance 0.5",
        **{method: [spread(row) for row in rows] for method, rows in test.items()},
        "validation": {m: [spread(row) for row in rows] for m, rows in val.items()},
        "modulating_tasks": {str(k): spread(v) for k, v in by_subset(plan, found).items()},
        "claims": claims.named(paper.CLAIMS["fig6"], verdicts(plan, test, by_subset(plan, found))),
    }


def verdicts(
    plan: Plan, test: dict[str, np.ndarray], subsets: dict[int, np.ndarray]
) -> dict[str, dict[str, Any]]:
    """Judge the claims of Figure 6 that the plan ran; seeds are paired."""
    rise = {method: claims.paired(rows[-1], rows[0]) for method, rows in test.items()}
    out: dict[str, dict[str, Any]] = {}
    if plan.layers < 2 or "TMCL" not in rise:
        return out
    out["tmcl_rises"] = claims.higher(rise["TMCL"])
    if BACKPROP in test:
        out["backprop_envelope"] = claims.higher(
            claims.paired(test[BACKPROP][-1], test["TMCL"][-1])
        )
    if "RP" in test:
        out["rp_lower"] = claims.both(
            claims.higher(claims.paired(test["TMCL"][0], test["RP"][0])),
            claims.higher(claims.paired(rise["TMCL"], rise["RP"])),
        )
    flat = (("rp_on_top", "RP_on_TMCL"), ("cl_flat", "CL"), ("cl_within_flat", "CL_within"))
    for name, method in flat:
        if method in rise:
            out[name] = _does_not_rise(rise[method])
    if "CL" in test:
        out["modulation_helps"] = claims.higher(claims.paired(test["TMCL"][-1], test["CL"][-1]))
    if len(subsets) > 1:
        few, many = min(subsets), max(subsets)
        out["more_tasks"] = claims.higher(subsets[many], subsets[few])
    return out


def _does_not_rise(rise: Sequence[float] | np.ndarray) -> dict[str, Any]:
    """Judge that accuracy does not rise: reproduced if it falls or rises by less than `ALIKE`."""
    return claims.higher(claims.paired(np.full(len(rise), claims.ALIKE), rise))
