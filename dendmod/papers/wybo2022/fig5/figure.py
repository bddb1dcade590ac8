"""Figure 5 of Wybo et al. 2022: ``python -m dendmod.fig5 --help``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dendmod.errors import SpecError
from dendmod.figure import FigureOptions, run_figure, write_summary
from dendmod.protocol.provenance import versions
from dendmod.sweep import Task
from dendmod.switching.images import find_data, load_images
from dendmod.switching.protocol import LearningProtocol, load_learning
from dendmod.switching.runs import DEPENDS, WORKER, Cells, Results, run
from dendmod.switching.settings import Schedule, Settings
from dendmod.switching.tasks import ClassLearning


def main(options: FigureOptions) -> dict[str, Any]:
    """Let networks learn images, draw Figure 5, return its summary."""
    protocol = load_learning("fig5", quick=options.quick, changes=_changes(options))
    data = find_data(options.data or "digits")
    source = data if data == "digits" else str(Path(data).resolve())
    images = load_images(source)
    classes = _classes(protocol.tasks, images.n_classes)
    cells = Cells([protocol.settings, *protocol.variants().values()], options)
    results = run(_tasks(protocol, classes, cells, source, options.out), options)
    summary = _summary(protocol, classes, results, images.name)
    look = _look_task(protocol, classes, cells, source, results)
    looks = run([look], options)["look"]
    _draw(options.out, protocol, looks, summary)
    write_summary(options.out, summary)
    return summary


def _changes(options: FigureOptions) -> dict[str, Any]:
    base = load_learning("fig5", quick=options.quick)
    changes: dict[str, Any] = {}
    if options.seed is not None:
        changes["seeds"] = [options.seed + i for i in range(len(base.seeds))]
    if options.matrices:
        changes["matrices"] = options.matrices
    if options.tasks is not None:
        changes["tasks"] = options.tasks
    if options.samples is not None:
        schedule = base.schedule.model_dump()
        schedule |= {"samples": options.samples, "block": min(base.schedule.block, options.samples)}
        changes["schedule"] = schedule
    if options.dt is not None:
        changes["settings"] = {**base.settings.model_dump(), "dt": options.dt}
    if changes or options.data:
        changes["study"] = None  # it is about the figure as the protocol has it
    return changes


def _classes(names: tuple[str, ...], available: int) -> tuple[int, ...]:
    wrong = [name for name in names if not (name.isdecimal() and int(name) < available)]
    if wrong:
        raise SpecError(f"tasks = {', '.join(wrong)}; allowed are classes, 0 to {available - 1}")
    return tuple(dict.fromkeys(int(name) for name in names)) or tuple(range(available))


def _tasks(
    protocol: LearningProtocol,
    classes: tuple[int, ...],
    cells: Cells,
    data: str,
    out: Path,
) -> list[Task]:
    def task(
        key: str, settings: Settings, schedule: Schedule, matrix: str, seed: int, target: int,
        **how: bool,
    ) -> Task:  # fmt: skip
        learning = ClassLearning(
            **cells.of(settings),
            matrix=matrix,
            data=data,
            k=max(protocol.hidden),
            target=target,
            settings=settings,
            schedule=schedule,
            seed=seed,
            **how,
        )
        payload = {
            "spec": learning.model_dump(mode="json"),
            "checkpoints": str((out / "checkpoints").resolve()),
        }
        key = f"{key} {matrix} {seed} {target}"
        return Task(
            key, f"{WORKER}:learn_class", payload, cost=float(schedule.samples), depends=DEPENDS
        )

    ours, schedule = protocol.settings, protocol.schedule
    tasks = [
        task("learned", ours, schedule, m, s, c)
        for m in protocol.matrices
        for s in protocol.seeds
        for c in classes
    ]
    first = protocol.matrices[0]
    # where weights stay, one block says as much as all
    short = schedule.model_copy(update={"samples": schedule.block})
    for s in protocol.seeds[: protocol.controls]:
        for c in classes:
            tasks.append(task("shuffled", ours, schedule, first, s, c, shuffled=True))
            tasks.append(task("frozen", ours, short, first, s, c, plastic=False))
    study = protocol.study
    if study is not None:
        tasks += [
            task(f"variant {name}", settings, study.schedule, first, s, int(c))
            for name, settings in protocol.variants().items()
            for s in study.seeds
            for c in study.tasks
        ]
    return tasks


def _look_task(
    protocol: LearningProtocol,
    classes: tuple[int, ...],
    cells: Cells,
    data: str,
    results: Results,
) -> Task:
    first, seed = protocol.matrices[0], protocol.seeds[0]
    weights = [results[f"learned {first} {seed} {c}"]["weights"].tolist() for c in classes]
    payload = {
        **cells.of(protocol.settings),
        "matrix": first,
        "data": data,
        "k": max(protocol.hidden),
        "classes": list(classes),
        "settings": protocol.settings.model_dump(mode="json"),
        "seed": seed,
        "weights": weights,
    }
    return Task("look", "dendmod.papers.wybo2022.fig5.tasks:look", payload, depends=DEPENDS)


def _summary(
    protocol: LearningProtocol, classes: tuple[int, ...], results: Results, data: str
) -> dict[str, Any]:
    def ends(name: str, matrix: str, seeds: tuple[int, ...], row: int = -1) -> np.ndarray:
        return np.array(
            [
                [float(results[f"{name} {matrix} {s} {c}"]["accuracy"][row]) for c in classes]
                for s in seeds
            ]
        )

    matrices = {}
    for m in protocol.matrices:
        end = ends("learned", m, protocol.seeds)
        curves = np.array(
            [[results[f"learned {m} {s} {c}"]["accuracy"] for c in classes] for s in protocol.seeds]
        )
        matrices[m] = {
            "balanced_accuracy": end.mean(axis=0).tolist(),
            "of_seeds": end.tolist(),
            "mean": float(end.mean()),
            "sd_of_seeds": float(end.mean(axis=1).std(ddof=1)) if len(end) > 1 else 0.0,
            "before": float(ends("learned", m, protocol.seeds, 0).mean()),
            "seeds": list(protocol.seeds),
            "samples": protocol.schedule.samples,
            "curve": curves.mean(axis=(0, 1)).tolist(),
        }
    first, controls = protocol.matrices[0], protocol.seeds[: protocol.controls]
    a_task = results[f"learned {first} {protocol.seeds[0]} {classes[0]}"]
    summary = {
        "schema": "dendmod/fig5/1",
        "data": data,
        "tasks": list(classes),
        "matrix": matrices,
        "curve_samples": a_task["samples"].tolist(),
        "controls": {
            "matrix": first,
            "shuffled": ends("shuffled", first, controls).tolist(),
            "plasticity_off": ends("frozen", first, controls).tolist(),
        },
        "chance": 0.5,
        "hidden": max(protocol.hidden),
        "test_samples": protocol.schedule.test_samples,
        "settings": protocol.settings.model_dump(mode="json"),
        "changed": protocol.changed(),
        "versions": versions(),
    }
    study = protocol.study
    if study is not None:
        summary["variants"] = study.summary(
            protocol.variants(),
            lambda name, seed, i: float(
                results[f"variant {name} {first} {seed} {study.tasks[i]}"]["accuracy"][-1]
            ),
        )
    return summary


def _draw(out: Path, protocol: LearningProtocol, looks: Any, summary: dict[str, Any]) -> None:
    from dendmod.papers.wybo2022.fig5.plot import draw
    from dendmod.papers.wybo2022.plot_ablation import draw_study
    from dendmod.plotting import save, style

    with style():
        save(draw(looks, summary, protocol.settings), out, "fig5")
        if "variants" in summary:
            save(draw_study(summary["variants"]), out, "fig5_study")


if __name__ == "__main__":
    options = "seed quick workers dt data matrix tasks samples scheduler timeout"
    run_figure("fig5", main, options.split())
