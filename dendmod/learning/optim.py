"""Adam for many networks at once, each with its own learning rate."""

from __future__ import annotations

from collections.abc import Mapping

import torch


class BatchedAdam:
    """Adam (Kingma & Ba 2015) whose learning rate differs by run and by group of parameters.

    Parameters
    ----------
    groups
        Pairs of parameters by name, first axis the run, and the learning rate of each run.
    """

    def __init__(
        self,
        groups: list[tuple[Mapping[str, torch.nn.Parameter], torch.Tensor]],
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.betas, self.eps, self.steps = betas, eps, 0
        self._parameters: dict[str, torch.nn.Parameter] = {}
        self._rates: dict[str, torch.Tensor] = {}
        for parameters, rates in groups:
            for name, p in parameters.items():
                self._parameters[name] = p
                self._rates[name] = rates.to(p).reshape(-1, *([1] * (p.ndim - 1)))
        self.first = {n: torch.zeros_like(p) for n, p in self._parameters.items()}
        self.second = {n: torch.zeros_like(p) for n, p in self._parameters.items()}

    @torch.no_grad()
    def step(self) -> None:
        """Take one step along the gradients and forget them."""
        self.steps += 1
        b1, b2 = self.betas
        size = (1 - b2**self.steps) ** 0.5 / (1 - b1**self.steps)
        for name, p in self._parameters.items():
            if p.grad is None:
                continue
            m, v = self.first[name], self.second[name]
            m.lerp_(p.grad, 1 - b1)
            v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
            scale = self.eps * (1 - b2**self.steps) ** 0.5
            p.sub_(self._rates[name] * size * m / (v.sqrt() + scale))
            p.grad = None

    def state(self) -> dict[str, object]:
        """Return all that a checkpoint needs."""
        return {"steps": self.steps, "first": self.first, "second": self.second}

    def restore(self, state: dict) -> None:  # type: ignore[type-arg]
        """Take up what `state` returned."""
        self.steps = state["steps"]
        for mine, theirs in ((self.first, state["first"]), (self.second, state["second"])):
            for name, value in theirs.items():
                mine[name].copy_(value)
