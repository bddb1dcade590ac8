"""Figure S3 of Wybo et al. 2022: ``python -m dendmod.figS3 --help``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dendmod.figure import FigureOptions, run_figure, write_summary
from dendmod.protocol.provenance import versions
from dendmod.sweep import Task
from dendmod.switching.boolean import FUNCTIONS, label_free_score
from dendmod.switching.protocol import LearningProtocol, load_learning
from dendmod.switching.runs import WORKER, Cells, Results, run


def main(options: FigureOptions) -> dict[str, Any]:
    """Let networks learn Boolean functions, draw Figure S3, return its summary."""
    protocol = load_learning("figS3", quick=options.quick, changes=_changes(options))
    functions = protocol.tasks or tuple(FUNCTIONS)
    cells = Cells([protocol.settings, *protocol.variants().values()], options)
    tasks = _tasks(protocol, functions, cells, options.out / "checkpoints")
    results = run(tasks, options)
    summary = _summary(protocol, functions, results)
    _draw(options.out, protocol, functions, results, summary)
    write_summary(options.out, summary)
    return summary


def _changes(options: FigureOptions) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if options.seed is not None:
        n = len(load_learning("figS3", quick=options.quick).seeds)
        changes["seeds"] = [options.seed + i for i in range(n)]
    if options.dt is not None:
        settings = load_learning("figS3", quick=options.quick).settings
        changes["settings"] = {**settings.model_dump(), "dt": options.dt}
    return changes


def _tasks(
    protocol: LearningProtocol,
    functions: tuple[str, ...],
    cells: Cells,
    checkpoints: Path,
) -> list[Task]:
    def task(
        key: str, settings: Any, schedule: Any, k: int, seed: int, names: Any, shuffled: bool
    ) -> Task:
        payload = {
            **cells.of(settings),
            "k": k,
            "functions": list(names),
            "settings": settings.model_dump(mode="json"),
            "schedule": schedule.model_dump(mode="json"),
            "seed": seed,
            "shuffled": shuffled,
            "precision": "float32",
            "checkpoints": str(checkpoints.resolve()),
        }
        cost = schedule.samples * len(names)
        return Task(key, f"{WORKER}:learn_boolean", payload, cost=float(cost))

    tasks = [
        task(f"learned {k} {seed}", protocol.settings, protocol.schedule, k, seed, functions, False)
        for k in protocol.hidden
        for seed in protocol.seeds
    ]
    k = max(protocol.hidden)
    tasks += [
        task(f"shuffled {k} {s}", protocol.settings, protocol.schedule, k, s, functions, True)
        for s in protocol.seeds[: protocol.controls]
    ]
    study = protocol.study
    if study is not None:
        for name, settings in protocol.variants().items():
            tasks += [
                task(f"variant {name} {s}", settings, study.schedule, k, s, study.tasks, False)
                for s in study.seeds
            ]
    return tasks


def _end(result: dict[str, np.ndarray]) -> np.ndarray:
    return result["accuracy"][-1]


def _summary(
    protocol: LearningProtocol, functions: tuple[str, ...], results: Results
) -> dict[str, Any]:
    k_max = max(protocol.hidden)
    hidden, means, before = {}, {}, {}
    for k in protocol.hidden:
        end = np.array([_end(results[f"learned {k} {s}"]) for s in protocol.seeds])
        hidden[str(k)] = {name: end[:, i].tolist() for i, name in enumerate(functions)}
        means[str(k)] = {
            "mean": float(end.mean()),
            "sd_of_seeds": float(end.mean(axis=1).std(ddof=1)) if len(end) > 1 else 0.0,
            "best_of_seeds": {name: float(end[:, i].max()) for i, name in enumerate(functions)},
        }
        start = np.array([results[f"learned {k} {s}"]["accuracy"][0] for s in protocol.seeds])
        before[str(k)] = {name: start[:, i].tolist() for i, name in enumerate(functions)}
    shuffled = np.array(
        [_end(results[f"shuffled {k_max} {s}"]) for s in protocol.seeds[: protocol.controls]]
    )
    summary: dict[str, Any] = {
        "schema": "dendmod/figS3/1",
        "hidden": hidden,
        "before": before,
        "over_functions": means,
        "shuffled": {name: shuffled[:, i].tolist() for i, name in enumerate(functions)},
        "shuffled_mean": float(shuffled.mean()) if shuffled.size else None,
        "or_like_firing": {name: label_free_score(name) for name in functions},
        "chance": 0.5,
        "seeds": list(protocol.seeds),
        "samples": protocol.schedule.samples,
        "test_samples": protocol.schedule.test_samples,
        "settings": protocol.settings.model_dump(mode="json"),
        "changed": protocol.changed(),
        "versions": versions(),
    }
    if protocol.study is not None:
        summary["variants"] = protocol.study.summary(
            protocol.variants(),
            lambda name, seed, i: float(_end(results[f"variant {name} {seed}"])[i]),
        )
    return summary


def _draw(
    out: Path,
    protocol: LearningProtocol,
    functions: tuple[str, ...],
    results: Results,
    summary: dict[str, Any],
) -> None:
    from dendmod.papers.wybo2022.figS3.plot import draw
    from dendmod.plotting import save, style

    k = max(protocol.hidden)
    shown = [name for name in ("and", "xor") if name in functions]
    ends = {
        s: np.mean([_end(results[f"learned {k} {s}"])[functions.index(n)] for n in shown])
        for s in protocol.seeds
    }
    best = max(ends, key=lambda s: ends[s])
    chosen = results[f"learned {k} {best}"]
    curves = {
        str(one): [results[f"learned {one} {s}"]["accuracy"].mean(axis=1) for s in protocol.seeds]
        for one in protocol.hidden
    }
    curves["shuffled"] = [
        results[f"shuffled {k} {s}"]["accuracy"].mean(axis=1)
        for s in protocol.seeds[: protocol.controls]
    ]
    data = {
        "vectors": {
            str(one): results[f"learned {one} {protocol.seeds[0]}"]["vectors"]
            for one in protocol.hidden
        },
        "voltages": {
            name: (
                chosen["v_before"][functions.index(name)],
                chosen["v_after"][functions.index(name)],
            )
            for name in shown
        },
        "dt": protocol.settings.dt,
        "window": protocol.settings.window(),
        "samples": chosen["samples"],
        "curves": curves,
        "seed": best,
    }
    with style():
        save(draw(data, summary), out, "figS3")


if __name__ == "__main__":
    run_figure("figS3", main)
