"""Adam for many networks at once, each with its own learning rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch


class BatchedAdam:
    """Adam (Kingma & Ba 2015) whose learning rate differs by run and by group of parameters.

    All parameters, gradients and moments lie side by side in one vector each, so that a step is a
    few operations however many parameters there are. Parameters become views of their vector.

    Parameters
    ----------
    groups
        Pairs of parameters by name, first axis the run, and the learning rate of each run.
    """

    def __init__(
        self,
        groups: Sequence[tuple[Mapping[str, torch.nn.Parameter], torch.Tensor]],
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.betas, self.eps, self.steps = betas, eps, 0
        self._parameters = {name: p for parameters, _ in groups for name, p in parameters.items()}
        rates = {name: r for parameters, r in groups for name in parameters}
        each = [p.detach() for p in self._parameters.values()]
        self._rate = _side_by_side(
            [
                rates[name].to(p).reshape(-1, *([1] * (p.ndim - 1))).expand_as(p)
                for name, p in self._parameters.items()
            ]
        )
        self._value = _side_by_side(each)
        self._slope, self._first, self._second = (torch.zeros_like(self._value) for _ in range(3))
        self.first, self.second = self._named(self._first), self._named(self._second)
        self._slopes = self._named(self._slope)
        for name, view in self._named(self._value).items():
            self._parameters[name].data = view
            self._parameters[name].grad = self._slopes[name]

    def _named(self, vector: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the part of a vector that belongs to each parameter, in its shape."""
        parts = vector.split([p.numel() for p in self._parameters.values()])
        named = zip(self._parameters.items(), parts, strict=True)
        return {name: part.view(p.shape) for (name, p), part in named}

    @torch.no_grad()
    def step(self) -> None:
        """Take one step along the gradients and set them to zero."""
        self.steps += 1
        b1, b2 = self.betas
        size = (1 - b2**self.steps) ** 0.5 / (1 - b1**self.steps)
        for name, p in self._parameters.items():
            if p.grad is not self._slopes[name]:  # given in place of added
                self._slopes[name].copy_(torch.zeros_like(p) if p.grad is None else p.grad)
                p.grad = self._slopes[name]
        self._first.lerp_(self._slope, 1 - b1)
        self._second.mul_(b2).addcmul_(self._slope, self._slope, value=1 - b2)
        below = self._second.sqrt().add_(self.eps * (1 - b2**self.steps) ** 0.5)
        self._value.sub_((self._rate * size).mul_(self._first).div_(below))
        self._slope.zero_()

    def only(self, runs: torch.Tensor, parameters: Mapping[str, torch.nn.Parameter]) -> BatchedAdam:
        """Return an optimiser of some runs that goes on from here.

        Parameters
        ----------
        runs
            Indices.
        parameters
            Those of these runs, by name.
        """
        rates = self._named(self._rate)
        mine = {name: parameters[name] for name in self._parameters}
        new = BatchedAdam(
            [({n: p}, rates[n][runs].flatten(1)[:, 0]) for n, p in mine.items()],
            self.betas,
            self.eps,
        )
        new.steps = self.steps
        for copies, moments in ((new.first, self.first), (new.second, self.second)):
            for name, moment in moments.items():
                copies[name].copy_(moment[runs])
        return new


def _side_by_side(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return all numbers of some tensors as one vector."""
    return torch.cat([t.reshape(-1) for t in tensors]) if tensors else torch.zeros(0)
