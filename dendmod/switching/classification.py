"""Tasks that a network learns to switch between, and the feedforward spikes of their inputs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.params import wybo2022
from dendmod.switching.boolean import FUNCTIONS, INPUTS, balanced_cases

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """Samples that were drawn.

    Parameters
    ----------
    counts
        Feedforward spikes, shape [samples, inputs].
    expected
        Output spikes that are right, 0 or 1, shape [samples].
    """

    counts: Ints
    expected: Ints


class Tasks(Protocol):
    """A set of tasks on the same inputs."""

    names: tuple[str, ...]
    n_inputs: int

    def digest(self) -> str:
        """Return the hash of all that drawn samples depend on."""
        ...

    def draw(self, task: int, n: int, rng: np.random.Generator, part: str) -> Drawn:
        """Draw `n` samples of a task, balanced over its two classes, from "train" or "test"."""
        ...


class BooleanTasks:
    """Boolean functions of two inputs.

    Parameters
    ----------
    names
        Keys of `FUNCTIONS`.
    shuffled
        Draw the expected output independently of the inputs: nothing can be learned.
    """

    n_inputs = 2

    def __init__(
        self, names: tuple[str, ...] = tuple(FUNCTIONS), *, shuffled: bool = False
    ) -> None:
        unknown = [n for n in names if n not in FUNCTIONS]
        if unknown:
            raise SpecError(f"unknown Boolean functions {unknown}; allowed: {', '.join(FUNCTIONS)}")
        self.names, self.shuffled = tuple(names), shuffled

    def digest(self) -> str:
        """Return the hash of names and whether labels are shuffled."""
        return hashlib.sha256(repr((self.names, self.shuffled)).encode()).hexdigest()

    def draw(self, task: int, n: int, rng: np.random.Generator, part: str) -> Drawn:
        """Draw balanced cases; all parts are alike."""
        table = FUNCTIONS[self.names[task]]
        case = balanced_cases(table, n, rng)
        expected = np.array(table)[case]
        if self.shuffled and part == "train":
            expected = rng.permutation(expected)
        counts = np.array(INPUTS)[case] * wybo2022.BOOLEAN_SPIKES
        return Drawn(counts, expected)


def spike_counts(images: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return spikes a pixel: 0 to 10 in proportion to its intensity (Table 3).

    Parameters
    ----------
    images
        Intensities, shape [samples, ...]: whole numbers from 0 to 255, or fractions from 0 to 1.

    Returns
    -------
    ndarray
        Shape [samples, pixels].
    """
    given = np.asarray(images)
    if given.ndim < 2 or given.dtype.kind not in "uif":
        raise SpecError(
            f"images have shape {given.shape} and type {given.dtype}; give numbers, [samples, ...]"
        )
    top = 1.0 if given.dtype.kind == "f" else 255.0
    values = given.reshape(len(given), -1) / top
    if not np.isfinite(values).all() or values.min(initial=0) < 0 or values.max(initial=0) > 1:
        raise SpecError(
            f"pixel intensities range from {given.min()} to {given.max()}; allowed are whole "
            "numbers from 0 to 255 or fractions from 0 to 1"
        )
    return np.rint(values * wybo2022.MAX_FEEDFORWARD_SPIKES).astype(np.int64)


class ImageTasks:
    """One class against all others: silence for the class, a spike for anything else.

    Parameters
    ----------
    images
        Part ("train", "test") -> images, shape [samples, ...], as `spike_counts` takes them.
    labels
        Part -> class of each image, shape [samples].
    classes
        The classes that make a task each.
    shuffled
        Permute the labels of the training part: nothing can be learned.
    """

    def __init__(
        self,
        images: dict[str, npt.NDArray],
        labels: dict[str, Ints],
        classes: tuple[int, ...],
        *,
        shuffled: bool = False,
    ) -> None:
        self._counts = {part: spike_counts(x) for part, x in images.items()}
        self._labels = {part: np.asarray(y) for part, y in labels.items()}
        for part, y in self._labels.items():
            if y.shape != (len(self._counts[part]),):
                raise SpecError(f"{part}: {len(self._counts[part])} images, labels of {y.shape}")
            missing = set(classes) - set(np.unique(y).tolist())
            if missing:
                raise SpecError(f"{part}: no image of classes {sorted(missing)}")
            if len(np.unique(y)) < 2:
                raise SpecError(
                    f"{part}: all images are of class {y[0]}; a task needs images of others too"
                )
        self.names = tuple(f"class {c}" for c in classes)
        self.classes, self.shuffled = tuple(classes), shuffled
        self.n_inputs = next(iter(self._counts.values())).shape[1]

    def digest(self) -> str:
        """Return the hash of images, labels, classes and whether labels are shuffled."""
        hashed = hashlib.sha256(repr((self.classes, self.shuffled)).encode())
        for part in sorted(self._counts):
            hashed.update(part.encode())
            hashed.update(self._counts[part].tobytes())
            hashed.update(np.asarray(self._labels[part], np.int64).tobytes())
        return hashed.hexdigest()

    def draw(self, task: int, n: int, rng: np.random.Generator, part: str) -> Drawn:
        """Draw half of the samples from the class, half evenly over the other classes."""
        labels = self._labels[part]
        mine = np.flatnonzero(labels == self.classes[task])
        others = [np.flatnonzero(labels == c) for c in np.unique(labels) if c != self.classes[task]]
        expected = np.arange(n) % 2
        rng.shuffle(expected)
        chosen = rng.choice(mine, size=n)
        for i in np.flatnonzero(expected):
            chosen[i] = rng.choice(others[rng.integers(len(others))])
        if self.shuffled and part == "train":
            expected = rng.permutation(expected)
        return Drawn(self._counts[part][chosen], expected.astype(np.int64))


def balanced_accuracy(correct: npt.NDArray[np.bool_], expected: Ints) -> float:
    """Return the mean over both classes of the fraction that is right."""
    rates = [correct[expected == value].mean() for value in (0, 1) if (expected == value).any()]
    return float(np.mean(rates))
