"""A trained network as one file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.arrays import whole
from dendmod.atomic import replacing
from dendmod.errors import SpecError, of_file
from dendmod.network import NetworkRun, NetworkSpec
from dendmod.npz import read_header, read_npz
from dendmod.switching.classification import ImageTasks, spike_counts
from dendmod.switching.images import DIGITS, load_images
from dendmod.switching.settings import Schedule, Settings
from dendmod.switching.training import Training

_SCHEMA = "dendmod/model/1"
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TrainedModel:
    """A network that has learned one task a context.

    Parameters
    ----------
    network
        With the learned contextual weights.
    settings
        That it was made and has learned with.
    classes
        The class that each context recognises by silence.
    about
        Data, matrix, seed, samples, learning curves: plain values.
    """

    network: NetworkSpec
    settings: Settings
    classes: tuple[int, ...]
    about: dict[str, Any]

    def evaluate(
        self, images: npt.NDArray[Any], labels: npt.ArrayLike, *, samples: int, seed: int = 0
    ) -> list[float]:
        """Return the balanced accuracy of each task on `samples` images drawn for it.

        Parameters
        ----------
        images
            Shape [images, height, width] or [images, pixels]; uint8, or floats from 0 to 1.
        labels
            Class of each, shape [images].

        Raises
        ------
        SpecError
            If the images have another size than those that were learned, or a class is missing.
        """
        assert self.network.context is not None
        weights = self.network.context.weights
        return self._shown(images, labels, seed).measure(weights, samples).tolist()

    def test_run(
        self, images: npt.NDArray[Any], labels: npt.ArrayLike, *, samples: int, seed: int = 0
    ) -> NetworkRun:
        """Return the run that `evaluate` makes: `samples` images drawn for each task."""
        return self._shown(images, labels, seed).test_run(samples)

    def _shown(self, images: npt.NDArray[Any], labels: npt.ArrayLike, seed: int) -> Training:
        flat = np.asarray(images).reshape(len(images), -1)
        if flat.shape[1] != self.network.n_inputs:
            raise SpecError(
                f"images of {flat.shape[1]} pixels are given; the model has learned images of "
                f"{self.network.n_inputs}"
            )
        tasks = ImageTasks({"test": flat}, {"test": np.asarray(labels, np.int64)}, self.classes)
        return Training(
            self.network, tasks, self.settings, Schedule(samples=1), seed, precision="float32"
        )


def write_model(model: TrainedModel, path: Path) -> None:
    """Write a model, whole or not at all."""
    header = {
        "schema": _SCHEMA,
        "settings": model.settings.model_dump(mode="json"),
        "classes": list(model.classes),
        "about": model.about,
    }
    with replacing(path) as partial, open(partial, "wb") as file:
        np.savez_compressed(
            file,
            header=np.array(json.dumps(header)),
            network=np.array(model.network.model_dump_json()),
        )


def read_model(path: Path | str) -> TrainedModel:
    """Read a model.

    Raises
    ------
    SpecError
        If the file is not there, cut short, or no model.
    """
    try:
        header, kept = read_header(path, _SCHEMA)
        network = NetworkSpec.model_validate_json(str(kept["network"]))
        settings = Settings.model_validate(header["settings"])
        classes = tuple(whole(c, "a class", least=0) for c in header["classes"])
        about = dict(header["about"])
    except (ValueError, KeyError, TypeError) as error:
        why = (
            error
            if isinstance(error, SpecError)
            else f"a part is not there or not as it was: {error!r}"
        )
        raise SpecError(
            f"{path} is not a trained model ({str(why)[:300]}); `dendmod train --out` writes one"
        ) from None
    if network.context is None or len(classes) != len(network.context.weights):
        raise SpecError(f"{path} is not a trained model: {len(classes)} classes for its contexts")
    return TrainedModel(network, settings, classes, about)


def read_images(path: Path | str) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Read ``images`` and ``labels``, or the test part of what training reads.

    Parameters
    ----------
    path
        An npz file, "digits", or what else `dendmod.switching.images.find_data` takes.

    Raises
    ------
    SpecError
        If it cannot be read or does not hold both.
    """
    if str(path) == DIGITS or os.path.isdir(path):
        data = load_images(str(path))
        return data.x["test"], data.y["test"]
    kept = read_npz(path)
    if "test_images" in kept and "images" not in kept:
        kept = {name.removeprefix("test_"): array for name, array in kept.items()}
    if missing := {"images", "labels"} - set(kept):
        raise SpecError(
            f"{path}: lacks {', '.join(sorted(missing))}; it needs images, uint8 "
            "[n, height, width], and labels [n], or test_images and test_labels"
        )
    images, labels = kept["images"], kept["labels"]
    if images.ndim < 2 or labels.shape != (len(images),):
        raise SpecError(f"{path}: images {images.shape} and labels {labels.shape} do not match")
    if not np.issubdtype(labels.dtype, np.integer):
        raise SpecError(f"{path}: labels are of type {labels.dtype}; give whole numbers")
    with of_file(path):
        spike_counts(images)  # what cannot be learned is refused here
    return images, labels.astype(np.int64)
