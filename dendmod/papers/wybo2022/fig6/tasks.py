"""Tasks of Figure 6: train stacks of layers, one layer after the other or end to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import torch

from dendmod.errors import SpecError
from dendmod.learning.classification import TaskSet, one_vs_all
from dendmod.learning.contrast_spec import ContrastSpec, GainStart, StackSpec
from dendmod.learning.data import load_data
from dendmod.learning.dataset import Dataset
from dendmod.learning.stack import GainStack
from dendmod.learning.tmcl import (
    Images,
    train_end_to_end,
    train_filters,
    train_gains,
)

LAYERWISE = ("TMCL", "CL", "CL_within", "RP", "RP_on_TMCL")
_LEARNED = ("TMCL", "CL", "CL_within")
C = TypeVar("C")  # what is chosen among


def train_layerwise(
    *,
    data: str,
    method: str,
    seed: int,
    network: Mapping[str, int],
    contrast: Mapping[str, Any],
    filter_rates: Sequence[float],
    gain_rates: Sequence[float],
    gain_starts: Sequence[GainStart],
    data_seed: int = 1,
    pool: int = 1,
    subset: Sequence[int] | None = None,
    keep_hidden: Sequence[int] = (),
) -> dict[str, np.ndarray]:
    """Train a stack layer by layer, and test it after each.

    Parameters
    ----------
    method
        "TMCL"; "CL", without modulation in the contrastive phases; "CL_within", with the same task
        for both views of a sample; "RP", filters as they are drawn; "RP_on_TMCL", of which the
        first layer alone is learned.
    network, contrast
        Fields of `StackSpec` and `ContrastSpec`.
    filter_rates
        Learning rates of filters, of which each layer keeps the one with the lowest loss.
    gain_rates, gain_starts
        The same for gains, by the validation loss.
    subset
        Tasks whose gains modulate views in "TMCL"; None takes all.
    keep_hidden
        Tasks whose hidden representations of the test images are returned.

    Returns
    -------
    ``test`` and ``val``, balanced accuracy [layers, tasks]; ``contrast``, the lowest contrastive
    loss, and ``loss``, the lowest validation loss [layers]; ``hidden task t`` [layers, samples,
    channels] and ``classes`` [samples].
    """
    if method not in LAYERWISE:
        raise SpecError(f"method = {method!r}; allowed are {', '.join(LAYERWISE)}")
    images, sets, stack, classes = _prepare(data, data_seed, pool, network, seed)
    drawn = list(range(stack.spec.n_tasks) if subset is None else subset)
    rows: dict[str, list[Any]] = {"test": [], "val": [], "contrast": [], "loss": []}
    hidden: dict[str, list[np.ndarray]] = {f"hidden task {t}": [] for t in keep_hidden}
    for layer in range(stack.spec.layers):

        def filters(rate: float, layer: int = layer) -> list[float]:
            pairs = "same task" if method == "CL_within" else "own"
            spec = ContrastSpec(**{**contrast, "filter_rate": rate, "partners": pairs})
            tasks = None if method == "CL" else drawn
            return train_filters(stack, layer, images, spec, tasks=tasks)

        def gains(choice: tuple[float, GainStart], layer: int = layer) -> list[float]:
            rate, start = choice
            stack.restart_gains(layer, start)
            spec = ContrastSpec(**{**contrast, "gain_rate": rate})
            return train_gains(stack, layer, sets["train"], sets["val"], spec)

        learned = method in _LEARNED or (method == "RP_on_TMCL" and layer == 0)
        rows["contrast"].append(_best(stack, filter_rates, filters) if learned else np.nan)
        choices = [(rate, start) for rate in gain_rates for start in gain_starts]
        rows["loss"].append(_best(stack, choices, gains))
        for part in ("test", "val"):
            rows[part].append(stack.accuracy(layer, sets[part]))
        for t in keep_hidden:
            hidden[f"hidden task {t}"].append(_hidden(stack, layer, sets["test"].x, t))
    kept = {"classes": classes} if keep_hidden else {}
    return {name: np.array(row) for name, row in {**rows, **hidden, **kept}.items()}


def end_to_end(
    *,
    data: str,
    seed: int,
    network: Mapping[str, int],
    contrast: Mapping[str, Any],
    gain_rates: Sequence[float],
    gain_starts: Sequence[GainStart],
    data_seed: int = 1,
    pool: int = 1,
) -> dict[str, np.ndarray]:
    """Train a stack by backpropagation: ``test`` and ``val`` [tasks], ``loss``.

    Parameters are those of `train_layerwise`.
    """
    _, sets, stack, _ = _prepare(data, data_seed, pool, network, seed)

    def train(choice: tuple[float, GainStart]) -> list[float]:
        rate, start = choice
        for layer in range(stack.spec.layers):
            stack.restart_gains(layer, start)
        spec = ContrastSpec(**{**contrast, "gain_rate": rate})
        return train_end_to_end(stack, sets["train"], sets["val"], spec)

    loss = _best(stack, [(rate, start) for rate in gain_rates for start in gain_starts], train)
    top = stack.spec.layers - 1
    return {
        "test": stack.accuracy(top, sets["test"]),
        "val": stack.accuracy(top, sets["val"]),
        "loss": np.array(loss),
    }


def _best(stack: GainStack, choices: Sequence[C], train: Callable[[C], Sequence[float]]) -> float:
    """Train with each choice from the same start; leave the stack of the lowest loss, return it."""
    start = {k: v.detach().clone() for k, v in stack.state_dict().items()}
    lowest, kept = np.inf, start
    for choice in choices:
        stack.load_state_dict(start)
        loss = min(filter(np.isfinite, train(choice)), default=np.inf)
        if loss < lowest:
            lowest, kept = loss, {k: v.detach().clone() for k, v in stack.state_dict().items()}
    if not np.isfinite(lowest):
        raise SpecError(f"no finite loss with any of {list(choices)}: give lower learning rates")
    stack.load_state_dict(kept)
    return float(lowest)


def _prepare(
    data: str, data_seed: int, pool: int, network: Mapping[str, int], seed: int
) -> tuple[Images, dict[str, TaskSet], GainStack, np.ndarray]:
    gpu = torch.cuda.is_available()
    if not gpu:
        torch.set_num_threads(1)  # processes share the cores
    device = "cuda" if gpu else "cpu"
    found: Dataset = load_data(data, seed=data_seed, pool=pool)
    pixels = {part: torch.from_numpy(x).to(device) for part, x in found.x.items()}
    if pixels["train"].ndim == 3:
        pixels = {part: x[:, None] for part, x in pixels.items()}
    images = Images(pixels["train"])
    sets = {
        part: replace(one_vs_all(found, part).to(device), x=images.seen(x))
        for part, x in pixels.items()
    }
    spec = StackSpec(channels_in=pixels["train"].shape[1], n_tasks=found.n_classes, **network)
    side = min(pixels["train"].shape[-2:])
    if side < 2 ** (spec.layers // 2):
        raise SpecError(f"{spec.layers} layers pool images of {side} pixels away; give fewer")
    return images, sets, GainStack(spec, seed).to(device), found.y["test"]


@torch.no_grad()
def _hidden(stack: GainStack, layer: int, x: torch.Tensor, task: int) -> np.ndarray:
    parts = [
        stack.hidden(layer, part, torch.full((len(part),), task, device=x.device))
        for part in x.split(512)
    ]
    return torch.cat(parts).cpu().numpy()
