"""Sets of binary tasks over the same samples, balanced batches of them, balanced accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from dendmod.errors import SpecError
from dendmod.learning import tasks2d
from dendmod.learning.dataset import Dataset
from dendmod.rng import stream


@dataclass(frozen=True)
class TaskSet:
    """Binary tasks over one set of samples.

    Parameters
    ----------
    x
        Samples, shape [samples, inputs] (or images).
    positive
        Whether a sample is to be recognised, shape [tasks, samples].
    group
        Group (class) of each sample. A negative is drawn uniformly over groups, then over samples.
    """

    x: torch.Tensor
    positive: torch.Tensor
    group: torch.Tensor

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.positive)

    def only(self, tasks: Sequence[int]) -> TaskSet:
        """Return the set with these tasks alone, in this order."""
        return TaskSet(self.x, self.positive[list(tasks)], self.group)

    def to(self, device: torch.device | str) -> TaskSet:
        """Return the set on a device."""
        return TaskSet(self.x.to(device), self.positive.to(device), self.group.to(device))


def one_vs_all(data: Dataset, part: str, tasks: Sequence[int] | None = None) -> TaskSet:
    """Return one task a class: is a sample of this class?

    Parameters
    ----------
    part
        "train", "val" or "test".
    tasks
        The classes that are to be recognised; None takes all.
    """
    y = torch.from_numpy(data.y[part])
    classes = torch.as_tensor(list(range(data.n_classes) if tasks is None else tasks))
    return TaskSet(torch.from_numpy(data.x[part]), classes[:, None] == y, y)


def plane_tasks(n: int, seed: int, part: str) -> TaskSet:
    """Return the 48 tasks of `tasks2d` on `n` points; each task's negatives are one group."""
    x = tasks2d.points(n, seed, part)
    return TaskSet(
        torch.from_numpy(x.astype(np.float32)),
        torch.from_numpy(tasks2d.labels(x)),
        torch.zeros(n, dtype=torch.long),
    )


class BalancedSampler:
    """Draws batches with as many positives as negatives of each task.

    Parameters
    ----------
    tasks
        What is drawn from.
    batch
        Samples a batch over all tasks; each task gets an even share, at least one pair.
    seeds
        One a run; each run's batches depend on its own seed alone.
    """

    def __init__(self, tasks: TaskSet, batch: int, seeds: Sequence[int]) -> None:
        self.seeds, self.n_tasks = tuple(seeds), tasks.n_tasks
        self.pairs = max(1, round(batch / tasks.n_tasks / 2))
        positive, group = tasks.positive.cpu().numpy(), tasks.group.cpu().numpy()
        orders, starts, counts, many = [], [], [], []
        offset = 0
        for t in range(self.n_tasks):
            for wanted in (True, False):
                members = np.flatnonzero(positive[t] == wanted)
                if not len(members):
                    kind = "positive" if wanted else "negative"
                    raise SpecError(f"task {t} has no {kind} sample; give samples of both")
                members = members[np.argsort(group[members], kind="stable")]
                _, first, count = np.unique(group[members], return_index=True, return_counts=True)
                orders.append(members)
                starts.append(first + offset)
                counts.append(count)
                many.append(len(count))
                offset += len(members)
        shape = (self.n_tasks, 2, max(many))
        self._order = np.concatenate(orders)
        self._start, self._count = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for i, (start, count) in enumerate(zip(starts, counts, strict=True)):
            self._start[i // 2, i % 2, : len(start)] = start
            self._count[i // 2, i % 2, : len(count)] = count
        self._many = np.reshape(many, (self.n_tasks, 2))

    @property
    def targets(self) -> torch.Tensor:
        """+1 and -1 for the samples of a task in a batch, shape [samples]."""
        return torch.tensor([1.0, -1.0]).repeat_interleave(self.pairs)

    def epoch(self, number: int, steps: int, runs: Sequence[int] | None = None) -> torch.Tensor:
        """Return the samples of an epoch, shape [steps, runs, tasks, samples of a task].

        The first half of the last axis is positives, the second negatives. `runs` are those that
        are wanted; None takes all.
        """
        wanted = self.seeds if runs is None else [self.seeds[i] for i in runs]
        drawn = [self._draw(seed, number, steps) for seed in wanted]
        return torch.from_numpy(np.stack(drawn, axis=1))

    def _draw(self, seed: int, number: int, steps: int) -> npt.NDArray[np.int64]:
        u = stream(seed, "batches", number).random((2, steps, self.n_tasks, 2, self.pairs))
        task = np.arange(self.n_tasks)[:, None, None]
        side = np.arange(2)[:, None]
        group = (u[0] * self._many[:, :, None]).astype(np.int64)
        place = (u[1] * self._count[task, side, group]).astype(np.int64)
        drawn = self._order[self._start[task, side, group] + place]
        return drawn.reshape(steps, self.n_tasks, 2 * self.pairs)


def balanced_accuracy(output: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """Return the mean of the hit rate on positives and on negatives (chance 0.5).

    Parameters
    ----------
    output
        Output of the network; above zero says yes. Shape [..., tasks, samples].
    positive
        What is right, shape [tasks, samples].

    Returns
    -------
    Shape [..., tasks].
    """
    says = output > 0
    hits = (says & positive).sum(-1) / positive.sum(-1)
    rejections = (~says & ~positive).sum(-1) / (~positive).sum(-1)
    return (hits + rejections) / 2
