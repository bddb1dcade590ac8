"""The runs of Figure 3 and S1, and what they say of the paper's claims."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dendmod.learning import claims
from dendmod.learning.provenance import fingerprint
from dendmod.learning.study import PLANE, seeds_from
from dendmod.params import wybo2022_networks as paper
from dendmod.sweep import Task, run_tasks

MAIN = ("readout", "gain_bias", "gain_xshift")
OTHERS = ("gain", "bias", "task_specific")
Arrays = dict[str, np.ndarray]
_STUDY = "dendmod.learning.study"
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
    others
        Run the modulations of Fig S1 as well.
    rounds
        Grids of each scan of learning rates; 0 takes fixed rates.
    images, plane
        Other fields of `TrainSpec`.
    """

    data: str = "digits"
    pool: int = 1
    seed: int = 1
    n_seeds: int = paper.SEEDS
    depths: tuple[int, ...] = (1, 2, 3, 4)
    widths: tuple[int, ...] = (10, 25, 50, 100)
    plane_layers: tuple[int, ...] = paper.LAYERS_2D
    transfer_layers: tuple[int, ...] = (1, 2, 3)
    splits: int = 5
    others: bool = True
    rounds: int = 3
    images: dict[str, Any] = field(default_factory=dict)
    plane: dict[str, Any] = field(default_factory=dict)

    @property
    def architectures(self) -> list[tuple[int, ...]]:
        """Hidden layers of the panels by depth and by width, each once."""
        deep = [(paper.WIDTH_BY_DEPTH,) * n for n in self.depths]
        wide = [(width,) * paper.LAYERS_BY_WIDTH for width in self.widths]
        return list(dict.fromkeys(deep + wide))


_FIXED_RATES = (3e-3, 1e-2)  # ours, for the quick version


def plan(data: str | None, seed: int, *, quick: bool, pool: int = 1) -> Plan:
    """Return the full plan, or one that takes less than two minutes on two cores."""
    name = data or "digits"
    # an epoch of at most 200 batches, as the number of samples times tasks is large there
    images = {} if data is None else {"steps": 200}
    if not quick:
        return Plan(data=name, seed=seed, pool=pool, images=images)
    return Plan(
        data=name, seed=seed, pool=pool, n_seeds=3, depths=(1, 2), widths=(10, 25, 50),
        transfer_layers=(1, 3), splits=1, others=False, rounds=0,
        images={**images, "max_epochs": 25}, plane={"max_epochs": 15, "steps": 100},
    )  # fmt: skip


def label(hidden: tuple[int, ...]) -> str:
    """Return such as "2x25"."""
    return f"{len(hidden)}x{hidden[0]}"


def run(plan: Plan, store: Path, workers: int | None = None) -> dict[str, dict[str, Arrays]]:
    """Run a plan and return, by panel ("images", "plane", "transfer"), results by key.

    Keys are such as "gain_bias 2x25", in the transfer panel "gain_bias 2x100 split 1".
    """
    seeds = seeds_from(plan.seed, plan.n_seeds)
    shared = {"seeds": seeds, "data_seed": plan.seed, "rounds": plan.rounds}
    if not plan.rounds:
        shared["rates"] = list(_FIXED_RATES)

    def supervised(panel: str, hidden: tuple[int, ...], modulation: str, **more: Any) -> Task:
        key = f"{panel} {modulation} {label(hidden)}"
        payload = {"hidden": list(hidden), "modulation": modulation, **shared, **more}
        cost = len(hidden) * hidden[0] * (5 if modulation == "task_specific" else 1) + 20.0
        return Task(key, f"{_STUDY}:supervised", payload, cost)

    images = {"data": plan.data, "pool": plan.pool, "training": plan.images}
    kinds = MAIN + (OTHERS if plan.others else ())
    tasks = [supervised("images", h, m, **images) for h in plan.architectures for m in kinds]
    wide = [(paper.WIDTH_TRANSFER,) * n for n in plan.transfer_layers]
    tasks += [
        supervised("images", h, m, **images)
        for h in wide for m in MAIN if h not in plan.architectures
    ]  # fmt: skip
    tasks += [
        supervised(
            "plane", (paper.WIDTH_2D,) * n, "gain_xshift",
            data=PLANE, training=plan.plane, keep_outputs=True,
        )
        for n in plan.plane_layers
    ]  # fmt: skip
    mark = fingerprint(plan.data)
    first = run_tasks(tasks, store, workers=workers, fingerprint=mark)
    moves = [
        Task(
            f"transfer {m} {label(h)} split {split}",
            f"{_STUDY}:transfer",
            {
                "hidden": list(h), "modulation": m, "seeds": seeds, "split": split,
                "data_seed": plan.seed, "rates": first[f"images {m} {label(h)}"]["rates"].tolist(),
                **images,
            },
            len(h),
        )
        for h in wide for m in MAIN for split in range(1, plan.splits + 1)
    ]  # fmt: skip
    found: dict[str, dict[str, Arrays]] = {"images": {}, "plane": {}, "transfer": {}}
    for key, result in (first | run_tasks(moves, store, workers=workers, fingerprint=mark)).items():
        panel, _, rest = key.partition(" ")
        found[panel][rest] = result
    return found


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
    for n in plan.transfer_layers:
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
        "digits" if plan.data == "digits" else "images": images,
        "tasks2d": plane,
        "transfer": transfers,
        "learning_rates": scans,
        "claims": claims.named(paper.CLAIMS["fig3"], verdicts(plan, found)),
    }


def verdicts(plan: Plan, found: dict[str, dict[str, Arrays]]) -> dict[str, dict[str, Any]]:
    """Judge the claims of Figure 3 that the plan ran."""
    images = {key: per_run(result) for key, result in found["images"].items()}
    plane = [per_run(found["plane"][f"gain_xshift {n}x{paper.WIDTH_2D}"]) for n in plan.plane_layers]
    names = [label(h) for h in plan.architectures]
    deep = [f"{n}x{paper.WIDTH_BY_DEPTH}" for n in sorted(plan.depths)]
    wide = [f"{paper.LAYERS_BY_WIDTH}x{w}" for w in sorted(plan.widths)]

    def pooled(modulation: str) -> np.ndarray:
        return np.mean([images[f"{modulation} {name}"] for name in names], axis=0)

    def rises(ends: list[str]) -> dict[str, Any]:
        return claims.both(*(
            claims.higher(images[f"{m} {ends[-1]}"], images[f"{m} {ends[0]}"]) for m in MAIN
        ))  # fmt: skip

    out = {
        "solves_2d": claims.higher(plane[-1], np.full(2, _SOLVED)),
        "depth_2d": claims.higher(plane[-1], plane[0]),
        "methods_alike": claims.alike(pooled("gain_bias"), pooled("readout")),
        "xshift_slightly_lower": claims.higher(pooled("gain_bias"), pooled("gain_xshift")),
        "depth": rises(deep),
        "width": rises(wide),
    }
    def against_readout(n: int) -> list[np.ndarray]:
        """Transfer of each modulation less that of a readout, a number a split."""
        key = "{} " + f"{n}x{paper.WIDTH_TRANSFER}"
        shape = (plan.splits, plan.n_seeds)
        each = {m: moved(found, key.format(m), "moved").reshape(shape).mean(axis=1) for m in MAIN}
        return [claims.paired(each[m], each["readout"]) for m in MAIN[1:]]

    shallow, deepest = min(plan.transfer_layers), max(plan.transfer_layers)
    out["transfer_one_layer"] = claims.both(
        *(claims.alike(d, within=_TRANSFER_ALIKE) for d in against_readout(shallow))
    )
    out["transfer_deep"] = claims.both(*map(claims.higher, against_readout(deepest)))
    return out
