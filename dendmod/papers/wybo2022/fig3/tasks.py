"""Tasks of Figure 3: train networks of many tasks, and move them to new tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dendmod.errors import SpecError
from dendmod.learning.classification import TaskSet, one_vs_all, plane_tasks
from dendmod.learning.data import load_data
from dendmod.learning.multitask_spec import MultitaskSpec, TrainSpec
from dendmod.learning.networks import MultitaskNetwork
from dendmod.learning.scan import Scan, scan_rates
from dendmod.learning.training import History, evaluate, train
from dendmod.rng import stream

PLANE = "tasks2d"
_SCAN_SEED = 1_000_003  # seeds of a scan are none of those that are reported

Sets = dict[str, TaskSet]
Pairs = Sequence[tuple[float, float]]  # learning rates of shared and of task parameters
Rates = tuple[float | tuple[float, ...], float | tuple[float, ...]]  # one, or one a network


def task_sets(data: str, seed: int, pool: int = 1, points: Mapping[str, int] | None = None) -> Sets:
    """Return the tasks of each part.

    Parameters
    ----------
    data
        "tasks2d", or images as `load_data` takes them.
    pool
        Side of the squares of pixels that are averaged.
    points
        Points of each part of "tasks2d".
    """
    if data == PLANE:
        return {part: plane_tasks(n, seed, part) for part, n in (points or {}).items()}
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
    points: Mapping[str, int] | None = None,
    scan: Mapping[str, int] | None = None,
    rates: Sequence[float] | None = None,
    training: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] | None = None,
    keep_outputs: bool = False,
) -> dict[str, np.ndarray]:
    """Train networks with the best of scanned learning rates, or with given ones, and test them.

    Parameters
    ----------
    data, data_seed, pool, points
        See `task_sets`.
    hidden, modulation
        See `MultitaskSpec`.
    seeds
        One a network.
    scan
        ``rounds``, ``networks`` and ``epochs`` of a scan (`scan_rates`): grids, networks with which
        its best points are tried again, which have other seeds than `seeds`, epochs of each.
    rates
        Learning rates (shared, task), in place of a scan.
    training, network
        Other fields of `TrainSpec` and of `MultitaskSpec`.
    keep_outputs
        Return the test samples as well, and what the first network says of them.

    Returns
    -------
    ``test`` [runs, tasks], ``val`` [runs], ``epochs``, ``rates`` [2], and what the scan tried:
    ``scan_rates`` [points, 2], ``scan_score`` and ``scan_worst`` [points] (see `Scan`). If wanted,
    ``x`` [samples, inputs] and ``says`` [tasks, samples].
    """
    torch.set_num_threads(1)  # processes share the cores
    if (rates is None) == (scan is None):
        raise SpecError("give rates or a scan of them")
    sets = task_sets(data, data_seed, pool, points)
    spec = _network_spec(sets, hidden, modulation, network or {})
    settings = training or {}
    tried = (
        Scan(np.array([rates]), np.array([np.nan]), np.array([np.nan]))
        if scan is None
        else _scan(spec, sets, scan, settings)
    )
    trained, history = _train(spec, sets, seeds, tried.best, settings)
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
        "rates": np.array(tried.best),
        "scan_rates": tried.rates,
        "scan_score": tried.score,
        "scan_worst": tried.worst,
    }


def supervised_several(*, trainings: Mapping[str, Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Return the results of several `supervised`, one after the other, as "name/result".

    Small networks train in less time than a process takes to import PyTorch.
    """
    return {
        f"{name}/{what}": value
        for name, payload in trainings.items()
        for what, value in supervised(**payload).items()
    }


def _network_spec(
    sets: Sets, hidden: Sequence[int], modulation: str, more: Mapping[str, Any]
) -> MultitaskSpec:
    n_in, n_tasks = sets["train"].x.shape[-1], sets["train"].n_tasks
    fields = {"n_in": n_in, "hidden": tuple(hidden), "n_tasks": n_tasks, "modulation": modulation}
    return MultitaskSpec(**{**fields, **more})


def _train(
    spec: MultitaskSpec, sets: Sets, seeds: Sequence[int], rates: Rates, settings: Mapping[str, Any]
) -> tuple[MultitaskNetwork, History]:
    network = MultitaskNetwork(spec, seeds)
    made = TrainSpec(**{**settings, "lr_shared": rates[0], "lr_task": rates[1]})
    return network, train(network, sets["train"], sets["val"], made)


def _scan(
    spec: MultitaskSpec, sets: Sets, scan: Mapping[str, int], settings: Mapping[str, Any]
) -> Scan:
    shorter = _at_most(scan["epochs"], settings)

    def accuracies(pairs: Pairs, seeds: Sequence[int]) -> np.ndarray:
        """Return the accuracy of a network for each pair and seed."""
        shared, task = zip(*(pair for pair in pairs for _ in seeds), strict=True)
        _, history = _train(spec, sets, list(seeds) * len(pairs), (shared, task), shorter)
        return history.best.reshape(len(pairs), len(seeds))

    more = [_SCAN_SEED + 1 + i for i in range(scan["networks"])]
    return scan_rates(
        lambda pairs: accuracies(pairs, [_SCAN_SEED])[:, 0],
        rounds=scan["rounds"],
        shared=spec.modulation != "task_specific",
        again=(lambda pairs: accuracies(pairs, more).min(axis=1)) if more else None,
    )


def _at_most(epochs: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {**settings, "max_epochs": min(settings.get("max_epochs", epochs), epochs)}


def transfer(
    *,
    data: str,
    hidden: Sequence[int],
    modulation: str,
    seeds: Sequence[int],
    split: int,
    rates: Sequence[float],
    scan: Mapping[str, int],
    data_seed: int = 1,
    pool: int = 1,
    training: Mapping[str, Any] | None = None,
) -> dict[str, np.ndarray]:
    """Train on half of the tasks, then learn the others with shared parameters frozen.

    New tasks start from random parameters, whose output is scaled: else the output
    of many is far out on one arm of tanh for all samples, where no gradient moves it.

    Parameters
    ----------
    split
        Which half: keys the choice of tasks.
    rates
        Learning rates (shared, task) of the first training.
    scan
        ``rounds``, ``networks`` and ``epochs`` of the scan for the rate of the second, on the
        validation part: grids, how many of the trained networks are moved, epochs of each.

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
    spec = _network_spec(first, hidden, modulation, {})
    network, _ = _train(spec, first, seeds, (rates[0], rates[1]), settings)
    shorter = _at_most(scan["epochs"], settings)

    def learn(
        pairs: Pairs, bases: Sequence[int], settings: Mapping[str, Any]
    ) -> tuple[MultitaskNetwork, History]:
        """Learn new tasks on copies of some networks, a copy for each rate."""
        copies = [run for _ in pairs for run in bases]
        source = network.rows(copies)
        fresh = source.with_new_tasks(len(new), [seeds[i] + 1 for i in copies])
        fresh.scale_output(second["train"].x)
        rate = tuple(task for _, task in pairs for _ in bases)
        made = TrainSpec(**{**settings, "lr_task": rate, "frozen": ("shared",)})
        return fresh, train(fresh, second["train"], second["val"], made)

    def score(pairs: Pairs) -> np.ndarray:
        bases = range(min(scan["networks"], len(seeds)))
        return learn(pairs, bases, shorter)[1].best.reshape(len(pairs), -1).mean(axis=1)

    tried = scan_rates(score, rounds=scan["rounds"], shared=False)
    moved, _ = learn([tried.best], range(len(seeds)), settings)
    return {
        "base": evaluate(network, first["test"]),
        "moved": evaluate(moved, second["test"]),
        "known": np.array(known),
        "new": np.array(new),
        "moved_rate": np.array(tried.best[1]),
    }
