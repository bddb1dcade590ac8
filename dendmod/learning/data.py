"""Where images and their classes come from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.learning import require
from dendmod.learning.dataset import PARTS, Dataset
from dendmod.learning.idx import load_idx
from dendmod.npz import read_npz
from dendmod.paths import file_hash
from dendmod.rng import stream

_MOST_CHANNELS = 4  # of images: grey, grey and alpha, red green blue, and alpha
Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def digits(seed: int = 1) -> Dataset:
    """Return scikit-learn's handwritten digits: 1797 images of 8 x 8, ten classes.

    A third of each class is split between validation and test, by `seed`; pixels are 0 to 1.
    """
    require("sklearn")
    from sklearn.datasets import load_digits

    raw = load_digits()
    images = (raw.images / 16).astype(np.float32)
    labels = raw.target.astype(np.int64)
    parts: dict[str, list[int]] = {part: [] for part in PARTS}
    for c in range(10):
        members = stream(seed, "digits split", c).permutation(np.flatnonzero(labels == c))
        held = len(members) // 3
        parts["val"] += members[: held // 2].tolist()
        parts["test"] += members[held // 2 : held].tolist()
        parts["train"] += members[held:].tolist()
    return Dataset(
        "digits", {p: images[i] for p, i in parts.items()}, {p: labels[i] for p, i in parts.items()}
    )


def load_npz(path: Path | str) -> Dataset:
    """Return a data set from an npz file, pixels scaled to 0 .. 1.

    The file holds ``train_images``, ``train_labels`` and the same for ``val`` and ``test``; images
    are [samples, height, width] or [samples, channels, height, width], uint8 or floats.

    Raises
    ------
    SpecError
        If the file cannot be read, or lacks an array, or arrays do not belong together.
    """
    path = Path(path)
    needed = [f"{part}_{what}" for part in PARTS for what in ("images", "labels")]
    arrays = read_npz(path)
    if missing := [name for name in needed if name not in arrays]:
        raise SpecError(f"{path}: lacks {', '.join(missing)}; it needs {', '.join(needed)}")
    x: dict[str, Array] = {}
    y: dict[str, Labels] = {}
    for part in PARTS:
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        _check(images, labels, part, path)
        if len(images) != len(labels):
            raise SpecError(f"{path}: {len(images)} images and {len(labels)} labels in {part}")
        scale = np.float32(255 if images.dtype == np.uint8 else 1)
        x[part], y[part] = images.astype(np.float32) / scale, labels.astype(np.int64)
    if len({images.shape[1:] for images in x.values()}) > 1:
        shapes = ", ".join(f"{part} {x[part].shape[1:]}" for part in PARTS)
        raise SpecError(f"{path}: images of one size are needed; there are {shapes}")
    for part in PARTS:
        if not np.array_equal(np.unique(y[part]), np.arange(len(np.unique(y["train"])))):
            raise SpecError(f"{path}: {part} must have every class from 0 to the highest of train")
    return Dataset(path.stem, x, y)


def _check(images: npt.NDArray[Any], labels: npt.NDArray[Any], part: str, path: Path) -> None:
    if not images.size or not labels.size:
        raise SpecError(f"{path}: {part} has images {images.shape} and labels {labels.shape}")
    floats = np.issubdtype(images.dtype, np.floating)
    if not (images.dtype == np.uint8 or (floats and np.isfinite(images).all())):
        raise SpecError(f"{path}: {part}_images must be finite numbers, uint8 or 0 .. 1")
    if floats and not 0 <= images.min() <= images.max() <= 1:
        raise SpecError(
            f"{path}: {part}_images range from {images.min()} to {images.max()}; give fractions "
            "from 0 to 1, or uint8"
        )
    if images.ndim not in (3, 4):
        raise SpecError(
            f"{path}: {part}_images have shape {images.shape}; give [samples, height, width] or "
            "[samples, channels, height, width]"
        )
    if images.ndim == 4 and images.shape[3] <= _MOST_CHANNELS < images.shape[1]:
        raise SpecError(
            f"{path}: {part}_images have shape {images.shape}: {images.shape[1]} channels of "
            f"{images.shape[2]} x {images.shape[3]} pixels. Channels come second here; where they "
            "stand last, give numpy.moveaxis(images, -1, 1)"
        )
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise SpecError(f"{path}: {part}_labels must be whole numbers, one a sample")


def load_data(source: str = "digits", *, seed: int = 1, pool: int = 1) -> Dataset:
    """Return the built-in digits or a file's images, standardised and pooled if asked.

    Parameters
    ----------
    source
        "digits", the path of an npz file (see `load_npz`), or a folder of idx files (see
        `dendmod.learning.idx.load_idx`).
    pool
        Side of the squares of pixels that are averaged.
    """
    if source == "digits":
        data = digits(seed)
    elif os.path.isdir(source):
        data = load_idx(source, seed=seed)
    else:
        data = load_npz(source)
    return data.pooled(pool) if pool > 1 else data


def image_hashes(
    data: str = "", trainings: Mapping[str, Mapping[str, Any]] | None = None, **_: Any
) -> dict[str, str]:
    """Return the hash of the file or folder of images that a task's payload names.

    Parameters
    ----------
    data
        As `load_data` takes it; built-in images have no hash.
    trainings
        Payloads of tasks that are run one after the other, each with its ``data``.
    """
    named = {data, *(str(one["data"]) for one in (trainings or {}).values())} - {""}
    return {f"data {name}": found for name in sorted(named) if (found := file_hash(name))}
