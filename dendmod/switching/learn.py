"""Train a network on many tasks, over cores or a cluster, into one model file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, get_args

import numpy as np
from tqdm import tqdm

from dendmod.errors import SpecError, did_you_mean
from dendmod.learning.matrices import Kind
from dendmod.network import NetworkSpec
from dendmod.sweep import Task, run_tasks
from dendmod.switching.images import find_data, load_images
from dendmod.switching.model import TrainedModel, write_model
from dendmod.switching.runs import DEPENDS
from dendmod.switching.settings import Schedule, Settings
from dendmod.switching.tasks import ClassLearning

_WORKER = "dendmod.switching.tasks"


def train_images(
    out: Path,
    *,
    data: str,
    matrix: str,
    classes: tuple[int, ...],
    k: int,
    settings: Settings,
    schedule: Schedule,
    seed: int,
    shuffled: bool = False,
    workers: int = 1,
    scheduler: str | None = None,
    progress: bool = True,
) -> TrainedModel:
    """Train, or go on where an earlier call was stopped, and write the model.

    Checkpoints lie in a folder beside `out` until the model is written.

    Parameters
    ----------
    out
        File of the model.
    data
        "digits", "emnist47" or an npz file.
    classes
        A task each; empty takes all.
    workers
        1 trains in this process, with a bar over samples; more spread the tasks over processes.
    scheduler
        Address of a Dask scheduler that spreads the tasks over a cluster.

    Raises
    ------
    SpecError
        If data, matrix or classes are not there.
    """
    images = load_images(data, 1)
    classes = tuple(dict.fromkeys(classes)) or tuple(range(images.n_classes))
    wrong = sorted(set(classes) - set(range(images.n_classes)))
    if wrong:
        raise SpecError(f"classes {wrong} are not in {data}; it has 0 to {images.n_classes - 1}")
    if matrix not in get_args(Kind):
        raise SpecError(f"matrix = {matrix!r}." + did_you_mean(matrix, get_args(Kind)))
    folder = out.with_name(out.name + ".checkpoints")
    common = {
        "matrix": matrix,
        "data": str(Path(find_data(data)).resolve()) if data != "digits" else data,
        "k": k,
        "settings": settings.model_dump(mode="json"),
        "schedule": schedule.model_dump(mode="json"),
        "seed": seed,
        "shuffled": shuffled,
        "plastic": True,
        "precision": "float32",
    }
    made = _cells(settings, folder)
    if workers == 1 and scheduler is None:
        learned = _here(common | made, classes, folder, progress)
    else:
        tasks = [
            Task(
                f"class {c}",
                f"{_WORKER}:learn_class",
                {
                    "spec": {**common, **made, "target": c},
                    "checkpoints": str(folder.resolve()),
                },
                cost=float(schedule.samples),
                depends=DEPENDS,
            )
            for c in classes
        ]
        done = run_tasks(
            tasks, folder, workers=workers, progress=progress, scheduler=scheduler,
        )  # fmt: skip
        learned = [done[t.key] for t in tasks]
    model = _assemble(learned, classes, settings, common)
    write_model(model, out)
    shutil.rmtree(folder, ignore_errors=True)
    return model


def _cells(settings: Settings, folder: Path) -> dict[str, str]:
    """Return the two cells; they are reduced once and kept beside the checkpoints."""
    payload = {"name": settings.cell, "biophysics": settings.biophysics}
    task = Task("cells", f"{_WORKER}:make_cells", payload, depends=DEPENDS)
    found = run_tasks([task], folder, progress=False)["cells"]
    return {name: str(text) for name, text in found.items()}


def _here(
    payload: dict[str, Any], classes: tuple[int, ...], folder: Path, progress: bool
) -> list[dict[str, np.ndarray]]:
    samples, block = payload["schedule"]["samples"], payload["schedule"]["block"]
    learned = []
    with tqdm(
        total=len(classes) * samples,
        disable=not progress,
        unit="sample",
        bar_format="{desc}{percentage:3.0f}% |{bar}| {n:.0f} of {total:.0f} samples, "
        "{elapsed} < {remaining}",
    ) as bar:
        for i, c in enumerate(classes):
            training = ClassLearning.model_validate({**payload, "target": c}).training()
            bar.set_description(f"class {c}")

            def show(done: int, _: int, i: int = i) -> None:
                bar.update(i * samples + min(done * block, samples) - bar.n)

            result = training.run(folder / f"{training.digest()[:24]}.npz", show)
            learned.append({
                "samples": result.samples,
                "accuracy": result.accuracy[:, 0],
                "weights": result.weights,
                "network": np.array(training.network.model_dump_json()),
            })  # fmt: skip
    return learned


def _assemble(
    learned: list[dict[str, np.ndarray]],
    classes: tuple[int, ...],
    settings: Settings,
    common: dict[str, Any],
) -> TrainedModel:
    network = NetworkSpec.model_validate_json(str(learned[0]["network"]))
    assert network.context is not None
    weights = np.concatenate([one["weights"] for one in learned])
    context = network.context.model_copy(update={"weights": weights})
    curves = {
        str(c): {"samples": one["samples"].tolist(), "accuracy": one["accuracy"].tolist()}
        for c, one in zip(classes, learned, strict=True)
    }
    about = {k: common[k] for k in ("data", "matrix", "k", "schedule", "seed", "shuffled")}
    return TrainedModel(
        network.model_copy(update={"context": context}),
        settings,
        classes,
        {**about, "curves": curves},
    )
