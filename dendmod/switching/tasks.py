"""What a task of a sweep does: reduce the cells, or let one network learn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from dendmod.cells.provenance import mechanism_hash
from dendmod.engines.simulation import NetworkEngine, simulate
from dendmod.morphology import resolve
from dendmod.network import NetworkRun, NetworkSpec, Samples
from dendmod.params import wybo2022
from dendmod.paths import file_hash
from dendmod.spec.base import Spec
from dendmod.spec.reduced import ReducedCell
from dendmod.switching.assembly import build_network
from dendmod.switching.boolean import INPUTS, input_vectors
from dendmod.switching.cells import cells, hashes_of_cell, spike_threshold
from dendmod.switching.classification import BooleanTasks
from dendmod.switching.images import image_tasks, kept_feedforward, load_images, training_spikes
from dendmod.switching.settings import Schedule, Settings
from dendmod.switching.thresholds import measure_thresholds
from dendmod.switching.training import Learned, Training, bursts

Arrays = dict[str, np.ndarray]
Progress = Callable[[float, int], Any]


def hashes(
    data: str = "",
    cell: str = "",
    spec: dict[str, Any] | None = None,
    hidden: str = "",
    morphology: str | None = None,
    **_: Any,
) -> dict[str, str]:
    """Return the hash of each file that a task's payload names: images, a cell, its mechanisms."""
    spec = spec or {}
    found = {"data": file_hash(spec.get("data", data))}
    if cell:
        found |= hashes_of_cell(cell)
    if morphology:
        found["morphology"] = resolve(morphology).sha256
    hidden = spec.get("hidden", hidden)
    if hidden:
        found |= mechanism_hash(ReducedCell.model_validate_json(hidden).mechanisms)
    return {what: value for what, value in found.items() if value}


def make_cells(
    cell: str,
    biophysics: int,
    sites: int | None,
    morphology: str | None,
    channels: Sequence[str] | None,
    bifurcations: bool,
    spike_threshold_mV: float | None,
    engine: NetworkEngine,
    scales: str,
) -> Arrays:
    """Return the models of the hidden and of the output cell, and what they need for a spike.

    Parameters
    ----------
    cell, biophysics, sites, morphology, channels, bifurcations
        As in `Settings`.
    spike_threshold_mV, engine, scales
        As in `Settings`.

    Returns
    -------
    dict
        ``hidden``, ``output`` as JSON texts; ``spike_threshold_mV``; ``thresholds`` as a JSON text,
        "" where weights are taken as given.
    """
    hidden, output = cells(
        cell, biophysics, sites,
        morphology=morphology, channels=channels, bifurcations=bifurcations,
    )  # fmt: skip
    threshold = spike_threshold(cell) if spike_threshold_mV is None else spike_threshold_mV
    text = ""
    if scales == "thresholds":
        found = measure_thresholds(hidden, output, threshold=threshold, engine=engine)
        text = found.model_dump_json()
    return {
        "hidden": np.array(hidden.model_dump_json()),
        "output": np.array(output.model_dump_json()),
        "spike_threshold_mV": np.array(threshold),
        "thresholds": np.array(text),
    }


class Learning(Spec):
    """How one network learns.

    Parameters
    ----------
    hidden, output
        As `make_cells` returns them.
    k
        Number of hidden cells.
    shuffled
        Learn shuffled labels: there is nothing to learn.
    """

    hidden: str
    output: str
    k: PositiveInt
    settings: Settings
    schedule: Schedule
    seed: int
    shuffled: bool = False

    def cells(self) -> tuple[ReducedCell, ReducedCell]:
        """Return the hidden and the output cell."""
        return (
            ReducedCell.model_validate_json(self.hidden),
            ReducedCell.model_validate_json(self.output),
        )


class BooleanLearning(Learning):
    """How one network learns Boolean functions, a context each.

    Parameters
    ----------
    functions
        Keys of `dendmod.switching.boolean.FUNCTIONS`.
    """

    functions: tuple[str, ...]

    def training(self) -> Training:
        """Return the network and its training."""
        network = build_network(
            *self.cells(),
            input_vectors(self.k, self.seed),
            len(self.functions),
            self.settings,
            seed=self.seed,
        )
        tasks = BooleanTasks(self.functions, shuffled=self.shuffled)
        return Training(network, tasks, self.settings, self.schedule, self.seed)


class ClassLearning(Learning):
    """How one network learns one class of images against all others.

    Contexts share no weights, so that each task can learn in a process of its own. The random
    numbers of a task are keyed by seed and class; matrix and images by the seed alone.

    Parameters
    ----------
    matrix
        Kind of the feedforward weights.
    data
        As `dendmod.switching.images.load_images` takes it.
    target
        The class.
    plastic
        False: the rule is off, and nothing is learned.
    """

    matrix: str
    data: str
    target: NonNegativeInt
    plastic: bool = True

    def training(self, folder: Path | None = None) -> Training:
        """Return the network and its training.

        Parameters
        ----------
        folder
            Where the matrix is kept for other classes, which have the same.
        """
        images = load_images(self.data)
        own = self.seed * 1000 + self.target
        network = build_network(
            *self.cells(),
            kept_feedforward(self.matrix, images, self.k, self.seed, folder),
            1,
            self.settings,
            seed=own,
            inputs=training_spikes(images),
        )
        if not self.plastic:
            assert network.plasticity is not None
            rule = network.plasticity.model_copy(update={"error_scale": 0.0})
            network = network.model_copy(update={"plasticity": rule})
        tasks = image_tasks(images, (self.target,), shuffled=self.shuffled)
        return Training(network, tasks, self.settings, self.schedule, own)


def learn_boolean(spec: dict[str, Any], checkpoints: str) -> Arrays:
    """Let one network learn Boolean functions.

    Parameters
    ----------
    spec
        Fields of a `BooleanLearning`.
    checkpoints
        Folder.

    Returns
    -------
    dict
        ``accuracy`` [measurements, functions], ``samples`` [measurements], ``weights``, the input
        vectors of the hidden cells, ``vectors`` [2, cells], and the output cell's potential (mV)
        for the four inputs before and after, ``v_before`` and ``v_after`` [functions, 4, steps].
    """
    learning = BooleanLearning.model_validate(spec)
    training = learning.training()
    learned = _learn(training, checkpoints)
    return {
        "samples": learned.samples,
        "accuracy": learned.accuracy,
        "weights": learned.weights,
        "vectors": input_vectors(learning.k, learning.seed),
        "v_before": _four_inputs(training.network, learning),
        "v_after": _four_inputs(training.with_weights(learned.weights), learning),
    }


def learn_class(spec: dict[str, Any], checkpoints: str, progress: Progress | None = None) -> Arrays:
    """Let one network learn one class of images.

    Parameters
    ----------
    spec
        Fields of a `ClassLearning`.
    checkpoints
        Folder.
    progress
        As `Training.run` takes it.

    Returns
    -------
    dict
        ``accuracy`` [measurements], ``samples``, ``weights`` [1, hidden cells, compartments],
        ``network`` as a JSON text.
    """
    training = ClassLearning.model_validate(spec).training(Path(checkpoints))
    learned = _learn(training, checkpoints, progress)
    return {
        "samples": learned.samples,
        "accuracy": learned.accuracy[:, 0],
        "weights": learned.weights,
        "network": np.array(training.network.model_dump_json()),
    }


def _learn(training: Training, checkpoints: str, progress: Progress | None = None) -> Learned:
    return training.run(Path(checkpoints) / f"{training.digest()[:24]}.npz", progress)


def _four_inputs(network: NetworkSpec, learning: BooleanLearning) -> np.ndarray:
    n_tasks, settings = len(learning.functions), learning.settings
    task = np.repeat(np.arange(n_tasks), len(INPUTS))
    counts = np.tile(np.array(INPUTS) * wybo2022.BOOLEAN_SPIKES, (n_tasks, 1))
    run = NetworkRun(
        samples=Samples(context=task, expected=np.zeros_like(task)),
        stimulus=bursts(counts, settings),
        dt=settings.dt,
        settle=Training.settle,
        learn=False,
        seed=learning.seed,
        record_v=True,
    )
    v = simulate(network, run, engine=settings.engine).v
    assert v is not None
    return v[:, -1].astype(np.float32).reshape(n_tasks, len(INPUTS), -1)
