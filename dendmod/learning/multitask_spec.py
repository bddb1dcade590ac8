"""Specifications of networks of many tasks and of their training, without PyTorch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from dendmod.params import wybo2022_networks as paper
from dendmod.spec.base import Spec

Modulation = Literal["readout", "gain", "bias", "gain_bias", "gain_xshift", "task_specific"]


class MultitaskSpec(Spec):
    """A network of many tasks.

    Parameters
    ----------
    n_in, hidden, n_tasks
        Inputs, units of each hidden layer, tasks.
    modulation
        What each task has of its own.
    gain_mean, gain_sd
        Normal distribution that gains start from.
    x_shift, bias
        Fixed values for all hidden units, such as those of a fitted IO curve (see
        `activation.from_io`); None learns them.
    """

    n_in: int = Field(ge=1)
    hidden: tuple[int, ...] = Field(min_length=1)
    n_tasks: int = Field(ge=1)
    modulation: Modulation = "gain_xshift"
    gain_mean: float = 1.0
    gain_sd: float = Field(0.3, ge=0)
    x_shift: float | None = None
    bias: float | None = None

    @model_validator(mode="after")
    def _layers_have_units(self) -> MultitaskSpec:
        if min(self.hidden) < 1:
            raise ValueError(f"hidden = {self.hidden}: give each layer 1 unit or more")
        if (self.x_shift is not None or self.bias is not None) and self.modulation != "gain_xshift":
            raise ValueError("a fixed x_shift or bias belongs to modulation 'gain_xshift'")
        return self

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of units, from the input to the output unit."""
        return (self.n_in, *self.hidden, 1)


class TrainSpec(Spec):
    """How to train.

    Parameters
    ----------
    lr_shared, lr_task
        Adam's learning rates of what all tasks share and of what each has of its own: one for all
        runs or one a run.
    batch
        Samples a step over all tasks.
    steps
        Steps an epoch; None takes as many as draw every sample once a task on average.
    max_epochs, patience
        A run ends after `max_epochs`, or when its validation accuracy has not risen for `patience`
        epochs.
    frozen
        "shared" trains task parameters alone.
    """

    lr_shared: float | tuple[float, ...] = 3e-3
    lr_task: float | tuple[float, ...] = 1e-2
    batch: int = Field(paper.BATCH, ge=2)
    steps: int | None = Field(None, ge=1)
    max_epochs: int = Field(paper.MAX_EPOCHS, ge=1)
    patience: int = Field(paper.PATIENCE, ge=1)
    frozen: tuple[str, ...] = ()
