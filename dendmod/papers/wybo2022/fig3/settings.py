"""The settings of Figures 3 and S1."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dendmod.learning import require
from dendmod.learning.activation import from_io
from dendmod.learning.data import load_data
from dendmod.learning.multitask_spec import TrainSpec
from dendmod.papers.wybo2022.networks import settings_of_images
from dendmod.params import wybo2022_networks as paper
from dendmod.spec.base import Spec

Count = tuple[int, ...]


class Scan(Spec):
    """A scan of learning rates.

    Parameters
    ----------
    rounds
        Grids of pairs of rates.
    networks
        Networks of other seeds with which the best pairs are tried again; of a transfer, trained
        networks that are moved with each rate.
    epochs
        After which rates are compared, at most.
    """

    rounds: int = Field(ge=0)
    networks: int = Field(ge=0)
    epochs: int = Field(ge=1)


class Plane(Spec):
    """The two-dimensional tasks: points by part, numbers of hidden layers, training."""

    points: dict[Literal["train", "val", "test"], int]
    layers: Count = Field(paper.LAYERS_2D, min_length=1)
    training: TrainSpec


class Transfer(Spec):
    """The panel of transfer: numbers of hidden layers, splits of the tasks, scan of the rate."""

    layers: Count = Field(min_length=1)
    splits: int = Field(ge=1)
    scan: Scan


class Settings(Spec):
    """What is run.

    Parameters
    ----------
    data, pool
        Images (see `dendmod.learning.data.load_data`).
    runs
        Networks of each kind.
    panels
        Which of "images" (D and E), "others" (S1B), "plane" and "transfer" are run.
    depths, widths
        Numbers of hidden layers of 25 units, and widths of two hidden layers.
    training
        On images, without learning rates.
    scan, rates
        Where the scan has no rounds, the rates (shared, task) are taken as they are.
    io
        Fields of `MultitaskSpec` from an IO file (`activation.from_io`), for one more method.
    bundled
        Train the methods of one architecture in one process: quicker where networks are small.
    """

    data: str
    pool: int = Field(1, ge=1)
    seed: int = Field(ge=0)
    runs: int = Field(paper.SEEDS, ge=1)
    panels: tuple[Literal["images", "others", "plane", "transfer"], ...] = Field(min_length=1)
    depths: Count
    widths: Count
    training: TrainSpec
    scan: Scan
    rates: tuple[float, float]
    plane: Plane
    transfer: Transfer
    io: dict[str, float] | None = None
    bundled: bool

    @property
    def architectures(self) -> list[Count]:
        """Hidden layers of the panels by depth and by width, each once."""
        deep = [(paper.WIDTH_BY_DEPTH,) * n for n in self.depths]
        wide = [(width,) * paper.LAYERS_BY_WIDTH for width in self.widths]
        return list(dict.fromkeys(deep + wide))

    @property
    def transferred(self) -> list[Count]:
        """Hidden layers of the transfer panel."""
        return [(paper.WIDTH_TRANSFER,) * n for n in self.transfer.layers]


def settings_of(table: dict[str, Any], quick: bool) -> Settings:
    """Return the settings that the table of settings.toml describes, for the images it names."""
    require()
    table = settings_of_images(table, load_data(table["data"]))
    if table.get("io") is not None:
        table["io"] = from_io(table["io"])
    return Settings.model_validate(table)


def label(hidden: Count) -> str:
    """Return how keys call an architecture, such as "2x25"."""
    return f"{len(hidden)}x{hidden[0]}"
