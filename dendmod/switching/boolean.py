"""The 14 non-trivial Boolean functions of two inputs as tasks (Wybo et al. 2022, Fig S3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dendmod.rng import stream

Array = npt.NDArray[np.float64]

INPUTS: tuple[tuple[int, int], ...] = ((0, 0), (0, 1), (1, 0), (1, 1))
"""(x, y) in the order of the truth tables."""

FUNCTIONS: dict[str, tuple[int, int, int, int]] = {
    "and": (0, 0, 0, 1),
    "x and not y": (0, 0, 1, 0),
    "not x and y": (0, 1, 0, 0),
    "nor": (1, 0, 0, 0),
    "or": (0, 1, 1, 1),
    "x or not y": (1, 0, 1, 1),
    "not x or y": (1, 1, 0, 1),
    "nand": (1, 1, 1, 0),
    "x": (0, 0, 1, 1),
    "y": (0, 1, 0, 1),
    "not x": (1, 1, 0, 0),
    "not y": (1, 0, 1, 0),
    "xor": (0, 1, 1, 0),
    "xnor": (1, 0, 0, 1),
}
"""Truth table of each function: whether the output cell should spike."""


def label_free_score(name: str) -> float:
    """Return the balanced accuracy on a function of a cell that fires on any spike, as OR does."""
    truth, fires = np.array(FUNCTIONS[name]) > 0, np.array(FUNCTIONS["or"]) > 0
    return float((fires[truth].mean() + (~fires[~truth]).mean()) / 2)


def balanced_cases(
    table: tuple[int, ...], n: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return numbers of `INPUTS`, half of them from each class, in random order, shape [n]."""
    truth = np.array(table)
    classes = np.arange(n) % 2
    rng.shuffle(classes)
    out = np.empty(n, dtype=np.int64)
    for value in (0, 1):
        chosen = classes == value
        out[chosen] = rng.choice(np.flatnonzero(truth == value), size=int(chosen.sum()))
    return out


def input_vectors(k: int, seed: int) -> Array:
    """Return the weight vectors of `k` hidden neurons, unit length, shape [2, k].

    The circle is divided into `k` equal parts. Four neurons take the middles of the quadrants,
    other numbers a random direction in each part (Fig S3A).
    """
    centers = 2 * np.pi * (np.arange(k) + 0.5) / k
    if k != 4:
        centers = centers + stream(seed, "input vectors").uniform(-np.pi / k, np.pi / k, size=k)
    return np.array([np.cos(centers), np.sin(centers)])
