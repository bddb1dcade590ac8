"""A stack of gain-modulated convolutional layers (Wybo 2022, Eq 25 and Fig 6A)."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from dendmod.learning.classification import TaskSet, balanced_accuracy
from dendmod.learning.contrast_spec import GainStart, StackSpec
from dendmod.params import wybo2022_networks as paper
from dendmod.rng import stream

_EVALUATED_AT_ONCE = 512
_NORMAL_SD = 0.3  # ours, as in the fully connected networks


class GainStack(torch.nn.Module):
    """A layer computes relu(batch_norm(g (w * y - x_shift))), g being of a task and a channel.

    Attributes
    ----------
    values : torch.nn.ParameterDict
        For each layer l: ``weight{l}``, ``x_shift{l}``, ``gain{l}`` [tasks, channels], ``scale{l}``
        and ``offset{l}`` of the batch normalisation, and ``out{l}``, weights of the output unit.
    """

    def __init__(self, spec: StackSpec, seed: int) -> None:
        super().__init__()
        self.spec, self.seed = spec, seed
        self.values = torch.nn.ParameterDict()
        below = spec.channels_in
        for layer in range(spec.layers):
            n_in, c = below * paper.KERNEL**2, spec.width
            edge = (6 / n_in) ** 0.5
            self._add(f"weight{layer}", self._uniform(
                f"weight{layer}", edge, c, below, paper.KERNEL, paper.KERNEL
            ))  # fmt: skip
            self._add(f"x_shift{layer}", self._uniform(f"x_shift{layer}", n_in**-0.5, c))
            self._add(f"gain{layer}", self._gains(layer, spec.gain_start))
            self._add(f"scale{layer}", np.ones(c))
            self._add(f"offset{layer}", np.zeros(c))
            self._add(f"out{layer}", self._uniform(f"out{layer}", (6 / c) ** 0.5, c))
            self.register_buffer(f"mean{layer}", torch.zeros(c))
            self.register_buffer(f"var{layer}", torch.ones(c))
            below = c

    def _add(self, name: str, value: np.ndarray) -> None:
        self.values[name] = torch.nn.Parameter(torch.from_numpy(value.astype(np.float32)))

    def _uniform(self, name: str, edge: float, *shape: int) -> np.ndarray:
        return stream(self.seed, "stack", name).uniform(-edge, edge, shape)

    def restart_gains(self, layer: int, kind: GainStart) -> None:
        """Draw a layer's gains anew."""
        with torch.no_grad():
            value = torch.from_numpy(self._gains(layer, kind).astype(np.float32))
            self.values[f"gain{layer}"].copy_(value)

    def _gains(self, layer: int, kind: GainStart) -> np.ndarray:
        rng = stream(self.seed, "stack", f"gain{layer}")
        shape = (self.spec.n_tasks, self.spec.width)
        n_in = (self.spec.width if layer else self.spec.channels_in) * paper.KERNEL**2
        if kind == "normal":
            return rng.normal(1, _NORMAL_SD, shape)
        edge = 2 * (3 / n_in) ** 0.5
        sign = rng.choice([-1.0, 1.0], shape) if "rademacher" in kind else 0.0
        spread = rng.uniform(-edge, edge, shape) if "kaiming" in kind else 0.0
        return np.ones(shape) if kind == "constant" else np.zeros(shape) + sign + spread

    def named(self, layer: int, *names: str) -> list[torch.nn.Parameter]:
        """Return parameters of a layer, such as "weight"."""
        return [self.values[f"{name}{layer}"] for name in names]

    def drive(self, layer: int, y: torch.Tensor) -> torch.Tensor:
        """Return w * y of a layer for the activity below, [samples, channels, height, width]."""
        # samples, rows, columns, channels in memory: several times as fast on a CPU
        y = y.contiguous(memory_format=torch.channels_last)
        return functional.conv2d(y, self.values[f"weight{layer}"], padding=paper.KERNEL // 2)

    def activity(
        self,
        layer: int,
        drive: torch.Tensor,
        task: torch.Tensor | None,
        statistics: str = "running",
    ) -> torch.Tensor:
        """Return the activity of a layer from its `drive`; `task`, `statistics`: see `layer`."""
        v = self.values
        z = drive - v[f"x_shift{layer}"][:, None, None]
        if task is not None:
            z = z * v[f"gain{layer}"][task][:, :, None, None]
        mean, var = (None, None) if statistics == "batch" else self._statistics(layer)
        z = functional.batch_norm(
            z, mean, var, v[f"scale{layer}"], v[f"offset{layer}"], statistics != "running"
        )
        z = torch.relu(z)
        return functional.max_pool2d(z, 2) if layer % 2 else z

    def layer(
        self, layer: int, y: torch.Tensor, task: torch.Tensor | None, statistics: str = "running"
    ) -> torch.Tensor:
        """Return the activity of a layer.

        Parameters
        ----------
        y
            Activity below, shape [samples, channels, height, width].
        task
            Task of each sample, whose gains are applied; None leaves gains out.
        statistics
            Of the batch normalisation: "running", "batch", or "update", the batch's own from which
            the running ones are updated.
        """
        return self.activity(layer, self.drive(layer, y), task, statistics)

    def _statistics(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        return getattr(self, f"mean{layer}"), getattr(self, f"var{layer}")

    @torch.no_grad()
    def below(
        self, layer: int, x: torch.Tensor, task: torch.Tensor | None, statistics: str = "running"
    ) -> torch.Tensor:
        """Return the activity that a layer gets, without any gradient."""
        for lower in range(layer):
            x = self.layer(lower, x, task, statistics)
        return x

    def hidden(self, layer: int, x: torch.Tensor, task: torch.Tensor) -> torch.Tensor:
        """Return the averages over space of a layer's channels, shape [samples, channels]."""
        y = self.below(layer, x, task)
        return self.layer(layer, y, task).mean((2, 3))

    def output(self, layer: int, y: torch.Tensor) -> torch.Tensor:
        """Return the output unit on a layer's activity, -1 to 1, shape [samples]."""
        return torch.tanh(y.mean((2, 3)) @ self.values[f"out{layer}"])

    @torch.no_grad()
    def drives(self, layer: int, x: torch.Tensor) -> torch.Tensor:
        """Return the `drive` of a layer for every task and sample, [tasks or 1, samples, ...].

        The first layer's is the same for all tasks, as no gains are below.
        """
        rows = []
        for t in range(self.spec.n_tasks if layer else 1):
            parts = []
            for part in x.split(_EVALUATED_AT_ONCE):
                task = torch.full((len(part),), t, device=x.device)
                parts.append(self.drive(layer, self.below(layer, part, task)))
            rows.append(torch.cat(parts))
        return torch.stack(rows)

    @torch.no_grad()
    def says(self, layer: int, x: torch.Tensor, drives: torch.Tensor | None = None) -> torch.Tensor:
        """Return the output unit of a layer for every task and sample, shape [tasks, samples].

        `drives` spares the way there: what the method of this name gives for `x`.
        """
        rows = []
        for t in range(self.spec.n_tasks):
            parts = []
            for i in range(0, len(x), _EVALUATED_AT_ONCE):
                part = x[i : i + _EVALUATED_AT_ONCE]
                task = torch.full((len(part),), t, device=x.device)
                if drives is None:
                    y = self.below(layer + 1, part, task)
                else:
                    y = drives[t if layer else 0, i : i + _EVALUATED_AT_ONCE]
                    y = self.activity(layer, y, task)
                parts.append(self.output(layer, y))
            rows.append(torch.cat(parts))
        return torch.stack(rows)

    def accuracy(self, layer: int, tasks: TaskSet) -> np.ndarray:
        """Return the balanced accuracy of each task with a layer on top, shape [tasks]."""
        return balanced_accuracy(self.says(layer, tasks.x), tasks.positive).cpu().numpy()
