"""Units of work of Fig 3: functions of plain values that a sweep can run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from dendmod.errors import SpecError
from dendmod.learning.data import load_data
from dendmod.learning.networks import MultitaskNetwork, NetworkSpec
from dendmod.learning.scan import Scan, scan_rates
from dendmod.learning.tasks import TaskSet, one_vs_all, plane_tasks
from dendmod.learning.training import TrainSpec, evaluate, train
from dendmod.params import wybo2022_networks as paper
from dendmod.rng import stream

PLANE = "tasks2d"
_PLANE_POINTS = {"train": 4000, "val": 4000, "test": 10000}
_SCAN_SEED = 1_000_003  # seeds of a scan are none of those that are reported

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
    scan_seeds: int = 1,
    rates: Sequence[float] | None = None,
    training: dict[str, Any] | None = None,
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
        Of the scan (`scan_rates`), whose networks have other seeds than `seeds`.
    rates
        Learning rates (shared, task), in place of a scan.
    training
        Other fields of `TrainSpec`.
    keep_outputs
        Return the test samples as well, and what the first network says of them.

    Returns
    -------
    ``test`` [runs, tasks], ``val`` [runs], ``epochs``, ``rates`` [2], and what the scan tried:
    ``scan_rates`` [points, 2] and ``scan_score`` [points]. If wanted, ``x`` [samples, inputs] and
    ``says`` [tasks, samples].
    """
    sets = task_sets(data, data_seed, pool)
    spec = _network_spec(sets, hidden, modulation)
    settings = training or {}
    scan = (
        Scan(np.array([rates]), np.array([np.nan]))
        if rates
        else _scan(spec, sets, rounds, scan_seeds, settings)
    )
    network, history = _train(spec, sets, seeds, scan.best, settings)
    kept = {}
    if keep_outputs:
        with torch.no_grad():
            says = _rows(network, [0])(sets["test"].x)[0] > 0
        kept = {"x": sets["test"].x.numpy(), "says": says.numpy()}
    return {
        **kept,
        "test": evaluate(network, sets["test"]),
        "val": history.best,
        "epochs": np.array(history.epochs),
        "rates": np.array(scan.best),
        "scan_rates": scan.rates,
        "scan_score": scan.score,
    }


def _network_spec(sets: Sets, hidden: Sequence[int], modulation: str) -> NetworkSpec:
    n_in, n_tasks = sets["train"].x.shape[-1], sets["train"].n_tasks
    return NetworkSpec(n_in=n_in, hidden=tuple(hidden), n_tasks=n_tasks, modulation=modulation)


def _train(spec, sets, seeds, rates, settings):  # type: ignore[no-untyped-def]
    network = MultitaskNetwork(spec, seeds)
    made = TrainSpec(lr_shared=rates[0], lr_task=rates[1], **settings)
    return network, train(network, sets["train"], sets["val"], made)


def _scan(spec, sets, rounds, n_seeds, settings):  # type: ignore[no-untyped-def]
    shared = spec.modulation != "task_specific"

    def score(pairs):  # type: ignore[no-untyped-def]
        repeated = [pair for pair in pairs for _ in range(n_seeds)]
        seeds = [_SCAN_SEED + i for _ in pairs for i in range(n_seeds)]
        rates = tuple(zip(*repeated, strict=True))
        _, history = _train(spec, sets, seeds, rates, settings)
        return history.best.reshape(len(pairs), n_seeds).mean(axis=1)

    return scan_rates(score, rounds=rounds, shared=shared)


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
    sets = task_sets(data, data_seed, pool)
    n = sets["train"].n_tasks
    if n < 2:
        raise SpecError("transfer needs two tasks or more")
    order = stream(split, "transfer split").permutation(n)
    known, new = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
    settings = training or {}
    first = {part: tasks.only(known) for part, tasks in sets.items()}
    second = {part: tasks.only(new) for part, tasks in sets.items()}
    spec = _network_spec(first, hidden, modulation)
    network, _ = _train(spec, first, seeds, rates, settings)

    def learn(pairs, bases):  # type: ignore[no-untyped-def]
        """Learn new tasks on copies of some networks, a copy for each rate."""
        copies = [run for _ in pairs for run in bases]
        source = _rows(network, copies)
        fresh = source.with_new_tasks(len(new), [seeds[i] + 1 for i in copies])
        rate = tuple(task for _, task in pairs for _ in bases)
        made = TrainSpec(lr_task=rate, frozen=("shared",), **settings)
        return fresh, train(fresh, second["train"], second["val"], made)

    def score(pairs):  # type: ignore[no-untyped-def]
        return learn(pairs, [0])[1].best

    scan = scan_rates(score, shared=False)
    moved, _ = learn([scan.best], range(len(seeds)))
    return {
        "base": evaluate(network, first["test"]),
        "moved": evaluate(moved, second["test"]),
        "known": known,
        "new": new,
        "moved_rate": np.array(scan.best[1]),
    }


def _rows(network: MultitaskNetwork, runs: Sequence[int]) -> MultitaskNetwork:
    """Return a copy with these runs, which may repeat."""
    copy = MultitaskNetwork(network.spec, [network.seeds[i] for i in runs])
    with torch.no_grad():
        for name, value in network.values.items():
            copy.values[name].copy_(value[list(runs)])
    return copy


def seeds_from(seed: int, n: int = paper.SEEDS) -> list[int]:
    """Return the seeds of `n` networks, keyed by the seed of the figure."""
    return [int(s) for s in stream(seed, "networks").integers(0, 2**31, n)]
