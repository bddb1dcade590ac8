"""The settings of Figures 6 and S4."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dendmod.learning import require
from dendmod.learning.contrast_spec import ContrastSpec, GainStart
from dendmod.learning.data import load_data
from dendmod.papers.wybo2022.networks import settings_of_images
from dendmod.params import wybo2022_networks as paper
from dendmod.spec.base import Spec

Method = Literal["TMCL", "CL", "CL_within", "RP", "RP_on_TMCL", "backprop"]
Rates = tuple[float, ...]


class Settings(Spec):
    """What is run.

    Parameters
    ----------
    data, pool
        Images (see `dendmod.learning.data.load_data`).
    n_tasks
        Classes of the images, a task each.
    runs
        Stacks of each method.
    layers, width
        Of a stack.
    methods
        Those of `tasks.train_layerwise`, and "backprop".
    contrast
        The phases of learning, without learning rates.
    filter_rates, gain_rates, gain_starts
        See `tasks.train_layerwise`.
    sizes, subsets
        Numbers of tasks that modulate views (Fig 6D), and random subsets of each number.
    shown
        Tasks whose hidden representations are drawn, of the first stack.
    """

    data: str
    pool: int = Field(1, ge=1)
    seed: int = Field(ge=0)
    n_tasks: int
    runs: int = Field(paper.SEEDS, ge=1)
    layers: int = Field(paper.STACKED_LAYERS, ge=1)
    width: int = Field(paper.CHANNELS, ge=1)
    methods: tuple[Method, ...] = Field(min_length=1)
    contrast: ContrastSpec = ContrastSpec()
    filter_rates: Rates = Field(paper.LEARNING_RATES, min_length=1)
    gain_rates: Rates = Field(paper.LEARNING_RATES, min_length=1)
    gain_starts: tuple[GainStart, ...] = Field(paper.GAIN_STARTS, min_length=1)
    sizes: tuple[int, ...]
    subsets: int = Field(paper.SUBSETS, ge=0)
    shown: tuple[int, ...]


def settings_of(table: dict[str, Any], quick: bool) -> Settings:
    """Return the settings that the table of settings.toml describes, for the images it names.

    Tasks that there are not, and subsets of all tasks or more, are left out.
    """
    require()
    images = load_data(table["data"])
    n_tasks = images.n_classes
    table = settings_of_images(table, images) | {"n_tasks": n_tasks}
    settings = Settings.model_validate(table)
    return settings.model_copy(
        update={
            "sizes": tuple(size for size in settings.sizes if size < n_tasks),
            "shown": tuple(task for task in settings.shown if task < n_tasks),
        }
    )
