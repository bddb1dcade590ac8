"""Task-modulated contrastive learning, layer by layer (Wybo 2022, Eqs 26 and 27, Fig 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from dendmod.errors import SpecError
from dendmod.learning.augment import view
from dendmod.learning.classification import BalancedSampler, TaskSet
from dendmod.learning.contrast_spec import ContrastSpec
from dendmod.learning.optim import BatchedAdam
from dendmod.learning.stack import GainStack
from dendmod.params import wybo2022_networks as paper
from dendmod.rng import stream

_KEPT = 64_000_000  # numbers


class Images:
    """Training images as pixels from 0 to 1, and what the network sees of them.

    Parameters
    ----------
    pixels
        Shape [samples, channels, height, width].
    """

    def __init__(self, pixels: torch.Tensor) -> None:
        self.pixels = pixels
        self.mean = pixels.mean((0, 2, 3), keepdim=True)
        self.sd = pixels.std((0, 2, 3), keepdim=True).clamp_min(1e-6)

    def seen(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return pixels with this set's mean and variance of each channel taken out."""
        return (pixels - self.mean) / self.sd


def contrastive_loss(z: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return Eq 27: how badly each view's partner is told from all other views.

    Parameters
    ----------
    z
        Shape [2 n, features]; views k and n + k are of one sample.
    """
    n = len(z) // 2
    z = functional.normalize(z, dim=1)
    s = z @ z.T / temperature
    s = s.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=z.device), -torch.inf)
    partner = torch.arange(2 * n, device=z.device).roll(n)
    return functional.cross_entropy(s, partner)


def train_filters(
    stack: GainStack,
    layer: int,
    images: Images,
    spec: ContrastSpec,
    *,
    tasks: Sequence[int] | None,
) -> list[float]:
    """Learn the filters of a layer by telling samples apart; nothing below the layer changes.

    Each view passes the layers below with the gains of a task of its own, drawn at random, so that
    the layer learns what is common to augmentations and to tasks. The layer itself has no gains
    yet.

    Parameters
    ----------
    tasks
        Tasks whose gains are drawn. None leaves gains out below (no modulation).

    Returns
    -------
    The loss of each epoch. The parameters of the epoch with the lowest one are kept; those of the
    start where no loss is a number.
    """
    if tasks is not None and not len(tasks):
        raise SpecError("give at least one task, or None for no modulation")
    trained = stack.named(layer, "weight", "x_shift", "scale", "offset")
    perceptron = _perceptron(stack, layer)
    trained = [*trained, *perceptron]
    adam = _optimiser(stack, trained, spec.filter_rate)
    n, losses = len(images.pixels), []
    lowest, best = np.inf, [p.detach().clone() for p in trained]
    batch = min(spec.filter_batch, n)
    for epoch in range(spec.filter_epochs):
        rng = stream(stack.seed, "filters", layer, epoch)
        chooser = stream(stack.seed, "tasks of views", layer, epoch)
        order = torch.from_numpy(rng.permutation(n)).to(images.pixels.device)
        total = 0.0
        for chosen in order.split(batch):
            if len(chosen) < max(2, batch // 2):
                continue  # too few to tell apart
            twice = images.pixels[chosen].repeat(2, 1, 1, 1)
            seen = images.seen(view(twice, spec.views, rng))
            if tasks is None:
                y = stack.below(layer, seen, None, "batch")
            else:
                drawn = chooser.choice(list(tasks), len(seen))
                if spec.partners == "same task":
                    drawn = np.tile(drawn[: len(chosen)], 2)
                y = stack.below(layer, seen, torch.from_numpy(drawn).to(seen.device))
            y = stack.layer(layer, y, None, "batch").mean((2, 3))
            hidden = torch.relu(y @ perceptron[0] + perceptron[1])
            loss = contrastive_loss(hidden @ perceptron[2] + perceptron[3], spec.temperature)
            loss.backward()
            adam.step()
            total += loss.item() * len(chosen)
        losses.append(total / n)
        if losses[-1] <= lowest:
            lowest, best = losses[-1], [p.detach().clone() for p in trained]
    _restore(trained, best)
    return losses


def _perceptron(stack: GainStack, layer: int) -> list[torch.nn.Parameter]:
    """Return weights and biases of the two layers that the contrastive loss is computed on."""
    width, n, made = stack.spec.width, paper.PROJECTION, []
    device = stack.values["weight0"].device
    for i, (n_in, n_out) in enumerate(((width, n), (n, n))):
        rng, edge = stream(stack.seed, "perceptron", layer, i), (6 / n_in) ** 0.5
        for shape in ((n_in, n_out), (n_out,)):
            size = edge if len(shape) == 2 else 0.0
            value = rng.uniform(-1, 1, shape).astype(np.float32) * np.float32(size)
            made.append(torch.nn.Parameter(torch.from_numpy(value).to(device)))
    return made


def train_gains(
    stack: GainStack, layer: int, train_set: TaskSet, val_set: TaskSet, spec: ContrastSpec
) -> list[float]:
    """Learn a layer's gains for all tasks, with its x-shift, normalisation and output unit.

    Filters, and all below, stay. Returns the validation losses; the parameters with the lowest one
    are kept.
    """
    trained = stack.named(layer, "gain", "x_shift", "scale", "offset", "out")
    return _supervised(stack, layer, trained, train_set, val_set, spec, whole=False)


def train_end_to_end(
    stack: GainStack, train_set: TaskSet, val_set: TaskSet, spec: ContrastSpec
) -> list[float]:
    """Learn everything by backpropagation through all layers, with the output unit on the last."""
    top = stack.spec.layers - 1
    names = ("weight", "gain", "x_shift", "scale", "offset")
    trained = [p for layer in range(top + 1) for p in stack.named(layer, *names)]
    trained += stack.named(top, "out")
    return _supervised(stack, top, trained, train_set, val_set, spec, whole=True)


def _supervised(stack, layer, trained, train_set, val_set, spec, *, whole):  # type: ignore[no-untyped-def]
    sampler = BalancedSampler(train_set, spec.gain_batch, [stack.seed])
    each = 2 * sampler.pairs
    steps = max(1, round(len(train_set.x) / (each * train_set.n_tasks)))
    device = train_set.x.device
    task = torch.arange(train_set.n_tasks, device=device).repeat_interleave(each)
    target = sampler.targets.to(device).repeat(train_set.n_tasks)
    # filters and all below stay where the layer alone is trained: what they say is computed once
    known, checked = None, None
    if not whole:
        looks = spec.gain_epochs // spec.check_every
        known = _known(stack, layer, train_set, spec.gain_epochs * steps * len(task))
        checked = _known(stack, layer, val_set, looks * len(val_set.x) * train_set.n_tasks)
    adam = _optimiser(stack, trained, spec.gain_rate)
    losses, lowest = [], np.inf
    best = {k: v.detach().clone() for k, v in stack.state_dict().items()}
    for epoch in range(spec.gain_epochs):
        for drawn in sampler.epoch(epoch, steps)[:, 0].to(device):
            samples = drawn.flatten()
            if whole:
                y = train_set.x[samples]
                for one in range(layer + 1):
                    y = stack.layer(one, y, task, "update")
            else:
                if known is None:
                    with torch.no_grad():
                        y = stack.below(layer, train_set.x[samples], task)
                        y = stack.drive(layer, y)
                else:
                    y = known[task if layer else 0, samples]
                y = stack.activity(layer, y, task, "update")
            loss = ((stack.output(layer, y) - target) ** 2).mean()
            loss.backward()
            adam.step()
        if (epoch + 1) % spec.check_every and epoch + 1 < spec.gain_epochs:
            continue
        losses.append(_balanced_loss(stack, layer, val_set, checked))
        if losses[-1] <= lowest:
            lowest = losses[-1]
            best = {k: v.detach().clone() for k, v in stack.state_dict().items()}
    stack.load_state_dict(best)
    return losses


def _known(stack: GainStack, layer: int, tasks: TaskSet, asked: int) -> torch.Tensor | None:
    """Return a layer's drives for all samples and tasks if that is fewer than are asked for."""
    many = len(tasks.x) * (stack.spec.n_tasks if layer else 1)
    side = tasks.x.shape[-1] // 2 ** (layer // 2)
    if many > asked or many * stack.spec.width * side**2 > _KEPT:
        return None
    return stack.drives(layer, tasks.x)


def _optimiser(stack: GainStack, trained: Sequence[torch.nn.Parameter], rate: float) -> BatchedAdam:
    """Return an optimiser of these parameters; no other one of the stack gets a gradient."""
    for p in stack.parameters():
        p.requires_grad_(False)
        p.grad = None
    for p in trained:
        p.requires_grad_(True)
    return BatchedAdam([({str(i): p for i, p in enumerate(trained)}, torch.tensor([rate]))])


def _balanced_loss(
    stack: GainStack, layer: int, tasks: TaskSet, drives: torch.Tensor | None
) -> float:
    """Return the mean squared error, positives and negatives weighing the same."""
    says, yes = stack.says(layer, tasks.x, drives), tasks.positive
    error_yes = ((says - 1) ** 2 * yes).sum(1) / yes.sum(1)
    error_no = ((says + 1) ** 2 * ~yes).sum(1) / (~yes).sum(1)
    return float((error_yes + error_no).mean() / 2)


def _restore(parameters: Sequence[torch.nn.Parameter], values: Sequence[Any]) -> None:
    with torch.no_grad():
        for p, value in zip(parameters, values, strict=True):
            p.copy_(value)
