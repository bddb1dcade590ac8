"""A module of functions of numpy arrays."""

from __future__ import annotations

from dendmod.exchange.exporters.text import arrays, docstring
from dendmod.exchange.load_io import Fit, IOFile

_CODE = '''
import numpy as np

{arrays}


def io(x, level):
    """Return output spikes of a burst.

    x and level are numbers or arrays that broadcast; each level is one of LEVELS.
    """
    x, level = np.asarray(x, dtype=float), np.asarray(level, dtype=float)
    order = np.argsort(LEVELS)
    known = np.asarray(LEVELS, dtype=float)[order]
    at = np.minimum(np.searchsorted(known, level), known.size - 1)
    if not np.all(known[at] == level):
        raise ValueError(f"level must be one of {{LEVELS}}; given {{level}}")
    i = order[at]
    gain, bias, x_shift = (np.asarray(p)[i] for p in (GAIN, BIAS, X_SHIFT))
    return np.maximum(gain * (x - x_shift) + bias, 0.0)
'''


def render(io: IOFile, fit: Fit) -> str:
    """Return a module with a function ``io(x, level)``."""
    use = [f"y = io([20, 40, 60], level={next(iter(fit.curves))!r})"]
    return docstring(io, fit, use) + "\n" + _CODE.format(arrays=arrays(fit))
