"""The settings of Figures 4 and S2."""

from __future__ import annotations

from math import prod
from typing import Any

from pydantic import Field

from dendmod.learning import require
from dendmod.learning.data import load_data
from dendmod.learning.matrices import Kind
from dendmod.learning.multitask_spec import TrainSpec
from dendmod.papers.wybo2022.networks import settings_of_images
from dendmod.params import wybo2022_networks as paper
from dendmod.spec.base import Spec

Range = tuple[float, float]


class Ranges(Spec):
    """Lowest and highest value of each setting that is searched, in the order of `gains.NAMES`."""

    x_shift: Range
    bias: Range
    log10_rate: Range
    gain_mean: Range
    gain_sd: Range


class GainTraining(Spec):
    """Fields of `dendmod.learning.gains.train_gains`."""

    steps: int | None = Field(None, ge=1)
    max_epochs: int = Field(paper.MAX_EPOCHS, ge=1)
    patience: int = Field(paper.PATIENCE, ge=1)


class Search(Spec):
    """A search by evolution (`tasks.searched`)."""

    population: int = Field(ge=2)
    generations: int = Field(ge=1)
    finalists: int = Field(ge=1)
    ranges: Ranges
    training: GainTraining = GainTraining()


class Reconstruction(Spec):
    """Supervised networks, and how well their weights reconstruct differences.

    Parameters
    ----------
    units
        Hidden units; fewer than pixels, or nothing is left over.
    tasks
        Of a run, whose own weights are looked at.
    rates
        Learning rates (shared, task) by modulation.
    training
        Without learning rates.
    """

    units: int = Field(ge=1)
    tasks: int = Field(ge=1)
    rates: dict[str, Range]
    training: TrainSpec


class Settings(Spec):
    """What is run.

    Parameters
    ----------
    data, pixels
        "digits", or the path of a file, and numbers of an image.
    runs
        Matrices and searches of each kind and number of units.
    matrices, widths
        Kinds, and numbers of units.
    """

    data: str
    pixels: int
    seed: int = Field(ge=0)
    runs: int = Field(paper.SEEDS, ge=1)
    matrices: tuple[Kind, ...] = Field(min_length=1)
    widths: tuple[int, ...] = Field(paper.MATRIX_WIDTHS, min_length=1)
    search: Search
    reconstruction: Reconstruction

    def possible(self, kind: str) -> list[int]:
        """Return the numbers of units, without those for which PCA has too few components."""
        components = self.pixels if kind in ("PCA", "dPCA") else max(self.widths)
        return [k for k in self.widths if k <= components]


def settings_of(table: dict[str, Any], quick: bool) -> Settings:
    """Return the settings that the table of settings.toml describes, for the images it names."""
    require("torch", "sklearn", "deap")
    images = load_data(table["data"])
    table = settings_of_images(table, images)
    table["matrices"] = list(dict.fromkeys(table["matrices"]))
    return Settings.model_validate(table | {"pixels": prod(images.shape)})
