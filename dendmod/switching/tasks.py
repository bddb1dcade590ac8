"""What a worker process does: reduce the cells, make one network, let it learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from dendmod.engines.simulation import simulate
from dendmod.network import NetworkRun, NetworkSpec, Samples
from dendmod.params import wybo2022
from dendmod.paths import file_hash
from dendmod.spec.base import Spec
from dendmod.spec.reduced import ReducedCell
from dendmod.switching.assembly import build_network
from dendmod.switching.boolean import INPUTS, input_vectors
from dendmod.switching.cells import cells
from dendmod.switching.classification import BooleanTasks
from dendmod.switching.images import feedforward, image_tasks, load_images, training_spikes
from dendmod.switching.settings import Schedule, Settings
from dendmod.switching.training import Training, bursts


def hashes(
    data: str = "", name: str = "", spec: dict[str, Any] | None = None, **_: Any
) -> dict[str, str]:
    """Return the hash of each file that a task's payload names: images, or a reduced cell."""
    found = {"data": file_hash((spec or {}).get("data", data)), "cell": file_hash(name)}
    return {what: value for what, value in found.items() if value}


def make_cells(name: str, biophysics: int) -> dict[str, np.ndarray]:
    """Return the models of the hidden and of the output cell as JSON texts."""
    hidden, output = cells(name, biophysics)
    return {
        "hidden": np.array(hidden.model_dump_json()),
        "output": np.array(output.model_dump_json()),
    }


def learn_boolean(
    hidden: str,
    output: str,
    k: int,
    functions: list[str],
    settings: dict[str, Any],
    schedule: dict[str, Any],
    seed: int,
    shuffled: bool,
    precision: str,
    checkpoints: str | None,
) -> dict[str, np.ndarray]:
    """Let one network learn Boolean functions.

    Parameters
    ----------
    hidden, output
        As `make_cells` returns them.
    k
        Number of hidden cells.
    checkpoints
        Folder, or None for a training that starts anew when it is stopped.

    Returns
    -------
    dict
        ``accuracy`` [measurements, functions], ``samples`` [measurements], ``weights``, and the
        output cell's potential (mV) for the four inputs before and after, [functions, 4, steps].
    """
    chosen = Settings.model_validate(settings)
    network = build_network(
        ReducedCell.model_validate_json(hidden),
        ReducedCell.model_validate_json(output),
        input_vectors(k, seed),
        len(functions),
        chosen,
        seed=seed,
    )
    training = Training(
        network,
        BooleanTasks(tuple(functions), shuffled=shuffled),
        chosen,
        Schedule.model_validate(schedule),
        seed,
        precision=precision,  # type: ignore[arg-type]
    )
    file = Path(checkpoints) / f"{training.digest()[:24]}.npz" if checkpoints else None
    learned = training.run(file)
    after = training.with_weights(learned.weights)
    return {
        "samples": learned.samples,
        "accuracy": learned.accuracy,
        "weights": learned.weights,
        "vectors": input_vectors(k, seed),
        "v_before": _four_inputs(network, len(functions), chosen, seed),
        "v_after": _four_inputs(after, len(functions), chosen, seed),
    }


def _four_inputs(network: NetworkSpec, n_tasks: int, chosen: Settings, seed: int) -> np.ndarray:
    task = np.repeat(np.arange(n_tasks), len(INPUTS))
    counts = np.tile(np.array(INPUTS) * wybo2022.BOOLEAN_SPIKES, (n_tasks, 1))
    run = NetworkRun(
        samples=Samples(context=task, expected=np.zeros_like(task)),
        stimulus=bursts(counts, chosen),
        dt=chosen.dt,
        settle=Training.settle,
        learn=False,
        seed=seed,
        record_v=True,
    )
    v = simulate(network, run, engine="kernel").v
    assert v is not None
    return v[:, -1].astype(np.float32).reshape(n_tasks, len(INPUTS), -1)


class ClassLearning(Spec):
    """How one network learns one class of images against all others.

    Contexts share no weights, so that each task can learn in a process of its own. The random
    numbers of a task are keyed by seed and class; matrix and images by the seed alone.

    Parameters
    ----------
    hidden, output
        As `make_cells` returns them.
    matrix
        Kind of the feedforward weights.
    data
        As `dendmod.switching.images.load_images` takes it.
    k
        Number of hidden cells.
    target
        The class.
    plastic
        False: the rule is off, and nothing is learned.
    """

    hidden: str
    output: str
    matrix: str
    data: str
    k: PositiveInt
    target: NonNegativeInt
    settings: Settings
    schedule: Schedule
    seed: int
    shuffled: bool = False
    plastic: bool = True
    precision: Literal["float32", "float64"] = "float32"

    def training(self) -> Training:
        """Return the network and its training."""
        images = load_images(self.data)
        own = self.seed * 1000 + self.target
        network = build_network(
            ReducedCell.model_validate_json(self.hidden),
            ReducedCell.model_validate_json(self.output),
            feedforward(self.matrix, images, self.k, self.seed),
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
        return Training(network, tasks, self.settings, self.schedule, own, precision=self.precision)


def learn_class(spec: dict[str, Any], checkpoints: str | None) -> dict[str, np.ndarray]:
    """Let one network learn one class of images.

    Parameters
    ----------
    spec
        Fields of a `ClassLearning`.
    checkpoints
        Folder, or None for a training that starts anew when it is stopped.

    Returns
    -------
    dict
        ``accuracy`` [measurements], ``samples``, ``weights`` [1, hidden cells, compartments],
        ``network`` as a JSON text.
    """
    training = ClassLearning.model_validate(spec).training()
    file = Path(checkpoints) / f"{training.digest()[:24]}.npz" if checkpoints else None
    learned = training.run(file)
    return {
        "samples": learned.samples,
        "accuracy": learned.accuracy[:, 0],
        "weights": learned.weights,
        "network": np.array(training.network.model_dump_json()),
    }
