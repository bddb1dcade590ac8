"""Search for settings by evolution, with DEAP (Wybo 2022, Fig S2C)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dendmod.errors import SpecError
from dendmod.learning import require
from dendmod.rng import stream

# ours: the paper names DEAP, but none of its operators
_BLEND, _MUTATION_SD, _MUTATION_P, _CROSSOVER_P, _TOURNAMENT = 0.3, 0.15, 0.5, 0.6, 3


@dataclass(frozen=True)
class Search:
    """What was tried, in the order in which it was tried.

    Parameters
    ----------
    settings
        Shape [tried, settings].
    score
        Shape [tried].
    """

    settings: np.ndarray
    score: np.ndarray

    def best(self, n: int) -> np.ndarray:
        """Return the `n` settings with the highest scores, the best first."""
        return self.settings[np.argsort(-self.score, kind="stable")[:n]]


def evolve(
    score: Callable[[np.ndarray], np.ndarray],
    ranges: Mapping[str, tuple[float, float]],
    seed: int,
    *,
    population: int = 12,
    generations: int = 5,
) -> Search:
    """Look for settings with a high score.

    The first generation is drawn uniformly. Each next one comes from tournaments among the best
    `population` of all so far, by blend crossover and Gaussian mutation; settings that leave their
    range are put on its edge.

    Parameters
    ----------
    score
        From settings, shape [individuals, settings], to a number for each; called once a
        generation.
    ranges
        Lowest and highest value of each setting.

    Raises
    ------
    SpecError
        If a range or a number is not allowed.
    DendmodError
        If DEAP is not installed.
    """
    low, high = np.array(list(ranges.values()), dtype=float).T
    if (low >= high).any():
        raise SpecError(f"ranges = {dict(ranges)}: give each a low below its high")
    if population < 2 or generations < 1:
        raise SpecError(f"population = {population}, generations = {generations}: give 2 and 1")
    require("deap")
    from deap import base, tools

    class Fitness(base.Fitness):
        weights = (1.0,)

    class Individual(list):
        """Settings, each as a place between its low (0) and its high (1)."""

        def __init__(self, values: Iterable[float]) -> None:
            super().__init__(values)
            self.fitness = Fitness()

    rng = stream(seed, "evolution")
    tried: list[Individual] = []
    new = [Individual(row) for row in rng.random((population, len(low))).tolist()]
    before = random.getstate()  # DEAP draws from Python's own generator
    random.seed(int(rng.integers(2**63)))
    try:
        for generation in range(generations):
            if generation:
                parents = tools.selBest(tried, population)
                chosen = tools.selTournament(parents, population, _TOURNAMENT)
                new = [Individual(p) for p in chosen]
                for a, b in zip(new[::2], new[1::2], strict=False):
                    if random.random() < _CROSSOVER_P:
                        tools.cxBlend(a, b, _BLEND)
                for individual in new:
                    tools.mutGaussian(individual, 0.0, _MUTATION_SD, _MUTATION_P)
                    individual[:] = np.clip(individual, 0, 1).tolist()
            for individual, value in zip(
                new, score(low + np.array(new) * (high - low)), strict=True
            ):
                individual.fitness.values = (float(value),)
            tried += new
    finally:
        random.setstate(before)
    return Search(
        low + np.array(tried) * (high - low), np.array([i.fitness.values[0] for i in tried])
    )
