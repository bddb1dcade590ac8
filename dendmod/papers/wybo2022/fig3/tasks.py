"""Units of work of Fig 3: functions of plain values that a sweep can run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from dendmod.errors import SpecError
from dendmod.learning.classification import TaskSet, one_vs_all, plane_tasks
from dendmod.learning.data import load_data
from dendmod.learning.networks import MultitaskNetwork, NetworkSpec
from dendmod.learning.scan import Scan, scan_rates
from dendmod.learning.training import TrainSpec, evaluate, train
from dendmod.params import wybo2022_networks as paper
from dendmod.rng import stream

PLANE = "tasks2d"
_PLANE_POINTS = {"train": 4000, "val": 1000, "test": 10000}
_SCAN_SEED = 1_000_003  # seeds of a scan are none of those that are reported

_SCANNED_BASES = (0, 1)  # networks that the scan of a transfer moves
_SCAN_EPOCHS = 8  # a scan compares rates after at most so many (ours)

Sets = dict[str, TaskSet]


def task_sets(data: str, seed: int, pool: int = 1) -> Sets:
    """Return the tasks of each part: "tasks2d", "digits" or the path of an npz file."""
    if data == PLANE:
        return {part: plane_tasks(n, seed, part) for part, n in _PLANE_POINTS.items()}
    images = load_data(data, seed=seed, pool=pool).flat().standardised()
    return {part: one_vs_all(images, part) for part in ("train", "val", "test")}


def supervised(
    *,
    data: str,
    hidden: Sequence[int],
    modulation: str,
    seeds: Sequence[int],
    data_seed: int = 1,
    pool: int = 1,
    rounds: int = 3,
    scan_seeds: int = 5,
    rates: Sequence[float] | None = None,
    training: dict[str, Any] | None = None,
    network: dict[str, Any] | None = None,
    keep_outputs: bool = False,
) -> dict[str, np.ndarray]:
    """Scan the learning rates, train with the best, test.

    Parameters
    ----------
    data, data_seed, pool
        See `task_sets`.
    hidden, modulation
        See `NetworkSpec`.
    seeds
        One a network.
    rounds, scan_seeds
        Of the scan (`scan_rates`): grids, and networks with which its best points are tried again.
        They have other seeds than `seeds`.
    rates
        Learning rates (shared, task), in place of a scan.
    training, network
        Other fields of `TrainSpec` and of `NetworkSpec`.
    keep_outputs
        Return the test samples as well, and what the first network says of them.

    Returns
    -------
    ``test`` [runs, tasks], ``val`` [runs], ``epochs``, ``rates`` [2], and what the scan tried:
    ``scan_rates`` [points, 2], ``scan_score`` and ``scan_worst`` [points] (see `Scan`). If wanted,
    ``x`` [samples, inputs] and ``says`` [tasks, samples].
    """
    torch.set_num_threads(1)  # processes share the cores
    sets = task_sets(data, data_seed, pool)
    spec = _network_spec(sets, hidden, modulation, network)
    settings = training or {}
    scan = (
        Scan(np.array([rates]), np.array([np.nan]), np.array([np.nan]))
        if rates
        else _scan(spec, sets, rounds, scan_seeds, settings)
    )
    trained, history = _train(spec, sets, seeds, scan.best, settings)
    kept = {}
    if keep_outputs:
        with torch.no_grad():
            says = trained.rows([0])(sets["test"].x)[0] > 0
        kept = {"x": sets["test"].x.numpy(), "says": says.numpy()}
    return {
        **kept,
        "test": evaluate(trained, sets["test"]),
        "val": history.best,
        "epochs": np.array(history.epochs),
        "rates": np.array(scan.best),
        "scan_rates": scan.rates,
        "scan_score": scan.score,
        "scan_worst": scan.worst,
    }


def together(*, jobs: dict[str, dict[str, Any]]) -> dict[str, np.ndarray]:
    """Return the results of several `supervised`, one after the other, as "name/result".

    Small networks train in less time than a process takes to import PyTorch.
    """
    return {
        f"{name}/{what}": value
        for name, payload in jobs.items()
        for what, value in supervised(**payload).items()
    }


def _network_spec(
    sets: Sets, hidden: Sequence[int], modulation: str, more: dict[str, Any] | None = None
) -> NetworkSpec:
    n_in, n_tasks = sets["train"].x.shape[-1], sets["train"].n_tasks
    fields = {"n_in": n_in, "hidden": tuple(hidden), "n_tasks": n_tasks, "modulation": modulation}
    return NetworkSpec(**{**fields, **(more or {})})


def _train(spec, sets, seeds, rates, settings):  # type: ignore[no-untyped-def]
    network = MultitaskNetwork(spec, seeds)
    made = TrainSpec(lr_shared=rates[0], lr_task=rates[1], **settings)
    return network, train(network, sets["train"], sets["val"], made)


def _scan(spec, sets, rounds, n_seeds, settings):  # type: ignore[no-untyped-def]
    shared = spec.modulation != "task_specific"

    def tried(pairs, seeds):  # type: ignore[no-untyped-def]
        """Return the accuracy of a network for each pair and seed."""
        rates = tuple(zip(*(pair for pair in pairs for _ in seeds), strict=True))
        _, history = _train(spec, sets, list(seeds) * len(pairs), rates, _shorter(settings))
        return history.best.reshape(len(pairs), len(seeds))

    more = [_SCAN_SEED + 1 + i for i in range(n_seeds)]
    return scan_rates(
        lambda pairs: tried(pairs, [_SCAN_SEED])[:, 0], rounds=rounds, shared=shared,
        again=(lambda pairs: tried(pairs, more).min(axis=1)) if more else None,
    )  # fmt: skip


def _shorter(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "max_epochs": min(settings.get("max_epochs", _SCAN_EPOCHS), _SCAN_EPOCHS)}


def transfer(
    *,
    data: str,
    hidden: Sequence[int],
    modulation: str,
    seeds: Sequence[int],
    split: int,
    rates: Sequence[float],
    data_seed: int = 1,
    pool: int = 1,
    training: dict[str, Any] | None = None,
) -> dict[str, np.ndarray]:
    """Train on half of the tasks, then learn the others with shared parameters frozen.

    New tasks start from random parameters, whose output is scaled (`calm`): else the output of many
    is far out on one arm of tanh for all samples, where no gradient moves it.

    Parameters
    ----------
    split
        Which half: keys the choice of tasks.
    rates
        Learning rates (shared, task) of the first training. The rate of the second is scanned for
        on the validation part.

    Returns
    -------
    ``base`` and ``moved``, test accuracy [runs, tasks] on the first and the second half; ``known``
    and ``new``, the tasks of each; ``moved_rate``.
    """
    torch.set_num_threads(1)
    sets = task_sets(data, data_seed, pool)
    n = sets["train"].n_tasks
    if n < 2:
        raise SpecError("transfer needs two tasks or more")
    order = stream(split, "transfer split").permutation(n)
    known, new = sorted(order[: n // 2].tolist()), sorted(order[n // 2 :].tolist())
    settings = training or {}
    first = {part: tasks.only(known) for part, tasks in sets.items()}
    second = {part: tasks.only(new) for part, tasks in sets.items()}
    spec = _network_spec(first, hidden, modulation)
    network, _ = _train(spec, first, seeds, rates, settings)

    def learn(pairs, bases, settings):  # type: ignore[no-untyped-def]
        """Learn new tasks on copies of some networks, a copy for each rate."""
        copies = [run for _ in pairs for run in bases]
        source = network.rows(copies)
        fresh = source.with_new_tasks(len(new), [seeds[i] + 1 for i in copies])
        calm(fresh, second["train"].x)
        rate = tuple(task for _, task in pairs for _ in bases)
        made = TrainSpec(lr_task=rate, frozen=("shared",), **settings)
        return fresh, train(fresh, second["train"], second["val"], made)

    def score(pairs):  # type: ignore[no-untyped-def]
        best = learn(pairs, _SCANNED_BASES[: len(seeds)], _shorter(settings))[1].best
        return best.reshape(len(pairs), -1).mean(axis=1)

    scan = scan_rates(score, rounds=2, shared=False)
    moved, _ = learn([scan.best], range(len(seeds)), settings)
    return {
        "base": evaluate(network, first["test"]),
        "moved": evaluate(moved, second["test"]),
        "known": np.array(known),
        "new": np.array(new),
        "moved_rate": np.array(scan.best[1]),
    }


@torch.no_grad()
def calm(network: MultitaskNetwork, x: torch.Tensor) -> None:
    """Scale the output unit of each run and task, so that it deviates from its bias by about 1.

    The root mean square over `x` of the output unit before tanh, without its bias, becomes 1; what
    is scaled is the task's gain, or its weights where it has no gain.
    """
    last = network.layers - 1
    own = network.named("task")
    scaled = next(own[n] for n in (f"gain{last}", f"weight{last}") if n in own)
    a = network.output_preactivation(x)
    bias = network.values[f"bias{last}"]  # [runs, 1] or [runs, tasks, 1]
    a = a - (bias if f"bias{last}" in own else bias[:, None])
    size = a.square().mean(-1).sqrt().clamp_min(1e-6)
    scaled.div_(size.reshape(*size.shape, *([1] * (scaled.ndim - 2))))


def seeds_from(seed: int, n: int = paper.SEEDS) -> list[int]:
    """Return the seeds of `n` networks, keyed by the seed of the figure."""
    return [int(s) for s in stream(seed, "networks").integers(0, 2**31, n)]
