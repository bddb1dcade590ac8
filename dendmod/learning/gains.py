"""Gains of each task on fixed weights: the networks of Fig 4, many settings at once.

The feedforward weights do not change, so that what training sees of an image is its drive w . x.
Learning is by Eq 19 (see `hebbian`), with Adam.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from dendmod.errors import SpecError
from dendmod.learning.classification import (
    BalancedSampler,
    TaskSet,
    balanced_accuracy,
    one_vs_all,
)
from dendmod.learning.dataset import Dataset
from dendmod.learning.gain_pass import gradients, outputs
from dendmod.learning.optim import BatchedAdam
from dendmod.params import wybo2022_networks as paper
from dendmod.rng import stream

NAMES = ("x_shift", "bias", "log10_rate", "gain_mean", "gain_sd")


@dataclass(frozen=True)
class Gains:
    """Trained networks, one a row of settings.

    Parameters
    ----------
    settings
        Shape [runs, 5], columns as in `NAMES`. x_shift is that of all hidden units, bias that of
        all units; gains of hidden and of output units start from one normal distribution.
    hidden
        Gains of hidden units, shape [runs, tasks, k].
    output
        Gains of output units, shape [runs, tasks].
    accuracy
        Balanced accuracy on the validation part, shape [runs, tasks].
    loss
        Mean squared error of training by epoch, shape [epochs, runs]; NaN once a run has stopped.
    """

    settings: np.ndarray
    hidden: torch.Tensor
    output: torch.Tensor
    accuracy: np.ndarray
    loss: np.ndarray

    def test(self, tasks: TaskSet) -> np.ndarray:
        """Return the balanced accuracy on other samples, shape [runs, tasks]."""
        x_shift, bias = (v.to(tasks.x.device) for v in _columns(self.settings))
        return _evaluate(tasks, self.hidden, self.output, x_shift, bias)


def drives(data: Dataset, w: np.ndarray) -> dict[str, TaskSet]:
    """Return one task a class on w . x of each part.

    Images are less the mean training image, so that one x-shift can do for all units, and scaled
    to a variance of 1 averaged over pixels.
    """
    flat = data.flat()
    mean = flat.x["train"].mean(axis=0)
    sd = float((flat.x["train"] - mean).std())
    sets = {}
    for part, x in flat.x.items():
        tasks = one_vs_all(flat, part)
        drive = ((x - mean) / sd @ w.T.astype(np.float32)).astype(np.float32)
        sets[part] = TaskSet(torch.from_numpy(drive), tasks.positive, tasks.group)
    return sets


def train_gains(
    train: TaskSet,
    val: TaskSet,
    settings: np.ndarray,
    seed: int,
    *,
    batch: int = paper.GAIN_BATCH,
    steps: int | None = None,
    max_epochs: int = paper.MAX_EPOCHS,
    patience: int = paper.PATIENCE,
) -> Gains:
    """Train gains for all tasks and all settings at once; each run keeps its best epoch.

    Parameters
    ----------
    train, val
        Tasks on drives, `x` of shape [samples, k].
    settings
        Shape [runs, 5], columns as in `NAMES`.
    seed
        Keys batches and first gains, which are alike for all settings up to mean and SD.
    batch
        Samples a step and task, half of them positive.
    steps
        Steps an epoch; None takes as many as there are batches in the training part, 100 at most.
    max_epochs, patience
        A run ends after `max_epochs`, or when its validation accuracy has not risen for `patience`
        epochs.
    """
    settings = np.atleast_2d(np.asarray(settings, dtype=float))
    if settings.shape[1] != len(NAMES):
        raise SpecError(f"settings of shape {settings.shape}: give columns {', '.join(NAMES)}")
    if steps is None:
        steps = min(100, max(1, len(train.x) // batch))
    x_shift, bias = (v.to(train.x.device) for v in _columns(settings))
    runs, k = len(settings), train.x.shape[-1]
    first = stream(seed, "gains").standard_normal((train.n_tasks, k + 1))
    scaled = settings[:, 3, None, None] + settings[:, 4, None, None] * first
    start = torch.from_numpy(scaled.astype(np.float32)).to(train.x.device)
    gains = {
        "hidden": torch.nn.Parameter(start[..., :k].clone(), requires_grad=False),
        "output": torch.nn.Parameter(start[..., k].clone(), requires_grad=False),
    }
    adam = BatchedAdam([(gains, torch.from_numpy(10.0 ** settings[:, 2]))])
    sampler = BalancedSampler(train, batch * train.n_tasks, [seed])
    targets = sampler.targets.to(train.x)
    best = {name: g.detach().clone() for name, g in gains.items()}
    accuracy = _evaluate(val, gains["hidden"], gains["output"], x_shift, bias)
    since, losses = np.zeros(runs, dtype=int), []
    going = np.arange(runs)  # a run that has stopped is trained no more
    for epoch in range(max_epochs):
        total = torch.zeros(len(going), device=train.x.device)
        for drawn in sampler.epoch(epoch, steps)[:, 0].to(train.x.device):
            out, by_hidden, by_output = gradients(
                train.x, drawn, gains["hidden"], gains["output"], x_shift, bias, targets
            )
            # Adam goes down, L is to go up
            gains["hidden"].grad, gains["output"].grad = -by_hidden, -by_output
            adam.step()
            total += ((torch.tanh(out) - targets) ** 2).mean(dim=(1, 2))
        losses.append(np.full(runs, np.nan, dtype=np.float32))
        losses[-1][going] = (total / steps).cpu().numpy()
        now = _evaluate(val, gains["hidden"], gains["output"], x_shift, bias)
        better = now.mean(axis=1) > accuracy[going].mean(axis=1)
        since[going] = np.where(better, 0, since[going] + 1)
        accuracy[going[better]] = now[better]
        for name, g in gains.items():
            best[name][going[better]] = g.detach()[torch.from_numpy(better)]
        still = np.flatnonzero(since[going] < patience)
        if not len(still):
            break
        if len(still) < len(going):
            going, rows = going[still], torch.from_numpy(still).to(train.x.device)
            x_shift, bias = x_shift[rows], bias[rows]
            gains = {n: torch.nn.Parameter(g.detach()[rows], False) for n, g in gains.items()}
            adam = adam.only(rows, gains)
    return Gains(settings, best["hidden"], best["output"], accuracy, np.array(losses))


def _columns(settings: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    values = torch.from_numpy(settings.astype(np.float32))
    return values[:, 0], values[:, 1]


def _evaluate(
    tasks: TaskSet,
    hidden: torch.Tensor,
    output: torch.Tensor,
    x_shift: torch.Tensor,
    bias: torch.Tensor,
) -> np.ndarray:
    says = outputs(tasks.x, hidden, output, x_shift, bias)
    return balanced_accuracy(says, tasks.positive).cpu().numpy()
