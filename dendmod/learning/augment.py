"""Random views of images for contrastive learning, a whole batch at once (Wybo 2022, Methods)."""

from __future__ import annotations

import numpy as np
import torch

from dendmod.learning.contrast_spec import ViewSpec

# Luma, and the plane of chroma in which a hue is an angle (NTSC's YIQ)
_YIQ = torch.tensor(
    [[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]], dtype=torch.float64
)


def view(x: torch.Tensor, spec: ViewSpec, rng: np.random.Generator) -> torch.Tensor:
    """Return one random view of each image.

    Parameters
    ----------
    x
        Pixels from 0 to 1, shape [samples, channels, height, width]; 3 channels are red, green and
        blue, and colours of other images stay.
    rng
        Where all random numbers come from.
    """
    out = _crop(x, spec, rng)
    return _colours(out, spec, rng) if x.shape[1] == 3 else out


def _uniform(x: torch.Tensor, rng: np.random.Generator, low: float, high: float) -> torch.Tensor:
    return torch.from_numpy(rng.uniform(low, high, len(x)).astype(np.float32)).to(x.device)


def _crop(x: torch.Tensor, spec: ViewSpec, rng: np.random.Generator) -> torch.Tensor:
    side = _uniform(x, rng, *spec.scale).sqrt()
    right, down = (_uniform(x, rng, -1, 1) * (1 - side) for _ in range(2))
    mirror = torch.where(_uniform(x, rng, 0, 1) < spec.flip, -1.0, 1.0)
    nothing = torch.zeros_like(side)
    rows = [
        torch.stack(row, -1) for row in ((side * mirror, nothing, right), (nothing, side, down))
    ]
    grid = torch.nn.functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return torch.nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def _colours(x: torch.Tensor, spec: ViewSpec, rng: np.random.Generator) -> torch.Tensor:
    def factor(change: float) -> torch.Tensor:
        return _uniform(x, rng, 1 - change, 1 + change)[:, None, None, None]

    to_yiq = _YIQ.to(x)
    light = to_yiq[0][None, :, None, None]
    jittered = (x * factor(spec.brightness)).clamp(0, 1)
    mean = (jittered * light).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    jittered = (mean + (jittered - mean) * factor(spec.contrast)).clamp(0, 1)
    saturation = factor(spec.saturation)[:, 0, 0, 0]
    angle = 2 * np.pi * _uniform(x, rng, -spec.hue, spec.hue)
    turn = torch.zeros(len(x), 3, 3, device=x.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = saturation * angle.cos()
    turn[:, 2, 1] = saturation * angle.sin()
    turn[:, 1, 2] = -turn[:, 2, 1]
    back = torch.linalg.inv(_YIQ).to(x)
    jittered = torch.einsum("nij,njhw->nihw", back @ turn @ to_yiq, jittered).clamp(0, 1)
    x = torch.where((_uniform(x, rng, 0, 1) < spec.jitter_p)[:, None, None, None], jittered, x)
    grey = (x * light).sum(1, keepdim=True).expand_as(x)
    return torch.where((_uniform(x, rng, 0, 1) < spec.grayscale_p)[:, None, None, None], grey, x)
