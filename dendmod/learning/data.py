"""Images and their classes, as every network here takes them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.rng import stream

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
_PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Dataset:
    """Samples in three parts: train, val, test.

    Parameters
    ----------
    name
        What it is.
    x
        Part -> samples, shape [samples, ...], float32.
    y
        Part -> class of each sample, 0 .. n_classes - 1, shape [samples].
    """

    name: str
    x: dict[str, Array]
    y: dict[str, Labels]

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.y["train"].max()) + 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.x["train"].shape[1:]

    def flat(self) -> Dataset:
        """Return the same with each sample as one vector."""
        return Dataset(self.name, {p: x.reshape(len(x), -1) for p, x in self.x.items()}, self.y)

    def standardised(self, *, per_channel: bool = False) -> Dataset:
        """Return the same with the mean and variance of the training part taken out.

        One mean and variance for all pixels, or one a channel (axis 1); never one a pixel, which
        would blow up pixels that hardly vary.
        """
        x = self.x["train"]
        axes = (0, *range(2, x.ndim)) if per_channel else None
        mean, sd = x.mean(axis=axes, keepdims=True), x.std(axis=axes, keepdims=True)
        scaled = {
            p: ((v - mean) / np.maximum(sd, 1e-6)).astype(np.float32) for p, v in self.x.items()
        }
        return Dataset(self.name, scaled, self.y)

    def pooled(self, factor: int) -> Dataset:
        """Return the same with the mean of each square of `factor` pixels a side."""
        height, width = self.shape[-2:]
        if factor < 1 or height % factor or width % factor:
            raise SpecError(f"factor = {factor}: give a divisor of the size {height} x {width}")

        def shrink(x: Array) -> Array:
            blocks = x.reshape(*x.shape[:-2], height // factor, factor, width // factor, factor)
            return blocks.mean(axis=(-3, -1), dtype=np.float32)

        return Dataset(f"{self.name}/{factor}", {p: shrink(x) for p, x in self.x.items()}, self.y)

    def digest(self) -> str:
        """Return a hash of all samples and classes."""
        found = hashlib.sha256(json.dumps([self.name, list(self.shape)]).encode())
        for part in _PARTS:
            found.update(np.ascontiguousarray(self.x[part]).tobytes())
            found.update(np.ascontiguousarray(self.y[part]).tobytes())
        return found.hexdigest()


def digits(seed: int = 1) -> Dataset:
    """Return scikit-learn's handwritten digits: 1797 images of 8 x 8, ten classes.

    A third of each class is split between validation and test, by `seed`; pixels are 0 to 1.
    """
    from sklearn.datasets import load_digits

    raw = load_digits()
    images = (raw.images / 16).astype(np.float32)
    labels = raw.target.astype(np.int64)
    parts: dict[str, list[int]] = {part: [] for part in _PARTS}
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
    needed = [f"{part}_{what}" for part in _PARTS for what in ("images", "labels")]
    try:
        with np.load(path, allow_pickle=False) as found:
            missing = [name for name in needed if name not in found]
            arrays = {name: found[name] for name in needed if name in found}
    except (OSError, ValueError) as error:
        raise SpecError(f"{path}: not a readable npz file ({error})") from None
    if missing:
        raise SpecError(f"{path}: lacks {', '.join(missing)}; it needs {', '.join(needed)}")
    x, y = {}, {}
    for part in _PARTS:
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        if len(images) != len(labels) or not len(images):
            raise SpecError(f"{path}: {len(images)} images and {len(labels)} labels in {part}")
        scale = 255 if images.dtype == np.uint8 else 1
        x[part], y[part] = images.astype(np.float32) / scale, labels.astype(np.int64)
    for part in _PARTS:
        if set(np.unique(y[part])) != set(range(int(y["train"].max()) + 1)):
            raise SpecError(f"{path}: {part} must have every class from 0 to the highest of train")
    return Dataset(path.stem, x, y)


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
    elif Path(source).is_dir():
        from dendmod.learning.idx import load_idx

        data = load_idx(source, seed=seed)
    else:
        data = load_npz(source)
    return data.pooled(pool) if pool > 1 else data
