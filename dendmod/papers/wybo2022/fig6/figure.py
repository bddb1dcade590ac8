"""Figures 6 and S4 of Wybo et al. 2022: layers that learn by contrasts across tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Picture

from dendmod.papers.wybo2022.fig6.plot import Hidden, Panels, draw, draw_hidden
from dendmod.papers.wybo2022.fig6.settings import Settings, settings_of
from dendmod.papers.wybo2022.networks import METRIC, Spread, name_of, seeds_from, spread
from dendmod.rng import stream
from dendmod.study.claims import ALIKE, Judged, all_of, higher, paired
from dendmod.study.figure import Figure
from dendmod.sweep import Sweep, Task

_BACKPROP = "backprop"
_TASKS = "dendmod.papers.wybo2022.fig6.tasks"
_HASHES = "dendmod.learning.data:image_hashes"
_HIDDEN = {"fig6EF": ("TMCL", "CL"), "figS4": ("RP",)}  # methods of the pictures

CLAIMS = {
    "tmcl_rises": "TMCL improves with the number of layers",
    "backprop_envelope": "end-to-end backpropagation is above TMCL",
    "rp_lower": "random filters start lower and rise less",
    "rp_on_top": "random layers on a TMCL layer do not improve",
    "cl_flat": "without modulation in the contrastive phase stacking does not help",
    "cl_within_flat": "nor where both views of a sample have one task (another reading)",
    "modulation_helps": "with all layers, modulated views are better than others",
    "more_tasks": "more tasks in the contrastive phase are better",
}

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Measured:
    """What the tasks gave.

    Parameters
    ----------
    stacks
        `tasks.train_layerwise` by method, one a seed.
    end_to_end
        `tasks.end_to_end` by number of layers, one a seed.
    subsets
        `tasks.train_layerwise` of "TMCL" by number of modulating tasks, one a subset.
    """

    stacks: Mapping[str, Sequence[Arrays]]
    end_to_end: Sequence[Sequence[Arrays]]
    subsets: Mapping[int, Sequence[Arrays]]

    def by_method(self, what: str = "test") -> dict[str, np.ndarray]:
        """Return the accuracy over tasks of each method, shape [layers, seeds]."""
        out = {
            method: np.transpose([result[what].mean(axis=1) for result in results])
            for method, results in self.stacks.items()
        }
        if self.end_to_end:
            out[_BACKPROP] = np.array([[r[what].mean() for r in rs] for rs in self.end_to_end])
        return out

    def by_modulating_tasks(self) -> dict[int, np.ndarray]:
        """Return the accuracy of the whole stack by number of modulating tasks, one a run."""
        out = {
            size: np.array([result["test"][-1].mean() for result in results])
            for size, results in self.subsets.items()
        }
        if "TMCL" in self.stacks:
            out[self.stacks["TMCL"][0]["test"].shape[1]] = self.by_method()["TMCL"][-1]
        return out


def measure(settings: Settings, sweep: Sweep) -> Measured:
    """Train stacks with every method, and with subsets of the tasks."""
    seeds = seeds_from(settings.seed, settings.runs)
    network = {"layers": settings.layers, "width": settings.width}
    shared: dict[str, Any] = {
        "data": settings.data, "pool": settings.pool, "data_seed": settings.seed,
        "contrast": settings.contrast.model_dump(), "gain_rates": list(settings.gain_rates),
        "gain_starts": list(settings.gain_starts),
    }  # fmt: skip
    layerwise = [method for method in settings.methods if method != _BACKPROP]
    depths = range(1, settings.layers + 1) if _BACKPROP in settings.methods else ()
    subsets = {size: draw_subsets(settings, size) for size in settings.sizes}

    def stack(key: str, method: str, seed: int, **more: Any) -> Task:
        payload = {
            **shared, "method": method, "seed": seed, "network": network,
            "filter_rates": list(settings.filter_rates), **more,
        }  # fmt: skip
        cost = settings.layers * (1.0 if method.startswith("RP") else 2.0)
        return Task(key, f"{_TASKS}:train_layerwise", payload, cost, _HASHES)

    tasks = []
    for i, seed in enumerate(seeds):
        shown = {} if i else {"keep_hidden": list(settings.shown)}
        tasks += [stack(f"{m} seed {i + 1}", m, seed, **shown) for m in layerwise]
        for depth in depths:
            payload = {**shared, "seed": seed, "network": {**network, "layers": depth}}
            key = f"{_BACKPROP} {depth} seed {i + 1}"
            tasks.append(Task(key, f"{_TASKS}:end_to_end", payload, depth, _HASHES))
    for size, chosen in subsets.items():
        tasks += [
            stack(f"subset {size} {i + 1}", "TMCL", seeds[i % len(seeds)], subset=subset)
            for i, subset in enumerate(chosen)
        ]
    found = sweep.run(tasks)
    numbers = range(1, settings.runs + 1)
    return Measured(
        stacks={m: [found[f"{m} seed {i}"] for i in numbers] for m in layerwise},
        end_to_end=[[found[f"{_BACKPROP} {d} seed {i}"] for i in numbers] for d in depths],
        subsets={
            size: [found[f"subset {size} {i + 1}"] for i in range(len(chosen))]
            for size, chosen in subsets.items()
        },
    )


def draw_subsets(settings: Settings, size: int) -> list[list[int]]:
    """Return different random subsets of tasks, at most as many as there are."""
    found: list[list[int]] = []
    for attempt in range(50 * settings.subsets):
        rng = stream(settings.seed, "subset", size, attempt)
        chosen = sorted(rng.permutation(settings.n_tasks)[:size].tolist())
        if chosen not in found and len(found) < settings.subsets:
            found.append(chosen)
    return found


def _spreads(runs: Mapping[str, np.ndarray]) -> dict[str, list[Spread]]:
    return {method: [spread(row) for row in rows] for method, rows in runs.items()}


def summarise(settings: Settings, found: Measured) -> dict[str, Any]:
    """Return accuracies by layer and by modulating tasks, as means and standard deviations."""
    return {
        "data": name_of(settings.data),
        "seed": settings.seed,
        "runs": settings.runs,
        "layers": settings.layers,
        "width": settings.width,
        "pool": settings.pool,
        "metric": METRIC,
        **_spreads(found.by_method()),
        "validation": _spreads(found.by_method("val")),
        "modulating_tasks": {k: spread(v) for k, v in found.by_modulating_tasks().items()},
    }


def judge(settings: Settings, found: Measured) -> dict[str, Judged]:
    """Return the verdicts on the claims about methods that were run."""
    return judge_accuracies(found.by_method(), found.by_modulating_tasks())


def judge_accuracies(
    test: Mapping[str, np.ndarray], subsets: Mapping[int, np.ndarray]
) -> dict[str, Judged]:
    """Return verdicts from accuracies by method [layers, seeds] and by modulating tasks [runs].

    Seeds are paired. With one layer nothing can rise.
    """
    rise = {method: paired(rows[-1], rows[0]) for method, rows in test.items()}
    out: dict[str, Judged] = {}
    if "TMCL" not in test or len(test["TMCL"]) < 2:
        return out
    out["tmcl_rises"] = higher(rise["TMCL"])
    if _BACKPROP in test:
        out["backprop_envelope"] = higher(paired(test[_BACKPROP][-1], test["TMCL"][-1]))
    if "RP" in test:
        out["rp_lower"] = all_of(
            higher(paired(test["TMCL"][0], test["RP"][0])),
            higher(paired(rise["TMCL"], rise["RP"])),
        )
    flat = (("rp_on_top", "RP_on_TMCL"), ("cl_flat", "CL"), ("cl_within_flat", "CL_within"))
    for name, method in flat:
        if method in rise:  # it falls, or rises by less than what counts as alike
            out[name] = higher(paired(np.full(len(rise[method]), ALIKE), rise[method]))
    if "CL" in test:
        out["modulation_helps"] = higher(paired(test["TMCL"][-1], test["CL"][-1]))
    if len(subsets) > 1:
        few, many = min(subsets), max(subsets)
        out["more_tasks"] = higher(subsets[many], subsets[few])
    return out


def draw_panels(
    settings: Settings, found: Measured, summary: Mapping[str, Any]
) -> dict[str, Picture | None]:
    """Draw Figure 6 and, where umap-learn is installed, hidden representations (6E, 6F, S4)."""
    pictures: dict[str, Picture | None] = {
        "fig6": draw(
            Panels(
                validation=_spreads(found.by_method("val")),
                test=_spreads(found.by_method()),
                modulating_tasks={k: spread(v) for k, v in found.by_modulating_tasks().items()},
                layers=settings.layers,
            )
        )
    }
    for name, methods in _HIDDEN.items():
        hidden = [
            Hidden(
                method,
                classes=found.stacks[method][0]["classes"],
                of_task={t: found.stacks[method][0][f"hidden task {t}"] for t in settings.shown},
            )
            for method in methods
            if method in found.stacks and settings.shown
        ]
        pictures[name] = draw_hidden(hidden, settings.seed) if hidden else None
        if hidden and pictures[name] is None:
            print(f"{name} needs umap-learn, which is not installed: pip install 'dendmod[ml]'")
            break
    return pictures


FIGURE = Figure(
    settings=settings_of,
    measure=measure,
    summarise=summarise,
    draw=draw_panels,
    texts=CLAIMS,
    judge=judge,
)
