"""Train a network on many tasks, over cores or a cluster, into one model file."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from tqdm import tqdm

from dendmod.errors import SpecError, did_you_mean
from dendmod.learning.matrices import Kind
from dendmod.network import NetworkSpec
from dendmod.sweep import Sweep
from dendmod.switching.images import find_data, load_images
from dendmod.switching.model import TrainedModel, write_model
from dendmod.switching.runs import Cells, learning_task
from dendmod.switching.settings import Schedule, Settings
from dendmod.switching.tasks import Arrays, ClassLearning, learn_class

_ABOUT = {"data", "matrix", "k", "schedule", "seed", "shuffled"}


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
    source = find_data(data)
    images = load_images(source)
    classes = tuple(dict.fromkeys(classes)) or tuple(range(images.n_classes))
    wrong = sorted(set(classes) - set(range(images.n_classes)))
    if wrong:
        raise SpecError(f"classes {wrong} are not in {data}; it has 0 to {images.n_classes - 1}")
    if matrix not in get_args(Kind):
        raise SpecError(f"matrix = {matrix!r}." + did_you_mean(matrix, get_args(Kind)))
    sweep = Sweep(
        out.with_name(out.name + ".checkpoints"),
        workers=workers, scheduler=scheduler, progress=progress,
    )  # fmt: skip
    pair = Cells([settings], sweep).of(settings)
    learnings = [
        ClassLearning(
            **pair, matrix=matrix, data=source, k=k, target=c, schedule=schedule,
            seed=seed, shuffled=shuffled,
        )
        for c in classes
    ]  # fmt: skip
    if workers == 1 and scheduler is None:
        learned = _in_this_process(learnings, sweep)
    else:
        tasks = [learning_task(f"class {one.target}", one, sweep) for one in learnings]
        done = sweep.run(tasks)
        learned = [done[task.key] for task in tasks]
    model = _assemble(learned, learnings)
    write_model(model, out)
    shutil.rmtree(sweep.store, ignore_errors=True)
    return model


def _in_this_process(learnings: Sequence[ClassLearning], sweep: Sweep) -> list[Arrays]:
    """Train one class after the other, with a bar over samples.

    The bar of a sweep moves when a task is over, which may take hours here; checkpoints are those
    of the sweep's tasks, so that a stopped training goes on either way.
    """
    samples, block = learnings[0].schedule.samples, learnings[0].schedule.block
    learned = []
    with tqdm(
        total=len(learnings) * samples,
        disable=not sweep.progress,
        unit="sample",
        bar_format="{desc}{percentage:3.0f}% |{bar}| {n:.0f} of {total:.0f} samples, "
        "{elapsed} < {remaining}",
    ) as bar:
        for i, learning in enumerate(learnings):
            bar.set_description(f"class {learning.target}")

            def show(done: float, _: int, i: int = i) -> None:
                bar.update(i * samples + min(done * block, samples) - bar.n)

            payload = learning_task(f"class {learning.target}", learning, sweep).payload
            learned.append(learn_class(**payload, progress=show))
    return learned


def _assemble(learned: Sequence[Arrays], learnings: Sequence[ClassLearning]) -> TrainedModel:
    """Return the model whose contexts have the weights of the classes, in order."""
    network = NetworkSpec.model_validate_json(str(learned[0]["network"]))
    assert network.context is not None
    weights = np.concatenate([one["weights"] for one in learned])
    context = network.context.model_copy(update={"weights": weights})
    classes = tuple(learning.target for learning in learnings)
    curves = {
        str(c): {"samples": one["samples"].tolist(), "accuracy": one["accuracy"].tolist()}
        for c, one in zip(classes, learned, strict=True)
    }
    return TrainedModel(
        network.model_copy(update={"context": context}),
        learnings[0].settings,
        classes,
        {**learnings[0].model_dump(mode="json", include=_ABOUT), "curves": curves},
    )
