"""Samples and their classes, as every network here takes them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
PARTS = ("train", "val", "test")


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
        for part in PARTS:
            found.update(np.ascontiguousarray(self.x[part]).tobytes())
            found.update(np.ascontiguousarray(self.y[part]).tobytes())
        return found.hexdigest()
