"""Responses and gradients of gains on fixed weights: compiled on a CPU, `hebbian` elsewhere."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import torch

from dendmod.engines import compiled, prebuilt
from dendmod.learning.hebbian import response, terms

_SOURCE = Path(__file__).with_name("gains.c")
_FLAGS = (compiled.NATIVE, *prebuilt.GAINS)
_AT_ONCE = 3_000_000  # activities of hidden units


def gradients(
    drive: torch.Tensor,
    drawn: torch.Tensor,
    hidden: torch.Tensor,
    output: torch.Tensor,
    x_shift: torch.Tensor,
    bias: torch.Tensor,
    target: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the output before tanh and the gradients of L with respect to gains (Eqs 18 and 19).

    Parameters
    ----------
    drive
        w . x of all samples, shape [samples, k].
    drawn
        The samples of each task's batch, shape [tasks, n].
    hidden, output
        Gains of hidden and of output units, shapes [runs, tasks, k] and [runs, tasks].
    x_shift, bias
        Of all units, shape [runs]; the output unit has the bias alone.
    target
        -1 or +1, shape [n].
    """
    if drive.device.type == "cpu":
        return _compiled(drive, drawn, hidden, output, x_shift, bias, target)
    x_shift, bias = x_shift[:, None], bias[:, None]
    found = terms(drive[drawn], hidden, output, x_shift, bias, bias, target)
    return found.output, found.hidden_gradient(), found.output_gradient()


def outputs(
    drive: torch.Tensor,
    hidden: torch.Tensor,
    output: torch.Tensor,
    x_shift: torch.Tensor,
    bias: torch.Tensor,
) -> torch.Tensor:
    """Return the output before tanh of all samples, shape [runs, tasks, samples]."""
    if drive.device.type == "cpu":
        return _compiled(drive, None, hidden, output, x_shift, bias, None)[0]
    x_shift, bias = x_shift[:, None], bias[:, None]
    chunks = drive.split(max(1, _AT_ONCE // hidden.numel()))
    return torch.cat([response(d, hidden, output, x_shift, bias, bias)[0] for d in chunks], -1)


def _compiled(
    drive: torch.Tensor,
    drawn: torch.Tensor | None,
    hidden: torch.Tensor,
    output: torch.Tensor,
    x_shift: torch.Tensor,
    bias: torch.Tensor,
    target: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    runs, tasks, k = hidden.shape
    n = len(drive) if drawn is None else drawn.shape[1]
    out = torch.empty(runs, tasks, n)
    by_hidden, by_output = torch.empty(runs, tasks, k), torch.empty(runs, tasks)
    arguments = [drive.float(), drawn, hidden.float(), output.float(), x_shift.float()]
    arguments += [bias.float(), None if target is None else target.float()]
    arguments = [a if a is None else a.detach().contiguous() for a in arguments]
    pointers = [
        ctypes.c_void_p(None if a is None else a.data_ptr())
        for a in (*arguments, out, by_hidden, by_output)
    ]
    sizes = [ctypes.c_int64(size) for size in (runs, tasks, n, k)]
    _library().gain_pass(*sizes, *pointers)
    return out, by_hidden, by_output


@cache
def _library() -> ctypes.CDLL:
    return compiled.load(_SOURCE, _FLAGS)  # which reads the source each time
