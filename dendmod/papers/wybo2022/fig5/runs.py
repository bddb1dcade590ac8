"""The networks of Figure 5: its settings, the tasks that let them learn, what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, PositiveFloat, PositiveInt

from dendmod.errors import SpecError
from dendmod.learning.matrices import Kind
from dendmod.papers.wybo2022.fig5.plot import Example
from dendmod.spec.base import Spec
from dendmod.sweep import Sweep, Task
from dendmod.switching.experiment import LearningExperiment
from dendmod.switching.images import find_data, load_images
from dendmod.switching.runs import DEPENDS, Cells, learning_task
from dendmod.switching.settings import IMAGES_LITERAL, Scale, Schedule, Settings
from dendmod.switching.tasks import ClassLearning

Array = npt.NDArray[np.float64]
Results = Mapping[str, Mapping[str, np.ndarray]]
NONE = np.zeros((0, 0))


class Scalings(Spec):
    """Matrices with weights that are scaled by their drive or by Eq 24, over the range of PSPs.

    Parameters
    ----------
    run
        Whether this is measured.
    drive, sum_of_weights
        Ranges (mV) of `hidden_v_range` with `hidden_scale` "drive", and "without n_in".
    """

    run: bool = False
    drive: tuple[PositiveFloat, ...]
    sum_of_weights: tuple[PositiveFloat, ...]
    tasks: tuple[str, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    schedule: Schedule

    @property
    def ranges(self) -> dict[Scale, tuple[float, ...]]:
        """Ranges by the name of the scaling."""
        return {"drive": self.drive, "without n_in": self.sum_of_weights}


class ImageExperiment(LearningExperiment):
    """Settings of the figure.

    Parameters
    ----------
    data
        As `dendmod.switching.images.find_data` takes it.
    hidden
        Number of hidden cells.
    matrices
        Kinds of feedforward weights. Controls and the ablation are of the first.
    bounds
        Measure what a linear readout and units of a formula reach on the same matrices and data.
    scalings
        Matrices under both scalings of their weights.
    """

    literal: ClassVar[Settings] = IMAGES_LITERAL
    data: str
    hidden: PositiveInt
    matrices: tuple[Kind, ...] = Field(min_length=1)
    bounds: bool = True
    scalings: Scalings

    def classes(self, available: int) -> tuple[int, ...]:
        """Return the classes that are learned, of so many in the data.

        Raises
        ------
        SpecError
            If a task is none of them.
        """
        wrong = [name for name in self.tasks if not (name.isdecimal() and int(name) < available)]
        if wrong:
            raise SpecError(
                f"tasks = {', '.join(wrong)}; allowed are classes, 0 to {available - 1}"
            )
        return tuple(dict.fromkeys(int(name) for name in self.tasks)) or tuple(range(available))


@dataclass(frozen=True)
class Learned:
    """How well all networks have learned.

    Parameters
    ----------
    data
        Name of the images.
    classes
        A task each.
    samples
        Samples a task after which accuracy was measured, shape [measurements].
    accuracy
        Matrix -> balanced accuracy, shape [seeds, classes, measurements].
    shuffled, rule_off
        That of the controls at the end, shape [control seeds, classes].
    variants
        That of each variant of the ablation at the end, shape [seeds, tasks].
    example
        Recordings of one network.
    bounds
        Matrix -> name -> balanced accuracy (`dendmod.switching.bounds.measure_bounds`), shape
        [seeds, classes].
    scalings
        Scaling -> matrix -> balanced accuracy at the end, shape [ranges, seeds, tasks].
    cells
        What the cells are (`dendmod.switching.runs.Cells.summary`).
    """

    data: str
    classes: tuple[int, ...]
    samples: npt.NDArray[np.int64]
    accuracy: Mapping[str, Array]
    shuffled: Array
    rule_off: Array
    variants: Mapping[str, Array]
    example: Example
    bounds: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    scalings: Mapping[Scale, Mapping[str, Array]] = field(default_factory=dict)
    cells: Mapping[str, Any] = field(default_factory=dict)

    def end(self, matrix: str) -> Array:
        """Return balanced accuracy after all samples, shape [seeds, classes]."""
        return np.ascontiguousarray(self.accuracy[matrix][..., -1])


def measure(experiment: ImageExperiment, sweep: Sweep) -> Learned:
    """Let all networks learn, then record the first of them."""
    source = find_data(experiment.data)
    images = load_images(source)
    classes = experiment.classes(images.n_classes)
    cells = Cells([experiment.settings, *experiment.variants().values()], sweep)
    limits = sweep.run(bound_tasks(experiment, classes, source))
    results = sweep.run(learning_tasks(experiment, classes, cells, source, sweep))
    recording = recording_task(experiment, classes, cells, source, results)
    example = Example(**sweep.run([recording])[recording.key])
    found = gather(experiment, classes, {**limits, **results}, images.name, example)
    return replace(found, cells=cells.summary(experiment.settings))


def bound_tasks(experiment: ImageExperiment, classes: Sequence[int], data: str) -> list[Task]:
    """Return a task for each matrix and seed that measures what they allow."""
    if not experiment.bounds:
        return []
    return [
        Task(
            f"bounds {m} {s}",
            "dendmod.switching.bounds:measure_bounds",
            {
                "matrix": m, "data": data, "k": experiment.hidden, "classes": list(classes),
                "samples": experiment.schedule.samples, "seed": s,
            },
            depends=DEPENDS,
        )
        for m in experiment.matrices
        for s in experiment.seeds
    ]  # fmt: skip


def learning_tasks(
    experiment: ImageExperiment, classes: Sequence[int], cells: Cells, data: str, sweep: Sweep
) -> list[Task]:
    """Return a task for each network and class that learns."""

    def task(
        name: str, settings: Settings, schedule: Schedule, matrix: str, seed: int, target: int,
        **how: bool,
    ) -> Task:  # fmt: skip
        learning = ClassLearning(
            **cells.of(settings), matrix=matrix, data=data, k=experiment.hidden, target=target,
            schedule=schedule, seed=seed, **how,
        )  # fmt: skip
        return learning_task(_key(name, matrix, seed, target), learning, sweep)

    ours, schedule = experiment.settings, experiment.schedule
    tasks = [
        task("learned", ours, schedule, m, s, c)
        for m in experiment.matrices
        for s in experiment.seeds
        for c in classes
    ]
    first = experiment.matrices[0]
    # where weights stay, one block says as much as all
    short = schedule.model_copy(update={"samples": min(schedule.block, schedule.samples)})
    for s in experiment.control_seeds:
        for c in classes:
            tasks.append(task("shuffled", ours, schedule, first, s, c, shuffled=True))
            tasks.append(task("frozen", ours, short, first, s, c, plastic=False))
    panel = experiment.scalings
    for scale, range_ in _scaled(panel):
        settings = ours.model_copy(update={"hidden_scale": scale, "hidden_v_range": range_})
        tasks += [
            task(f"{scale} {range_:g}", settings, panel.schedule, m, s, int(c))
            for m in experiment.matrices
            for s in panel.seeds
            for c in panel.tasks
        ]
    if experiment.ablation is not None:
        tasks += [
            task(f"variant {name}", settings, experiment.ablation.schedule, first, s, int(c))
            for name, settings in experiment.variants().items()
            for s in experiment.ablation.seeds
            for c in experiment.ablation.tasks
        ]
    return tasks


def _scaled(panel: Scalings) -> list[tuple[Scale, float]]:
    return [(s, r) for s, ranges in panel.ranges.items() for r in ranges] if panel.run else []


def _key(name: str, matrix: str, seed: int, target: int) -> str:
    return f"{name} {matrix} {seed} {target}"


def recording_task(
    experiment: ImageExperiment, classes: Sequence[int], cells: Cells, data: str, results: Results
) -> Task:
    """Return the task that records the first network, which has learned all classes."""
    first, seed = experiment.matrices[0], experiment.seeds[0]
    of_cells = cells.of(experiment.settings)
    payload = {
        **of_cells,
        "matrix": first,
        "data": data,
        "k": experiment.hidden,
        "classes": list(classes),
        "settings": of_cells["settings"].model_dump(mode="json"),
        "seed": seed,
        "weights": [results[_key("learned", first, seed, c)]["weights"].tolist() for c in classes],
    }
    function = "dendmod.papers.wybo2022.fig5.tasks:record_network"
    return Task("recording", function, payload, depends=DEPENDS)


def gather(
    experiment: ImageExperiment,
    classes: tuple[int, ...],
    results: Results,
    data: str,
    example: Example,
) -> Learned:
    """Return the results of all tasks as arrays."""

    def accuracy(
        name: str, matrix: str, seeds: Sequence[int], targets: Sequence[int] = classes
    ) -> Array:
        rows = [[results[_key(name, matrix, s, c)]["accuracy"] for c in targets] for s in seeds]
        return np.array(rows)

    first, controls = experiment.matrices[0], experiment.control_seeds
    ablation, panel = experiment.ablation, experiment.scalings

    def ends(scale: Scale, matrix: str) -> Array:
        targets = [int(c) for c in panel.tasks]
        rows = panel.ranges[scale]
        return np.array(
            [accuracy(f"{scale} {r:g}", matrix, panel.seeds, targets)[..., -1] for r in rows]
        )

    return Learned(
        data=data,
        classes=classes,
        samples=results[_key("learned", first, experiment.seeds[0], classes[0])]["samples"],
        accuracy={m: accuracy("learned", m, experiment.seeds) for m in experiment.matrices},
        shuffled=accuracy("shuffled", first, controls)[..., -1] if controls else NONE,
        rule_off=accuracy("frozen", first, controls)[..., -1] if controls else NONE,
        variants={}
        if ablation is None
        else {
            name: accuracy(
                f"variant {name}", first, ablation.seeds, [int(c) for c in ablation.tasks]
            )[..., -1]
            for name in experiment.variants()
        },
        example=example,
        bounds=_bounds(experiment, results),
        scalings={
            scale: {m: ends(scale, m) for m in experiment.matrices}
            for scale in (panel.ranges if panel.run else ())
        },
    )


def _bounds(experiment: ImageExperiment, results: Results) -> dict[str, dict[str, Array]]:
    found: dict[str, dict[str, Array]] = {}
    for m in experiment.matrices if experiment.bounds else ():
        rows = [results[f"bounds {m} {s}"] for s in experiment.seeds]
        found[m] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return found
