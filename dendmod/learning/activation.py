"""Hidden units with the x-shift and bias of fitted IO curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dendmod.errors import SpecError
from dendmod.exchange import read_io


def from_io(path: str | Path) -> dict[str, Any]:
    """Return fields of `MultitaskSpec` from the "gain_xshift" fit of an IO file.

    A fitted curve is y = max(0, gain (x - x_shift) + bias) with x in inputs and y in spikes. A
    unit's y is that in spikes; its x is in units of 1 / (mean gain of the fitted levels) inputs, so
    that gains are 1 on average, as they are without a file. The product of both, and with it every
    y, stays what it was.

    Returns
    -------
    ``x_shift`` and ``bias`` of all hidden units, and ``gain_mean`` and ``gain_sd`` (over the fitted
    levels), from which the gains of tasks start.

    Raises
    ------
    SpecError
        If the file has no such fit.
    ExchangeError
        If the file cannot be read.
    """
    io = read_io(path)
    if "gain_xshift" not in io.fits:
        raise SpecError(f"{path}: has no fit 'gain_xshift'; it has {', '.join(io.fits)}")
    curves = list(io.fit("gain_xshift").curves.values())
    gains = np.array([curve.gain for curve in curves])
    mean = float(gains.mean())
    if mean <= 0:
        raise SpecError(f"{path}: the mean gain is {mean:g}; it must be positive")
    return {
        "x_shift": curves[0].x_shift * mean,
        "bias": curves[0].bias,
        "gain_mean": 1.0,
        "gain_sd": float(gains.std() / mean),
    }
