"""Feedforward networks whose weights are shared by all tasks, and what each task has of its own.

A unit of every layer computes (Wybo 2022, Eqs 2 and 13)

    y = f(g * (w . y_below - x_shift) + b),

f being ReLU in hidden layers and tanh in the output unit. `MODULATIONS` says which of g, b, x_shift
and w belong to a task and which to all. All runs (seeds) and tasks are computed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from dendmod.errors import SpecError
from dendmod.learning.multitask_spec import MultitaskSpec
from dendmod.rng import stream


@dataclass(frozen=True)
class _Kind:
    """Where each parameter lives: "task", "shared", or "" for one that is left out."""

    gain: str
    bias: str
    x_shift: str
    weight: str = "shared"
    output: str = ""  # weight and bias of the output unit, where they differ from the rest


MODULATIONS: dict[str, _Kind] = {
    "readout": _Kind(gain="", bias="shared", x_shift="", output="task"),
    "gain": _Kind(gain="task", bias="shared", x_shift=""),
    "bias": _Kind(gain="", bias="task", x_shift=""),
    "gain_bias": _Kind(gain="task", bias="task", x_shift=""),
    "gain_xshift": _Kind(gain="task", bias="shared", x_shift="shared"),
    "task_specific": _Kind(gain="", bias="task", x_shift="", weight="task"),
}


class MultitaskNetwork(torch.nn.Module):
    """Networks of one kind, one a seed, that are run and trained together.

    Parameters
    ----------
    spec
        The kind of network.
    seeds
        One a network; each network's first parameters depend on its own seed alone.

    Attributes
    ----------
    values : torch.nn.ParameterDict
        ``weight0`` .. (from layer to layer), ``gain0`` .., ``bias0`` .., ``x_shift0`` ...
        The first axis is the run; what belongs to tasks has tasks as its second axis.
    """

    def __init__(self, spec: MultitaskSpec, seeds: Sequence[int]) -> None:
        super().__init__()
        if not seeds:
            raise SpecError("give at least one seed")
        self.spec, self.seeds = spec, tuple(seeds)
        self.values = torch.nn.ParameterDict()
        self.where: dict[str, str] = {}
        kind, sizes = MODULATIONS[spec.modulation], spec.sizes
        for layer, (below, here) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            last = layer == len(sizes) - 2
            override = kind.output if last else ""
            # Kaiming's range for units with ReLU, plain 1/sqrt(n) for the output unit
            width = below**-0.5 if last else (6 / below) ** 0.5
            self._add(f"weight{layer}", override or kind.weight, (here, below), -width, width)
            edge = below**-0.5
            if kind.gain:
                self._add(f"gain{layer}", kind.gain, (here,), spec.gain_mean, spec.gain_sd, True)
            if spec.bias is None or last:
                self._add(f"bias{layer}", override or kind.bias, (here,), -edge, edge)
            if kind.x_shift and (spec.x_shift is None or last):
                self._add(f"x_shift{layer}", kind.x_shift, (here,), -edge, edge)

    def _add(self, name, where, shape, a, b, normal=False):  # type: ignore[no-untyped-def]
        """Add a parameter, uniform between a and b or normal with mean a and SD b."""
        tasks = (self.spec.n_tasks,) if where == "task" else ()
        drawn = []
        for seed in self.seeds:
            rng = stream(seed, "network", name)
            drawn.append((rng.normal if normal else rng.uniform)(a, b, (*tasks, *shape)))
        value = torch.from_numpy(np.stack(drawn).astype(np.float32))
        self.values[name] = torch.nn.Parameter(value)
        self.where[name] = where

    @property
    def layers(self) -> int:
        """Number of layers with weights."""
        return len(self.spec.sizes) - 1

    def named(self, where: str) -> dict[str, torch.nn.Parameter]:
        """Return the parameters of "task" or "shared"."""
        return {name: p for name, p in self.values.items() if self.where[name] == where}

    def _per_unit(self, what: str, layer: int) -> torch.Tensor | float | None:
        """Return a parameter of units as [runs, tasks or 1, 1, units], or None if there is none."""
        name = f"{what}{layer}"
        if name in self.values:
            p = self.values[name]
            return p[:, :, None] if self.where[name] == "task" else p[:, None, None]
        return None if what == "gain" else getattr(self.spec, what)  # fixed by the specification

    def preactivation(self, layer: int, y: torch.Tensor) -> torch.Tensor:
        """Return g * (w . y - x_shift) + b of a layer (Eq 13), [runs, tasks, samples, units].

        Parameters
        ----------
        y
            Activity below, [runs or 1, tasks or 1, samples, units below].
        """
        x_shift, gain, bias = (self._per_unit(n, layer) for n in ("x_shift", "gain", "bias"))
        if gain is None:
            a = self._weighted(layer, y)
            a = a if x_shift is None else a - x_shift
            return a if bias is None else a + bias
        # g w y + (b - g x_shift): one pass over what is as large as samples times units
        offset = torch.as_tensor(0.0 if bias is None else bias).to(y)
        if x_shift is not None:
            offset = offset - gain * x_shift
        return torch.addcmul(offset, self._weighted(layer, y), torch.as_tensor(gain))

    def _weighted(self, layer: int, y: torch.Tensor) -> torch.Tensor:
        weight = self.values[f"weight{layer}"]
        if weight.shape[-2] == 1:  # one unit: as a product of matrices, its gradient is slow
            return (y * (weight if weight.ndim == 4 else weight[:, None])).sum(-1, keepdim=True)
        if weight.ndim == 4:  # a task's own, [runs, tasks, units, units below]
            return y @ weight.transpose(-1, -2)
        # tasks side by side as samples: one product a run in place of one a run and task
        runs, tasks, samples, below = y.shape
        z = y.reshape(runs, tasks * samples, below) @ weight.transpose(-1, -2)
        return z.reshape(z.shape[0], tasks, samples, -1)

    def output_preactivation(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output unit before tanh, shape [runs, tasks, samples]; `x` as in `forward`."""
        y = x
        while y.ndim < 4:
            y = y[None]
        for layer in range(self.layers - 1):
            y = torch.relu_(self.preactivation(layer, y))
        return self.preactivation(self.layers - 1, y)[..., 0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output, -1 to 1, shape [runs, tasks, samples].

        Parameters
        ----------
        x
            [samples, inputs] for every run and task alike, [tasks, samples, inputs], or
            [runs, tasks, samples, inputs].
        """
        return torch.tanh(self.output_preactivation(x))

    def rows(self, runs: Sequence[int]) -> MultitaskNetwork:
        """Return a copy with these runs, which may repeat."""
        copy = MultitaskNetwork.__new__(MultitaskNetwork)
        torch.nn.Module.__init__(copy)
        copy.spec, copy.where = self.spec, dict(self.where)
        copy.seeds = tuple(self.seeds[i] for i in runs)
        copy.values = torch.nn.ParameterDict(
            {n: torch.nn.Parameter(p.detach()[list(runs)]) for n, p in self.values.items()}
        )
        return copy

    def with_new_tasks(self, n_tasks: int, seeds: Sequence[int]) -> MultitaskNetwork:
        """Return networks with these shared parameters, and tasks that know nothing yet."""
        spec = self.spec.model_copy(update={"n_tasks": n_tasks})
        new = MultitaskNetwork(spec, seeds)
        with torch.no_grad():
            for name, value in self.named("shared").items():
                new.values[name].copy_(value)
        return new.to(next(iter(self.values.values())).device)

    @torch.no_grad()
    def scale_output(self, x: torch.Tensor) -> None:
        """Scale the output unit of each run and task, so that it deviates from its bias by about 1.

        The root mean square over `x` of the output unit before tanh, without its bias, becomes 1;
        what is scaled is the task's gain, or its weights where it has no gain.
        """
        last = self.layers - 1
        own = self.named("task")
        scaled = next(own[n] for n in (f"gain{last}", f"weight{last}") if n in own)
        a = self.output_preactivation(x)
        bias = self.values[f"bias{last}"]  # [runs, 1] or [runs, tasks, 1]
        a = a - (bias if f"bias{last}" in own else bias[:, None])
        size = a.square().mean(-1).sqrt().clamp_min(1e-6)
        scaled.div_(size.reshape(*size.shape, *([1] * (scaled.ndim - 2))))
