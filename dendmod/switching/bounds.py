"""What matrix and data allow: a linear readout, and units of a formula in place of cells.

A unit emits ``relu(g d + c)`` for a drive ``d``: its summed input over that of a strong one
(the 95th percentile over training images). A context sets gains ``g`` or shifts ``c``; the output
adds all units up with equal weights and answers with a spike above a threshold. What such a network
reaches bounds what a network of cells can, whatever the cells do with gains or shifts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError
from dendmod.rng import stream
from dendmod.switching.classification import balanced_accuracy
from dendmod.switching.images import feedforward, image_tasks, load_images, training_spikes

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Modulation = Literal["gain", "positive gain", "shift"]
Post = Literal["slope", "output"]
Error = Literal["graded", "count"]

UNITS: tuple[Modulation, ...] = ("gain", "positive gain", "shift")
# Name -> what meets the error at a unit, the error, the noise of the drive. The first is the
# gradient; each of the others changes one thing; the last is what Eqs 22-23 have.
RULES: dict[str, tuple[Post, Error, float]] = {
    "gradient": ("slope", "graded", 0.0),
    "count alone": ("slope", "count", 0.0),
    "output for slope": ("output", "graded", 0.0),
    "noise": ("slope", "graded", 0.15),
    "the rule": ("output", "count", 0.0),
}
_TRAIN, _TEST = 6000, 2000  # samples drawn for bounds, and for every measurement
_STEPS, _BATCH, _ADAM = 2000, 100, 0.05
# Ours, chosen on digits 0 and 2 with seed 0 of 3, 10 and 30: the step of online learning for all
# units together, which falls to 1/e over a third of the samples.
_ONLINE, _DECAY = 30.0, 3.0
_SOFT = 0.1  # width of that threshold, in strong drives; ours
_SHARPNESS = 8.0  # of the output: logit of a strong answer; ours


@dataclass(frozen=True)
class Task:
    """Drives of training and test samples, shape [samples, units], and answers, 0 or 1."""

    train: Array
    train_answers: Ints
    test: Array
    test_answers: Ints


def drives(vectors: Array, counts: npt.ArrayLike, inputs: npt.ArrayLike) -> Array:
    """Return drives of samples over those of strong inputs, shape [samples, units].

    Parameters
    ----------
    vectors
        Feedforward weights, shape [inputs, units].
    counts
        Spikes of the samples, shape [samples, inputs].
    inputs
        Spikes of training images, shape [images, inputs].
    """
    strong = np.percentile(np.abs(np.asarray(inputs, float) @ vectors), 95.0, axis=0)
    if not (strong > 0).all():
        raise SpecError("the training inputs do not reach all units; they have no drive")
    return np.asarray(counts, float) @ vectors / strong


def linear_readout(task: Task) -> float:
    """Return the balanced accuracy of logistic regression on the drives."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(max_iter=2000).fit(task.train, task.train_answers)
    return balanced_accuracy(fitted.predict(task.test) == task.test_answers, task.test_answers)


class _Network:
    """Units that a context modulates, and the output that adds them up."""

    def __init__(self, modulation: Modulation, task: Task, rng: np.random.Generator) -> None:
        k = task.train.shape[1]
        self.modulation: Modulation = modulation
        gains = modulation != "shift"
        low, high = (0.5, 1.0) if gains else (-0.1, 0.1)
        self.context: Array = np.asarray(rng.uniform(low, high, k))
        mean = self.units(task.train)[0].sum(axis=1)
        # the threshold starts where most samples pass: "initially ... fires indiscriminately"
        self.threshold = float(np.percentile(mean, 10))
        self.scale = _SHARPNESS / float(np.ptp(np.percentile(mean, [5, 95])) + 1e-9)

    def units(self, d: Array) -> tuple[Array, Array]:
        """Return outputs of the units and their slopes over the context, [samples, units].

        Slopes are those of a threshold that is soft: a silent unit would learn nothing else.
        """
        shifts = self.modulation == "shift"
        x = d + self.context if shifts else d * self.context
        slope = _probability(x / _SOFT)
        return np.maximum(x, 0.0), slope if shifts else d * slope

    def logit(self, h: Array) -> Array:
        """Return how far the summed outputs lie above the threshold, shape [samples]."""
        found: Array = self.scale * (h.sum(axis=1) - self.threshold)
        return found

    def bounded(self) -> None:
        """Keep gains that have to be positive so."""
        if self.modulation == "positive gain":
            self.context = np.maximum(self.context, 0.0)

    def accuracy(self, task: Task) -> float:
        """Return the balanced accuracy on test samples."""
        fired = self.logit(self.units(task.test)[0]) > 0
        return balanced_accuracy(fired == (task.test_answers > 0), task.test_answers)


def _probability(logit: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -40, 40))))


def bound(modulation: Modulation, task: Task, seed: int) -> float:
    """Return the balanced accuracy of units whose context follows the gradient, to the end.

    The output's threshold is learned too. Adam, cross-entropy.
    """
    rng = stream(seed, "bound", modulation)
    net = _Network(modulation, task, rng)
    k = net.context.size
    m, v = np.zeros(k + 1), np.zeros(k + 1)
    for step in range(1, _STEPS + 1):
        rows = rng.integers(0, len(task.train), _BATCH)
        h, slope = net.units(task.train[rows])
        error = (_probability(net.logit(h)) - task.train_answers[rows]) * net.scale / _BATCH
        gradient = np.append(error @ slope, -error.sum())
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        rate = _ADAM * (1 - step / (_STEPS + 1))
        move = rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        net.context = net.context - move[:-1]
        net.threshold -= float(move[-1])
        net.bounded()
    return net.accuracy(task)


def learned_online(
    task: Task, samples: int, seed: int, post: Post, error: Error, noise: float, rate: float
) -> tuple[float, float]:
    """Learn shifts sample by sample; return balanced accuracy and a cosine.

    Parameters
    ----------
    samples
        As many as a network of cells learns from.
    post
        What meets the error at a unit: the slope of its output, as in the gradient, or its output
        itself, as in Eqs 22-23.
    error
        "graded": the probability of a spike less the answer; "count": the spike, 0 or 1, less it.
    noise
        Standard deviation of the drive, in strong drives.
    rate
        Step of a shift for an error of 1 at a slope of 1.

    Returns
    -------
    tuple
        Balanced accuracy, and the cosine between the mean change by this rule and the gradient,
        over samples, averaged over ten moments of learning.
    """
    rng = stream(seed, "online")
    net = _Network("shift", task, rng)
    cosines = []
    probe = rng.integers(0, len(task.train), 500)
    for i in range(samples):
        if i % max(samples // 10, 1) == 0:
            cosines.append(_cosine(net, task.train[probe], task.train_answers[probe], post, error))
        row = rng.integers(0, len(task.train))
        d = task.train[row : row + 1]
        if noise:
            d = d + rng.normal(0, noise, d.shape)
        change = _change(net, d, task.train_answers[row : row + 1], post, error)[0]
        net.context = net.context - rate * np.exp(-_DECAY * i / samples) * change
    return net.accuracy(task), float(np.mean(cosines))


def _change(net: _Network, d: Array, answers: Ints, post: Post, error: Error) -> Array:
    """Return by what each sample moves the shifts (against it), shape [samples, units]."""
    h, slope = net.units(d)
    logit = net.logit(h)
    fired = _probability(logit) if error == "graded" else (logit > 0).astype(float)
    found: Array = (fired - answers)[:, None] * (slope if post == "slope" else h)
    return found


def _cosine(net: _Network, d: Array, answers: Ints, post: Post, error: Error) -> float:
    mine = _change(net, d, answers, post, error).mean(axis=0)
    true = _change(net, d, answers, "slope", "graded").mean(axis=0)
    size = float(np.linalg.norm(mine) * np.linalg.norm(true))
    return float(mine @ true) / size if size else 0.0


def measure_bounds(
    matrix: str, data: str, k: int, classes: Sequence[int], samples: int, seed: int
) -> dict[str, Array]:
    """Return what each bound and each rule reaches on one matrix, class by class.

    Parameters
    ----------
    matrix, data, k, seed
        As in `dendmod.switching.tasks.ClassLearning`; the matrix is the same.
    samples
        Of online learning.

    Returns
    -------
    dict
        "linear readout", those of `UNITS` and of `RULES`: balanced accuracy, shape [classes];
        "cosine " and a rule: that with the gradient.
    """
    images = load_images(data)
    vectors, inputs = feedforward(matrix, images, k, seed), training_spikes(images)
    tasks = image_tasks(images, tuple(classes))
    found: dict[str, list[float]] = {}
    for i, target in enumerate(classes):
        own = seed * 1000 + target
        drawn = {
            part: tasks.draw(i, n, stream(own, "bounds", part), part)
            for part, n in (("train", _TRAIN), ("test", _TEST))
        }
        x = {part: drives(vectors, d.counts, inputs) for part, d in drawn.items()}
        task = Task(x["train"], drawn["train"].expected, x["test"], drawn["test"].expected)
        row: dict[str, Any] = {"linear readout": linear_readout(task)}
        row |= {name: bound(name, task, own) for name in UNITS}
        for name, (post, error, noise) in RULES.items():
            end, cosine = learned_online(task, samples, own, post, error, noise, _ONLINE / k)
            row |= {name: end, f"cosine {name}": cosine}
        for name, value in row.items():
            found.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in found.items()}
