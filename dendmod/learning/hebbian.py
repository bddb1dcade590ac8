"""One hidden layer of gain-modulated units, and its gradient as a Hebbian rule (Wybo, Eqs 18-21).

    y_i = relu(g_i (w_i . x - x_shift) + b)
    y_o = tanh(g_o sum_i y_i / sqrt(k) + b_o)
    L   = -1/2 (y_o - target)^2

L is the negative of a loss: learning goes up its gradient. As all hidden units project to the
output unit with the same weight, the error is one number for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Terms:
    """What the gradient is made of.

    Parameters
    ----------
    output
        Output before tanh, shape [..., samples].
    error
        The global error of Eq 19, shape [..., samples].
    post
        The factor of each unit: w . x - x_shift where the unit is active and 0 elsewhere, shape
        [..., samples, k].
    summed
        Sum of the activities over sqrt(k), shape [..., samples].
    output_error
        dL by the output before tanh, shape [..., samples].
    """

    output: torch.Tensor
    error: torch.Tensor
    post: torch.Tensor
    summed: torch.Tensor
    output_error: torch.Tensor

    def hidden_gradient(self) -> torch.Tensor:
        """Return dL/dg_i, the mean over samples of error times post (Eq 19), shape [..., k]."""
        n = self.error.shape[-1]
        return (self.error[..., None, :] @ self.post)[..., 0, :] / n

    def output_gradient(self) -> torch.Tensor:
        """Return dL/dg_o, the mean over samples, shape [...]."""
        return (self.output_error * self.summed).mean(-1)


def response(
    drive: torch.Tensor,
    gain: torch.Tensor,
    output_gain: torch.Tensor,
    x_shift: torch.Tensor,
    bias: torch.Tensor,
    output_bias: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the output before tanh, the summed activity and the factors "post" (Eq 18).

    Parameters
    ----------
    drive
        w_i . x, shape [..., samples, k].
    gain, output_gain
        g_i, shape [..., k], and g_o, shape [...].
    x_shift, bias, output_bias
        Shape [...], or what broadcasts to it.
    """
    k = drive.shape[-1]
    post = drive - x_shift[..., None, None]
    active = torch.addcmul(bias[..., None, None], post, gain[..., None, :]) > 0
    post = post * active
    bias_part = bias[..., None] * active.sum(-1)
    summed = ((post @ gain[..., None])[..., 0] + bias_part) / k**0.5
    return output_gain[..., None] * summed + output_bias[..., None], summed, post


def terms(
    drive: torch.Tensor,
    gain: torch.Tensor,
    output_gain: torch.Tensor,
    x_shift: torch.Tensor,
    bias: torch.Tensor,
    output_bias: torch.Tensor,
    target: torch.Tensor,
) -> Terms:
    """Return the parts of the gradient of L with respect to gains.

    Parameters
    ----------
    target
        -1 or +1, shape [..., samples]; the others are those of `response`.
    """
    output, summed, post = response(drive, gain, output_gain, x_shift, bias, output_bias)
    y = torch.tanh(output)
    output_error = -(y - target) * (1 - y**2)
    error = output_error * output_gain[..., None] / drive.shape[-1] ** 0.5
    return Terms(output, error, post, summed, output_error)


def signs_kept(post: torch.Tensor) -> torch.Tensor:
    """Return whether no active unit has w . x below the x-shift, shape [...] of [..., samples, k].

    Then the sign of each unit's gradient is that of the global error. So it is with positive gains
    and a negative bias, as an active unit has g (w . x - x_shift) > -b > 0 (Eqs 20 and 21).
    """
    return (post >= 0).all(-1).all(-1)
