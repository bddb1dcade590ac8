"""The fitted IO curve as a function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dendmod.errors import SpecError, did_you_mean

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class IOCurve:
    """Output spikes a burst: ``max(0, gain * (x - x_shift) + bias)`` (Wybo 2022, Eqs 1 and 2).

    Parameters
    ----------
    gain
        Spikes an input.
    bias
        Spikes.
    x_shift
        Inputs.
    """

    gain: float
    bias: float
    x_shift: float = 0.0

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Return output spikes for numbers of inputs `x`, of the same shape."""
        y = self.gain * (np.asarray(x, dtype=float) - self.x_shift) + self.bias
        return np.maximum(y, 0.0)


@dataclass(frozen=True)
class IOModel:
    """IO curves of several levels of modulation: ``IOModel(...)(level)(x)``.

    Parameters
    ----------
    levels
        Levels of modulation, such as numbers of sites with NMDA spikes.
    gain, bias
        One of each a level; a shared one is repeated.
    x_shift
        Shared shift along the inputs.
    """

    levels: tuple[float, ...]
    gain: tuple[float, ...]
    bias: tuple[float, ...]
    x_shift: float = 0.0

    def __post_init__(self) -> None:
        if not len(self.levels) == len(self.gain) == len(self.bias):
            raise SpecError(
                f"{len(self.levels)} levels, {len(self.gain)} gains and {len(self.bias)} biases; "
                "give as many of each"
            )
        if not np.isfinite([*self.levels, *self.gain, *self.bias, self.x_shift]).all():
            raise SpecError("levels, gains, biases and x_shift must be finite")

    def __call__(self, level: float) -> IOCurve:
        """Return the curve of a level.

        Raises
        ------
        SpecError
            If the level was not fitted.
        """
        if level not in self.levels:
            known = {f"{known:g}" for known in self.levels}
            raise SpecError(f"no curve for level {level:g}." + did_you_mean(f"{level:g}", known))
        i = self.levels.index(level)
        return IOCurve(self.gain[i], self.bias[i], self.x_shift)
