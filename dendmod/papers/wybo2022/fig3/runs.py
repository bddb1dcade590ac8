"""The runs of Figure 3 and S1, and what they say of the paper's claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.learning import claims
from dendmod.learning.provenance import DEPENDS
from dendmod.papers.wybo2022.fig3.tasks import PLANE, seeds_from
from dendmod.params import wybo2022_networks as paper
from dendmod.sweep import Task, run_tasks

MAIN = ("readout", "gain_bias", "gain_xshift")
OTHERS = ("gain", "bias", "task_specific")
WITH_IO = "gain_io"
PANELS = ("images", "others", "plane", "transfer")
Arrays = dict[str, np.ndarray]
_STUDY = "dendmod.papers.wybo2022.fig3.tasks"
_SOLVED, _TRANSFER_ALIKE = 0.95, 0.02  # balanced accuracy; ours


@dataclass(frozen=True)
class Plan:
    """What is run.

    Parameters
    ----------
    data, pool
        Images (see `study.task_sets`).
    depths, widths
        Numbers of hidden layers of 25 units, and widths of two hidden layers.
    transfer_layers
        Numbers of hidden layers of 100 units in the transfer panel.
    rounds
        Grids of each scan of learning rates; 0 takes fixed rates.
    images, plane
        Other fields of `TrainSpec`.
    io
        Fields of `NetworkSpec` from an IO file (`activation.from_io`), for one more method.
    panels
        Which of "images" (D and E), "others" (S1B), "plane" and "transfer" are run.
    together
        Train the methods of one architecture in one process: quicker where networks are small.
    """

    data: str = "digits"
    pool: int = 1
    seed: int = 1
    n_seeds: int = paper.SEEDS
    depths: tuple[int, ...] = (1, 2, 3, 4)
    widths: tuple[int, ...] = (10, 25, 50, 100)
    plane_layers: tuple[int, ...] = paper.LAYERS_2D
    transfer_layers: tuple[int, ...] = (1, 3)
    splits: int = 3
    rounds: int = 2
    images: dict[str, Any] = field(default_factory=dict)
    plane: dict[str, Any] = field(default_factory=dict)
    io: dict[str, Any] | None = None
    panels: tuple[str, ...] = PANELS
    together: bool = True

    @property
    def others(self) -> tuple[str, ...]:
        """Methods of Figure S1B that Figure 3 does not have."""
        return (OTHERS if "others" in self.panels else ()) + ((WITH_IO,) if self.io else ())

    @property
    def architectures(self) -> list[tuple[int, ...]]:
        """Hidden layers of the panels by depth and by width, each once."""
        deep = [(paper.WIDTH_BY_DEPTH,) * n for n in self.depths]
        wide = [(width,) * paper.LAYERS_BY_WIDTH for width in self.widths]
        return list(dict.fromkeys(deep + wide))


_FIXED_RATES = (3e-3, 1e-2)  # ours, for the quick version
# An epoch is every sample once a task on average: 12 steps for digits. With the patience of the
# paper, training would stop too soon: 25 or more (ours). Larger sets: 200.
_STEPS = {"digits": 25}
_STEPS_OF_FILES = 200


def plan(
    data: str | None,
    seed: int,
    *,
    quick: bool,
    pool: int = 1,
    io: dict[str, Any] | None = None,
    panels: Sequence[str] | None = None,
) -> Plan:
    """Return the full plan, or one that takes less than two minutes on two cores."""
    name = data or "digits"
    images = {"steps": _STEPS.get(name, _STEPS_OF_FILES)}
    shared: dict[str, Any] = {
        "data": name, "seed": seed, "pool": pool, "io": io, "together": name in _STEPS,
        "panels": tuple(panels or [p for p in PANELS if not (quick and p == "others")]),
    }  # fmt: skip
    if not quick:
        return Plan(**shared, images=images, plane={"steps": 100})
    return Plan(
        **shared, n_seeds=3, depths=(1, 2), widths=(10, 25, 50), transfer_layers=(1, 2), splits=1,
        rounds=0, images={**images, "max_epochs": 15},
        plane={"max_epochs": 20, "steps": 100},
    )  # fmt: skip


def label(hidden: tuple[int, ...]) -> str:
    """Return such as "2x25"."""
    return f"{len(hidden)}x{hidden[0]}"


def run(plan: Plan, store: Path, **how: Any) -> dict[str, dict[str, Arrays]]:
    """Run a plan and return, by panel ("images", "plane", "transfer"), results by key.

    `how` goes to `run_tasks`. Keys are such as "gain_bias 2x25", in the transfer panel
    "gain_bias 2x100 split 1".
    """
    seeds = seeds_from(plan.seed, plan.n_seeds)
    images = {"data": plan.data, "pool": plan.pool, "training": plan.images}
    shared = {"seeds": seeds, "data_seed": plan.seed, "rounds": plan.rounds}
    if not plan.rounds:
        shared["rates"] = list(_FIXED_RATES)

    def supervised(hidden: tuple[int, ...], method: str, **more: Any) -> dict[str, Any]:
        modulation = "gain_xshift" if method == WITH_IO else method
        network = {"network": plan.io} if method == WITH_IO else {}
        return {"hidden": list(hidden), "modulation": modulation, **shared, **network, **more}

    wide = [(paper.WIDTH_TRANSFER,) * n for n in plan.transfer_layers]
    sizes = [*(plan.architectures if "images" in plan.panels else ())]
    sizes += [h for h in wide if "transfer" in plan.panels and h not in sizes]
    wanted: list[tuple[str, tuple[str, ...], tuple[int, ...]]]
    wanted = [("images", MAIN, h) for h in sizes]
    wanted += [("others", plan.others, h) for h in plan.architectures if plan.others]
    jobs = {
        f"{name} {label(h)}": {f"{m} {label(h)}": supervised(h, m, **images) for m in methods}
        for name, methods, h in wanted
    }
    if not plan.together:
        jobs = {f"images {k}": {k: job} for bundle in jobs.values() for k, job in bundle.items()}
    if "plane" in plan.panels:
        for n in plan.plane_layers:
            h = (paper.WIDTH_2D,) * n
            key, of_plane = f"gain_xshift {label(h)}", {"data": PLANE, "training": plan.plane}
            job = supervised(h, "gain_xshift", **of_plane, keep_outputs=True)
            jobs[f"plane {key}"] = {key: job}
    tasks = [
        Task(
            name, f"{_STUDY}:together", {"jobs": bundle}, sum(map(_cost, bundle.values())), DEPENDS
        )
        for name, bundle in jobs.items()
    ]
    found: dict[str, dict[str, Arrays]] = {"images": {}, "plane": {}, "transfer": {}}
    for name, result in run_tasks(tasks, store, **how).items():
        panel = "plane" if name.startswith("plane") else "images"
        for entry, value in result.items():
            key, _, what = entry.rpartition("/")
            found[panel].setdefault(key, {})[what] = value
    if "transfer" not in plan.panels:
        return found
    moves = [
        Task(
            f"transfer {m} {label(h)} split {split}",
            f"{_STUDY}:transfer",
            {
                "hidden": list(h), "modulation": m, "seeds": seeds, "split": split, **images,
                "rates": found["images"][f"{m} {label(h)}"]["rates"].tolist(),
                "data_seed": plan.seed,
            },
            len(h), DEPENDS,
        )
        for h in wide for m in MAIN for split in range(1, plan.splits + 1)
    ]  # fmt: skip
    for key, result in run_tasks(moves, store, **how).items():
        found["transfer"][key.removeprefix("transfer ")] = result
    return found


def _cost(job: dict[str, Any]) -> float:
    """Return about how long a job takes, in any unit: what a step computes, and its overhead."""
    factor = 4.0 if job["data"] == PLANE else 1.0
    return factor * (20 + sum(job["hidden"]))


def per_run(result: Arrays, what: str = "test") -> np.ndarray:
    """Return the accuracy of each run, averaged over tasks."""
    return result[what].mean(axis=1)


def spread(values: np.ndarray) -> dict[str, float]:
    """Return the mean and the standard deviation over runs."""
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return {"mean": round(float(values.mean()), 5), "sd": round(sd, 5)}


def moved(found: dict[str, dict[str, Arrays]], key: str, what: str) -> np.ndarray:
    """Return the accuracy of each run of each split, for a key such as "gain_bias 2x100"."""
    runs = [r for k, r in found["transfer"].items() if k.startswith(f"{key} split ")]
    return np.concatenate([per_run(r, what) for r in runs])


def summarise(plan: Plan, found: dict[str, dict[str, Arrays]]) -> dict[str, Any]:
    """Return all that is drawn, as means and standard deviations, and the paper's claims."""
    images: dict[str, dict[str, Any]] = {}
    scans: dict[str, dict[str, Any]] = {}
    for key, result in found["images"].items():
        modulation, architecture = key.split()
        images.setdefault(modulation, {})[architecture] = spread(per_run(result))
        shared, task = (float(f"{rate:.3g}") for rate in result["rates"])
        scans.setdefault(modulation, {})[architecture] = {"shared": shared, "task": task}
    plane = {key.split()[1]: spread(per_run(result)) for key, result in found["plane"].items()}
    transfers: dict[str, dict[str, Any]] = {}
    for n in plan.transfer_layers if found["transfer"] else ():
        architecture = label((paper.WIDTH_TRANSFER,) * n)
        for m in MAIN:
            key = f"{m} {architecture}"
            transfers.setdefault(m, {})[architecture] = {
                "base": spread(moved(found, key, "base")),
                "transfer": spread(moved(found, key, "moved")),
                "all_tasks": images[m][architecture],
            }
    return {
        "schema": "dendmod/fig3/1",
        "data": plan.data if plan.data == "digits" else Path(plan.data).stem,
        "seed": plan.seed,
        "runs": plan.n_seeds,
        "metric": "class-balanced accuracy averaged over tasks; chance 0.5",
        "by_size": "images" in plan.panels,
        "digits" if plan.data == "digits" else "images": images,
        "tasks2d": plane,
        "transfer": transfers,
        "learning_rates": scans,
        "claims": claims.named(paper.CLAIMS["fig3"], verdicts(plan, found)),
    }


def verdicts(plan: Plan, found: dict[str, dict[str, Arrays]]) -> dict[str, dict[str, Any]]:
    """Judge the claims of Figure 3 that the plan ran."""
    out: dict[str, dict[str, Any]] = {}
    if found["plane"]:
        width = paper.WIDTH_2D
        plane = [per_run(found["plane"][f"gain_xshift {n}x{width}"]) for n in plan.plane_layers]
        out["solves_2d"] = claims.higher(plane[-1], np.full(2, _SOLVED))
        out["depth_2d"] = claims.higher(plane[-1], plane[0])
    if "images" in plan.panels:
        out |= _verdicts_on_size(plan, {k: per_run(r) for k, r in found["images"].items()})
    if found["transfer"]:
        shallow, deepest = min(plan.transfer_layers), max(plan.transfer_layers)
        alike = [claims.alike(d, within=_TRANSFER_ALIKE) for d in _margins(plan, found, shallow)]
        out["transfer_one_layer"] = claims.both(*alike)
        out["transfer_deep"] = claims.both(*map(claims.higher, _margins(plan, found, deepest)))
    return out


def _verdicts_on_size(plan: Plan, images: dict[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    names = [label(h) for h in plan.architectures]
    deep = [f"{n}x{paper.WIDTH_BY_DEPTH}" for n in sorted(plan.depths)]
    wide = [f"{paper.LAYERS_BY_WIDTH}x{w}" for w in sorted(plan.widths)]

    def pooled(modulation: str) -> np.ndarray:
        return np.mean([images[f"{modulation} {name}"] for name in names], axis=0)

    def rises(ends: list[str]) -> dict[str, Any]:
        pairs = [(images[f"{m} {ends[-1]}"], images[f"{m} {ends[0]}"]) for m in MAIN]
        return claims.both(*(claims.higher(*pair) for pair in pairs))

    return {
        "methods_alike": claims.alike(pooled("gain_bias"), pooled("readout")),
        "xshift_slightly_lower": claims.higher(pooled("gain_bias"), pooled("gain_xshift")),
        "depth": rises(deep),
        "width": rises(wide),
    }


def _margins(plan: Plan, found: dict[str, dict[str, Arrays]], layers: int) -> list[np.ndarray]:
    """Return how much better each modulation transfers than a readout, a number a split."""
    architecture = f"{layers}x{paper.WIDTH_TRANSFER}"
    shape = (plan.splits, plan.n_seeds)
    each = {
        m: moved(found, f"{m} {architecture}", "moved").reshape(shape).mean(axis=1) for m in MAIN
    }
    return [claims.paired(each[m], each["readout"]) for m in MAIN[1:]]
