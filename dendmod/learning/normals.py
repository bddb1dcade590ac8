"""Normal vectors of decision boundaries as sums of input weight vectors (Wybo 2022, Eqs 11-17)."""

from __future__ import annotations

import torch

from dendmod.errors import SpecError
from dendmod.learning.networks import MultitaskNetwork

_HALVINGS = 60


def _layers_first(x: torch.Tensor) -> torch.Tensor:
    while x.ndim < 4:
        x = x[None]
    return x


def _row_times(c: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return c W for c [runs, tasks, samples, units] and W [runs, (tasks,) units, units below]."""
    return c @ (weight if weight.ndim == 4 else weight[:, None])


def normal_coefficients(network: MultitaskNetwork, x: torch.Tensor) -> torch.Tensor:
    """Return c_j of Eq 17: how much of each input weight vector is in the normal vector at `x`.

    Parameters
    ----------
    x
        Inputs, as `MultitaskNetwork.forward` takes them.

    Returns
    -------
    Shape [runs, tasks, samples, units of the first hidden layer]. At a point of the decision
    boundary, the sum of c_j w_j is the normal vector of the output unit's boundary there.
    """
    with torch.no_grad():
        y, slopes = _layers_first(x), []
        for layer in range(network.layers - 1):
            a = network.preactivation(layer, y)
            slopes.append(_gain(network, layer) * (a > 0))  # diagonal of D (Eq 15)
            y = torch.relu(a)
        last = network.layers - 1
        weight = network.values[f"weight{last}"][..., 0, :]  # [runs, (tasks,) units]
        weight = weight[:, :, None] if weight.ndim == 3 else weight[:, None, None]
        c = _gain(network, last) * weight * slopes[-1]
        for layer in range(last - 1, 0, -1):
            c = _row_times(c, network.values[f"weight{layer}"]) * slopes[layer - 1]
        return c


def normal_vectors(network: MultitaskNetwork, x: torch.Tensor) -> torch.Tensor:
    """Return da/dx of the output unit's preactivation a (Eqs 16 and 17).

    Returns
    -------
    Shape [runs, tasks, samples, inputs].
    """
    with torch.no_grad():
        return _row_times(normal_coefficients(network, x), network.values["weight0"])


def boundary_points(network: MultitaskNetwork, yes: torch.Tensor, no: torch.Tensor) -> torch.Tensor:
    """Return points between pairs of inputs at which the output unit's preactivation is zero.

    Parameters
    ----------
    yes, no
        Inputs that every run and task takes to be positive and negative, shape [..., samples,
        inputs] as `MultitaskNetwork.forward` takes them.

    Returns
    -------
    Shape [runs, tasks, samples, inputs].

    Raises
    ------
    SpecError
        If the output does not change its sign between two inputs.
    """
    with torch.no_grad():
        above, below = network.output_preactivation(yes), network.output_preactivation(no)
        if (above < 0).any() or (below > 0).any():
            raise SpecError("give inputs whose outputs are positive (yes) and negative (no)")
        low, high = torch.zeros_like(above), torch.ones_like(above)
        yes, no = _layers_first(yes), _layers_first(no)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            point = no + middle[..., None] * (yes - no)
            positive = network.output_preactivation(point) > 0
            high, low = torch.where(positive, middle, high), torch.where(positive, low, middle)
        return no + high[..., None] * (yes - no)


def _gain(network: MultitaskNetwork, layer: int) -> torch.Tensor:
    """Return gains as [runs, tasks or 1, 1, units], ones where the network has none."""
    name = f"gain{layer}"
    if name not in network.values:
        return torch.ones(1, 1, 1, 1).to(network.values["weight0"])
    gain = network.values[name].detach()
    return gain[:, :, None] if network.where[name] == "task" else gain[:, None, None]
