"""Images as tasks, and feedforward weights for them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dendmod.atomic import replacing
from dendmod.errors import SpecError
from dendmod.learning.data import load_data
from dendmod.learning.dataset import Dataset
from dendmod.learning.matrices import weight_matrix
from dendmod.npz import read_npz
from dendmod.sweep.fingerprint import fingerprint
from dendmod.switching.classification import ImageTasks, spike_counts

# The part of the variance that components of PCA are taken for. Ours, and chosen after trainings
# with all components had failed: by the drive of training and test images, before any accuracy.
_EXPLAINED = 0.99
DIGITS = "digits"
_PLACES = (Path("shared/data"), Path("../shared/data"))
_SHARED = ("emnist47",)  # names of files that may lie in a folder of data


def find_data(name: str) -> str:
    """Return "digits", or the full path of an npz file or a folder of idx files.

    "emnist47" is looked for in the folder data of $DENDMOD_SHARED, if that is set, in data,
    shared/data and ../shared/data.

    Raises
    ------
    SpecError
        If there is no such file.
    """
    if name == DIGITS:
        return name
    if os.path.exists(name):
        return str(Path(name).resolve())
    if name in _SHARED:
        shared = os.environ.get("DENDMOD_SHARED")
        places = [*([Path(shared, "data")] if shared else []), Path("data"), *_PLACES]
        for place in places:
            if os.path.isfile(place / f"{name}.npz"):
                return str((place / f"{name}.npz").resolve())
        raise SpecError(
            f"{name}.npz is in none of {', '.join(str(place) for place in places)}; put it there, "
            "set DENDMOD_SHARED to a folder with data/ in it, or give --data the folder of the idx "
            "files of EMNIST"
        )
    raise SpecError(
        f"there are no images {name!r}; give {DIGITS!r}, an npz file with train_images, "
        "train_labels and the same for val and test, or a folder of idx files"
    )


def image_tasks(data: Dataset, classes: tuple[int, ...], *, shuffled: bool = False) -> ImageTasks:
    """Return one task a class, on the training and the test part of a data set."""
    parts = ("train", "test")
    return ImageTasks(
        {p: data.x[p].reshape(len(data.x[p]), -1).astype(float) for p in parts},
        {p: data.y[p] for p in parts},
        classes,
        shuffled=shuffled,
    )


def feedforward(kind: str, data: Dataset, k: int, seed: int) -> npt.NDArray[np.float64]:
    """Return weight vectors of `k` hidden cells, one a column, shape [pixels, k].

    PCA takes no more components than explain 99 % of the variance: there may be fewer hidden cells
    then. Weights are scaled by the drive of training images, and the last components are pixels
    that hardly any of these sets.
    """
    if kind in ("PCA", "dPCA"):
        k = min(k, _components(data))
    return weight_matrix(kind, data.x["train"], k, seed).T


def kept_feedforward(
    kind: str, data: Dataset, k: int, seed: int, folder: Path | None
) -> npt.NDArray[np.float64]:
    """Return what `feedforward` does, from a file of the folder where there is one.

    A matrix takes as long as hundreds of samples, and all classes have the same. Files are named
    by all that it depends on, the code too; what cannot be read is made anew.
    """
    if folder is None:
        return feedforward(kind, data, k, seed)
    parts = repr((kind, data.digest(), k, seed, fingerprint(__name__)))
    path = folder / f"matrix-{hashlib.sha256(parts.encode()).hexdigest()[:24]}.npz"
    try:
        return np.asarray(read_npz(path)["weights"])
    except (SpecError, KeyError):
        weights = feedforward(kind, data, k, seed)
    with replacing(path) as partial, open(partial, "wb") as file:
        np.savez(file, weights=weights)
    return weights


def _components(data: Dataset) -> int:
    x = data.x["train"].reshape(len(data.x["train"]), -1).astype(float)
    variance = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2
    return int(np.searchsorted(np.cumsum(variance), _EXPLAINED * variance.sum())) + 1


def training_spikes(data: Dataset) -> npt.NDArray[np.int64]:
    """Return the spikes of all training images, shape [images, pixels]."""
    return spike_counts(data.x["train"].reshape(len(data.x["train"]), -1).astype(float))


def load_images(source: str, seed: int = 1) -> Dataset:
    """Return the built-in digits or the images of a file."""
    return load_data(find_data(source), seed=seed)
