"""Tasks of Figure 4: search gains on fixed weights; train weights and reconstruct differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dendmod.learning.classification import one_vs_all
from dendmod.learning.data import load_data
from dendmod.learning.evolution import evolve
from dendmod.learning.gains import NAMES, drives, train_gains
from dendmod.learning.matrices import differences, residual, weight_matrix
from dendmod.learning.multitask_spec import MultitaskSpec, TrainSpec
from dendmod.learning.networks import MultitaskNetwork
from dendmod.learning.training import evaluate, train
from dendmod.params import wybo2022_networks as paper
from dendmod.rng import stream

_SHOWN = 12  # weight vectors that are kept for a picture

Arrays = dict[str, np.ndarray]


def searched(
    *,
    data: str,
    kind: str,
    k: int,
    seed: int,
    ranges: Mapping[str, Sequence[float]],
    population: int,
    generations: int,
    finalists: int,
    training: Mapping[str, Any],
) -> Arrays:
    """Search for settings, for one kind of matrix and one number of units.

    Evolution looks for settings on some of the tasks; the best of these are trained on all tasks;
    the one with the highest validation accuracy is tested.

    Parameters
    ----------
    data
        "digits", or the path of an npz file.
    kind, k
        See `weight_matrix`.
    seed
        Keys the matrix, the tasks of the search, the search, batches and first gains.
    ranges
        Lowest and highest value of each setting of `gains.NAMES`.
    population, generations
        See `evolve`.
    finalists
        How many settings are trained on all tasks.
    training
        Other arguments of `train_gains`.

    Returns
    -------
    ``test`` [tasks], ``val`` [finalists], ``chosen`` [5] settings (see `gains.NAMES`); what the
    search tried, ``settings`` [tried, 5] and ``score`` [tried]; ``shown`` [vectors, pixels]: some
    weight vectors, for a picture.
    """
    images = load_data(data)
    w = weight_matrix(kind, images.x["train"], k, seed)
    sets = drives(images, w)
    n = sets["train"].n_tasks
    some = stream(seed, "search tasks").choice(n, min(n, paper.SEARCH_TASKS), replace=False)
    few = {part: tasks.only(np.sort(some).tolist()) for part, tasks in sets.items()}

    def score(rows: np.ndarray) -> np.ndarray:
        found = train_gains(few["train"], few["val"], rows, seed, **training)
        return found.accuracy.mean(axis=1)

    sides = {name: (ranges[name][0], ranges[name][1]) for name in NAMES}
    search = evolve(score, sides, seed, population=population, generations=generations)
    last = train_gains(sets["train"], sets["val"], search.best(finalists), seed + 1, **training)
    best = int(last.accuracy.mean(axis=1).argmax())
    return {
        "test": last.test(sets["test"])[best],
        "val": last.accuracy.mean(axis=1),
        "chosen": last.settings[best],
        "settings": search.settings,
        "score": search.score,
        "shown": w[:_SHOWN],
    }


def reconstructed(
    *,
    data: str,
    modulation: str,
    width: int,
    seeds: Sequence[int],
    rates: Sequence[float],
    tasks: int,
    training: Mapping[str, Any],
) -> Arrays:
    """Train one hidden layer and its weights, and see how well these reconstruct differences.

    Parameters
    ----------
    modulation
        See `MultitaskSpec`.
    width
        Number of hidden units.
    rates
        Learning rates (shared, task).
    tasks
        Of a run, whose own weights are looked at.
    training
        Other fields of `TrainSpec`.

    Returns
    -------
    By epoch, the first before training: ``residual`` [epochs + 1, runs], the part of differences
    that a sum of weight vectors cannot give (see `residual`), the mean over tasks where weights
    belong to tasks. ``loss`` and ``val`` [epochs, runs], ``test`` [runs, tasks]. ``dPMD`` and
    ``RP`` [runs]: the residual of these matrices.
    """
    images = load_data(data).flat().standardised()
    sets = {part: one_vs_all(images, part) for part in ("train", "val", "test")}
    x = images.x["train"]
    probe = differences(x, paper.RECONSTRUCTION_DIFFERENCES, seeds[0])
    spec = MultitaskSpec(
        n_in=x.shape[1], hidden=(width,), n_tasks=images.n_classes, modulation=modulation
    )
    network = MultitaskNetwork(spec, seeds)
    found: list[list[float]] = []

    def keep_residual(network: MultitaskNetwork, _: int) -> None:
        weights = network.values["weight0"].detach().numpy()
        each = weights[:, None] if weights.ndim == 3 else weights[:, :tasks]
        found.append([float(np.mean([residual(w, probe) for w in run])) for run in each])

    made = TrainSpec(**{**training, "lr_shared": rates[0], "lr_task": rates[1]})
    history = train(network, sets["train"], sets["val"], made, after_epoch=keep_residual)
    return {
        "residual": np.array(found),
        "loss": np.array(history.loss),
        "val": np.array(history.val),
        "test": evaluate(network, sets["test"]),
        **{
            kind: np.array([residual(weight_matrix(kind, x, width, s), probe) for s in seeds])
            for kind in ("dPMD", "RP")
        },
    }
