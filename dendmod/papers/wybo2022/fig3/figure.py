"""Figures 3 and S1 of Wybo et al. 2022: networks that switch between tasks by their gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture

from dendmod.learning.data import load_data
from dendmod.papers.wybo2022.fig3.plot import (
    Panels,
    PlaneMap,
    RateScan,
    Transferred,
    draw,
    draw_scans,
    draw_tasks,
)
from dendmod.papers.wybo2022.fig3.settings import Count, Settings, label, settings_of
from dendmod.papers.wybo2022.networks import DIGITS, METRIC, Spread, name_of, seeds_from, spread
from dendmod.params import wybo2022_networks as paper
from dendmod.study.claims import Judged, alike, all_of, higher, paired
from dendmod.study.figure import Figure
from dendmod.sweep import Sweep, Task

MAIN = ("readout", "gain_bias", "gain_xshift")
_OTHERS = ("gain", "bias", "task_specific")
_WITH_IO = "gain_io"
_TASKS = "dendmod.papers.wybo2022.fig3.tasks"
_HASHES = "dendmod.learning.data:image_hashes"
_PLANE = "tasks2d"
_SOLVED = 0.95  # balanced accuracy; ours

CLAIMS = {
    "solves_2d": "gains alone switch one network between 48 two-dimensional tasks",
    "depth_2d": "four hidden layers are more accurate on them than one",
    "methods_alike": "modulating gain and bias is as good as a task-specific readout",
    "xshift_slightly_lower": "gain with a shared x-shift is slightly below gain and bias",
    "depth": "performance rises with the number of hidden layers",
    "width": "performance rises strongly with the width of the layers",
    "transfer_one_layer": "with one hidden layer all methods transfer alike",
    "transfer_deep": "with more layers modulation transfers better than a readout",
}

Arrays = Mapping[str, np.ndarray]
_BySize = dict[str, dict[str, Spread]]  # method -> architecture -> accuracy


@dataclass(frozen=True)
class Measured:
    """What `tasks.supervised` and `tasks.transfer` gave, by method and architecture.

    Parameters
    ----------
    images, plane
        Keys are such as "gain_bias 2x25".
    transfer
        Keys are such as "gain_bias 2x100 split 1".
    """

    images: Mapping[str, Arrays]
    plane: Mapping[str, Arrays]
    transfer: Mapping[str, Arrays]

    def moved(self, key: str, what: str) -> np.ndarray:
        """Return the accuracy of each run of each split, for a key such as "gain_bias 2x100"."""
        splits = [r for k, r in self.transfer.items() if k.startswith(f"{key} split ")]
        return np.concatenate([_per_run(result, what) for result in splits])


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Train all networks; then move those of the transfer panel to new tasks."""
    tasks = [
        Task(
            name, f"{_TASKS}:supervised_several", {"trainings": bundle},
            sum(map(_cost, bundle.values())), _HASHES,
        )
        for name, bundle in _trainings(settings).items()
    ]  # fmt: skip
    found: dict[str, dict[str, dict[str, np.ndarray]]] = {"images": {}, "plane": {}}
    for name, result in sweep.run(tasks).items():
        panel = "plane" if name.startswith("plane") else "images"
        for entry, value in result.items():
            key, _, what = entry.rpartition("/")
            found[panel].setdefault(key, {})[what] = value
    moves = _moves(settings, found["images"]) if "transfer" in settings.panels else []
    moved = sweep.run(moves) if moves else {}
    return Measured(**found, transfer={k.removeprefix("transfer "): r for k, r in moved.items()})


def _trainings(settings: Settings) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the payloads of `tasks.supervised` by task and key."""
    shared: dict[str, Any] = {
        "seeds": seeds_from(settings.seed, settings.runs), "data_seed": settings.seed,
    }  # fmt: skip
    if settings.scan.rounds:
        shared["scan"] = settings.scan.model_dump()
    else:
        shared["rates"] = list(settings.rates)

    def on_images(method: str, hidden: Count) -> dict[str, Any]:
        with_io = method == _WITH_IO
        return {
            **shared, **_images(settings), "hidden": list(hidden),
            "modulation": "gain_xshift" if with_io else method,
            **({"network": settings.io} if with_io else {}),
        }  # fmt: skip

    sizes = list(settings.architectures) if "images" in settings.panels else []
    if "transfer" in settings.panels:
        sizes += [h for h in settings.transferred if h not in sizes]
    others = (_OTHERS if "others" in settings.panels else ()) + ((_WITH_IO,) if settings.io else ())
    wanted: list[tuple[str, tuple[str, ...], Count]] = [("images", MAIN, h) for h in sizes]
    wanted += [("others", others, h) for h in settings.architectures if others]
    bundles = {
        f"{name} {label(h)}": {f"{m} {label(h)}": on_images(m, h) for m in methods}
        for name, methods, h in wanted
    }
    if not settings.bundled:
        bundles = {f"images {k}": {k: one} for b in bundles.values() for k, one in b.items()}
    if "plane" in settings.panels:
        for n in settings.plane.layers:
            key = f"gain_xshift {n}x{paper.WIDTH_2D}"
            bundles[f"plane {key}"] = {key: {
                **shared, "data": _PLANE, "points": settings.plane.points,
                "hidden": [paper.WIDTH_2D] * n, "modulation": "gain_xshift", "keep_outputs": True,
                "training": settings.plane.training.model_dump(),
            }}  # fmt: skip
    return bundles


def _images(settings: Settings) -> dict[str, Any]:
    training = settings.training.model_dump()
    return {"data": settings.data, "pool": settings.pool, "training": training}


def _moves(settings: Settings, images: Mapping[str, Arrays]) -> list[Task]:
    return [
        Task(
            f"transfer {m} {label(h)} split {split}",
            f"{_TASKS}:transfer",
            {
                **_images(settings), "hidden": list(h), "modulation": m, "split": split,
                "seeds": seeds_from(settings.seed, settings.runs), "data_seed": settings.seed,
                "rates": images[f"{m} {label(h)}"]["rates"].tolist(),
                "scan": settings.transfer.scan.model_dump(),
            },
            len(h), _HASHES,
        )
        for h in settings.transferred for m in MAIN
        for split in range(1, settings.transfer.splits + 1)
    ]  # fmt: skip


def _cost(training: Mapping[str, Any]) -> float:
    """Return about how long a training takes, in any unit: what a step computes, its overhead."""
    factor = 4.0 if training["data"] == _PLANE else 1.0
    return factor * (20 + sum(training["hidden"]))


def _per_run(result: Arrays, what: str = "test") -> np.ndarray:
    """Return the accuracy of each run, averaged over tasks."""
    return result[what].mean(axis=1)


def _by_size(found: Measured) -> _BySize:
    out: _BySize = {}
    for key, result in found.images.items():
        method, architecture = key.split()
        out.setdefault(method, {})[architecture] = spread(_per_run(result))
    return out


def _transfers(settings: Settings, found: Measured) -> dict[str, dict[str, Transferred]]:
    if not found.transfer:
        return {}
    trained = _by_size(found)
    return {
        m: {
            label(h): Transferred(
                base=spread(found.moved(f"{m} {label(h)}", "base")),
                transfer=spread(found.moved(f"{m} {label(h)}", "moved")),
                all_tasks=trained[m][label(h)],
            )
            for h in settings.transferred
        }
        for m in MAIN
    }


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return accuracies by panel, as means and standard deviations, and rates of learning."""
    rates: dict[str, dict[str, Any]] = {}
    for key, result in found.images.items():
        method, architecture = key.split()
        shared, task = (float(f"{rate:.3g}") for rate in result["rates"])
        rates.setdefault(method, {})[architecture] = {"shared": shared, "task": task}
    return {
        "data": name_of(settings.data),
        "seed": settings.seed,
        "runs": settings.runs,
        "metric": METRIC,
        "by_size": "images" in settings.panels,
        "digits" if settings.data == DIGITS else "images": _by_size(found),
        "tasks2d": {key.split()[1]: spread(_per_run(r)) for key, r in found.plane.items()},
        "transfer": _transfers(settings, found),
        "learning_rates": rates,
        "pool": settings.pool,
    }


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdicts on the claims of the panels that were run."""
    out: dict[str, Judged] = {}
    if found.plane:
        width = paper.WIDTH_2D
        plane = [_per_run(found.plane[f"gain_xshift {n}x{width}"]) for n in settings.plane.layers]
        out["solves_2d"] = higher(plane[-1], np.full(2, _SOLVED))
        out["depth_2d"] = higher(plane[-1], plane[0])
    if "images" in settings.panels:
        out |= _judge_sizes(settings, {k: _per_run(r) for k, r in found.images.items()})
    if found.transfer:
        layers = settings.transfer.layers
        shallow, deep = (_margins(settings, found, n) for n in (min(layers), max(layers)))
        out["transfer_one_layer"] = all_of(*map(alike, shallow))
        out["transfer_deep"] = all_of(*map(higher, deep))
    return out


def _judge_sizes(settings: Settings, runs: Mapping[str, np.ndarray]) -> dict[str, Judged]:
    names = [label(h) for h in settings.architectures]
    deep = [f"{n}x{paper.WIDTH_BY_DEPTH}" for n in sorted(settings.depths)]
    wide = [f"{paper.LAYERS_BY_WIDTH}x{w}" for w in sorted(settings.widths)]

    def pooled(method: str) -> np.ndarray:
        return np.mean([runs[f"{method} {name}"] for name in names], axis=0)

    def larger_is_better(ends: list[str]) -> Judged:
        return all_of(*(higher(runs[f"{m} {ends[-1]}"], runs[f"{m} {ends[0]}"]) for m in MAIN))

    return {
        "methods_alike": alike(pooled("gain_bias"), pooled("readout")),
        "xshift_slightly_lower": higher(pooled("gain_bias"), pooled("gain_xshift")),
        "depth": larger_is_better(deep),
        "width": larger_is_better(wide),
    }


def _margins(settings: Settings, found: Measured, layers: int) -> list[np.ndarray]:
    """Return how much better each modulation transfers than a readout, a number a split."""
    shape = (settings.transfer.splits, settings.runs)
    each = {
        m: found.moved(f"{m} {layers}x{paper.WIDTH_TRANSFER}", "moved").reshape(shape).mean(axis=1)
        for m in MAIN
    }
    return [paired(each[m], each["readout"]) for m in MAIN[1:]]


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture | None]:
    """Draw Figure 3, all tasks on the plane (S1A) and the scans of learning rates (S1C)."""
    plane = [
        PlaneMap(int(key.split()[1].split("x")[0]), r["x"], r["says"], r["test"])
        for key, r in found.plane.items()
    ]
    scans = [
        RateScan(method, size, r["scan_rates"], r["scan_score"], r["rates"])
        for (method, size), r in ((key.split(), r) for key, r in found.images.items())
    ]
    panels = Panels(
        plane=plane,
        data=load_data(settings.data, seed=settings.seed),
        images=_by_size(found),
        by_size="images" in settings.panels,
        transfer=_transfers(settings, found),
        methods=MAIN,
    )
    return {
        "fig3": draw(panels),
        "figS1A": draw_tasks(plane) if plane else None,
        "figS1C": draw_scans(scans, MAIN) if settings.scan.rounds and scans else None,
    }


FIGURE = Figure(
    settings=settings_of,
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
)
