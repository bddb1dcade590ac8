"""Supervised training of all runs and tasks at once, with early stopping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from dendmod.errors import SpecError
from dendmod.learning.classification import BalancedSampler, TaskSet, balanced_accuracy
from dendmod.learning.multitask_spec import TrainSpec
from dendmod.learning.networks import MultitaskNetwork
from dendmod.learning.optim import BatchedAdam

_EVALUATED_AT_ONCE = 4_000_000  # numbers in the widest layer


@dataclass
class History:
    """What happened.

    Attributes
    ----------
    loss, val
        Mean training loss and validation accuracy of each epoch, lists of arrays [runs]; NaN once
        a run has ended.
    best
        Highest validation accuracy of each run, at which its parameters were kept, shape [runs].
    best_epoch
        Its epoch; -1 is before training.
    """

    loss: list[np.ndarray] = field(default_factory=list)
    val: list[np.ndarray] = field(default_factory=list)
    best: np.ndarray = field(default_factory=lambda: np.zeros(0))
    best_epoch: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))

    @property
    def epochs(self) -> int:
        """Number of epochs that were run."""
        return len(self.val)


def evaluate(network: MultitaskNetwork, tasks: TaskSet) -> np.ndarray:
    """Return the balanced accuracy of each run and task, shape [runs, tasks]."""
    per_sample = len(network.seeds) * tasks.n_tasks * max(network.spec.hidden)
    chunk = max(1, _EVALUATED_AT_ONCE // per_sample)
    with torch.no_grad():
        out = [network.output_preactivation(part) for part in tasks.x.split(chunk)]
    return balanced_accuracy(torch.cat(out, -1), tasks.positive).cpu().numpy()


def train(
    network: MultitaskNetwork,
    train_set: TaskSet,
    val_set: TaskSet,
    spec: TrainSpec,
    *,
    after_epoch: Callable[[MultitaskNetwork, int], None] | None = None,
) -> History:
    """Train; each run ends with the parameters of its best epoch.

    Runs do not see each other: each has its own seed, batches, learning rates and best epoch.

    Parameters
    ----------
    after_epoch
        Called with the network and the number of the epoch, -1 before the first.

    Raises
    ------
    SpecError
        If sets, network and specification do not belong together.
    """
    _check(network, train_set, val_set, spec)
    sampler = BalancedSampler(train_set, spec.batch, network.seeds)
    steps = spec.steps or -(-len(train_set.x) // (2 * sampler.pairs))
    first = evaluate(network, val_set).mean(axis=1)
    history = History(best=first, best_epoch=np.full(len(first), -1))
    best = {n: p.detach().clone() for n, p in network.values.items()}
    if after_epoch:
        after_epoch(network, -1)
    going = _going(history, spec)  # a run that has ended is computed no more
    live = _frozen(network.rows(going.tolist()), spec)
    adam = _optimiser(live, going, network, spec)
    for epoch in range(spec.max_epochs):
        if not len(going):
            break
        history.loss.append(np.full(len(network.seeds), np.nan, dtype=np.float32))
        batches = sampler.epoch(epoch, steps, going.tolist()).to(train_set.x.device)
        history.loss[-1][going] = _epoch(live, train_set, sampler, adam, batches)
        with torch.no_grad():
            for name, p in network.values.items():
                p[going] = live.values[name]
        if after_epoch:
            after_epoch(network, epoch)
        val = evaluate(live, val_set).mean(axis=1)
        history.val.append(np.full(len(network.seeds), np.nan))
        history.val[-1][going] = val
        better = val > history.best[going]
        history.best[going[better]], history.best_epoch[going[better]] = val[better], epoch
        for name, p in live.values.items():
            best[name][going[better]] = p.detach()[better]
        still = np.flatnonzero(np.isin(going, _going(history, spec)))
        if 0 < len(still) < len(going):
            live = _frozen(live.rows(still.tolist()), spec)
            adam = adam.only(torch.from_numpy(still), dict(live.values.items()))
        going = going[still]
    with torch.no_grad():
        for name, p in network.values.items():
            p.copy_(best[name])
    return history


def _going(history: History, spec: TrainSpec) -> np.ndarray:
    """Return the runs that have not ended for want of better epochs."""
    return np.flatnonzero(history.epochs - 1 - history.best_epoch < spec.patience)


def _frozen(network: MultitaskNetwork, spec: TrainSpec) -> MultitaskNetwork:
    for where in spec.frozen:
        for p in network.named(where).values():
            p.requires_grad_(False)
    return network


def _optimiser(
    live: MultitaskNetwork, going: np.ndarray, network: MultitaskNetwork, spec: TrainSpec
) -> BatchedAdam:
    rates = (("shared", spec.lr_shared), ("task", spec.lr_task))
    return BatchedAdam(
        [
            (live.named(where), _rates(rate, network.seeds)[going])
            for where, rate in rates
            if where not in spec.frozen
        ]
    )


def _epoch(network, tasks, sampler, adam, batches):  # type: ignore[no-untyped-def]
    targets = sampler.targets.to(tasks.x)
    total = torch.zeros(len(network.seeds), device=tasks.x.device)
    for drawn in batches:
        x = tasks.x.index_select(0, drawn.flatten()).view(*drawn.shape, *tasks.x.shape[1:])
        errors = (network(x) - targets) ** 2
        loss = errors.mean(dim=(1, 2))  # one a run: the gradient of a run knows no other
        loss.sum().backward()
        adam.step()
        total += loss.detach()
    return (total / len(batches)).cpu().numpy()


def _rates(rate: float | tuple[float, ...], seeds: Sequence[int]) -> torch.Tensor:
    rates = torch.as_tensor(rate, dtype=torch.float32).reshape(-1)
    return rates.expand(len(seeds)) if len(rates) == 1 else rates


def _check(
    network: MultitaskNetwork, train_set: TaskSet, val_set: TaskSet, spec: TrainSpec
) -> None:
    for what, tasks in (("training", train_set), ("validation", val_set)):
        if tasks.x.shape[-1] != network.spec.n_in or tasks.n_tasks != network.spec.n_tasks:
            raise SpecError(
                f"the {what} set has {tasks.x.shape[-1]} inputs and {tasks.n_tasks} tasks, the "
                f"network {network.spec.n_in} and {network.spec.n_tasks}"
            )
    for name in ("lr_shared", "lr_task"):
        rate = getattr(spec, name)
        if isinstance(rate, tuple) and len(rate) not in (1, len(network.seeds)):
            raise SpecError(f"{name} has {len(rate)} values for {len(network.seeds)} runs")
    unknown = set(spec.frozen) - {"shared", "task"}
    if unknown:
        raise SpecError(f"frozen = {sorted(unknown)}; allowed are 'shared' and 'task'")
