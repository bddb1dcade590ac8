"""``dendmod train`` and ``dendmod evaluate``: networks that learn to switch tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from dendmod.cli.options import Json, NetworkCell, Scheduler, Sites, to_file


def train(
    out: Annotated[Path, typer.Option(help="File of the trained model (.npz).", callback=to_file)],
    data: Annotated[str, typer.Option(help="digits, emnist47, or an npz file.")] = "digits",
    matrix: Annotated[str, typer.Option(help="dPMD, dSD, dPCA, PMD, SD, PCA or RP.")] = "dPMD",
    tasks: Annotated[str, typer.Option(help="Classes, such as 0,3,7; all by default.")] = "",
    hidden: Annotated[int, typer.Option(min=1, help="Hidden neurons.")] = 100,
    samples: Annotated[int | None, typer.Option(min=1, help="Samples a task.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    scheduler: Scheduler = None,
    shuffled: Annotated[bool, typer.Option("--shuffled", help="Shuffle labels.")] = False,
    protocol: Annotated[str, typer.Option(help="Settings: a figure, or a file.")] = "fig5",
    reading: Annotated[
        str, typer.Option(help="One of its readings: few-channels, or its own settings.")
    ] = "",
    cell: NetworkCell = None,
    sites: Sites = None,
    engine: Annotated[
        str | None, typer.Option(help="kernel; neuron is slow and runs any cell.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No bar.")] = False,
) -> None:
    """Train a network on images; the same command goes on after a stop."""
    from dendmod.errors import SpecError
    from dendmod.switching.experiment import load_training
    from dendmod.switching.learn import train_images

    found = load_training(protocol, reading)
    schedule = found.schedule
    changes = {"cell": cell, "sites": sites, "engine": engine}
    settings = type(found.settings).model_validate(
        found.settings.model_dump() | {k: v for k, v in changes.items() if v is not None}
    )
    if samples is not None:
        schedule = schedule.model_copy(update={"samples": samples})
    try:
        classes = tuple(int(c) for c in tasks.split(",") if c.strip())
    except ValueError:
        raise SpecError(f"--tasks {tasks!r}: give classes such as 0,3,7") from None
    model = train_images(
        out, data=data, matrix=matrix, classes=classes, k=hidden, settings=settings,
        schedule=schedule, seed=seed, shuffled=shuffled, workers=workers, scheduler=scheduler,
        progress=not quiet,
    )  # fmt: skip
    for c in model.classes:
        curve = model.about["curves"][str(c)]
        typer.echo(
            f"class {c}: balanced accuracy {curve['accuracy'][0]:.3f} before, "
            f"{curve['accuracy'][-1]:.3f} after {curve['samples'][-1]} samples"
        )
    typer.echo(f"{out} written")


def evaluate(
    model: Annotated[Path, typer.Argument(help="A file that `dendmod train` wrote.")],
    data: Annotated[
        str, typer.Option(help="npz file with images and labels, or what train takes.")
    ],
    samples: Annotated[int, typer.Option(min=2, help="Samples a task.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws and spikes.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure the balanced accuracy of each task of a trained model on images."""
    from dendmod.switching.model import read_images, read_model

    trained = read_model(model)
    images, labels = read_images(data)
    scores = trained.evaluate(images, labels, samples=samples, seed=seed)
    result: dict[str, Any] = {
        "tasks": list(trained.classes),
        "balanced_accuracy": scores,
        "mean": sum(scores) / len(scores),
        "samples": samples,
        "chance": 0.5,
    }
    if as_json:
        typer.echo(json.dumps(result))
        return
    for c, score in zip(trained.classes, scores, strict=True):
        typer.echo(f"class {c}: {score:.3f}")
    typer.echo(f"mean {result['mean']:.3f} of {samples} samples a task; chance 0.5")
