"""Specifications of stacks, of views of images and of contrastive learning, without PyTorch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dendmod.params import wybo2022_networks as paper
from dendmod.spec.base import Spec

GainStart = Literal[paper.GainStart, "normal"]


class ViewSpec(Spec):
    """How views differ from their image.

    Parameters
    ----------
    scale
        Smallest and largest share of the area that a crop keeps; it is square, and resized.
    flip, jitter_p, grayscale_p
        Probabilities of a mirror image, of a change of colours, of losing all colour.
    brightness, contrast, saturation
        Largest relative changes. Factors are uniform.
    hue
        Largest turn of the hue, in turns. A rotation of the chroma plane, not of HSV's hexagon.
    """

    scale: tuple[float, float] = paper.CROP_SCALE
    flip: float = Field(paper.FLIP, ge=0, le=1)
    jitter_p: float = Field(paper.JITTER_P, ge=0, le=1)
    brightness: float = paper.JITTER["brightness"]
    contrast: float = paper.JITTER["contrast"]
    saturation: float = paper.JITTER["saturation"]
    hue: float = paper.JITTER["hue"]
    grayscale_p: float = Field(paper.GRAYSCALE_P, ge=0, le=1)


class StackSpec(Spec):
    """A stack.

    Parameters
    ----------
    channels_in
        Channels of an image.
    layers, width, n_tasks
        Number of convolutional layers (3 x 3, stride 1), channels of each, tasks. Every second
        layer ends in 2 x 2 max pooling.
    gain_start
        What gains start from: Table 4's four, or "normal", N(1, 0.3).
    """

    channels_in: int = Field(ge=1)
    layers: int = Field(4, ge=1)
    width: int = Field(paper.CHANNELS, ge=1)
    n_tasks: int = Field(ge=1)
    gain_start: GainStart = "constant"


class ContrastSpec(Spec):
    """The two phases of a layer.

    Parameters
    ----------
    filter_epochs, filter_batch, filter_rate
        Of the contrastive phase; a batch of n samples has 2 n views.
    gain_epochs, gain_batch, gain_rate
        Of the supervised phase. An epoch draws as many samples, over all tasks, as there are.
    check_every
        Epochs of the supervised phase from one look at the validation loss to the next.
    partners
        Tasks of the two views of a sample: each "own", drawn at random, or the "same task".
    temperature
        Of the contrastive loss (Eq 27).
    views
        How views differ.
    """

    filter_epochs: int = Field(paper.CONTRASTIVE_EPOCHS, ge=1)
    filter_batch: int = Field(paper.CONTRASTIVE_BATCH, ge=2)
    filter_rate: float = Field(0.001, gt=0)
    gain_epochs: int = Field(paper.MODULATION_EPOCHS, ge=1)
    gain_batch: int = Field(paper.MODULATION_BATCH, ge=2)
    gain_rate: float = Field(0.01, gt=0)
    check_every: int = Field(1, ge=1)
    partners: Literal["own", "same task"] = "own"
    temperature: float = Field(paper.TEMPERATURE, gt=0)
    views: ViewSpec = ViewSpec()
